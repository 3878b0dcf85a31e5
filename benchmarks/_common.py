"""What the benchmarks share: the machine's name, timing, and tables."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

__all__ = ["machine", "once", "paired", "processor", "table"]

_Result = TypeVar("_Result")


def machine() -> str:
    """Processor, cores and versions, for the record."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].split(":", 1)[1].strip() if named else model
    names = ("ncsolve", "numpy", "scipy", "cvxpy", "scs", "clarabel", "python-flint")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def once(task: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def processor(task: Callable[[], _Result]) -> tuple[float, _Result]:
    """Seconds of the processor that one call takes, which other programs hardly lengthen, and what it returns."""
    start = time.process_time()
    found = task()
    return time.process_time() - start, found


def paired(task: Callable[[], object], yardstick: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Median seconds of both, measured in turn, and the median of the ratios pair by pair."""
    task(), yardstick()
    pairs = [(once(task), once(yardstick)) for _ in range(rounds)]
    middle = rounds // 2
    return (
        sorted(a for a, _ in pairs)[middle],
        sorted(b for _, b in pairs)[middle],
        sorted(a / b for a, b in pairs)[middle],
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
