"""The file of a trajectory: a column for each number of a measurement, and the settings that all records share."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array
from ncsolve._files.json_text import json_text
from ncsolve._files.open_input import open_file
from ncsolve._files.write_whole import check_free, checked_path, write_whole
from ncsolve._measure.cosines import spread_of
from ncsolve._measure.measurement import Measurement
from ncsolve._measure.metrics import measured_nc
from ncsolve.encodings import Encoding
from ncsolve.errors import FileError, ProblemError, shown

__all__ = [
    "COLUMNS", "check_settings", "check_trajectory_output", "columns_of", "read_trajectory", "record_of", "settings_of",
    "write_trajectory",
]

_FORMAT = "ncsolve.trajectory.npz/1"
COLUMNS = (
    "step", "loss", "minimum", "gap", "relative_gap", "fit", "bias", "dual", "feature", "within", "stationarity",
    "mean_cosine", "min_cosine", "max_cosine", "predicted_mean_cosine", "nc1", "nc2_simplex", "nc2_orthogonal", "nc3",
    "cdnv", "accuracy", "lambda_h",
)


def record_of(step: int, found: Measurement) -> Array:
    """The row (columns,) of a measurement in the order of ``COLUMNS``; NaN where there is no such number."""
    nc, cosines = measured_nc(found.head, nc4=False), spread_of(found.cosines) or {}
    values = {} if found.parts is None else asdict(found.parts)
    values |= {
        "step": step, "loss": found.loss, "minimum": found.minimum, "gap": found.gap,
        "relative_gap": found.relative_gap, "stationarity": found.stationarity, "lambda_h": found.lambda_h,
        "mean_cosine": cosines.get("mean"), "min_cosine": cosines.get("min"), "max_cosine": cosines.get("max"),
        "predicted_mean_cosine": None if found.predicted.cosines is None else found.predicted.cosines.mean,
        "nc1": nc.nc1, "nc2_simplex": nc.nc2_simplex, "nc2_orthogonal": nc.nc2_orthogonal, "nc3": nc.nc3,
        "cdnv": found.head.statistics.cdnv, "accuracy": found.head.accuracy,
    }
    return np.array([values.get(name) for name in COLUMNS], dtype=np.float64)  # None is NaN


def columns_of(table: Array) -> dict[str, NDArray[Any]]:
    """Arrays by name, of a table (columns, records); steps are whole numbers."""
    found: dict[str, NDArray[Any]] = dict(zip(COLUMNS, table.copy(), strict=True))
    found["step"] = found["step"].astype(np.int64)
    return found


def settings_of(
    found: Measurement, codes: Encoding, lambdas: dict[str, object], *, convention: str, samples: int | None, bn: str,
    head: str, every: int,
) -> dict[str, object]:
    """What all records of a file share, of the first of them and what it was measured with; the lambdas as given."""
    problem, statistics = found.problem, found.head.statistics
    return {
        "encoding": codes.name, "codes": _digest(codes.matrix), "classes": codes.classes,
        **{name: _plain(value) for name, value in lambdas.items()}, "convention": convention,
        "features": problem.features, "loss": problem.loss, "counts": statistics.counts.tolist(),
        "samples": None if samples is None else int(samples), "scatter": statistics.scatter, "bn": bn, "head": head,
        "dim": statistics.dim, "every": every,
    }


def check_settings(path: Path, known: dict[str, object], own: dict[str, object]) -> None:
    """That a file was recorded with the same settings.  Raises ProblemError, which names those that are others."""
    apart = ", ".join(
        f"{name} (there {shown(known.get(name))}, here {shown(value)})" for name, value in own.items()
        if known.get(name) != value
    )
    if apart:
        raise ProblemError(
            f"{path} must be of the same problem and settings; got another {apart}: resume with those, or record to "
            "another file"
        )


def check_trajectory_output(path: str | Path, *, force: bool) -> Path:
    """The path of a trajectory, checked before the training begins.  Raises FileError."""
    path = checked_path(path)
    if path.suffix.lower() != ".npz":
        raise FileError(f"{path}: a trajectory is saved as .npz; name the file so")
    return check_free(path, force=force)


def write_trajectory(path: Path, table: Array, settings: dict[str, object], *, force: bool) -> None:
    """Write a table (columns, records), whole or not at all.  Raises FileError."""
    arrays = columns_of(table) | {"format": np.array(_FORMAT), "settings": np.array(json_text(settings, indent=None))}
    write_whole(path, lambda stream: np.savez(stream, allow_pickle=False, **arrays), force=force)


def read_trajectory(path: str | Path) -> tuple[Array, dict[str, object]]:
    """The table (columns, records) and the settings of a file.  Raises FileError."""
    path = checked_path(path)
    try:
        with open_file(path) as stream, np.load(stream, allow_pickle=False) as data:
            if str(data["format"]) != _FORMAT:
                raise FileError(f"{path}: expected the format {_FORMAT}; got {shown(str(data['format']))}")
            arrays, settings = [data[name] for name in COLUMNS], json.loads(str(data["settings"]))
    except FileError:
        raise
    except Exception:  # damaged archives raise errors of many kinds
        raise FileError(f"{path}: is not a trajectory that ncsolve recorded; name another file") from None
    if not isinstance(settings, dict) or any(
        array.ndim != 1 or array.shape != arrays[0].shape or array.dtype.kind != kind
        for array, kind in zip(arrays, "i" + "f" * len(arrays), strict=False)
    ) or (np.diff(arrays[0], prepend=-1) <= 0).any():
        raise FileError(f"{path}: its arrays do not fit each other; the file was changed, name another one")
    return np.array(arrays, dtype=np.float64), settings


def _digest(codes: Array) -> str:
    """Of codes to the digits that all versions of numpy agree on; 0.0 is added for the sign of zero."""
    return hashlib.sha256((np.round(codes, 9) + 0.0).tobytes()).hexdigest()


def _plain(value: object) -> object:
    """A lambda as JSON has it."""
    if value is None or isinstance(value, str):
        return value
    number = float(np.asarray(value).item())  # also of a list of one, as of one layer
    return "inf" if math.isinf(number) else number
