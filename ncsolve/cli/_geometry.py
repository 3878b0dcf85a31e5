"""``--geometry``: from a word or a file to a target Gram matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ncsolve import design
from ncsolve._arrays import Array
from ncsolve._files.reading.codes import read_codes
from ncsolve._files.reading.kinds import names_a_file
from ncsolve.design._targets import check_gram
from ncsolve.errors import FileError, ProblemError, UnknownNameError

__all__ = ["GEOMETRIES", "Geometry", "parse_geometry"]

GEOMETRIES: dict[str, Callable[[int], Array]] = {
    "simplex": design.simplex_gram,
    "orthogonal": design.orthogonal_gram,
    "path": design.path_gram,
}
_WORDS = {"simplex": "a simplex ETF", "orthogonal": "an orthogonal frame", "path": "ordered classes on a path"}


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """``spec`` as typed, ``words`` for people; ``gram`` with its ``names`` where a file fixes the classes, and ``read``
    about a Gram matrix of a file."""

    spec: str
    words: str
    gram: Array | None = None
    names: tuple[str, ...] | None = None
    read: str | None = None

    @property
    def classes(self) -> int | None:
        """K where a file fixes it."""
        return None if self.gram is None else int(self.gram.shape[0])

    @property
    def unit(self) -> bool:
        """Whether the geometry leaves the length of the class means open (all but a Gram matrix from a file)."""
        return self.read is None

    def for_classes(self, classes: int, names: tuple[str, ...] | None) -> Array:
        """The target for so many classes, in the order of ``names`` if both have names.  Raises ProblemError."""
        if self.gram is None:
            return GEOMETRIES[self.spec](classes)
        if self.gram.shape[0] != classes:
            raise ProblemError(
                f"--geometry {self.spec} has {self.gram.shape[0]} classes, but there are {classes}; give as many "
                "counts as it has classes"
            )
        if self.names is None or names is None:
            return self.gram
        if set(names) != set(self.names):
            odd = sorted(set(names) ^ set(self.names))[0]
            whose = "the hierarchy" if self.read is None else "the Gram matrix"
            where = f"the labels, not {whose}" if odd in names else f"{whose}, not the labels"
            raise ProblemError(f"{whose} and the labels must have the same classes; {odd!r} is in {where}")
        order = [self.names.index(name) for name in names]
        return self.gram[np.ix_(order, order)]


def parse_geometry(spec: str, *, header: bool | None = None) -> Geometry:
    """Read ``simplex``, ``orthogonal``, ``path``, ``hierarchy:FILE.json`` or a Gram matrix from a file."""
    if spec in GEOMETRIES:
        return Geometry(spec=spec, words=_WORDS[spec])
    kind, _, rest = spec.partition(":")
    if kind == "hierarchy":
        if not rest:
            raise ProblemError("--geometry hierarchy needs a file, as in hierarchy:tree.json")
        names, gram = design.hierarchy_gram(design.read_hierarchy(rest))
        return Geometry(spec=spec, words=f"the hierarchy of {Path(rest).name}", gram=gram, names=names)
    if names_a_file(spec):
        file = read_codes(spec, header=header, what="a Gram matrix")
        try:
            gram = check_gram(file.matrix)
            read = ", ".join((file.name, f"a Gram matrix of {len(gram)} classes", *file.notes))
            return Geometry(spec=spec, words=f"the Gram matrix of {Path(spec).name}", gram=gram, names=file.names,
                            read=read)
        except ProblemError as error:
            raise FileError(f"{spec}: {error}") from None
    raise UnknownNameError("geometry", spec, [*GEOMETRIES, "hierarchy:FILE.json", "FILE.csv", "FILE.npy"])
