"""The names of classes: texts in the order of the classes."""

from __future__ import annotations

from collections.abc import Iterable, Set, Sized

from ncsolve.errors import ProblemError, shown

__all__ = ["names_of"]


def names_of(value: object) -> tuple[str, ...] | None:
    """The names as texts, or None for none.  Raises ProblemError for what has no order, and for what is no text."""
    if value is None:
        return None
    if isinstance(value, (str, bytes, Set)) or not isinstance(value, Iterable):  # a set has no order
        raise ProblemError(f"class_names must be a sequence with one name per class; got {shown(value)}")
    try:
        names = tuple(value)
        if not any(name is None or (isinstance(name, Sized) and not isinstance(name, str)) for name in names):
            return tuple(map(str, names))
    except Exception:  # a 0-d array, numbers of thousands of digits, objects that fail
        pass  # of bytes, None and lists str would have made "b'cat'", "None" and "['cat']"
    raise ProblemError(f"class_names must be a sequence of texts; got {shown(value)}, give a text for each")
