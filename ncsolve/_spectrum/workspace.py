"""Arrays that are used over and over: fresh memory costs more than the arithmetic on it."""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array

__all__ = ["Scratch"]


class Scratch:
    """Two work arrays, and a pool of matrices; one per solve, never shared between threads."""

    def __init__(self) -> None:
        self._pair = np.empty(0)
        self._free: list[Array] = []

    def pair(self, *shape: int) -> tuple[Array, Array]:
        """Two uninitialised work arrays, valid until the next call."""
        size = int(np.prod(shape))
        if self._pair.size < 2 * size:
            self._pair = np.empty(2 * size)
        return self._pair[:size].reshape(shape), self._pair[size : 2 * size].reshape(shape)

    def matrix(self, *shape: int) -> Array:
        """An uninitialised array, from the pool if it has one of that size."""
        size = int(np.prod(shape))
        for i, array in enumerate(self._free):
            if array.size == size:
                return self._free.pop(i).reshape(shape)
        return np.empty(shape)

    def give(self, array: Array) -> None:
        """Hand back an array that nobody uses any more."""
        self._free.append(array)
