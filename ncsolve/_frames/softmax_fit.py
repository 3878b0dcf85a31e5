"""Softmax and cross-entropy of columns without cancellation: losses of 1e-12 have all their digits.

What a probability lacks to its code is summed from the other cells where the code is largest, never taken from 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from ncsolve._arrays import Array
from ncsolve._frames.columns import Columns

__all__ = ["Fit", "bent", "entropies", "fit", "logarithms", "residual_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """The loss of every column (K,); probabilities of cells, what they lack to 1, and what they exceed the codes by
    (C, K)."""

    losses: Array
    probabilities: Array
    lacking: Array
    residual: Array


def fit(columns: Columns, outputs: Array) -> Fit:
    """Cross-entropy of outputs (C, K), one per cell."""
    top, number = columns.top, np.arange(columns.samples.size)
    logits = outputs + columns.log_outputs
    own = logits[top, number]
    logits -= own
    highest = np.max(logits, axis=0)
    powers = np.exp(logits - highest)
    total = np.sum(powers, axis=0)
    others = powers.copy()
    others[top, number] = 0.0
    losses = np.where(highest <= 0.0, np.log1p(np.sum(others, axis=0)), highest + np.log(total))
    losses -= np.sum(columns.codes * (outputs - own), axis=0)
    probabilities = powers / total
    lacking = 1.0 - probabilities
    lacking[top, number] = np.sum(others, axis=0) / total
    return Fit(
        losses=losses, probabilities=probabilities, lacking=lacking, residual=residual_of(columns, probabilities)
    )


def bent(columns: Columns, fit: Fit, change: Array) -> Array:
    """How the probabilities of cells move with their outputs (C, K), to first order: columns sum to zero."""
    chances, top, number = fit.probabilities, columns.top, np.arange(columns.samples.size)
    moved: Array = chances * (change - change[top, number])
    moved -= chances * np.sum(moved, axis=0)
    moved[top, number] = 0.0
    moved[top, number] = -np.sum(moved, axis=0)
    return moved


def residual_of(columns: Columns, probabilities: Array) -> Array:
    """Probabilities less codes (C, K): columns sum to zero."""
    top, number = columns.top, np.arange(columns.samples.size)
    residual: Array = probabilities - columns.codes
    residual[top, number] = 0.0
    residual[top, number] = -np.sum(residual, axis=0)
    return residual


def logarithms(columns: Columns, residual: Array) -> Array:
    """Of codes plus the residual (C, K), by cells; zero counts as the least normal number."""
    lacking = 1.0 - columns.codes  # to one
    lacking[columns.top, np.arange(columns.samples.size)] = columns.others
    chances = columns.codes + residual
    logs = np.log(np.maximum(chances, np.finfo(np.float64).tiny))
    near = chances > 0.5
    logs[near] = np.log1p(np.minimum(residual[near] - lacking[near], 0.0))
    return np.asarray(logs)


def entropies(columns: Columns, residual: Array) -> Array:
    """The entropy of every column (K,) of codes plus the residual."""
    chances = np.maximum(columns.codes + residual, 0.0)
    return np.asarray(np.sum(xlogy(chances, columns.outputs) - chances * logarithms(columns, residual), axis=0))
