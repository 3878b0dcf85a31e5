"""Counting labels: class names in a natural order, and samples per class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncsolve.errors import ProblemError

__all__ = ["LabelCounts", "count_labels"]


@dataclass(frozen=True, kw_only=True)
class LabelCounts:
    """Class ``names`` and samples per class, in the same order."""

    names: tuple[str, ...]
    counts: tuple[int, ...]


def count_labels(labels: Iterable[object] | NDArray[np.generic]) -> LabelCounts:
    """Count labels of any kind; names that are all integers are put in numerical order, others in that of text.

    Raises ProblemError if there are none.

    >>> count_labels(["cat", "dog", "cat"])
    LabelCounts(names=('cat', 'dog'), counts=(2, 1))
    """
    if isinstance(labels, np.ndarray):
        values, numbers = np.unique(labels, return_counts=True)
        counter = Counter(dict(zip((str(v) for v in values.tolist()), numbers.tolist(), strict=True)))
    else:
        counter = Counter(str(label) for label in labels)
    if not counter:
        raise ProblemError("there must be at least one label; got none")
    try:
        names = sorted(counter, key=int)
    except ValueError:
        names = sorted(counter)
    return LabelCounts(names=tuple(names), counts=tuple(counter[name] for name in names))
