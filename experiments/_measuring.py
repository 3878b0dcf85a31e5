"""What is kept of a run: the problem, the network as far as the loss sees it, and the document of the measurement."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ncsolve

__all__ = ["record_of"]

Array = NDArray[np.float64]


def record_of(found: ncsolve.Measurement | ncsolve.MetricMeasurement) -> dict[str, Any]:
    """``problem``, ``network`` and ``measured``: enough to have loss, gap and distances again without this package."""
    parts = _two_layers(found) if isinstance(found, ncsolve.MetricMeasurement) else _last_layer(found)
    problem, network = parts
    return {"problem": problem, "network": network, "measured": found.to_json()}


def _last_layer(found: ncsolve.Measurement) -> tuple[dict[str, Any], dict[str, Any]]:
    problem, head, statistics = found.problem, found.head, found.head.statistics
    means, scatter = statistics.class_means, statistics.within_scatter
    counts = problem.counts.array
    assert scatter is not None
    features = float(counts @ np.sum(means**2, axis=0) + np.trace(scatter))
    norms = problem.lambda_w * float(np.sum(head.W**2)) + problem.lambda_h * features
    return _codes(problem) | {
        "lambda_h": problem.lambda_h, "features": problem.features, "loss": problem.loss,
    }, _outputs(head.W @ means + head.b[:, None], head.b) | {
        "weights": float(np.sum(head.W**2)),
        "features": features,
        "within_features": float(np.trace(scatter)),
        "within_outputs": float(np.sum((head.W @ scatter) * head.W)),
        "fit": found.loss - norms / 2 - _bias_term(problem, head.b),
    }


def _two_layers(found: ncsolve.MetricMeasurement) -> tuple[dict[str, Any], dict[str, Any]]:
    problem, layers = found.problem, found.layers
    through = layers.V @ (problem.within * problem.samples) @ layers.V.T
    counts = problem.counts.array
    return _codes(problem) | {
        "lambda_v": problem.lambda_v, "lambda_c": _finite(problem.lambda_c),
        "second_moments": problem.second_moments.tolist(), "cross_moments": problem.cross_moments.tolist(),
        "features": "linear", "loss": "mse",
    }, _outputs(layers.outputs, layers.b) | {
        "weights": float(np.sum(layers.W**2)),
        "hidden": float(np.sum(layers.V**2)),
        "hidden_bias": float(np.sum(layers.c**2)),
        "features": float(counts @ np.sum(layers.class_means**2, axis=0) + np.trace(through)),
        "within_features": float(np.trace(through)),
        "within_outputs": float(np.sum((layers.W @ through) * layers.W)),
        "fit": layers.loss_terms.fit,
    }


def _codes(problem: ncsolve.UFM | ncsolve.MetricProblem) -> dict[str, Any]:
    return {
        "counts": [int(count) for count in problem.counts.array], "codes": problem.encoding.matrix.tolist(),
        "lambda_w": problem.lambda_w, "lambda_b": _finite(problem.lambda_b),
    }


def _outputs(outputs: Array, b: Array) -> dict[str, Any]:
    return {"class_outputs": outputs.tolist(), "bias": b.tolist()}


def _bias_term(problem: ncsolve.UFM, b: Array) -> float:
    return problem.lambda_b / 2 * float(b @ b) if math.isfinite(problem.lambda_b) else 0.0


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else "inf"
