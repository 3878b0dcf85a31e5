"""Labels in their order, one per sample, and from several files together the class number of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from ncsolve._files.reading.classes import group_labels, key_of, listed
from ncsolve.errors import ProblemError

__all__ = ["ClassNumbers", "LabelSequence", "class_numbers_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelSequence:
    """The different ``texts`` of labels, and ``which`` of them every sample has (n,)."""

    texts: tuple[str, ...]
    which: NDArray[np.intp]

    @classmethod
    def of(cls, entries: Iterable[str]) -> LabelSequence:
        """Of the labels one by one."""
        places: dict[str, int] = {}
        which = np.fromiter((places.setdefault(text, len(places)) for text in entries), dtype=np.intp)
        return cls(texts=tuple(places), which=which)

    @property
    def samples(self) -> int:
        """How many there are."""
        return int(self.which.size)

    def part(self, start: int, stop: int) -> LabelSequence:
        """Those of some samples in a row."""
        return LabelSequence(texts=self.texts, which=self.which[start:stop])


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassNumbers:
    """The ``names`` of the classes in their order, the class ``numbers`` (n,) of each sequence, and in words the
    ``basis`` of the order."""

    names: tuple[str, ...]
    numbers: tuple[NDArray[np.intp], ...]
    basis: str

    @property
    def from_zero(self) -> bool:
        """Whether the names are the numbers from 0."""
        return self.names == tuple(map(str, range(len(self.names))))


def class_numbers_of(
    sequences: Sequence[LabelSequence], *, text: bool = False, names: Sequence[str] | None = None,
    classes: int | None = None,
) -> ClassNumbers:
    """The classes of all sequences together, by the rules of files of labels.

    ``names`` are the classes in their order, also those without a sample; else ``classes`` says how many there are, and
    where fewer have samples, labels must be the numbers from 0.  Raises ProblemError for a label that is none of them.

    >>> found = class_numbers_of([LabelSequence.of("2 0".split()), LabelSequence.of("0 0".split())], classes=4)
    >>> found.names, [numbers.tolist() for numbers in found.numbers]
    (('0', '1', '2', '3'), [[2, 0], [0, 0]])
    """
    counts: Counter[str] = Counter()
    for one in sequences:
        times = np.bincount(one.which, minlength=len(one.texts)).tolist()
        counts.update({label: n for label, n in zip(one.texts, times, strict=True) if n})
    found = group_labels(counts, text=text)
    keys: Sequence[Hashable]
    if names is not None:
        chosen, basis = tuple(names), "in the order given"
        keys = [key_of(name, numbers=found.values is not None) for name in chosen]
        if len(set(keys)) < len(keys):
            raise ProblemError(f"the classes must differ; got {listed(chosen)}, drop the one that comes twice")
    elif classes is None or len(found.names) == classes:
        chosen, keys, basis = found.names, found.keys, "as numbers" if found.basis == "numbers" else "as text"
    else:
        chosen, keys, basis = tuple(map(str, range(classes))), [Decimal(k) for k in range(classes)], "from 0"
        known = set(keys)
        odd = next((name for name, key in zip(found.names, found.keys, strict=True) if key not in known), None)
        if odd is not None:
            raise ProblemError(
                f"there are {classes} classes, but the labels are {listed(found.names)}: where not every class has "
                f"samples they must be the numbers 0 to {classes - 1}; got {odd!r}, or name all classes with --order"
            )
    places = {key: k for k, key in enumerate(keys)}
    stray = next((name for name, key in zip(found.names, found.keys, strict=True) if key not in places), None)
    if stray is not None:
        raise ProblemError(f"the label {stray!r} is none of the classes {listed(chosen)}; give it a code, or leave its "
                           "samples out")
    numbers = []
    for one in sequences:
        place = [places.get(key_of(label, numbers=found.values is not None), -1) for label in one.texts]
        numbers.append(np.array(place, dtype=np.intp)[one.which] if place else one.which)
    return ClassNumbers(names=chosen, numbers=tuple(numbers), basis=basis)
