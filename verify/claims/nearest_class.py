"""NC4 under an encoding: the nearest class mean against the nearest code."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify._problems import balanced, random_problem, random_shape
from ncsolve.verify.descent import Run

from ncsolve.encodings import onehot, signed, smoothed

_FEATURES = 2000


@claim(
    name="nearest-class", sources=("papyan2020", "massion2026", "ncsolve"), theorems=("nearest-mean",),
    statement="balanced affine one-hot codes: the nearest class mean is the nearest code for every feature (NC4); in "
    "general the boundaries differ by a predictable angle",
    run="L-BFGS and Newton, then 2000 random features per problem through both decision rules",
)
def examine(size: Size) -> list[Figure]:
    """The two decisions on random features in the span of the class means, and the solver's NC4."""
    bench = Bench()
    rng = np.random.default_rng(59)
    exact = Worst(
        "agreement of the decisions, balanced affine one-hot", tolerance=1e-3,
        reason="a random feature may lie within rounding of a boundary: at most two of 2000",
    )
    mismatch = Worst("largest sine between boundaries, solver's NC4", tolerance=1e-5, reason="a gradient of 1e-11")
    for make in (onehot, smoothed, signed):
        for lambda_b in (0.05, 2.0, math.inf):
            problem = balanced(4, 2, t=0.3, lambda_b=lambda_b, encoding=make(4))
            prediction, run = bench.compared(problem)
            exact.add(1.0, _agreement(run, rng))
            mismatch.add(prediction.nc.nc4, _worst_sine(run), size=1.0)
    general = []
    for _ in range(8 if size == "quick" else 120):
        problem = random_problem(rng, *random_shape(rng, 2), lambda_b=float(np.exp(rng.normal())), strength=0.2)
        prediction, run = bench.compared(problem)
        mismatch.add(prediction.nc.nc4, _worst_sine(run), size=1.0)
        general.append(_agreement(run, rng))
    return bench.figures(
        exact, mismatch,
        at_most(
            "least agreement over the random encodings", 0.99, [min(general)],
            reason="in general the decisions differ: the agreement above is not the test's weakness",
        ),
    )


def _agreement(run: Run, rng: np.random.Generator) -> float:
    """Over random features of the size of the class means, in their span."""
    # Combinations of the class means themselves: a rotation of the features, which is arbitrary, changes nothing.
    features = run.class_means @ rng.standard_normal((run.class_means.shape[1], _FEATURES))
    return metrics.nearest_code_agreement(run.point.W, run.bias, run.samples.codes, run.class_means, features)


def _worst_sine(run: Run) -> float:
    found = metrics.boundary_mismatch(run.point.W, run.bias, run.samples.codes, run.class_means)
    return math.nan if found is None else found
