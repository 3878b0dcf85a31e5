"""Every scalar that a minimizer reports, against the same one computed here from its W, b and class means."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._case import Case
from ncsolve.verify._definition import Definition, fit_size
from ncsolve.verify._figure import Figure, Worst, agreement, at_most, count
from ncsolve.verify._samples import Samples
from ncsolve.verify._types import Array

from ncsolve import Minimizer

__all__ = ["missing_transition", "own_scalars"]

# Above so many classes all pairs, one by one, take too long.
_PAIRS = 200
# Relative sizes between these two may be rounding or not; both answers are accepted there.
_NOISE, _CLEAR = 1e-14, 1e-11


def own_scalars(case: Case) -> list[Figure]:
    """Loss terms, rank, regime, centring, cosines and NC1-NC4 of the solver's point."""
    prediction, classes, skipped = case.prediction, case.samples.classes, case.skipped
    means, ranks = np.array(prediction.class_means), _ranks(np.array(prediction.W))
    figures = [
        _loss_terms(case),
        at_most("residual that the solver reports", 1e-9, prediction.residual, reason="rounding"),
        count("rank of the solver's W", prediction.rank, min(max(prediction.rank, ranks.start), ranks.stop - 1)),
        _named("regime of the solver's class means", prediction.regime, _regimes(case.samples, means)),
        _centring(case),
    ]
    if classes > _PAIRS:
        skipped.append(f"cosines and NC1-NC4: {classes} classes are more than {_PAIRS}")
        return figures
    figures += [*_cosines(prediction, means, skipped), _spread(prediction, means)]
    if prediction.rank > 0:
        figures.append(_collapse(case, means))
    return figures


def missing_transition(samples: Samples) -> list[Figure]:
    """A figure that fails if there is a transition although the solver names none.

    There is one if the codes are independent and every singular value of the labels exceeds N sqrt(lw lh): with no
    bias all dimensions are there, and so they are for every large lambda_b (T5b).
    """
    if samples.code_length < samples.classes:
        return []
    values = np.linalg.svd(samples.codes * np.sqrt(samples.counts), compute_uv=False)
    threshold = samples.total * math.sqrt(samples.lambda_w) * math.sqrt(samples.lambda_h)
    # Next to the threshold, or next to dependent codes, rounding may decide.
    if values[-1] <= max(threshold * (1 + 1e-9), 1e-9 * values[0]):
        return []
    return [
        count("transitions of independent codes, all singular values above T", 0, 1, reason="the solver names none")
    ]


def _loss_terms(case: Case) -> Figure:
    claimed = case.prediction.loss_terms
    return agreement(
        "loss terms at the solver's W, H, b", [claimed.fit, claimed.weights, claimed.features, claimed.bias],
        Definition(case.samples).loss_terms(case.parts), size=case.loss_size, tolerance=1e-10, reason="rounding",
    )


def _ranks(weights: Array) -> range:
    """The ranks that W may have: its singular values are square roots of those of W H, so that small ones show."""
    values = np.linalg.svd(weights, compute_uv=False)
    largest = float(values.max(initial=0.0))
    if largest == 0.0:
        return range(1)
    return range(int(np.sum(values > _CLEAR * largest)), int(np.sum(values > _NOISE * largest)) + 1)


def _named(what: str, claimed: str, own: set[str]) -> Figure:
    found = " or ".join(sorted(own))
    return count(f"{what} is not {claimed}", 0, claimed not in own, reason=f"a count; found: {found}")


def _regimes(samples: Samples, means: Array) -> set[str]:
    """The regimes that the class means may be called: two, where rounding could decide."""
    if not means.any():
        return {"collapsed"}
    gram = means.T @ means
    k = samples.classes
    regular = metrics.one_output_per_class(samples.codes) and float(np.ptp(samples.counts)) == 0.0
    if not regular:
        return {"general"}
    d = float(np.trace(gram)) / k
    o = (float(gram.sum()) - k * d) / (k * (k - 1))
    along, across = d + (k - 1) * o, d - o
    size = max(along, across)
    if np.abs(gram - np.where(np.eye(k, dtype=bool), d, o)).max() > _CLEAR * size:  # a bottleneck can take a part
        return {"general"}
    noise, clear = k * _NOISE, k * _CLEAR
    found = set()
    if abs(along) <= clear * size:
        found.add("simplex")
    if abs(along - across) <= clear * size:
        found.add("orthogonal")
    if abs(along) > noise * size and along < across - noise * size:
        found.add("intermediate")
    if along > across + noise * size:
        found.add("acute")
    if "orthogonal" in found and not samples.nonnegative:
        found |= _hidden(samples)
    return found


def _hidden(samples: Samples) -> set[str]:
    """What the frame may be where its Gram matrix is orthogonal up to rounding: the label mean has the length of the
    contrasts, and any bias takes something from it; or it is longer, and without a bias nothing is taken from it."""
    row, bias = np.abs(samples.codes[0]), math.isfinite(samples.lambda_b)
    contrast, mean = abs(float(samples.codes[0, 0] - samples.codes[0, 1])), abs(math.fsum(samples.codes[0].tolist()))
    if abs(mean - contrast) <= 8 * float(np.finfo(float).eps) * float(row.sum()):
        return {"intermediate"} if bias else set()
    if mean < contrast:
        return {"intermediate"}
    return {"intermediate", "acute"} if bias else {"acute"}


def _centring(case: Case) -> Figure:
    """<b, mu> against the reported share of |mu|^2: no division, for mu may be rounding."""
    samples, bias, centring = case.samples, case.parts.bias, case.prediction.centring
    mean = samples.targets @ samples.weights / samples.total
    softmax = samples.loss == "cross-entropy"
    name = "label mean" if softmax else "label mean, and how much of it b takes out"
    figure = Worst(name, tolerance=1e-9, reason="rounding of the label mean")
    scale = fit_size(samples)
    figure.add(np.asarray(case.problem.label_mean), mean, size=scale)
    length, square = float(np.linalg.norm(bias)), float(mean @ mean)
    if softmax:  # b is no part of the label mean there
        figure.add(0.0, 0.0 if centring is None else math.inf)
    elif centring is None:
        figure.add(0.0, math.sqrt(square), size=scale)
    else:
        size = max(length * math.sqrt(square), 1e-6 * length * scale, 1e-12 * scale * scale)
        figure.add(centring * square, float(bias @ mean), size=size)
    return figure.figure()


def _cosines(prediction: Minimizer, means: Array, skipped: list[str]) -> list[Figure]:
    figure = Worst(
        "cosines of the solver's class means", tolerance=1e-8, reason="rounding, over the square of a short length"
    )
    length = np.linalg.norm(means, axis=0)
    largest = float(length.max())
    real = length > _CLEAR * largest if largest > 0 else np.zeros(length.size, dtype=bool)
    if np.any((length > _NOISE * largest) & ~real):
        skipped.append("cosines: a class mean is within rounding of zero")
        return []
    claimed = prediction.cosines
    if np.count_nonzero(real) < 2:
        figure.add(0.0, 0.0 if claimed is None else math.inf)
        return [figure.figure()]
    unit = means[:, real] / length[real]
    own = np.clip((unit.T @ unit)[np.triu_indices(unit.shape[1], 1)], -1.0, 1.0)
    if claimed is None:
        figure.add(math.nan, float(own.mean()))
    else:
        shortest = float(length[real].min()) / largest
        figure.add(
            [claimed.min, claimed.max, claimed.mean], [own.min(), own.max(), own.mean()],
            size=max(1.0, 1e-7 / shortest**2),
        )
    return [figure.figure()]


def _spread(prediction: Minimizer, means: Array) -> Figure:
    """NC1: zero where class means differ, and undefined where they do not."""
    figure = Worst("NC1 of the solver's class means", tolerance=0.0, reason="every feature is its class mean")
    largest = float(np.linalg.norm(means, axis=0).max())
    apart = float(np.linalg.norm(means - means[:, :1], axis=0).max()) / largest if largest > 0 else 0.0
    claimed = prediction.nc.nc1
    if claimed is not None:
        figure.add(claimed, 0.0 if apart > 1e-9 else math.nan, size=1.0)
    else:
        figure.add(0.0, 0.0 if apart < 1e-5 else math.nan)
    return figure.figure()


def _collapse(case: Case, means: Array) -> Figure:
    codes, weights, bias = case.samples.codes, np.array(case.prediction.W), case.parts.bias
    figure = Worst("NC2-NC4 of the solver's W, b, H", tolerance=1e-6, reason="quotients of small lengths")
    # A single class has an output of its own only if its code says so.
    affine = case.problem.encoding.affine is not None
    vectors = weights.T if affine else metrics.class_vectors(weights, bias, codes)
    decided = _on_a_sphere(weights, bias, codes) if case.samples.loss == "cross-entropy" else (weights, bias, codes)
    nc = case.prediction.nc
    fourth = [(nc.nc4, metrics.boundary_mismatch(*decided, means))]
    if _nearly_one(means):
        case.skipped.append("NC4: two class means are so near to each other that rounding decides whether they are one")
        fourth = []
    for claimed, own in (
        (nc.nc2_simplex, metrics.simplex_distance(class_means=means)),
        (nc.nc2_orthogonal, metrics.orthogonal_distance(class_means=means)),
        (nc.nc3, metrics.self_duality(vectors, means)),
        *fourth,
    ):
        if claimed is not None or own is not None:
            figure.add(claimed, own, size=1.0)
    if case.samples.classes == 1:  # there are no pairs to compare
        figure.add(0.0, 0.0)
    return figure.figure()


def _nearly_one(means: Array) -> bool:
    """Whether two class means differ by what a metric may take for rounding, or not."""
    first, second = np.triu_indices(means.shape[1], 1)
    apart = np.linalg.norm(means[:, first] - means[:, second], axis=0)
    scale = float(np.linalg.norm(means)) / math.sqrt(means.shape[1])
    return bool(np.any((apart > 1e-10 * scale) & (apart < 1e-6 * scale)))


def _on_a_sphere(weights: Array, bias: Array, codes: Array) -> tuple[Array, Array, Array]:
    """With one more output that is always zero and makes all codes equally long: the nearest code is then the one with
    the largest <e_k, W h + b>, as softmax decides."""
    squares = np.sum(codes * codes, axis=0)
    return np.pad(weights, ((0, 1), (0, 0))), np.append(bias, 0.0), np.vstack((codes, np.sqrt(squares.max() - squares)))
