"""What the page is given: the encodings to choose from, and where it starts."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import encodings
from ncsolve._extensions import check_plain
from ncsolve._problem import UFM
from ncsolve.encodings import AffineOneHot
from ncsolve.errors import DimensionError
from ncsolve.explorer._grid import EXAMPLE, grid_document

__all__ = ["page_data"]

# Balanced members of the affine family, which the page evaluates itself, for any number of classes.
_FAMILIES = (
    ("onehot", "one-hot"),
    ("smoothed:0.1", "label smoothing, alpha = 0.1"),
    ("smoothed:0.5", "label smoothing, alpha = 0.5"),
    ("signed", "signed, +1 and -1"),
    ("simplex", "centred simplex"),
)
_CLASSES = (*range(2, 11), 12, 16, 20, 50, 100)
# Encodings outside the family, to look at where the user has not brought one: (spec, label, counts).
_EXAMPLES = (
    ("onehot", "one-hot, imbalanced 200:70:30", (200, 70, 30)),
    ("thermometer", "thermometer, 4 classes", (75,) * 4),
    ("gaussian", "random normal codes, 4 classes", (75,) * 4),
)


def page_data(problem: UFM) -> dict[str, object]:
    """Everything that the page's scripts read, ready for JSON (which has no inf: see ``_number``)."""
    check_plain(problem, "the explorer")
    _check_room(problem)
    affine, balanced = problem.encoding.affine, problem.counts.balanced
    own = affine is not None and balanced and problem.classes >= 2
    choices: list[dict[str, object]] = []
    per_class = problem.counts.values[0] if balanced else 100
    if own:
        assert affine is not None
        families = list(_FAMILIES)
        if affine.name not in dict(families):
            choices.append(_family_of(problem, affine))
    else:
        families = list(_FAMILIES)
        choices.append(grid_document(problem, f"{problem.encoding.name} (your problem)"))
    choices += [_family(spec, name, problem.classes) for spec, name in families]
    if own:
        for spec, name, counts in _EXAMPLES:
            code = encodings.make(spec, classes=len(counts))
            example = problem.replace(encoding=code, counts=counts, class_names=None, dim=None)
            choices.append(grid_document(example, name, EXAMPLE))
    start = next(i for i, choice in enumerate(choices) if not own or choice.get("spec") == _spec(affine))
    return {
        "choices": choices,
        "start": {
            "choice": start,
            "classes": problem.classes,
            "per_class": per_class,
            "lambda_w": problem.lambda_w,
            "lambda_h": problem.lambda_h,
            "lambda_b": _number(problem.lambda_b),
        },
    }


def _check_room(problem: UFM) -> None:
    """DimensionError for a bottleneck, of which neither the formulas of the page nor its sentences know."""
    rank = int(np.linalg.matrix_rank(problem.encoding.matrix))
    if problem.dim is not None and problem.dim < rank:
        raise DimensionError(
            f"the explorer has no bottlenecks: dim must be at least the rank of the codes, {rank}; got {problem.dim}, "
            "leave dim out or solve the problem with ncsolve minimizer"
        )


def _spec(affine: AffineOneHot | None) -> str:
    return "" if affine is None else affine.name


def _family(spec: str, name: str, classes: int) -> dict[str, object]:
    members: dict[str, list[float]] = {}
    for k in sorted({*_CLASSES, classes} - {1}):
        code = encodings.make(spec, classes=k).affine
        assert code is not None
        members[str(k)] = [code.a, code.q, code.row_sum]
    return {"kind": "affine", "spec": spec, "name": name, "members": members}


def _family_of(problem: UFM, affine: AffineOneHot) -> dict[str, object]:
    """The user's own member: for every K where its name is that of a registered encoding, else for its K only."""
    spec = affine.name
    if spec.partition(":")[0] in encodings.names():
        return _family(spec, spec, problem.classes)
    members = {str(problem.classes): [affine.a, affine.q, affine.row_sum]}
    return {"kind": "affine", "spec": spec, "name": spec, "members": members}


def _number(value: float) -> float | str:
    return "inf" if value == math.inf else value
