"""One number made to order: the lambda_b, label smoothing or weight decay that gives a wanted cosine (T11)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import model_of
from ncsolve._outlets import outlet
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.checks.arguments import check_name
from ncsolve.design import _closed, _search
from ncsolve.encodings import AffineOneHot, smoothed
from ncsolve.errors import ConvergenceError, ProblemError, shown

__all__ = ["VARIED", "Inverse", "for_cosine"]

VARIED = {
    "lambda_b": "the bias regularization",
    "alpha": "the strength of label smoothing",
    "weight-decay": "a common factor of lambda_w and lambda_h",
}
_TOLERANCE = 1e-11


@dataclass(frozen=True, kw_only=True, eq=False)
class Inverse:
    """``value`` of the varied quantity (``vary``) at which the mean cosine between class means is ``target``.

    For "weight-decay" it is the factor on lambda_w and lambda_h.  ``problem`` with that value, its ``minimizer``;
    ``method`` is "closed-form" or "bracketed", and ``note`` says what else is known of the value.
    """

    vary: str
    value: float
    target: float
    problem: UFM
    minimizer: Minimizer
    method: str
    note: str

    @property
    def achieved(self) -> float:
        """The mean cosine between class means at the global minimizer."""
        cosines = self.minimizer.cosines
        return math.nan if cosines is None else cosines.mean

    def to_json(self) -> dict[str, object]:
        """The document of ``ncsolve design --target-cosine --json``, in the convention of the paper (schema
        ncsolve.inverse/1)."""
        found: dict[str, object] = outlet("Inverse.to_json")(self)
        return found


def for_cosine(problem: UFM, cosine: float, *, vary: str = "lambda_b") -> Inverse:
    r"""The value of one quantity at which the class means have a wanted (mean) cosine.

    Closed form for balanced affine one-hot codes, where all pairs of class means have the same cosine; elsewhere the
    mean cosine over pairs is scanned and a root is bracketed, the one with the smallest value if there are several.

    Parameters
    ----------
    problem : UFM
        Everything but the varied quantity.
    cosine : float
        Between -1/(K-1) and 1.
    vary : "lambda_b", "alpha" or "weight-decay"
        "alpha" goes with one-hot and smoothed codes; "weight-decay" scales lambda_w and lambda_h together and keeps
        lambda_b.

    Raises
    ------
    ProblemError
        For a cosine that is out of reach; the message says what is reachable.

    Notes
    -----
    Source: T5 and T11 of docs/theory.md.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100, lambda_w=5e-4, lambda_h=5e-4,
    ...                       lambda_b=5e-4)
    >>> found = for_cosine(problem, -0.05)
    >>> round(found.value, 12), round(found.achieved, 12), found.method
    (0.110526315789, -0.05, 'closed-form')
    """
    check_name("quantity to vary", vary, VARIED)
    check_problem(problem)
    k = problem.classes
    if k < 2:
        raise ProblemError("a cosine needs at least two classes; got 1")
    if isinstance(cosine, bool) or not isinstance(cosine, (int, float)) or not -2.0 < cosine < 2.0:
        raise ProblemError(f"the target cosine must be a number between -1/(K-1) and 1; got {shown(cosine)}")
    if vary == "alpha":
        _check_smoothing(problem)
    convex = model_of(problem).shares_spectrum(problem) and problem.feature_dim >= min(k, problem.code_length)
    if problem.regular is not None and convex:  # T5
        value, note = _closed.value_for(problem, float(cosine), vary)
        method = "closed-form"
    else:
        value, note = _search.value_for(lambda x: _varied(problem, vary, x), float(cosine), vary)
        method = "bracketed"
    changed = _varied(problem, vary, value)
    found = Inverse(
        vary=vary, value=value, target=float(cosine), problem=changed, minimizer=solve(changed), method=method,
        note=note,
    )
    if not abs(found.achieved - cosine) <= _TOLERANCE:
        raise ConvergenceError(
            f"the forward problem must give the cosine {cosine:.15g} back; it gives {found.achieved:.15g} at "
            f"{vary} = {value:.15g} (please report this problem)"
        )
    return found


def _check_smoothing(problem: UFM) -> None:
    affine = problem.encoding.affine
    if affine is None or affine.row_sum != 1.0 or not 0.0 < affine.a <= 1.0:
        raise ProblemError(
            f"alpha is the strength of label smoothing and goes with onehot or smoothed codes; got "
            f"{problem.encoding.name}, vary lambda_b or weight-decay"
        )


def _varied(problem: UFM, vary: str, value: float) -> UFM:
    if vary == "lambda_b":
        return problem.replace(lambda_b=value)
    if vary == "alpha":
        encoding: AffineOneHot = smoothed(problem.classes, value)
        return problem.replace(encoding=encoding)
    return problem.replace(lambda_w=problem.lambda_w * value, lambda_h=problem.lambda_h * value)
