"""Problems to run the claims on, and what the solver or the units say of them."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._types import Array
from numpy.typing import ArrayLike

import ncsolve
from ncsolve import UFM, NCSolveError
from ncsolve.encodings import Encoding, onehot

__all__ = [
    "balanced", "gram_unit", "random_counts", "random_problem", "random_shape", "random_soft_labels", "scaled_problem",
    "transition_of",
]


def balanced(
    classes: int, per_class: int, *, t: float, lambda_b: float, encoding: Encoding | ArrayLike | None = None,
    ratio: float = 1.0, dim: int | None = None,
) -> UFM:
    """Balanced classes with lambda_w / lambda_h = ``ratio`` and K sqrt(n lambda_w lambda_h) = ``t``."""
    tau = t / (classes * math.sqrt(per_class))
    return UFM(
        encoding=onehot(classes) if encoding is None else encoding,
        counts=per_class,
        lambda_w=tau * math.sqrt(ratio),
        lambda_h=tau / math.sqrt(ratio),
        lambda_b=lambda_b,
        dim=dim,
    )


def random_counts(rng: np.random.Generator, classes: int, most: int) -> list[int]:
    """One to ``most`` samples per class."""
    return [int(n) for n in rng.integers(1, most + 1, classes)]


def random_shape(rng: np.random.Generator, least: int = 1) -> tuple[int, int]:
    """A code length from ``least`` to K + 1, and a number K of two to four classes."""
    k = int(rng.integers(2, 5))
    return int(rng.integers(least, k + 2)), k


def random_problem(
    rng: np.random.Generator, code_length: int, classes: int, *, most: int = 3, lambda_b: float,
    strength: float | None = None,
) -> UFM:
    """Random normal codes with a random offset, random counts, and lambdas of different size.

    ``strength``, by default random in (0.05, 0.6), is N sqrt(lambda_w lambda_h) over the largest singular value of
    the labels.
    """
    codes = rng.standard_normal((code_length, classes)) + rng.standard_normal((code_length, 1))
    counts = random_counts(rng, classes, most)
    if strength is None:
        strength = float(rng.uniform(0.05, 0.6))
    return scaled_problem(codes, counts, strength=strength, ratio=float(np.exp(rng.normal())), lambda_b=lambda_b)


def random_soft_labels(rng: np.random.Generator, lambda_b: float, *, onehot: bool = False) -> UFM:
    """Cross-entropy with codes drawn from the simplex, some nearly one-hot (or all ``onehot``), random counts, and
    lambdas of different size."""
    m, k = random_shape(rng, 2)
    codes = rng.dirichlet(np.full(m, rng.choice([0.3, 1.0, 3.0])), size=k).T
    codes = np.eye(k) if onehot else codes / codes.sum(axis=0)
    counts = random_counts(rng, k, 4)
    ratio = float(np.exp(rng.normal()))
    # Softmax at zero is constant: above the largest singular value of the rest all class means are zero.
    largest = float(np.linalg.norm((codes - 1.0 / codes.shape[0]) * np.sqrt(counts), 2))
    tau = float(rng.uniform(0.05, 0.6)) * largest / sum(counts)
    return UFM(
        encoding=codes, counts=counts, lambda_w=tau * math.sqrt(ratio), lambda_h=tau / math.sqrt(ratio),
        lambda_b=lambda_b, loss="cross-entropy",
    )


def scaled_problem(
    codes: Array, counts: list[int], *, strength: float, ratio: float, lambda_b: float, least: bool = False
) -> UFM:
    """Lambdas with lambda_w / lambda_h = ``ratio`` and N sqrt(lambda_w lambda_h) = ``strength`` times the largest (or
    ``least``) singular value of the labels Y (m, N)."""
    labels = np.repeat(codes, counts, axis=1)
    values = np.linalg.svd(labels, compute_uv=False)
    rank = int(np.sum(values > 1e-9 * values[0]))
    tau = strength * float(values[rank - 1 if least else 0]) / labels.shape[1]
    return UFM(
        encoding=codes, counts=counts, lambda_w=tau * math.sqrt(ratio), lambda_h=tau / math.sqrt(ratio),
        lambda_b=lambda_b,
    )


def transition_of(problem: UFM) -> float:
    """The transition that the solver names, where the theory says that there is one; raises NCSolveError if not."""
    found = ncsolve.solve(problem).transition
    if found is None:
        raise NCSolveError(f"the theory has a transition here, but the solver names none: {problem!r}")
    return found


def gram_unit(problem: UFM) -> float:
    """A size of Gram entries from the units alone: W H is measured in labels, |W|^2 : |H|^2 as lambda_h : lambda_w."""
    codes = np.asarray(problem.encoding.matrix)
    return float(np.sqrt(np.mean(codes**2)) * math.sqrt(problem.lambda_w / problem.lambda_h)) or 1.0
