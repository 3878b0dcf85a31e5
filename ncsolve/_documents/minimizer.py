"""The JSON document of a minimizer (schema ncsolve.minimizer/1, in ncsolve/schemas)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array
from ncsolve._documents.model_part import cosines_part, known_part, model_part, typed_lambdas, typed_layers
from ncsolve._frames.nc_metrics import NC_NAMES
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import model_of
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve._problem.ufm import UFM

__all__ = ["SCHEMA", "document", "json_number", "problem_part"]

SCHEMA = "ncsolve.minimizer/1"
# Arrays of up to this many classes are written out; beyond it equal entries are grouped, and beyond this many
# groups only their range is given.
_WHOLE = 200
_BLOCKS = 1000


def document(
    minimizer: Minimizer, *, convention: Convention = CONVENTIONS["paper"],
    lambdas: tuple[float, float, float] | None = None,
) -> dict[str, object]:
    """All that is known of a minimizer, as plain JSON types.

    Losses and lambdas are those of ``convention``; ``lambdas`` are the user's (w, h, b) as typed.
    """
    problem = minimizer.problem
    size = (problem.samples, problem.code_length)
    factor = convention.loss_factor(*size)
    terms = minimizer.loss_terms.scaled(factor)
    nc, transition = minimizer.nc, minimizer.transition
    values, times = minimizer.frame.singular_values()
    result: dict[str, object] = {
        "schema": SCHEMA,
        "verdict": minimizer.verdict(convention=convention.name),
        "problem": problem_part(problem, convention, lambdas),
        "method": minimizer.method,
        "theorem": minimizer.choice.theorem,
        "regime": minimizer.regime,
        "transition": None
        if transition is None
        else {"lambda_b": json_number(convention.lambda_b_from_paper(*size, transition))},
        "threshold": model_of(problem).threshold(problem),
        "loss": terms.total,
        "loss_terms": {"fit": terms.fit, "weights": terms.weights, "features": terms.features, "bias": terms.bias},
        "label_mean": _by_output(minimizer, problem.label_mean),
        "bias": _by_output(minimizer, minimizer.bias),
        "singular_values": _compact(values, times),
        "gram": _gram(minimizer),
        "cosines": cosines_part(minimizer),
        "nc": {name: getattr(nc, name) for name in NC_NAMES},
        "stationarity": minimizer.residual,
    }
    if not minimizer.frame.convex:
        result |= _extended(minimizer, convention)
    if nc.sampled_classes is not None:
        result["sampled_classes"] = nc.sampled_classes
    if problem.class_names is not None and problem.classes <= _WHOLE:
        result["class_names"] = list(problem.class_names)
    return result


def problem_part(problem: UFM, convention: Convention, lambdas: tuple[float, float, float] | None) -> dict[str, object]:
    """The problem itself; ``lambdas`` are the user's (w, h, b) as typed."""
    if lambdas is None:
        lambdas = typed_lambdas(problem, convention)
    return {
        "encoding": problem.encoding.name, "classes": problem.classes, "code_length": problem.code_length,
        "samples": problem.samples, "counts": _by_class(problem, np.array(problem.counts.values), integer=True),
        "lambda_w": lambdas[0], "lambda_h": lambdas[1], "lambda_b": json_number(lambdas[2]), "dim": problem.feature_dim,
        "convention": convention.name,
    }


def _extended(minimizer: Minimizer, convention: Convention) -> dict[str, object]:
    """What documents of other models than the paper's have in addition."""
    problem = minimizer.problem
    result: dict[str, object] = {"model": model_part(problem, typed_layers(problem, convention))}
    result |= known_part(minimizer, convention)
    if minimizer.bound_reason:
        result["lower_bound_from"] = minimizer.bound_reason
    if minimizer.ties:
        result["ties"] = minimizer.ties
    found = model_of(problem).transition(problem)
    if found is not None and found.jump is not None and found.latent_from is not None:
        size = (problem.samples, problem.code_length)
        result["first_order"] = {
            "lambda_b": convention.lambda_b_from_paper(*size, found.lambda_b), "jump": found.jump,
            "latent_from": convention.lambda_b_from_paper(*size, found.latent_from),
        }
    return result


def json_number(value: float) -> float | str:
    """A number, with infinity as the string "inf"."""
    return "inf" if value == math.inf else value


def _by_class(problem: UFM, per_group: NDArray[np.generic], *, integer: bool = False) -> object:
    """A value per class from a value per distinct count."""
    counts = problem.counts
    if counts.classes <= _WHOLE:
        whole: list[object] = per_group[counts.groups].tolist()
        return whole
    return _compact(per_group, np.array(counts.multiplicities), integer=integer)


def _by_output(minimizer: Minimizer, vector: Array) -> object:
    """A vector (m,): written out, or grouped by count where the outputs are the classes of a symmetric problem."""
    if vector.size > _WHOLE and minimizer.frame.symmetric is not None:
        counts = minimizer.problem.counts
        first = np.unique(counts.groups, return_index=True)[1]
        return _compact(vector[first], np.array(counts.multiplicities))
    return _compact(vector, np.ones(vector.size, dtype=np.int64))


def _compact(values: NDArray[np.generic], times: NDArray[np.generic], *, integer: bool = False) -> object:
    total = int(times.sum())
    if total <= _WHOLE:
        return np.repeat(values, times.astype(np.int64)).tolist()
    if values.size <= _BLOCKS and int(times.max()) > 1:
        return {"blocks": [{"value": v, "times": t} for v, t in zip(values.tolist(), times.tolist(), strict=True)]}
    low, high = values.min().item(), values.max().item()
    summary: dict[str, object] = {"length": total, "min": low, "max": high}
    if not integer:
        summary["norm"] = float(np.sqrt(np.sum(times.astype(float) * values.astype(float) ** 2)))
    return {"summary": summary}


def _gram(minimizer: Minimizer) -> object:
    problem, frame = minimizer.problem, minimizer.frame
    if problem.classes <= _WHOLE:
        return minimizer.gram.tolist()
    symmetric = frame.symmetric
    if symmetric is not None and len(problem.counts.values) <= _BLOCKS:
        between, _ = symmetric.group_gram()
        upper = between[np.triu_indices(between.shape[0], 1)]
        fields = ("count", "classes", "squared_length", "inner_product")
        return {
            "blocks": [{name: getattr(block, name) for name in fields} for block in symmetric.blocks()],
            "between": None if upper.size == 0 else _ends(upper),
        }
    pairs = frame.pairs()
    return {"summary": {"squared_length": _ends(pairs.diagonal), "inner_product": _ends(pairs.inner)}}


def _ends(values: Array) -> dict[str, float]:
    return {"min": float(values.min()), "max": float(values.max())}
