"""The last two layers under plain weight decay: ``python -m benchmarks.metric``.

Random previous features as after a ReLU, on scales that fall like a power, with class means, at d = 512, K = 100 and
N = 10^5.  ``pass`` is the one pass over them, ``solve`` the minimizer to its duality gap, both in seconds.  Beside it
are the eigendecomposition of the second moments, which ``solve`` can't do without, and accelerated proximal gradients
with restarts from the same moments in their eigenvectors, to a gap of 1e-9 or for as many steps as are allowed.  The
rows of cvxpy are small.
"""

from __future__ import annotations

import math
import time

import numpy as np

import ncsolve
from benchmarks._common import machine, once, table

_STEPS, _GAP = 2000, 1e-9
# d, K, N, the weight decay of both layers over the largest at which anything is learnt, and lambda_b.
_SIZES = [
    (512, 100, 100_000, 1e-4, 0.1), (512, 100, 100_000, 0.02, 0.1), (512, 100, 100_000, 0.3, 0.1),
    (512, 100, 100_000, 0.3, 0.0), (512, 100, 100_000, 0.9, math.inf), (2048, 1000, 20_000, 0.02, 0.1),
]
_SMALL = [(16, 5, 500, 0.05, 0.1), (32, 10, 2000, 0.05, 0.1)]


def main() -> None:
    print(f"{machine()}\n")
    header = ("d", "K", "N", "decay", "lambda_b", "rank", "gap", "pass", "solve", "eigh", "proximal", "its gap", "30 s")
    print(table(header, [_row(*size) for size in _SIZES]))
    print(table(("d", "K", "solve", "cvxpy", "losses agree to"), [_small(*size) for size in _SMALL]))


def _statistics(d: int, k: int, n: int) -> ncsolve.FeatureStatistics:
    rng = np.random.default_rng(0)
    means, mix = 2 * rng.standard_normal((k, d)), rng.standard_normal((d, d)) * np.arange(1, d + 1) ** -0.7
    found = ncsolve.FeatureStatistics(k, d)
    for start in range(0, n, 10_000):
        labels = rng.integers(0, k, min(10_000, n - start))
        z = means[labels] + rng.standard_normal((labels.size, d)) @ mix.T
        found.update(np.maximum(z, 0.0).astype(np.float32), labels)
    return found


def _problem(statistics: ncsolve.FeatureStatistics, decay: float, lambda_b: float) -> ncsolve.MetricProblem:
    """With the decays as a part of the size at which A is zero."""
    problem = statistics.metric_problem(lambda_w=1.0, lambda_v=1.0, lambda_b=lambda_b)
    _, b, _ = _moments(problem)
    size = decay * float(np.linalg.norm(b, 2))
    return problem.replace(lambda_w=size, lambda_v=size, lambda_c=size)


def _moments(problem: ncsolve.MetricProblem) -> tuple[np.ndarray, np.ndarray, float]:
    """C, B and e of T15, from the public moments."""
    f = 1.0 if math.isinf(problem.lambda_b) else problem.lambda_b / (1 + problem.lambda_b)
    mean, mu = problem.second_moments[-1], problem.label_mean
    codes = problem.encoding.matrix
    c = problem.second_moments - (1 - f) * np.outer(mean, mean)
    b = codes @ problem.cross_moments - (1 - f) * np.outer(mu, mean)
    shares = problem.counts.array / problem.samples
    return c, b, float(shares @ np.sum(codes**2, axis=0)) - (1 - f) * float(mu @ mu)


def _row(d: int, k: int, n: int, decay: float, lambda_b: float) -> tuple[str, ...]:
    start = time.perf_counter()
    statistics = _statistics(d, k, n)
    passed = time.perf_counter() - start
    problem = _problem(statistics, decay, lambda_b)
    start = time.perf_counter()
    found = ncsolve.solve(problem)
    seconds = time.perf_counter() - start
    c, b, energy = _moments(problem)
    eigh = once(lambda: np.linalg.eigh(c))
    start = time.perf_counter()
    steps, gap = _proximal(c, b, energy, problem.tau) if k <= 100 else (0, math.nan)
    proximal = time.perf_counter() - start
    return (
        str(d), str(k), str(n), f"{decay:g}", f"{lambda_b:g}", str(found.rank), f"{found.residual:.0e}",
        f"{passed:.1f}", f"{seconds:.2f}", f"{eigh:.2f}", f"{proximal:.1f} ({steps} steps)" if steps else "",
        f"{gap:.0e}" if steps else "", "yes" if passed + seconds <= 30 else "**no**",
    )


def _proximal(c: np.ndarray, b: np.ndarray, energy: float, tau: float) -> tuple[int, float]:
    """FISTA with restarts where the objective rises, in the eigenvectors of C."""
    squares, basis = np.linalg.eigh(c)
    squares, target = np.maximum(squares, 0.0), b @ basis
    rate = 1.0 / squares[-1]
    a = before = np.zeros_like(target)
    ahead, weight, last, gap = a, 1.0, math.inf, math.inf
    for step in range(1, _STEPS + 1):
        left, values, right = np.linalg.svd(ahead + rate * (target - ahead * squares), full_matrices=False)
        values = np.maximum(values - rate * tau, 0.0)
        before, a = a, (left * values) @ right
        slope, nuclear = target - a * squares, float(values.sum())
        square = max(energy - float(np.sum(a * (target + slope))), 0.0)
        loss = square / 2 + tau * nuclear
        if loss > last:
            weight, ahead, last = 1.0, a, loss
            continue
        last, following = loss, (1 + math.sqrt(1 + 4 * weight**2)) / 2
        ahead, weight = a + (weight - 1) / following * (a - before), following
        if step % 20 == 0:
            theta = min(1.0, tau / float(np.linalg.norm(slope, 2)))
            gap = (square / 2 * (1 - theta) ** 2 + tau * nuclear - theta * float(np.sum(slope * a))) / loss
            if gap <= _GAP:
                return step, gap
    return _STEPS, gap


def _small(d: int, k: int, n: int, decay: float, lambda_b: float) -> tuple[str, ...]:
    import cvxpy as cp

    problem = _problem(_statistics(d, k, n), decay, lambda_b)
    found = ncsolve.solve(problem)
    seconds = once(lambda: ncsolve.solve(problem))
    c, b, energy = _moments(problem)
    values, vectors = np.linalg.eigh(c)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    a = cp.Variable(b.shape)
    objective = (cp.sum_squares(a @ root) + energy) / 2 - cp.sum(cp.multiply(a, b)) + problem.tau * cp.normNuc(a)
    program = cp.Problem(cp.Minimize(objective))
    beside = once(lambda: program.solve(solver=cp.CLARABEL))
    off = abs(float(program.value) - found.loss) / found.loss
    return str(d), str(k), f"{seconds * 1e3:.1f} ms", f"{beside:.2f} s", f"{off:.0e}"


if __name__ == "__main__":
    main()
