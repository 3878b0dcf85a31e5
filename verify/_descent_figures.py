"""Descents that know nothing of the solver against its minimizer: where one minimum is all there is, and where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._case import Case
from ncsolve.verify._definition import Parts
from ncsolve.verify._figure import Figure, agreement, at_least, at_most, count
from ncsolve.verify._types import Array
from ncsolve.verify.descent import LayeredRun, Run, beside, descend, layered_starts

__all__ = ["NEWTON_MOST", "Tick", "Unique", "gained_dimension", "many_minima", "one_minimum", "tied_losses"]

# Is told which share of the work is done.
Tick = Callable[[float], None]
# Above so many parameters there is no dense Hessian.
NEWTON_MOST = 600
_REACHED = 1e-8


def one_minimum(case: Case, tick: Tick) -> list[Figure]:
    """One layer, every dimension: there is no local minimum but the global one, and every start must end there."""
    samples = case.samples
    polished = case.width * (samples.code_length + (samples.classes if case.merged else case.problem.samples))
    polished = polished <= NEWTON_MOST
    # Cross-entropy keeps the entropy of its labels: its rounding ends a line search before a smaller gradient.
    rough = "1e-7" if samples.loss == "cross-entropy" else "1e-8"
    end = "1e-11" if polished else rough
    runs = []
    for start in range(case.starts):
        runs.append(descend(
            case.problem, method="newton" if polished else "lbfgs", seed=case.seed + start, dim=case.width,
            merged=case.merged, trace=False, progress=False, tolerance=float(end), max_steps=20_000,
        ))
        tick((start + 1) / case.starts)
    best = min(runs, key=lambda run: run.loss)
    stop = f"gradient of {end}"
    curved, fine = f"{stop}, over the curvature", 1e-6 if polished else 1e-3
    reached = sum(run.loss <= best.loss + 1e-6 * case.loss_size for run in runs)
    unfinished = sum(not run.converged for run in runs)
    figures = [
        *_losses(case, runs, (), stop),
        count(
            "runs that ended at the best loss", case.starts, reached, allowed=unfinished, comparisons=case.starts,
            reason="a run that did not converge may end anywhere, and is not dropped",
        ),
        count(
            "runs not converged", 0, unfinished, allowed=case.starts - 1, comparisons=case.starts,
            reason="one converged run is enough to compare with",
        ),
        *_same(
            ("Gram matrix, relative", case.prediction.gram, best.gram, case.gram_size, fine, curved),
            ("singular values of W H, relative", case.prediction.singular_values, best.singular_values,
             case.label_size, fine, curved),
            ("b", case.prediction.bias, best.bias, case.bias_size, fine, stop),
        ),
    ]
    if not case.merged and case.prediction.rank > 0:
        nc1 = metrics.within_class_variation(best.point.H, best.samples.labels, best.samples.classes)
        if nc1 is not None:
            figures.append(at_most("NC1, |H - class means| / |H|", fine, nc1, reason=f"{stop}, over lambda_h"))
    return figures


@dataclass(frozen=True, kw_only=True)
class Unique:
    """How many of the outputs, b and the Gram matrix all minimizers share; ``note`` says why not all are compared."""

    figures: int = 3
    note: str = ""


def many_minima(case: Case, tick: Tick, *, unique: Callable[[Case], Unique]) -> list[Figure]:
    """Local minima: many kinds of starts, of which one must reach the loss, and two from beside the solver's point."""
    prediction, size = case.prediction, case.loss_size
    runs: list[LayeredRun] = []
    for start in range(case.starts):
        # Squares are slow where features vanish: once is enough to have tried them.
        runs += layered_starts(
            case.problem, seed=case.seed + start, dim=case.width, merged=case.merged, squares=start == 0
        )
        tick((start + 1) / case.starts)
    # The solver's point uses its first dimensions only.
    width, layers = case.width, prediction.layers
    inner = [layer[:width, :width] for layer in layers[:-1]]
    point = Parts(prediction.class_means[:width], (*inner, layers[-1][:, :width]), case.parts.bias)
    near = [beside(case.problem, point, seed=case.seed + start) for start in range(2)]
    stop = "gradient of 1e-11"
    figures = [
        *_losses(case, runs, near, stop),
        at_least(
            f"of {len(runs)} starts, those that ended at the best loss", 1.0,
            sum(run.loss <= prediction.loss + _REACHED * size for run in runs),
            reason="the others end in local minima, or flat valleys",
        ),
        agreement(
            "loss of the best run from beside the solver's point, relative", prediction.loss,
            min(run.loss for run in near), size=size, tolerance=1e-7,
            reason="a local minimum draws it back, through a flat valley",
        ),
    ]
    # As it was found: ``Minimizer.lower_bound`` is never above the loss, whatever was found.
    bound = prediction.frame.guarantee.lower_bound
    if prediction.guarantee != "global" and bound is not None:
        figures.append(at_most(
            "descent below the lower bound, relative", 1e-10,
            [(bound - loss) / size for loss in (prediction.loss, *(run.loss for run in (*runs, *near)))],
            reason="no point can be below it, up to rounding of the bound",
        ))
    if not case.merged and prediction.rank > 0:
        best = min(runs, key=lambda run: run.loss)
        figures.append(at_most("NC1, distance of a feature from its class mean, relative", 1e-3, best.spread,
                               reason=f"{stop}, over lambda_h"))
    return figures + _geometry(case, runs, unique)


def _losses(
    case: Case, runs: Sequence[Run] | Sequence[LayeredRun], near: Sequence[LayeredRun], stop: str
) -> list[Figure]:
    """The best run ends at the solver's loss, and neither any run nor those from beside its point end below."""
    known = case.prediction.guarantee == "global"
    return [
        agreement("loss of the best run, relative", case.prediction.loss, min(run.loss for run in runs),
                  size=case.loss_size, tolerance=_REACHED, reason=f"flat at the minimum; {stop}"),
        at_most(
            f"descent below the {'optimum' if known else 'best found'}, relative", 1e-11,
            [(case.prediction.loss - run.loss) / case.loss_size for run in (*runs, *near)],
            reason="no point can be below the minimum, up to rounding of the loss" if known
            else "nothing better is known, up to rounding of the loss",
        ),
    ]


def _geometry(case: Case, runs: Sequence[LayeredRun], unique: Callable[[Case], Unique]) -> list[Figure]:
    """Of the run at the best loss that is nearest to the prediction, what is unique."""
    prediction = case.prediction
    if prediction.guarantee != "global" or prediction.ties:
        case.skipped.append(
            "the geometry of the best run: other minimizers have the same loss" if prediction.ties
            else "the geometry of the best run: nothing says that the best point is unique"
        )
        return []
    reached = [run for run in runs if run.loss <= prediction.loss + _REACHED * case.loss_size]
    if not reached:
        return []
    nearest = min(reached, key=lambda run: float(np.abs(run.gram - prediction.gram).max()))
    why, shared = "the digits of the loss, halved", unique(case)
    outputs = prediction.W @ prediction.class_means + prediction.bias[:, None]
    size = max(case.code_size, float(np.abs(outputs).max()))
    if shared.note:
        case.skipped.append(shared.note)
    return _same(*(
        ("outputs W H + b of the best run", outputs, nearest.outputs, size, 1e-4, why),
        ("b", prediction.bias, nearest.bias, case.bias_size, 1e-4, why),
        ("Gram matrix, relative", prediction.gram, nearest.gram, case.gram_size, 1e-3, f"{why}, over the curvature"),
    )[: shared.figures])


def _same(*comparisons: tuple[str, Array, Array, float, float, str]) -> list[Figure]:
    return [
        agreement(what, claimed, found, size=size, tolerance=tolerance, reason=reason)
        for what, claimed, found, size, tolerance, reason in comparisons
    ]


def gained_dimension(case: Case, tick: Tick) -> list[Figure]:
    """On either side of the lambda_b that the solver names: one dimension of the features is there, or is not."""
    ranks, transition = [], case.prediction.transition
    assert transition is not None
    for factor in (1 - 5e-3, 1 + 5e-3):
        run = descend(
            case.problem.replace(lambda_b=factor * transition), method="newton", seed=case.seed, dim=case.width,
            tolerance=1e-11, merged=True, trace=False, progress=False, max_steps=20_000,
        )
        ranks.append(int(np.sum(run.singular_values > 1e-7 * case.label_size)))
    return [count("dimensions gained from 0.995 to 1.005 of the transition", 1, ranks[1] - ranks[0])]


def tied_losses(case: Case, tick: Tick) -> list[Figure]:
    """At a transition of first order the best runs with the label mean in W H, and without it, cost the same."""
    at = case.problem.replace(lambda_b=case.prediction.transition)
    out: list[float] = []
    inside: list[float] = []
    for start in range(2):
        for run in layered_starts(at, seed=case.seed + start, dim=case.width, merged=True):
            mean = np.linalg.norm((run.outputs - run.bias[:, None]).mean(axis=1))
            (inside if mean > 1e-3 * case.code_size else out).append(run.loss)
        tick((start + 1) / 2)
    if not out or not inside:
        case.skipped.append("the transition lambda_b: no run ended on one side of it")
        return []
    what = "losses with and without the label mean at the transition"
    return [agreement(what, min(out), min(inside), tolerance=_REACHED, reason="it is there that the two tie")]
