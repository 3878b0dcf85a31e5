"""Arrays from .npy and .npz files, whose size is known before they are read, and the labels in them."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from ncsolve._files.reading.kinds import MOST_BYTES
from ncsolve._files.reading.numerals import missing_in
from ncsolve.errors import FileError

__all__ = ["count_entries", "one_array", "spelled", "spelled_entries"]

_SHOWN = 12
_FIXED = (1e-20, 1e22)  # floats between are written without an exponent


def one_array(name: str, kind: str, data: bytes) -> NDArray[np.generic]:
    """The array of a .npy file, or the only one of a .npz file.  Raises FileError."""
    return _npy(name, data) if kind == ".npy" else _npy(name, _only_member(name, data))


def _only_member(name: str, data: bytes) -> bytes:
    try:
        with ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) != 1:
                held = ", ".join(member.filename.removesuffix(".npy") for member in members[:_SHOWN])
                raise FileError(f"{name}: must hold one array; it holds {len(members)} ({held}), save one with "
                                "numpy.save")
            if members[0].file_size > MOST_BYTES:
                raise FileError(f"{name}: the array may have at most {MOST_BYTES >> 20} MiB; it has "
                                f"{members[0].file_size >> 20} MiB, save a part of it")
            with archive.open(members[0]) as stream:  # a size that the index does not tell ends here as well
                return stream.read(MOST_BYTES + 1)
    except FileError:
        raise
    except (BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, MemoryError):
        raise FileError(f"{name}: is not a .npz file; save the array again with numpy.save") from None
    except Exception:  # zlib's own error, which has no public base
        raise FileError(f"{name}: is not a .npz file; save the array again with numpy.save") from None


def _npy(name: str, data: bytes) -> NDArray[np.generic]:
    bad = FileError(f"{name}: is not a .npy file of numbers or strings; save it again with numpy.save")
    try:
        stream = BytesIO(data)
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(stream)
    except Exception:  # numpy's parser of damaged headers raises errors of many kinds
        raise bad from None
    if dtype.hasobject:
        raise FileError(
            f"{name}: holds Python objects; save plain text or numbers, as in numpy.save(file, labels.astype(str))"
        )
    if int(np.prod(shape, dtype=object)) * dtype.itemsize != len(data) - stream.tell():  # before anything is allocated
        raise bad
    try:
        array = np.load(BytesIO(data), allow_pickle=False)
    except Exception:
        raise bad from None
    return np.asarray(array)


def count_entries(name: str, array: NDArray[np.generic]) -> tuple[Counter[str], str]:
    """How often each label of an array occurs, and what was read in words.

    Labels are whole numbers, floats, booleans, text or bytes, of shape (N,) or (N, 1), or a one-hot matrix (N, K).
    Raises FileError for other shapes and types, and for missing labels, with the entry.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.reshape(-1)
    if array.size == 0:
        raise FileError(f"{name}: the file holds no labels; save one label a sample")
    if array.ndim == 2 and array.dtype.kind in "iufb":
        return _one_hot(name, array)
    if array.ndim != 1:
        raise FileError(
            f"{name}: labels must have the shape (N,), (N, 1) or one-hot (N, K); got {array.shape} of {array.dtype}, "
            "use ravel() or, for one score per class, argmax(axis=1)"
        )
    if array.dtype.kind not in "iufbUS":
        raise FileError(
            f"{name}: labels must be numbers or text; got {array.dtype}, save them with numpy.save(file, "
            "labels.astype(str))"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        entry = int(np.argmin(np.isfinite(array)))
        raise FileError(f"{name}, entry {entry} (counted from 0): the label is {array[entry]}; every sample needs one, "
                        "drop those without")
    values, times = np.unique(array, return_counts=True)
    found: Counter[str] = Counter()
    for value, count in zip(values, times.tolist(), strict=True):
        found[spelled(name, value)] += count
    _refuse_missing(name, found, array)
    return found, "an array"


def spelled_entries(name: str, array: NDArray[np.generic]) -> list[str]:
    """The labels of an array that ``count_entries`` took, in their order, spelled as there."""
    if array.ndim == 2 and array.shape[1] > 1:
        return [str(k) for k in np.argmax(array == 1, axis=1).tolist()]
    values, which = np.unique(array.reshape(-1), return_inverse=True)
    texts = [spelled(name, value) for value in values]
    return [texts[k] for k in which.reshape(-1).tolist()]


def _refuse_missing(name: str, found: Counter[str], array: NDArray[np.generic]) -> None:
    missing = missing_in(found)
    if missing and array.dtype.kind in "US":
        entry = next(i for i, value in enumerate(array) if spelled(name, value) in missing)
        raise FileError(
            f"{name}, entry {entry} (counted from 0): the label is missing ({spelled(name, array[entry])!r}); every "
            "sample needs one, drop those without or rename the class"
        )


def spelled(name: str, value: object) -> str:
    """A label as text; whole floats as whole numbers, floats of very many digits as they are printed.

    Raises FileError for bytes that are no text.
    """
    if isinstance(value, bytes):
        try:
            return value.decode().strip()
        except UnicodeDecodeError:
            raise FileError(f"{name}: the label {value[:40]!r} is not text in UTF-8; decode the labels first") from None
    if isinstance(value, (float, np.floating)):
        if value != 0 and not _FIXED[0] < abs(float(value)) < _FIXED[1]:
            return np.format_float_scientific(value, trim="-")
        return str(int(value)) if value == np.floor(value) else np.format_float_positional(value, trim="-")
    return str(value).strip()


def _one_hot(name: str, array: NDArray[np.generic]) -> tuple[Counter[str], str]:
    on = array == 1
    if not ((on | (array == 0)).all() and (on.sum(axis=1) == 1).all()):
        remedy = "labels in one row use ravel()" if len(array) == 1 else "one score per class use argmax(axis=1)"
        raise FileError(
            f"{name}: an array of labels with {array.shape[1]} columns must be one-hot, a single 1 in each row; for "
            f"{remedy}"
        )
    times = on.sum(axis=0).tolist()
    if 0 in times:
        raise FileError(f"{name}: class {times.index(0)} has no sample (column {times.index(0)} of the one-hot array "
                        f"is zero); drop the column{', or use ravel() for labels in one row' * (len(array) == 1)}")
    return Counter({str(k): n for k, n in enumerate(times)}), f"a one-hot array with {len(times)} columns"
