"""How far a trained network is from the minimum of its problem, from what the table keeps of it."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._network_minimum import Minimum
from ncsolve.verify._networks import NetworkRun

__all__ = ["true_distances"]


def true_distances(run: NetworkRun, minimum: Minimum) -> dict[str, tuple[float, float, float]]:
    """For each name of ``ncsolve.Distances`` a lower and an upper bound on the distance, and the size of what is
    compared.

    The two bounds are one number but for outputs of two layers, whose variation within the classes is known by its
    norm alone.  Probabilities of single samples are in no sum over them, and are left out.
    """
    counts, network = run.counts, run.network
    root, total = np.sqrt(counts), float(counts.sum())
    own, best = run.gram * np.outer(root, root), minimum.gram * np.outer(root, root)
    energy = float(np.trace(own) + np.trace(best))
    found: dict[str, tuple[float, float, float]] = {}
    if minimum.unique:
        apart = float(np.linalg.norm(own - best))
        found["gram"] = apart, apart, energy or 1.0
    codes = math.sqrt(float(counts @ np.sum(run.codes**2, axis=0)))
    if run.problem["loss"] == "mse":
        between = float(counts @ np.sum((run.outputs - minimum.outputs) ** 2, axis=0))
        inner, other = math.sqrt(float(network["within_outputs"])), math.sqrt(total * minimum.within)
        found["outputs"] = math.sqrt(between + (inner - other) ** 2), math.sqrt(between + (inner + other) ** 2), codes
    shift = run.bias - minimum.bias
    if run.problem["loss"] == "cross-entropy" and run.decay("lambda_b") == 0.0:
        shift = shift - shift.mean()  # of what all outputs have in common softmax sees nothing
    if minimum.unique:
        off = float(np.linalg.norm(shift))
        found["bias"] = off, off, float(np.linalg.norm(minimum.bias)) or 1.0
    if not run.metric:
        within = math.sqrt(float(network["within_features"]))
        found["within"] = within, within, math.sqrt(float(network["features"])) or 1.0
    return found
