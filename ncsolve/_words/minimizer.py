"""A minimizer's problem, loss, spectrum, method and certificate in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.printed import between, number
from ncsolve._problem.convention import Convention
from ncsolve._words.model import threshold

if TYPE_CHECKING:
    from ncsolve.certificates import Certificate

__all__ = ["loss_words", "method_words", "problem_words", "proved", "spectrum_words", "terms_words"]

_SHOWN = 8


def proved(certificate: Certificate, convention: Convention) -> str:
    """What the checker of certificates says."""
    scale = "" if convention.name == "paper" else "\n(lambdas and loss here are in the convention paper)"
    return "\n".join(certificate.check().lines) + scale


def problem_words(
    minimizer: Minimizer, convention: Convention, lambdas: tuple[float, float, float], dim: int | None = None,
) -> str:
    """The codes, the classes and samples, and the weight decays (w, h, b) as they were given.

    ``dim`` is the dimension of features that were measured.
    """
    problem = minimizer.problem
    values = problem.counts.values
    per_class = f"{between(values[0], values[-1])} per class"
    if not problem.counts.balanced:
        per_class += f", {len(values)} distinct counts"
    w, h, b = (f"{value:g}" for value in lambdas)
    scale = "" if convention.name == "paper" else f"\nconvention {convention.name}: {convention.objective}"
    length = "" if problem.code_length == problem.classes else f" of length {problem.code_length}"
    return (
        f"{problem.encoding.name} codes{length}, K = {problem.classes} classes, "
        f"N = {problem.samples} samples ({per_class}), d = {dim or minimizer.dim}\n"
        f"lambda_W = {w}, lambda_H = {h}, lambda_b = {b}{' (no bias)' if lambdas[2] == math.inf else ''}{scale}"
    )


def loss_words(minimizer: Minimizer, convention: Convention) -> str:
    """The loss, in the convention."""
    problem = minimizer.problem
    return f"{minimizer.loss_terms.scaled(convention.loss_factor(problem.samples, problem.code_length)).total:.15g}"


def terms_words(minimizer: Minimizer, convention: Convention) -> str:
    """What the loss is made of, in the convention."""
    problem = minimizer.problem
    terms = minimizer.loss_terms.scaled(convention.loss_factor(problem.samples, problem.code_length))
    return (
        f"fit {number(terms.fit)} + weights {number(terms.weights)} + features {number(terms.features)} + bias "
        f"{number(terms.bias)}"
    )


def spectrum_words(minimizer: Minimizer) -> str:
    """Singular values of Z, equal ones counted, and the threshold below which a direction vanishes."""
    values, counts = minimizer.frame.singular_values()
    runs: list[tuple[float, int]] = []
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        if count == 0:
            continue
        if runs and abs(runs[-1][0] - value) <= 1e-12 * values[0]:
            runs[-1] = (runs[-1][0], runs[-1][1] + count)
        else:
            runs.append((value, count))
    shown = [f"{number(value)}" + (f" ({count} times)" if count > 1 else "") for value, count in runs[:_SHOWN]]
    more = sum(count for _, count in runs[_SHOWN:])
    tail = f", ... ({more} more)" if more else ""
    return f"singular values of Z: {', '.join(shown)}{tail}; {threshold(minimizer)}"


def method_words(minimizer: Minimizer) -> str:
    """How the minimizer was found, by which theorem, and the gradient that is left."""
    return (
        f"{minimizer.method} ({minimizer.choice.theorem}: {minimizer.choice.reason}); relative gradient "
        f"{minimizer.residual:.1e}"
    )
