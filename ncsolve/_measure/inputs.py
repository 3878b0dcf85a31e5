"""From files of features to their statistic: labels in the order of the files, the head, and one pass over all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncsolve._files.reading.sequence import LabelSequence
from ncsolve._measure.head_file import HeadFile, named_head
from ncsolve._measure.shards import Shard
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.errors import FileError, ProblemError

__all__ = ["agreement", "gather", "head_in", "labels_in", "labels_split"]

# What a caller is told: rows done so far, and the file.
Tell = Callable[[int, str], None]


def labels_in(shards: Sequence[Shard]) -> list[LabelSequence]:
    """The labels that the files have themselves.  Raises FileError for a file without."""
    found = []
    for shard in shards:
        own = shard.labels()
        if own is None:
            more = "name a file of labels, in the order of the rows, with --labels"
            more += ", or save them as 'labels' beside the features" if shard.path.suffix.lower() == ".npz" else ""
            raise FileError(f"{shard.name}: has features without labels; {more}")
        found.append(own)
    return found


def labels_split(shards: Sequence[Shard], labels: LabelSequence, name: str) -> list[LabelSequence]:
    """The labels of a file of labels, which are in the order of the files and their rows.  Raises FileError."""
    ends = np.cumsum([shard.rows for shard in shards]).tolist()
    if labels.samples != ends[-1]:
        raise FileError(f"{name}: every row of features needs a label; got {labels.samples} labels for {ends[-1]} rows "
                        f"in {len(shards)} file{'s' * (len(shards) > 1)}, give both of the same samples")
    return [labels.part(start, stop) for start, stop in zip([0, *ends], ends, strict=False)]


def head_in(shards: Sequence[Shard]) -> HeadFile | None:
    """The last layer that the files of features have, None if none has one.  Raises FileError for two different."""
    found: HeadFile | None = None
    for shard in shards:
        held = shard.head()
        if "b" in held and "W" not in held:
            raise FileError(f"{shard.name}: has a bias b without W; save both, or give the head with --head")
        if not held:
            continue
        own = named_head(shard.name, held, None)
        if found is not None and not (np.array_equal(found.W, own.W) and _same(found.b, own.b)):
            raise FileError(f"{shard.name}: its head is another than that of the files before; measure the models "
                            "apart, or give one head with --head")
        found = found or own
    return found


def gather(
    statistics: FeatureStatistics, shards: Sequence[Shard], numbers: Sequence[NDArray[np.intp]], tell: Tell
) -> None:
    """Add all rows to a statistic.  Raises FileError, with the file and the row in it."""
    for shard, own, start, part, done in _parts(shards, numbers):
        try:
            statistics.update(part, own)
        except ProblemError as error:
            raise FileError(_where(shard, start, part, error)) from None
        tell(done, shard.name)


def agreement(statistics: FeatureStatistics, shards: Sequence[Shard], tell: Tell) -> float:
    """Share of the samples that the head decides as the class of the nearest class mean: NC4, in a second pass."""
    found = total = 0
    for shard in shards:
        for _, part in shard.batches():
            found += statistics.nearest_mean_agreement(part)
            total += len(part)
            tell(total, shard.name)
    return found / total


def _parts(
    shards: Sequence[Shard], numbers: Sequence[NDArray[np.intp]]
) -> Iterator[tuple[Shard, NDArray[np.intp], int, Any, int]]:
    done = 0
    for shard, own in zip(shards, numbers, strict=True):
        for start, part in shard.batches():
            done += len(part)
            yield shard, own[start : start + len(part)], start, part, done


def _where(shard: Shard, start: int, part: Any, error: ProblemError) -> str:
    block = np.asarray(part, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(block))
    if not bad.size:
        return f"{shard.name}: {error}"
    row, column = (int(i) for i in bad[0])
    return (f"{shard.name}: features must be finite; got {block[row, column]:g} in row {start + row}, dimension "
            f"{column}, leave that sample out")


def _same(a: Any, b: Any) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))
