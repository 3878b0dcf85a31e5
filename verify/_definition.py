"""The objective, its gradient and its Hessian, written from the definition (T0) and from nothing else."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._samples import Point, Samples
from numpy.typing import NDArray

__all__ = ["Definition", "fit_size"]

Array = NDArray[np.float64]


class Definition:
    r"""The objective as a function of one vector x that holds W, H and (for finite lambda_b) b.

    .. math:: f = \tfrac{1}{2N} \sum_j \|W h_j + b - y_j\|^2 + \tfrac{\lambda_W}{2} \|W\|_F^2
              + \tfrac{\lambda_H}{2} \sum_j \|h_j\|^2 + \tfrac{\lambda_b}{2} \|b\|^2

    The entries of x are W, H and b over ``units``, chosen so that W and H decay alike and b has curvature one:
    otherwise very different lambdas would decide which directions a gradient can see.  For lambda_W = lambda_H the
    unit of W and H is 1.

    >>> import ncsolve, numpy as np
    >>> problem = ncsolve.UFM(encoding=np.eye(2), counts=3, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
    >>> f = Definition(Samples.of(problem))
    >>> round(f.value(np.zeros(f.size)), 12)
    0.5
    """

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        m, d, n = samples.code_length, samples.dim, samples.columns
        self._shapes = (m, d, n)
        self._ends = (m * d, m * d + d * n)
        self.size = self._ends[1] + (m if samples.has_bias else 0)
        self._share = samples.weights / samples.total
        self._decay_h = samples.lambda_h * samples.weights
        self._no_bias = np.zeros(m)
        unit = math.sqrt(math.sqrt(samples.lambda_h) / math.sqrt(samples.lambda_w))
        self.units = np.concatenate(
            [np.full(m * d, unit), np.tile(1.0 / (unit * np.sqrt(samples.weights)), d)]
            + ([np.full(m, 1.0 / math.sqrt(1.0 + samples.lambda_b))] if samples.has_bias else [])
        )

    def point(self, x: Array) -> Point:
        """The vector's W, H and b."""
        w, h, b = self._unpack(x * self.units)
        return Point(W=w, H=h, b=b)

    def vector(self, point: Point) -> Array:
        """The vector of a point."""
        parts = [point.W.ravel(), point.H.ravel()]
        return np.asarray(np.concatenate([*parts, point.b] if self.samples.has_bias else parts) / self.units)

    def start(self, seed: int) -> Array:
        """A random vector: normal entries of such size that W H and b are about as large as the labels."""
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(self.size)
        x[: self._ends[1]] *= math.sqrt(fit_size(self.samples) / math.sqrt(self.samples.dim))
        x[self._ends[1] :] *= fit_size(self.samples)
        return x

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """f and its gradient in x."""
        s = self.samples
        w_end, h_end = self._ends
        w, h, b = self._unpack(x * self.units)
        error = w @ h - s.targets
        if s.has_bias:
            error += b[:, None]
        share = error * self._share
        decayed_h = self._decay_h * h
        gradient = np.empty_like(x)
        gradient[:w_end] = (share @ h.T + s.lambda_w * w).ravel()
        gradient[w_end:h_end] = (w.T @ share + decayed_h).ravel()
        value = float(np.vdot(error, share) + s.lambda_w * np.vdot(w, w) + np.vdot(h, decayed_h))
        if s.has_bias:
            gradient[h_end:] = share.sum(axis=1) + s.lambda_b * b
            value += s.lambda_b * float(b @ b)
        gradient *= self.units
        return value / 2, gradient

    def value(self, x: Array) -> float:
        """f."""
        return self.value_and_gradient(x)[0]

    def gradient_scale(self, x: Array) -> float:
        """Norm of the terms that cancel in the gradient at a critical point."""
        s = self.samples
        p = self.point(x)
        share = (p.W @ p.H + p.b[:, None] - s.targets) * self._share
        terms = [np.concatenate([(share @ p.H.T).ravel(), (p.W.T @ share).ravel()])]
        terms.append(np.concatenate([s.lambda_w * p.W.ravel(), (self._decay_h * p.H).ravel()]))
        if s.has_bias:
            terms[0] = np.append(terms[0], s.targets @ self._share)
            terms[1] = np.append(terms[1], s.lambda_b * p.b)
        return math.sqrt(sum(float(np.sum((term * self.units) ** 2)) for term in terms))

    def hessian(self, x: Array) -> Array:
        """The matrix of second derivatives in x (size, size)."""
        s = self.samples
        m, d, _ = self._shapes
        w_end, h_end = self._ends
        p = self.point(x)
        w, h = p.W, p.H
        weighted = (w @ h + p.b[:, None] - s.targets) * self._share
        matrix = np.zeros((self.size, self.size))
        matrix[:w_end, :w_end] = np.kron(np.eye(m), (h * self._share) @ h.T + s.lambda_w * np.eye(d))
        matrix[w_end:h_end, w_end:h_end] = np.kron(w.T @ w, np.diag(self._share))
        matrix[w_end:h_end, w_end:h_end] += np.kron(np.eye(d), np.diag(self._decay_h))
        # d2f / dW_ia dH_cj = share_j (W_ic H_aj + [a = c] error_ij)
        mixed = np.einsum("ic,aj->iacj", w, h * self._share)
        for a in range(d):
            mixed[:, a, a, :] += weighted
        matrix[:w_end, w_end:h_end] = mixed.reshape(w_end, h_end - w_end)
        if s.has_bias:
            matrix[h_end:, h_end:] = (1.0 + s.lambda_b) * np.eye(m)
            matrix[:w_end, h_end:] = np.kron(np.eye(m), (h @ self._share)[:, None])
            matrix[w_end:h_end, h_end:] = np.einsum("ia,j->aji", w, self._share).reshape(h_end - w_end, m)
            matrix[h_end:, w_end:h_end] = matrix[w_end:h_end, h_end:].T
            matrix[h_end:, :w_end] = matrix[:w_end, h_end:].T
        matrix[w_end:h_end, :w_end] = matrix[:w_end, w_end:h_end].T
        return np.asarray(self.units[:, None] * matrix * self.units)

    def _unpack(self, flat: Array) -> tuple[Array, Array, Array]:
        m, d, n = self._shapes
        w_end, h_end = self._ends
        b = flat[h_end:] if self.samples.has_bias else self._no_bias
        return flat[:w_end].reshape(m, d), flat[w_end:h_end].reshape(d, n), b


def fit_size(samples: Samples) -> float:
    """Root mean square of a sample's label vector, or 1 for labels that are all zero."""
    largest = float(np.abs(samples.targets).max())
    if largest == 0.0:
        return 1.0
    return largest * math.sqrt(float(np.sum(samples.weights * (samples.targets / largest) ** 2)) / samples.total)
