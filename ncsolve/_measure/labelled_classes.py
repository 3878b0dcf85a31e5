"""The classes of a statistic that have samples, with their codes, counts and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from numpy.typing import ArrayLike

from ncsolve._arrays import Index
from ncsolve.encodings import Encoding, from_array, make
from ncsolve.errors import ProblemError

if TYPE_CHECKING:
    from ncsolve._measure.statistics import FeatureStatistics

__all__ = ["LabelledClasses", "labelled_classes"]


class LabelledClasses(NamedTuple):
    """Of classes with samples: ``encoding``, ``counts`` and ``names``."""

    encoding: Encoding
    counts: Index
    names: tuple[str, ...] | None


def labelled_classes(
    statistics: FeatureStatistics, encoding: str | Encoding | ArrayLike, seed: int
) -> LabelledClasses:
    """Those of a statistic, with codes from an encoding of all its classes.  Raises ProblemError."""
    if isinstance(encoding, str):
        code = make(encoding, classes=statistics.classes, seed=seed)
    else:
        code = encoding if isinstance(encoding, Encoding) else from_array(encoding)
    if code.classes != statistics.classes:
        raise ProblemError(
            f"the encoding must have a code for each of the {statistics.classes} classes of the statistic; got "
            f"{code.classes}, give one column a class"
        )
    met, names = statistics.present, statistics.class_names
    if met.size == 0:
        raise ProblemError("a problem needs samples; got a statistic of none, call update first")
    if met.size < statistics.classes:
        code = from_array(code.matrix[:, met], name=code.name)
        names = None if names is None else tuple(names[k] for k in met)
    return LabelledClasses(encoding=code, counts=statistics.counts[met], names=names)
