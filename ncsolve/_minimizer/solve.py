"""``solve``: one problem, one minimizer."""

from __future__ import annotations

from typing import overload

from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.protocol import Frame
from ncsolve._frames.stationary import check_gradient
from ncsolve._minimizer.metric_minimizer import MetricMinimizer, metric_minimizer
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import model_of
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.checks.arguments import check_name

__all__ = ["select_method", "solve", "verified"]

METHODS, METRIC_METHODS = ("auto", "spectral"), ("auto", "newton")


@overload
def solve(problem: UFM, *, method: str = "auto") -> Minimizer: ...
@overload
def solve(problem: MetricProblem, *, method: str = "auto") -> MetricMinimizer: ...
@overload
def solve(problem: UFM | MetricProblem, *, method: str = "auto") -> Minimizer | MetricMinimizer: ...
def solve(problem: UFM | MetricProblem, *, method: str = "auto") -> Minimizer | MetricMinimizer:
    r"""The global minimizer of the regularized unconstrained features model, exactly up to rounding.

    The non-convex problem in (W, H, b) has the same minimum as the convex

    .. math:: \min_{Z, b} \tfrac{1}{2N} \|Z + b u^T - M\|_F^2 + \sqrt{\lambda_W \lambda_H} \|Z\|_*
              + \tfrac{\lambda_b}{2} \|b\|^2

    for d >= rank Z.  With a smaller dim (T8), a deep head (T9) or ReLU features (T10) what is returned is the global
    minimizer where a theorem says so, else the best of many starts with a lower bound: ``Minimizer.guarantee`` tells.
    A closed form is evaluated where a theorem gives one (T3 at lambda_b = 0 and inf, T4, T5, T5b,
    T6); otherwise Newton's method solves the bias equation in the directions that the label mean meets.

    A ``MetricProblem``, the last two layers under plain weight decay, is convex in A = W (V, c) (T15): its minimizer is
    a closed form where the moments are aligned with the labels, else found by Newton's method, which stops on the
    duality gap.

    Parameters
    ----------
    problem : UFM or MetricProblem
    method : "auto" or "spectral"
        "spectral" ignores structure and closed forms for 0 < lambda_b < inf: an independent check.  Of a MetricProblem
        it is "newton" that does.

    Returns
    -------
    Minimizer or MetricMinimizer
        With its loss and the residual of the full objective's gradient, both recomputed; of a MetricProblem with the
        duality gap.

    Raises
    ------
    ProblemError
        If ``problem`` is none.
    OpenProblemError
        For a combination of model parts that nobody can solve; the message says which.
    UnknownNameError
        For another ``method``.
    ConvergenceError
        If the residual is above 1e-10 (1e-6 where descent or a convex program found the point): nothing unverified is
        returned.  Under cross-entropy a point whose dual bound leaves more than 1e-9 open is "best found", with that
        gap, whatever its residual is.  Of a MetricProblem if the duality gap is above 1e-9 of the
        loss.

    Notes
    -----
    Source: T0 to T10, T15 and T16 of docs/theory.md.

    Examples
    --------
    >>> import ncsolve
    >>> codes = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
    >>> minimizer = ncsolve.solve(ncsolve.UFM(encoding=codes, counts=[5, 20, 1, 10],
    ...                                       lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1))
    >>> print(f"{minimizer.loss:.12f}", minimizer.method)
    0.027743942237 spectral
    """
    if isinstance(problem, MetricProblem):
        return metric_minimizer(problem, general=check_name("method", method, METRIC_METHODS) == "newton")
    check_problem(problem)
    check_name("method", method, METHODS)
    return verified(problem, model_of(problem).frame(problem, spectral=method == "spectral"))


def verified(problem: UFM, frame: Frame) -> Minimizer:
    """The minimizer of a frame, once the gradient of the full objective has been seen to vanish."""
    residual = check_gradient(frame, bounded=model_of(problem).bounds_points)
    return Minimizer(
        problem=problem, choice=frame.choice, loss_terms=frame.loss_terms(), residual=residual, frame=frame
    )


def select_method(problem: UFM | MetricProblem) -> MethodChoice:
    """Which method ``solve`` uses for a problem, by which theorem, and why.  Raises ProblemError if it is none.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=[5, 5, 9],
    ...                       lambda_w=1e-3, lambda_h=1e-3, lambda_b=float("inf"))
    >>> select_method(problem).theorem
    'T6'
    """
    if isinstance(problem, MetricProblem):
        return model_of(problem).choice(problem)
    check_problem(problem)
    return model_of(problem).choice(problem)
