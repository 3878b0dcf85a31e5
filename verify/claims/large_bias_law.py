"""The law of large bias regularization (T5b) for independent codes."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import random_counts, scaled_problem, transition_of
from ncsolve.verify._types import Array
from scipy.linalg import polar

import ncsolve


class LawFigures:
    """The comparisons that the law allows, shared by the claims about it."""

    def __init__(self) -> None:
        tight = "Newton to a gradient of 1e-11; the least singular value of Z is bounded away from zero"
        self._shift = Worst("(Gram(inf) - Gram(lambda_b)) lambda_b/lambda_w, entries", tolerance=1e-5, reason=tight)
        self._loss = Worst("(loss(inf) - loss) 2 lambda_b / (N lambda_w lambda_h)", tolerance=1e-6, reason=tight)
        self._bias = Worst("b = (tau/lambda_b) O u", tolerance=1e-6, reason=tight)
        self._gram = Worst("Gram matrix, solver, relative", tolerance=1e-6, reason=tight)

    def add(self, bench: Bench, problem: ncsolve.UFM) -> None:
        """Descend with and without a bias, and compare."""
        lb, lw, lh = problem.lambda_b, problem.lambda_w, problem.lambda_h
        prediction = ncsolve.solve(problem)
        unbiased = problem.replace(lambda_b=math.inf)
        run = bench.settle(problem, prediction=prediction)
        free = bench.settle(unbiased)
        k, total = run.samples.classes, run.samples.total
        # Differences of Gram matrices, in the unit in which the predicted difference is one everywhere.
        self._shift.add(np.ones((k, k)), (free.gram - run.gram) * lb / lw)
        self._loss.add(1.0, (free.loss - run.loss) * 2 * lb / (total * lw * lh))
        self._bias.add(_polar_bias(run.samples.codes, run.samples.counts) * math.sqrt(lw * lh) / lb, run.bias)
        self._gram.add(prediction.gram, run.gram)

    def figures(self) -> list[Figure]:
        """All of them."""
        return [worst.figure() for worst in (self._shift, self._loss, self._bias, self._gram)]


def _polar_bias(codes: Array, counts: Array) -> Array:
    """O u, with O the polar factor of M = E D^(1/2) on its row space and u = D^(1/2) 1."""
    root = np.sqrt(counts)
    left, values, right = np.linalg.svd(codes * root, full_matrices=False)
    kept = values > 1e-9 * values[0]
    return np.asarray(left[:, kept] @ (right[kept] @ root))


def random_independent(rng: np.random.Generator, *, above: float) -> ncsolve.UFM:
    """Independent random codes with every singular value above T, at ``above`` times lb+ or more."""
    while True:
        k = int(rng.integers(2, 5))
        m = k + int(rng.integers(0, 3))
        codes = rng.standard_normal((m, k)) + rng.standard_normal((m, 1))
        counts = random_counts(rng, k, 4)
        values = np.linalg.svd(codes * np.sqrt(counts), compute_uv=False)
        if values[-1] < 0.1 * values[0]:
            continue  # nearly dependent codes make every method slow, and test nothing new
        problem = scaled_problem(
            codes, counts, strength=float(rng.uniform(0.1, 0.7)), ratio=float(np.exp(rng.normal())), lambda_b=1.0,
            least=True,
        )
        return problem.replace(lambda_b=transition_of(problem) * above)


@claim(
    name="large-bias-law", sources=("ncsolve",), theorems=("large-bias",),
    weight=30,
    statement="independent codes, lambda_b >= lb+: the bias lowers every inner product by lambda_w/lambda_b and the "
    "loss by N lambda_w lambda_h/(2 lambda_b); b = (tau/lambda_b) O u",
    run="L-BFGS and Newton with and without a bias on at least 100 random independent encodings with random counts",
)
def examine(size: Size) -> list[Figure]:
    """Random independent codes and counts, at 1.05 lb+ and above."""
    bench, law = Bench(), LawFigures()
    rng = np.random.default_rng(37)
    factors = Worst("polar factor of M, two ways", tolerance=1e-12, reason="rounding of two factorisations")
    for _ in range(100 if size == "quick" else 500):
        problem = random_independent(rng, above=1.05 + 3 * float(rng.exponential()))
        law.add(bench, problem)
        codes, counts = np.array(problem.encoding.matrix), np.array([float(n) for n in problem.counts])
        orthogonal, _ = polar(codes * np.sqrt(counts))
        factors.add(orthogonal @ np.sqrt(counts), _polar_bias(codes, counts))
    return bench.figures(*law.figures(), factors)
