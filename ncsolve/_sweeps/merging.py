"""Where classes of one count merge along a weight decay or the smoothing: T = |a| sqrt(n), whatever the bias is."""

from __future__ import annotations

import math

from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep, smooth_codes
from ncsolve._problem.ufm import UFM

__all__ = ["merging_values", "shared_counts"]


def shared_counts(problem: UFM) -> list[int]:
    """The counts that two classes have, or more."""
    counts = problem.counts
    return [count for count, times in zip(counts.values, counts.multiplicities, strict=True) if times > 1]


def merging_values(sweep: Sweep) -> dict[float, str]:
    """The values of lambda_w, lambda_h or alpha at which that is, each with the theorem; empty where the model does not
    say so."""
    problem, theorem = sweep.problem, model_of(sweep.problem).merges_by_count
    affine = problem.encoding.affine
    if not theorem or affine is None or sweep.name not in ("lambda_w", "lambda_h", "alpha"):
        return {}
    if sweep.name == "alpha":
        plain = smooth_codes(problem.encoding, 0.0).affine
        assert plain is not None
        found = [1.0 - problem.threshold / (abs(plain.a) * math.sqrt(n)) for n in shared_counts(problem)]
        return {value: theorem for value in found if 0.0 <= value < 1.0}
    other = problem.lambda_h if sweep.name == "lambda_w" else problem.lambda_w
    return {affine.a**2 * n / problem.samples**2 / other: theorem for n in shared_counts(problem)}
