"""The bias and the spectrum of M - b u^T: every theorem that gives them in closed form, and the spectral solver.

All of them work in the met directions of a ``LabelSpectrum`` and in units in which T = 1:
``roots = s/T``, ``mean = sqrt(N) mu/T``, ``z = sqrt(N) c/T``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._bias.equation import gain, solve_bias_equation
from ncsolve._spectrum.label_spectrum import LabelSpectrum
from ncsolve._spectrum.rank_one_update import SecularSystem, solve_secular
from ncsolve.errors import ConvergenceError

__all__ = [
    "CENTRED", "EIGENVECTOR", "LARGE_BIAS", "NO_BIAS", "SPECTRAL", "ZERO", "LargeBiasLaw", "MethodChoice",
    "ShiftedSpectrum", "check_bias_equation", "choose", "eigenvector_bias_fraction", "in_thresholds", "large_bias_law",
    "solve_bias",
]

# Where b is a difference that cancels, c is known to eps |mu|/|c| only: below this no wrong formula hides.
_TOLERANCE = 1e-8


@dataclass(frozen=True, kw_only=True)
class MethodChoice:
    """How a problem is solved: ``method`` ("closed-form" or "spectral"), the ``theorem`` and the ``reason``.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=[[0, 1, 2]], counts=5, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0)
    >>> ncsolve.select_method(problem).reason
    'lambda_b = 0: the bias is the label mean, for any encoding and counts'
    """

    method: str
    theorem: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class ShiftedSpectrum:
    """Spectrum of M - b u^T: the met directions are turned by ``system`` (None: not at all), the others stay.

    ``bias`` (r,) are the coordinates of b; ``met`` (r,) and ``rest`` the singular values.
    """

    spectrum: LabelSpectrum
    choice: MethodChoice
    bias: Array
    met: Array
    rest: Array
    system: SecularSystem | None


@dataclass(frozen=True, kw_only=True)
class LargeBiasLaw:
    """T5b: the law holds for lambda_b >= ``threshold``; ``direction`` (r,) is v = O u in the met directions."""

    threshold: float
    direction: Array


ZERO = MethodChoice(
    method="closed-form", theorem="T3", reason="lambda_b = 0: the bias is the label mean, for any encoding and counts"
)
NO_BIAS = MethodChoice(method="closed-form", theorem="T3", reason="lambda_b = inf: there is no bias")
CENTRED = MethodChoice(method="closed-form", theorem="T4", reason="the label mean is zero: so is the bias")
EIGENVECTOR = MethodChoice(
    method="closed-form", theorem="T4", reason="the label mean is an eigenvector of the label scatter"
)
LARGE_BIAS = MethodChoice(
    method="closed-form", theorem="T5b", reason="lambda_b is at or above lb+: the law of large bias regularization"
)
SPECTRAL = MethodChoice(
    method="spectral",
    theorem="T3",
    reason="no closed form is known: Newton's method on the bias equation in the directions that the label mean meets",
)


def solve_bias(
    spectrum: LabelSpectrum, threshold: float, lambda_b: float, *, spectral: bool = False
) -> ShiftedSpectrum:
    """Choose the theorem and evaluate it; ``spectral`` forces the spectral solver where 0 < lambda_b < inf."""
    threshold, scale, roots, mean = in_thresholds(spectrum, threshold)
    choice, law = choose(spectrum, threshold, lambda_b, spectral=spectral)
    system: SecularSystem | None = None
    if choice in (CENTRED, ZERO):
        bias = mean
    elif choice is NO_BIAS:
        bias, system = np.zeros_like(mean), solve_secular(roots, mean)
    elif choice is EIGENVECTOR:
        beta, gamma = eigenvector_bias_fraction(float(roots[0]), float(mean[0]), lambda_b)
        bias, system = beta * mean, solve_secular(roots, gamma * mean)
    elif law is not None:
        bias = law.direction / (math.sqrt(spectrum.samples) * lambda_b)
        system = solve_secular(roots, mean - bias)
    else:
        solution = solve_bias_equation(roots, mean, lambda_b)
        bias, system = solution.removed, solution.system
    if system is not None and lambda_b < math.inf:
        check_bias_equation(system, bias, lambda_b)
    values = spectrum.met_roots if system is None else np.sqrt(system.values) * threshold
    return ShiftedSpectrum(
        spectrum=spectrum, choice=choice, bias=bias / scale, met=values, rest=spectrum.rest_roots, system=system
    )


def in_thresholds(spectrum: LabelSpectrum, threshold: float) -> tuple[float, float, Array, Array]:
    """(T, sqrt(N)/T, roots, mean) in units of T, or of a smaller threshold that is still above every singular value,
    whatever the bias: there all directions are thresholded alike, and squares of the others over it stay in the range
    of floats."""
    length = math.sqrt(spectrum.samples * spectrum.met) * float(np.abs(spectrum.met_mean).max(initial=0.0))
    size = math.hypot(float(spectrum.met_roots.max(initial=0.0)), length)
    threshold = min(threshold, 4.0 * size) if size > 0.0 else threshold
    scale = math.sqrt(spectrum.samples) / threshold
    return threshold, scale, spectrum.met_roots / threshold, spectrum.met_mean * scale


def check_bias_equation(system: SecularSystem, bias: Array, lambda_b: float | Array) -> None:
    """lb b = h(G) c, whatever theorem b comes from; the gradient of the objective cannot see it where T is tiny."""
    pull, push = system.apply(gain(system.values)), lambda_b * bias
    scale = np.linalg.norm(pull, axis=-1) + np.linalg.norm(push, axis=-1)
    residual = float(np.max(np.linalg.norm(pull - push, axis=-1) / np.where(scale > 0, scale, 1.0)))
    if not residual <= _TOLERANCE:
        raise ConvergenceError(
            f"the bias equation must hold; its relative residual is {residual:.1e}, above {_TOLERANCE:.0e} (please "
            "report this problem)"
        )


def choose(
    spectrum: LabelSpectrum, threshold: float, lambda_b: float, *, spectral: bool = False
) -> tuple[MethodChoice, LargeBiasLaw | None]:
    """Which theorem gives the bias, and the law of T5b if it is that one."""
    if spectrum.met == 0:
        return CENTRED, None
    if lambda_b == 0.0:
        return ZERO, None
    if lambda_b == math.inf:
        return NO_BIAS, None
    if spectral:
        return SPECTRAL, None
    if spectrum.met == 1:
        return EIGENVECTOR, None
    law = large_bias_law(spectrum, threshold)
    return (LARGE_BIAS, law) if law is not None and lambda_b >= law.threshold else (SPECTRAL, None)


def eigenvector_bias_fraction(root: float, mean: float, lambda_b: float) -> tuple[float, float]:
    """T4: (beta, 1 - beta) with b = beta mu, both to full relative accuracy, for 0 < lambda_b < inf; T = 1."""
    centred = lambda_b / (1.0 + lambda_b)
    if root * root + (centred * mean) ** 2 <= 1.0:  # complete centring: the mean direction is thresholded
        return 1.0 / (1.0 + lambda_b), centred
    if root == 0.0:
        beta = _formulas.zero_scatter_bias_fraction(abs(mean), lambda_b)
        return beta, 1.0 - beta
    x = _ratio(root * root, mean * mean, lambda_b)
    return x / (1.0 + x), 1.0 / (1.0 + x)


def _ratio(scatter: float, mean_square: float, lambda_b: float) -> float:
    """x = b/c, the positive root of T4's quartic: Newton's method kept in a bracket (the function increases)."""
    low = _formulas.eigenvector_ratio_lower(scatter, mean_square, lambda_b)
    high = _formulas.eigenvector_ratio_upper(lambda_b)
    x = low
    for _ in range(200):
        value = _formulas.eigenvector_ratio_equation(x, scatter, mean_square, lambda_b)
        low, high = (x, high) if value <= 0 else (low, x)
        # d/dx of lb^2 x^2 (s + m/(1+x)^2)
        slope = 2.0 * (lambda_b * x) ** 2 / x * (scatter + mean_square / (1.0 + x) ** 3)
        new = x - value / slope
        if not low <= new <= high:
            new = math.sqrt(low) * math.sqrt(high)
        if abs(new - x) <= 2e-16 * x:
            return new
        x = new
    return x


def large_bias_law(spectrum: LabelSpectrum, threshold: float) -> LargeBiasLaw | None:
    """T5b, where its hypotheses hold.

    u = D^(1/2) 1 must be in the row space of M, which is so exactly if 0 is not in the affine hull of the codes
    (every independent encoding), and the singular values of M must exceed T in the directions that the mean meets
    (the others do not take part).
    """
    if not spectrum.mean_leaves_scatter:
        return None
    roots = spectrum.met_roots / threshold
    mean = spectrum.met_mean * (math.sqrt(spectrum.samples) / threshold)
    if _dips_below(roots, mean):
        return None
    system = solve_secular(roots, mean)  # the spectrum of M, which has the bias 0
    singular = np.sqrt(system.values)
    if float(singular.min()) <= 1.0:
        return None
    # In units of T, and with v/sqrt(N) = P^{-1} mu for v, tau is 1.
    direction = system.apply(1.0 / singular)
    pull = system.to_eigenbasis(direction)
    lb = _formulas.large_bias_threshold(1.0, float(np.sum(pull * pull / (singular - 1.0))))
    return LargeBiasLaw(threshold=lb, direction=direction * math.sqrt(spectrum.samples))


def _dips_below(roots: Array, mean: Array) -> bool:
    """Whether the smallest eigenvalue of diag(roots^2) + mean mean^T, with roots[0] = 0, is below 1.

    Its secular equation increases from there to roots[1]^2, so that its sign at 1 tells: nothing need be solved.
    """
    squares = roots[1:] ** 2
    if squares.size and float(squares[0]) <= 1.0:
        return True
    return 1.0 - float(mean[0]) ** 2 + float(np.sum(mean[1:] ** 2 / (squares - 1.0))) > 0.0
