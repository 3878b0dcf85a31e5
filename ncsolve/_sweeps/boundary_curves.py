"""The boundaries of a phase diagram, and those that T5 gives in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._sweeps.second_parameter import SecondParameter
from ncsolve.checks.arrays import Frozen

__all__ = ["SMOOTH", "Boundary", "closed_forms", "smooth_values"]

# A closed form is a curve through this many points.
SMOOTH = 400


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundary(Frozen):
    """A curve on which the regime changes: ``lambda_b`` (p,) at the ``values`` (p,) of the second parameter.

    ``kind`` is that of ``RegimeChange``, with the regimes at smaller and at larger lambda_b; ``theorem`` is "T5" (or,
    beyond the paper's model, "T8", "T9" or "T10") where the whole curve is a closed form, else "": each point is then a
    root of its own, to a relative 1e-12 (1e-6 between points that were found by descent).  ``jump`` where the minimizer
    is discontinuous.
    """

    kind: str
    regime_before: str
    regime_after: str
    rank_before: int
    rank_after: int
    values: Array
    lambda_b: Array
    theorem: str = ""
    jump: bool = False


def smooth_values(second: SecondParameter) -> Array:
    """Values of t or of a weight decay that a closed form is drawn through."""
    low, high = float(second.values[0]), float(second.values[-1])
    return np.geomspace(low, high, SMOOTH) if second.name == "weight_decay" else np.linspace(low, high, SMOOTH)


def closed_forms(second: SecondParameter, grid: Array) -> list[Boundary]:
    """T5 for balanced affine one-hot codes against t or the weight decay: lb* = t/(|w| - t) and t/(|w| - |a|)."""
    regular = second.problem.regular
    if regular is None or second.name not in ("t", "weight_decay"):
        return []
    a, w, k, root_n = abs(regular.a), abs(regular.w), regular.classes, math.sqrt(regular.n)
    low, high = float(second.values[0]), float(second.values[-1])
    dense = smooth_values(second)
    # Where the curves leave the diagram on its sides, they are drawn to the edge.
    edges = np.array([t for lb in (grid[0], grid[-1]) for t in (w * lb / (1 + lb), (w - a) * lb)])
    edges = edges if second.name == "t" else edges / (k * root_n)
    values = np.unique(np.concatenate((dense, edges[(edges > low) & (edges < high)])))
    t = np.array([second.problem_at(value).threshold for value in values.tolist()]) / root_n
    living = k - 1 if a > 0 else 0
    enters = np.array([_formulas.affine_threshold(w, x) if x < w else math.inf for x in t.tolist()])
    curves = [
        (enters, (t < w) & (t < a), "rank", "simplex", "intermediate", living),
        # Across the mean nothing is left from t = |a| on: then the mean direction is all.
        (enters, (t < w) & (t >= a), "rank", "collapsed", "acute", 0),
    ]
    if w > a > 0 and k > 1:
        crosses = np.array([_formulas.affine_orthogonal_lambda_b(a, w, x) for x in t.tolist()])
        curves.append((crosses, t < a, "orthogonal", "intermediate", "acute", k))
    found = []
    for lambda_b, here, kind, before, after, rank in curves:
        here = here & (lambda_b >= grid[0] * (1 - 1e-12)) & (lambda_b <= grid[-1] * (1 + 1e-12))
        if here.any():
            found.append(
                Boundary(
                    kind=kind, regime_before=before, regime_after=after, rank_before=rank,
                    rank_after=rank + (kind == "rank"), values=values[here], lambda_b=lambda_b[here], theorem="T5",
                )
            )
    return found
