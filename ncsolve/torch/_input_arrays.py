"""Inputs and labels in one .npz file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncsolve._files.open_input import open_file, shown_name
from ncsolve.errors import FileError

__all__ = ["InputArrays"]

_INPUTS, _LABELS = ("x", "inputs", "images"), ("labels", "y")
_SHOWN = 12


class InputArrays:
    """Inputs (N, ...) and class numbers (N,) of a .npz file, in memory.

    ``inputs`` and ``labels`` are the names of the arrays where they have none of the usual ones.  ``transformed`` says
    that a transformation comes after; without one inputs are floating-point numbers.  Raises FileError.
    """

    unchanged = "as they are in the file"
    class_names: tuple[str, ...] | None = None

    def __init__(self, path: str, inputs: str | None, labels: str | None, *, transformed: bool) -> None:
        self._name = shown_name(path)
        try:
            with open_file(path) as stream, np.load(stream, allow_pickle=False) as data:
                held = data.files
                x, y = (data[self._chosen(held, *which)] for which in (
                    ("--inputs", inputs, _INPUTS), ("--labels", labels, _LABELS)))
        except FileError:
            raise
        except Exception:  # damaged archives and headers raise errors of many kinds
            raise FileError(f"{self._name}: is not a .npz file of numbers; save it again with numpy.savez") from None
        self._inputs = x.astype(x.dtype.newbyteorder("="), copy=False)
        self._check_inputs(transformed)
        self.labels = self._class_numbers(y)
        self.sentence = f"{self._name}: {len(x)} samples in {len(np.unique(self.labels))} classes"

    def __len__(self) -> int:
        return len(self._inputs)

    def place(self, i: int) -> str:
        """The number of the row."""
        return f"{self._name}, row {i}"

    def raw(self, i: int) -> Any:
        """The array of a sample."""
        return self._inputs[i]

    def tensor(self, i: int) -> Tensor:
        """The same as a tensor."""
        return torch.from_numpy(self._inputs[i])

    def _chosen(self, held: Sequence[str], option: str, name: str | None, usual: Sequence[str]) -> str:
        found = [one for one in (usual if name is None else (name,)) if one in held]
        if len(found) == 1:
            return found[0]
        what = "more than one" if found else "no"
        wanted = " or ".join(usual) if name is None else repr(name)
        raise FileError(f"{self._name}: has {what} array {wanted}, but {', '.join(held[:_SHOWN]) or 'none'}; name one "
                        f"with {option}, or save it there")

    def _check_inputs(self, transformed: bool) -> None:
        x = self._inputs
        if x.ndim < 2 or 0 in x.shape:
            raise FileError(f"{self._name}: inputs must be (N, ...), a row for every sample; got shape {x.shape}")
        if x.dtype.kind not in "iufb" or x.dtype.itemsize > 8:
            raise FileError(f"{self._name}: inputs must be real numbers; got {x.dtype}, save them with "
                            "astype('float32')")
        if x.dtype.kind != "f" and not transformed:
            raise FileError(
                f"{self._name}: inputs must be floating-point numbers, scaled as in training; got {x.dtype}, name a "
                "--transform that makes such a tensor of a row, as torch.as_tensor(x, dtype=torch.float32) / 255"
            )

    def _class_numbers(self, y: Any) -> Any:
        n = len(self._inputs)
        if y.ndim != 1 or y.dtype.kind not in "iu":
            remedy = "save y.argmax(1)" if y.ndim == 2 else "number the classes as the outputs of the head"
            raise FileError(f"{self._name}: labels must be class numbers (N,) from 0, in the order of the head's "
                            f"outputs; got shape {y.shape} of {y.dtype}, {remedy}")
        if len(y) != n:
            raise FileError(f"{self._name}: every row of inputs needs a label; got {len(y)} labels for {n} rows, save "
                            "both of the same samples")
        wrong = y < 0 if y.dtype.kind == "i" else y > np.iinfo(np.int64).max
        if wrong.any():
            i = int(np.argmax(wrong))
            raise FileError(f"{self._name}: labels must be class numbers from 0; got {y[i]} in row {i}, number the "
                            "classes as the outputs of the head, and leave out samples without a class")
        return y.astype(np.int64)
