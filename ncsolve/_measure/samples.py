"""Batches of features and labels, as they come from numpy, memory maps or tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array, Index
from ncsolve.checks.arrays import as_array, check_labels
from ncsolve.checks.measured import real_numbers
from ncsolve.errors import ProblemError, shown

__all__ = ["MOST", "blocks", "class_numbers"]

# Entries of a block in double precision: 8 MiB, so that what is done to it stays near the processor.
_BLOCK = 1 << 20
# Larger features have squares whose sums leave the range of floats.
MOST = 1e100


def class_numbers(labels: ArrayLike | Sequence[str], classes: int, names: tuple[str, ...] | None) -> Index:
    """Class numbers (n,) of labels, which are numbers from 0 or, where classes have names, these; or ProblemError."""
    array = as_array(labels)
    if names is None or array.ndim != 1 or array.dtype.kind not in "UO" or array.size == 0:
        return check_labels(labels, classes)
    number = {name: k for k, name in enumerate(names)}
    found, back = np.unique(array.astype(str), return_inverse=True)
    unknown = next((str(name) for name in found if str(name) not in number), None)
    if unknown is not None:
        raise ProblemError(f"labels must be names of the classes; got {shown(unknown)}, which is none of them")
    return np.array([number[str(name)] for name in found], dtype=np.intp)[back.reshape(-1)]


def blocks(
    features: ArrayLike, dim: int, samples: int, before: int, least: int = 1
) -> Iterator[tuple[slice, Array]]:
    """Rows of features (n, d) and what they are in double precision, a block at a time; each is the caller's own.

    A block has at least so many rows, where there are: a scatter of ``least`` rows is added to for each block.
    ``before`` samples came in earlier batches.  Raises ProblemError for a shape that does not fit, and for a row that
    is not finite.
    """
    raw = real_numbers(features, "features")
    if raw.ndim != 2 or raw.shape[1] != dim or raw.shape[0] != samples:
        turned = ", pass features.T" if raw.ndim == 2 and raw.shape == (dim, samples) else ""
        raise ProblemError(
            f"features must be (n, d) = ({samples}, {dim}), a row for every label; got {raw.shape}{turned}"
        )
    rows = max(1, _BLOCK // dim, least)
    for start in range(0, samples, rows):
        part = slice(start, start + rows)
        with np.errstate(over="ignore"):
            block = np.array(raw[part], dtype=np.float64)
        fine = np.abs(block) < MOST
        if not fine.all():
            row, column = (int(i) for i in np.argwhere(~fine)[0])
            earlier = f" ({before + start + row} with those of earlier batches)" if before else ""
            raise ProblemError(
                f"features must be finite and below {MOST:g}; got {block[row, column]:g} in row {start + row}"
                f"{earlier}, dimension {column}, leave that sample out"
            )
        yield part, block
