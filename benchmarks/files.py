"""How long labels take to be read: ``python -m benchmarks.files``.

Each reading is a command of its own (``ncsolve minimizer --labels``), so that its memory is its own; beside it, in the
same run, stands a bare loop of the csv module and a counter over the same file, without any rule.  ``start`` is the
same command with two labels.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._common import machine, table

_SAMPLES, _CLASSES, _RUNS = 1_500_000, 1000, 3
_READER = "import sys; from ncsolve.cli import main; main(['minimizer', '--labels', sys.argv[1], '--json'])"
_BARE = (
    "import csv, sys; from collections import Counter; rows = csv.reader(open(sys.argv[1], newline='')); next(rows); "
    "Counter(row[-1] for row in rows)"
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = list(_files(Path(folder)))
        small = Path(folder, "one.csv")
        small.write_text("label\nx\ny\n")
        start, _ = _measured(_READER, small)
        rows = []
        for what, file in files:
            reader, memory = _measured(_READER, file)
            bare, _ = _measured(_BARE, file)
            rows.append((what, f"{file.stat().st_size / 1e6:.0f} MB", f"{reader:.2f} s", f"{start:.2f} s",
                         f"{reader / bare:.2f}", f"{memory:.0f} MB"))
    print(machine())
    print()
    print(table(
        (f"{_SAMPLES} labels of {_CLASSES} classes", "file", "processor time", "of it start", "over bare csv",
         "memory"), rows,
    ))


def _files(folder: Path):
    draw = random.Random(0)
    labels = [draw.randrange(_CLASSES) for _ in range(_SAMPLES)]
    one, two, listing = folder / "labels.csv", folder / "two.csv", folder / "list.txt"
    one.write_text("label\n" + "".join(f"{label}\n" for label in labels))
    two.write_text("path,label\n" + "".join(f"train/{i:08d}.jpg,{label}\n" for i, label in enumerate(labels)))
    listing.write_text("".join(f"train/{i:08d}.jpg {label}\n" for i, label in enumerate(labels)))
    return (("one column, .csv", one), ("files and labels, .csv", two), ("files and labels, .txt", listing))


def _measured(code: str, file: Path) -> tuple[float, float]:
    """Processor seconds, the least of some runs, and the largest resident memory in MB."""
    seconds, memory = [], 0.0
    for _ in range(_RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Not ru_maxrss, which a process inherits from the one that started it.
        probe = (
            "import atexit; atexit.register(lambda: print(next(x for x in open('/proc/self/status') if "
            f"x.startswith('VmHWM')).split()[1])); {code}"
        )
        done = subprocess.run([sys.executable, "-c", probe, str(file)], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        memory = max(memory, int(done.stdout.split()[-1]) / 1000)
    return min(seconds), memory


if __name__ == "__main__":
    main()
