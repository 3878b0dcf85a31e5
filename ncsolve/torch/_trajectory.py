"""The file of a trajectory: a column for each number of a measurement, and the settings that all records share."""

from __future__ import annotations

import io
import json
import zipfile
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
from ncsolve.errors import FileError, shown

__all__ = ["COLUMNS", "check_trajectory_output", "columns_of", "read_trajectory", "record_of", "write_trajectory"]

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


def check_trajectory_output(path: str | Path, *, force: bool) -> Path:
    """The path of a trajectory, checked before the training begins.  Raises FileError."""
    path = checked_path(path)
    if path.suffix.lower() != ".npz":
        raise FileError(f"{path}: a trajectory is saved as .npz; name the file so")
    return check_free(path, force=force)


def write_trajectory(path: Path, table: Array, settings: dict[str, object], *, force: bool) -> None:
    """Write a table (columns, records), whole or not at all.  Raises FileError."""
    arrays = columns_of(table) | {"format": np.array(_FORMAT), "settings": np.array(json_text(settings, indent=None))}
    archive, headers = io.BytesIO(), dict[str, bytes]()
    with zipfile.ZipFile(archive, "w") as members:  # what numpy.savez does in twice the time: 20 headers are alike
        for name, array in arrays.items():
            kind = f"{array.dtype.str} {array.shape}"
            if kind not in headers:
                headers[kind] = _header(array)
            members.writestr(zipfile.ZipInfo(f"{name}.npy"), headers[kind] + array.tobytes())
    write_whole(path, lambda stream: stream.write(archive.getbuffer()), force=force)


def _header(array: NDArray[Any]) -> bytes:
    """How an array begins in a .npy file."""
    found = io.BytesIO()
    np.lib.format.write_array_header_1_0(found, np.lib.format.header_data_from_array_1_0(array))
    return found.getvalue()


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
