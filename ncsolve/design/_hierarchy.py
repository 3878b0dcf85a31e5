"""Hierarchies: classes as the leaves of a tree, closer the deeper they part."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ncsolve._arrays import Array
from ncsolve._files.open_input import read_text
from ncsolve._files.write_whole import checked_path
from ncsolve.design._targets import MOST_CLASSES
from ncsolve.errors import FileError, ProblemError, SizeError, shown

__all__ = ["Hierarchy", "hierarchy_gram", "read_hierarchy"]

_DEEPEST = 200
_MOST_BYTES = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Hierarchy:
    """``classes``, the leaves in the order of the tree, and for each the ``branches`` on the way to it: one name per
    level below the root, without the leaf."""

    classes: tuple[str, ...]
    branches: tuple[tuple[str, ...], ...]

    @property
    def depth(self) -> int:
        """Levels below the root, the leaves' own included."""
        return 1 + max(len(branch) for branch in self.branches)


def hierarchy_gram(tree: object) -> tuple[tuple[str, ...], Array]:
    r"""Class names and Gram matrix (K, K) of a tree: unit lengths, and for two classes the cosine
    :math:`\operatorname{depth}(\text{deepest common ancestor}) / \operatorname{depth}(\text{tree})`.

    The root has depth 0, so classes of different top branches are orthogonal.  Leaves are as deep as the tree, however
    early their branch ends (an ultrametric); the matrix is a sum of 0/1 blocks, one per branch, and a positive
    diagonal, hence positive definite.

    ``tree`` is a class (a string), a list of trees, or an object that names its trees:
    ``{"animal": ["cat", "dog"], "vehicle": {"land": ["car", "truck"], "air": ["plane"]}}``.  Raises ProblemError for
    anything else, for a class that occurs twice and for fewer than two classes.

    >>> names, gram = hierarchy_gram({"animal": ["cat", "dog"], "vehicle": ["car"]})
    >>> names
    ('cat', 'dog', 'car')
    >>> gram
    array([[1. , 0.5, 0. ],
           [0.5, 1. , 0. ],
           [0. , 0. , 1. ]])
    """
    hierarchy = tree if isinstance(tree, Hierarchy) else parse_hierarchy(tree)
    k, depth = len(hierarchy.classes), hierarchy.depth
    if k > MOST_CLASSES:
        raise SizeError(f"an encoding is designed for up to {MOST_CLASSES} classes; the tree has {k}, use fewer")
    gram = np.eye(k)
    members: dict[tuple[str, ...], list[int]] = {}
    for number, branch in enumerate(hierarchy.branches):
        for level in range(1, len(branch) + 1):
            members.setdefault(branch[:level], []).append(number)
    shared = np.zeros((k, k))
    for numbers in members.values():
        shared[np.ix_(numbers, numbers)] += 1.0
    off = ~np.eye(k, dtype=bool)
    gram[off] = shared[off] / depth
    return hierarchy.classes, gram


def parse_hierarchy(tree: object) -> Hierarchy:
    """Read the nested lists and objects of ``hierarchy_gram``.  Raises ProblemError."""
    classes: list[str] = []
    branches: list[tuple[str, ...]] = []
    todo: list[tuple[object, tuple[str, ...]]] = [(tree, ())]
    while todo:
        node, branch = todo.pop()
        if len(branch) > _DEEPEST:
            raise ProblemError(f"a hierarchy must not be deeper than {_DEEPEST} levels; shorten the tree")
        if isinstance(node, str):
            if not node.strip():
                raise ProblemError(f"a class of a hierarchy must have a name; there is an empty one {_at(branch)}")
            classes.append(node)
            branches.append(branch)
            continue
        if isinstance(node, dict):
            children = [(child, (*branch, str(name))) for name, child in node.items()]
        elif isinstance(node, (list, tuple)):
            # A nested list is a branch without a name; a class in a list is a leaf of this branch.
            children = [
                (child, branch if isinstance(child, str) else (*branch, f"#{number}"))
                for number, child in enumerate(node)
            ]
        else:
            raise ProblemError(
                "a hierarchy must be made of class names (strings), lists and objects; got "
                f"{'null' if node is None else shown(node)} {_at(branch)}"
            )
        if not children:
            raise ProblemError(f"a branch of a hierarchy must hold a class; there is an empty one {_at(branch)}")
        todo += reversed(children)
    twice = [name for name, times in Counter(classes).items() if times > 1]
    if twice:
        raise ProblemError(f"a class must occur once in a hierarchy; {twice[0]!r} occurs more often, rename it")
    if len(classes) < 2:
        raise ProblemError(f"a hierarchy must have at least two classes; got {len(classes)}")
    return Hierarchy(classes=tuple(classes), branches=tuple(branches))


def read_hierarchy(path: str | Path) -> Hierarchy:
    """Read a hierarchy from a JSON file.  Raises FileError, naming the file."""
    path = checked_path(path)
    text = read_text(path, most=_MOST_BYTES, what="a hierarchy")
    try:
        tree = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise FileError(f"{path}: is nested too deeply; a hierarchy has up to {_DEEPEST} levels") from None
    except json.JSONDecodeError as error:
        raise FileError(f"{path}, line {error.lineno}: is not JSON: {error.msg}") from None
    except ProblemError as error:
        raise FileError(f"{path}: {error}") from None
    except ValueError:  # what int() says of more digits than it takes
        raise FileError(f"{path}: holds an integer with more digits than can be read; classes are strings") from None
    try:
        return parse_hierarchy(tree)
    except ProblemError as error:
        raise FileError(f"{path}: {error}") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        raise ProblemError(f"a branch must occur once in its parent; {twice[0]!r} occurs more often, rename it")
    return found


def _at(branch: tuple[str, ...]) -> str:
    return f"in the branch {'/'.join(branch)}" if branch else "at the root"
