"""Running the claims, one after the other or in several processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from functools import partial

from ncsolve.verify._claim import Claim, Size, Verdict
from ncsolve.verify._claims_report import ClaimsReport
from ncsolve.verify._figure import Disagreement, ending_at_first
from ncsolve.verify.claims import CLAIMS

from ncsolve.checks.arguments import check_kind, check_name, check_whole, entries
from ncsolve.processes.threads import single_threaded
from ncsolve.processes.workers import worker_pool

__all__ = ["run_claims"]


def run_claims(
    claims: Sequence[Claim] = CLAIMS,
    *,
    size: Size = "quick",
    workers: int = 1,
    on_verdict: Callable[[Verdict], None] | None = None,
    fail_fast: bool = False,
) -> ClaimsReport:
    """Examine claims and report on all of them; a claim that raises is reported as an error, not passed on.

    Parameters
    ----------
    claims : sequence of Claim
    size : "quick" or "full"
    workers : int
        Processes; with 1 everything runs in this one.  More need a ``__main__`` guard in scripts, as always.
    on_verdict : callable, optional
        Is told of every verdict as soon as it is reached.
    fail_fast : bool
        A claim ends at its first figure that disagrees, which is then the only one that the report has of it.

    Notes
    -----
    Ctrl-C ends the run; the report then holds the finished claims and says which were not run.  Raises
    NCSolveError for fewer than one worker.

    Examples
    --------
    >>> from ncsolve.verify.claims import select
    >>> run_claims(select(only=("regression-targets",))).passed
    True
    """
    workers = check_whole("workers", workers)
    size = check_name("size", size, ("quick", "full"))  # type: ignore[assignment]
    for claim in (claims := entries("claims", claims, "choose some with select(...)")):  # type: ignore[assignment]
        check_kind("a claim", claim, Claim, "choose claims with select(...)")
    one = partial(_examine, size=size, fail_fast=fail_fast)
    began = time.monotonic()
    done: dict[str, Verdict] = {}
    interrupted = False
    try:
        with closing((one(claim) for claim in claims) if workers == 1 else _parallel(claims, one, workers)) as verdicts:
            for verdict in verdicts:
                done[verdict.claim.name] = verdict
                if on_verdict is not None:
                    on_verdict(verdict)
    except KeyboardInterrupt:
        interrupted = True
    return ClaimsReport(
        verdicts=tuple(done.get(claim.name, Verdict(claim=claim)) for claim in claims),
        size=size,
        seconds=time.monotonic() - began,
        interrupted=interrupted,
    )


def _examine(claim: Claim, *, size: Size, fail_fast: bool) -> Verdict:
    began = time.monotonic()
    try:
        with single_threaded(), ending_at_first(fail_fast):
            figures, error = tuple(claim.examine(size)), None
    except Disagreement as end:
        figures, error = (end.figure,), None
    except Exception as problem:
        # Whatever a wrong solver does, the table must say so, and go on.
        text = " ".join(str(problem).split())
        figures, error = (), f"{type(problem).__name__}: {text}"
    return Verdict(claim=claim, figures=figures, seconds=time.monotonic() - began, error=error)


def _parallel(claims: Sequence[Claim], one: Callable[[Claim], Verdict], workers: int) -> Generator[Verdict, None, None]:
    with worker_pool(workers) as pool:
        # The claims that take longest go first, so that no worker is left alone with one at the end.
        longest_first = sorted(claims, key=lambda claim: -claim.weight)
        futures = {pool.submit(one, claim): claim for claim in longest_first}
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                yield Verdict(claim=futures[future], error="the worker process died")
