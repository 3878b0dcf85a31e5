"""The minimum is concave in the weight decays, its slopes are the norms, and the gap is least where the norms agree."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, agreement, at_most
from ncsolve.verify._problems import random_problem, random_shape
from ncsolve.verify._types import Array

import ncsolve
from ncsolve import UFM, Minimizer

# Of the theory: codes with the slopes of their minimum, and a network far from a minimum, of which both estimates of
# lambda_h are equal: its length in one direction, lambda_h, and its gap over its loss.
_CODES = [[1.0, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
_SLOPES = (3.351703661362, 0.0071431294633)
_LENGTH, _AGREED, _GAP = 0.184035220170, 0.131368704200, 0.463


@claim(
    name="implied-decay", sources=("ncsolve",), theorems=("implied-decay",),
    statement="the minimum is jointly concave in the three weight decays, half the squared norms of W, H and b are its "
    "slopes, and the gap of a network is least where the predicted norm of the features is the measured one",
    run="minima along random lines of weight decays, central differences of them against norms, and the gap of a "
    "network around the lambda_h of equal norms; a stationary head by linear equations",
)
def examine(size: Size) -> list[Figure]:
    """All minima are the solver's; norms and objectives are computed from the arrays."""
    rng = np.random.default_rng(89)
    slopes = Worst("slope of the minimum against half a squared norm", tolerance=1e-6, reason="central differences")
    implied = Worst("weight decay that a stationary head implies, relative", tolerance=1e-8, reason="rounding")
    balance = Worst("lambda_h by balance, of a minimizer, relative", tolerance=1e-10, reason="rounding")
    bent, lower = [], []
    for _ in range(20 if size == "quick" else 200):
        problem = random_problem(rng, *random_shape(rng), lambda_b=float(np.exp(rng.normal() - 1)), strength=0.3)
        found = ncsolve.solve(problem)
        decays, norms = _decays(problem), _norms(found)
        if float(norms.min()) < 1e-6:  # a minimum that is all zero has no head to imply anything
            continue
        bent.append(_bend(problem, rng))
        slopes.add(norms / 2, _slopes(problem), size=float(found.loss / decays.min()))
        balance.add(problem.lambda_h, _measured(problem, np.array(found.class_means)).head.balance)
        head = _measured(problem, rng.standard_normal((found.rank, problem.classes))).head
        implied.add(decays[[0, 2]], np.array([head.implied_lambda_w, head.implied_lambda_b], dtype=np.float64))
        lower.append(_least(problem, rng))
    return [
        at_most(
            "chord of the minimum less the minimum between, relative", 1e-13, bent, reason="concave, but for rounding"
        ),
        slopes.figure(), balance.figure(), implied.figure(),
        at_most(
            "gap at equal norms less the gap nearby, over the loss", 1e-12, lower, reason="the least, but for rounding"
        ),
        *_of_the_theory(),
    ]


def _decays(problem: UFM) -> Array:
    return np.array([problem.lambda_w, problem.lambda_h, problem.lambda_b])


def _norms(found: Minimizer) -> Array:
    counts = found.problem.counts.array
    return np.array([
        np.sum(found.W**2), float(counts @ np.sum(found.class_means**2, axis=0)), np.sum(found.bias**2),
    ])


def _minimum(problem: UFM, decays: Array) -> float:
    w, h, b = (float(x) for x in decays)
    return ncsolve.solve(problem.replace(lambda_w=w, lambda_h=h, lambda_b=b)).loss


def _bend(problem: UFM, rng: np.random.Generator) -> float:
    """How far the minimum between two settings is below the chord, over the chord."""
    ends = [_decays(problem) * np.exp(rng.normal(size=3)) for _ in range(2)]
    share = float(rng.uniform(0.1, 0.9))
    chord = share * _minimum(problem, ends[0]) + (1 - share) * _minimum(problem, ends[1])
    return (chord - _minimum(problem, share * ends[0] + (1 - share) * ends[1])) / chord


def _slopes(problem: UFM) -> Array:
    """Central differences of the minimum in each weight decay."""
    found = []
    for step in np.eye(3) * _decays(problem) * 1e-5:
        ends = [_minimum(problem, _decays(problem) + sign * step) for sign in (1, -1)]
        found.append((ends[0] - ends[1]) / (2 * step.sum()))
    return np.array(found)


def _best_head(problem: UFM, h: Array) -> tuple[Array, Array]:
    """Ridge regression of the codes on the features and a one, so that the head is stationary; b = 0 at infinity."""
    n, total = problem.counts.array, problem.samples
    bias = np.isfinite(problem.lambda_b)
    inputs = np.vstack((h, np.ones((1, h.shape[1])))) if bias else h
    decay = np.full(inputs.shape[0], problem.lambda_w)
    if bias:
        decay[-1] = problem.lambda_b
    square = (inputs * n) @ inputs.T / total + np.diag(decay)
    weights = np.asarray(np.linalg.solve(square, (inputs * n) @ problem.encoding.matrix.T / total).T, dtype=np.float64)
    return (weights[:, :-1], weights[:, -1]) if bias else (weights, np.zeros(problem.code_length))


def _measured(problem: UFM, h: Array, how: str | None = None) -> ncsolve.Measurement:
    """Of these class means, without variation, and the head that is best for them."""
    labels = np.repeat(np.arange(problem.classes), problem.counts.array)
    head, b = _best_head(problem, h)
    statistics = ncsolve.FeatureStatistics(
        problem.classes, h.shape[0], (head, b), "projected", codes=problem.encoding.matrix
    ).update(h[:, labels].T, labels)
    return ncsolve.measure(statistics, head, b, problem, lambda_h=how)


def _least(problem: UFM, rng: np.random.Generator) -> float:
    """The gap of random features at the lambda_h of equal norms, less that at others, at worst, over the loss."""
    found = ncsolve.solve(problem)
    means = np.array(found.class_means)
    h = means + 0.3 * float(np.abs(means).max()) * rng.standard_normal(means.shape)
    at = _measured(problem, h, "norm")
    near = [
        _measured(problem.replace(lambda_h=at.lambda_h * factor), h).gap for factor in (0.9, 0.999, 1.001, 1.1)
    ]
    return (at.gap - min(near)) / at.loss


def _of_the_theory() -> list[Figure]:
    problem = UFM(encoding=_CODES, counts=[5, 20, 1, 10], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1)
    pair = UFM(encoding=np.eye(2), counts=1, lambda_w=0.05, lambda_h=0.1, lambda_b=float("inf"))
    h = np.diag([1.0, _LENGTH])
    both = [_measured(pair, h, how) for how in ("balance", "norm")]
    return [
        agreement(
            "slopes in lambda_h and lambda_b, of the theory", _SLOPES, _slopes(problem)[1:], tolerance=1e-7,
            reason="central differences",
        ),
        agreement(
            "lambda_h by balance and by norm, far from a minimum", [_AGREED] * 2, [x.lambda_h for x in both],
            tolerance=1e-9, reason="twelve digits",
        ),
        agreement(
            "and the gap there, over the loss", _GAP, both[0].gap / both[0].loss, tolerance=2e-3, reason="three digits"
        ),
    ]
