"""From labels to classes: which labels are the same class, and in which order the classes are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ncsolve._files.reading.numerals import label_number, plain
from ncsolve.errors import ProblemError

__all__ = ["Classes", "group_labels", "key_of", "listed"]

_LISTED = 12


@dataclass(frozen=True, kw_only=True)
class Classes:
    """``names`` and samples per class (``counts``), in one order; ``basis`` is where the order comes from.

    ``values`` are the labels as exact numbers where all are numbers; ``merged`` holds the spellings of every class that
    was written in more than one way.
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    values: tuple[Decimal, ...] | None
    merged: tuple[tuple[str, ...], ...]
    basis: str

    def reordered(self, names: Sequence[str], basis: str) -> Classes:
        """The same classes in the order of ``names``, which may spell a number in another way.

        Raises ProblemError for a name that is none of the classes, that comes twice, or that is left out.
        """
        keys = [key_of(name, numbers=self.values is not None) for name in names]
        own = self.keys
        if len(set(keys)) < len(keys):
            twice = next(name for name, key in zip(names, keys, strict=True) if keys.count(key) > 1)
            raise ProblemError(f"the order of the classes must name each once; {twice!r} comes twice, drop one")
        for name, key in zip(names, keys, strict=True):
            if key not in own:
                raise ProblemError(
                    f"the order of the classes names {name!r}, which no sample has; the classes are "
                    f"{listed(self.names)}"
                )
        left = [name for name, key in zip(self.names, own, strict=True) if key not in set(keys)]
        if left:
            raise ProblemError(f"the order of the classes must name all of them; {listed(left)} is missing, add it")
        places = {key: k for k, key in enumerate(own)}
        order = [places[key] for key in keys]
        return replace(
            self, names=tuple(self.names[k] for k in order), counts=tuple(self.counts[k] for k in order),
            values=None if self.values is None else tuple(self.values[k] for k in order), basis=basis,
        )

    @property
    def keys(self) -> list[Hashable]:
        """What tells the classes apart: exact numbers where all are numbers, else the texts."""
        return list(self.names if self.values is None else self.values)


def group_labels(labels: Mapping[str, int], *, text: bool = False) -> Classes:
    """Classes from how often each label occurs: labels that are all numbers are numbers, in numerical order.

    ``text`` keeps spellings of one number apart.  Labels that are not all numbers are put in the order of text.
    """
    numbers = None if text else _numbers(labels)
    if numbers is None:
        names = sorted(labels)
        return Classes(
            names=tuple(names), counts=tuple(labels[name] for name in names), values=None, merged=(), basis="text",
        )
    spellings: dict[Decimal, list[str]] = {}
    for label, value in numbers.items():
        spellings.setdefault(value, []).append(label)
    values = sorted(spellings)
    return Classes(
        names=tuple(plain(value, spellings[value]) for value in values),
        counts=tuple(sum(labels[label] for label in spellings[value]) for value in values),
        values=tuple(values),
        merged=tuple(tuple(sorted(spellings[value])) for value in values if len(spellings[value]) > 1),
        basis="numbers",
    )


def key_of(name: str, *, numbers: bool) -> Hashable:
    """What a name stands for among classes that are numbers, or texts."""
    value = label_number(name) if numbers else None
    return name if value is None else value


def listed(names: Sequence[str]) -> str:
    """Names with commas between, as --order takes them: one that holds a comma stands in quotes.

    Of many names the first and the last.

    >>> listed(["a", "b, c"])
    'a, "b, c"'
    """
    names = ['"' + name.replace('"', '""') + '"' if "," in name else name for name in names]
    if len(names) <= _LISTED:
        return ", ".join(names)
    return f"{', '.join(names[: _LISTED - 2])}, ..., {names[-1]}"


def _numbers(labels: Mapping[str, int]) -> dict[str, Decimal] | None:
    found: dict[str, Decimal] = {}
    for label in labels:
        value = label_number(label)
        if value is None:
            return None
        found[label] = value
    return found
