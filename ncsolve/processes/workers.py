"""Processes that share work, and that end with the process that started them, however that one ends."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any

from ncsolve.errors import NCSolveError

__all__ = ["Workers", "worker_pool"]

Workers = ProcessPoolExecutor
_MOST = 61  # what Windows can wait for


@contextlib.contextmanager
def worker_pool(workers: int) -> Iterator[Workers]:
    """A pool of so many processes.  Any exception in the block, Ctrl-C among them, ends them at once.

    Every process dies with its parent, also where that one is killed.  Raises NCSolveError if a process dies alone.
    """
    workers = min(workers, _MOST)
    others = set(multiprocessing.active_children())
    pool = _Pool(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start)
    try:
        yield pool
        pool.shutdown()
    except BaseException as error:
        # What waits is given up by the pool's own thread, which sees the processes die.  It must not find that work
        # cancelled, on which it would fail; then nobody empties the full pipe, and the interpreter would wait at its
        # end for the thread that writes into it.
        queue = getattr(pool, "_call_queue", None)
        if queue is not None:
            queue.cancel_join_thread()
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        pool.shutdown(wait=False)
        if isinstance(error, BrokenProcessPool):
            raise NCSolveError("a worker process died, perhaps for want of memory; use fewer workers") from None
        raise


class _Pool(ProcessPoolExecutor):
    """Starts its processes when work is handed in: deaf to Ctrl-C, on which the parent alone must act."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        with _deaf():
            return super().submit(fn, *args, **options)


def _start() -> None:
    """What a process does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):  # the handlers of the parent are not for its children
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])  # a pipe whose other end the parent has, until it is gone
        os._exit(1)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C reaches every process of the group: processes that start within ignore it from their first instruction
    on, not only from the pool's initializer on."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set signals
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
