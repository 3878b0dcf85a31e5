"""T15, batch normalization. With it last, weight decay w on scale and shift is a lambda_h of w/N, or more.

A row of features over the full batch is h = gamma x/sqrt(v + eps) + beta 1, where x is what the layer below gives, less
its mean, and v = |x|^2/N its variance.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_w
from ncsolve.derivations._steps import AtLeast, Identity, Limit, Step
from ncsolve.derivations._words import Words, norm2

__all__ = ["THEOREM"]

gamma, beta = sp.symbols("γ β", real=True)
variance = sp.Symbol("v", positive=True)
eps = sp.Symbol("ε", nonnegative=True)
decay = sp.Symbol("w", positive=True)

# All rows: X has rows of mean zero, c holds the shifts.
space = Words()
one = space.matrix("𝟏", "N", "1")
space.rule(space.t(one) * one, N)
W = space.matrix("W", "m", "d")
X = space.matrix("X", "d", "N")
Y = space.matrix("Y", "m", "N")
b = space.matrix("b", "m", "1")
c = space.matrix("c", "d", "1")
mu = space.matrix("μ", "m", "1")

# One row: x has mean zero and variance v.
row = space.copy()
x = row.matrix("x", "N", "1")
h = row.matrix("h", "N", "1")
row.rule(row.t(one) * x, sp.S.Zero)
row.rule(row.t(x) * x, N * variance)


def prove(r: Result) -> Iterator[Step]:
    normalized = x / sp.sqrt(variance + eps)
    yield Identity(
        text="A row of the features, with variance v below and ε in the denominator,",
        left=norm2(gamma * normalized + beta * one),
        right=r["row"],
        words=row,
    )
    yield AtLeast(
        text="has at most the squared norm N (γ² + β²): so the decay of scales and shifts is at least that of the "
        "features for λ_h, summed over the rows",
        left=decay / 2 * (gamma**2 + beta**2) - r["lambda_h"] / 2 * r["row"],
    )
    yield Identity(
        text="with equality for ε = 0,",
        left=decay / 2 * (gamma**2 + beta**2), right=r["lambda_h"] / 2 * r["row"], given={eps: sp.S.Zero},
    )
    yield Limit(
        text="and in the limit of large v for any ε: if what is below can be scaled at no cost, the bound is the "
        "infimum",
        left=r["row"], variable=variance, to=sp.oo, right=N * (gamma**2 + beta**2), side="-",
    )
    yield from reached(r)
    yield from parts_of_the_batch(r)
    yield from free_shift()


def reached(r: Result) -> Iterator[Step]:
    """Every row h is an output of the layer, at ε = 0, so that every H can be had for its own penalty."""
    mean, spread = sp.Symbol("h̄", real=True), sp.Symbol("s", positive=True)
    any_row = row.copy()
    any_row.rule(row.t(one) * h, N * mean)
    below = (h - mean * one) / spread
    yield Identity(
        text="Any row h, of mean h̄ and deviation s > 0, is an output at ε = 0 (a constant row for γ = 0): below it "
        "(h - h̄ 𝟏)/s, of mean 0,",
        left=row.t(one) * below, right=sp.S.Zero, words=any_row,
    )
    any_row.rule(row.t(h) * h, N * (spread**2 + mean**2))
    yield Identity(
        text="and variance 1, the scale s and the shift h̄", left=norm2(below), right=sp.sympify(N), words=any_row
    )
    yield Identity(
        text="which pay what the row's own penalty is", left=decay / 2 * (spread**2 + mean**2),
        right=r["lambda_h"] / 2 * norm2(h), words=any_row,
    )


def parts_of_the_batch(r: Result) -> Iterator[Step]:
    """Mini-batches, ReLU and average pooling keep the bound."""
    sizes = sp.symbols("N_1 N_2", positive=True)
    spreads = sp.symbols("v_1 v_2", positive=True)
    rows = [r["row"].subs({N: size, variance: spread}) for size, spread in zip(sizes, spreads, strict=True)]
    yield AtLeast(
        text="Mini-batches that share γ and β: over a partition of N = N_1 + N_2 samples, each normalized by itself, "
        "the sum is at most N (γ² + β²) too, so that the bound holds for the mean training loss of an epoch at fixed "
        "weights, weighted by the sizes",
        left=sum(sizes) * (gamma**2 + beta**2) - sum(rows),
    )
    plus, minus = sp.symbols("h⁺ h⁻", nonnegative=True)
    yield AtLeast(
        text="A ReLU on top, h = h⁺ - h⁻ with h⁺ h⁻ = 0, makes no entry longer: features H >= 0 follow the ReLU model "
        "with the same λ_h, and a row h >= 0 is its own output",
        left=(plus**2 + minus**2) - plus**2,
    )
    first, second = sp.symbols("h_1 h_2", real=True)
    yield Identity(
        text="Average pooling over positions, batch normalization being over samples and positions: the mean of two "
        "entries has a square below the mean of the squares by another square, and so by induction of any number",
        left=(first**2 + second**2) / 2 - ((first + second) / 2) ** 2,
        right=((first - second) / 2) ** 2,
    )


def free_shift() -> Iterator[Step]:
    """Decay on the scales only."""
    def loss(head: sp.Expr, bias: sp.Expr) -> sp.Expr:
        return norm2(head * X + bias * space.t(one) - Y) / (2 * N) + lambda_w / 2 * norm2(head)

    yield Identity(
        text="Decay on the scales alone leaves the shifts c free. The loss is that of features X of mean zero and of a "
        "free bias W c + b, plus what b costs: at least the minimum for λ_b = 0",
        left=norm2(W * (X + c * space.t(one)) + b * space.t(one) - Y) / (2 * N) + lambda_w / 2 * norm2(W)
        + lambda_b / 2 * norm2(b),
        right=loss(W, W * c + b) + lambda_b / 2 * norm2(b),
        words=space,
    )
    spare = space.copy()
    v, size = spare.matrix("v", "d", "1"), sp.Symbol("δ", positive=True)
    spare.rule(W * v, sp.S.Zero)
    spare.rule(spare.t(v) * v, sp.S.One)
    spare.rule(spare.t(v) * X, sp.S.Zero)
    head, shift = W + size * mu * spare.t(v), v / size
    yield Identity(
        text="With a direction v to spare, W v = 0, Xᵀv = 0, ‖v‖ = 1, the head W + δ μ vᵀ and the shifts v/δ have any "
        "μ for the bias, with b = 0,",
        left=head * (X + shift * spare.t(one)), right=W * X + mu * spare.t(one), words=spare,
    )
    yield Identity(
        text="at a cost that goes to zero with δ: the minimum for λ_b = 0 is the infimum",
        left=norm2(head), right=norm2(W) + size**2 * norm2(mu), words=spare,
    )


THEOREM = Theorem(
    name="batch-norm",
    label="T15",
    title="Batch normalization below the head",
    assumptions=(
        "features are the outputs of batch normalization, in the mode of training, over all N samples; ε >= 0",
        "weight decay w/2 (‖γ‖² + ‖β‖²) on its scales and shifts; any decay below adds to the loss",
        "λ_w > 0, 0 <= λ_b <= ∞; any encoding, any counts, any network below",
    ),
    statement="With λ_h = w/N the training loss is at least the objective at its W, H, b, and so at least the minimum "
    "F* of the unconstrained features model. At ε = 0 every H is an output of the layer and pays its own penalty, so "
    "that the bound is reached if the network below can produce the rows and pays nothing for them. With a ReLU on top "
    "the bound is the minimum for features H >= 0. With decay on the scales only, it is the minimum for a free bias, "
    "λ_b = 0, and their infimum if the head has a direction to spare as well.",
    formulas={
        "row": Formula(
            expr=N * (gamma**2 * variance / (variance + eps) + beta**2),
            meaning="squared norm of a row of H",
        ),
        "lambda_h": Formula(expr=decay / N, meaning="weight decay of the features"),
    },
    letters={
        "γ": "scale of the row",
        "β": "shift of the row",
        "v": "variance of the row below the layer",
        "ε": "what the layer adds to the variance",
        "w": "weight decay of scales and shifts",
    },
    prove=prove,
    source="Pan & Cao 2023, arXiv:2309.04644, for cross-entropy; here for the unconstrained features model.",
)
