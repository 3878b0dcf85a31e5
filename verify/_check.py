"""``check``: one problem of the user's, verified by every method that its size allows."""

from __future__ import annotations

import time
from functools import partial

from ncsolve.verify._case import Case
from ncsolve.verify._definition import fit_size
from ncsolve.verify._figure import Figure
from ncsolve.verify._models import MOST_PARAMETERS, Model, Part, model_of
from ncsolve.verify._problem_report import Report
from ncsolve.verify._samples import Samples

import ncsolve
from ncsolve import UFM, Minimizer, NCSolveError, OpenProblemError, SizeError
from ncsolve.checks.arguments import check_kind, check_whole
from ncsolve.processes.threads import single_threaded
from ncsolve.progress import SlowProgress

__all__ = ["check"]

# Above so many entries (1414 one-hot classes, some seconds) no array is formed.
_ARRAYS = 4_000_000
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

    Examples
    --------
    >>> import ncsolve
    >>> report = check(ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=2,
    ...                            lambda_w=0.02, lambda_h=0.01, lambda_b=0.5))
    >>> report.passed, report.skipped
    (True, ())
    """
    check_kind("the problem", problem, UFM, "make one with ncsolve.UFM(...)")
    starts, seed = check_whole("starts", starts, most=_STARTS), check_whole("seed", seed, 0)
    began = time.monotonic()
    figures: list[Figure] = []
    skipped: list[str] = []
    error: str | None = None
    note = ""
    try:
        prediction = ncsolve.solve(problem)
        note = _claimed(prediction)
        with single_threaded():
            case = _case(problem, prediction, starts, seed, skipped)
            if case is not None:
                _run(case, figures, fail_fast)
    except OpenProblemError:
        raise
    except NCSolveError as failure:
        error = f"{type(failure).__name__}: {failure}"
    return Report(
        problem=problem, figures=tuple(figures), skipped=tuple(skipped), error=error, note=note,
        seconds=time.monotonic() - began,
    )


def _claimed(prediction: Minimizer) -> str:
    """What the solver claims for its point, where that is not the global minimum."""
    if prediction.guarantee == "global":
        return ""
    return (
        f"best found, not known to be the global minimum: lower bound {prediction.lower_bound:.10g}, gap "
        f"{prediction.gap:.2g}"
    )


def _case(problem: UFM, prediction: Minimizer, starts: int, seed: int, skipped: list[str]) -> Case | None:
    """The problem with what is compared on it, or None where nothing can be."""
    m, k, d = problem.code_length, problem.classes, problem.feature_dim
    if max(m * k, k * k, d * (m + k), d * d * (problem.depth - 1)) > _ARRAYS:
        skipped.append(f"everything: the arrays of {k} classes and codes of length {m} are too large to form")
        return None
    model = model_of(problem, prediction)
    width = model.width(problem)
    parameters = model.parameters(problem, width)
    merged = parameters > MOST_PARAMETERS or not model.whole(problem, width)
    try:
        samples = Samples.of(problem, merged=merged)
    except SizeError as failure:
        skipped.append(f"everything: {failure}")
        return None
    if fit_size(samples) < _TINY:
        skipped.append(f"everything: labels of size {fit_size(samples):.0e} square to zero; rescale them")
        return None
    return Case(
        problem=problem, prediction=prediction, samples=samples, starts=starts, seed=seed, width=width, merged=merged,
        parameters=parameters, skipped=skipped,
    )


def _run(case: Case, figures: list[Figure], fail_fast: bool) -> None:
    model = model_of(case.problem, case.prediction)
    parts: dict[str, Part] = {"definition": lambda tick: model.definition(case)}
    if case.too_far:
        case.skipped.append(case.too_far)
    else:
        parts |= _searches(case, model)
    with SlowProgress("verifying", total=len(parts)) as progress:
        for number, (name, part) in enumerate(parts.items()):
            if fail_fast and not all(figure.passed for figure in figures):
                case.skipped.append(f"{name} and what follows it: a figure disagrees already")
                break
            progress.update(number, name)
            figures += part(partial(_tick, progress, number, name))


def _tick(progress: SlowProgress, number: int, name: str, share: float) -> None:
    progress.update(number + share, name)


def _searches(case: Case, model: Model) -> dict[str, Part]:
    """Descent, the transition and the convex program, as far as they fit the size of the problem."""
    d = case.problem.feature_dim
    descent: Part | None = None
    if case.parameters > MOST_PARAMETERS:
        case.skipped.append(f"descent: {case.parameters} parameters with one feature per class")
    else:
        if case.width < d:
            case.skipped.append(
                f"{d} feature dimensions: descent had {case.width}, which hold every minimizer and more"
            )
        if case.merged:
            case.skipped.append(
                f"a feature for each of the {case.problem.samples} samples: descent had one per class, which supposes "
                "NC1"
            )
        descent = partial(model.descent, case)
    found: dict[str, Part | None] = {
        "descent": descent, "transition": model.transition(case), "convex program": model.convex(case),
    }
    return {name: part for name, part in found.items() if part is not None}
