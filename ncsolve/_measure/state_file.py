"""Statistics of features in .npz files."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from ncsolve._files.open_input import open_file
from ncsolve._files.write_whole import check_free, checked_path, write_whole
from ncsolve._measure.layout import SCATTERS, Head, Layout
from ncsolve._measure.moments import Moments
from ncsolve._measure.softmax_moments import SoftmaxMoments
from ncsolve._problem.losses import LOSSES
from ncsolve.errors import FileError, shown

__all__ = ["check_state_output", "read_state", "write_state"]

_FORMAT = "ncsolve.feature-statistics.npz/1"
_ARRAYS = ("counts", "means", "energies", "scatter", "decisions")  # and the number ``lowest``
_OF_SOFTMAX = tuple(one.name for one in fields(SoftmaxMoments))


def check_state_output(path: str | Path, *, force: bool = False) -> Path:
    """The path of a statistic, checked before the work begins.  Raises FileError."""
    path = checked_path(path)
    if path.suffix.lower() != ".npz":
        raise FileError(f"{path}: a statistic is saved as .npz; name the file so")
    return check_free(path, force=force)


def write_state(path: str | Path, moments: Moments, names: tuple[str, ...] | None, *, force: bool) -> None:
    """Write a statistic, whole or not at all.  Raises FileError."""
    path = check_state_output(path, force=force)
    layout = moments.layout
    arrays = {name: getattr(moments, name) for name in _ARRAYS} | {
        "format": np.array(_FORMAT), "lowest": np.array(moments.lowest), "kept": np.array(layout.scatter),
        "class_names": np.array(names or [], dtype=np.str_),
    }
    if layout.head is not None:
        arrays |= {"W": layout.head.W, "b": layout.head.b}
        if layout.head.codes is not None:
            arrays["codes"] = layout.head.codes
        if moments.softmax is not None:
            arrays |= {name: getattr(moments.softmax, name) for name in _OF_SOFTMAX}
            arrays["loss"] = np.array(layout.head.loss)
    write_whole(path, lambda stream: np.savez(stream, **arrays), force=force)


def read_state(path: str | Path) -> tuple[Moments, tuple[str, ...] | None]:
    """The statistic of a file, and the names of its classes.  Raises FileError."""
    path = checked_path(path)
    try:
        with open_file(path) as stream, np.load(stream, allow_pickle=False) as data:
            if str(data["format"]) != _FORMAT:
                raise FileError(f"{path}: expected the format {_FORMAT}; got {shown(str(data['format']))}")
            head = None
            if "W" in data:
                loss = str(data["loss"]) if "loss" in data else Head.loss
                head = Head(W=data["W"], b=data["b"], codes=data.get("codes"), loss=loss)
            means, kept = data["means"], str(data["kept"])
            layout = Layout(classes=means.shape[1], dim=means.shape[0], head=head, scatter=kept)
            softmax = None
            if layout.softmax is not None:
                softmax = SoftmaxMoments(**{name: data[name] for name in _OF_SOFTMAX})
            moments = Moments(
                layout=layout, lowest=float(data["lowest"]), softmax=softmax,
                **{name: data[name] for name in _ARRAYS},
            )
            names = tuple(data["class_names"].tolist()) or None
    except FileError:
        raise
    except Exception:  # damaged archives raise errors of many kinds
        raise FileError(f"{path}: is not a statistic saved by ncsolve; gather it again") from None
    if not _fits(moments, names):
        raise FileError(f"{path}: its arrays do not fit each other; the file was changed, gather the statistic again")
    return moments, names


def _fits(moments: Moments, names: tuple[str, ...] | None) -> bool:
    """Whether arrays have the shapes and types of a statistic, and values that one can have."""
    layout, plain = moments.layout, Moments.none(moments.layout)
    head = layout.head
    if layout.scatter not in SCATTERS or (layout.scatter == "projected" and head is None):
        return False
    if names is not None and (len(names) != layout.classes or len(set(names)) != len(names)):
        return False
    if head is not None and not (
        head.loss in LOSSES and head.W.ndim == 2 and head.W.shape[1] == layout.dim and head.b.shape == head.W.shape[:1]
        and (head.codes is None or head.codes.shape == (head.W.shape[0], layout.classes))
        and all(array is None or (array.dtype.kind == "f" and np.isfinite(array).all())
                for array in (head.W, head.b, head.codes))
    ):
        return False
    for name in _ARRAYS:
        found, wanted = getattr(moments, name), getattr(plain, name)
        if found.shape != wanted.shape or found.dtype.kind != wanted.dtype.kind or not np.isfinite(found).all():
            return False
    if np.isnan(moments.lowest):
        return False
    whole = (moments.counts >= 0).all() and (moments.decisions >= 0).all() and (moments.energies >= 0).all()
    if head is not None and moments.softmax is not None and not moments.softmax.holds(head, moments.counts):
        return False
    decided = not moments.decisions.size or (moments.decisions.sum(axis=0) == moments.counts).all()
    return bool(whole and decided and not moments.means[:, moments.counts == 0].any())
