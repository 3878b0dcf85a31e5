"""One parameter of a problem that takes many values: which ones there are, their values, the problem of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve import encodings
from ncsolve._arrays import Array
from ncsolve._problem.ufm import UFM
from ncsolve._problem.weight_decays import check_lambda, check_lambda_b
from ncsolve.checks.arguments import is_whole
from ncsolve.checks.arrays import number_list
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError, SizeError, UnknownNameError, shown

__all__ = ["VARIED", "Sweep", "make_sweep", "smooth_codes"]

# Besides bias and singular values a point has so many columns; each number is a double, and once a Python float.
_COLUMNS, _BYTES = 20, 40
_MOST_NUMBERS = 1 << 26

# The parameters that can vary, each with what it is called in a sentence.
VARIED = {
    "lambda_b": "weight decay of the bias",
    "lambda_w": "weight decay of the classifier",
    "lambda_h": "weight decay of the features",
    "alpha": "label smoothing",
    "count": "samples of one class",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """A problem and the values (n,) of one of its parameters, ``name`` in VARIED; ``of_class`` goes with "count"."""

    problem: UFM
    name: str
    values: Array
    of_class: int | None = None

    @property
    def logarithmic(self) -> bool:
        """Whether the parameter is a weight decay, whose logarithm is what matters."""
        return self.name.startswith("lambda_")

    def problem_at(self, value: float) -> UFM:
        """The problem with the parameter set to ``value``."""
        if self.name == "alpha":
            return self.problem.replace(encoding=smooth_codes(self.problem.encoding, value))
        if self.name == "count":
            assert self.of_class is not None
            counts = self.problem.counts.array.copy()
            counts[self.of_class] = round(value)
            return self.problem.replace(counts=counts)
        return self.problem.replace(**{self.name: float(value)})


def make_sweep(problem: UFM, name: str, values: Sequence[float] | ArrayLike, of_class: int | None = None) -> Sweep:
    """A sweep with its grid checked.  Raises ProblemError for an empty grid or a value that the parameter cannot take,
    UnknownNameError for a parameter that cannot vary, and SizeError for more points than fit into the memory."""
    if name not in VARIED:
        raise UnknownNameError("parameter of a path", name, VARIED)
    if (of_class is not None) != (name == "count"):
        raise ProblemError("of_class names the class whose count varies: give both count and of_class, or neither")
    if of_class is not None and not is_whole(of_class, 0, problem.classes - 1):
        raise ProblemError(f"of_class must be a class number from 0 to {problem.classes - 1}; got {shown(of_class)}")
    grid = number_list(values, f"{name}, with values{_RANGES[name]},")
    _check_points(problem, grid.size)
    for value in grid.tolist():
        _check(name, value)
    return Sweep(problem=problem, name=name, values=grid, of_class=of_class)


def smooth_codes(encoding: Encoding, alpha: float) -> Encoding:
    r"""Mix every code with the mean of all codes, :math:`(1 - \alpha) E + \alpha E J / K`; J is all ones.

    For one-hot codes that is label smoothing; codes named smoothed:... are smoothed afresh, not once more.

    >>> smooth_codes(encodings.onehot(2), 0.5).matrix
    array([[0.75, 0.25],
           [0.25, 0.75]])
    """
    affine = encoding.affine
    if affine is not None and encoding.name.partition(":")[0] in ("onehot", "smoothed"):
        return encodings.smoothed(encoding.classes, alpha)
    if affine is not None:
        a, q = affine.a, affine.q
        return encodings.affine(encoding.classes, (1.0 - alpha) * a, q + alpha * a / encoding.classes)
    codes = encoding.matrix
    return encodings.from_array(
        (1.0 - alpha) * codes + alpha * codes.mean(axis=1, keepdims=True), name=f"{encoding.name}, smoothed {alpha:g}"
    )


def _check_points(problem: UFM, points: int) -> None:
    """SizeError if what a path keeps of so many points would not fit into the memory of a usual machine."""
    each = problem.code_length + min(problem.code_length, problem.classes) + _COLUMNS
    if points * each > _MOST_NUMBERS:
        raise SizeError(
            f"a path of {points} points with {each} numbers each would fill {points * each * _BYTES / 1e9:.1f} GB; use "
            f"at most {_MOST_NUMBERS // each} points"
        )


_RANGES = {
    "lambda_b": " between 0 and inf", "lambda_w": " above 0", "lambda_h": " above 0", "alpha": " in [0, 1)",
    "count": " that are whole and at least 1",
}


def _check(name: str, value: float) -> None:
    if name == "lambda_b":
        check_lambda_b(value)
    elif name in ("lambda_w", "lambda_h"):
        check_lambda(name, value)
    elif name == "alpha" and not 0.0 <= value < 1.0:
        raise ProblemError(f"alpha must be at least 0 and below 1 (1 would make all codes equal); got {value:g}")
    elif name == "count" and not (value >= 1 and value == np.floor(value) and value <= 2**53):
        raise ProblemError(f"a class must have a whole number of samples, at least 1; got {value:g}")
