"""The minimizer along lambda_b: one eigendecomposition for all points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve import _formulas
from ncsolve._bias_along import solve_bias_along
from ncsolve._core import shrink
from ncsolve._methods import build_frame, reduced_codes
from ncsolve._minimizer import Minimizer
from ncsolve._problem import UFM, check_lambda_b, check_problem
from ncsolve._solve import check_rank, select_method, solve
from ncsolve._spectrum import spectrum_of_codes
from ncsolve._symmetric import SymmetricFrame
from ncsolve.errors import ProblemError

__all__ = ["Path", "path"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """Minimizers of one problem for many values of lambda_b.

    ``lambda_b`` (n,), ``loss`` (n,), ``bias`` (n, m), ``singular_values`` (n, min(m, K)) of Z, descending;
    ``theorems`` (n,) says what was evaluated at each point.  ``minimizer(i)`` is the whole minimizer of a point.
    """

    problem: UFM
    lambda_b: Array
    loss: Array
    bias: Array
    singular_values: Array
    theorems: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.lambda_b.size)

    def minimizer(self, index: int) -> Minimizer:
        """The minimizer of one point, with everything that ``solve`` gives.  Raises ProblemError for no such point."""
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)) or not -len(self) <= index < len(self):
            raise ProblemError(f"the index of a point must be a whole number below {len(self)}; got {index!r}")
        return solve(self.problem.replace(lambda_b=float(self.lambda_b[index])))


def path(problem: UFM, *, lambda_b: Sequence[float] | ArrayLike) -> Path:
    """The global minimizers of a problem for each value of ``lambda_b``; the problem's own lambda_b is not used.

    Parameters
    ----------
    problem : UFM
    lambda_b : sequence of n floats in [0, inf], in any order

    Raises
    ------
    ProblemError
        For an empty grid or a value out of range.
    DimensionError
        If ``problem.dim`` is below the rank of a minimizer.
    ConvergenceError
        If the bias equation is not solved somewhere.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0)
    >>> [round(float(loss), 9) for loss in path(problem, lambda_b=[0, 0.5, float("inf")]).loss]
    [0.043875, 0.0485, 0.04875]
    """
    check_problem(problem)
    grid = _check_grid(lambda_b)
    if problem.encoding.affine is None:
        return _dense(problem, grid)
    return _one_by_one(problem, grid) if problem.counts.balanced else _symmetric(problem, grid)


@dataclass(frozen=True, kw_only=True, eq=False)
class _BlockPath:
    """One coupled block along the grid: ``bias`` (n, m), all ``kept`` singular values of Z (n, q), ``loss`` (n,)."""

    bias: Array
    kept: Array
    loss: Array
    theorems: list[str]


def _along(problem: UFM, codes: Array, u: Array, grid: Array) -> _BlockPath:
    threshold, n = problem.threshold, problem.samples
    spectrum = spectrum_of_codes(codes, u, n, threshold)
    met = np.empty((grid.size, spectrum.met))
    sigma = np.empty((grid.size, spectrum.basis.shape[1]))
    sigma[:, spectrum.met :] = spectrum.rest_roots
    theorems = [""] * grid.size
    for points in solve_bias_along(spectrum, threshold, grid):
        met[points.index], sigma[points.index, : spectrum.met] = points.bias, points.met
        for i in points.index.tolist():
            theorems[i] = points.choice.theorem
    kept = shrink(sigma, threshold)
    rest = _formulas.residual_singular_value(sigma, threshold)
    decay = np.where(np.isfinite(grid), grid, 0.0) * np.sum(met * met, axis=1) / 2
    loss = np.sum(rest * rest, axis=1) / (2 * n) + problem.tau * np.sum(kept, axis=1) + decay
    bias = met @ spectrum.basis[:, : spectrum.met].T
    return _BlockPath(bias=bias, kept=kept, loss=loss, theorems=theorems)


def _dense(problem: UFM, grid: Array) -> Path:
    block = _along(problem, *reduced_codes(problem), grid)
    _check_rank(problem, block.kept)
    return Path(
        problem=problem, lambda_b=grid, loss=block.loss, bias=block.bias,
        singular_values=_descending(block.kept, min(problem.code_length, problem.classes)),
        theorems=tuple(block.theorems),
    )


def _symmetric(problem: UFM, grid: Array) -> Path:
    """Affine one-hot codes of different counts: only the quotient knows lambda_b."""
    frame = build_frame(problem.replace(lambda_b=0.0))
    assert isinstance(frame, SymmetricFrame)
    block = _along(problem, frame.core.codes, frame.core.u, grid)
    times = frame.sizes - 1
    rest = frame.within_sigma - frame.within_z
    within = float(times @ (rest * rest / (2 * problem.samples) + problem.tau * frame.within_z))
    others = np.repeat(frame.within_z, times.astype(np.intp))
    kept = np.concatenate((block.kept, np.broadcast_to(others, (grid.size, others.size))), axis=1)
    _check_rank(problem, kept)
    unbiased = select_method(problem.replace(lambda_b=float("inf"))).theorem  # T6 where there is no coupling at all
    return Path(
        problem=problem,
        lambda_b=grid,
        loss=block.loss + within,
        bias=(block.bias / np.sqrt(frame.sizes))[:, problem.counts.groups],
        singular_values=_descending(kept, problem.classes),
        theorems=tuple(
            unbiased if value == np.inf else name for value, name in zip(grid.tolist(), block.theorems, strict=True)
        ),
    )


def _check_rank(problem: UFM, kept: Array) -> None:
    check_rank(problem, int(np.count_nonzero(kept, axis=1).max()))


def _descending(kept: Array, count: int) -> Array:
    """The largest singular values of each point, with zeros up to ``count`` of them."""
    values = np.zeros((kept.shape[0], count))
    kept = -np.sort(-kept, axis=1)[:, :count]
    values[:, : kept.shape[1]] = kept
    return values


def _one_by_one(problem: UFM, grid: Array) -> Path:
    """Balanced affine one-hot codes: each point is a handful of numbers."""
    minimizers = [solve(problem.replace(lambda_b=float(value))) for value in grid]
    return Path(
        problem=problem,
        lambda_b=grid,
        loss=np.array([point.loss for point in minimizers]),
        bias=np.array([point.bias for point in minimizers]),
        singular_values=np.array([point.singular_values for point in minimizers]),
        theorems=tuple(point.choice.theorem for point in minimizers),
    )


def _check_grid(values: Sequence[float] | ArrayLike) -> Array:
    try:
        grid = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProblemError("lambda_b must be a sequence of numbers between 0 and inf") from None
    if grid.ndim != 1 or grid.size == 0:
        raise ProblemError(f"lambda_b must be a non-empty sequence of numbers; got shape {grid.shape}")
    for value in grid.tolist():
        check_lambda_b(value)
    return grid
