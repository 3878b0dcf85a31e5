"""T15. The metric UFM: a linear last hidden layer and decay on all weights, a convex problem in the moments below it.

With h = V z + c for previous features z, decay on V and c takes the place of the penalty of the features.  The last two
layers then have one minimum, computed from the first two moments of z, and every network above it has a gap of four
parts.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_v, tau
from ncsolve.derivations._steps import Identity, Step

__all__ = ["THEOREM"]

beta_i = sp.Symbol("b", nonnegative=True)
c_i = sp.Symbol("c", positive=True)
second_moment = sp.Symbol("second_moment", positive=True)


def prove(r: Result) -> Iterator[Step]:
    yield Identity(text="decay", left=r["feature_decay"] * N, right=lambda_v / second_moment)


_weight = lambda_b / (1 + lambda_b)

THEOREM = Theorem(
    name="metric-ufm",
    label="T15",
    title="The metric UFM: decay on all weights and a linear last hidden layer",
    assumptions=("λ_w, λ_v > 0",),
    statement="",
    formulas={
        "mean_weight": Formula(expr=_weight, meaning="f, the weight of the mean direction, 1 at λ_b = ∞"),
        "singular_value": Formula(
            expr=sp.Max(beta_i - tau, 0) / c_i,
            meaning="singular value of A, where the right singular vectors of B are eigenvectors of C",
        ),
        "feature_decay": Formula(
            expr=lambda_v / (N * second_moment), meaning="λ_h that the decay of the hidden layer is in a direction"
        ),
    },
    functions=(
        Function(name="metric_mean_weight", arguments=("lambda_b",), result="mean_weight",
                 # lambda_b/(1 + lambda_b) is inf/inf at lambda_b = inf; 1/(1 + 1/lambda_b) is 0/0 at 0.
                 form=sp.Piecewise((_weight, sp.Le(lambda_b, 1)), (1 / (1 + 1 / lambda_b), True)),
                 doc="f, the weight of the mean direction; also for lambda_b = inf."),
        Function(name="metric_singular_value", arguments=("b", "c", "tau"), arrays=("b", "c"), result="singular_value",
                 doc="A's on aligned directions: b a singular value of B, c the eigenvalue of C there (arrays)."),
        Function(name="metric_feature_decay", arguments=("lambda_v", "N", "second_moment"), result="feature_decay",
                 doc="lambda_h in a direction of the previous features with this second moment."),
    ),
    letters={
        "tau": "√(λ_w λ_v), weight of the nuclear norm",
        "b": "singular value of B",
        "c": "eigenvalue of C on the same direction",
        "second_moment": "‖Z̃ᵀ v‖²/N, of the previous features along the unit vector v",
    },
    prove=prove,
    source="Here.",
)
