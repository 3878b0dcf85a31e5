"""``check``: one problem of the user's, verified by every method that its size allows."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._check_beyond import beyond_figures, guarantee_note, tie_figures
from ncsolve.verify._definition import Definition, fit_size
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify._own_scalars import missing_transition, own_scalars
from ncsolve.verify._problem_report import Report
from ncsolve.verify._problems import gram_unit
from ncsolve.verify._range import out_of_range
from ncsolve.verify._samples import Point, Samples
from ncsolve.verify.convex import solve_convex
from ncsolve.verify.critical import examine
from ncsolve.verify.descent import Run, descend

import ncsolve
from ncsolve import UFM, Minimizer, NCSolveError, OpenProblemError, SizeError
from ncsolve._models.room import may_bind
from ncsolve._problem.ufm import check_problem
from ncsolve.checks.arguments import check_whole
from ncsolve.processes.threads import single_threaded
from ncsolve.progress import SlowProgress

__all__ = ["check"]

# Above so many parameters there is no dense Hessian, descent has one feature per class, or there is none at all; above
# so many entries (1414 one-hot classes, some seconds) no array is formed.
_HESSIAN, _FULL, _DESCENT, _ARRAYS = 600, 30_000, 5_000, 4_000_000
_CONVEX_ENTRIES = 120
_TINY = 1e-100
_STARTS = 10_000


def check(problem: UFM, *, starts: int = 4, seed: int = 0, fail_fast: bool = False) -> Report:
    """Compare the solver's minimizer of a problem with descent, cvxpy, weak duality and the definition.

    Of a bottleneck, a deep head and ReLU features with descents on all layers, the features and b from many starts, and
    the definition; of a point that is only the best found nothing more is verified.  Whatever does not fit the size of
    the problem is left out, and so is what floats cannot tell apart; the report says so.

    Parameters
    ----------
    problem : UFM
    starts : int
        Random starts of descent, at least 1.
    seed : int
        Of the first start; the others follow.
    fail_fast : bool
        Where the definition, descent or the transition disagrees, the methods that would follow are left out.

    Returns
    -------
    Report
        ``passed`` only if every comparison that was made agrees and at least one was made.

    Raises
    ------
    NCSolveError
        For fewer than one start.  A solver that fails is reported, not raised.
    OpenProblemError
        For a combination of model parts that nobody can solve, as ReLU features under a deep head.

    >>> import ncsolve
    >>> report = check(ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=2,
    ...                            lambda_w=0.02, lambda_h=0.01, lambda_b=0.5))
    >>> report.passed, report.skipped
    (True, ())
    """
    check_problem(problem)
    starts, seed = check_whole("starts", starts, most=_STARTS), check_whole("seed", seed, 0)
    began = time.monotonic()
    figures: list[Figure] = []
    skipped: list[str] = []
    error: str | None = None
    note = ""
    try:
        prediction = ncsolve.solve(problem)
        note = guarantee_note(prediction)
        with single_threaded():
            _run(problem, prediction, starts, seed, figures, skipped, fail_fast)
    except OpenProblemError:
        raise
    except NCSolveError as failure:
        error = f"{type(failure).__name__}: {failure}"
    return Report(
        problem=problem, figures=tuple(figures), skipped=tuple(skipped), error=error, note=note,
        seconds=time.monotonic() - began,
    )


def _run(
    problem: UFM, prediction: Minimizer, starts: int, seed: int, figures: list[Figure], skipped: list[str],
    fail_fast: bool,
) -> None:
    m, k, d = problem.code_length, problem.classes, problem.feature_dim
    if max(m * k, k * k, d * (m + k), d * d * (problem.depth - 1)) > _ARRAYS:
        skipped.append(f"everything: the arrays of {k} classes and codes of length {m} are too large to form")
        return
    width = min(d, min(m, k) + 2)
    small = width * (m + k)
    merged = small > _DESCENT or d * (m + problem.samples) > _FULL
    try:
        samples = Samples.of(problem, merged=merged)
    except SizeError as failure:
        skipped.append(f"everything: {failure}")
        return
    if fit_size(samples) < _TINY:
        skipped.append(f"everything: labels of size {fit_size(samples):.0e} square to zero; rescale them")
        return
    too_far = out_of_range(problem, samples)
    if too_far:
        skipped.append(too_far)
    if not problem.plain or prediction.choice.theorem == "T8":
        figures += beyond_figures(problem, prediction, 0 if too_far else starts, seed, skipped, fail_fast)
        return
    means = np.array(prediction.class_means)
    point = Point(W=np.array(prediction.W), H=samples.spread(means), b=np.array(prediction.bias))
    parts: list[tuple[str, Callable[[], list[Figure]]]] = [
        ("definition", lambda: _definition(problem, prediction, samples, point, merged, skipped))
    ]
    if too_far:
        figures += parts[0][1]()
        return
    if small <= _DESCENT:
        if width < d:
            skipped.append(f"{d} feature dimensions: descent had {width}, which hold every minimizer and more")
        if merged:
            skipped.append(
                f"a feature for each of the {problem.samples} samples: descent had one per class, which supposes NC1"
            )
        parts.append(("descent", lambda: _descents(problem, prediction, starts, seed, width, merged)))
    else:
        skipped.append(f"descent: {small} parameters with one feature per class")
    narrow = may_bind(problem)
    if prediction.transition is None and not narrow:
        figures += missing_transition(samples)
    if prediction.transition is not None and narrow and small <= _DESCENT:
        at = problem.replace(lambda_b=prediction.transition)
        parts.append(("transition", lambda: tie_figures(at, seed, d, skipped)))
    elif prediction.transition is not None and small <= _HESSIAN:
        parts.append(("transition", lambda: _transition(problem, prediction.transition, seed, width)))
    elif prediction.transition is not None:
        skipped.append(f"the transition lambda_b: {small} parameters with one feature per class")
    if m * k <= _CONVEX_ENTRIES:
        parts.append(("convex program", lambda: _convex(problem, prediction, skipped)))
    else:
        skipped.append(f"the convex program: {m} x {k} entries")
    with SlowProgress("verifying", total=len(parts)) as progress:
        for number, (name, part) in enumerate(parts):
            if fail_fast and not all(figure.passed for figure in figures):
                skipped.append(f"{name} and what follows it: a figure disagrees already")
                break
            progress.update(number, name)
            figures += part()


def _definition(
    problem: UFM, prediction: Minimizer, samples: Samples, point: Point, merged: bool, skipped: list[str]
) -> list[Figure]:
    """The solver's own numbers against its own point, the gradient there, and the bound of weak duality."""
    found = examine(problem, point, merged=merged)
    loss = Worst("loss at the solver's W, H, b", tolerance=1e-10, reason="rounding")
    loss_size = max(abs(prediction.loss), 1e-6 * fit_size(samples) ** 2)
    loss.add(prediction.loss, found.loss, size=loss_size)
    gram = Worst("Gram matrix of the solver's class means", tolerance=1e-10, reason="rounding")
    unit = gram_unit(problem)
    gram.add(prediction.gram, prediction.class_means.T @ prediction.class_means, size=_size(prediction.gram, unit))
    z = Worst("singular values of the solver's W H", tolerance=1e-10, reason="rounding")
    own = np.linalg.svd(point.W @ (point.H * np.sqrt(samples.weights)), compute_uv=False)
    own = np.pad(own, (0, max(0, prediction.singular_values.size - own.size)))[: prediction.singular_values.size]
    largest = float(np.linalg.norm(samples.targets * np.sqrt(samples.weights), 2)) or 1.0
    z.add(prediction.singular_values, own, size=largest)
    bound = Worst(
        "lower bound by weak duality, relative", tolerance=1e-8, reason="first order in the solver's rounding, over tau"
    )
    bound.add(prediction.loss, lower_bound(samples, point), size=loss_size)
    told = abs(prediction.loss) > bound.tolerance * loss_size  # else no bound could be found wrong
    if not told:
        skipped.append("the lower bound by weak duality: the loss is below the rounding of the labels' squares")
    figures = [
        loss.figure(),
        gram.figure(),
        z.figure(),
        *own_scalars(problem, prediction, samples, point, skipped),
        at_most("gradient at the solver's minimizer, relative", 1e-9, found.gradient, reason="rounding"),
        at_most("|lw W^T W - lh H H^T| at it, relative", 1e-9, found.balance, reason="rounding"),
        *([bound.figure()] if told else []),
    ]
    if found.curvature is not None:
        figures.append(
            at_least(
                "least Hessian eigenvalue over the largest", -1e-10, found.curvature,
                reason="zero along rotations of the features, up to rounding",
            )
        )
    else:
        skipped.append(f"the Hessian: {Definition(samples).size} parameters")
    return figures


def _descents(
    problem: UFM, prediction: Minimizer, starts: int, seed: int, width: int, merged: bool
) -> list[Figure]:
    """Random starts: the loss, and the geometry of the best run."""
    polished = width * (problem.code_length + (problem.classes if merged else problem.samples)) <= _HESSIAN
    runs = [
        descend(
            problem, method="newton" if polished else "lbfgs", seed=seed + start, dim=width, merged=merged,
            trace=False, progress=False,
            tolerance=1e-11 if polished else 1e-8, max_steps=20_000,
        )
        for start in range(starts)
    ]
    best = min(runs, key=lambda run: run.loss)
    stop = "gradient of 1e-11" if polished else "gradient of 1e-8"
    loss = Worst("loss of the best run, relative", tolerance=1e-8, reason=f"flat at the minimum; {stop}")
    loss_size = max(abs(prediction.loss), 1e-6 * fit_size(best.samples) ** 2)
    loss.add(prediction.loss, best.loss, size=loss_size)
    unit = gram_unit(problem)
    codes = float(np.abs(best.samples.codes).max()) or 1.0
    fine = 1e-6 if polished else 1e-3
    bias = Worst("b", tolerance=fine, reason=stop)
    bias.add(prediction.bias, best.bias, size=codes)
    gram = Worst("Gram matrix, relative", tolerance=fine, reason=f"{stop}, over the curvature")
    gram.add(prediction.gram, best.gram, size=_size(prediction.gram, unit))
    values = Worst("singular values of W H, relative", tolerance=fine, reason=f"{stop}, over the curvature")
    values.add(prediction.singular_values, best.singular_values, size=_scale(best))
    reached = sum(run.loss <= best.loss + 1e-6 * loss_size for run in runs)
    unfinished = sum(not run.converged for run in runs)
    figures = [
        loss.figure(),
        at_most(
            "descent below the optimum, relative", 1e-11,
            [(prediction.loss - run.loss) / loss_size for run in runs],
            reason="no point can be below the minimum, up to rounding of the loss",
        ),
        Figure(
            what="runs that ended at the best loss", predicted=float(starts), found=float(reached),
            error=float(starts - reached), tolerance=float(unfinished),
            reason="a run that did not converge may end anywhere, and is not dropped", comparisons=starts,
        ),
        Figure(
            what="runs not converged", predicted=0.0, found=float(unfinished), error=float(unfinished),
            tolerance=float(starts - 1), reason="one converged run is enough to compare with", comparisons=starts,
        ),
        gram.figure(),
        values.figure(),
        bias.figure(),
    ]
    if not merged:
        nc1 = metrics.within_class_variation(best.point.H, best.samples.labels, best.samples.classes)
        if nc1 is not None and prediction.rank > 0:
            figures.append(at_most("NC1, |H - class means| / |H|", fine, nc1, reason=f"{stop}, over lambda_h"))
    return figures


def _transition(problem: UFM, transition: float | None, seed: int, width: int) -> list[Figure]:
    """On either side of the lambda_b that the solver names: one dimension of the features is there, or is not."""
    assert transition is not None
    ranks = []
    for factor in (1 - 5e-3, 1 + 5e-3):
        run = descend(
            problem.replace(lambda_b=factor * transition), method="newton", seed=seed, dim=width, tolerance=1e-11,
            merged=True, trace=False, progress=False, max_steps=20_000,
        )
        ranks.append(int(np.sum(run.singular_values > 1e-7 * _scale(run))))
    gained = float(ranks[1] - ranks[0])
    return [
        Figure(
            what="dimensions gained from 0.995 to 1.005 of the transition", predicted=1.0, found=gained,
            error=abs(gained - 1.0), tolerance=0.0, reason="a count",
        )
    ]


def _convex(problem: UFM, prediction: Minimizer, skipped: list[str]) -> list[Figure]:
    """cvxpy with Clarabel."""
    try:
        found = solve_convex(problem, merged=True)
    except NCSolveError as failure:  # it is not our solver that failed
        skipped.append(f"the convex program: {failure}")
        return []
    primal = Worst("cvxpy, primal value, relative", tolerance=1e-6, reason="Clarabel stops at 1e-10 at best")
    loss_size = max(abs(prediction.loss), 1e-2 * fit_size(Samples.of(problem, merged=True)) ** 2)
    primal.add(prediction.loss, found.primal, size=loss_size)
    dual = Worst("cvxpy, dual value, relative", tolerance=1e-5, reason="as the primal value, with a thinner cone")
    dual.add(prediction.loss, found.dual, size=loss_size)
    return [primal.figure(), dual.figure()]


def _scale(run: Run) -> float:
    """Largest singular value of the labels, the size of W H."""
    s = run.samples
    return float(np.linalg.norm(s.targets * np.sqrt(s.weights), 2)) or 1.0


def _size(gram: np.ndarray[tuple[int, ...], np.dtype[np.float64]], unit: float) -> float:
    """What a Gram matrix is measured against: its largest entry, unless it is zero."""
    return max(float(np.abs(gram).max(initial=0.0)), 1e-3 * unit)
