"""Descents of a claim: every one is counted, and none is dropped; and where a property begins, from runs alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from ncsolve.verify._figure import Figure, Worst, at_most, count
from ncsolve.verify.descent import LayeredRun, Run, descend

import ncsolve
from ncsolve import UFM, Minimizer

__all__ = ["Bench", "Lowest", "bisect"]

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
        """The best of the runs from random starts; ``prediction`` only saves solving the problem again."""
        runs = [
            descend(problem, method=method, seed=seed, dim=dim, tolerance=tolerance, trace=False, progress=False)
            for seed in seeds
        ]
        self.count(runs, ncsolve.solve(problem) if prediction is None else prediction)
        return min(runs, key=lambda run: run.loss)

    def compared(self, problem: UFM) -> tuple[Minimizer, Run]:
        """The solver's minimizer, and a run that knows nothing of it."""
        prediction = ncsolve.solve(problem)
        return prediction, self.settle(problem, prediction=prediction)

    def count(self, runs: Iterable[Run], prediction: Minimizer | None = None) -> None:
        """Take note of runs that were made elsewhere."""
        for run in runs:
            self._runs += 1
            self._unfinished += not run.converged
            if prediction is not None:
                self._below.append((prediction.loss - run.loss) / max(abs(prediction.loss), 1e-300))

    def figures(self, *found: Worst | Figure) -> list[Figure]:
        """What was found, then that all runs converged, and that none went below the optimum."""
        figures = [entry.figure() if isinstance(entry, Worst) else entry for entry in found]
        figures.append(count(
            "descent runs not converged", 0, self._unfinished, reason="a run that did not converge found nothing",
            comparisons=self._runs,
        ))
        if self._below:
            figures.append(at_most(
                "descent below the optimum, relative", _ROUNDING, self._below,
                reason="no point can be below the minimum, up to rounding of the loss (1e-12)",
            ))
        return figures


class Lowest(Worst):
    """Where there are local minima: of many runs the lowest must end at the solver's loss, and none ``below`` it."""

    def __init__(self, what: str, *, tolerance: float, reason: str) -> None:
        super().__init__(what, tolerance=tolerance, reason=reason)
        self.below: list[float] = []

    def of(self, prediction: Minimizer, runs: Iterable[LayeredRun], *, size: float | None = None) -> LayeredRun:
        """The lowest of the runs, compared."""
        runs = list(runs)
        best = min(runs, key=lambda run: run.loss)
        self.add(prediction.loss, best.loss, size=size)
        self.below += [(prediction.loss - run.loss) / prediction.loss for run in runs]
        return best


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
