"""How long cross-entropy takes, and others beside it: ``python -m benchmarks.cross_entropy [--peer FOLDER]``.

Seconds are those of the processor, of ``solve`` and the loss, for problems that it has not seen before; ``gap`` is the
relative distance of a loss from the dual bound (T16) of ncsolve's minimizer, below which no loss is.
``--peer`` names a checkout of WanliHongC/Neural-Collapse, the code of Hong and Ling (2023, arXiv:2309.09725).
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np

import ncsolve
from benchmarks._common import machine, processor, table
from benchmarks._cross_entropy_rivals import convex, loss_of, their_function
from ncsolve import UFM, Minimizer, encodings

Row = tuple[str, ...]

LIMIT = 60.0  # seconds of a clock for one run of a solver of cvxpy
LAMBDAS = (1e-3, 5e-4, 1e-4, 1e-5, 1e-6)
BIASES = (0.0, 0.01, 1.0, math.inf)
SEEDS = 5
_TIGHT = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
_SHARP = {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 10**6}
_CLARABEL, _SCS = {"time_limit": LIMIT}, {"time_limit_secs": LIMIT}
RIVALS = {  # those of a K go as far as they end within the limit
    "Clarabel": ("CLARABEL", _CLARABEL), "Clarabel (tol 1e-10)": ("CLARABEL", _CLARABEL | _TIGHT),
    "SCS": ("SCS", _SCS), "SCS (eps 1e-9)": ("SCS", _SCS | _SHARP),
}
RACES = (
    *product((5, 10, 20), (1e-3, 1e-5), (tuple(RIVALS),)), (50, 1e-4, ("SCS", "SCS (eps 1e-9)")),
    (100, 1e-4, ("SCS (eps 1e-9)",)),
)
FIGURES_5_6 = {5: (27, 30, 33, 39, 45, 51, 57, 63, 69, 75), 3: (37, 41, 45, 53, 62, 70, 78, 86, 94, 102)}
FIGURES_7_8 = {
    5: (100, 200, 300, 400, 600, 800, 1000, 1100, 1200, 1400),
    3: (100, 400, 450, 500, 700, 1000, 1600, 2200, 2500, 2800),
}


def entropy(decay: float, lambda_b: float, **parts: object) -> UFM:
    """A problem of cross-entropy with lambda_W = lambda_H."""
    return UFM(loss="cross-entropy", lambda_w=decay, lambda_h=decay, lambda_b=lambda_b, **parts)  # type: ignore[arg-type]


def different_counts(classes: int, decay: float, lambda_b: float, seed: int = 0) -> UFM:
    """One-hot codes, and counts on 1 .. 1000 of which no two are equal."""
    counts = np.random.default_rng(seed).choice(np.arange(1, 1001), classes, replace=False)
    return entropy(decay, lambda_b, encoding=encodings.onehot(classes), counts=counts)


def few_counts(classes: int, distinct: int, decay: float, lambda_b: float, code: str = "onehot") -> UFM:
    """So many distinct counts on 1 .. 1000."""
    random = np.random.default_rng(0)
    counts = random.choice(random.choice(np.arange(1, 1001), distinct, replace=False), classes)
    return entropy(decay, lambda_b, encoding=code, classes=classes, counts=counts)


def soft_labels(outputs: int, labels: int, decay: float, lambda_b: float) -> UFM:
    """Codes at random in the simplex (Dirichlet, 0.1), counts on 1 .. 100."""
    random = np.random.default_rng(0)
    codes = random.dirichlet(np.full(outputs, 0.1), labels).T
    return entropy(decay, lambda_b, encoding=codes, counts=random.integers(1, 101, labels))


def solved(problem: UFM) -> tuple[float, Minimizer]:
    """Seconds of ``solve`` and the loss."""
    def task() -> Minimizer:
        found = ncsolve.solve(problem)
        _ = found.loss
        return found

    return processor(task)


def repeated(problem: UFM, rounds: int) -> None:
    """``solve`` and the loss, so many times."""
    for _ in range(rounds):
        _ = ncsolve.solve(problem).loss


def gap(found: Minimizer, loss: float | None = None) -> float:
    """Of the minimizer's loss, or another, over the minimizer's."""
    return ((found.loss if loss is None else loss) - found.lower_bound) / found.loss


def balanced(sizes: Sequence[int] = (10, 1000, 10**6), rounds: int = 1000) -> Iterator[Row]:
    """The closed form."""
    for classes in sizes:
        codes = encodings.onehot(classes)
        build, problem = processor(partial(entropy, 1e-2 / classes, 0.1, encoding=codes, counts=100))
        ncsolve.solve(problem)
        seconds = processor(partial(repeated, problem, rounds))[0] / rounds
        yield (f"{classes}", f"{seconds * 1e6:.0f} us", f"{build * 1e6:.0f} us", met(seconds < 1e-3))


def random_counts(classes: int = 100, seeds: int = SEEDS) -> Iterator[Row]:
    """Every lambda and lambda_b, over all seeds; and all of them."""
    every: list[float] = []
    worst = 0.0
    for decay, lambda_b in product(LAMBDAS, BIASES):
        runs = [solved(different_counts(classes, decay, lambda_b, seed)) for seed in range(seeds)]
        times, most = [seconds for seconds, _ in runs], max(gap(found) for _, found in runs)
        every, worst = every + times, max(worst, most)
        ranks = sorted({found.rank for _, found in runs})
        yield (f"{decay:g}", f"{lambda_b:g}", f"{ranks[0]} .. {ranks[-1]}" if ranks[1:] else f"{ranks[0]}",
               f"{median(times) * 1e3:.0f} ms", f"{max(times) * 1e3:.0f} ms", f"{most:.0e}", "", "")
    yield ("**all**", "", "", f"{median(every) * 1e3:.0f} ms", f"{max(every) * 1e3:.0f} ms", f"{worst:.0e}",
           "median 1 s, worst 3 s, gap 1e-9", met(median(every) <= 1 and max(every) <= 3 and worst <= 1e-9))


def other_problems(scale: int = 1) -> Iterator[Row]:
    """Few distinct counts, and codes that are not one-hot; ``scale`` divides the number of classes."""
    problems = {}
    for (classes, distinct), decay in product(((1000, 10), (10_000, 50)), (1e-6, 1e-8)):
        for lambda_b in (0.0, 0.1):
            name = f"one-hot, K = {classes // scale}, {distinct} distinct counts"
            problems[name, decay, lambda_b] = partial(few_counts, classes // scale, distinct)
    for decay in (1e-4, 1e-5):
        name = f"smoothed:0.1, K = {100 // scale}, about 95 distinct counts"
        problems[name, decay, 0.1] = partial(few_counts, 100 // scale, 1000, code="smoothed:0.1")
    for (outputs, labels), decay in product(((20, 20), (20, 100), (50, 50), (100, 100)), (1e-3, 1e-4, 1e-5)):
        name = f"soft labels, {outputs // scale} outputs, {labels // scale} labels"
        problems[name, decay, 0.1] = partial(soft_labels, outputs // scale, labels // scale)
    for (name, decay, lambda_b), make in problems.items():
        seconds, found = solved(make(decay=decay, lambda_b=lambda_b))
        yield name, f"{decay:g}", f"{lambda_b:g}", f"{found.rank}", f"{seconds * 1e3:.0f} ms", f"{gap(found):.0e}"


def against_cvxpy(races: Sequence[tuple[int, float, tuple[str, ...]]] = RACES) -> Iterator[Row]:
    """Ours first, then every rival, on the same problem."""
    convex(different_counts(3, 1e-3, 0.1), "SCS", {})  # what is done once is not to be timed
    convex(different_counts(3, 1e-3, 0.1), "CLARABEL", {})
    for classes, decay, names in races:
        problem = different_counts(classes, decay, 0.1)
        found = ncsolve.solve(problem)
        ours = median(solved(problem)[0] for _ in range(9))
        yield f"{classes}", f"{decay:g}", "**ncsolve**", f"{ours * 1e3:.1f} ms", "", "1", f"{gap(found):.0e}"
        for name in names:
            answer = convex(problem, RIVALS[name][0], RIVALS[name][1])
            apart = "" if answer.loss is None else f"{gap(found, answer.loss):.0e}"
            apart = apart if answer.status == "optimal" else f"{apart} {answer.status}".strip()
            yield (f"{classes}", f"{decay:g}", f"cvxpy, {name}", f"{answer.seconds * 1e3:.0f} ms",
                   f"{answer.solving * 1e3:.0f} ms", f"{answer.seconds / ours:.0f}", apart)


def their_problems() -> dict[str, list[tuple[list[int], float, float]]]:
    """Counts, lambda_Z and their lambda_b, as their README and its scripts have them."""
    return {
        "opt_main.py": [([5000] * 3 + [4000] * 3 + [3000] * 4, 5e-3, 0.01)],
        "minority_l_main.py (Figures 5, 6)": [
            ([500] * many + [100] * (10 - many), decay * 1e-4, 0.01)
            for many, decays in FIGURES_5_6.items() for decay in decays
        ],
        "minority_n_main.py (Figures 7, 8)": [
            ([count] * many + [100] * (10 - many), 5e-3, 0.01)
            for many, counts in FIGURES_7_8.items() for count in counts
        ],
    }


def beside_the_peer(folder: Path, problems: dict[str, list[tuple[list[int], float, float]]]) -> Iterator[Row]:
    """Their function as it is, and with solvers that are told to be exact; their l_2 ||b||^2 is half our lambda_b."""
    functions = {
        "as it is": their_function(folder), "told Clarabel (tol 1e-10)": their_function(folder, "CLARABEL", _TIGHT),
        "told SCS (eps 1e-9)": their_function(folder, "SCS", _SHARP),
    }
    for name, group in problems.items():
        ufms = [entropy(decay, 2 * half, encoding=encodings.onehot(len(counts)), counts=counts)
                for counts, decay, half in group]
        ours = [solved(problem) for problem in ufms]
        middle = median(seconds for seconds, _ in ours)
        yield (name, f"{len(group)}", "**ncsolve**", f"{middle * 1e3:.1f} ms", "1",
               f"{max(gap(found) for _, found in ours):.0e}", "")
        for way, function in functions.items():
            times: list[float] = []
            apart, failed = [0.0], 0
            for (counts, decay, half), problem, (_, found) in zip(group, ufms, ours, strict=True):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        seconds, (z, b) = processor(partial(function, counts, decay, half, len(counts)))
                    except Exception as error:  # of cvxpy's solvers, and of their function where these return nothing
                        print(f"{name}, {counts}, {decay}: {error}", file=sys.stderr)
                        failed += 1
                        continue
                times.append(seconds)
                apart.append((loss_of(problem, z, b) - found.loss) / found.loss)
            yield (name, f"{len(group)}", way, f"{median(times) * 1e3:.0f} ms", f"{median(times) / middle:.0f}",
                   f"{max(apart):.0e}", f"failed on {failed}" if failed else "")


def met(yes: bool) -> str:
    """How the tables say it."""
    return "yes" if yes else "**no**"


def shown(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, each told as it comes."""
    for row in rows:
        print(*row, sep=" | ", file=sys.stderr, flush=True)
        yield row


_HEAD = """\
Seconds are of the processor, for `solve`
and the loss of problems that it has not seen before. `gap` is the relative distance of a loss from the dual bound (T16)
of ncsolve's minimizer, below which no loss is.
"""
_BALANCED = """\
## Balanced

One-hot codes, 100 samples per class, lambda_W = lambda_H = 0.01/K, lambda_b = 0.1.
"""
_RANDOM = f"""\
## 100 classes of different counts

One-hot codes, counts on 1 .. 1000, no two equal, {SEEDS} seeds, lambda_W = lambda_H = lambda. Where the rank is 0 all
class means are zero.
"""
_OTHERS = """\
## Other counts and codes

Distinct counts on 1 .. 1000, of soft labels on 1 .. 100.
"""
_CVXPY = f"""\
## Beside cvxpy

Counts like those of the 100 classes, lambda_b = 0.1. cvxpy has one column per class, exponential cones for the losses
and a semidefinite one for the nuclear norm; `solver` is its time without making these. `slower` is its whole time over
ncsolve's, whose gap is the smallest. Solvers are stopped after {LIMIT:.0f} s of the clock, wherever they are then, and
said to be inaccurate. Target: 30 times slower at an equal gap for K = 100.
"""
_PEER = """\
## Beside the code of Hong and Ling

`solve_cvx` of WanliHongC/Neural-Collapse at commit 3f9c65b, on the problems of its scripts and README, K = 10. Its
l_2 ||b||^2 has l_2 = lambda_b/2. It calls cvxpy without options, which takes SCS; told to be exact, the solver named.
Times are medians, `apart` is the largest relative difference of its losses from ncsolve's (for ncsolve, the gap).
Target: losses agree to 1e-7.
"""


def report(peer: Path | None) -> Iterator[str]:
    """The page, part by part."""
    made = " --peer FOLDER" if peer else ""
    yield f"# Cross-entropy\n\nMade by `python -m benchmarks.cross_entropy{made}`. {_HEAD}"
    yield f"Machine: {machine()}.\n"
    ncsolve.solve(different_counts(3, 1e-3, 0.1))  # what is imported once is not to be timed
    yield _BALANCED
    yield table(("K", "solve and loss", "making the problem", "microseconds"), list(shown(balanced())))
    yield _RANDOM
    header: Row = ("lambda", "lambda_b", "rank", "median", "worst", "gap", "target", "met")
    yield table(header, list(shown(random_counts())))
    yield _OTHERS
    yield table(("problem", "lambda", "lambda_b", "rank", "time", "gap"), list(shown(other_problems())))
    yield _CVXPY
    yield table(("K", "lambda", "method", "time", "solver", "slower", "gap"), list(shown(against_cvxpy())))
    if peer:
        yield _PEER
        header = ("problems of", "number", "solve_cvx", "time", "slower", "apart", "remarks")
        yield table(header, list(shown(beside_the_peer(peer, their_problems()))))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peer", type=Path)
    for part in report(options.parse_args().peer):
        print(part)


if __name__ == "__main__":
    main()
