"""Cosines and NC metrics of a minimizer, from its frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array, Mask
from ncsolve._frames.dense import DenseFrame
from ncsolve._frames.grouped import GroupedFrame
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.pairs import ClassPairs, choose_evenly
from ncsolve._frames.protocol import Frame
from ncsolve._frames.symmetric import SymmetricFrame
from ncsolve._metrics.decision_boundaries import SAME, boundary_mismatch, nc4_mismatch
from ncsolve._metrics.four_properties import NCMetrics
from ncsolve._metrics.frames import self_duality_error, weighted_frame_distances
from ncsolve._problem.ufm import UFM

__all__ = ["NC_NAMES", "Cosines", "alive", "cosines_between", "cosines_of", "metrics_of"]

NC_NAMES = ("nc1", "nc2_simplex", "nc2_orthogonal", "nc3", "nc4")
# Class means that descent found are one point where they are nearer than this: what parts them is its rounding.
_FOUND = 1e-9


@dataclass(frozen=True, kw_only=True)
class Cosines:
    """Smallest, largest and mean cosine between different class means."""

    min: float
    max: float
    mean: float


def alive(squared_lengths: Array) -> Mask:
    """Which class means are not zero: longer than a few roundings of the longest."""
    return np.asarray(squared_lengths > 1e-27 * squared_lengths.max(initial=0.0))


def cosines_of(frame: Frame) -> Cosines | None:
    """Cosines over pairs of nonzero class means, or None."""
    return cosines_between(frame.pairs())


def cosines_between(pairs: ClassPairs) -> Cosines | None:
    """The same of the pairs themselves."""
    length = np.where(alive(pairs.diagonal), np.sqrt(np.maximum(pairs.diagonal, 0.0)), 0.0)
    size = length[pairs.first] * length[pairs.second]
    real = size > 0
    if not real.any():
        return None
    cosines = np.clip(pairs.inner[real] / size[real], -1.0, 1.0)
    count = pairs.inner_count[real]
    return Cosines(
        min=float(cosines.min()), max=float(cosines.max()), mean=float(np.sum(cosines * count) / np.sum(count))
    )


def metrics_of(problem: UFM, frame: Frame) -> NCMetrics:
    """NC1-NC4 of a minimizer; None where all class means are zero."""
    # Within a few roundings of the threshold a frame of scalars may count a direction that its arrays do not have.
    if frame.rank == 0 or (frame.symmetric is not None and frame.symmetric.rank == 0):
        return NCMetrics(nc1=None, nc2_simplex=None, nc2_orthogonal=None, nc3=None, nc4=None)
    pairs = frame.pairs()
    simplex, orthogonal = weighted_frame_distances(
        pairs.diagonal, pairs.diagonal_count, pairs.inner, pairs.inner_count, round(float(pairs.diagonal_count.sum()))
    )
    symmetric = frame.symmetric
    if symmetric is not None:
        nc3, nc4 = _symmetric_nc3(symmetric), _symmetric_nc4(problem, symmetric)
    elif isinstance(frame, FactoredFrame):
        nc3, nc4 = _factored_nc3(problem, frame), _factored_nc4(problem, frame)
    else:
        assert isinstance(frame, DenseFrame)
        nc3, nc4 = _dense_nc3(frame, problem.encoding.affine is not None), _dense_nc4(problem, frame)
    # Every feature equals its class mean at the minimizer (T1), so the within-class covariance is zero; the ratio
    # is undefined only where all class means coincide.
    return NCMetrics(
        nc1=0.0 if _means_differ(frame) else None,
        nc2_simplex=simplex,
        nc2_orthogonal=orthogonal,
        nc3=nc3,
        nc4=None if nc4 is None else nc4[0],
        nc4_classes=None if nc4 is None else nc4[1],
        sampled_classes=pairs.sampled,
    )


def _factored_nc3(problem: UFM, frame: FactoredFrame) -> float | None:
    codes = problem.encoding.matrix
    given = frame.product.T if problem.encoding.affine is not None else frame.product.T @ (codes - frame.bias[:, None])
    return self_duality_error(given, frame.means)


def _factored_nc4(problem: UFM, frame: FactoredFrame) -> tuple[float, tuple[int, int]] | None:
    chosen, _ = choose_evenly(problem.classes)
    codes = problem.encoding.matrix[:, chosen]
    offsets = problem.spec.fit.offsets(codes, frame.bias)
    # Only features in the span of the class means count.
    basis, sizes, _ = np.linalg.svd(frame.means, full_matrices=False)
    basis = basis[:, sizes > 1e-12 * sizes[0]]
    found = boundary_mismatch(
        basis.T @ frame.means[:, chosen], basis.T @ (frame.product.T @ codes), offsets, _scale(frame),
        same=_FOUND if frame.choice.method in ("convex", "descent") else SAME,
    )
    return None if found is None else (found[0], (int(chosen[found[1][0]]), int(chosen[found[1][1]])))


def _means_differ(frame: Frame) -> bool:
    pairs = frame.pairs()
    if pairs.inner.size == 0:
        return False
    gap = pairs.diagonal[pairs.first] + pairs.diagonal[pairs.second] - 2 * pairs.inner
    return bool(gap.max() > 1e-14 * pairs.diagonal.max())


def _dense_nc3(frame: DenseFrame, unit_per_class: bool) -> float:
    """The vectors that W gives to the classes against the class means, in the basis of the active directions.

    Where output unit k belongs to class k they are W^T = ks z^(1/2) U^T; else W^T (E - b 1^T) =
    ks z^(1/2) sigma V^T D^(-1/2).  The class means are kh z^(1/2) V^T D^(-1/2).
    """
    core = frame.core
    means = (core.right * np.sqrt(core.z)) / np.sqrt(frame.counts.array)[:, None]
    classifier = core.left * np.sqrt(core.z) if unit_per_class else means * core.active_sigma
    a, h = float(np.linalg.norm(classifier)), float(np.linalg.norm(means))
    return float(np.linalg.norm(classifier / a - means / h))


def _symmetric_nc3(frame: GroupedFrame) -> float | None:
    """W^T against the class means: output unit k belongs to class k."""
    root_n = np.sqrt(frame.group_counts)
    classifier = (frame.right * np.sqrt(frame.z)) @ frame.left.T
    means = ((frame.right * np.sqrt(frame.z)) @ frame.right.T) / root_n
    times = frame.sizes - 1
    inner_w = frame.sign * np.sqrt(frame.within_z)
    inner_h = np.sqrt(frame.within_z) / root_n
    size_w = math.sqrt(float(np.sum(classifier**2) + np.sum(times * inner_w**2)))
    size_h = math.sqrt(float(np.sum(means**2) + np.sum(times * inner_h**2)))
    return math.sqrt(
        float(np.sum((classifier / size_w - means / size_h) ** 2))
        + float(np.sum(times * (inner_w / size_w - inner_h / size_h) ** 2))
    )


def _scale(frame: Frame | GroupedFrame) -> float:
    """Root mean square length of the class means."""
    pairs = frame.pairs()
    return math.sqrt(float(np.sum(pairs.diagonal * pairs.diagonal_count) / np.sum(pairs.diagonal_count)))


def _dense_nc4(problem: UFM, frame: DenseFrame) -> tuple[float, tuple[int, int]] | None:
    core = frame.core
    chosen, _ = choose_evenly(problem.classes)
    kh = _formulas.feature_scale(core.lambda_w, core.lambda_h)
    means = kh * (core.right[chosen] * np.sqrt(core.z)).T / np.sqrt(frame.counts.array[chosen])
    shifted = problem.encoding.matrix[:, chosen] - core.bias[:, None]
    found = nc4_mismatch(
        means, core.active_sigma, np.sum(shifted**2, axis=0), math.sqrt(core.lambda_h / core.lambda_w), _scale(frame)
    )
    return None if found is None else (found[0], (int(chosen[found[1][0]]), int(chosen[found[1][1]])))


def _symmetric_nc4(problem: UFM, frame: GroupedFrame) -> tuple[float, tuple[int, int]] | None:
    """One class of each group stands for all: the boundaries between two of the same group coincide, as the difference
    of their means is an eigenvector of Sigma and they share squared length and bias."""
    affine = problem.encoding.affine
    assert affine is not None
    lw, lh, _ = frame.lambdas
    chosen, _ = choose_evenly(frame.sizes.size)
    kh = _formulas.feature_scale(lw, lh)
    root_n, root_p = np.sqrt(frame.group_counts), np.sqrt(frame.sizes)
    quotient = kh * ((frame.right * np.sqrt(frame.z)) / (root_n * root_p)[:, None])[chosen].T
    # Within a group of p the vector e_k - 1/p has the square 1 - 1/p.
    within = kh * np.sqrt(frame.within_z * (1.0 - 1.0 / frame.sizes)) / root_n
    a, q, bias = affine.a, affine.q, frame.group_bias
    if isinstance(frame, SymmetricFrame):
        kappa = math.sqrt(lh / lw)
        normals, own = kappa * frame.core.active_sigma[:, None] * quotient, kappa * frame.within_sigma * within
        total = float(np.sum(frame.sizes * (q - bias) ** 2))
        offsets = total - (q - bias[chosen]) ** 2 + (a + q - bias[chosen]) ** 2
    else:  # W^T e_k but for what is common to all classes, of the class with the largest <e_k, W h + b>
        scale = a * _formulas.weight_scale(lw, lh)
        normals = scale * ((frame.left * np.sqrt(frame.z)) / root_p[:, None])[chosen].T
        own = scale * np.sqrt(frame.within_z * (1.0 - 1.0 / frame.sizes))
        offsets = -2.0 * a * bias[chosen]
    found = boundary_mismatch(quotient, normals, offsets, _scale(frame), np.stack((within, own))[:, chosen])
    alike = np.flatnonzero((within > 0) & (frame.sizes > 1))
    if found is None or (found[0] == 0.0 and alike.size):
        if alike.size == 0:
            return None
        members = np.flatnonzero(frame.counts.groups == alike[0])
        return 0.0, (int(members[0]), int(members[1]))
    first, second = (int(np.flatnonzero(frame.counts.groups == chosen[g])[0]) for g in found[1])
    return found[0], (first, second)
