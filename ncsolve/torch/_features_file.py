"""Features with labels and last layer in a .npz file for ``ncsolve measure``, written as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from ncsolve._files.write_whole import write_whole

__all__ = ["write_features"]


def write_features(
    path: Path, blocks: Iterator[NDArray[Any]], *, shape: tuple[int, int], dtype: np.dtype[Any],
    others: Mapping[str, NDArray[Any]], force: bool,
) -> None:
    """Write the features (N, d), whose rows come in ``blocks``, and the ``others``; whole or not at all.

    Raises FileError.
    """

    def write(stream: BinaryIO) -> None:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        with ZipFile(stream, "w") as archive:
            with archive.open("features.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, header)
                for block in blocks:
                    member.write(np.ascontiguousarray(block, dtype=dtype).tobytes())
            for name, array in others.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)

    write_whole(path, write, force=force)
