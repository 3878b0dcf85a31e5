"""Cross-entropy with any codes that are probabilities: one minimum, from descent, a convex program and its dual."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify._problems import random_soft_labels
from ncsolve.verify.convex import SOLVERS, solve_convex

import ncsolve

_BIASES = (0.0, 0.3, 3.0, math.inf)


@claim(
    name="cross-entropy-any-codes", sources=("ncsolve",), theorems=("cross-entropy-dual", "factorization"),
    weight=3,
    statement="cross-entropy, any codes that are probabilities, any counts: every descent run ends at the minimum, "
    "which is that of a convex program and of its dual; the Gram matrix and b are unique",
    run="L-BFGS and Newton from two random starts, weak duality at where they end, and cvxpy with Clarabel and SCS "
    "(exponential cone), on random soft labels",
)
def examine(size: Size) -> list[Figure]:
    """Loss, Gram matrix and b of runs, the bound that each run gives, and primal and dual programs."""
    bench = Bench()
    rng = np.random.default_rng(83)
    loss = Worst("loss of every run, relative", tolerance=1e-11, reason="Newton to a gradient of 1e-11")
    gram = Worst("Gram matrix, relative", tolerance=1e-6, reason="a gradient of 1e-11 over the curvature")
    bias = Worst("b", tolerance=1e-7, reason="as the Gram matrix")
    dual = Worst("lower bound by weak duality, relative", tolerance=1e-8,
                 reason="the bound is first order in the gradient, 1e-11, over the strength of the decay")
    programs = Worst("primal and dual values of cvxpy, relative", tolerance=1e-6,
                     reason="Clarabel stops at 1e-10, SCS at 1e-9, at best")
    above = []
    for trial in range(4 if size == "quick" else 80):
        problem = random_soft_labels(rng, _BIASES[trial % 4])
        prediction = ncsolve.solve(problem)
        proved = prediction.frame.guarantee.lower_bound  # as it was found: ``Minimizer.lower_bound`` is never too high
        bound = prediction.lower_bound if proved is None else proved
        above.append((bound - prediction.loss) / prediction.loss)
        for seed in (0, 1):
            run = bench.settle(problem, prediction=prediction, seeds=[seed])
            loss.add(prediction.loss, run.loss)
            gram.add(prediction.gram, run.gram)
            bias.add(prediction.bias, run.bias, size=1.0)
            dual.add(prediction.loss, lower_bound(run.samples, run.point))
            above.append((bound - run.loss) / prediction.loss)
        for solver in SOLVERS:
            found = solve_convex(problem, solver=solver, merged=True)
            programs.add([prediction.loss] * 2, [found.primal, found.dual])
    return bench.figures(
        loss, gram, bias, dual, programs,
        at_most("runs and the minimum below the solver's lower bound, relative", 1e-12, above,
                reason="no point can be below a lower bound, up to rounding"),
    )

