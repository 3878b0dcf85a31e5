"""Files of features that the workers of a Dask cluster read: a task a file, and states that are merged two and two."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncsolve._measure.dask import gather
from ncsolve._measure.inputs import gather as gather_here
from ncsolve._measure.shards import Shard
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.errors import FileError, MissingPackageError, shown

__all__ = ["SCHEDULERS", "gather_shards"]

# Those of Dask itself, on this machine; everything else is the address of one.
SCHEDULERS = ("threads", "processes", "synchronous")


def gather_shards(
    empty: FeatureStatistics, shards: Sequence[Shard], numbers: Sequence[NDArray[np.intp]], scheduler: str
) -> FeatureStatistics:
    """The statistic of all files, each read by a task where it runs; ``empty`` is one without samples.

    ``scheduler`` is one of ``SCHEDULERS``, or an address as tcp://HOST:8786, whose workers see the files by the same
    names.  Raises FileError for a scheduler that does not answer, and as ``gather``; MissingPackageError without Dask.
    """
    try:
        dask: Any = import_module("dask")
    except ImportError:
        raise MissingPackageError("reading files by Dask", "dask", "ncsolve[dask]") from None
    task = dask.delayed(_state_of, pure=False)
    states = [task(empty, shard, own) for shard, own in zip(shards, numbers, strict=True)]
    if scheduler in SCHEDULERS:
        with dask.config.set(scheduler=scheduler):
            return gather(states)
    with _client(scheduler) as client:
        return gather(states, client)


def _state_of(empty: FeatureStatistics, shard: Shard, numbers: NDArray[np.intp]) -> FeatureStatistics:
    """A new statistic, so that the task may run again where a worker was lost."""
    state = empty.merge(empty)
    gather_here(state, [shard], [numbers], lambda done, name: None)
    return state


def _client(address: str) -> Any:
    rule = f"--dask is {', '.join(SCHEDULERS)}, or the address of a scheduler as tcp://HOST:8786"
    if "://" not in address:
        raise FileError(f"{rule}; got {shown(address)}")
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise MissingPackageError("a scheduler elsewhere", "distributed", "distributed") from None
    try:
        return distributed.Client(address, timeout=10)
    except (OSError, ValueError):
        raise FileError(f"{rule}; none answers at {shown(address)}, start one with 'dask scheduler'") from None
