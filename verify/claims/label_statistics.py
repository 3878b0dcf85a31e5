"""What labels determine through their number, mean and scatter alone."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._types import Array

import ncsolve


@claim(
    name="label-statistics", sources=("andriopoulos2024", "ncsolve"), theorems=("collapse",),
    statement="W W^T, b and the loss depend on the labels only through their number, mean and scatter",
    run="L-BFGS and Newton on soft labels and regression targets, and on other labels with the same mean and scatter",
)
def examine(size: Size) -> list[Figure]:
    """Two sets of labels with the same statistics, each with a feature per sample, and the solver's prediction."""
    bench = Bench()
    rng = np.random.default_rng(83)
    tight = "Newton to a gradient of 1e-11"
    same = Worst("W W^T, b and loss of two sets of labels, same statistics", tolerance=1e-6, reason=tight)
    weights = Worst("W W^T, solve_statistics", tolerance=1e-6, reason=tight)
    bias = Worst("b, solve_statistics", tolerance=1e-6, reason=tight)
    loss = Worst("loss, solve_statistics, relative", tolerance=1e-9, reason="flat at the minimum")
    apart = []
    for trial in range(8 if size == "quick" else 80):
        m, total = int(rng.integers(1, 4)), int(rng.integers(5, 11))
        labels = rng.standard_normal((m, total)) + rng.standard_normal((m, 1))
        if trial % 2 == 0:  # soft labels: probability vectors
            labels = rng.dirichlet(np.ones(m + 1), size=total).T
        mixed = _same_statistics(rng, labels)
        apart.append(float(np.abs(mixed - labels).max() / np.abs(labels).max()))
        lambda_b = (0.0, 0.1, 2.0, math.inf)[trial % 4]
        tau = 0.2 * float(np.linalg.norm(labels - labels.mean(axis=1, keepdims=True), 2)) / total
        ratio = float(np.exp(rng.normal()))
        problem = ncsolve.UFM(encoding=labels, counts=1, lambda_w=tau * ratio, lambda_h=tau / ratio, lambda_b=lambda_b)
        other = ncsolve.UFM(encoding=mixed, counts=1, lambda_w=tau * ratio, lambda_h=tau / ratio, lambda_b=lambda_b)
        prediction = ncsolve.solve_statistics(
            ncsolve.LabelStatistics.from_targets(labels), lambda_w=tau * ratio, lambda_h=tau / ratio, lambda_b=lambda_b
        )
        one = bench.settle(problem)
        two = bench.settle(other)
        found = one.point.W @ one.point.W.T
        for first, second in ((found, two.point.W @ two.point.W.T), (one.bias, two.bias), (one.loss, two.loss)):
            same.add(first, second)
        weights.add(prediction.weight_gram, found)
        bias.add(prediction.bias, one.bias)
        loss.add(prediction.loss, one.loss)
    return bench.figures(
        weights, bias, loss, same,
        at_least("distance of the two sets of labels", 0.1, [min(apart)], reason="they are not the same labels"),
    )


def _same_statistics(rng: np.random.Generator, labels: Array) -> Array:
    """Other labels with the same mean and scatter: the centred ones turned by a rotation that keeps the ones vector."""
    total = labels.shape[1]
    ones = np.ones((total, 1)) / math.sqrt(total)
    basis = np.linalg.qr(np.hstack([ones, rng.standard_normal((total, total - 1))]))[0][:, 1:]
    turn, _ = np.linalg.qr(rng.standard_normal((total - 1, total - 1)))
    mean = labels.mean(axis=1, keepdims=True)
    return np.asarray(mean + (labels - mean) @ basis @ turn @ basis.T)
