"""Features beside labels of any kind: the class number of every sample."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ncsolve._arrays import Array, Index
from ncsolve._files.reading.label_values import label_values
from ncsolve.checks.measured import measured_features

__all__ = ["features_by_class"]


def features_by_class(features: ArrayLike, labels: ArrayLike, classes: int | None) -> tuple[Array, Index, int]:
    """Features (d, N), the class number of every sample (N,), and the number of classes K.

    With ``classes`` labels are class numbers 0 .. K-1; without, they are numbers or text that name the classes, in
    the order that files of labels have.  Raises ProblemError if features and labels do not fit each other.

    >>> features_by_class([[0., 2., 5.]], ["b", "a", "b"], None)
    (array([[0., 2., 5.]]), array([1, 0, 1]), 2)
    """
    if classes is not None:
        return *measured_features(features, labels, classes), classes
    found = label_values(labels)
    k = len(found.classes.names)
    return *measured_features(features, found.numbers, k), k
