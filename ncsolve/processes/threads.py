"""One BLAS thread for thousands of small decompositions, for which threads cost more than they give."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["single_threaded"]

# The number of BLAS threads belongs to the process, not to a thread of it.  So one block at a time sets it, the block
# that found nobody else at it, and the thread that set it puts it back (threadpoolctl listens to no other one): if each
# block restored what it found, the last one would restore the limit of the first, for ever.
_SETTING = threading.Lock()


@contextlib.contextmanager
def single_threaded() -> Iterator[None]:
    """numpy and scipy use one thread inside the block, and afterwards as many as before.

    Of blocks that overlap in several threads the first one sets the number, and takes it back when it ends.

    >>> with single_threaded():
    ...     pass
    """
    if not _SETTING.acquire(blocking=False):  # another block is at it, of this thread or of another
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _SETTING.release()


@functools.cache
def _controller() -> Any:
    """Looking through the loaded libraries takes milliseconds, so it is done once."""
    import scipy.linalg  # noqa: F401  (it brings a BLAS of its own, which has to be loaded to be found)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
