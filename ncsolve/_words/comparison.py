"""A comparison of encodings in sentences and cells: what they have in common, a row for each, and how to read it."""

from __future__ import annotations

import math

from ncsolve._comparison import ComparedEncoding, Comparison
from ncsolve._models.registry import model_of
from ncsolve._models.words import model_words
from ncsolve._numbers.printed import between, number
from ncsolve._problem.convention import convention
from ncsolve._words.collapse import collapse_of_all
from ncsolve._words.model import open_share

__all__ = ["cells", "columns", "heading", "notes"]

# More classes or groups of them are counted.
_NAMED = 4
_READING = (
    "angles: between class means, in degrees; dist: least distance of two class means; margin: least distance\n"
    "of an output W h + b to a boundary of its code (negative: a class is decoded as another), then as a\n"
    "share of half the least distance of codes; collapsed: classes whose mean is zero, or shared (=); NC3\n"
    "self-duality, NC4 nearest mean = nearest code: yes, or the distance from it.  Losses of codes of\n"
    "different size are not on one scale."
)
_LOGITS = (
    "CE: cross-entropy decides by the largest <e_k, W h + b>, which NC4 and the margin are about; a margin\n"
    "of logits has no share."
)
_KNOWN = (
    "minimum: global where a theorem says so, or a bound that meets the loss; else the best found, and how\n"
    "much of its loss a lower bound leaves open."
)


def heading(found: Comparison) -> str:
    """The classes, the weight decays, and what is different from the paper's model."""
    minimizers = [row.minimizer for row in found.rows]
    problem = minimizers[0].problem
    counts = problem.counts.values
    _, h, b = found.lambdas
    w = ", ".join(f"{value:g}" for value in (found.layers if len(set(found.layers)) > 1 else found.layers[:1]))
    text = (
        f"K = {problem.classes} classes, N = {problem.samples} samples ({between(counts[0], counts[-1])} per class), "
        f"lambda_W = {w}, lambda_H = {h:g}, lambda_b = {b:g}"
    )
    if found.convention != "paper":
        text += f"; convention {found.convention}"
    narrow = any(model_of(one.problem).binds(one.problem, one.frame) for one in minimizers)
    models = dict.fromkeys(model_words(one.problem, narrow=narrow) for one in minimizers)
    if found.beyond and (model := "; ".join(words for words in models if words)):
        text += f"\n{model}{' (CE) beside MSE' if len(found.losses) > 1 else ''}"
    return text


def columns(found: Comparison) -> tuple[str, ...]:
    """What the cells of a row are called."""
    known = ("minimum",) if found.beyond else ()
    return ("encoding", "m", "loss", *known, "angles", "dist", "margin", "share", "collapsed", "NC3", "NC4")


def cells(found: Comparison, row: ComparedEncoding) -> tuple[str, ...]:
    """A row of the table."""
    minimizer, problem, distance = row.minimizer, row.minimizer.problem, row.decoding.min_distance
    factor = convention(found.convention, problem.loss).loss_factor(problem.samples, problem.code_length)
    loss = minimizer.loss * factor
    return (
        found.name_of(row), str(problem.code_length), number(loss, 5), *((_known(row),) if found.beyond else ()),
        _angles(row, 1 if found.beyond else 2),
        "-" if distance is None else number(0.0 if distance < 1e-12 else distance, 4), *_margin(row), _collapsed(row),
        _status(minimizer.nc.nc3), _status(minimizer.nc.nc4),
    )


def notes(found: Comparison) -> list[str]:
    """What the columns say, and what to do where classes collapsed."""
    minimizers = [row.minimizer for row in found.rows]
    texts = [_READING]
    if not all(row.minimizer.problem.spec.fit.fits_codes for row in found.rows):
        texts.append(_LOGITS)
    names = [found.name_of(row) for row in found.rows]
    if remedy := collapse_of_all(minimizers, names, convention(found.convention, found.losses[0])):
        texts.append(f"collapsed: {remedy}.")
    if found.beyond:
        several = any(minimizer.ties for minimizer in minimizers)
        texts.append(_KNOWN + (" *: one of several; their geometry may differ." if several else ""))
    return texts


def _known(row: ComparedEncoding) -> str:
    """What is known of the loss."""
    minimizer = row.minimizer
    if minimizer.guarantee == "global":
        return "global *" if minimizer.ties else "global"
    return f"{minimizer.guarantee}\n{number(100 * open_share(minimizer), 2)} % open"


def _angles(row: ComparedEncoding, digits: int) -> str:
    cosines = row.cosines
    if cosines is None:
        return "-"
    low, high = (f"{math.degrees(math.acos(max(-1.0, min(1.0, c)))):.{digits}f}" for c in (cosines.max, cosines.min))
    return low if low == high else f"{low}-{high}"


def _margin(row: ComparedEncoding) -> tuple[str, str]:
    decoding = row.decoding
    if decoding.margin is None:
        return "equal codes" if row.minimizer.problem.classes > 1 else "-", "-"
    if decoding.margin_share is None:  # a margin of logits, which have no ideal
        return f"{decoding.margin:.4g}", "-"
    return f"{decoding.margin:.4g}", f"{100 * decoding.margin_share:.3g} %"


def _collapsed(row: ComparedEncoding) -> str:
    decoding, problem = row.decoding, row.minimizer.problem
    if len(decoding.vanished) == problem.classes:
        return "all"
    names = problem.class_names or range(problem.classes)
    parts = [str(names[k]) for k in decoding.vanished] + [
        "=".join(str(names[k]) for k in group[:_NAMED]) + ("=..." if len(group) > _NAMED else "")
        for group in decoding.merged
    ]
    if len(parts) > _NAMED:
        return f"{', '.join(parts[:_NAMED])} and {len(parts) - _NAMED} more"
    return ", ".join(parts) or "none"


def _status(error: float | None) -> str:
    if error is None:
        return "-"
    return "yes" if error < 1e-10 else f"{error:.3g}"
