"""Features in files: .npz and .parquet with their labels, and .npy, which is read through the memory of the system."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from ncsolve._files.open_input import open_file, shown_name
from ncsolve._files.reading.arrays import count_entries, spelled_entries
from ncsolve._files.reading.parquet import label_column, parquet_labels
from ncsolve._files.reading.sequence import LabelSequence
from ncsolve._files.write_whole import checked_path
from ncsolve.errors import FileError, MissingPackageError

__all__ = ["Shard", "check_once", "find_shards"]

_ENDINGS = (".npz", ".npy", ".parquet")
# Rows of a parquet file that are in memory at a time, and entries of an array that are handed on at a time.
_ROWS, _ENTRIES = 1 << 16, 1 << 23
_SHOWN = 12
_LABEL = "label"


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A file of features (``rows``, ``dim``); ``column`` is the column of a parquet file that holds the labels."""

    path: Path
    rows: int
    dim: int
    column: str | None = None

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return shown_name(self.path.name)

    def batches(self) -> Iterator[tuple[int, Any]]:
        """The number of the first row, and features (n, d), a part of the file at a time."""
        if self.path.suffix.lower() == ".parquet":
            yield from self._table()
            return
        array = _features(self.path)
        rows = max(1, _ENTRIES // max(self.dim, 1))
        for start in range(0, self.rows, rows):
            yield start, array[start : start + rows]

    def _table(self) -> Iterator[tuple[int, Any]]:
        file, start = _parquet(self.path), 0
        chosen = _feature_columns(self.path, file, self.column)
        for batch in file.iter_batches(batch_size=_ROWS, columns=chosen):
            held = [batch.column(batch.schema.get_field_index(name)).to_numpy(zero_copy_only=False) for name in chosen]
            yield start, np.column_stack(held)
            start += batch.num_rows

    def labels(self) -> LabelSequence | None:
        """The labels that the file has itself.  Raises FileError."""
        name = shown_name(self.path)
        ending = self.path.suffix.lower()
        if ending == ".parquet":
            if self.column is None:
                return None
            parquet_labels(name, str(self.path), self.column)
            return LabelSequence.of(label_column(name, str(self.path), self.column))
        if ending == ".npy":
            return None
        array = _member(self.path, "labels")
        if array is None:
            return None
        count_entries(name, array)  # refuses what is no label
        found = LabelSequence.of(spelled_entries(name, array))
        if found.samples != self.rows:
            raise FileError(f"{name}: every row of features needs a label; got {found.samples} labels for {self.rows} "
                            "rows, save both of the same samples")
        return found

    def head(self) -> dict[str, Any]:
        """W and b, if the file has them."""
        return self.held("W", "b")

    def held(self, *keys: str) -> dict[str, Any]:
        """Those of the named arrays that the file has."""
        if self.path.suffix.lower() != ".npz":
            return {}
        held = {key: _member(self.path, key) for key in keys}
        return {key: array for key, array in held.items() if array is not None}


def find_shards(paths: Sequence[str | Path], *, column: str | None = None, labelled: bool = False) -> list[Shard]:
    """The files, and those in folders in the order of their names, numbers in which count as numbers.

    ``column`` is the labels' column of parquet files; ``labelled`` says that labels come from elsewhere.  Raises
    FileError for another kind of file, folders without files or with several kinds, and features of several dimensions.
    """
    files = [file for path in paths for file in _files(checked_path(path))]
    check_once(files)
    shards = [_shard(file, column, labelled) for file in files]
    for shard in shards[1:]:
        if shard.dim != shards[0].dim:
            raise FileError(f"{shard.name}: features of one layer have one dimension; got {shard.dim}, and "
                            f"{shards[0].dim} in {shards[0].name}, measure the layers apart")
    if column is not None and not any(file.suffix.lower() == ".parquet" for file in files):
        raise FileError("--label-column is about .parquet files and the file of --labels; got neither, drop it")
    return shards


def check_once(files: Sequence[str | Path]) -> None:
    """FileError for a file that is named twice, by whatever way: its samples would count twice."""
    seen: set[str] = set()
    for file in files:
        place = os.path.realpath(file)
        if place in seen:
            raise FileError(f"{shown_name(file)}: is named twice, and its samples would count twice; name it once")
        seen.add(place)


def _files(path: Path) -> list[Path]:
    if any(mark in path.name for mark in "*?[") and not path.exists():  # in quotes, or in a shell that has no patterns
        found = sorted(path.parent.glob(path.name), key=_natural)
        if not found:
            raise FileError(f"{shown_name(path)}: no file has such a name; name one, or a folder")
        return found
    if not path.is_dir():
        return [path]
    found = [file for file in path.iterdir() if file.suffix.lower() in _ENDINGS and not file.name.startswith(".")]
    kinds = sorted({file.suffix.lower() for file in found})
    if len(kinds) != 1:
        got = f"files of several kinds ({', '.join(kinds)}), name one as in FOLDER/*{kinds[0]}" if kinds else "none"
        raise FileError(f"{shown_name(path)}: a folder of features holds files {', '.join(_ENDINGS)}; got {got}"
                        + ("" if kinds else ", name another folder"))
    return sorted(found, key=_natural)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """part-2 before part-10."""
    return [(0, int(word), "") if word.isdecimal() else (1, 0, word) for word in re.split(r"(\d+)", path.name)]


def _shard(path: Path, column: str | None, labelled: bool) -> Shard:
    name, ending = shown_name(path), path.suffix.lower()
    if ending not in _ENDINGS:
        raise FileError(f"{name}: unknown file ending {ending!r}; features come in {', '.join(_ENDINGS)}")
    if ending == ".parquet":
        file = _parquet(path)
        names = file.schema_arrow.names
        own = column or _LABEL
        has = own in names or (column is not None and column.isdigit() and int(column) < len(names))
        if not has and column is not None:
            raise FileError(f"{name}: there is no column {column!r}; choose one of {', '.join(names[:_SHOWN])}")
        if not has and not labelled:
            raise FileError(f"{name}: there is no column 'label'; choose one of {', '.join(names[:_SHOWN])} with "
                            "--label-column, or name a file of labels with --labels")
        own = names[int(own)] if has and own not in names else own
        dim = len(_feature_columns(path, file, own if has else None))
        return Shard(path=path, rows=file.metadata.num_rows, dim=dim, column=own if has else None)
    shape, kind = _shape(path, ending)
    if len(shape) != 2 or 0 in shape:
        raise FileError(f"{name}: features must be (n, d), a row for every sample; got shape {shape}, save them so"
                        + (" (a file of labels goes with --labels)" if len(shape) == 1 else ""))
    if kind not in "iufb":
        raise FileError(f"{name}: features must be real numbers; got another type, save them with astype('float32')")
    return Shard(path=path, rows=shape[0], dim=shape[1])


def _feature_columns(path: Path, file: Any, own: str | None) -> list[str]:
    import pyarrow

    kinds = pyarrow.types
    real = (kinds.is_integer, kinds.is_floating, kinds.is_boolean)
    nested = next((field for field in file.schema_arrow if field.name != own and kinds.is_nested(field.type)), None)
    if nested is not None:
        raise FileError(f"{shown_name(path)}: features have a column for every dimension; the column {nested.name!r} "
                        f"holds {nested.type}, write its entries as columns, or drop it")
    found = [field.name for field in file.schema_arrow
             if field.name != own and not field.name.startswith("__index_level_")
             and any(test(field.type) for test in real)]
    if not found:
        raise FileError(f"{shown_name(path)}: has no column of numbers beside the labels; save a column for every "
                        "dimension of the features")
    return found


def _parquet(path: Path) -> Any:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingPackageError("reading .parquet files", "pyarrow", "ncsolve[tables]") from None
    with open_file(path):
        pass  # refuses what is no file
    try:
        return parquet.ParquetFile(str(path))
    except (pyarrow.ArrowException, OSError, ValueError):
        raise FileError(f"{shown_name(path)}: is not a .parquet file that can be read; save it again") from None


def _shape(path: Path, ending: str) -> tuple[tuple[int, ...], str]:
    """Shape and kind of the features, from the header of the array alone."""
    name = shown_name(path)
    try:
        with open_file(path) as stream:
            if ending == ".npy":
                return _header(stream)
            with ZipFile(stream) as archive:
                held = [member.removesuffix(".npy") for member in archive.namelist()]
                if "features" not in held:
                    more = ", save them with numpy.savez(file, features=..., labels=...)"
                    if {"energies", "kept"} < set(held):
                        more = "; it is a saved statistic, which goes with --merge"
                    raise FileError(f"{name}: must hold an array 'features'; got "
                                    f"{', '.join(held[:_SHOWN]) or 'nothing'}{more}")
                with archive.open("features.npy") as member:
                    return _header(member)
    except FileError:
        raise
    except Exception:  # damaged archives and headers raise errors of many kinds
        raise FileError(f"{name}: is not a {ending} file of numbers; save it again with numpy") from None


def _header(stream: Any) -> tuple[tuple[int, ...], str]:
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)
    return shape, dtype.kind


def _features(path: Path) -> Any:
    if path.suffix.lower() == ".npz":
        return _member(path, "features")
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        raise FileError(f"{shown_name(path)}: is not a .npy file of numbers; save it again with numpy.save") from None


def _member(path: Path, key: str) -> Any:
    try:
        with open_file(path) as stream, np.load(stream, allow_pickle=False) as data:
            return data[key] if key in data.files else None
    except FileError:
        raise
    except Exception:
        raise FileError(f"{shown_name(path)}: the array {key!r} can't be read; save it again with numpy.savez, as "
                        "numbers or text") from None
