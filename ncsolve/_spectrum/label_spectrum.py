"""The spectrum of the label scatter S, split by what the label mean meets (T3).

With A = M - mu u^T (so A u = 0), M - b u^T = A + c u^T and (M - b u^T)(M - b u^T)^T = A A^T + N c c^T, where
A A^T = S.  All that the bias equation needs is an eigenbasis of S in which mu has at most one coordinate per
eigenspace: those are the *met* directions; the others keep their eigenvalue whatever the bias does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._spectrum.left_singular_vectors import left_basis
from ncsolve.errors import ProblemError

__all__ = ["LabelSpectrum", "spectrum_of_codes", "spectrum_of_scatter"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelSpectrum:
    """Eigenbasis of S: ``basis`` (m, q) has the r met directions first, then the others.

    ``met_roots`` (r,), strictly increasing, and ``rest_roots`` (q - r,) are square roots of the eigenvalues;
    ``met_mean`` (r,) are the coordinates of mu, none zero; ``samples`` is N.
    """

    samples: float
    basis: Array
    met_roots: Array
    met_mean: Array
    rest_roots: Array

    @property
    def met(self) -> int:
        """r, the number of directions that the label mean meets."""
        return int(self.met_roots.size)

    @property
    def mean_leaves_scatter(self) -> bool:
        """Whether mu has a part outside the range of S, that is, whether 0 is not in the affine hull of the codes."""
        return self.met > 0 and float(self.met_roots[0]) == 0.0

    def lift(self, coordinates: Array) -> Array:
        """A vector (m,) from its coordinates in the met directions."""
        return self.basis[:, : self.met] @ coordinates


def spectrum_of_codes(codes: Array, u: Array, samples: float, threshold: float) -> LabelSpectrum:
    """The spectrum for weighted codes M (m, K) and u (K,) with ``||u||^2 = samples``.

    Everything happens in the span of the codes, and as accurately as the threshold needs it.
    """
    m, k = codes.shape
    total, size = codes @ u, np.abs(codes) @ u
    # What is left of codes that cancel is rounding, not a mean.
    mean = np.where(np.abs(total) > 4 * EPS * size, total, 0.0) / samples
    # The centred codes are differences: they are known to a few roundings of the codes themselves.
    noise = 8 * EPS * float(np.linalg.norm(codes))
    outer: Array | None = None
    if m > k:
        outer, codes = np.linalg.qr(codes)
        mean = mean @ outer
    basis, roots = left_basis(codes - np.outer(mean, u), threshold, noise)
    whole = basis if outer is None else outer @ basis
    return _split(samples, whole, roots, mean @ basis, 4 * EPS * float(roots[-1]))


def spectrum_of_scatter(scatter: Array, mean: Array, samples: int) -> LabelSpectrum:
    """The spectrum from label statistics: S (m, m) and mu (m,)."""
    values, basis = np.linalg.eigh(scatter)
    top = max(float(values[-1]), 0.0)
    if float(values[0]) < -1e-8 * top:  # rounding is 1e-16 per entry; more is not a scatter
        raise ProblemError(
            f"scatter must be positive semidefinite; its smallest eigenvalue is {float(values[0]):g}, pass "
            "sum (y - mean)(y - mean)^T"
        )
    noise = (8 * EPS) ** 2 * samples * float(mean @ mean)  # of centring: the samples are known to a few roundings
    roots = np.sqrt(np.where(values > max(EPS * 4 * values.size * top, noise), values, 0.0))
    return _split(samples, basis, roots, mean @ basis, 4 * EPS * np.sqrt(top))


def _split(samples: float, basis: Array, roots: Array, mean: Array, gap: float) -> LabelSpectrum:
    """Turn every eigenspace so that one of its vectors carries the mean, and put those first; overwrites its arrays."""
    size = float(np.linalg.norm(mean))
    starts = np.flatnonzero(np.append(True, np.diff(roots) > gap))
    stops = np.append(starts[1:], roots.size)
    for start, stop in zip(starts[stops - starts > 1], stops[stops - starts > 1], strict=True):
        part = mean[start:stop].copy()
        length = float(np.linalg.norm(part))
        roots[start:stop] = roots[start]
        if length <= EPS * size:
            continue
        # Householder's reflection that takes the mean's part to a multiple of the first vector
        v = part / length
        v[0] += np.copysign(1.0, v[0])
        v /= np.linalg.norm(v)
        basis[:, start:stop] -= 2.0 * np.outer(basis[:, start:stop] @ v, v)
        sign = -np.copysign(1.0, part[0])
        mean[start:stop] = 0.0
        mean[start] = sign * length
    # The coordinate on the kernel of S decides whether 0 lies in the affine hull: it is a sum of as many roundings
    # as a code is long.  Elsewhere a coordinate below a few roundings changes nothing.
    noise = np.where(roots == 0.0, max(16, mean.size), 16) * EPS * size
    met = np.abs(mean) > noise
    if not met.all():
        basis = basis[:, np.concatenate((np.flatnonzero(met), np.flatnonzero(~met)))]
    return LabelSpectrum(
        samples=samples, basis=basis, met_roots=roots[met], met_mean=mean[met], rest_roots=roots[~met]
    )
