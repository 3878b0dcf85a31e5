"""Cross-entropy solved by others: its convex core in cvxpy, and the function of a checkout of Hong and Ling's code."""

from __future__ import annotations

import ast
import math
import time
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

import ncsolve

__all__ = ["Answer", "Theirs", "convex", "loss_of", "their_function"]

Array = NDArray[np.float64]
# Counts of all classes, their lambda_Z and their lambda_b; returned are outputs without bias (K, K) and the bias (K,).
Theirs = Callable[[list[int], float, float, int], tuple[Array, Array]]


class Answer(NamedTuple):
    """Loss of what cvxpy found, None where it found nothing; seconds of the processor, and those of its solver."""

    loss: float | None
    seconds: float
    solving: float
    status: str


def loss_of(problem: ncsolve.UFM, outputs: Array, bias: Array) -> float:
    """F of outputs without bias (m, K), one column per class, and a bias (m,), from the definition."""
    counts = np.asarray(problem.counts, dtype=np.float64)
    shifted = outputs + bias[:, None]
    losses = logsumexp(shifted, axis=0) - np.sum(problem.encoding.matrix * shifted, axis=0)
    nuclear = float(np.linalg.norm(outputs * np.sqrt(counts), "nuc"))
    ridge = problem.lambda_b / 2 * float(bias @ bias) if bias.any() else 0.0
    return float(counts @ losses) / problem.samples + problem.tau * nuclear + ridge


def convex(problem: ncsolve.UFM, solver: str, options: Mapping[str, object]) -> Answer:
    """The convex core with one column per class, on exponential and semidefinite cones."""
    cp: Any = import_module("cvxpy")  # which has no types

    start = time.process_time()
    counts = np.asarray(problem.counts, dtype=np.float64)
    codes, root = problem.encoding.matrix, np.sqrt(counts)
    z, b = cp.Variable(codes.shape), cp.Variable((codes.shape[0], 1))
    shifted, ridge = z @ np.diag(1 / root), 0
    if problem.lambda_b < math.inf:
        shifted, ridge = shifted + b @ np.ones((1, counts.size)), problem.lambda_b / 2 * cp.sum_squares(b)
    losses = cp.log_sum_exp(shifted, axis=0) - cp.sum(cp.multiply(codes, shifted), axis=0)
    task = cp.Problem(cp.Minimize(losses @ (counts / problem.samples) + problem.tau * cp.normNuc(z) + ridge))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "inaccurate" is what the gap shows
        data, chain, inverse = task.get_problem_data(solver, solver_opts=dict(options))
        built = time.process_time()
        try:
            found = chain.solve_via_data(task, data, warm_start=False, verbose=False, solver_opts=dict(options))
            ended = time.process_time()
            task.unpack_results(found, chain, inverse)
        except cp.error.SolverError:
            ended = time.process_time()
            return Answer(None, ended - start, ended - built, "failed")
    if z.value is None:
        return Answer(None, ended - start, ended - built, str(task.status))
    bias = np.zeros(codes.shape[0]) if b.value is None else np.asarray(b.value)[:, 0]
    return Answer(loss_of(problem, np.asarray(z.value) / root, bias), ended - start, ended - built, str(task.status))


def their_function(folder: Path, solver: str = "", options: Mapping[str, object] | None = None) -> Theirs:
    """``solve_cvx`` of ``ana_utils.py`` in a checkout of WanliHongC/Neural-Collapse, whose other lines need a GPU.

    It calls cvxpy with no options; where a solver is named, that one is called in its place.
    """
    cp: Any = import_module("cvxpy")

    class Told(cp.Problem):  # type: ignore[misc]
        def solve(self) -> Any:
            return super().solve(solver=solver, **(options or {}))

    text = (folder / "ana_utils.py").read_text(encoding="utf-8")
    found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == "solve_cvx"]
    if not found:
        raise SystemExit(f"a checkout of WanliHongC/Neural-Collapse has solve_cvx in ana_utils.py; {folder} has not")
    names: dict[str, Any] = {"np": np, "cp": SimpleNamespace(**{**vars(cp), "Problem": Told}) if solver else cp}
    exec(compile(ast.Module([*found], []), "ana_utils.py", "exec"), names)
    theirs: Theirs = names["solve_cvx"]
    return theirs
