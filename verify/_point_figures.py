"""The solver's numbers against its own point in the definition, and what the definition says of that point."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._case import Case
from ncsolve.verify._definition import Definition
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._figure import Figure, agreement, at_least, at_most
from ncsolve.verify.critical import examine

__all__ = ["claimed_numbers", "costs", "gradient", "nonnegative", "product", "second_order", "weak_duality"]


def claimed_numbers(case: Case) -> list[Figure]:
    """Loss, Gram matrix and singular values, recomputed from the layers, the class means and b."""
    found, means = case.prediction, case.prediction.class_means
    loss = sum(Definition(case.samples).loss_terms(case.parts))
    z = case.samples.singular_values(found.W @ case.parts.features)
    return [
        agreement(what, claimed, own, size=size, tolerance=1e-10, reason="rounding")
        for what, claimed, own, size in (
            ("loss at the solver's W, H, b", found.loss, loss, case.loss_size),
            ("Gram matrix of the solver's class means", found.gram, means.T @ means, case.gram_size),
            ("singular values of the solver's W H", found.singular_values, z, case.label_size),
        )
    ]


def product(case: Case) -> list[Figure]:
    """W is the product of the layers."""
    what = "W, and the product of the solver's layers"
    return [agreement(what, case.prediction.W, case.parts.point.W, tolerance=1e-12, reason="rounding")]


def nonnegative(case: Case) -> list[Figure]:
    """H >= 0 holds without a tolerance."""
    return [at_least("least entry of the solver's features", 0.0, case.prediction.class_means, reason="H >= 0")]


def gradient(case: Case) -> list[Figure]:
    """The solver's point is stationary in every layer; where descent is lost in rounding so is this."""
    if case.too_far:
        return []
    closed = case.prediction.method == "closed-form"
    return [at_most(
        "gradient at the solver's minimizer, relative", 1e-9 if closed else 1e-7,
        Definition(case.samples).stationarity(case.parts),
        reason="rounding" if closed else "the solver's descent ends at 1e-10 of the terms before they cancel",
    )]


def costs(case: Case) -> list[Figure]:
    """At a minimum every layer costs what the features cost: else scaling one up and the other down would pay."""
    terms = zip(case.samples.lambda_w_layers, case.parts.layers, strict=True)
    features = case.samples.lambda_h * float(np.sum(case.samples.weights * case.parts.features**2))
    layers = [decay * float(np.sum(w * w)) for decay, w in terms]
    return [agreement(
        "lambda |.|^2 of every layer, and of the features", [features] * len(layers), layers, tolerance=1e-8,
        reason="rounding", size=max(features, *layers, 1e-6 * case.prediction.loss) or 1.0,
    )]


def weak_duality(case: Case) -> list[Figure]:
    """The bound that the residual of the solver's point gives is the loss of that point."""
    loss, size, fine = case.prediction.loss, case.loss_size, 1e-8
    if abs(loss) > fine * size:  # else no bound could be found wrong
        return [agreement(
            "lower bound by weak duality, relative", loss, lower_bound(case.samples, case.parts.point), size=size,
            tolerance=fine, reason="first order in the solver's rounding, over tau",
        )]
    case.skipped.append("the lower bound by weak duality: the loss is below the rounding of its terms")
    return []


def second_order(case: Case) -> list[Figure]:
    """One layer: the point is stationary, W^T W and H H^T are one matrix but for a factor, the bound of weak duality is
    the loss, and no direction goes down."""
    found = examine(case.problem, case.parts.point, merged=case.merged)
    figures = [
        at_most("gradient at the solver's minimizer, relative", 1e-9, found.gradient, reason="rounding"),
        at_most("|lw W^T W - lh H H^T| at it, relative", 1e-9, found.balance, reason="rounding"),
    ]
    figures += weak_duality(case)
    if found.curvature is not None:
        figures.append(at_least(
            "least Hessian eigenvalue over the largest", -1e-10, found.curvature,
            reason="zero along rotations of the features, up to rounding",
        ))
    else:
        case.skipped.append(f"the Hessian: {Definition(case.samples).size} parameters")
    return figures
