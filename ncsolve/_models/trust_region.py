"""One step of Newton's method inside a ball, by conjugate gradients (Steihaug 1983), and how large the next ball is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array

__all__ = ["Step", "next_radius", "truncated_newton"]

_MOST_PRODUCTS = 2000
# A direction with less curvature than this, over that of the preconditioner, is one of rounding along a symmetry.
_FLAT = 1e-13


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """A step, its length in the norm of the preconditioner, and by how much the quadratic model falls along it."""

    step: Array
    length: float
    decrease: float
    products: int


def truncated_newton(
    gradient: Array, product: Callable[[Array], Array], precondition: Callable[[Array], Array], radius: float,
    accuracy: float,
) -> Step:
    """A minimizer of the quadratic model in a ball of the preconditioner's norm, up to ``accuracy`` of the gradient."""
    step, rest = np.zeros_like(gradient), gradient.copy()
    scaled = precondition(rest)
    direction = -scaled
    size = first = float(rest @ scaled)
    inside, along, ahead = 0.0, 0.0, size  # squares and the inner product of step and direction, in that norm
    products, most = 0, min(_MOST_PRODUCTS, 2 * gradient.size)  # without rounding it takes no more than the size
    while size > accuracy**2 * first and products < most:
        bent = product(direction)
        products += 1
        curvature = float(direction @ bent)
        if products > 1 and abs(curvature) <= _FLAT * ahead:
            break
        length = size / curvature if curvature > 0 else math.inf
        edge = not inside + length * (2 * along + length * ahead) < radius**2
        if edge:
            length = (math.sqrt(along**2 + ahead * max(radius**2 - inside, 0.0)) - along) / ahead
        step += length * direction
        rest += length * bent
        inside += length * (2 * along + length * ahead)
        if edge:
            break
        scaled = precondition(rest)
        size, last = float(rest @ scaled), size
        turn = size / last
        along = turn * (along + length * ahead)
        ahead = size + turn**2 * ahead
        direction = turn * direction - scaled
    return Step(
        step=step, length=math.sqrt(max(inside, 0.0)), decrease=-0.5 * float(step @ (gradient + rest)),
        products=products,
    )


def next_radius(radius: float, length: float, agreement: float) -> float:
    """The radius after a step of this length, by how much of the promised decrease came true."""
    if agreement < 0.25:
        return length / 4
    return max(radius, 2 * length) if agreement > 0.75 else radius
