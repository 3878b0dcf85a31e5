"""Labels in memory, one per sample: which class each is of, by the rules of files (docs/reference/files.md)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncsolve._files.reading.arrays import spelled
from ncsolve._files.reading.classes import Classes, group_labels, key_of
from ncsolve._files.reading.numerals import missing_in
from ncsolve.errors import FileError, ProblemError, shown

__all__ = ["LabelValues", "label_values"]

_RULE = "labels must be a non-empty sequence (N,) of numbers, truth values or text, one per sample"


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelValues:
    """The ``classes`` in their order, the class number of every sample, ``numbers`` (N,), and the ``empty`` classes:
    categories of pandas that no sample has."""

    classes: Classes
    numbers: NDArray[np.intp]
    empty: tuple[str, ...] = ()


def label_values(labels: object, *, order: Sequence[object] | None = None) -> LabelValues:
    """Which class each label is of, from a list, an array, a column of a data frame or a tensor.

    Labels that are all numbers are classes in numerical order, others in the order of text, as in files of labels;
    ``order`` names the classes in another one, and an ordered ``Categorical`` of pandas has its own.  Raises
    ProblemError for other values than numbers, truth values and text, and for a missing label, with its place.

    >>> found = label_values(["cat", "dog", "cat"])
    >>> found.classes.names, found.classes.counts, found.numbers.tolist()
    (('cat', 'dog'), (2, 1), [0, 1, 0])
    """
    texts, which = _texts(labels)
    counts = np.bincount(which, minlength=len(texts)).tolist()
    found: Counter[str] = Counter()
    for text, count in zip(texts, counts, strict=True):
        found[text] += count
    if missing := missing_in(found):
        at = next(i for i, entry in enumerate(which.tolist()) if texts[entry] in missing)
        raise _missing(at, texts[int(which[at])])
    classes = group_labels(found)
    categories, ordered = _categories(labels)
    if order is not None:
        classes = classes.reordered(_names("order", order), "as order says")
    elif ordered:
        own = set(classes.keys)
        here = [text for text in categories if key_of(text, numbers=classes.values is not None) in own]
        classes = classes.reordered(here, "as the categories")
    places = {key: k for k, key in enumerate(classes.keys)}
    number_of = np.array([places[key_of(text, numbers=classes.values is not None)] for text in texts], dtype=np.intp)
    return LabelValues(
        classes=classes, numbers=number_of[which], empty=tuple(text for text in categories if text not in found)
    )


def _texts(labels: object) -> tuple[list[str], NDArray[np.intp]]:
    """Different labels as a file would hold them, and which of them each sample has."""
    array = _array(labels)
    if array.dtype.kind in "iufb":
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            at = int(np.argmin(np.isfinite(array)))
            raise _missing(at, str(array[at]))
        values, which = np.unique(array, return_inverse=True)
        return [spelled("labels", value) for value in values], which.reshape(-1).astype(np.intp)
    places: dict[tuple[type, Any], int] = {}
    which = np.empty(array.size, dtype=np.intp)
    texts: list[str] = []
    for i, value in enumerate(array.tolist()):
        try:
            key = type(value), value
            place = places.get(key)
        except Exception:  # an entry that cannot be hashed or compared
            raise _no_label(i, value) from None
        if place is None:
            place = places[key] = len(texts)
            texts.append(_text(i, value))
        which[i] = place
    return texts, which


def _array(labels: object) -> NDArray[Any]:
    """The labels as an array (N,): numbers and truth values as they are, all else as objects."""
    if isinstance(labels, (str, bytes, set, frozenset, dict)):  # a set has no order
        raise ProblemError(f"{_RULE}; got {shown(labels)}")
    if isinstance(labels, np.ma.MaskedArray) and np.ma.is_masked(labels):
        raise ProblemError(f"{_RULE}; got an array with masked entries, drop or fill what is masked")
    try:
        if callable(getattr(labels, "detach", None)) and callable(getattr(labels, "cpu", None)):
            labels = labels.detach().cpu()  # type: ignore[attr-defined]  # a tensor of torch
        if isinstance(labels, (list, tuple)):
            array = np.empty(len(labels), dtype=object)  # numpy would make text, or 1, of True beside others
            array[:] = [_plain(value) for value in labels]
            if {type(value) for value in array} in ({int}, {float}, {bool}):
                array = np.array(array.tolist())
        else:
            array = np.asarray(labels)
    except Exception:
        raise ProblemError(f"{_RULE}; got {shown(labels)}") from None
    if array.ndim == 2 and array.size:
        remedy = "labels.ravel()" if 1 in array.shape else "labels.argmax(axis=1) of one-hot rows"
        raise ProblemError(f"{_RULE}; got shape {array.shape}, pass {remedy}")
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iufbUSOT":
        raise ProblemError(f"{_RULE}; got {shown(labels)}")
    return array if array.dtype.kind in "iufb" else array.astype(object)


def _plain(value: object) -> object:
    """A number of numpy's or of a tensor's as one of Python's; float32 stays, so that 0.1 is not 0.10000000149."""
    item = getattr(value, "item", None)
    return value if item is None or isinstance(value, np.floating) else item()


def _text(at: int, value: object) -> str:
    """An entry as a file would hold it."""
    value = _plain(value)
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        raise _missing(at, str(value))
    if not isinstance(value, (str, bytes, bool, int, float, Decimal, np.floating)):
        raise _no_label(at, value)
    if isinstance(value, (float, Decimal, np.floating)) and not math.isfinite(value):
        raise _missing(at, str(value))
    try:
        return spelled("labels", value)
    except FileError as error:
        raise ProblemError(str(error)) from None
    except ValueError:  # an integer of more digits than Python writes
        raise _no_label(at, value) from None


def _missing(at: int, text: str) -> ProblemError:
    return ProblemError(
        f"every sample needs a label; entry {at} (counted from 0) is {text!r}, drop the samples without one or rename "
        "the class"
    )


def _no_label(at: int, value: object) -> ProblemError:
    return ProblemError(f"{_RULE}; entry {at} (counted from 0) is {shown(value)}")


def _categories(labels: object) -> tuple[list[str], bool]:
    """The categories of a column of pandas, and whether they have an order; none of anything else."""
    kind = getattr(labels, "dtype", None)
    categories = getattr(kind, "categories", None)
    if categories is None:
        return [], False
    return [_text(i, value) for i, value in enumerate(categories)], bool(getattr(kind, "ordered", False))


def _names(what: str, names: object) -> list[str]:
    """Names of classes as texts."""
    if isinstance(names, Iterable) and not isinstance(names, (str, bytes, set, frozenset)):
        try:
            return [_text(i, name) for i, name in enumerate(names)]
        except Exception:  # objects that fail, and what is no label
            pass
    raise ProblemError(f"{what} must be a sequence with the name of each class; got {shown(names)}")
