"""The factorised minimizer of one coupled block: min over Z, b of the convex core (T3), and its factors (T2).

A block has weighted codes M (m, K) and a vector u (K,); the whole problem is one block, or, for codes with
permutation symmetry, the symmetric part of the problem is.  W = ks U z^(1/2) and the weighted features
F = kh z^(1/2) V^T are kept as factors: for large problems only their action on vectors is ever needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import RANK_NOISE, Array, Index
from ncsolve._bias.theorems import MethodChoice, ShiftedSpectrum
from ncsolve._spectrum.rank_one_update import SecularSystem
from ncsolve.errors import ConvergenceError

__all__ = ["BlockGradient", "Core", "LossTerms", "check_fit", "core_from_spectrum", "shrink"]

# Up to this many multiplications the gradient is formed entry by entry; above it is measured on random vectors.
_EXACT_WORK = 3e8
_PROBES = 8
# Of the squared codes: what rounding leaves, thousands of times.
_FIT_AGREES = 1e-11


def shrink(sigma: Array, threshold: float) -> Array:
    """Singular values of Z from those of M - b u^T, zero where they are rounding."""
    kept = np.asarray(_formulas.soft_threshold(sigma, threshold))
    return np.where(kept > RANK_NOISE * sigma, kept, 0.0)


def check_fit(direct: float, definition: float, size: float) -> None:
    """That a fit summed over singular values is that of the arrays, up to rounding of terms of ``size``.

    The definition is a difference of codes and outputs: where T is tiny nothing but rounding is left of it, so that it
    checks the sum and does not replace it.
    """
    if not abs(direct - definition) <= _FIT_AGREES * size:
        raise ConvergenceError(
            f"the fit must be that of W, H and b; got {direct:g} from singular values and {definition:g} from them "
            "(please report this problem)"
        )


@dataclass(frozen=True, kw_only=True)
class LossTerms:
    """The four terms of the objective: ``fit``, ``weights``, ``features`` and ``bias``.

    >>> LossTerms(fit=0.1, weights=0.2, features=0.2, bias=0.0).total
    0.5
    """

    fit: float
    weights: float
    features: float
    bias: float

    @property
    def total(self) -> float:
        """The objective."""
        return self.fit + self.weights + self.features + self.bias

    def scaled(self, factor: float) -> LossTerms:
        """All terms times a factor (another convention)."""
        return LossTerms(
            fit=self.fit * factor, weights=self.weights * factor, features=self.features * factor,
            bias=self.bias * factor,
        )


@dataclass(frozen=True, kw_only=True)
class BlockGradient:
    """Squared norms of the gradient in W, H and b, and of the terms that cancel in it."""

    square: float
    scale_square: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Core:
    """One coupled block at its minimum.

    ``codes`` M (m, K), ``u`` (K,), ``bias`` (m,); ``basis`` (m, q) with ``turn`` the eigensystem of its first r
    columns, so that the left singular vectors are U = basis [V_G, I]; ``sigma`` (q,) the singular values of
    M - b u^T in that order.
    """

    choice: MethodChoice
    codes: Array
    u: Array
    bias: Array
    basis: Array
    turn: SecularSystem | None
    sigma: Array
    samples: float
    lambda_w: float
    lambda_h: float
    lambda_b: float

    @property
    def threshold(self) -> float:
        return self.samples * math.sqrt(self.lambda_w) * math.sqrt(self.lambda_h)

    @cached_property
    def order(self) -> Index:
        """Active directions, largest singular value first."""
        order = np.argsort(-self.sigma, kind="stable")
        return order[(shrink(self.sigma, self.threshold) > 0.0)[order]]

    @cached_property
    def active_sigma(self) -> Array:
        """Singular values of M - b u^T above the threshold (p,), descending."""
        return self.sigma[self.order]

    @cached_property
    def z(self) -> Array:
        """Singular values of Z that are not zero (p,), descending."""
        return np.asarray(_formulas.soft_threshold(self.active_sigma, self.threshold))

    def u_apply(self, x: Array) -> Array:
        """U x (m, k) for x (p, k)."""
        full = np.zeros((self.sigma.size, x.shape[1]))
        full[self.order] = x
        if self.turn is not None:
            r = self.turn.z.size
            full[:r] = self.turn.rotate(full[:r])
        return self.basis @ full

    def u_adjoint(self, y: Array) -> Array:
        """U^T y (p, k) for y (m, k)."""
        full = self.basis.T @ y
        if self.turn is not None:
            r = self.turn.z.size
            full[:r] = self.turn.rotate_back(full[:r])
        return np.asarray(full[self.order])

    def shifted(self, f: Array) -> Array:
        """(M - b u^T) f."""
        return self.codes @ f - np.outer(self.bias, self.u @ f)

    def shifted_adjoint(self, g: Array) -> Array:
        """(M - b u^T)^T g."""
        return self.codes.T @ g - np.outer(self.u, self.bias @ g)

    @cached_property
    def left(self) -> Array:
        """U (m, p)."""
        if self.turn is None:
            return self.basis[:, self.order]
        r = self.turn.z.size
        full = np.zeros((self.sigma.size, self.order.size))
        turned = self.order < r
        full[:r, turned] = self.turn.vectors()[:, self.order[turned]]
        full[self.order[~turned], np.flatnonzero(~turned)] = 1.0
        return self.basis @ full

    @cached_property
    def right(self) -> Array:
        """V (K, p)."""
        return self.shifted_adjoint(self.left / self.active_sigma)

    @property
    def weights(self) -> Array:
        """W (m, p)."""
        return _formulas.weight_scale(self.lambda_w, self.lambda_h) * self.left * np.sqrt(self.z)

    @property
    def features(self) -> Array:
        """Weighted features F = H D^(1/2) (p, K)."""
        return (_formulas.feature_scale(self.lambda_w, self.lambda_h) * self.right * np.sqrt(self.z)).T

    @property
    def exact(self) -> bool:
        """Whether the problem is small enough to check entry by entry."""
        return self.codes.size * max(1, self.z.size) <= _EXACT_WORK

    @cached_property
    def _explicit(self) -> tuple[Array, Array, Array]:
        """W (m, p), F (p, K) and the residual M - b u^T - W F (m, K)."""
        w, f = self.weights, self.features
        return w, f, self.codes - np.outer(self.bias, self.u) - w @ f

    def loss_terms(self) -> LossTerms:
        """The objective, from the singular values; for problems of moderate size compared with the definition."""
        bias = 0.0
        if math.isfinite(self.lambda_b):
            bias = float(_formulas.bias_loss(float(self.bias @ self.bias), self.lambda_b))
        rest = _formulas.residual_singular_value(self.sigma, self.threshold)
        penalty = float(_formulas.penalty_loss(float(self.z.sum()), self.threshold / self.samples))
        fit = float(_formulas.fit_loss(float(rest @ rest), self.samples))
        if self.exact:
            w, f, residual = self._explicit
            size = float(np.linalg.norm(self.codes)) + float(np.linalg.norm(self.bias)) * float(np.linalg.norm(self.u))
            check_fit(fit, float(np.sum(residual * residual)) / (2 * self.samples), size**2 / (2 * self.samples))
            return LossTerms(
                fit=fit,
                weights=self.lambda_w * float(np.sum(w * w)) / 2,
                features=self.lambda_h * float(np.sum(f * f)) / 2,
                bias=bias,
            )
        return LossTerms(fit=fit, weights=penalty, features=penalty, bias=bias)

    def gradient(self) -> BlockGradient:
        """The gradient of the full objective, from its definition.

        Entry by entry where that is affordable, else through its action on random vectors (an unbiased
        estimate of the squared norm; a fixed seed keeps it reproducible).
        """
        n, lw, lh = self.samples, self.lambda_w, self.lambda_h
        kw = _formulas.weight_scale(lw, lh)
        kh = _formulas.feature_scale(lw, lh)
        if self.exact:
            w, f, residual = self._explicit
            mean_residual = residual @ self.u / n
            square = float(np.sum((lw * w - residual @ f.T / n) ** 2) + np.sum((lh * f - w.T @ residual / n) ** 2))
        else:
            square, mean_residual = self._probed(lw, lh, kw, kh)
        # What cancels in them: (M - b u^T) F^T / N and its mirror image, and the decay of W and H.
        size = float(np.sum(self.active_sigma**2 * self.z))
        decay = float(np.sum(self.z))
        scale = size * (kh * kh + kw * kw) / n**2 + decay * ((lw * kw) ** 2 + (lh * kh) ** 2)
        if math.isfinite(self.lambda_b):
            push = self.lambda_b * self.bias
            label_mean = np.abs(self.codes) @ np.abs(self.u) / n  # before the codes cancel
            square += float(np.sum((push - mean_residual) ** 2))
            scale += float(push @ push + label_mean @ label_mean)
        return BlockGradient(square=square, scale_square=scale)

    def _probed(self, lw: float, lh: float, kw: float, kh: float) -> tuple[float, Array]:
        """Estimated squared norm of the gradients in W and F, and the mean residual.

        The gradients lw W - R F^T/N and lh F - W^T R/N meet the same random vectors, and what costs a pass over a
        large matrix is done for all of them at once.
        """
        root = np.sqrt(self.z)[:, None]
        probes = root * np.random.default_rng(0).standard_normal((self.z.size, _PROBES))
        sigma = self.active_sigma[:, None]
        both = self.u_apply(np.concatenate((kw * probes, kh * probes / sigma), axis=1))
        w, f = both[:, :_PROBES], self.shifted_adjoint(both[:, _PROBES:])  # W and F^T times the probes
        image = self.shifted(np.concatenate((f, self.u[:, None]), axis=1))
        start = np.concatenate((image, w), axis=1)
        kernel = self.u_apply(self.z[:, None] / sigma * self.u_adjoint(start))  # U z S^-1 U^T = W F (M - b u^T)^+
        rest = (start - kernel) / self.samples
        in_w, in_f = lw * w - rest[:, :_PROBES], lh * f - self.shifted_adjoint(rest[:, _PROBES + 1 :])
        return float(np.sum(in_w**2) + np.sum(in_f**2)) / _PROBES, rest[:, _PROBES]


def core_from_spectrum(
    shifted: ShiftedSpectrum, codes: Array, u: Array, lambda_w: float, lambda_h: float, lambda_b: float
) -> Core:
    """The block whose bias and spectrum have been found."""
    return Core(
        choice=shifted.choice,
        codes=codes,
        u=u,
        bias=shifted.spectrum.lift(shifted.bias),
        basis=shifted.spectrum.basis,
        turn=shifted.system,
        sigma=np.concatenate((shifted.met, shifted.rest)),
        samples=shifted.spectrum.samples,
        lambda_w=lambda_w,
        lambda_h=lambda_h,
        lambda_b=lambda_b,
    )
