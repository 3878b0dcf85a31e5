"""The statistic of features that lie in chunks on a cluster: Dask calls what ``FeatureStatistics`` does.

A task folds a block of chunks into a state of its own, and two states are merged into a third; nothing that a task was
given is changed, so that it may run again where a worker was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from ncsolve.checks.arrays import as_array
from ncsolve.errors import MissingPackageError, ProblemError

if TYPE_CHECKING:
    from ncsolve._measure.statistics import FeatureStatistics

__all__ = ["fold", "gather", "gather_chunks"]

# Of d x d doubles against rows of single precision: a task sends on at most half of what it read.
_ROWS_PER_DIMENSION = 4


def gather_chunks(
    make: Callable[[], FeatureStatistics], features: Any, labels: Any, client: Any | None = None
) -> FeatureStatistics:
    """All samples of a Dask array (N, d), with labels (N,), in a statistic as ``make`` makes it without samples.

    ``client`` computes it, or else the scheduler that Dask takes.  Raises ProblemError for arrays that do not fit, and
    whatever ``update`` refuses, with the row where its chunk begins; MissingPackageError without Dask.
    """
    dask = _dask()
    if not isinstance(features, dask.array.Array):
        raise ProblemError(
            f"features must be a Dask array; got {type(features).__name__}, pass others to FeatureStatistics.update"
        )
    x, y, dim = features, labels if isinstance(labels, dask.array.Array) else as_array(labels), make().dim
    if x.ndim != 2 or y.ndim != 1 or x.shape[1] != dim or x.shape[0] != y.shape[0]:
        unknown = any(size != size for size in (*x.shape, *y.shape))
        remedy = "call compute_chunk_sizes() on both" if unknown else "a row for every label"
        raise ProblemError(
            f"features must be (N, d) with d = {dim}, and labels (N,); got {x.shape} and {y.shape}, {remedy}"
        )
    x = x.rechunk({1: -1})
    sizes = x.chunks[0]
    y = dask.array.asarray(y, chunks=(sizes,)).rechunk((sizes,))
    rows, numbers = x.to_delayed().ravel().tolist(), y.to_delayed().ravel().tolist()
    task = dask.delayed(fold, pure=False)
    states = [
        task(make, rows[block], numbers[block], sum(sizes[: block.start]))
        for block in _blocks(sizes, _ROWS_PER_DIMENSION * dim)
    ]
    return gather(states, client)


def fold(
    make: Callable[[], FeatureStatistics], features: Iterable[ArrayLike], labels: Iterable[ArrayLike], start: int = 0
) -> FeatureStatistics:
    """A new statistic, of chunks of features and labels, of which the first is row ``start`` of all."""
    state = make()
    for x, y in zip(features, labels, strict=True):
        before = start + state.samples
        try:
            state.update(x, y)
        except ProblemError as failure:
            raise ProblemError(f"chunk from row {before} on: {failure}") from None
    return state


def gather(states: Sequence[Any], client: Any | None = None) -> FeatureStatistics:
    """Delayed statistics in one, merged two and two, by ``client`` or the scheduler that Dask takes."""
    dask = _dask()
    merge = dask.delayed(_merged, pure=False)
    while len(states) > 1:
        pairs = [merge(one, other) for one, other in zip(states[::2], states[1::2], strict=False)]
        states = [*pairs, *states[2 * len(pairs) :]]
    found: FeatureStatistics = dask.compute(states[0])[0] if client is None else client.compute(states[0]).result()
    return found


def _merged(one: FeatureStatistics, other: FeatureStatistics) -> FeatureStatistics:
    return one.merge(other)


def _blocks(sizes: Sequence[int], rows: int) -> Iterator[slice]:
    """Runs of chunks with at least so many rows together; the last may have fewer."""
    ends, held = [0], 0
    for i, size in enumerate(sizes, start=1):
        held += size
        if held >= rows or i == len(sizes):
            ends.append(i)
            held = 0
    return (slice(a, b) for a, b in pairwise(ends))


def _dask() -> Any:
    try:
        import dask.array
        import dask.delayed
    except ImportError:
        raise MissingPackageError("features in chunks", "dask", "ncsolve[dask]") from None
    return dask
