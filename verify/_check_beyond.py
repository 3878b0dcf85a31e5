"""``check`` beyond the paper's model: a bottleneck (T8), a deep linear head (T9), nonnegative features (T10).

The loss, its gradient and the descents are those of ``LayeredDefinition``.  No convex program is compared with, and the
landscapes have local minima, so that there are many starts.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
from ncsolve.verify._definition import fit_size
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify._layered import LayeredDefinition
from ncsolve.verify._own_scalars import own_scalars
from ncsolve.verify._problems import gram_unit
from ncsolve.verify._samples import Point, Samples
from ncsolve.verify.descent import LayeredRun, beside, layered_starts
from numpy.typing import NDArray

from ncsolve import UFM, Minimizer
from ncsolve._frames.layered import FactoredFrame
from ncsolve.progress import SlowProgress

__all__ = ["beyond_figures", "guarantee_note", "tie_figures"]

Array = NDArray[np.float64]
# Above so many parameters descent has one feature per class; above so many there is none.
_FULL, _DESCENT = 1_000, 5_000
_REACHED = 1e-8


def guarantee_note(prediction: Minimizer) -> str:
    """What the solver claims for its point, where that is not the global minimum."""
    if prediction.guarantee == "global":
        return ""
    return (
        f"best found, not known to be the global minimum: lower bound {prediction.lower_bound:.10g}, gap "
        f"{prediction.gap:.2g}"
    )


def beyond_figures(
    problem: UFM, prediction: Minimizer, starts: int, seed: int, skipped: list[str], fail_fast: bool
) -> list[Figure]:
    """The solver's numbers against its own point, and descents from many starts, if there are any."""
    figures = _definition(problem, prediction, skipped)
    if starts == 0:  # so is the gradient of a deep head lost in rounding where descent is
        return [figure for figure in figures if not figure.what.startswith("gradient")]
    if fail_fast and not all(figure.passed for figure in figures):
        skipped.append("descent: a figure disagrees already")
        return figures
    width = problem.feature_dim
    if problem.features == "linear":
        width = min(width, min(problem.code_length, problem.classes) + 2)
    merged = LayeredDefinition(problem, dim=width, merged=True).size
    if merged > _DESCENT:
        skipped.append(f"descent: {merged} parameters with one feature per class")
        return figures
    if width < problem.feature_dim:
        skipped.append(
            f"{problem.feature_dim} feature dimensions: descent had {width}, which hold every minimizer and more"
        )
    whole = width * (problem.samples - problem.classes) + merged
    if whole > _FULL:
        skipped.append(
            f"a feature for each of the {problem.samples} samples: descent had one per class, which supposes NC1"
        )
    figures += _descents(problem, prediction, starts, seed, width, whole > _FULL, skipped)
    if fail_fast and not all(figure.passed for figure in figures):
        return figures
    if prediction.transition is not None and problem.features == "relu":
        skipped.append("the transition lambda_b: no run compares the two sides of it")
    elif prediction.transition is not None:
        figures += tie_figures(problem.replace(lambda_b=prediction.transition), seed, width, skipped)
    return figures


def _definition(problem: UFM, prediction: Minimizer, skipped: list[str]) -> list[Figure]:
    """The solver's layers, class means and bias in the definition of the objective."""
    f = LayeredDefinition(problem, merged=True)
    samples = Samples.of(problem, merged=True)
    means, layers, b = np.array(prediction.class_means), prediction.layers, np.array(prediction.bias)
    point = Point(W=np.array(prediction.W), H=means, b=b)
    loss = Worst("loss at the solver's W, H, b", tolerance=1e-10, reason="rounding")
    loss.add(prediction.loss, sum(f.loss_terms(means, layers, b)), size=_loss_size(prediction, samples))
    gram = Worst("Gram matrix of the solver's class means", tolerance=1e-10, reason="rounding")
    gram.add(prediction.gram, means.T @ means, size=_gram_size(problem, prediction))
    root = np.sqrt(samples.weights)
    own = np.linalg.svd(point.W @ (means * root), compute_uv=False)
    own = np.pad(own, (0, max(0, prediction.singular_values.size - own.size)))[: prediction.singular_values.size]
    z = Worst("singular values of the solver's W H", tolerance=1e-10, reason="rounding")
    z.add(prediction.singular_values, own, size=float(np.linalg.norm(samples.targets * root, 2)) or 1.0)
    closed = prediction.method == "closed-form"
    figures = [loss.figure(), gram.figure(), z.figure()]
    if problem.depth > 1:
        product = Worst("W, and the product of the solver's layers", tolerance=1e-12, reason="rounding")
        product.add(point.W, reduce(lambda inner, outer: outer @ inner, layers))
        figures.append(product.figure())
    if problem.features == "relu":
        figures.append(at_least("least entry of the solver's features", 0.0, means, reason="H >= 0"))
    return [
        *figures,
        *own_scalars(problem, prediction, samples, point, skipped, layers=layers),
        at_most(
            "gradient at the solver's minimizer, relative", 1e-9 if closed else 1e-7, f.stationarity(means, layers, b),
            reason="rounding" if closed else "the solver's descent ends at 1e-10 of the terms before they cancel",
        ),
        _balance(problem, f, means, layers, prediction.loss),
    ]


def _balance(problem: UFM, f: LayeredDefinition, means: Array, layers: tuple[Array, ...], loss: float) -> Figure:
    """At a minimum every layer costs what the features cost: else scaling one up and the other down would pay."""
    costs = [problem.lambda_h * float(np.sum(f.weight * means**2))]
    costs += [decay * float(np.sum(w * w)) for decay, w in zip(problem.lambda_w_layers, layers, strict=True)]
    balance = Worst("lambda |.|^2 of every layer, and of the features", tolerance=1e-8, reason="rounding")
    balance.add([costs[0]] * (len(costs) - 1), costs[1:], size=max(*costs, 1e-6 * loss) or 1.0)
    return balance.figure()


def _descents(
    problem: UFM, prediction: Minimizer, starts: int, seed: int, width: int, merged: bool, skipped: list[str]
) -> list[Figure]:
    """Descents that know nothing of the solver, and two from beside its point."""
    runs: list[LayeredRun] = []
    with SlowProgress("verifying, starts", total=starts) as progress:
        for start in range(starts):
            # Squares are slow where features vanish: once is enough to have tried them.
            runs += layered_starts(problem, seed=seed + start, dim=width, merged=merged, squares=start == 0)
            progress.update(start + 1)
    # The solver's point uses its first dimensions only.
    layers = [layer[:width, :width] for layer in prediction.layers[:-1]] + [prediction.layers[-1][:, :width]]
    point = (prediction.class_means[:width], layers, np.array(prediction.bias))
    near = [beside(problem, point, seed=seed + start) for start in range(2)]
    samples = Samples.of(problem, merged=True)
    size = _loss_size(prediction, samples)
    best = min(runs, key=lambda run: run.loss)
    stop = "gradient of 1e-11"
    loss = Worst("loss of the best run, relative", tolerance=_REACHED, reason=f"flat at the minimum; {stop}")
    loss.add(prediction.loss, best.loss, size=size)
    back = Worst("loss of the best run from beside the solver's point, relative", tolerance=1e-7,
                 reason="a local minimum draws it back, through a flat valley")
    back.add(prediction.loss, min(run.loss for run in near), size=size)
    known = prediction.guarantee == "global"
    figures = [
        loss.figure(),
        at_most(
            f"descent below the {'optimum' if known else 'best found'}, relative", 1e-11,
            [(prediction.loss - run.loss) / size for run in (*runs, *near)],
            reason="no point can be below the minimum, up to rounding of the loss" if known
            else "nothing better is known, up to rounding of the loss",
        ),
        at_least(
            f"of {len(runs)} starts, those that ended at the best loss", 1.0,
            sum(run.loss <= prediction.loss + _REACHED * size for run in runs),
            reason="the others end in local minima, or flat valleys",
        ),
        back.figure(),
    ]
    if not known:
        figures.append(at_most(
            "descent below the lower bound, relative", 1e-10,
            [(_bound(prediction) - loss) / size for loss in (prediction.loss, *(run.loss for run in (*runs, *near)))],
            reason="no point can be below it, up to rounding of the bound",
        ))
    if not merged and prediction.rank > 0:
        figures.append(at_most("NC1, distance of a feature from its class mean, relative", 1e-3, best.spread,
                               reason=f"{stop}, over lambda_h"))
    return figures + _geometry(problem, prediction, runs, size, skipped)


def _bound(prediction: Minimizer) -> float:
    """The lower bound as it was found: ``Minimizer.lower_bound`` is never above the loss, whatever was found."""
    frame = prediction.frame
    bound = frame.guarantee.lower_bound if isinstance(frame, FactoredFrame) else None
    return prediction.lower_bound if bound is None else bound


def tie_figures(problem: UFM, seed: int, width: int, skipped: list[str]) -> list[Figure]:
    """At a transition of first order the best runs with the label mean in W H, and without it, cost the same."""
    codes = float(np.abs(problem.encoding.matrix).max()) or 1.0
    out: list[float] = []
    inside: list[float] = []
    for start in range(2):
        for run in layered_starts(problem, seed=seed + start, dim=width, merged=True):
            mean = np.linalg.norm((run.outputs - run.bias[:, None]).mean(axis=1))
            (inside if mean > 1e-3 * codes else out).append(run.loss)
    if not out or not inside:
        skipped.append("the transition lambda_b: no run ended on one side of it")
        return []
    tie = Worst("losses with and without the label mean at the transition", tolerance=_REACHED,
                reason="it is there that the two tie")
    tie.add(min(out), min(inside))
    return [tie.figure()]


def _geometry(
    problem: UFM, prediction: Minimizer, runs: list[LayeredRun], size: float, skipped: list[str]
) -> list[Figure]:
    """Gram matrix, outputs and b of the run at the best loss that is nearest to the prediction, where one is unique."""
    reached = [run for run in runs if run.loss <= prediction.loss + _REACHED * size]
    if prediction.guarantee != "global" or prediction.ties:
        skipped.append(
            "the geometry of the best run: other minimizers have the same loss" if prediction.ties
            else "the geometry of the best run: nothing says that the best point is unique"
        )
        return []
    if not reached:
        return []
    unit = _gram_size(problem, prediction)
    nearest = min(reached, key=lambda run: float(np.abs(_gram(run) - prediction.gram).max()))
    codes = float(np.abs(problem.encoding.matrix).max()) or 1.0
    why = "the digits of the loss, halved"
    outputs = Worst("outputs W H + b of the best run", tolerance=1e-4, reason=why)
    outputs.add(prediction.W @ prediction.class_means + prediction.bias[:, None], nearest.outputs, size=codes)
    bias = Worst("b", tolerance=1e-4, reason=why)
    bias.add(prediction.bias, nearest.bias, size=codes)
    gram = Worst("Gram matrix, relative", tolerance=1e-3, reason=f"{why}, over the curvature")
    gram.add(prediction.gram, _gram(nearest), size=unit)
    regular = problem.encoding.affine is not None and problem.counts.balanced
    if problem.features == "relu" and problem.lambda_b == 0.0 and not regular:
        # A whole segment of b can cost the same: what is unique is W H + b.
        skipped.append("b and the Gram matrix of the best run: of ReLU features and a free bias they may not be unique")
        return [outputs.figure()]
    if prediction.method == "closed-form":
        return [outputs.figure(), bias.figure(), gram.figure()]
    skipped.append("the Gram matrix of the best run: the convex programme does not say that it is unique")
    return [outputs.figure(), bias.figure()]


def _gram(run: LayeredRun) -> Array:
    return np.asarray(run.class_means.T @ run.class_means)


def _loss_size(prediction: Minimizer, samples: Samples) -> float:
    return float(max(abs(prediction.loss), 1e-6 * fit_size(samples) ** 2))


def _gram_size(problem: UFM, prediction: Minimizer) -> float:
    return max(float(np.abs(prediction.gram).max(initial=0.0)), 1e-3 * gram_unit(problem))
