"""``python -m ncsolve.verify docs/verification.md``: write the table that the documentation keeps."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ncsolve.verify._progress import SlowProgress
from ncsolve.verify._runner import run_claims
from ncsolve.verify.claims import CLAIMS

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Run the quick claims and write them to the file; 1 if one fails, and then nothing is written."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m ncsolve.verify FILE.md", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    if not path.resolve().parent.is_dir():
        print(f"{path}: no such folder", file=sys.stderr)
        return 2
    done = 0
    with SlowProgress("claims", total=len(CLAIMS)) as progress:

        def count(verdict: object) -> None:
            nonlocal done
            done += 1
            progress.update(done)

        report = run_claims(size="quick", workers=os.cpu_count() or 1, on_verdict=count)
    print(report.summary, file=sys.stderr)
    if not report.passed:
        for verdict in report.verdicts:
            if not verdict.passed:
                print(f"{verdict.claim.name}: {verdict.state} {verdict.error or ''}".rstrip(), file=sys.stderr)
        return 1
    path.write_text(report.to_stable_markdown(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
