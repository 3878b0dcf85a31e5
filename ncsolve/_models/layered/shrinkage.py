"""The scalar problem of a deep linear head (T9): min over z >= 0 of (z - g)^2/(2N) + kappa z^(2/P)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve import _formulas
from ncsolve._arrays import RANK_NOISE, Array, Mask
from ncsolve.checks.arguments import check_real, check_whole
from ncsolve.checks.arrays import real_array

__all__ = ["Branch", "Shrinkage"]



@dataclass(frozen=True, kw_only=True)
class Branch:
    """A stationary point ``z`` of the scalar problem, its ``cost`` and whether it is a minimum (or a maximum)."""

    z: float
    cost: float
    minimum: bool


@dataclass(frozen=True, kw_only=True)
class Shrinkage:
    """The scalar problem with the constant C = 2 N kappa/P and P factors (layers and features); P = 2 is one layer."""

    constant: float
    factors: int
    samples: float

    def __post_init__(self) -> None:
        check_real("constant", self.constant, 0.0)
        check_whole("factors", self.factors, 2)
        check_real("samples", self.samples, 0.0)

    @property
    def threshold(self) -> float:
        """The singular value at which a branch ties with zero: below it z = 0."""
        return float(_formulas.deep_threshold(self.constant, self.factors))

    @property
    def existence(self) -> float:
        """The singular value below which there is no stationary branch z > 0."""
        return float(_formulas.deep_existence(self.constant, self.factors))

    @property
    def jump(self) -> float:
        """z at the threshold, where it ties with z = 0."""
        return float(_formulas.deep_jump(self.threshold, self.factors))

    def minimize(self, g: ArrayLike, *, tie: bool = False) -> Array:
        """The global minimizer z for each g; at the threshold itself zero, or with ``tie`` the other one."""
        values = real_array(g, "g")
        if self.factors == 2:
            kept = np.asarray(_formulas.soft_threshold(values, self.constant))
            return np.where(kept > RANK_NOISE * values, kept, 0.0)
        cut = self.threshold * (1 - RANK_NOISE if tie else 1 + RANK_NOISE)
        alive = values > cut
        z = np.zeros_like(values)
        z[alive] = self.larger_branch(values[alive])
        return z

    def ties(self, g: ArrayLike) -> Mask:
        """Whether each g is at the threshold, up to rounding: zero and the branch cost the same."""
        values = real_array(g, "g")
        if self.factors == 2:
            return np.zeros(values.shape, dtype=np.bool_)  # one layer: the branch begins at zero
        return np.asarray(np.abs(values - self.threshold) <= 4 * RANK_NOISE * self.threshold)

    def larger_branch(self, g: ArrayLike) -> Array:
        """The local minimum z > 0 for each g above the existence, by Newton's method falling from r = 1.

        The branch equation is decreasing and concave between its larger root and r = 1, so that no step overshoots.
        """
        values = np.asarray(g, dtype=np.float64)
        p = self.factors
        if p == 2:
            return np.asarray(_formulas.soft_threshold(values, self.constant))
        c = _formulas.deep_relative_penalty(self.constant, values, p)
        r = np.ones_like(values)
        for _ in range(100):
            step = _formulas.deep_branch_equation(r, c, p) / _formulas.deep_branch_slope(r, p)
            r = r - step
            if np.all(np.abs(step) <= 4e-16 * r):
                break
        return np.asarray(values * r**p)

    def cost(self, z: ArrayLike, g: ArrayLike) -> Array:
        """The scalar objective."""
        z, g = np.asarray(z, dtype=np.float64), np.asarray(g, dtype=np.float64)
        return self.price(z, g - z)

    def price(self, z: Array, rest: Array) -> Array:
        """The scalar objective from z and g - z."""
        fit = np.asarray(_formulas.fit_loss(1.0, self.samples)) * rest**2
        return np.asarray(fit + _formulas.deep_penalty(z, self.constant, self.samples, self.factors))

    def rest(self, z: ArrayLike, g: ArrayLike) -> Array:
        """g - z at a stationary point z, which the branch equation gives without the difference: C z^(2/P - 1)."""
        z, g = np.asarray(z, dtype=np.float64), np.asarray(g, dtype=np.float64)
        kept = np.where(z > 0, z, 1.0)
        return np.where(z > 0, np.minimum(self.constant * kept ** (2.0 / self.factors - 1.0), g), g)

    def gain(self, g: ArrayLike) -> Array:
        """How much the minimizer is below z = 0."""
        return np.asarray(self.cost(np.zeros_like(np.asarray(g, dtype=np.float64)), g) - self.cost(self.minimize(g), g))

    def branches(self, g: float) -> tuple[Branch, ...]:
        """All stationary points: zero, and for g above the existence a maximum and a minimum."""
        from scipy.optimize import brentq

        g = check_real("g", g, -1e150, 1e150)
        found = [Branch(z=0.0, cost=float(self.cost(0.0, g)), minimum=True)]
        if self.factors == 2:
            z = float(self.larger_branch(g))
            return (Branch(z=z, cost=float(self.cost(z, g)), minimum=True),) if z > 0 else tuple(found)
        if g <= self.existence:
            return tuple(found)
        p = self.factors
        c = float(_formulas.deep_relative_penalty(self.constant, np.array([g]), p)[0])
        turn = ((p - 2) / (2 * p - 2)) ** (1 / p)
        small = brentq(
            lambda r: float(_formulas.deep_branch_equation(np.array([r]), np.array([c]), p)[0]), 0.0, turn, xtol=1e-16
        )
        for z, minimum in ((g * small**p, False), (float(self.larger_branch(np.array([g]))[0]), True)):
            found.append(Branch(z=z, cost=float(self.cost(z, g)), minimum=minimum))
        return tuple(found)

    def with_bias(self, lambda_b: float) -> Shrinkage:
        """The problem of the label mean, whose length the bias takes part of; 0 < lambda_b < inf."""
        lambda_b = check_real("lambda_b", lambda_b, 0.0)
        return Shrinkage(
            constant=float(_formulas.deep_mean_constant(self.constant, lambda_b)), factors=self.factors,
            samples=self.samples * (1.0 + 1.0 / lambda_b),
        )
