"""Minimizers from label statistics: soft labels, multi-label and regression targets (T1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import EPS, Array
from ncsolve._bias.theorems import MethodChoice, ShiftedSpectrum, solve_bias
from ncsolve._frames.coupled_block import LossTerms
from ncsolve._problem.label_statistics import LabelStatistics
from ncsolve._problem.weight_decays import check_lambda, check_lambda_b, layers_in_paper
from ncsolve._spectrum.label_spectrum import spectrum_of_scatter
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.errors import ConvergenceError, ProblemError

__all__ = ["StatisticsMinimizer", "solve_statistics"]

_TOLERANCE = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class StatisticsMinimizer(Frozen):
    """What labels determine of a minimizer through (N, mu, S) alone.

    ``bias`` (m,), ``weight_gram`` W W^T (m, m), ``singular_values`` of Z (m,), descending, ``loss`` with its
    ``loss_terms``, and ``residual``, the relative norm of the gradient in terms of these.
    Source: T1 of docs/theory.md.

    >>> import ncsolve
    >>> labels = ncsolve.LabelStatistics.from_labels([0, 0, 1, 1, 1], ncsolve.encodings.onehot(2))
    >>> found = ncsolve.solve_statistics(labels, lambda_w=1e-2, lambda_h=1e-2, lambda_b=float("inf"))
    >>> found.weight_gram.diagonal().round(4)
    array([1.3642, 1.6821])
    """

    statistics: LabelStatistics
    lambda_w: float
    lambda_h: float
    lambda_b: float
    choice: MethodChoice
    bias: Array
    singular_values: Array
    loss_terms: LossTerms
    residual: float
    weight_basis: Array

    @property
    def loss(self) -> float:
        """The global minimum of the objective."""
        return self.loss_terms.total

    @array_property
    def weight_gram(self) -> Array:
        """W W^T (m, m)."""
        p = self.weight_basis.shape[1]
        scale = _formulas.weight_scale(self.lambda_w, self.lambda_h) ** 2
        return np.asarray(scale * (self.weight_basis * self.singular_values[:p]) @ self.weight_basis.T)


def solve_statistics(
    statistics: LabelStatistics, *, lambda_w: float, lambda_h: float, lambda_b: float, convention: str = "paper"
) -> StatisticsMinimizer:
    r"""The minimizer for labels of any kind, from their statistics.

    With :math:`G = S + N (\mu - b)(\mu - b)^T = U \,\mathrm{diag}(g)\, U^T`,
    :math:`W W^T = \sqrt{\lambda_H/\lambda_W}\; U (g^{1/2} - T)_+ U^T`.

    Singular values far below sqrt(eps) times the largest are lost in S, which is a square; with the codes at hand
    ``solve`` keeps them.  The lambdas are those of ``convention``, a name in ``ncsolve.CONVENTIONS``; what is returned,
    the loss too, is in the convention of the paper.  Raises ProblemError for lambdas out of range, and UnknownNameError
    for another convention.

    Source: T1 and T3 of docs/theory.md; for regression Andriopoulos et al. 2024.

    >>> import numpy as np, ncsolve
    >>> targets = np.array([[1.0, 2.0, 4.0, 3.0], [0.0, 1.0, 0.0, 1.0]])
    >>> stats = ncsolve.LabelStatistics.from_targets(targets)
    >>> result = ncsolve.solve_statistics(stats, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
    >>> result.bias
    array([2.5, 0.5])
    >>> same = ncsolve.solve_statistics(stats, lambda_w=4e-2, lambda_h=4e-2, lambda_b=0, convention="sum")
    >>> same.lambda_w, same.loss == result.loss
    (0.01, True)
    """
    if not isinstance(statistics, LabelStatistics):
        raise ProblemError(
            f"the statistics must be LabelStatistics; got {type(statistics).__name__}, make them with from_labels or "
            "from_targets"
        )
    n = statistics.samples
    (lw,), lh, lb = layers_in_paper(
        convention, "mse", (check_lambda("lambda_w", lambda_w),), check_lambda("lambda_h", lambda_h),
        check_lambda_b(lambda_b), samples=n, code_length=statistics.code_length,
    )
    tau = math.sqrt(lw) * math.sqrt(lh)
    spectrum = spectrum_of_scatter(statistics.scatter, statistics.mean, n)
    shifted = solve_bias(spectrum, n * tau, lb)
    sigma = np.concatenate((shifted.met, shifted.rest))
    order = np.argsort(-sigma, kind="stable")
    z = np.asarray(_formulas.soft_threshold(sigma[order], n * tau))
    rest = _formulas.residual_singular_value(sigma, n * tau)
    bias = spectrum.lift(shifted.bias)
    penalty = float(_formulas.penalty_loss(float(z.sum()), tau))
    terms = LossTerms(
        fit=float(_formulas.fit_loss(float(rest @ rest), n)),
        weights=penalty,
        features=penalty,
        bias=float(_formulas.bias_loss(float(bias @ bias), lb)) if math.isfinite(lb) else 0.0,
    )
    directions = _left_vectors(shifted)[:, order]
    residual = _residual(statistics, bias, directions, sigma[order], lb, n * tau)
    if not residual <= _TOLERANCE:
        raise ConvergenceError(
            f"the gradient of the objective must vanish; its relative norm is {residual:.1e}, above {_TOLERANCE:.0e} "
            "(please report these statistics)"
        )
    return StatisticsMinimizer(
        statistics=statistics, lambda_w=lw, lambda_h=lh, lambda_b=lb, choice=shifted.choice, bias=bias,
        singular_values=z, loss_terms=terms, residual=residual, weight_basis=directions[:, z > 0],
    )


def _left_vectors(shifted: ShiftedSpectrum) -> Array:
    basis = shifted.spectrum.basis
    if shifted.system is None:
        return basis
    r = shifted.spectrum.met
    return np.concatenate((basis[:, :r] @ shifted.system.vectors(), basis[:, r:]), axis=1)


def _residual(
    statistics: LabelStatistics, bias: Array, u: Array, sigma: Array, lambda_b: float, threshold: float
) -> float:
    """Stationarity in Z (u must diagonalise G) and in b (equation (*) of T3), relative."""
    n = statistics.samples
    c = statistics.mean - bias
    g = statistics.scatter + n * np.outer(c, c)
    # A free bias may leave of one code for all labels its rounding, which has no directions.
    size = float(np.linalg.norm(g)) + EPS * n * float(statistics.mean @ statistics.mean)
    square = (float(np.linalg.norm(g @ u - u * sigma**2)) / size) ** 2 if size > 0 else 0.0
    if math.isfinite(lambda_b):
        with np.errstate(divide="ignore"):
            h = np.minimum(1.0, threshold / np.where(sigma > 0, sigma, threshold))
        mean_residual = u @ (h * (u.T @ c))
        push = lambda_b * bias
        scale = float(np.linalg.norm(push)) + float(np.linalg.norm(mean_residual)) + float(
            np.linalg.norm(statistics.mean)
        )
        square += (float(np.linalg.norm(push - mean_residual)) / scale) ** 2 if scale > 0 else 0.0
    return math.sqrt(square)
