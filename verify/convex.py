"""The convex program behind the problem, primal and dual, in cvxpy: a second method that knows no theorem but T2."""

from __future__ import annotations

import importlib
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from ncsolve.verify._samples import Samples, check_one_layer
from ncsolve.verify._types import Array

from ncsolve import UFM, NCSolveError
from ncsolve.checks.arguments import check_name
from ncsolve.checks.arrays import Frozen

__all__ = ["SOLVERS", "ConvexSolution", "solve_convex"]

SOLVERS = ("clarabel", "scs")
_OPTIONS: dict[str, dict[str, object]] = {
    "clarabel": {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10},
    "scs": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 100_000},
}


@dataclass(frozen=True, kw_only=True, eq=False)
class ConvexSolution(Frozen):
    """What cvxpy found: primal and dual values, each from a program of its own; b (m,); the singular values of Z."""

    solver: str
    primal: float
    dual: float
    bias: Array
    singular_values: Array
    primal_status: str
    dual_status: str

    @property
    def converged(self) -> bool:
        """Whether the solver calls both programs solved."""
        return self.primal_status == "optimal" and self.dual_status == "optimal"


def solve_convex(problem: UFM, *, solver: str = "clarabel", merged: bool = False) -> ConvexSolution:
    r"""Solve, over Z (m, N) with one column per sample,

    .. math:: \min_{Z, b} \tfrac{1}{N} \sum_j \ell(z_j + b, y_j) + \sqrt{\lambda_W \lambda_H} \|Z\|_*
              + \tfrac{\lambda_b}{2} \|b\|^2

    for the problem's loss l, and its dual, the largest lower bound over
    :math:`\|L\|_2 \le \sqrt{\lambda_W \lambda_H}`.  MSE makes quadratic programs; cross-entropy needs the exponential
    cone, which both solvers have.

    Parameters
    ----------
    problem : UFM
    solver : "clarabel" or "scs"
        An interior-point and a first-order method.
    merged : bool
        One weighted column per class in place of one per sample: a much smaller program that takes NC1 for granted.

    Raises
    ------
    UnknownNameError, NCSolveError
        For another solver, or where cvxpy cannot solve the program at all.
    OpenProblemError
        For a deep head and for ReLU features.

    Notes
    -----
    Source: T3 and T16 of docs/theory.md; Zhou et al. 2022.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(2), counts=2,
    ...                       lambda_w=0.1, lambda_h=0.1, lambda_b=1.0)
    >>> found = solve_convex(problem)
    >>> abs(found.primal - ncsolve.solve(problem).loss) < 1e-8, found.primal - found.dual < 1e-8
    (True, True)
    """
    check_name("convex solver", solver, SOLVERS)
    check_one_layer(problem, "the convex program")
    samples = Samples.of(problem, merged=merged)
    return _PROGRAMS[samples.loss](importlib.import_module("cvxpy"), samples, solver)


def _quadratic(cp: Any, samples: Samples, solver: str) -> ConvexSolution:  # cvxpy has no types
    # In units in which the labels and the bias's direction have norm one: lambdas and counts of any size then make
    # programs of the same size.
    root = np.sqrt(samples.weights)
    scale = float(np.linalg.norm(samples.targets * root, 2)) or 1.0
    labels = samples.targets * root / scale
    direction = root / np.sqrt(samples.total)
    lambda_b = samples.counted_lambda_b
    strength = samples.total * math.sqrt(samples.lambda_w) * math.sqrt(samples.lambda_h) / scale

    z = cp.Variable(labels.shape)
    b = cp.Variable((samples.code_length, 1))
    shift = b @ direction[None, :] if samples.has_bias else 0
    loss = cp.sum_squares(z + shift - labels) / 2 + strength * cp.normNuc(z)
    if samples.has_bias and lambda_b > 0:
        loss += lambda_b / 2 * cp.sum_squares(b)
    primal = _run(cp.Problem(cp.Minimize(loss)), solver)

    duals = cp.Variable(labels.shape)
    bound = cp.sum(cp.multiply(duals, labels)) - cp.sum_squares(duals) / 2
    rules = [cp.sigma_max(duals) <= strength]
    if samples.has_bias and lambda_b > 0:
        bound -= cp.sum_squares(duals @ direction) / (2 * lambda_b)
    elif samples.has_bias:
        rules.append(duals @ direction == 0)
    dual = _run(cp.Problem(cp.Maximize(bound), rules), solver)

    bias = np.array(b.value)[:, 0] * scale / np.sqrt(samples.total) if samples.has_bias else np.zeros(b.shape[0])
    return _solution(samples, solver, primal, dual, bias, np.array(z.value) / root * scale, scale**2 / samples.total)


def _exponential(cp: Any, samples: Samples, solver: str) -> ConvexSolution:
    """Cross-entropy: the dual is over probabilities p_j, with L = [sqrt(w_j) (p_j - y_j)]/N."""
    share, labels = samples.share, samples.targets
    root = np.sqrt(share)[None, :]
    m, n = labels.shape
    strength = math.sqrt(samples.lambda_w) * math.sqrt(samples.lambda_h) * math.sqrt(samples.total)
    lambda_b = samples.counted_lambda_b

    z = cp.Variable((m, n))
    b = cp.Variable((m, 1))
    outputs = z + b @ np.ones((1, n)) if samples.has_bias else z
    fits = cp.log_sum_exp(outputs, axis=0) - cp.sum(cp.multiply(labels, outputs), axis=0)
    loss = fits @ share + strength * cp.normNuc(cp.multiply(z, np.repeat(root, m, axis=0)))
    rules = []
    if samples.has_bias and lambda_b > 0:
        loss += lambda_b / 2 * cp.sum_squares(b)
    elif samples.has_bias:  # known but for a multiple of 1
        rules.append(cp.sum(b) == 0)
    primal = _run(cp.Problem(cp.Minimize(loss), rules), solver)

    chances = cp.Variable((m, n), nonneg=True)
    errors = chances - labels
    bound = cp.sum(cp.entr(chances), axis=0) @ share
    rules = [cp.sum(chances, axis=0) == 1, cp.sigma_max(cp.multiply(errors, np.repeat(root, m, axis=0))) <= strength]
    if samples.has_bias and lambda_b > 0:
        bound -= cp.sum_squares(errors @ share) / (2 * lambda_b)
    elif samples.has_bias:
        rules.append(errors @ share == 0)
    dual = _run(cp.Problem(cp.Maximize(bound), rules), solver)
    bias = np.array(b.value)[:, 0] if samples.has_bias else np.zeros(m)
    return _solution(samples, solver, primal, dual, bias, np.array(z.value), 1.0)


_PROGRAMS = {"mse": _quadratic, "cross-entropy": _exponential}


def _solution(
    samples: Samples, solver: str, primal: Any, dual: Any, bias: Array, outputs: Array, unit: float
) -> ConvexSolution:
    return ConvexSolution(
        solver=solver,
        primal=float(primal.value) * unit,
        dual=float(dual.value) * unit,
        bias=bias,
        singular_values=samples.singular_values(outputs),
        primal_status=primal.status,
        dual_status=dual.status,
    )


def _run(program: Any, solver: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an inaccurate solution is reported through the status
        try:
            program.solve(solver=solver.upper(), **_OPTIONS[solver])
        except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
            raise
        except BaseException as error:  # Clarabel's panics are no Exceptions, and cvxpy fails in many ways
            text = " ".join(f"{type(error).__name__}: {error}".split())
            raise NCSolveError(f"cvxpy's {solver} failed ({text[:200]}); try another of {', '.join(SOLVERS)}") from None
    if program.value is None:
        raise NCSolveError(
            f"cvxpy's solver {solver} found no solution ({program.status}); "
            f"try another of {', '.join(SOLVERS)}"
        )
    return program
