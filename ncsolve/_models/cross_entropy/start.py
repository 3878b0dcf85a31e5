"""Where the descent starts: closed forms that are exact for balanced counts, or at zero."""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import EPS, RANK_NOISE, Array
from ncsolve._frames.softmax_fit import fit
from ncsolve._models.cross_entropy.objective import Objective
from ncsolve._models.cross_entropy.point import Point, factored

__all__ = ["collapsed", "guesses", "may_collapse", "thresholded"]

_MOST_LOST = 0.9


def collapsed(objective: Objective) -> Point:
    """All columns alike but within their groups, at the bias log(mu + lambda_b): for lambda_b = 0 the best one, and
    nearly so for a large one."""
    columns = objective.columns
    m, k = columns.shape
    bias = np.zeros(m)
    if objective.free:
        mean, decay = columns.label_mean, objective.lambda_b
        bias = np.log(mean + decay) if decay < 1.0 else np.log1p(mean / decay)  # less log lambda_b, which shifts all
        bias = (bias - columns.alike @ bias / np.sum(columns.alike)) / columns.bias_scale
    return Point(
        weights=np.zeros((m, 0)), features=np.zeros((0, k)), bias=bias, within=_parted(objective, columns.label_mean)[1]
    )


def may_collapse(objective: Objective) -> bool:
    """Whether all columns may be alike at the minimum: no bias changes G but along the square roots of the counts."""
    columns = objective.columns
    if columns.within.size:
        return True
    codes, along = columns.fold(columns.codes) * (columns.scale * columns.samples), np.sqrt(columns.samples)
    spread = codes - np.outer(codes @ along, along) / columns.total
    return float(np.linalg.norm(spread, 2)) <= objective.threshold * (1 + 1e-9)


def guesses(objective: Objective) -> list[Point]:
    """Softmax outputs that miss their code by T/sqrt(n_k), with all of the bias or none."""
    columns = objective.columns
    m, k = columns.shape
    even = np.full(m, 1.0 / np.sum(columns.alike))
    found = []
    for centred in [False, True] if objective.free else [False]:
        rows, within = _parted(objective, columns.label_mean if centred else even)
        rows -= columns.alike @ rows / np.sum(columns.alike)
        bias = rows @ columns.samples / columns.total if centred else np.zeros(m)
        empty = Point(
            weights=np.zeros((m, 0)), features=np.zeros((0, k)), bias=bias / columns.bias_scale, within=within
        )
        found.append(thresholded(objective, empty, (rows - bias[:, None]) / columns.scale))
    return found


def thresholded(objective: Objective, point: Point, matrix: Array | None = None) -> Point:
    """A step of proximal gradient descent in Q: it lets directions die, and lets those live that lower the objective.

    ``matrix`` (m, K) stands for the Q of the point.
    """
    columns = objective.columns
    matrix = point.matrix if matrix is None else matrix
    slope = columns.backward(fit(columns, columns.forward(matrix, point.bias, point.within)).residual)[0]
    left, values, right = np.linalg.svd(matrix - slope, full_matrices=False)
    rank = int(np.count_nonzero(values > objective.threshold * (1 + RANK_NOISE)))
    values = np.maximum(values - objective.threshold, 0.0)
    return factored(left, values, right.T, rank, bias=point.bias, within=point.within)


def _parted(objective: Objective, rest: Array) -> tuple[Array, Array]:
    """Outputs by rows of Q (m, K) and values within groups, of codes that lose a part to probabilities ``rest``."""
    columns = objective.columns
    counts = columns.samples / columns.alike if columns.grouped else columns.samples
    rest = (rest + EPS) / (1 + EPS * np.sum(columns.alike))  # also where an output has no mass
    lost = np.minimum(objective.threshold / np.sqrt(counts), _MOST_LOST)
    chances = (1 - lost) * columns.codes + lost * (columns.spread(rest[:, None]) * columns.outputs)
    rows = np.log(columns.fold(chances) / columns.alike[:, None])
    within = columns.within
    if within.size:
        own, other = np.log(chances[-1, within]), np.log(chances[within, within] / (columns.alike[within] - 1))
        rows[within, within] = (own + (columns.alike[within] - 1) * other) / columns.alike[within]
        return rows, (own - other) / columns.within_scale
    return rows, np.zeros(0)
