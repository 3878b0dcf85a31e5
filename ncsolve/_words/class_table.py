"""The classes in a small table: name, samples and length of the mean, all of a few or the extremes of many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.printed import number

__all__ = ["ClassTable", "class_table"]

# Up to this many classes are all listed; of more the smallest and the largest.
_ALL, _ENDS = 8, 3


@dataclass(frozen=True, kw_only=True)
class ClassTable:
    """``rows`` of cells below ``columns``, and a ``note`` on the classes that are left out, or ""."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def class_table(minimizer: Minimizer, size: Array) -> ClassTable | None:
    """The classes; None where all means are zero, where they are alike and many or without names, or where they are one
    choice of several.

    ``size`` (K,) are the lengths of the means.  Many classes are represented by those with fewest and most samples, or
    where all have as many by those with the shortest and longest means.
    """
    problem = minimizer.problem
    counts, names = problem.counts.array, problem.class_names
    alike = problem.counts.balanced and float(np.ptp(size)) <= 1e-12 * float(size.max())
    if minimizer.ties or not size.any() or (alike and (names is None or problem.classes > _ALL)):
        return None
    chosen: Index = np.arange(problem.classes)
    if problem.classes > _ALL:
        # Lengths that differ by rounding are one.
        order = np.argsort(np.round(size / size.max(), 12) if problem.counts.balanced else counts, kind="stable")
        chosen = np.concatenate((order[: _ENDS], order[-_ENDS:]))
    rows = tuple(
        (str(k) if names is None else names[k], str(counts[k]), number(float(size[k])) if size[k] else "zero")
        for k in chosen.tolist()
    )
    note = ""
    if problem.classes > _ALL:
        dead = int(np.count_nonzero(size == 0.0))
        by = "length of the mean" if problem.counts.balanced else "number of samples"
        note = f"the {_ENDS} lowest and the {_ENDS} highest of {problem.classes} classes by {by}" + (
            f"; {dead} class means are zero" if dead > 1 else "; one class mean is zero" if dead else ""
        )
    return ClassTable(columns=("class", "samples", "length of the mean"), rows=rows, note=note)
