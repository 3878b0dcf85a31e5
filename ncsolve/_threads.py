"""One BLAS thread for thousands of small decompositions, for which threads cost more than they give."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["single_threaded"]

# How many blocks are open, in all threads of the process: the number of BLAS threads belongs to the process.  The first
# one lowers it and the last one puts it back, in whatever order they end.
_LOCK = threading.Lock()
_open = 0
_controller: Any = None
_limit: Any = None


@contextlib.contextmanager
def single_threaded() -> Iterator[None]:
    """numpy and scipy use one thread inside the block, and as many as before once no thread is inside one.

    >>> with single_threaded():
    ...     pass
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _open, _controller, _limit
    with _LOCK:
        if _open == 0:
            if _controller is None:  # looking through the loaded libraries takes milliseconds, so it is done once
                import scipy.linalg  # noqa: F401  (it brings a BLAS of its own, which has to be loaded to be found)
                from threadpoolctl import ThreadpoolController

                _controller = ThreadpoolController()
            _limit = _controller.limit(limits=1, user_api="blas")
        _open += 1


def _leave() -> None:
    global _open, _limit
    with _LOCK:
        _open -= 1
        if _open == 0:
            _limit.restore_original_limits()
            _limit = None
