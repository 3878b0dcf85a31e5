"""The bias and the spectrum of M - b u^T for many lambda_b: which theorem holds where, and its evaluation in chunks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._bias.continuation import solve_bias_path
from ncsolve._bias.theorems import (
    CENTRED,
    EIGENVECTOR,
    LARGE_BIAS,
    NO_BIAS,
    SPECTRAL,
    ZERO,
    MethodChoice,
    check_bias_equation,
    eigenvector_bias_fraction,
    in_thresholds,
    large_bias_law,
)
from ncsolve._spectrum.label_spectrum import LabelSpectrum
from ncsolve._spectrum.rank_one_update import SecularSystem, solve_secular

__all__ = ["ShiftedPoints", "solve_bias_along"]

# A chunk's eigensystems have about this many entries.
_CHUNK = 524288


@dataclass(frozen=True, kw_only=True, eq=False)
class ShiftedPoints:
    """Spectra of M - b u^T for the points ``index`` (p,) of a path, all by one theorem.

    ``bias`` (p, r) are the coordinates of b in the met directions, ``met`` (p, r) the singular values there;
    ``system`` turns the met directions into singular vectors (None: not at all), for as long as the chunk is the last.
    """

    index: Index
    choice: MethodChoice
    bias: Array
    met: Array
    system: SecularSystem | None


def solve_bias_along(spectrum: LabelSpectrum, threshold: float, lambda_b: Array) -> Iterator[ShiftedPoints]:
    """All points of ``lambda_b`` (n,), in [0, inf] and in any order, each by the theorem that ``choose`` gives it."""
    threshold, scale, roots, mean = in_thresholds(spectrum, threshold)
    everywhere = np.arange(lambda_b.size)
    free = everywhere if spectrum.met == 0 else np.flatnonzero(lambda_b == 0.0)
    if free.size:
        bias = np.broadcast_to(spectrum.met_mean, (free.size, spectrum.met))
        met = np.broadcast_to(spectrum.met_roots, bias.shape)
        yield ShiftedPoints(index=free, choice=ZERO if spectrum.met else CENTRED, bias=bias, met=met, system=None)
    if spectrum.met == 0:
        return

    def turned(index: Index, choice: MethodChoice, bias: Array, left: Array) -> Iterator[ShiftedPoints]:
        step = max(1, _CHUNK // (roots.size * roots.size))
        for first in range(0, index.size, step):
            part = slice(first, first + step)
            system = solve_secular(roots, left[part])
            if choice is not NO_BIAS:
                check_bias_equation(system, bias[part], lambda_b[index[part], None])
            yield ShiftedPoints(
                index=index[part], choice=choice, bias=bias[part] / scale, met=np.sqrt(system.values) * threshold,
                system=system,
            )

    none = np.flatnonzero(lambda_b == math.inf)
    yield from turned(none, NO_BIAS, np.zeros((none.size, mean.size)), np.tile(mean, (none.size, 1)))
    between = np.flatnonzero((lambda_b > 0.0) & (lambda_b < math.inf))
    if between.size == 0:
        return
    if spectrum.met == 1:
        fractions = np.array(
            [eigenvector_bias_fraction(float(roots[0]), float(mean[0]), float(lb)) for lb in lambda_b[between]]
        )
        yield from turned(between, EIGENVECTOR, fractions[:, :1] * mean, fractions[:, 1:] * mean)
        return
    law = large_bias_law(spectrum, threshold)
    above = np.zeros(between.size, dtype=bool) if law is None else lambda_b[between] >= law.threshold
    if law is not None:
        large = between[above]
        bias = law.direction / (math.sqrt(spectrum.samples) * lambda_b[large, None])
        yield from turned(large, LARGE_BIAS, bias, mean - bias)
    spectral = between[~above]
    if spectral.size == 0:
        return
    values, inverse = np.unique(lambda_b[spectral], return_inverse=True)
    for index, found in solve_bias_path(roots, mean, values):
        # Points of the grid may be equal: each value is solved once.
        place = np.full(values.size, -1, dtype=np.intp)
        place[index] = np.arange(index.size)
        here = np.flatnonzero(place[inverse] >= 0)
        rows = place[inverse[here]]
        yield ShiftedPoints(
            index=spectral[here], choice=SPECTRAL, bias=found.removed[rows] / scale,
            met=np.sqrt(found.system.values[rows]) * threshold,
            system=found.system if np.array_equal(rows, np.arange(index.size)) else found.system.take(rows),
        )
