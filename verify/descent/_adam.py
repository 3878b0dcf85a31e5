"""Adam (Kingma & Ba 2015) on the full gradient."""

from __future__ import annotations

from dataclasses import dataclass

from ncsolve.verify.descent._loop import Landscape, State, Vector, norm

__all__ = ["Adam"]


@dataclass(frozen=True, kw_only=True, eq=False)
class AdamState(State):
    """Moments of the gradient, the learning rate, and since when the gradient norm has not been at a new low."""

    first: Vector
    second: Vector
    count: int
    rate: float
    lowest: float
    waited: int


@dataclass(frozen=True, kw_only=True)
class Adam:
    """Adam with bias correction and the usual betas.

    With a fixed rate Adam circles the minimizer at that distance; so the rate is halved whenever ``patience`` steps
    have brought no new lowest gradient norm.
    """

    rate: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-12
    patience: int = 60

    def init(self, f: Landscape, x: Vector) -> AdamState:
        value, gradient = f.value_and_gradient(x)
        return AdamState(
            x=x, value=value, gradient=gradient, first=0.0 * x, second=0.0 * x, count=0, rate=self.rate,
            lowest=norm(gradient), waited=0,
        )

    def step(self, f: Landscape, at: AdamState) -> AdamState:
        count = at.count + 1
        first = self.beta1 * at.first + (1 - self.beta1) * at.gradient
        second = self.beta2 * at.second + (1 - self.beta2) * at.gradient * at.gradient
        scale = (second / (1 - self.beta2**count)) ** 0.5 + self.epsilon
        x = at.x - at.rate / (1 - self.beta1**count) * first / scale
        value, gradient = f.value_and_gradient(x)
        size = norm(gradient)
        waited = 0 if size < at.lowest else at.waited + 1
        halve = waited >= self.patience
        return AdamState(
            x=x, value=value, gradient=gradient, first=first, second=second, count=count,
            rate=at.rate / 2 if halve else at.rate, lowest=min(size, at.lowest), waited=0 if halve else waited,
            stuck=at.rate < 1e-16,
        )
