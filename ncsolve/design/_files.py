"""A designed encoding on disk."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ncsolve._files.check_output import check_output
from ncsolve._files.write_whole import write_whole
from ncsolve._problem.ufm import UFM
from ncsolve._text import one_line

__all__ = ["ENDINGS", "save_encoding"]

ENDINGS = (".csv", ".npy")


def save_encoding(path: str | Path, problem: UFM, *, force: bool = False) -> None:
    """Write E (m, K) with all digits, a row per output and a column per class."""
    path = check_output(path, ENDINGS, force=force)
    matrix = np.asarray(problem.encoding.matrix)

    def write(stream: BinaryIO) -> None:
        if path.suffix.lower() == ".npy":
            np.save(stream, matrix, allow_pickle=False)
            return
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n")
        text.write(
            f"# {one_line(problem.encoding.name)}: a row per output, a column per class; N = {problem.samples}, "
            f"lambda_w = {problem.lambda_w!r}, lambda_h = {problem.lambda_h!r}, lambda_b = {problem.lambda_b!r}\n"
        )
        for row in matrix.tolist():
            text.write(",".join(repr(value) for value in row) + "\n")
        text.flush()
        text.detach()

    write_whole(path, write, force=force)
