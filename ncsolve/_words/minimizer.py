"""A minimizer in words and numbers, for a reader who knows the paper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._frames.nc_metrics import alive
from ncsolve._frames.regimes import REGIMES
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.room import code_rank, may_bind
from ncsolve._numbers.printed import between, number
from ncsolve._problem.convention import Convention
from ncsolve._words.bias import bias_words, law_words
from ncsolve._words.collapse import collapse_of
from ncsolve._words.model import guarantee, is_extended, model, threshold, transition
from ncsolve.geometry import simplex_cosine

if TYPE_CHECKING:
    from ncsolve.certificates import Certificate

__all__ = ["angle_words", "class_means_words", "description", "loss_words", "method_words", "problem_words", "proved"]

_SHOWN = 8


def description(
    minimizer: Minimizer, convention: Convention, lambdas: tuple[float, float, float],
    certificate: Certificate | None = None,
) -> list[tuple[str, str]]:
    """What there is to say of a minimizer, by name."""
    rows = (
        ("problem", problem_words(minimizer, convention, lambdas)),
        ("model", model(minimizer, convention)),
        ("guarantee", guarantee(minimizer, convention)),
        ("regime", f"{minimizer.regime}: {_regime(minimizer)}"),
        ("remedy", collapse_of(minimizer, convention)),
        ("transition", _transition(minimizer, convention, lambdas[2])),
        ("class means", class_means_words(minimizer)),
        ("angle", angle_words(minimizer)),
        ("bias", bias_words(minimizer)),
        ("law", law_words(minimizer, convention)),
        ("collapse", _collapse(minimizer)),
        ("loss", loss_words(minimizer, convention)),
        ("spectrum", _spectrum(minimizer)),
        ("method", method_words(minimizer)),
        ("certificate", "" if certificate is None else proved(certificate, convention)),
    )
    return [(name, text) for name, text in rows if text]


def _regime(minimizer: Minimizer) -> str:
    problem = minimizer.problem
    if minimizer.regime == "general" and problem.regular is not None and problem.classes > 1:  # a bottleneck
        return (
            "no regime is named where class means of balanced codes differ in length or angle; NC2 tells the distance "
            "to both frames"
        )
    return REGIMES[minimizer.regime]


def proved(certificate: Certificate, convention: Convention) -> str:
    """What the checker of certificates says."""
    scale = "" if convention.name == "paper" else "\n(lambdas and loss here are in the convention paper)"
    return "\n".join(certificate.check().lines) + scale


def problem_words(minimizer: Minimizer, convention: Convention, lambdas: tuple[float, float, float]) -> str:
    problem = minimizer.problem
    values = problem.counts.values
    per_class = f"{between(values[0], values[-1])} per class"
    if not problem.counts.balanced:
        per_class += f", {len(values)} distinct counts"
    w, h, b = (f"{value:g}" for value in lambdas)
    scale = "" if convention.name == "paper" else f"\nconvention {convention.name}: {convention.objective}"
    return (
        f"{problem.encoding.name} codes of length {problem.code_length}, K = {problem.classes} classes, "
        f"N = {problem.samples} samples ({per_class}), d = {minimizer.dim}\n"
        f"lambda_W = {w}, lambda_H = {h}, lambda_b = {b}{' (no bias)' if lambdas[2] == math.inf else ''}{scale}"
    )


def _transition(minimizer: Minimizer, convention: Convention, lambda_b: float) -> str:
    problem = minimizer.problem
    if is_extended(minimizer):
        return transition(minimizer, convention)
    threshold = minimizer.transition
    one_hot = problem.regular is not None
    if threshold is None and not problem.label_mean.any():
        return "none: the label mean is zero"
    if threshold is None and one_hot:
        return "none: the label mean stays thresholded for every lambda_b"
    if threshold is None and may_bind(problem):
        return f"none: the law of large bias regularization needs {code_rank(problem.encoding)} dimensions"
    if threshold is None:
        return "none: some direction of the codes is below the threshold, or 0 is in the affine hull of the codes"
    own = convention.lambda_b_from_paper(problem.samples, problem.code_length, threshold)
    name = "lambda_b*" if one_hot else "lambda_b+"
    below = problem.lambda_b < threshold
    if one_hot and problem.lambda_b <= threshold:
        side = "complete centring, the label mean stays out of the class means"
    elif one_hot:
        side = "the label mean enters the class means"
    elif below:
        side = "the bias has taken dimensions out of the class means' frame"
    else:
        side = "the law of large bias regularization holds"
    if problem.lambda_b == threshold:
        place = "at it"
    elif lambda_b in (0.0, math.inf):
        place = "below it" if below else "above it"
    else:
        ratio = lambda_b / own
        if abs(ratio - 1) < 5e-3:
            return f"{name} = {number(own)}; lambda_b = {lambda_b:g} is just {'below' if below else 'above'} it: {side}"
        place = f"a factor {number(1 / ratio, 3)} below it" if below else f"a factor {number(ratio, 3)} above it"
    return f"{name} = {number(own)}; lambda_b = {lambda_b:g} is {place}: {side}"


def class_means_words(minimizer: Minimizer) -> str:
    pairs = minimizer.frame.pairs()
    squares = np.where(alive(pairs.diagonal), pairs.diagonal, 0.0)
    low, high = float(squares.min()), float(squares.max())
    text = f"squared length {_range(low, high, 1e-12 * high)}"
    if pairs.inner.size:
        scale = float(pairs.diagonal.max())
        low, high = (_rounded(minimizer, float(end(pairs.inner)), scale) for end in (np.min, np.max))
        text += f", inner products {_range(low, high, 1e-12 * scale)}"
    span = minimizer.frame.span
    text += f"; they span {span} dimension{'s' if span != 1 else ''}"
    if pairs.sampled is not None:
        what = "classes" if minimizer.frame.symmetric is None else "distinct counts"
        text += f"\n(inner products, angles, NC2 and NC4 compare {pairs.sampled} of the {what}, evenly chosen)"
    dead = int(np.sum(pairs.diagonal_count[~alive(pairs.diagonal)]))
    if 0 < dead < minimizer.problem.classes:
        text += f"\n{dead} of {minimizer.problem.classes} class means are zero"
        problem = minimizer.problem
        affine = problem.encoding.affine
        if affine is not None and affine.q == 0.0 and problem.lambda_b == math.inf and not is_extended(minimizer):
            square = (problem.threshold / affine.a) ** 2
            rule = "T^2" if abs(affine.a) == 1.0 else "T^2/a^2"
            text += f" (minority collapse: classes of at most {rule} = {number(square)} samples vanish)"
    return text


def _range(low: float, high: float, noise: float) -> str:
    return number(low) if high - low <= noise else f"{number(low)} to {number(high)}"


def _rounded(minimizer: Minimizer, value: float, scale: float) -> float:
    """Zero for what sums of numbers as large as ``scale`` leave; off an orthogonal frame T5 has none."""
    exact = minimizer.frame.gap is not None and minimizer.regime != "orthogonal"
    return 0.0 if abs(value) <= 1e-15 * scale and not exact else value


def angle_words(minimizer: Minimizer) -> str:
    k = minimizer.problem.classes
    cosines = minimizer.cosines
    if cosines is None or k < 2:
        return ""
    simplex = simplex_cosine(k)
    frames = f"simplex ETF {_degrees(simplex)} (cos {number(simplex)}), orthogonal frame {_degrees(0.0)} (cos 0)"
    if cosines.max - cosines.min <= 1e-12:
        pairs = minimizer.frame.pairs()
        which = "any two class means" if alive(pairs.diagonal).all() else "any two class means that are not zero"
        cosine = number(_rounded(minimizer, cosines.mean, 1.0))
        return f"{_degrees(cosines.mean)} (cos {cosine}) between {which}\n{frames}"
    low, mean, high = (_rounded(minimizer, cosine, 1.0) for cosine in (cosines.min, cosines.mean, cosines.max))
    return f"{_degrees(high)} to {_degrees(low)} (cos {number(high)} to {number(low)}, mean {number(mean)})\n{frames}"


def _degrees(cosine: float) -> str:
    return f"{math.degrees(math.acos(max(-1.0, min(1.0, cosine)))):.4f} deg"


def _collapse(minimizer: Minimizer) -> str:
    nc = minimizer.nc
    among = None if nc.sampled_classes is None else f"among the {nc.sampled_classes} compared"
    if nc.nc2_orthogonal is None:
        return "every feature is zero: NC1-NC4 say nothing"
    parts = [
        "NC1 " + ("undefined (all means equal)" if nc.nc1 is None else "0 (all samples of a class share one feature)"),
        f"NC2 distance to a simplex ETF {_metric(nc.nc2_simplex)}, to an orthogonal frame {_metric(nc.nc2_orthogonal)}",
        f"NC3 {_metric(nc.nc3)} ({_alignment(nc.nc3)})",
    ]
    if nc.nc4 is None:
        parts.append("NC4 undefined (no two class means differ)")
    elif _small(nc.nc4):
        parts.append(f"NC4 0 (nearest class mean = nearest code {'everywhere' if among is None else among})")
    else:
        assert nc.nc4_classes is not None
        first, second = (_name(minimizer, k) for k in nc.nc4_classes)
        parts.append(
            f"NC4 {_metric(nc.nc4)} (nearest mean and nearest code differ most between {first} and {second}"
            + ("" if among is None else f", {among}") + ")"
        )
    return "\n".join(parts)


def _alignment(error: float | None) -> str:
    if _small(error):
        return "self-dual"
    if error is not None and error > 2.0 - 1e-10:
        return "the classifier is opposite to the class means"
    return "classifier and class means are not aligned"


def _name(minimizer: Minimizer, k: int) -> str:
    names = minimizer.problem.class_names
    return f"class {k}" if names is None else f"{names[k]!r}"


def _small(value: float | None) -> bool:
    return value is not None and value < 1e-10


def _metric(value: float | None) -> str:
    if value is None:
        return "undefined"
    return "0" if _small(value) else number(value, 5)


def loss_words(minimizer: Minimizer, convention: Convention) -> str:
    problem = minimizer.problem
    terms = minimizer.loss_terms.scaled(convention.loss_factor(problem.samples, problem.code_length))
    return (
        f"{terms.total:.15g} = fit {number(terms.fit)} + weights {number(terms.weights)} + features "
        f"{number(terms.features)} + bias {number(terms.bias)}"
    )


def _spectrum(minimizer: Minimizer) -> str:
    values, counts = minimizer.frame.singular_values()
    runs: list[tuple[float, int]] = []
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        if count == 0:
            continue
        if runs and abs(runs[-1][0] - value) <= 1e-12 * values[0]:
            runs[-1] = (runs[-1][0], runs[-1][1] + count)
        else:
            runs.append((value, count))
    shown = [f"{number(value)}" + (f" ({count} times)" if count > 1 else "") for value, count in runs[:_SHOWN]]
    more = sum(count for _, count in runs[_SHOWN:])
    tail = f", ... ({more} more)" if more else ""
    return f"singular values of Z: {', '.join(shown)}{tail}; {threshold(minimizer)}"


def method_words(minimizer: Minimizer) -> str:
    return (
        f"{minimizer.method} ({minimizer.choice.theorem}: {minimizer.choice.reason}); relative gradient "
        f"{minimizer.residual:.1e}"
    )
