"""Newton's method with the Hessian of the definition: the polish after L-BFGS."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from ncsolve.verify._eigen import symmetric_eigen
from ncsolve.verify.descent._loop import Landscape, State, Vector, norm

__all__ = ["Newton"]

_ROUNDING = 1e-14


@dataclass(frozen=True, kw_only=True)
class Newton:
    r"""Regularized Newton steps :math:`-(|\nabla^2 f| + \nu I)^{-1} \nabla f` with :math:`|\cdot|` the absolute
    value of a symmetric matrix.

    The absolute value makes every step a descent direction and leaves saddle points; the shift nu goes to zero with
    the gradient, so that the null directions of the Hessian (the rotations of the features, and the direction that
    is born at a threshold) do no harm.
    """

    shift: float = 1e-3

    def init(self, f: Landscape, x: Vector) -> State:
        value, gradient = f.value_and_gradient(x)
        return State(x=x, value=value, gradient=gradient)

    def step(self, f: Landscape, at: State) -> State:
        values, vectors = symmetric_eigen(f.hessian(at.x))
        size = norm(at.gradient)
        top = float(np.abs(values).max())
        components = vectors.T @ at.gradient
        shift = self.shift * size / max(norm(at.x), 1.0) + 1e-15 * top
        while shift <= 1e3 * top:
            x = at.x - vectors @ (components / (np.abs(values) + shift))
            value, gradient = f.value_and_gradient(x)
            falls = value < at.value - _ROUNDING * abs(at.value)
            level = value <= at.value + _ROUNDING * abs(at.value)
            if falls or (level and norm(gradient) < size):
                return State(x=x, value=value, gradient=gradient)
            shift = max(4 * shift, 1e-12 * top)
        return replace(at, stuck=True)
