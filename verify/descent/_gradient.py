"""Plain gradient descent and gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ncsolve.verify.descent._loop import Landscape, State, Vector, dot, norm

__all__ = ["GradientDescent", "Momentum"]

_ROUNDING = 4e-16
_HALVINGS = 80


@dataclass(frozen=True, kw_only=True, eq=False)
class GradientState(State):
    """``length`` of the last step, and the ``velocity`` (momentum only)."""

    length: float
    velocity: Vector = None


@dataclass(frozen=True, kw_only=True)
class GradientDescent:
    """x <- x - s g, with s no longer than the inverse Lipschitz constant of the gradient along the step itself.

    The step is accepted when |g(x - s g) - g(x)| <= |g(x)|, which means s L <= 1 there, and when the loss does not
    rise; else s is halved.  After an accepted step s grows by ``growth``.
    """

    growth: float = 1.1

    def init(self, f: Landscape, x: Vector) -> GradientState:
        value, gradient = f.value_and_gradient(x)
        return GradientState(x=x, value=value, gradient=gradient, length=1.0)

    def step(self, f: Landscape, at: GradientState) -> GradientState:
        length = at.length * self.growth
        size = norm(at.gradient)
        for _ in range(_HALVINGS):
            x = at.x - length * at.gradient
            value, gradient = f.value_and_gradient(x)
            # The test on gradients is still sharp when differences of losses are rounding.
            if value <= at.value + _ROUNDING * abs(at.value) and norm(gradient - at.gradient) <= size:
                return GradientState(x=x, value=value, gradient=gradient, length=length)
            length /= 2
        return replace(at, stuck=True)


@dataclass(frozen=True, kw_only=True)
class Momentum:
    """Heavy ball, v <- beta v - s g, x <- x + v, with the same bound s L <= 1 along the step.

    The velocity is dropped when it points uphill (O'Donoghue & Candes 2015).
    """

    beta: float = 0.9
    growth: float = 1.02

    def init(self, f: Landscape, x: Vector) -> GradientState:
        value, gradient = f.value_and_gradient(x)
        return GradientState(x=x, value=value, gradient=gradient, length=1.0, velocity=0.0 * x)

    def step(self, f: Landscape, at: GradientState) -> GradientState:
        length = at.length * self.growth
        velocity = at.velocity
        if dot(at.gradient, velocity) > 0:
            velocity = 0.0 * velocity
        for _ in range(_HALVINGS):
            move = self.beta * velocity - length * at.gradient
            x = at.x + move
            value, gradient = f.value_and_gradient(x)
            if length * norm(gradient - at.gradient) <= norm(move):
                return GradientState(x=x, value=value, gradient=gradient, length=length, velocity=move)
            length /= 2
        return replace(at, stuck=True)
