"""A small table of networks that were never trained: points near minima and far from them, told as runs are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ncsolve
from experiments._measuring import record_of
from experiments._problem import codes_of, counts_of, lambda_h_of
from experiments._run import Run
from experiments._suite import Suite, Variation
from experiments._table import table_of

__all__ = ["table"]

Array = NDArray[np.float64]

_MACHINE = {"device": "none", "cores": 1, "system": "none", "python": "3", "versions": {}}
# The distance from the minimum by the seed of the run: collapsed, near, far.
_DISTANCES = (1e-6, 1e-2, 0.3)


def _runs(**factors: Any) -> tuple[Run, ...]:
    biases = factors.pop("lambda_b", (0.0, 0.4, math.inf))
    return tuple(Run(per_class=6, lambda_b=b, seed=seed, **factors) for b in biases for seed in range(3))


SUITE = Suite("small", tuple(Variation(name, name, runs) for name, runs in {
    "reference": _runs(),
    "gaussian": _runs(encoding="gaussian:2"),
    "imbalance": _runs(imbalance=3.0),
    "designed": _runs(imbalance=3.0, encoding="designed:simplex", lambda_b=(0.1, 1.0, math.inf)),
    "relu": _runs(tail="relu"),
    "plain": _runs(tail="plain", decay=0.02),
    "cross-entropy": _runs(loss="cross-entropy"),
    "cross-entropy-smoothed": _runs(loss="cross-entropy", encoding="smoothed:0.1", imbalance=2.0),
}.items()))
CLASSES = 4
FAILED = SUITE.variations[0].runs[-1]


def table() -> dict[str, Any]:
    """The table of all runs, of which one failed."""
    records = {run.key: _record(run) for variation in SUITE.variations for run in variation.runs}
    whole: dict[str, Any] = table_of(SUITE, records)
    return whole


def _record(run: Run) -> dict[str, Any]:
    record = {"key": run.key, "run": run.to_json(), "seconds": 0.0, "machine": _MACHINE}
    if run == FAILED:
        return record | {"outcome": "failed", "failure": "the loss is not finite", "training": None}
    found = _plain(run) if run.tail == "plain" else _head(run)
    training = {"first": 2 * found.loss, "last": found.loss, "lowest": found.loss}
    return record | {"outcome": "measured", "failure": None, "training": training} | record_of(found)


def _head(run: Run) -> ncsolve.Measurement:
    """The minimum, moved; every third network has the head that is stationary at its features."""
    counts = counts_of(run, CLASSES)
    problem = ncsolve.UFM(
        encoding=codes_of(run, counts), counts=counts, lambda_w=run.lambda_w, lambda_h=lambda_h_of(run, counts),
        lambda_b=run.lambda_b, loss=run.loss, features="relu" if run.tail == "relu" else "linear",
    )
    best, labels = ncsolve.solve(problem), np.repeat(np.arange(CLASSES), counts)
    distance, random = _DISTANCES[run.seed], np.random.default_rng(run.seed)
    w, h, b = (_moved(random, value, distance) for value in (best.W, best.class_means[:, labels], best.bias))
    h = np.abs(h) if run.tail == "relu" else h
    b = b if math.isfinite(run.lambda_b) else 0 * b
    if run.loss == "mse" and run.seed == 2:
        apart, n = problem.encoding.matrix[:, labels] - b[:, None], labels.size
        w = apart @ h.T @ np.linalg.inv(h @ h.T + n * run.lambda_w * np.eye(len(h)))
    statistics = ncsolve.FeatureStatistics(
        CLASSES, len(h), (w, b), codes=problem.encoding.matrix, loss=run.loss
    ).update(h.T, labels)
    found = ncsolve.measure(statistics, w, b if math.isfinite(run.lambda_b) else None, problem)
    assert isinstance(found, ncsolve.Measurement)
    return found


def _plain(run: Run) -> ncsolve.MetricMeasurement:
    random = np.random.default_rng(run.seed)
    counts = counts_of(run, CLASSES)
    labels = np.repeat(np.arange(CLASSES), counts)
    z = np.maximum(random.standard_normal((CLASSES, 7))[labels] + random.standard_normal((labels.size, 7)) / 4, 0.0)
    statistics = ncsolve.FeatureStatistics(CLASSES, 7).update(z, labels)
    problem = statistics.metric_problem(lambda_w=run.decay, lambda_v=run.decay, lambda_b=run.lambda_b)
    best, distance = ncsolve.solve(problem), _DISTANCES[run.seed]
    w, v, c, b = (_moved(random, value, distance) for value in (best.W, best.V, best.c, best.bias))
    b = b if math.isfinite(run.lambda_b) else 0 * b
    found = ncsolve.measure(statistics, w, b, problem, hidden=(v, c))
    assert isinstance(found, ncsolve.MetricMeasurement)
    return found


def _moved(random: np.random.Generator, value: Array, distance: float) -> Array:
    return np.asarray(value + distance * max(float(np.abs(value).max()), 0.1) * random.standard_normal(value.shape))
