"""The minimizer is unique up to one rotation of the features."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import random_problem, random_shape
from scipy.linalg import orthogonal_procrustes

import ncsolve


@claim(
    name="uniqueness", sources=("massion2026", "ncsolve"), theorems=("factorization", "bias"),
    statement="W and H are unique up to one rotation of the features; b, the loss and the Gram matrix are unique",
    run="L-BFGS and Newton from two random starts, orthogonal Procrustes on W and H together",
)
def examine(size: Size) -> list[Figure]:
    """Two runs, and the solver's minimizer, turned onto each other."""
    bench = Bench()
    rng = np.random.default_rng(61)
    turned = Worst("W and H of two runs after one rotation", tolerance=1e-6, reason="Newton to a gradient of 1e-11")
    solved = Worst("W and H of a run and the solver after one rotation", tolerance=1e-6, reason="as above")
    apart = []
    for _ in range(8 if size == "quick" else 120):
        problem = random_problem(rng, *random_shape(rng, 2), lambda_b=float(np.exp(rng.normal())), strength=0.2)
        prediction = ncsolve.solve(problem)
        first, second = (bench.settle(problem, prediction=prediction, seeds=[seed]) for seed in (1, 2))
        one = np.hstack([first.point.W.T, first.point.H])
        two = np.hstack([second.point.W.T, second.point.H])
        solver = np.hstack([prediction.W.T, first.samples.spread(prediction.class_means)])
        apart.append(float(np.abs(one - two).max() / np.abs(one).max()))
        for worst, other in ((turned, two), (solved, solver)):
            rotation, _ = orthogonal_procrustes(other.T, one.T)
            worst.add(one, (other.T @ rotation).T)
    return bench.figures(
        turned, solved,
        at_least(
            "largest distance of two runs before the rotation", 0.5, [max(apart)],
            reason="the runs end at different points, so that there is something to rotate",
        ),
    )
