"""T16, ReLU features, H >= 0, under cross-entropy: orthogonal class means, class by class in closed form.

The outputs for a sample of class k are o_k = c_k (1_k - 1/K), made by a feature of its own.  l_k = (e_k - p_k)/N is a
multiple f_k of 1_k - 1/K; two of these meet at an obtuse angle, which makes the bound of T16 one for all H >= 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import K, N, T, alpha, lambda_h, lambda_w, n, t
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import AtLeast, Identity, Positive, Solution, Stationary, Step
from sympy.codegen.cfunctions import log1p

__all__ = ["THEOREM"]

force = sp.Symbol("force", positive=True)
c = sp.Symbol("c", nonnegative=True)
x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
z = sp.Symbol("z", nonnegative=True)
k = sp.Symbol("k", positive=True)

_ALL: Given = {alpha: x / (1 + x), K: 1 + k}
_MOST = (1 - alpha) * (K - 1) / K
_LEAST = T**2 * K / ((K - 1) * (1 - alpha) ** 2)  # the largest count of a class that is zero
INSIDE: Given = {force: _MOST / (1 + z), **_ALL}
COUNTS: dict[str, Given] = {
    "A class of more samples than the zero count": {n: _LEAST * (1 + y) ** 2, **_ALL},
    "a class of as many": {n: _LEAST, **_ALL},
    "a class of fewer": {n: _LEAST / (1 + y) ** 2, **_ALL},
}


def prove(r: Result) -> Iterator[Step]:
    yield from weights(r)
    yield from one_class(r)
    yield from counts(r)
    yield from two_classes(r)
    yield from balanced(r)


def weights(r: Result) -> Iterator[Step]:
    square = sp.Symbol("ρ", positive=True)
    length = sp.Symbol("length", positive=True)
    cost = lambda_w / 2 * length**2 / square + lambda_h / 2 * n * square
    yield Stationary(
        text="A feature of squared length ρ, alone in its direction, makes outputs of length ℓ for its class by a "
        "classifier of squared length ℓ²/ρ; both cost least, convex in ρ, where",
        function=cost, variables=(square,), at={square: sp.sqrt(lambda_w / (lambda_h * n)) * length},
    )
    yield Identity(
        text="which is what T2 says of one direction, and costs τ √n ℓ",
        left=cost, right=sp.sqrt(lambda_w * lambda_h) * sp.sqrt(n) * length,
        given={square: sp.sqrt(lambda_w / (lambda_h * n)) * length},
    )
    yield Identity(
        text="The outputs c (1_k - 1/K) have this squared length",
        left=(c * (1 - 1 / K)) ** 2 + (K - 1) * (c / K) ** 2, right=c**2 * (K - 1) / K,
    )
    fourth = sp.Symbol("v", nonnegative=True)
    yield Solution(
        text="so that v, the square of the squared length of the class mean, is",
        equation=lambda_h * n * fourth - lambda_w * c**2 * (K - 1) / K, unknown=fourth, value=r["squared_length"] ** 2,
        given={K: 1 + k},
    )
    yield AtLeast(text="(the root that is at least 0)", left=r["squared_length"], given={K: 1 + k})


def one_class(r: Result) -> Iterator[Step]:
    """Any f in (0, (1 - alpha)(K - 1)/K], the f of a class whose mean is zero."""
    p, height = r["probability"], r["logit"]
    yield Identity(
        text="The softmax of c (1_k - 1/K), its own entry",
        left=sp.exp(height) / (sp.exp(height) + K - 1), right=p, given=INSIDE,
    )
    yield Identity(
        text="makes e_k - p_k a multiple of 1_k - 1/K, with the own entry f",
        left=1 - alpha + alpha / K - p, right=force, given=_ALL,
    )
    yield Identity(
        text="and each other entry", left=alpha / K - (1 - p) / (K - 1), right=-force / (K - 1), given=_ALL
    )
    above, below = c * (1 - 1 / K), -c / K
    cross = (1 - alpha) * above + alpha / K * (above + (K - 1) * below)
    yield Identity(
        text="Its fit, and f c for its weights (below), are",
        left=sp.log(sp.exp(above) + (K - 1) * sp.exp(below)) - cross + force * c, right=r["class_loss"],
    )
    yield Identity(
        text="which is the entropy of p_k: the bound is attained",
        left=r["class_loss"].subs(c, height), right=-p * sp.log(p) - (1 - p) * sp.log((1 - p) / (K - 1)), given=INSIDE,
    )
    yield Identity(
        text="A class with the largest f has c = 0, and its mean is zero",
        left=sp.Subs(height, force, _MOST), right=sp.S.Zero, given=_ALL,
    )


def counts(r: Result) -> Iterator[Step]:
    for name, given in COUNTS.items():
        f = r["force"]
        yield AtLeast(
            text=f"{name}: the diagonal of the condition of T12 for H >= 0, n_k ‖e_k - p_k‖² <= T²",
            left=T**2, right=n * (f**2 + f**2 / (K - 1)), given=given,
        )
        fewer = given is COUNTS["a class of fewer"]
        yield Identity(
            text="f is the largest, c = 0 and the weights cost nothing" if fewer else
            "f c is N/n times τ √n ℓ, what its weights cost, with f",
            left=f, right=_MOST if fewer else T * sp.sqrt((K - 1) / (K * n)), given=given,
        )


def two_classes(r: Result) -> Iterator[Step]:
    other = sp.Symbol("f_l", positive=True)
    n_l = sp.Symbol("n_l", positive=True)
    inner = force * (-other / (K - 1)) + other * (-force / (K - 1)) + (K - 2) * force * other / (K - 1) ** 2
    yield Identity(
        text="Two classes: the inner product of e_k - p_k and e_l - p_l is",
        left=inner, right=-K * force * other / (K - 1) ** 2,
    )
    yield AtLeast(
        text="so that λ_w λ_h D - [n_k n_l ⟨l_k, l_l⟩], l_k = (e_k - p_k)/N, has no negative entry: it is copositive, "
        "and the bound holds for every H >= 0",
        left=-n * n_l / N**2 * inner, given={K: 1 + k},
    )
    least = sp.Symbol("n_0", positive=True)
    yield Identity(
        text="A class is zero iff n_k is at most the count at which both values of f agree",
        left=sp.Subs(T * sp.sqrt((K - 1) / (K * least)), least, r["zero_count"]),
        right=(1 - alpha) * (K - 1) / K, given=_ALL,
    )


def balanced(r: Result) -> Iterator[Step]:
    each = sp.Symbol("g", real=True)
    yield Solution(
        text="Balanced classes: all f are equal, and the other entries g = -f/(K-1) make the sum of all e_k - p_k "
        "zero. So b = 0 is stationary, the bound has no term in λ_b, and the minimum is the same for every λ_b",
        equation=force + (K - 1) * each, unknown=each, value=-force / (K - 1),
    )
    equal = sp.sqrt(n) * t
    yield Identity(
        text="There f = t √((K-1)/K)", left=T * sp.sqrt((K - 1) / (K * n)), right=t * sp.sqrt((K - 1) / K),
        given={T: equal, K: 1 + k},
    )
    yield Positive(
        text="which is more than the t (K-1)/K of linear features: H >= 0 has its price",
        left=sp.sqrt((K - 1) / K), right=(K - 1) / K, given={K: 1 / (1 - 1 / (1 + k) ** 2)},
    )
    yield Solution(
        text="It is the largest, and all class means are zero, from this t on",
        equation=t * sp.sqrt((K - 1) / K) - _MOST, unknown=t, value=r["zero_threshold"], given={K: 1 + k},
    )


_smooth = alpha * (K - 1) / K

THEOREM = Theorem(
    name="cross-entropy-relu",
    label="T16",
    title="Cross-entropy with ReLU features: orthogonal class means",
    assumptions=(
        "Cross-entropy; H >= 0 entrywise; E = (1 - α) I + (α/K) J with 0 <= α < 1, K >= 2 classes; λ_w, λ_h > 0; "
        "d >= K",
        "λ_b = ∞ and any counts n_k, N = Σ n_k, T = N √(λ_w λ_h); or n samples of each class and 0 <= λ_b <= ∞",
    ),
    statement="The class means are orthogonal, each in closed form: the outputs for class k are c_k (1_k - 1/K), and "
    "it is zero iff n_k is at most the zero count. Balanced, they are the same for every λ_b, with b = 0. Counts that "
    "differ, together with a bias, are not covered.",
    formulas={
        "force": Formula(
            expr=sp.Min(T * sp.sqrt((K - 1) / (K * n)), _MOST), meaning="f, the own entry of e_k - p_k"
        ),
        "probability": Formula(expr=1 - _smooth - force, meaning="p_kk, the probability of the own class"),
        "logit": Formula(
            expr=sp.log((K - 1) * (1 - _smooth - force) / (_smooth + force)), meaning="c, the own output less another"
        ),
        "squared_length": Formula(
            expr=sp.sqrt(lambda_w / (lambda_h * n)) * c * sp.sqrt((K - 1) / K), meaning="‖h_k‖²"
        ),
        "class_loss": Formula(
            expr=sp.log(1 + (K - 1) * sp.exp(-c)) + (_smooth + force) * c,
            meaning="share of a class in the loss, over n_k/N: the loss is their mean over the samples",
        ),
        "zero_count": Formula(expr=_LEAST, meaning="largest count of a class whose mean is zero"),
        "zero_threshold": Formula(
            expr=(1 - alpha) * sp.sqrt((K - 1) / K), meaning="balanced: t from which all class means are zero"
        ),
    },
    functions=(
        Function(
            name="cross_entropy_relu_force", arguments=("T", "n", "alpha", "K"), arrays=("n",), result="force",
            doc="own entry of e_k - p_k, ReLU features, for a class of n samples (arrays).",
        ),
        Function(
            name="cross_entropy_relu_probability", arguments=("force", "alpha", "K"), arrays=("force",),
            result="probability", form=(1 + K * (sp.UnevaluatedExpr(_MOST) - force)) / K,
            doc="probability of the own class, with force of cross_entropy_relu_force (arrays).",
        ),
        Function(
            name="cross_entropy_relu_logit", arguments=("force", "alpha", "K"), arrays=("force",), result="logit",
            form=log1p(K * (sp.UnevaluatedExpr(_MOST) - force) / (_smooth + force)),
            doc="c, own output less another, 0 for a class that is zero (arrays).",
        ),
        Function(
            name="cross_entropy_relu_squared_length", arguments=("c", "n", "K", "lambda_w", "lambda_h"),
            arrays=("c", "n"), result="squared_length", doc="squared length of a class mean, ReLU features (arrays).",
        ),
        Function(
            name="cross_entropy_relu_class_loss", arguments=("c", "force", "alpha", "K"), arrays=("c", "force"),
            result="class_loss", form=log1p((K - 1) * sp.UnevaluatedExpr(sp.exp(-c))) + (_smooth + force) * c,
            doc="loss of a class; the minimal loss is its mean over the samples (arrays).",
        ),
    ),
    letters={
        "force": "the own entry of e_k - p_k",
        "c": "the own output less another",
        "n": "number of samples of the class",
    },
    prove=prove,
    source="No bias: Dang et al. 2024, arXiv:2401.02058; label smoothing, the loss and the balanced case with a bias: "
    "here.",
)
