"""What a description says of the properties of neural collapse: a word for each of NC1 to NC4, with numbers."""

from __future__ import annotations

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.printed import number
from ncsolve._words.class_means import named

__all__ = ["is_zero", "property_rows"]


def property_rows(minimizer: Minimizer) -> tuple[tuple[str, str], ...]:
    """NC1 to NC4 by name; nothing where every feature is zero."""
    if minimizer.nc.nc2_orthogonal is None:
        return ()
    return (
        ("NC1", "holds: all samples of a class share one feature" + _one_point(minimizer)),
        ("NC2", _frames(minimizer)),
        ("NC3", _duality(minimizer.nc.nc3)),
        ("NC4", _nearest(minimizer)),
    )


def is_zero(value: float | None) -> bool:
    """Whether a metric is zero but for rounding."""
    return value is not None and value < 1e-10


def _one_point(minimizer: Minimizer) -> str:
    return " (its ratio of variances is undefined, as no two class means differ)" if minimizer.nc.nc1 is None else ""


def _frames(minimizer: Minimizer) -> str:
    nc = minimizer.nc
    simplex, orthogonal = (_from(value, what) for value, what in (
        (nc.nc2_simplex, "a simplex ETF"), (nc.nc2_orthogonal, "an orthogonal frame"),
    ))
    if is_zero(nc.nc2_simplex):
        return f"holds: a simplex ETF ({orthogonal})"
    if is_zero(nc.nc2_orthogonal):
        return f"holds for an orthogonal frame ({simplex})" if simplex else "holds for an orthogonal frame"
    return ", ".join(text for text in (simplex, orthogonal) if text)


def _from(distance: float | None, frame: str) -> str:
    return "" if distance is None else f"{number(distance, 5)} from {frame}"


def _duality(error: float | None) -> str:
    if error is None:
        return "undefined"
    if is_zero(error):
        return "holds: classifier and class means are aligned (self-dual)"
    if error > 2.0 - 1e-10:
        return "does not hold: the classifier is opposite to the class means"
    return f"does not hold: classifier and class means are {number(error, 5)} from being aligned"


def _nearest(minimizer: Minimizer) -> str:
    nc = minimizer.nc
    among = "" if nc.sampled_classes is None else f" among the {nc.sampled_classes} compared"
    if nc.nc4 is None:
        return "undefined: no two class means differ"
    squared = minimizer.problem.spec.squared  # else it is the largest <e_k, W h + b> that decides
    if is_zero(nc.nc4):
        rule = "has the nearest code" if squared else "is what the classifier decides"
        return f"holds: the nearest class mean {rule}{among}"
    assert nc.nc4_classes is not None
    first, second = (named(minimizer, k) for k in nc.nc4_classes)
    return (
        f"does not hold: nearest class mean and {'nearest code' if squared else 'classifier'} differ most between "
        f"{first} and {second}"
        f"{among} ({number(nc.nc4, 5)})"
    )
