"""What a model is given: samples in the order of their labels, read in batches by the threads that torch may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import torch
from torch import Tensor

from ncsolve._arrays import Index
from ncsolve.errors import FileError, shown
from ncsolve.torch._named_code import raised

__all__ = ["Batches", "Samples"]


class Samples(Protocol):
    """Samples of a folder or a file; the inputs are read when they are asked for."""

    labels: Index  # class numbers (N,)
    class_names: tuple[str, ...] | None
    sentence: str  # what was read
    unchanged: str  # what inputs are without a transformation

    def __len__(self) -> int:
        """N."""

    def place(self, i: int) -> str:
        """What sample i is called in errors."""

    def raw(self, i: int) -> Any:
        """What a transformation is given.  Raises FileError."""

    def tensor(self, i: int) -> Tensor:
        """The input without a transformation.  Raises FileError."""


class Batches:
    """A loader of (inputs, labels) that can be read again; ``dataset`` is what a probe counts the samples by.

    Inputs that are real numbers come in ``dtype``.  ``tell`` hears of every batch how many samples it has.
    """

    def __init__(
        self, dataset: Samples, *, transform: Callable[[Any], Any] | None, batch_size: int, dtype: torch.dtype,
        tell: Callable[[int], None],
    ) -> None:
        self.dataset = dataset
        self._transform = transform
        self._size = batch_size
        self._dtype = dtype
        self._tell = tell
        self._first: Tensor | None = None

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        labels = torch.from_numpy(self.dataset.labels)
        threads = torch.get_num_threads()
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(self.dataset), self._size):
                rows = range(start, min(start + self._size, len(self.dataset)))
                share = -(-len(rows) // threads)
                read = pool.map(self._several, [rows[k : k + share] for k in range(0, len(rows), share)])
                inputs = torch.stack(self._alike(rows, [tensor for part in read for tensor in part]))
                yield inputs.to(self._dtype) if inputs.is_floating_point() else inputs, labels[start : rows.stop]
                self._tell(len(rows))

    @property
    def sentence(self) -> str:
        """What the model was given."""
        made = self.dataset.unchanged if self._transform is None else "by --transform"
        if self._first is None:  # nothing was read yet
            return made
        kind = _name(self._first.dtype)
        if self._first.is_floating_point() and self._first.dtype != self._dtype:
            kind = f"{_name(self._dtype)} (as the model's parameters; they were {kind})"
        return f"{_shape(self._first)} a sample in {kind}, {made}"

    def _several(self, rows: range) -> list[Tensor]:
        return [self._one(i) for i in rows]

    def _one(self, i: int) -> Tensor:
        if self._transform is None:
            return self.dataset.tensor(i)
        raw = self.dataset.raw(i)
        try:
            found = self._transform(raw)
        except (Exception, SystemExit) as failure:
            raise FileError(f"{self.dataset.place(i)}: the transform raised {raised(failure)}; it is given "
                            f"a {type(raw).__name__} and returns the tensor of one sample") from None
        if not isinstance(found, Tensor):
            raise FileError(f"{self.dataset.place(i)}: the transform must return the tensor of one sample; got "
                            f"{shown(found)}, end it with torch.as_tensor or ToTensor()")
        return found

    def _alike(self, rows: range, tensors: list[Tensor]) -> list[Tensor]:
        first = self._first = tensors[0] if self._first is None else self._first
        for i, tensor in zip(rows, tensors, strict=True):
            if tensor.shape != first.shape or tensor.dtype != first.dtype:
                remedy = ("resize and crop the samples with --transform FILE.py:NAME" if self._transform is None
                          else "let the transform make them alike, as by resizing and cropping")
                raise FileError(
                    f"{self.dataset.place(i)}: inputs must have one shape and type; got {_shape(tensor)} in "
                    f"{_name(tensor.dtype)}, and {_shape(first)} in {_name(first.dtype)} of the first: {remedy}"
                )
        return tensors


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a number"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
