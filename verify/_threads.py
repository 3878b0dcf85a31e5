"""One BLAS thread for small matrices: several would wait for each other, on a busy machine for most of the time."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController

__all__ = ["single_threaded"]


def single_threaded() -> AbstractContextManager[object]:
    """numpy and scipy use one thread inside the block, and afterwards as many as before.

    >>> with single_threaded():
    ...     pass
    """
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@functools.cache
def _controller() -> ThreadpoolController:
    """Looking through the loaded libraries takes milliseconds, so it is done once."""
    import scipy.linalg  # noqa: F401  (it brings a BLAS of its own, which has to be loaded to be found)

    return ThreadpoolController()
