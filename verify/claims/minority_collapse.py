"""Dang et al. 2023: imbalanced one-hot codes, and the counts at which a class collapses."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from ncsolve.verify._bench import Bench, bisect
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst

import ncsolve


@claim(
    name="minority-collapse", sources=("dang2023", "massion2026"), theorems=("imbalanced",),
    weight=12,
    statement="one-hot, no bias: orthogonal class means of squared length sqrt(lw/lh) max(sqrt(n_k) - T, 0)/n_k; class "
    "k vanishes iff n_k <= T^2, T = N sqrt(lambda_w lambda_h)",
    run="L-BFGS and Newton for several counts and lambdas; the vanishing of a class is bisected from descent alone",
)
def examine(size: Size) -> list[Figure]:
    """Lengths of the class means without a bias, where each class vanishes, and the geometry with a bias."""
    bench = Bench()
    lengths = Worst(
        "squared length of a class mean, relative", tolerance=1e-6,
        reason="a class exactly at its threshold is the root of a vanishing singular value",
    )
    angles = Worst("inner products of different classes", tolerance=1e-6, reason="as the lengths")
    vanish = Worst("T^2 at which a class vanishes, against n_k", tolerance=1e-3, reason="bisected to 2e-4")
    gram = Worst("Gram matrix with a bias, relative", tolerance=1e-5, reason="as the lengths")
    cases = [((9, 4, 2, 1), 2.0), ((6, 6, 3), 0.5)]
    if size == "full":
        cases += [((12, 8, 5, 3, 1), 1.0), ((16, 1), 3.0), ((7, 5, 5, 2, 2), 1.0)]
    for counts, ratio in cases:
        total, k = sum(counts), len(counts)
        for threshold in (0.5, 1.0, 1.2, math.sqrt(3.0), 2.1):
            problem = _problem(counts, threshold, ratio, math.inf)
            prediction, run = bench.compared(problem)
            n = np.array(counts, dtype=float)
            expected = math.sqrt(ratio) * np.maximum(np.sqrt(n) - threshold, 0.0) / n
            lengths.add(expected, np.diag(run.gram))
            lengths.add(np.diag(prediction.gram), np.diag(run.gram), size=float(expected.max()))
            angles.add(np.zeros((k, k)), run.gram - np.diag(np.diag(run.gram)), size=float(expected.max()))
        for lambda_b in (0.0, 0.05, 0.5, 5.0):
            problem = _problem(counts, 1.2, ratio, lambda_b)
            prediction = ncsolve.solve(problem)
            gram.add(prediction.gram, bench.settle(problem, prediction=prediction).gram)
        for which in range(1, k) if size == "full" else (k - 1,):
            alive = partial(_alive, bench, counts, ratio, which)
            found = bisect(alive, 1 / (2 * math.sqrt(total)), 10.0, relative=1e-4)
            vanish.add(float(counts[which]), found**-2)
    return bench.figures(lengths, angles, vanish, gram)


def _problem(counts: tuple[int, ...], threshold: float, ratio: float, lambda_b: float) -> ncsolve.UFM:
    tau = threshold / sum(counts)
    return ncsolve.UFM(
        encoding=np.eye(len(counts)), counts=list(counts), lambda_w=tau * math.sqrt(ratio),
        lambda_h=tau / math.sqrt(ratio), lambda_b=lambda_b,
    )


def _alive(bench: Bench, counts: tuple[int, ...], ratio: float, which: int, inverse: float) -> bool:
    """Whether the mean of class ``which`` is not zero at the threshold 1/inverse."""
    gram = bench.settle(_problem(counts, 1 / inverse, ratio, math.inf)).gram
    return float(gram[which, which]) > 1e-7 * math.sqrt(ratio)
