"""SIGTERM and SIGHUP end a command in order: half-written files and worker processes do not stay behind.

They, and Ctrl-C, are heard at once.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Collection, Iterator
from types import FrameType

__all__ = ["orderly_end"]


_MOMENT = 0.2  # seconds
_PATIENCE = 10.0  # seconds for the clearing up, which takes a fraction of one


def _end(number: int, frame: FrameType | None) -> None:
    for name in _handled():
        signal.signal(name, signal.SIG_IGN)  # once is enough: the clearing up is not to be cut short
    # What was interrupted may have held a lock that a thread of a pool waits for, and that the interpreter's end waits
    # for in turn.  Not threading.Thread, whose start takes locks, too.
    _thread.start_new_thread(_end_at_last, (128 + number,))
    raise SystemExit(128 + number)


def _end_at_last(code: int) -> None:
    time.sleep(_PATIENCE)
    os._exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.default_int_handler)  # heard, and the next one is as usual
    raise KeyboardInterrupt


def _handled() -> list[signal.Signals]:
    return [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextlib.contextmanager
def orderly_end() -> Iterator[None]:
    """Within the block the signals raise SystemExit (143, 129), unless they are ignored, as under nohup."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    mine = [number for number in _handled() if signal.getsignal(number) is signal.SIG_DFL]
    handlers = {number: (_end, signal.getsignal(number)) for number in mine}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers[signal.SIGINT] = (_interrupt, signal.default_int_handler)
    for number, (handler, _) in handlers.items():
        signal.signal(number, handler)
    try:
        with _heard(handlers.keys()):
            yield
    finally:
        for number, (handler, before) in handlers.items():
            if signal.getsignal(number) is handler:  # else one has come, and none after it is to cut the end short
                signal.signal(number, before)


@contextlib.contextmanager
def _heard(numbers: Collection[signal.Signals]) -> Iterator[None]:
    """Signals that the system hands to another thread, or that come just before the main one begins to wait, are handed
    on to it.

    It alone runs Python's handlers, and would do so only once it has what it waits for: a result of a pool, perhaps.
    """
    if not numbers or not hasattr(signal, "pthread_kill"):
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    main = threading.get_ident()

    def pass_on() -> None:
        while number := os.read(reading, 1):
            if number[0] in numbers:
                time.sleep(_MOMENT)  # in which the main thread has nearly always heard of it
                if signal.getsignal(number[0]) in (_end, _interrupt):
                    signal.pthread_kill(main, number[0])
        os.close(reading)

    _thread.start_new_thread(pass_on, ())
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
