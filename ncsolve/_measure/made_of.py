"""What a statistic is made of, checked: names of classes, and the last layer with its codes."""

from __future__ import annotations

import numpy as np

from ncsolve._measure.layout import SCATTERS, Head, Layout
from ncsolve._problem.losses import LOSSES, check_loss
from ncsolve.checks.arguments import check_classes, check_name, check_whole, entries
from ncsolve.checks.arrays import read_only
from ncsolve.checks.measured import measured
from ncsolve.encodings import Encoding, from_array
from ncsolve.errors import ProblemError, shown

__all__ = ["checked_layout", "checked_names", "deciding_codes"]


def checked_layout(
    classes: object, dim: object, head: object, scatter: object, codes: object, loss: object
) -> tuple[Layout, tuple[str, ...] | None]:
    """The layout of a statistic made of the arguments of ``FeatureStatistics``, and the names of its classes.

    Raises ProblemError, and UnknownNameError for another loss.
    """
    names = None if isinstance(classes, (int, np.integer)) else checked_names(classes)
    count = check_classes(classes if names is None else len(names))  # type: ignore[arg-type]
    d, name = check_whole("dim", dim), check_loss(loss)
    last = None if head is None else _checked_head(head, d, codes, count, name)
    if last is None and codes is not None:
        raise ProblemError("codes decide samples by the outputs of the head; got codes without a head, pass head=")
    if last is None and not LOSSES[name].fits_codes:
        raise ProblemError(
            f"loss = {name!r} takes the outputs of every sample; got no head, pass head=(W, b), or leave out loss for "
            "the geometry alone"
        )
    kept = check_name("scatter", scatter, SCATTERS)
    if kept == "projected" and last is None:
        raise ProblemError(
            "scatter = 'projected' is W S_W and needs the last layer; got no head, pass head=(W, b) or scatter='full'"
        )
    return Layout(classes=count, dim=d, head=last, scatter=kept), names


def checked_names(classes: object) -> tuple[str, ...]:
    """Names of classes as texts.  Raises ProblemError for what is none, and for a name that comes twice."""
    names = entries("classes", classes, "pass a number of classes or their names")
    wrong = next((name for name in names if not isinstance(name, str)), None)
    if wrong is not None:
        raise ProblemError(f"names of classes must be text; got {shown(wrong)}, pass [str(name) for name in names]")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ProblemError(f"names of classes must differ; got {shown(twice)} twice, rename one")
    return names  # type: ignore[return-value]


def _checked_head(head: object, dim: int, codes: object, classes: int, loss: str) -> Head:
    """(W, b), or W, with the codes that outputs stand for, if they are not the classes, and its loss.

    Raises ProblemError.
    """
    w, b = head if isinstance(head, tuple) and len(head) == 2 else (head, None)
    weights = measured(w, "the head W", "(m, d)")  # type: ignore[arg-type]
    if weights.shape[1] != dim:
        turned = ", pass W.T" if weights.shape[0] == dim else ""
        raise ProblemError(f"the head W must be (m, d) with d = {dim}; got {weights.shape}{turned}")
    bias = np.zeros(weights.shape[0]) if b is None else measured(b, "the bias b of the head", "(m,)")
    if bias.shape != weights.shape[:1]:
        raise ProblemError(f"the bias b must have one entry per row of W; got {bias.size} for {weights.shape[0]}")
    if codes is None:
        if weights.shape[0] != classes:
            raise ProblemError(
                f"a head without codes decides by its largest output and needs one for each of the {classes} classes; "
                f"got {weights.shape[0]} outputs, pass codes= (m, K)"
            )
        matrix = None
    else:
        matrix = (codes if isinstance(codes, Encoding) else from_array(codes)).matrix  # type: ignore[arg-type]
        if matrix.shape != (weights.shape[0], classes):
            raise ProblemError(
                f"codes must be (m, K) = ({weights.shape[0]}, {classes}), a column a class; got {matrix.shape}"
            )
    return Head(W=read_only(weights.copy()), b=read_only(bias.copy()), codes=matrix, loss=loss)


def deciding_codes(encoding: Encoding) -> Encoding | None:
    """The codes by which outputs are decided; None where the largest output is that of the nearest code anyway."""
    affine = encoding.affine
    return None if affine is not None and affine.a > 0.0 else encoding
