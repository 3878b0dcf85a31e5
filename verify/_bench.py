"""What the claims share: descents that are counted, problems to run them on, and bisection."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from ncsolve.verify._figure import Figure, at_most
from ncsolve.verify.descent import Run, descend
from numpy.typing import ArrayLike, NDArray

import ncsolve
from ncsolve import UFM, Minimizer, NCSolveError
from ncsolve.encodings import Encoding, onehot

__all__ = [
    "Bench",
    "balanced",
    "bisect",
    "gram_unit",
    "random_counts",
    "random_problem",
    "scaled_problem",
    "transition_of",
]

Array = NDArray[np.float64]
# Relative to the gradient at the random start.  Newton's last step usually ends far below.
TOLERANCE = 1e-11
_ROUNDING = 1e-12


class Bench:
    """Runs descents and remembers which did not converge and which went below the predicted optimum."""

    def __init__(self) -> None:
        self._runs = 0
        self._unfinished = 0
        self._below: list[float] = []

    def settle(
        self, problem: UFM, *, prediction: Minimizer | None = None, seeds: Iterable[int] = (0,), method: str = "newton",
        dim: int | None = None, tolerance: float = TOLERANCE,
    ) -> Run:
        """The best of the runs from random starts."""
        runs = [
            descend(problem, method=method, seed=seed, dim=dim, tolerance=tolerance, trace=False) for seed in seeds
        ]
        self.count(runs, prediction)
        return min(runs, key=lambda run: run.loss)

    def count(self, runs: Iterable[Run], prediction: Minimizer | None = None) -> None:
        """Take note of runs that were made elsewhere."""
        for run in runs:
            self._runs += 1
            self._unfinished += not run.converged
            if prediction is not None:
                self._below.append((prediction.loss - run.loss) / max(abs(prediction.loss), 1e-300))

    def figures(self) -> list[Figure]:
        """That all runs converged, and that none went below the optimum."""
        figures = [
            Figure(
                what="descent runs not converged", predicted=0.0, found=float(self._unfinished),
                error=float(self._unfinished), tolerance=0.0, reason="a run that did not converge found nothing",
                comparisons=self._runs,
            )
        ]
        if self._below:
            figures.append(
                at_most(
                    "descent below the optimum, relative", _ROUNDING, self._below,
                    reason="no point can be below the minimum, up to rounding of the loss (1e-12)",
                )
            )
        return figures


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


def random_problem(
    rng: np.random.Generator, *, code_length: int, classes: int, most: int = 3, lambda_b: float,
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


def bisect(alive: Callable[[float], bool], low: float, high: float, *, relative: float) -> float:
    """Where ``alive`` turns from false at ``low`` to true at ``high``, by bisection of the logarithm; NaN if it does
    not."""
    if alive(low) or not alive(high):
        return math.nan
    while high / low > 1 + relative:
        middle = math.sqrt(low * high)
        if alive(middle):
            high = middle
        else:
            low = middle
    return math.sqrt(low * high)
