"""The samples of a run: the first of each class, in the order of the file, scaled."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments._problem import counts_of
from experiments._reading import DataError, Samples, read_digits, read_folder, read_idx, read_keel, read_npz
from experiments._run import Run

__all__ = ["FILES", "Data", "DataError", "data_folder", "load"]

# What each fetched data set consists of, in a folder of its name.
FILES = {
    "mnist": (
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ),
    "fashion-mnist": ("images-idx3-ubyte", "labels-idx1-ubyte"),
    "letter": ("letter.dat",),
}

# Squares of what is below this don't overflow, and of no data is it the size.
_LARGEST = 1e100


@dataclass(frozen=True)
class Data:
    """Samples x (N, *shape) and their classes y (N,), numbers from 0 to ``classes`` - 1; one class after the other."""

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: int


def load(name: str, *, per_class: int, imbalance: float = 1.0) -> Data:
    """The first samples of each class: ``per_class`` of the first half, ``per_class`` / ``imbalance`` of the others.

    ``name`` is "digits" or a fetched data set ("mnist", "fashion-mnist", "letter"); or the path of one's own: an .npz
    file with arrays ``x`` and ``y``, or a folder with a subfolder of images for each class, "FOLDER@28" to resize them
    to 28 x 28.  Images have shape (c, h, w): the least and the largest value of all chosen samples become -1 and 1,
    then the mean of each pixel over them is subtracted.  Of vectors (d,) each entry gets mean 0 and variance 1 over the
    chosen samples.  A pixel or an entry that is the same in all of them becomes 0.

    Raises DataError, whose message is one line, for data that are not there, too few, or can't be used.
    """
    samples = _read(name)
    counts = counts_of(Run(data=name, per_class=per_class, imbalance=imbalance), len(samples.classes))
    chosen = []
    for label, (wanted, called) in enumerate(zip(counts, samples.classes, strict=True)):
        there = np.flatnonzero(samples.labels == label)
        if len(there) < wanted:
            raise DataError(
                f"{name}: {wanted} samples of class {called!r}; there are {len(there)}; lower per_class"
                f"{' or raise imbalance' if 2 * label >= len(counts) else ''}"
            )
        chosen.append(there[:wanted])
    indices = np.concatenate(chosen)
    raw = np.asarray(samples.take(indices), np.float64)
    if not np.all(usable := np.abs(raw) <= _LARGEST):
        raise DataError(
            f"{name}: all values are finite, and at most {_LARGEST:g} in size; got {raw[~usable][0]}; leave out such"
            " samples"
        )
    return Data(name, _scaled(raw).astype(np.float32), samples.labels[indices], len(counts))


def data_folder() -> Path:
    """Where fetched data lie: NCSOLVE_EXPERIMENTS_DATA, or ncsolve-experiments in the cache folder of the user."""
    given = os.environ.get("NCSOLVE_EXPERIMENTS_DATA")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "ncsolve-experiments"


def _read(name: str) -> Samples:
    if name == "digits":
        return read_digits()
    if name in FILES:
        files = [data_folder() / name / file for file in FILES[name]]
        if not all(file.is_file() for file in files):
            raise DataError(f"{name} is not in {data_folder()}; python -m experiments.fetch {name}")
        return read_keel(files[0]) if name == "letter" else read_idx(list(zip(files[::2], files[1::2], strict=True)))
    if Path(name).is_file() and name.endswith(".npz"):
        return read_npz(Path(name))
    folder, at, size = name.rpartition("@")
    if not Path(name).is_dir() and at and size.isdecimal() and int(size) > 0 and Path(folder).is_dir():
        return read_folder(Path(folder), int(size))
    if Path(name).is_dir():
        return read_folder(Path(name), None)
    raise DataError(
        f"data are digits, {', '.join(FILES)}, an .npz file or a folder of images (FOLDER@SIZE to resize them);"
        f" got {name!r}"
    )


def _scaled(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors or images with mean 0; what is constant is exactly 0, without the rounding errors of its mean."""
    constant = np.ptp(raw, axis=0) == 0
    centred = np.where(constant, 0.0, raw - raw.mean(0))
    if raw.ndim == 2:
        return np.asarray(centred / np.where(constant, 1.0, centred.std(0)))
    return np.asarray(centred * 2.0 / (np.ptp(raw) or 1.0))
