"""What the page is given: the encodings to choose from, and where it starts."""

from __future__ import annotations

import math
from collections.abc import Callable

from ncsolve import encodings
from ncsolve._models.registry import model_of
from ncsolve._models.room import may_bind
from ncsolve._models.words import model_words
from ncsolve._problem.ufm import UFM
from ncsolve.encodings import AffineOneHot
from ncsolve.errors import OpenProblemError
from ncsolve.explorer._grid import EXAMPLE, check_grid_size, grid_document

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


def page_data(problem: UFM, progress: Callable[[float], None] | None = None) -> dict[str, object]:
    """Everything that the page's scripts read, ready for JSON (which has no inf: see ``_number``)."""
    affine = problem.encoding.affine
    own = problem.regular is not None and problem.classes >= 2
    if not own:
        check_grid_size(problem)
    _check_known(problem, own)
    choices: list[dict[str, object]] = []
    per_class = problem.counts.values[0] if problem.counts.balanced else 100
    if own:
        assert affine is not None
        if affine.name not in dict(_FAMILIES):
            choices.append(_family_of(problem, affine))
    else:
        choices.append(grid_document(problem, f"{problem.encoding.name} (your problem)", progress=progress))
    choices += [_family(spec, name, problem.classes) for spec, name in _FAMILIES]
    if own:
        for spec, name, counts in _EXAMPLES:
            code = encodings.make(spec, classes=len(counts))
            example = UFM(
                encoding=code, counts=counts, lambda_w=problem.lambda_w, lambda_h=problem.lambda_h,
                lambda_b=problem.lambda_b,
            )
            choices.append(grid_document(example, name, EXAMPLE))
    start = next(i for i, choice in enumerate(choices) if not own or choice.get("spec") == problem.encoding.name)
    return {
        "choices": choices,
        "start": {
            "choice": start,
            "classes": problem.classes,
            "per_class": per_class,
            "lambda_w": problem.lambda_w,
            "lambda_h": problem.lambda_h,
            "lambda_b": _number(problem.lambda_b),
            "loss": problem.loss,
            "features": problem.features,
            "depth": problem.depth,
            "dim": problem.dim if problem.feature_dim < problem.classes else None,
        },
    }


def _check_known(problem: UFM, own: bool) -> None:
    """OpenProblemError where neither the formulas of the page nor a grid can show the problem for every lambda_b."""
    model = model_of(problem)
    if own:
        model.law(problem)
        return
    codes = "codes a I + q J" if problem.spec.fit.fits_codes else "one-hot and smoothed codes"
    if may_bind(problem) or not model.shares_spectrum(problem):
        raise OpenProblemError(
            f"the explorer shows this model ({model_words(problem)}) for balanced {codes} of at least 2 "
            f"classes, where a closed form holds for every lambda_b; got {_named(problem)}, solve it at one lambda_b "
            "with ncsolve minimizer (ncsolve.solve)"
        )


def _named(problem: UFM) -> str:
    """What keeps a problem from its closed form."""
    if problem.encoding.affine is not None and problem.classes >= 2:
        return f"counts from {min(problem.counts.values)} to {max(problem.counts.values)}"
    return f"{problem.encoding.name} codes of {problem.classes} class{'es' if problem.classes > 1 else ''}"


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
