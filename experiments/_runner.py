"""Make the runs of a suite that are not in the store yet, several at a time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from experiments._run import Run
from experiments._store import Store
from experiments._suite import SuiteError
from ncsolve.processes.workers import worker_pool
from ncsolve.progress import SlowProgress

__all__ = ["run_missing"]


def run_missing(
    runs: Sequence[Run], path: Path, *, workers: int, execute: Callable[[Run], dict[str, Any]],
    say: Callable[[str], object],
) -> Store:
    """Execute what the store at ``path`` has not, and keep each run when it is done.

    ``execute`` is called in other processes, and ``say`` gets a line a run where the progress bar is not seen.  Raises
    SuiteError where another program writes to the store.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=0):
            store = Store(path)
            if store.cut:
                say(f"{path}: the last line was cut off when an earlier program ended; its run is made again")
            # the first seed of everything comes first: a suite that is stopped early has something of each variation
            missing = sorted((run for run in runs if run.key not in store.records), key=lambda run: run.seed)
            say(f"{len(runs) - len(missing)} of {len(runs)} runs are there, {len(missing)} to make")
            _run(missing, store, min(workers, max(len(missing), 1)), execute, say)
            return store
    except Timeout:
        raise SuiteError(f"{path}: another program is making runs for it; wait for its end") from None
    except OSError as error:
        raise SuiteError(f"{path}: runs can't be kept there: {error.strerror or error}") from None


def _run(
    missing: Sequence[Run], store: Store, workers: int, execute: Callable[[Run], dict[str, Any]],
    say: Callable[[str], object],
) -> None:
    start = time.monotonic()
    waiting, done = list(reversed(missing)), 0
    with SlowProgress("runs", total=len(missing)) as progress, worker_pool(workers) as pool:
        going: set[Future[dict[str, Any]]] = set()
        while waiting or going:
            while waiting and len(going) < workers:
                going.add(pool.submit(execute, waiting.pop()))
            ended, going = wait(going, return_when=FIRST_COMPLETED)
            for future in ended:
                record = future.result()
                store.add(record)
                done += 1
                progress.update(done)
                if not sys.stderr.isatty():
                    left = (time.monotonic() - start) / done * (len(missing) - done)
                    say(f"{done}/{len(missing)}, {_clock(left)} left: {_words(record)}")


def _words(record: dict[str, Any]) -> str:
    run = Run.from_json(record["run"])
    usual = Run()
    factors = ", ".join(
        f"{name} {value}" for name, value in run.to_json().items()
        if value != getattr(usual, name) or name in ("lambda_b", "seed")
    )
    if record["outcome"] == "failed":
        return f"{factors}: failed: {record['failure']}"
    measured = record["measured"]
    gap = measured["relative_gap"]  # null where the minimum is 0
    told = "no relative gap" if gap is None else f"gap {gap:.2g}"
    return f"{factors}: {told}, {measured['verdict']['kind']} ({record['seconds']:.0f} s)"


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
