"""What people use today, on the same problem, in one run: python -m benchmarks.rivals > benchmarks/rivals.md

cvxpy solves the convex problem in (Z, b) with the nuclear norm; gradient descent, Adam and L-BFGS run on (W, H, b) with
one column of H per class (T1), which favours them: the full problem has one column per sample.
"""

from __future__ import annotations

import math
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

import ncsolve
from benchmarks._common import machine, table
from benchmarks.scale import random_problem

LIMIT = 120.0  # seconds for one run of one rival
DESCENT_LIMIT = 20.0
SIZES = (10, 30, 60, 100)


def convex(problem: ncsolve.UFM, solver: str, options: dict[str, object]) -> tuple[float, np.ndarray]:
    import cvxpy as cp

    n = np.asarray(problem.counts, dtype=float)
    u = np.sqrt(n)
    codes = problem.encoding.matrix * u
    z, b = cp.Variable(codes.shape), cp.Variable(codes.shape[0])
    fit = cp.sum_squares(z + cp.reshape(b, (codes.shape[0], 1), order="F") @ u[None, :] - codes) / (2 * problem.samples)
    task = cp.Problem(cp.Minimize(fit + problem.tau * cp.normNuc(z) + problem.lambda_b / 2 * cp.sum_squares(b)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "inaccurate" is what the error columns show
        task.solve(solver=solver, **options)
    values = np.linalg.svd(z.value, compute_uv=False)
    rest = z.value + np.outer(b.value, u) - codes
    loss = float(np.sum(rest**2)) / (2 * problem.samples) + problem.tau * float(values.sum())
    return loss + problem.lambda_b / 2 * float(b.value @ b.value), np.asarray(b.value)


def descent(problem: ncsolve.UFM, step: str, rate: float) -> tuple[float, np.ndarray]:
    rng = np.random.default_rng(0)
    m = problem.code_length
    point = [rng.standard_normal((m, m)) / math.sqrt(m), rng.standard_normal((m, problem.classes)) / math.sqrt(m),
             np.zeros(m)]
    if step == "lbfgs":
        shapes = [x.shape for x in point]
        cuts = np.cumsum([x.size for x in point])[:-1]

        def split(x: np.ndarray) -> list[np.ndarray]:
            return [part.reshape(shape) for part, shape in zip(np.split(x, cuts), shapes, strict=True)]

        def value(x: np.ndarray) -> tuple[float, np.ndarray]:
            parts = split(x)
            return ncsolve.objective(problem, *parts), np.concatenate(
                [g.ravel() for g in ncsolve.gradient(problem, *parts)]
            )

        found = minimize(value, np.concatenate([x.ravel() for x in point]), jac=True, method="L-BFGS-B",
                         options={"maxiter": 10**6, "maxfun": 10**6, "ftol": 0.0, "gtol": 1e-10, "maxcor": 20})
        return float(found.fun), split(found.x)[2]
    first = [np.zeros_like(x) for x in point]
    second = [np.zeros_like(x) for x in point]
    end = time.perf_counter() + DESCENT_LIMIT
    for t in range(1, 10**9):
        slopes = ncsolve.gradient(problem, *point)
        if t % 100 == 0:
            size = math.sqrt(sum(float(np.sum(g * g)) for g in slopes))
            if size < 1e-9 or time.perf_counter() > end:
                break
        for i, g in enumerate(slopes):
            if step == "gd":
                point[i] = point[i] - rate * g
            else:
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g * g
                point[i] = point[i] - rate * (first[i] / (1 - 0.9**t)) / (np.sqrt(second[i] / (1 - 0.999**t)) + 1e-8)
    return ncsolve.objective(problem, *point), point[2]


RIVALS: list[tuple[str, Callable[[ncsolve.UFM], tuple[float, np.ndarray]]]] = [
    ("cvxpy, Clarabel", lambda p: convex(p, "CLARABEL", {})),
    ("cvxpy, SCS (default eps)", lambda p: convex(p, "SCS", {})),
    ("cvxpy, SCS (eps 1e-9)", lambda p: convex(p, "SCS", {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 10**6})),
    ("gradient descent (rate 1)", lambda p: descent(p, "gd", 1.0)),
    ("Adam (lr 1e-2)", lambda p: descent(p, "adam", 1e-2)),
    ("L-BFGS", lambda p: descent(p, "lbfgs", 0.0)),
]


Result = tuple[float, float, np.ndarray]


def _work(index: int, size: int, queue: multiprocessing.Queue[Result]) -> None:
    problem = random_problem(size, 5e-4, 0.1)
    if index < 3:
        import cvxpy  # noqa: F401 - not to be timed
    start = time.perf_counter()
    loss, bias = RIVALS[index][1](problem)
    queue.put((time.perf_counter() - start, loss, bias))


def compete(index: int, size: int) -> Result | None:
    """One rival in a process of its own, stopped at the limit."""
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[Result] = context.Queue()
    process = context.Process(target=_work, args=(index, size, queue))
    process.start()
    try:
        result = queue.get(timeout=LIMIT)
    except Exception:
        result = None
    process.kill()
    process.join()
    return result


def main() -> None:
    print(
        "# Rivals\n\nMade by `python -m benchmarks.rivals`: random codes K = m, counts 1 .. 100, lambda_W = lambda_H = "
        "5e-4, lambda_b = 0.1.\nErrors: relative to ncsolve's loss and bias, which tests/minimizer/test_solve.py "
        "compares with 50 digits.\n`slower` is the rival's time over ncsolve's (solve, W, class means), in one run.\n"
        f"Gradient descent and Adam are stopped after {DESCENT_LIMIT:.0f} s, other rivals after {LIMIT:.0f} s, "
        "wherever they are then.\n"
    )
    print(f"Machine: {machine()}.\n")
    rows = []
    for size in SIZES:
        problem = random_problem(size, 5e-4, 0.1)
        ncsolve.solve(problem)
        times = []
        for _ in range(15):
            start = time.perf_counter()
            found = ncsolve.solve(problem)
            _ = found.W, found.class_means
            times.append(time.perf_counter() - start)
        ours = sorted(times)[7]
        rows.append([str(size), "**ncsolve**", f"{ours * 1e3:.1f} ms", "1", "", ""])
        for index, (name, _) in enumerate(RIVALS):
            done = compete(index, size)
            if done is None:
                rows.append([str(size), name, f"> {LIMIT:.0f} s", f"> {LIMIT / ours:.0f}", "stopped", ""])
            else:
                seconds, loss, bias = done
                error = float(np.linalg.norm(bias - found.bias) / np.linalg.norm(found.bias))
                rows.append([str(size), name, f"{seconds:.2f} s", f"{seconds / ours:.0f}",
                             f"{(loss - found.loss) / found.loss:.0e}", f"{error:.0e}"])
            print(rows[-1], file=sys.stderr, flush=True)
    print(table(["K", "method", "time", "slower", "loss error", "bias error"], rows))


if __name__ == "__main__":
    main()
