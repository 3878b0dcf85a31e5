"""The regime that the solver names is the one that descent finds."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, count
from ncsolve.verify._problems import balanced, gram_unit
from ncsolve.verify.descent import Run

import ncsolve
from ncsolve.encodings import onehot, signed, simplex, smoothed

_SAME = 1e-5


@claim(
    name="regimes", sources=("massion2026", "ncsolve"),
    theorems=("affine", "affine-geometry", "onehot", "smoothing", "signed", "simplex"),
    statement="balanced affine one-hot codes: collapsed, simplex, intermediate, orthogonal or acute, as predicted",
    run="L-BFGS and Newton for one-hot, smoothed, signed and simplex codes over t and lambda_b",
)
def examine(size: Size) -> list[Figure]:
    """Collapsed, simplex, intermediate, orthogonal and acute, for four encodings."""
    bench = Bench()
    wrong, seen, total = 0, set(), 0
    strengths = (0.3, 1.3) if size == "quick" else (0.05, 0.3, 0.8, 1.3, 2.5)
    for make in (onehot, smoothed, signed, simplex):
        for t in strengths:
            for lambda_b in (0.0, 0.05, 1.0, 40.0, math.inf):
                problem = balanced(4, 2, t=t, lambda_b=lambda_b, encoding=make(4))
                prediction = ncsolve.solve(problem)
                found = _regime(bench.settle(problem, prediction=prediction), gram_unit(problem))
                total += 1
                seen.add(found)
                wrong += found != prediction.regime
    return bench.figures(
        count("problems whose regime differs", 0, wrong, comparisons=total),
        count("regimes met", 5, len(seen), reason="collapsed, simplex, intermediate, orthogonal and acute all occur"),
    )


def _regime(run: Run, unit: float) -> str:
    """From the class means alone."""
    if float(np.abs(run.gram).max()) <= 1e-8 * unit:
        return "collapsed"
    cosines = metrics.cosines(class_means=run.class_means)
    if cosines is None or float(np.ptp(cosines)) > _SAME:
        return "general"
    cosine = float(cosines.mean())
    if abs(cosine + 1 / (run.samples.classes - 1)) <= _SAME:
        return "simplex"
    if abs(cosine) <= _SAME:
        return "orthogonal"
    return "acute" if cosine > 0 else "intermediate"
