"""The encoding of a problem from what somebody gave for it: codes, or a name and whatever tells how many classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from ncsolve._files.reading.kinds import names_a_file
from ncsolve._problem.counts import ClassCounts
from ncsolve.checks.arguments import is_whole
from ncsolve.checks.arrays import as_array
from ncsolve.encodings import Encoding, from_array, make
from ncsolve.errors import ProblemError, shown

if TYPE_CHECKING:
    from ncsolve._files.reading.classes import Classes
    from ncsolve._files.reading.label_values import LabelValues

__all__ = ["LabelledCodes", "codes_of", "labelled_codes"]

_VALUES = "ordinal:values"


@dataclass(frozen=True, kw_only=True)
class LabelledCodes:
    """An encoding and the classes of labels that its columns are the codes of."""

    encoding: Encoding
    classes: Classes
    labels: LabelValues


def codes_of(encoding: object, counts: object, classes: int | None, seed: int) -> Encoding:
    """The codes as they are, or those of a name for ``classes``, or for as many classes as there are counts.

    Raises ProblemError where nothing says how many, or ``classes`` is another number than that of the codes.
    """
    if not isinstance(encoding, str):
        code = encoding if isinstance(encoding, Encoding) else from_array(encoding)  # type: ignore[arg-type]
    else:
        if classes is None:
            classes = _counted(encoding, counts)
        code = _made(encoding, classes, seed)
    if classes is not None and (not is_whole(classes) or classes != code.classes):
        raise ProblemError(f"classes must be the number of codes; got {shown(classes)} for {code.classes}, drop it")
    return code


def labelled_codes(
    labels: object, encoding: Encoding | ArrayLike | str, order: Sequence[object] | None = None, seed: int = 0
) -> LabelledCodes:
    """The codes of the classes that labels have.  Raises ProblemError."""
    from ncsolve._files.reading.label_values import label_values

    found = label_values(labels, order=order)
    if found.empty:
        raise ProblemError(
            f"every class needs a sample; category {shown(found.empty[0])} has none, pass "
            "labels.cat.remove_unused_categories() (of a Categorical labels.remove_unused_categories())"
        )
    k = len(found.classes.names)
    if not isinstance(encoding, str):
        code = encoding if isinstance(encoding, Encoding) else from_array(encoding)
    elif encoding.replace(" ", "") != _VALUES:
        code = _made(encoding, k, seed)
    elif found.classes.values is None:
        raise ProblemError(f"{_VALUES} takes numbers as their codes; got labels that are text, use ordinal for ranks")
    else:
        code = from_array([[float(value) for value in found.classes.values]], name=_VALUES)
    if code.classes != k:
        from ncsolve._files.reading.classes import listed

        raise ProblemError(
            f"the encoding must have one code per class of the labels; got {code.classes} codes for "
            f"{listed(found.classes.names)}, take out the codes of classes that no sample has"
        )
    return LabelledCodes(encoding=code, classes=found.classes, labels=found)


def _counted(encoding: str, counts: object) -> int:
    """How many classes have counts of their own."""
    if isinstance(counts, ClassCounts):
        return counts.classes
    array = as_array(counts)
    if is_whole(counts) or array.ndim != 1:
        raise ProblemError(
            f"an encoding that is a name, {shown(encoding)}, needs the number of classes; give classes=, or counts "
            "with one entry per class"
        )
    return array.size


def _made(name: str, classes: int, seed: int) -> Encoding:
    if names_a_file(name):
        raise ProblemError(
            f"encoding must be a name, an array or an Encoding; got {shown(name)}, read a file by "
            "ncsolve.encodings.from_file(...)"
        )
    return make(name, classes=classes, seed=seed)
