"""The paper's model (T3 to T6): which theorem gives the frame of a problem, and its evaluation."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._bias.theorems import LARGE_BIAS, MethodChoice, choose, large_bias_law, solve_bias
from ncsolve._frames.balanced import BALANCED, balanced_frame
from ncsolve._frames.coupled_block import Core, core_from_spectrum
from ncsolve._frames.dense import DenseFrame
from ncsolve._frames.protocol import Frame
from ncsolve._frames.symmetric import SymmetricFrame
from ncsolve._problem.ufm import UFM, weighted_codes
from ncsolve._spectrum.label_spectrum import LabelSpectrum, spectrum_of_codes
from ncsolve.encodings import AffineOneHot
from ncsolve.errors import SizeError

__all__ = ["plain_choice", "plain_frame", "plain_transition", "quotient_codes", "symmetric_frame"]

# The quotient of an affine one-hot problem has one dimension per distinct count and is a dense matrix.
_MAX_GROUPS = 8192

IMBALANCED = MethodChoice(
    method="closed-form", theorem="T6", reason="one-hot codes without a bias: the classes do not interact"
)


def plain_frame(problem: UFM, *, spectral: bool = False) -> Frame:
    """The frame for linear features, one layer and no bottleneck (T3 to T6)."""
    encoding = problem.encoding.affine
    if encoding is not None and not spectral:
        if problem.regular is not None:
            return balanced_frame(problem, problem.lambda_b)
        return symmetric_frame(problem)
    codes, u = weighted_codes(problem)
    spectrum = spectrum_of_codes(codes, u, problem.samples, problem.threshold)
    shifted = solve_bias(spectrum, problem.threshold, problem.lambda_b, spectral=spectral)
    core = core_from_spectrum(shifted, codes, u, problem.lambda_w, problem.lambda_h, problem.lambda_b)
    return DenseFrame(core=core, counts=problem.counts)


def symmetric_frame(problem: UFM) -> SymmetricFrame:
    """The frame of affine one-hot codes with its arrays."""
    encoding = problem.encoding.affine
    assert encoding is not None
    if problem.regular is not None:
        return balanced_frame(problem, problem.lambda_b).symmetric
    return SymmetricFrame(core=_imbalanced_core(problem, encoding), counts=problem.counts, a=encoding.a)


def plain_choice(problem: UFM) -> MethodChoice:
    """The theorem that ``plain_frame`` will use."""
    encoding = problem.encoding.affine
    if problem.regular is not None:
        return BALANCED
    if encoding is not None:
        if encoding.q == 0.0 and problem.lambda_b == math.inf:
            return IMBALANCED
        if encoding.q == 0.0 and problem.lambda_b >= _one_hot_threshold(problem, encoding):
            return LARGE_BIAS
    return choose(_spectrum(problem), problem.threshold, problem.lambda_b)[0]


def plain_transition(problem: UFM) -> float | None:
    """lb+ of T5b (lb* of T5 for balanced affine codes), or None where there is none."""
    encoding, regular = problem.encoding.affine, problem.regular
    if regular is not None:
        return _formulas.affine_threshold(regular.w, regular.t) if regular.t < abs(regular.w) else None
    if encoding is not None:
        if problem.feature_dim < problem.classes:  # the law needs a dimension for every one of independent codes
            return None
        if encoding.q == 0.0:
            threshold = _one_hot_threshold(problem, encoding)
            return threshold if math.isfinite(threshold) else None
    law = large_bias_law(_spectrum(problem), problem.threshold)
    return None if law is None else law.threshold


def _spectrum(problem: UFM) -> LabelSpectrum:
    encoding = problem.encoding.affine
    codes, u = weighted_codes(problem) if encoding is None else _quotient(problem, encoding)
    return spectrum_of_codes(codes, u, problem.samples, problem.threshold)


def _quotient(problem: UFM, encoding: AffineOneHot) -> tuple[Array, Array]:
    """M and u on the vectors that are constant within groups, in the orthonormal basis 1_g / sqrt(p_g)."""
    groups = len(problem.counts.values)
    if groups > _MAX_GROUPS:
        raise SizeError(
            f"an affine one-hot problem is solved in as many dimensions as there are distinct counts, up to "
            f"{_MAX_GROUPS}; got {groups} distinct counts, round them to fewer values (a problem nearby, with another "
            "minimum)"
        )
    return quotient_codes(
        encoding, np.array(problem.counts.values, dtype=np.float64),
        np.array(problem.counts.multiplicities, dtype=np.float64),
    )


def quotient_codes(encoding: AffineOneHot, counts: Array, multiplicities: Array) -> tuple[Array, Array]:
    """M and u for groups of so many classes with so many samples each (which need not be whole numbers)."""
    root_p, root_n = np.sqrt(multiplicities), np.sqrt(counts)
    matrix = encoding.a * np.eye(counts.size) + encoding.q * np.outer(root_p, root_p)
    if counts.size == 1:
        matrix[0, 0] = encoding.row_sum
    return matrix * root_n, root_n * root_p


def _imbalanced_core(problem: UFM, encoding: AffineOneHot) -> Core:
    codes, u = _quotient(problem, encoding)
    threshold, lb = problem.threshold, problem.lambda_b
    lambdas = (problem.lambda_w, problem.lambda_h, lb)
    if encoding.q == 0.0 and lb == math.inf:  # T6: M is diagonal
        choice, bias, basis, sigma = IMBALANCED, np.zeros(u.size), np.eye(u.size), np.abs(np.diag(codes))
    elif encoding.q == 0.0 and lb >= _one_hot_threshold(problem, encoding):  # T5b with P = |M|, O = sign(a) I
        sign = math.copysign(1.0, encoding.a)
        root_n = np.sqrt(np.array(problem.counts.values, dtype=np.float64))
        root_p = u / root_n
        bias = sign * root_p * _formulas.imbalanced_bias(root_n * root_n, problem.tau, lb)
        positive = np.diag(np.abs(np.diag(codes))) - np.outer(bias, u) * sign
        sigma, basis = np.linalg.eigh((positive + positive.T) / 2)
        choice = LARGE_BIAS
    else:
        spectrum = spectrum_of_codes(codes, u, problem.samples, threshold)
        return core_from_spectrum(solve_bias(spectrum, threshold, lb), codes, u, *lambdas)
    return Core(
        choice=choice, codes=codes, u=u, bias=bias, basis=basis, turn=None, sigma=sigma, samples=problem.samples,
        lambda_w=lambdas[0], lambda_h=lambdas[1], lambda_b=lambdas[2],
    )


def _one_hot_threshold(problem: UFM, encoding: AffineOneHot) -> float:
    """lb+ for codes a I: a sum over classes; inf where a class is below the threshold."""
    if encoding.a == 0.0:
        return math.inf
    n = np.array(problem.counts.values, dtype=np.float64)
    # |a| sqrt(n) in place of sqrt(n) is the one-hot problem with T/|a|, tau/|a|
    scale = 1.0 / abs(encoding.a)
    if math.sqrt(problem.counts.values[0]) <= problem.threshold * scale:
        return math.inf
    terms = _formulas.imbalanced_threshold_term(n, problem.threshold * scale, problem.tau * scale)
    return float(np.sum(np.array(problem.counts.multiplicities) * terms))
