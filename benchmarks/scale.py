"""How far ncsolve scales, against yardsticks measured beside it: python -m benchmarks.scale > benchmarks/scale.md"""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
import scipy.linalg

import ncsolve
from benchmarks._common import machine, once, paired, table
from ncsolve import encodings


def random_problem(size: int, decay: float, lambda_b: float) -> ncsolve.UFM:
    """Gaussian codes of length K, counts uniform on 1 .. 100."""
    counts = np.random.default_rng(0).integers(1, 101, size)
    return ncsolve.UFM(encoding=encodings.gaussian(size, size, seed=1), counts=counts, lambda_w=decay, lambda_h=decay,
                       lambda_b=lambda_b)


def against_eigh() -> list[list[str]]:
    rows = []
    for size, target, rounds in ((1000, 2.0, 7), (2000, 1.5, 5)):
        matrix = np.random.default_rng(0).standard_normal((size, size))
        matrix = matrix @ matrix.T
        for decay, lambda_b in ((1e-4, 0.1), (5e-5, 0.1), (1e-6, 0.1)):
            problem = random_problem(size, decay, lambda_b)
            found = ncsolve.solve(problem)
            ours, eigh, ratio = paired(
                lambda p=problem: ncsolve.solve(p), lambda m=matrix: scipy.linalg.eigh(m), rounds
            )
            arrays = once(lambda f=found: (f.W, f.class_means))
            rows.append([
                f"K = m = {size}, lambda = {decay:g}, lambda_b = {lambda_b:g}", f"{ours:.2f} s", f"eigh {eigh:.2f} s",
                f"{ratio:.2f}", f"<= {target:g}", "yes" if ratio <= target else "**no**",
                f"rank {found.rank}; W and class means {arrays:.2f} s more",
            ])
    return rows


def structured() -> list[list[str]]:
    rng = np.random.default_rng(0)
    values = rng.choice(np.arange(1, 5000), 300, replace=False)
    counts = rng.choice(values, 10**6)
    problem = ncsolve.UFM(encoding=encodings.onehot(10**6), counts=counts, lambda_w=1e-9, lambda_h=1e-9, lambda_b=0.1)
    seconds = min(once(lambda: ncsolve.solve(problem)) for _ in range(3))
    build = once(lambda: ncsolve.UFM(encoding=encodings.onehot(10**6), counts=counts, lambda_w=1e-9, lambda_h=1e-9,
                                     lambda_b=0.1))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows = [[
        "one-hot, K = 10^6, 300 distinct counts, lambda_b = 0.1", f"{build + seconds:.2f} s", "", "", "<= 3 s",
        "yes" if build + seconds <= 3 else "**no**", f"of which the counts {build:.2f} s",
    ], [
        "the same: peak memory of the whole process", f"{memory:.2f} GiB", "", "", "<= 1 GB",
        "yes" if memory <= 1e9 / 2**30 else "**no**", "",
    ]]
    for classes, per_class in ((10, 100), (10**6, 10**9)):
        problem = ncsolve.UFM(encoding=encodings.onehot(classes), counts=per_class, lambda_w=1e-10, lambda_h=1e-10,
                              lambda_b=0.1)
        seconds = once(lambda p=problem: [ncsolve.solve(p) for _ in range(1000)]) / 1000
        rows.append([f"balanced one-hot, K = {classes}, n = {per_class}", f"{seconds * 1e6:.0f} us", "", "",
                     "microseconds", "yes" if seconds < 1e-3 else "**no**", ""])
    return rows


def sweep() -> list[list[str]]:
    problem = random_problem(100, 5e-4, 0.1)
    grid = np.geomspace(1e-3, 10, 1000)
    path = min(once(lambda: ncsolve.path(problem, lambda_b=grid)) for _ in range(5))
    single = once(lambda: [ncsolve.solve(problem.replace(lambda_b=float(lb))) for lb in grid[::50]]) * 50
    return [[
        "1000 values of lambda_b, K = m = 100 random codes", f"{path:.2f} s", f"1000 x solve {single:.2f} s",
        f"{path / single:.2f}", "<= 0.5 s", "yes" if path <= 0.5 else "**no**", "",
    ]]


def command_line() -> list[list[str]]:
    def start(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    ours, imports, _ = paired(
        lambda: start("-m", "ncsolve", "minimizer"), lambda: start("-c", "import numpy, scipy.linalg"), 9
    )
    limit = 1.5 * imports + 0.2
    return [[
        "ncsolve minimizer, end to end", f"{ours:.2f} s", f"import numpy, scipy.linalg {imports:.2f} s",
        f"{ours / imports:.2f}", f"<= 1.5 x + 0.2 s = {limit:.2f} s", "yes" if ours <= limit else "**no**", "",
    ]]


def main() -> None:
    rows = structured() + against_eigh() + sweep() + command_line()
    print("# Scale\n\nMade by `python -m benchmarks.scale`. Ratios are medians of pairs measured in turn.\n")
    print(f"Machine: {machine()}.\n")
    print(table(["task", "ncsolve", "beside it", "ratio", "target", "met", "remarks"], rows))


if __name__ == "__main__":
    main()
