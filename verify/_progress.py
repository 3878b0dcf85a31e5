"""A progress bar that appears only when the work takes longer than two seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType

__all__ = ["SlowProgress"]

_PATIENCE = 2.0


class SlowProgress:
    """A rich progress bar on stderr, from the third second on, and only if stderr is a terminal.

    >>> with SlowProgress("counting", total=3) as progress:
    ...     for i in range(3):
    ...         progress.update(i + 1)
    """

    def __init__(self, title: str, *, total: float, enabled: bool = True) -> None:
        self._title = title
        self._total = total
        self._enabled = enabled and sys.stderr is not None and sys.stderr.isatty()
        self._begin = time.monotonic()
        self._bar: object | None = None

    def __enter__(self) -> SlowProgress:
        return self

    def update(self, completed: float, note: str = "") -> None:
        """So much is done."""
        if not self._enabled or (self._bar is None and time.monotonic() - self._begin < _PATIENCE):
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        if self._bar is None:
            from rich.console import Console

            bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                TimeElapsedColumn(), console=Console(stderr=True), transient=True,
            )
            bar.add_task(self._title, total=self._total)
            bar.start()
            self._bar = bar
        assert isinstance(self._bar, Progress)
        self._bar.update(
            self._bar.task_ids[0], completed=completed, description=f"{self._title} {note}".rstrip()
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]
            self._bar = None
