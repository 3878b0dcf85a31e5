"""Compare two texts whose numbers come from runs: python -m tests.house.same_numbers COMMITTED NEW

Words must be equal.  Numbers were rounded so that they hardly differ between machines; one that lies at the edge of its
rounding may still fall to the other side there, so they may differ by 2 %, or by 1e-5 where they are that small.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def difference(committed: str, new: str) -> str | None:
    """The first lines that differ, or None."""
    old_lines, new_lines = committed.splitlines(), new.splitlines()
    for old, line in zip(old_lines, new_lines, strict=False):
        left, right = (list(map(float, NUMBER.findall(text))) for text in (old, line))
        close = len(left) == len(right) and all(
            math.isclose(a, b, rel_tol=0.02, abs_tol=1e-5) for a, b in zip(left, right, strict=True)
        )
        if not close or NUMBER.sub("", old) != NUMBER.sub("", line):
            return f"- {old}\n+ {line}"
    if len(old_lines) != len(new_lines):
        return f"{len(old_lines)} lines are committed, {len(new_lines)} are new"
    return None


if __name__ == "__main__":
    found = difference(*(Path(name).read_text() for name in sys.argv[1:3]))
    if found is not None:
        sys.exit(f"{sys.argv[1]} is not what is written today; commit {sys.argv[2]} if that is right\n{found}")
