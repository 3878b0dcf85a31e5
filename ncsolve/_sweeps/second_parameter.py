"""The second parameter of a phase diagram, beside lambda_b: what it means, and the problem of each of its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve import encodings
from ncsolve._arrays import Array
from ncsolve._models.registry import model_of
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.merging import shared_counts
from ncsolve.checks.arguments import check_name
from ncsolve.checks.arrays import number_list
from ncsolve.errors import ProblemError

__all__ = ["AGAINST", "SecondParameter", "second_parameter"]

# Each with what it is called in a sentence.
AGAINST = {
    "t": "threshold T/sqrt(N/K), by scaling both weight decays",
    "weight_decay": "lambda_w = lambda_h",
    "classes": "number of classes",
    "imbalance": "largest over smallest class: half of the classes have fewer samples",
}


# Counts this near to whole numbers are; others are counted in so small parts.
_WHOLE, _FINE = 1e-12, 2**40


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondParameter:
    """A parameter ``name`` in AGAINST and its ``values`` (p,), ascending."""

    problem: UFM
    name: str
    values: Array

    def problem_at(self, value: float) -> UFM:
        """The problem with the parameter set to ``value``; small classes of an imbalance may have n/R samples that are
        no whole number."""
        problem = self.problem
        if self.name == "t":
            tau = value * math.sqrt(problem.samples / problem.classes) / problem.samples
            ratio = math.sqrt(problem.lambda_w) / math.sqrt(problem.lambda_h)
            layers: object = tau * ratio
            if len(set(problem.lambda_w_layers)) > 1:  # of which lambda_w is the geometric mean
                layers = tuple(decay * (tau * ratio / problem.lambda_w) for decay in problem.lambda_w_layers)
            return problem.replace(lambda_w=layers, lambda_h=tau / ratio)
        if self.name == "weight_decay":
            return problem.replace(lambda_w=value, lambda_h=value)
        if self.name == "classes":
            return problem.replace(
                encoding=encodings.make(problem.encoding.name, classes=round(value)), class_names=None,
                counts=problem.counts.values[0],
            )
        large, minority = problem.counts.values[-1], problem.classes // 2
        small, times = large / value, 1
        if abs(small - round(small)) > _WHOLE * small:
            # Counts times c with lambda_h over c are the same problem: so are counts that are no whole numbers.
            times = max(1, _FINE // large)
        counts = [large * times] * (problem.classes - minority) + [round(small * times)] * minority
        return problem.replace(counts=counts, lambda_h=problem.lambda_h / times)

    def collapse_values(self, *, convex: bool = True) -> tuple[float, ...]:
        """Values at which classes collapse whatever lambda_b is, for affine one-hot codes a I + q J.

        Within a group of at least two classes of n_k samples the label mean has no part, and neither has the bias:
        their differences vanish together, where a^2 n_k = T^2.  For the imbalance ratio R, T = tau N depends on R, and
        that is a quadratic equation in 1/R (for the large classes a linear one); for balanced classes it is t = |a|.
        Unless all of it is the convex problem (``convex``, T3), the model has to say so of an imbalance.
        """
        problem, affine = self.problem, self.problem.encoding.affine
        if affine is None or affine.a == 0.0 or problem.classes < 2:
            return ()
        found: list[float] = []
        if self.name == "imbalance":
            if convex or model_of(problem).merges_by_count:
                found = _imbalance_ratios(problem.counts.values[-1], problem.classes, problem.tau / abs(affine.a))
        elif self.name in ("t", "weight_decay") and problem.regular is None:
            if convex or model_of(problem).merges_by_count:
                unit = math.sqrt(problem.samples / problem.classes) if self.name == "t" else problem.samples
                found = [abs(affine.a) * math.sqrt(count) / unit for count in shared_counts(problem)]
        elif problem.regular is not None and self.name in ("t", "weight_decay"):
            model, size = model_of(problem), model_of(problem).merging_size(problem)
            root_n = math.sqrt(problem.regular.n)
            if size is not None and model.threshold_power(problem) == 1.0:  # T itself, where t and K sqrt(n) are exact
                found = [size / root_n / (1.0 if self.name == "t" else problem.classes * root_n)]
            elif size is not None:  # N sqrt(lambda_w lambda_h) is proportional to the parameter
                found = [model.decay_factor(self.problem_at(1.0), size)]
        low, high = float(self.values[0]), float(self.values[-1])
        return tuple(sorted(value for value in found if low <= value <= high))


def _imbalance_ratios(n: int, k: int, scale: float) -> list[float]:
    """R with n_k = s^2 N^2 for the small classes or for the large ones, N = n (L + S/R); ``scale`` is s = tau/|a|."""
    small, large = k // 2, k - k // 2
    found = []
    if small > 1:  # n/R = s^2 n^2 (L + S/R)^2, a quadratic in 1/R
        square = scale * scale * n
        roots = np.roots([square * small**2, 2 * square * large * small - 1.0, square * large**2])
        found += [1 / float(x.real) for x in roots if x.imag == 0 and x.real > 0]
    if large > 1:  # n = s^2 n^2 (L + S/R)^2
        x = (1 / (scale * math.sqrt(n)) - large) / small
        if x > 0:
            found.append(1 / x)
    return found


def second_parameter(problem: UFM, name: str, values: Sequence[float] | ArrayLike) -> SecondParameter:
    """A second parameter with its values checked, sorted and, for imbalance, rounded to what is possible.

    Raises ProblemError and UnknownNameError.
    """
    check_name("parameter of a phase diagram", name, AGAINST)
    grid = number_list(values, name)
    if grid.size < 2:
        raise ProblemError(f"{name} must be a sequence of at least two numbers; got shape {grid.shape}")
    low = {"t": 0.0, "weight_decay": 0.0, "classes": 2.0, "imbalance": 1.0}[name]
    strict = name in ("t", "weight_decay")
    for value in grid.tolist():
        if not (math.isfinite(value) and (value > low if strict else value >= low)):
            raise ProblemError(f"{name} must be finite and {'above' if strict else 'at least'} {low:g}; got {value:g}")
    if name in ("classes", "imbalance") and not problem.counts.balanced:
        raise ProblemError(
            f"against {name} the problem must have the same count in every class; got "
            f"{len(problem.counts.values)} distinct counts, give one with per_class"
        )
    if name == "classes" and not (grid == np.round(grid)).all():
        odd = grid[grid != np.round(grid)][0]
        raise ProblemError(f"classes must be whole numbers; got {odd:g}, round them (numpy.round)")
    if name == "imbalance":
        if problem.classes < 2:
            raise ProblemError("imbalance needs at least two classes; got 1")
        large = problem.counts.values[-1]
        grid = large / np.maximum(np.round(large / grid), 1.0)
    grid = np.unique(grid)
    if grid.size < 2:
        raise ProblemError(f"{name} must take at least two different values; got {grid[0]:g} only")
    return SecondParameter(problem=problem, name=name, values=grid)
