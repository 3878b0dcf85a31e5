"""What a description says of the class means: lengths, inner products, angles, and which of them are zero or shared."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._frames.nc_metrics import alive
from ncsolve._minimizer.decoding import decoding_of
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import model_of
from ncsolve._numbers.printed import number
from ncsolve._words.model import is_extended
from ncsolve.geometry import simplex_cosine

__all__ = [
    "MeanFigures", "angle_words", "class_means_words", "compared_words", "dead_words", "figures_of", "length_words",
    "merged_words", "named", "rounded", "uniform",
]

# More classes are counted, not named.
_NAMED = 4
# Whether classes share a mean is looked up for so many.
_COMPARED = 200
# Cosines that differ by less are one.
_SAME = 1e-12


def named(minimizer: Minimizer, k: int) -> str:
    """A class by its name, or by its number from 0."""
    names = minimizer.problem.class_names
    return f"class {k}" if names is None else f"{names[k]!r}"


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanFigures:
    """What pairs of class means tell, looked up once, for that may take seconds.

    ``lengths`` (K,), exactly 0 for the ``dead`` class means that are zero; ``inner``, the smallest and the largest
    inner product of two, None for a single class; ``scale``, the largest square; ``sampled``, how many were compared,
    if not all.
    """

    lengths: Array
    dead: int
    inner: tuple[float, float] | None
    scale: float
    sampled: int | None


def figures_of(minimizer: Minimizer) -> MeanFigures:
    """Lengths and inner products of the class means."""
    pairs = minimizer.frame.pairs()
    living = alive(pairs.diagonal)
    size = np.sqrt(np.where(living, pairs.diagonal, 0.0))
    return MeanFigures(
        lengths=size if minimizer.frame.symmetric is None else size[minimizer.problem.counts.groups],
        dead=round(float(np.sum(pairs.diagonal_count[~living]))), scale=float(pairs.diagonal.max()),
        inner=(float(np.min(pairs.inner)), float(np.max(pairs.inner))) if pairs.inner.size else None,
        sampled=pairs.sampled,
    )


def dead_words(minimizer: Minimizer, means: MeanFigures) -> str:
    """Which class means are zero, by name if they are few and no others might be, and by which rule; "" if none is."""
    problem, dead = minimizer.problem, means.dead
    if not 0 < dead < problem.classes:
        return ""
    if dead == problem.classes - 1 or minimizer.ties or dead > _NAMED:
        text = _counted(dead, problem.classes)
    else:
        who = [named(minimizer, int(k)) for k in np.flatnonzero(means.lengths == 0.0)]
        text = f"the mean of {who[0]} is zero" if dead == 1 else f"the means of {_listed(who)} are zero"
    affine = problem.encoding.affine
    if affine is not None and affine.q == 0.0 and problem.lambda_b == math.inf and not is_extended(minimizer):
        square, rule = (problem.threshold / affine.a) ** 2, model_of(problem).merging_count(problem)
        text += f" (minority collapse: classes of at most {rule} = {number(square)} samples vanish)"
    return text


def _counted(dead: int, classes: int) -> str:
    return f"{dead} of {classes} class means {'is' if dead == 1 else 'are'} zero"


def merged_words(minimizer: Minimizer) -> str:
    """Which classes share a mean that is not zero; "" if none do, or if there are too many to look."""
    if not 2 < minimizer.problem.classes <= _COMPARED:
        return ""
    pairs = minimizer.frame.pairs()
    apart = pairs.diagonal[pairs.first] + pairs.diagonal[pairs.second] - 2 * pairs.inner
    if not (apart <= 1e-10 * pairs.diagonal.max()).any():
        return ""
    groups = decoding_of(minimizer).merged
    if not groups:
        return ""
    who = [named(minimizer, k) for k in groups[0][:_NAMED]]
    text = _listed(who) if len(groups[0]) <= _NAMED else f"{', '.join(who)} and {len(groups[0]) - _NAMED} more classes"
    more = f", and {len(groups) - 1} other groups share one each" if len(groups) > 2 else (
        ", and another group shares one" if len(groups) == 2 else ""
    )
    return f"{text} share one mean{more}{_merging_rule(minimizer)}"


def _merging_rule(minimizer: Minimizer) -> str:
    """From which counts on classes of one count have means of their own, under cross-entropy (T16)."""
    problem, affine = minimizer.problem, minimizer.problem.encoding.affine
    if affine is None or problem.spec.squared or problem.spec.nonnegative:
        return ""
    most = _formulas.cross_entropy_merging_count(problem.threshold, 1.0 - affine.a)
    rule = model_of(problem).merging_count(problem)
    return f" (minority merging: classes of one count share a mean up to {rule} = {number(most)} samples)"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def length_words(minimizer: Minimizer, means: MeanFigures) -> str:
    """The lengths of the class means that are not zero, and the dimensions that all of them span."""
    living = means.lengths[means.lengths > 0.0]
    if living.size == 0:
        return "all class means are zero"
    low, high = float(living.min()), float(living.max())
    each = " each" if living.size > 1 else ""
    text = f"{number(low)}{each}" if high - low <= 1e-12 * high else f"{number(low)} to {number(high)}"
    if means.dead:
        text += f"; {_counted(means.dead, minimizer.problem.classes)}"
    return f"{text}; the class means span {_dimensions(minimizer)}"


def class_means_words(minimizer: Minimizer, means: MeanFigures) -> str:
    """Squared lengths and inner products, and the dimensions that the class means span."""
    low, high = float(means.lengths.min()) ** 2, float(means.lengths.max()) ** 2
    text = f"squared length {_range(low, high, 1e-12 * high)}"
    if means.inner is not None:
        low, high = (rounded(minimizer, end, means.scale) for end in means.inner)
        text += f", inner products {_range(low, high, 1e-12 * means.scale)}"
    text += f"; they span {_dimensions(minimizer)}"
    if compared := compared_words(minimizer, means):
        text += f"\n({compared})"
    if dead := dead_words(minimizer, means):
        text += f"\n{dead}"
    return text


def _dimensions(minimizer: Minimizer) -> str:
    span = minimizer.frame.span
    return f"{span} dimension{'s' if span != 1 else ''}"


def compared_words(minimizer: Minimizer, means: MeanFigures) -> str:
    """Which pairs of classes were compared, if not all were; else ""."""
    if means.sampled is None:
        return ""
    what = "classes" if minimizer.frame.symmetric is None else "distinct counts"
    return f"inner products, angles, NC2 and NC4 compare {means.sampled} of the {what}, evenly chosen"


def _range(low: float, high: float, noise: float) -> str:
    return number(low) if high - low <= noise else f"{number(low)} to {number(high)}"


def rounded(minimizer: Minimizer, value: float, scale: float) -> float:
    """Zero for what sums of numbers as large as ``scale`` leave; off an orthogonal frame T5 has none."""
    exact = minimizer.frame.gap is not None and minimizer.regime != "orthogonal"
    return 0.0 if abs(value) <= 1e-15 * scale and not exact else value


def uniform(minimizer: Minimizer) -> bool:
    """Whether all class means that are not zero, two at least, have one angle between them."""
    cosines = minimizer.cosines
    return cosines is not None and cosines.max - cosines.min <= _SAME


def angle_words(minimizer: Minimizer, means: MeanFigures) -> str:
    """The angles between class means beside those of both frames; "" where no two class means are there."""
    k = minimizer.problem.classes
    cosines = minimizer.cosines
    if cosines is None or k < 2:
        return ""
    simplex = simplex_cosine(k)
    frames = f"simplex ETF {_degrees(simplex)} (cos {number(simplex)}), orthogonal frame {_degrees(0.0)} (cos 0)"
    if uniform(minimizer):
        which = "any two class means" if not means.dead else "any two class means that are not zero"
        cosine = number(rounded(minimizer, cosines.mean, 1.0))
        return f"{_degrees(cosines.mean)} (cos {cosine}) between {which}\n{frames}"
    low, mean, high = (rounded(minimizer, cosine, 1.0) for cosine in (cosines.min, cosines.mean, cosines.max))
    return f"{_degrees(high)} to {_degrees(low)} (cos {number(high)} to {number(low)}, mean {number(mean)})\n{frames}"


def _degrees(cosine: float) -> str:
    return f"{math.degrees(math.acos(max(-1.0, min(1.0, cosine)))):.4f} deg"
