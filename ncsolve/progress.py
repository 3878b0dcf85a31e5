"""A progress bar that appears only when the work takes longer than two seconds."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Any

__all__ = ["SlowProgress"]

_PATIENCE = 2.0


class SlowProgress:
    """A rich progress bar on stderr with the time left, from the third second on, and only if stderr is a terminal.

    A timer shows it, not the next update: work that reports nothing for a minute is what a bar is for.

    >>> with SlowProgress("counting", total=3) as progress:
    ...     for i in range(3):
    ...         progress.update(i + 1)
    """

    def __init__(self, title: str, *, total: float, enabled: bool = True) -> None:
        self._title = title
        self._total = total
        self._completed = 0.0
        self._note = ""
        self._bar: Any = None
        self._closed = False
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        if enabled and sys.stderr is not None and sys.stderr.isatty():
            self._timer = threading.Timer(_PATIENCE, self._show)
            self._timer.daemon = True

    def __enter__(self) -> SlowProgress:
        if self._timer is not None:
            self._timer.start()
        return self

    def update(self, completed: float, note: str = "") -> None:
        """So much is done."""
        self._completed, self._note = completed, note
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=completed, description=self._description)

    @property
    def _description(self) -> str:
        return f"{self._title} {self._note}".rstrip()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        with self._lock:
            if self._closed:
                return
            bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True),
                transient=True,
            )
            bar.add_task(self._description, total=self._total, completed=int(self._completed))
            bar.start()
            self._bar = bar

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is None:
            return
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()
                self._bar = None
