"""Minimizers in .npz files."""

from __future__ import annotations

import math
import os
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ncsolve._arrays import Array
from ncsolve._documents.model_part import model_part
from ncsolve._files.open_input import open_file
from ncsolve._files.write_whole import check_free, checked_path, write_whole
from ncsolve._frames.layered import FactoredFrame
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._problem.model_spec import ModelSpec
from ncsolve._problem.objective import objective
from ncsolve._problem.ufm import UFM
from ncsolve.encodings import from_array
from ncsolve.errors import FileError, ProblemError, shown

__all__ = ["check_minimizer_output", "load", "save"]

_FORMAT = "ncsolve.minimizer.npz/1"
# Two correct solutions differ by rounding only; the loss is known to about 1e-14.
_AGREE = 1e-10
# ``save`` does not compress, so its files are as large as their arrays; of others no more than this is unpacked.
_MOST_UNPACKED = 1 << 26
_READ_HEADER = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
# Larger numbers than any minimizer has; their squares and products are floats still.
_MOST = 1e100


def check_minimizer_output(path: str | Path, *, force: bool = False) -> Path:
    """The path of a minimizer, checked before the work begins.  Raises FileError."""
    path = checked_path(path)
    if path.suffix.lower() != ".npz":
        raise FileError(f"{path}: a minimizer is saved as .npz; name the file so")
    return check_free(path, force=force)


def save(minimizer: Minimizer, path: str | Path, *, force: bool = False) -> None:
    """See Minimizer.save."""
    problem = minimizer.problem
    path = check_minimizer_output(path, force=force)
    arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "format": np.array(_FORMAT), "W": minimizer.W, "class_means": minimizer.class_means, "bias": minimizer.bias,
        "encoding": problem.encoding.matrix, "encoding_name": np.array(problem.encoding.name),
        "counts": problem.counts.array, "lambda_w": np.array(problem.lambda_w), "lambda_h": np.array(problem.lambda_h),
        "lambda_b": np.array(problem.lambda_b), "dim": np.array(minimizer.dim), "loss": np.array(minimizer.loss),
        "class_names": np.array(problem.class_names or [], dtype=np.str_),
    }
    if problem.spec != ModelSpec(dim=problem.dim):
        part = model_part(problem, problem.lambda_w_layers)
        arrays |= {name: np.array(part[name]) for name in ("loss_function", "features", "lambda_w_layers")}
        for number, layer in enumerate(minimizer.layers, start=1):
            arrays[f"W_{number}"] = layer
    write_whole(path, lambda stream: np.savez(stream, **arrays), force=force)  # type: ignore[arg-type]


def _checked_archive(stream: BinaryIO, path: Path) -> np.lib.npyio.NpzFile:
    """The arrays of a file, none of which has been read; what they would fill was compared with what there is."""
    with zipfile.ZipFile(stream) as archive:
        sizes = {member: member.file_size for member in archive.infolist()}
        most = max(os.fstat(stream.fileno()).st_size, _MOST_UNPACKED)
        if sum(sizes.values()) > most:
            raise FileError(
                f"{path}: its arrays may have {most >> 20} MiB in all, and they have {sum(sizes.values()) >> 20}; it "
                "was compressed by another program, solve the problem again"
            )
        for member, size in sizes.items():
            with archive.open(member) as head:
                shape, _, kind = _READ_HEADER[np.lib.format.read_magic(head)](head)
            if math.prod(shape) * kind.itemsize > size:
                raise ValueError
    stream.seek(0)
    return np.load(stream, allow_pickle=False)  # type: ignore[no-any-return]


def load(path: str | Path) -> Minimizer:
    """See Minimizer.load."""
    path = checked_path(path)
    try:
        with open_file(path) as stream, _checked_archive(stream, path) as data:
            if str(data["format"]) != _FORMAT:
                raise FileError(f"{path}: expected the format {_FORMAT}; got {shown(str(data['format']))}")
            names = data["class_names"].tolist()
            # Absent in files of the paper's model.
            layers = data["lambda_w_layers"].tolist() if "lambda_w_layers" in data else []
            problem = UFM(
                encoding=from_array(data["encoding"], name=str(data["encoding_name"])), counts=data["counts"],
                lambda_w=layers if len(layers) > 1 else float(data["lambda_w"]), lambda_h=float(data["lambda_h"]),
                lambda_b=float(data["lambda_b"]), dim=int(data["dim"]), class_names=names or None,
                features=str(data["features"]) if "features" in data else ModelSpec.features, depth=max(len(layers), 1),
                loss=str(data["loss_function"]) if "loss_function" in data else ModelSpec.loss,
            )
            w, h, b = data["W"], data["class_means"], data["bias"]
            stack = tuple(data[f"W_{number}"] for number in range(1, len(layers) + 1)) or (w,)
    except FileError:
        raise
    except Exception:  # damaged archives raise errors of many kinds
        raise FileError(f"{path}: is not a minimizer saved by ncsolve; save it again") from None
    if not all(array.dtype.kind == "f" and (np.abs(array) < _MOST).all() for array in (*stack, w, h, b)):
        raise FileError(
            f"{path}: its arrays must be finite floats, below {_MOST:g}; the file was changed, solve the problem again"
        )
    minimizer = solve(problem)
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers that are no minimizer
        return _compared(path, minimizer, w, stack, h, b)


def _compared(path: Path, minimizer: Minimizer, w: Array, stack: tuple[Array, ...], h: Array, b: Array) -> Minimizer:
    """The minimizer, if the arrays of the file are one.  Raises FileError."""
    problem = minimizer.problem
    try:
        loss = objective(problem, _head(stack), h, b)
    except ProblemError as error:
        raise FileError(f"{path}: its arrays do not fit its problem ({error}); solve the problem again") from None
    point = FactoredFrame(
        problem=problem, choice=minimizer.choice, stack=stack, means=h, bias=b, values=minimizer.singular_values
    )
    slope = point.gradient()
    size = max(slope.scale_square, float(np.linalg.norm(problem.encoding.matrix)) ** 2)
    zero = objective(problem, _head(tuple(0 * layer for layer in stack)), 0 * h, 0 * b)
    # The loss alone would leave errors of half the digits unseen; ``zero`` is the size of the terms it is made of.
    known = abs(loss - minimizer.loss) <= _AGREE * zero and slope.square <= _AGREE**2 * size
    if not (known and w.shape == point.product.shape and np.allclose(w, point.product, rtol=1e-12, atol=1e-300)):
        raise FileError(
            f"{path}: its arrays are not the minimizer of its problem: their loss is {loss:.12g}, the minimum "
            f"{minimizer.loss:.12g}, their gradient {math.sqrt(slope.square):.1e}; the file was changed, solve the "
            "problem again"
        )
    return minimizer


def _head(stack: tuple[Array, ...]) -> Array | tuple[Array, ...]:
    """As ``objective`` takes it: the matrix W, or the layers of a deep head."""
    return stack[0] if len(stack) == 1 else stack
