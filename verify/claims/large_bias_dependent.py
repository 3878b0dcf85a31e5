"""The law for dependent codes: it holds if 0 is not in the affine hull of the codes, and fails if it is."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, count
from ncsolve.verify._problems import random_counts, scaled_problem, transition_of
from ncsolve.verify._types import Array
from ncsolve.verify.claims.large_bias_law import LawFigures

import ncsolve


@claim(
    name="large-bias-dependent", sources=("ncsolve",), theorems=("large-bias",),
    weight=11,
    statement="the law holds for dependent codes too if 0 is not in their affine hull, and fails if it is",
    run="L-BFGS and Newton on soft labels, repeated and rank-deficient codes, and on four codes in the plane",
)
def examine(size: Size) -> list[Figure]:
    """Soft labels, repeated codes and rank-deficient codes off the origin; then codes around the origin."""
    bench, law = Bench(), LawFigures()
    rng = np.random.default_rng(43)
    for trial in range(18 if size == "quick" else 180):
        codes = (_soft_labels, _repeated, _off_origin)[trial % 3](rng)
        problem = _strong(rng, codes)
        law.add(bench, problem.replace(lambda_b=transition_of(problem) * float(rng.uniform(1.1, 4.0))))
    spreads, claimed = [], []
    gram = Worst("Gram matrix where it fails, solver", tolerance=1e-5, reason="Newton to a gradient of 1e-11")
    for _ in range(6 if size == "quick" else 60):
        problem = _strong(rng, rng.standard_normal((2, 4)))  # four points of the plane: their hull is the plane
        claimed.append(ncsolve.solve(problem).transition)
        problem = problem.replace(lambda_b=30.0)
        prediction, run = bench.compared(problem)
        unbiased = problem.replace(lambda_b=math.inf)
        free = bench.settle(unbiased)
        gram.add(prediction.gram, run.gram)
        shift = (free.gram - run.gram) * problem.lambda_b / problem.lambda_w
        spreads.append(float(np.abs(shift - 1.0).max()))
    wrong = sum(value is not None for value in claimed)
    return bench.figures(
        *law.figures(),
        at_least("departure from the law, 0 in the affine hull", 1e-2, spreads, reason="the law would make it 1e-6"),
        count("problems of that kind for which the solver claims a lb+", 0, wrong, comparisons=len(claimed)),
        gram,
    )


def _strong(rng: np.random.Generator, codes: Array) -> ncsolve.UFM:
    """Every nonzero singular value above the threshold."""
    counts = random_counts(rng, codes.shape[1], 3)
    return scaled_problem(
        codes, counts, strength=float(rng.uniform(0.2, 0.7)), ratio=float(np.exp(rng.normal())), lambda_b=1.0,
        least=True,
    )


def _soft_labels(rng: np.random.Generator) -> Array:
    """Five probability vectors over three classes: they sum to one."""
    return rng.dirichlet(0.5 * np.ones(3), size=5).T


def _repeated(rng: np.random.Generator) -> Array:
    """Three independent codes, two of which two classes share."""
    codes = rng.standard_normal((3, 3)) + 2 * np.eye(3)
    return codes[:, [0, 1, 2, 0, 1]]


def _off_origin(rng: np.random.Generator) -> Array:
    """Four points of a plane in R^4 that misses the origin: rank three."""
    plane = rng.standard_normal((4, 2)) @ rng.standard_normal((2, 4))
    return plane + 1.5 * rng.standard_normal((4, 1))
