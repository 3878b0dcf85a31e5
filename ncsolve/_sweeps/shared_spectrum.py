"""Loss, bias and singular values of the convex problem (T3) along a parameter: one eigendecomposition for all values of
lambda_b."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._bias.along_lambda_b import solve_bias_along
from ncsolve._frames.coupled_block import shrink
from ncsolve._minimizer.solve import select_method, solve
from ncsolve._models.plain.frames import symmetric_frame
from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM, weighted_codes
from ncsolve._spectrum.label_spectrum import spectrum_of_codes
from ncsolve._sweeps.point_by_point import SolvedPoint
from ncsolve._sweeps.threshold_crossings import regime_changes

__all__ = ["PathArrays", "arrays_of", "convex_along"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PathArrays:
    """``loss`` (n,), ``bias`` (n, m), ``singular_values`` (n, min(m, K)) of Z, descending, and ``theorems`` (n,)."""

    loss: Array
    bias: Array
    singular_values: Array
    theorems: tuple[str, ...]


def arrays_of(points: Sequence[SolvedPoint]) -> PathArrays:
    """The same of points that were solved one by one."""
    return PathArrays(
        loss=np.array([point.loss for point in points]), bias=np.array([point.bias for point in points]),
        singular_values=np.array([point.singular_values for point in points]),
        theorems=tuple(point.theorem for point in points),
    )


def convex_along(sweep: Sweep, progress: Callable[[int], None] | None = None) -> PathArrays | None:
    """The minimizers of a sweep, where they are those of the convex problem; None if the model is another, or if a
    bottleneck binds at some value or between the smallest and the largest.

    ``progress`` hears how many are done, where they are solved one by one.
    """
    if not model_of(sweep.problem).shares_spectrum(sweep.problem):
        return None
    room = sweep.problem.feature_dim
    sweep = dataclasses.replace(sweep, problem=sweep.problem.replace(dim=None))
    found = _solve_along(sweep, progress)
    if room >= min(sweep.problem.code_length, sweep.problem.classes):
        return found
    if int(np.count_nonzero(found.singular_values, axis=1).max()) > room:
        return None
    between = max((max(change.rank_before, change.rank_after) for change in regime_changes(sweep)), default=0)
    return None if between > room else found


def _solve_along(sweep: Sweep, progress: Callable[[int], None] | None) -> PathArrays:
    problem = sweep.problem
    if sweep.name != "lambda_b" or problem.regular is not None:
        return _one_by_one(sweep, progress)
    return (_dense if problem.encoding.affine is None else _symmetric)(problem, sweep.values)


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


def _dense(problem: UFM, grid: Array) -> PathArrays:
    block = _along(problem, *weighted_codes(problem), grid)
    return PathArrays(
        loss=block.loss, bias=block.bias,
        singular_values=_descending(block.kept, min(problem.code_length, problem.classes)),
        theorems=tuple(block.theorems),
    )


def _symmetric(problem: UFM, grid: Array) -> PathArrays:
    """Affine one-hot codes of different counts: only the quotient knows lambda_b."""
    frame = symmetric_frame(problem.replace(lambda_b=0.0))
    block = _along(problem, frame.core.codes, frame.core.u, grid)
    times = frame.sizes - 1
    rest = _formulas.residual_singular_value(frame.within_sigma, problem.threshold)
    within = float(times @ (rest * rest / (2 * problem.samples) + problem.tau * frame.within_z))
    others = np.repeat(frame.within_z, times.astype(np.intp))
    kept = np.concatenate((block.kept, np.broadcast_to(others, (grid.size, others.size))), axis=1)
    unbiased = select_method(problem.replace(lambda_b=float("inf"))).theorem  # T6 where there is no coupling at all
    return PathArrays(
        loss=block.loss + within,
        bias=(block.bias / np.sqrt(frame.sizes))[:, problem.counts.groups],
        singular_values=_descending(kept, problem.classes),
        theorems=tuple(
            unbiased if value == np.inf else name for value, name in zip(grid.tolist(), block.theorems, strict=True)
        ),
    )


def _descending(kept: Array, count: int) -> Array:
    """The largest singular values of each point, with zeros up to ``count`` of them."""
    values = np.zeros((kept.shape[0], count))
    kept = -np.sort(-kept, axis=1)[:, :count]
    values[:, : kept.shape[1]] = kept
    return values


def _one_by_one(sweep: Sweep, progress: Callable[[int], None] | None) -> PathArrays:
    """Balanced affine one-hot codes, where each point is a handful of numbers, and what changes the label scatter."""
    problem, n = sweep.problem, sweep.values.size
    loss, bias = np.empty(n), np.empty((n, problem.code_length))
    singular_values = np.empty((n, min(problem.code_length, problem.classes)))
    theorems = []
    for i, value in enumerate(sweep.values.tolist()):
        point = solve(sweep.problem_at(value))
        loss[i], bias[i], singular_values[i] = point.loss, point.bias, point.singular_values
        theorems.append(point.choice.theorem)
        if progress is not None:
            progress(i + 1)
    return PathArrays(loss=loss, bias=bias, singular_values=singular_values, theorems=tuple(theorems))
