"""How long features take to be measured: ``python -m benchmarks.measure [--rows N] [--peer FOLDER]``.

Float32 features of K classes come in batches, made between the timed calls; of d = 512 there are N, of larger ones
fewer by as much.  ``pass`` is the gathering, ``then`` all metrics and, where the loss can be told, gap and minimum.
Every row of a table is a process of its own, so that its memory is its own: the most that was resident within the timed
calls, beyond what was with one batch before the first.
``--peer`` names a checkout of ``rhubarbwu/neural-collapse`` (with torch installed): the same batches go through it, in
two passes, as it needs the class means first, and the definitions that both have must agree to 1e-6.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ncsolve
from benchmarks._common import machine, table
from ncsolve.encodings import onehot

_BATCH = 16384
_CASES = (  # K, d, scatter
    (100, 512, "full"), (100, 512, "projected"), (100, 512, "trace"), (1000, 2048, "full"), (1000, 2048, "projected"),
    (1000, 2048, "trace"), (1000, 4096, "full"),
)
_ALIKE = ("covariance_pinv", "covariance_quotient", "cdnv", "simplex_etf_error", "package_self_duality_error")
_TOLERANCE = 1e-6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--peer", type=Path)
    options.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        who, classes, dim, scatter = given.one
        task = _ours if who == "ncsolve" else _theirs
        print(json.dumps(task(int(classes), int(dim), scatter, given.rows, given.peer)))
        return
    print(machine() + "\n")
    rows = [_row(classes, dim, scatter, given.rows) for classes, dim, scatter in _CASES]
    header = ("K", "d", "scatter", "rows", "pass", "its processor time", "then", "state", "memory", "10^8 rows")
    print(table(header, rows))
    if given.peer:
        print(table(("K = 100, d = 512", "passes", "wall", "memory", "slower", "largest difference"),
                    list(_beside(given.rows, given.peer))))


def _row(classes: int, dim: int, scatter: str, most: int) -> tuple[str, ...]:
    rows = most * 512 // dim
    found = _process("ncsolve", classes, dim, scatter, rows)
    return (
        str(classes), str(dim), scatter, str(rows), f"{found['pass']:.1f} s", f"{found['processor']:.1f} s",
        f"{found['wall'] - found['pass']:.1f} s", f"{found['state']:.0f} MB", f"{found['memory']:.0f} MB",
        f"{found['processor'] / rows * 1e8 / 3600:.1f} core-hours",
    )


def _beside(rows: int, peer: Path) -> Iterator[tuple[str, ...]]:
    """Ours and the package's, in both precisions; the double one must agree."""
    ours = _process("ncsolve", 100, 512, "full", rows)
    yield ("**ncsolve**", "1", f"{ours['wall']:.1f} s", f"{ours['memory']:.0f} MB", "1", "")
    for kind in ("float64", "float32"):
        theirs = _process("package", 100, 512, kind, rows, peer)
        apart = max(abs(theirs["values"][name] / ours["values"][name] - 1) for name in _ALIKE)
        if kind == "float64" and apart > _TOLERANCE:
            raise SystemExit(f"the package differs by {apart:.1e}: {theirs['values']} and {ours['values']}")
        yield (f"package, {kind}", "2", f"{theirs['wall']:.1f} s", f"{theirs['memory']:.0f} MB",
               f"{theirs['wall'] / ours['wall']:.1f}", f"{apart:.0e}")


def _process(who: str, classes: int, dim: int, kind: str, rows: int, peer: Path | None = None) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.measure", "--rows", str(rows)]
    task = ["--one", who, str(classes), str(dim), kind, *(["--peer", str(peer)] if peer else [])]
    done = subprocess.run([*command, *task], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _batches(classes: int, dim: int, rows: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.intp]]]:
    """Features half-way to collapse: class means of length about 1, and a tenth of it within the classes."""
    random = np.random.default_rng(0)
    means = (random.standard_normal((classes, dim)) / np.sqrt(dim)).astype(np.float32)
    for start in range(0, rows, _BATCH):
        y = np.arange(start, min(start + _BATCH, rows)) % classes
        yield means[y] + np.float32(0.1 / np.sqrt(dim)) * random.standard_normal((y.size, dim), dtype=np.float32), y


def _head(classes: int, dim: int) -> NDArray[np.float64]:
    return np.random.default_rng(1).standard_normal((classes, dim)) / np.sqrt(dim)


class _Clock:
    """Seconds within calls, and memory in them beyond the start."""

    def __init__(self) -> None:
        self.wall = self.processor = self.most = 0.0
        self.start = _memory("VmRSS")

    def __call__(self, task: Callable[..., Any], *arguments: Any) -> Any:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
        wall, processor = time.perf_counter(), time.process_time()
        found = task(*arguments)
        self.wall += time.perf_counter() - wall
        self.processor += time.process_time() - processor
        self.most = max(self.most, _memory("VmHWM") - self.start)
        return found


def _memory(field: str) -> float:
    """In MB."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(field))
    return int(line.split()[1]) / 1000


def _ours(classes: int, dim: int, scatter: str, rows: int, _: Path | None) -> dict[str, Any]:
    head = _head(classes, dim)
    x, y = next(_batches(classes, dim, rows))
    clock = _Clock()
    stats = ncsolve.FeatureStatistics(classes, dim, head, scatter)
    for x, y in _batches(classes, dim, rows):
        clock(stats.update, x, y)
    gathered = {"pass": clock.wall, "processor": clock.processor}
    published = clock(stats.published)
    if scatter != "trace":
        problem = stats.problem(onehot(classes), lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
        clock(lambda: ncsolve.measure(stats, head, None, problem).gap)
    values = {one.variant.function.__name__: one.value for one in published
              if one.variant.source == "package" and one.centring in ("classes", "")}
    kept = {"full": dim, "projected": classes, "trace": 0}[scatter]
    state = 8 * (kept * dim + dim * classes + classes * classes + 2 * classes) / 1e6
    return gathered | {"wall": clock.wall, "memory": clock.most, "values": values, "state": state}


def _theirs(classes: int, dim: int, kind: str, rows: int, peer: Path | None) -> dict[str, Any]:
    if peer is None or find_spec("torch") is None:
        raise SystemExit("the package needs torch, and --peer FOLDER with its checkout")
    sys.path.insert(0, str(peer))
    import torch
    from neural_collapse import accumulate, measure

    dtype = getattr(torch, kind)
    head = torch.tensor(_head(classes, dim), dtype=dtype)
    x, y = next(_batches(classes, dim, rows))
    clock = _Clock()
    means = accumulate.MeanAccumulator(classes, dim, dtype=dtype)
    for x, y in _batches(classes, dim, rows):
        clock(means.accumulate, torch.from_numpy(x), torch.from_numpy(y))
    m, middle = clock(means.compute)
    covariance = accumulate.CovarAccumulator(classes, dim, dtype=dtype, M=m)
    norms = accumulate.VarNormAccumulator(classes, dim, dtype=dtype, M=m)
    for x, y in _batches(classes, dim, rows):
        tensors = torch.from_numpy(x), torch.from_numpy(y)
        clock(covariance.accumulate, *tensors, m)
        clock(norms.accumulate, *tensors, m)
    within, variances = clock(covariance.compute), clock(norms.compute)[0]
    values = {
        "covariance_pinv": clock(measure.covariance_ratio, within, m, middle),
        "covariance_quotient": clock(measure.covariance_ratio, within, m, middle, "quotient"),
        "cdnv": clock(measure.variability_cdnv, variances, m),
        "simplex_etf_error": clock(measure.simplex_etf_error, m, middle),
        "package_self_duality_error": clock(measure.self_duality_error, head, m, middle),
    }
    return {"wall": clock.wall, "memory": clock.most, "values": values}


if __name__ == "__main__":
    main()
