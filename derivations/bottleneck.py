"""T8. A bottleneck, d below the rank of the minimizer: which directions are kept, and what the bias then does.

Given b the best Z of rank d keeps the d largest singular values of M - b u^T and shrinks them by T (Eckart-Young and
von Neumann's trace inequality).  For balanced affine one-hot codes M - b u^T = sqrt(n) (a I + c 1^T) with
c = q 1 - b: all its singular values are |a| but two, x >= |a| >= y, and the bias enters through x and y alone.
Here |a| = 1, which is no restriction: codes and lengths scale together.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import K, a, lambda_b, s_mu, s_perp, t, w
from ncsolve.derivations._steps import Identity, Limit, Positive, Stationary, Step
from ncsolve.derivations.affine_family import THEOREM as AFFINE
from ncsolve.derivations.affine_geometry import THEOREM as GEOMETRY

__all__ = ["THEOREM", "two_values"]

d = sp.Symbol("d", integer=True, positive=True)
x, y, omega, ell = sp.symbols("x y omega ell", positive=True)
_u, _v, _z = sp.symbols("u v z", positive=True)
eigenvalue = sp.Symbol("lambda", positive=True)

bias_square = (x**2 + y**2 - 2 * omega * x * y + omega**2 - 1) / K
# What is lost: the K - 2 values 1 of which d - 1 are kept, x kept, y dropped.
lost = (K - 1 - d + d - 1 + y**2 + x**2 - (x - t) ** 2 - (d - 1) * (1 - t) ** 2) / (2 * K)
objective = lambda_b / 2 * bias_square + lost
alive = {t: 1 / (1 + _z)}


def prove(r: Result) -> Iterator[Step]:
    yield from two_values()
    yield from mean_dropped(r)
    yield from mean_kept(r)
    yield from transition(r)


def two_values() -> Iterator[Step]:
    """The spectrum of I + c 1^T, and the bias that belongs to it."""
    for classes in (2, 3, 4):
        c = sp.symbols(f"c_1:{classes + 1}", real=True)
        A = sp.eye(classes) + sp.Matrix(c) * sp.ones(1, classes)
        square, total = sum(v**2 for v in c), sum(c)
        yield Identity(
            text="All squared singular values of I + c 1ᵀ are 1 but two, x² and y², with x² + y² = 2 + 2 Σc + K ‖c‖² "
            f"and x y = |1 + Σc|, for any K as c 1ᵀ has rank one; written out for {classes} classes",
            left=sp.Determinant(sp.ImmutableMatrix(A * A.T - eigenvalue * sp.eye(classes))),
            right=(1 - eigenvalue) ** (classes - 2)
            * (eigenvalue**2 - (2 + 2 * total + classes * square) * eigenvalue + (1 + total) ** 2),
        )
    total = x * y - 1
    square = (x**2 + y**2 - 2 - 2 * total) / K
    q = (omega - 1) / K
    yield Identity(
        text="so ‖c‖² = (x - y)²/K, and the bias b = q 1 - c has this squared length (1 + Σc > 0; the other sign costs "
        "more for w > 0, and w < 0 is its mirror image)",
        left=bias_square,
        right=K * q**2 - 2 * q * total + square,
    )
    yield Identity(
        text="‖c‖² >= (Σc)²/K leaves x >= 1 >= y: the difference has the sign of (x² - 1)(1 - y²), and is zero exactly "
        "where b is a multiple of 1",
        left=K * square - total**2,
        right=(x**2 - 1) * (1 - y**2),
    )


def mean_dropped(r: Result) -> Iterator[Step]:
    inside = {x: 1 + _u, y: 1 / (1 + _v), omega: 1 / (1 + ell), **alive}
    yield Positive(
        text="|w| <= |a| (one-hot codes): the objective rises with x, so x = 1 and b is a multiple of 1",
        left=sp.Derivative(objective, x),
        given=inside,
    )
    yield Stationary(
        text="With x = 1 the label mean is dropped, and y, its shifted length, settles here",
        function=objective.subs(x, 1),
        variables=(y,),
        at={y: lambda_b * omega / (1 + lambda_b)},
    )
    yield Identity(
        text="which is the bias b = μ/(1 + λ_b): complete centring, for every finite λ_b",
        left=r["beta_contrasts"],
        right=1 - lambda_b / (1 + lambda_b),
    )
    yield Identity(
        text="Its loss",
        left=r["loss_contrasts"],
        right=objective.subs(x, 1).subs(y, lambda_b * omega / (1 + lambda_b)),
        given={a: 1, w: omega},
    )
    yield Identity(
        text="With d = K - 1 all contrasts are kept and the mean is not: the cosine is that of the simplex ETF",
        left=GEOMETRY.result["cosine"],
        right=-1 / (K - 1),
        given={s_mu: 0, s_perp: _z},
    )


def mean_kept(r: Result) -> Iterator[Step]:
    hessian = sp.hessian(objective, (x, y))
    yield Identity(
        text="|w| > |a|: where λ_b w² > 1 + λ_b the Hessian has a negative determinant, an inner stationary point is a "
        "saddle",
        left=sp.Determinant(sp.ImmutableMatrix(K * hessian)),
        right=lambda_b * (1 + lambda_b - lambda_b * omega**2),
    )
    solved = -t * (1 + lambda_b) / (lambda_b * (1 + lambda_b - lambda_b * omega**2))
    inner = {x: solved, y: lambda_b * omega * solved / (1 + lambda_b)}
    yield Stationary(text="and it is this one", function=objective, variables=(x, y), at=inner)
    yield Positive(
        text="which has x < 0 where λ_b w² < 1 + λ_b: the minimum is at x = 1 or y = 1, and b is a multiple of 1",
        left=-solved,
        given={omega: sp.sqrt(1 + 1 / ell) / (1 + _z), lambda_b: ell},
    )
    kept = omega - t / lambda_b
    yield Stationary(
        text="With y = 1 the label mean is kept with this length",
        function=objective.subs(y, 1),
        variables=(x,),
        at={x: kept},
    )
    yield Identity(
        text="which is the bias of T5 above its threshold",
        left=AFFINE.result["beta"].args[1].expr,
        right=1 - kept / omega,
        given={w: omega},
    )
    yield Identity(
        text="Its loss",
        left=r["loss_mean"],
        right=objective.subs(y, 1).subs(x, kept),
        given={a: 1, w: omega},
    )


def transition(r: Result) -> Iterator[Step]:
    gap = r["loss_contrasts"] - r["loss_mean"]
    over = {a: 1, w: 1 + _u, **alive}
    yield Identity(
        text="The two losses tie at the transition",
        left=sp.Subs(r["loss_contrasts"], lambda_b, r["transition"]),
        right=sp.Subs(r["loss_mean"], lambda_b, r["transition"]),
        given=over,
    )
    yield Identity(
        text="(the transition from the two gaps)",
        left=r["transition_gaps"],
        right=r["transition"],
        given={_rise: sp.Abs(w) - sp.Abs(a), _live: sp.Abs(a) - t, **over},
    )
    yield Limit(
        text="Beyond it the mean is kept: without a bias the gap is positive",
        left=2 * K * gap.subs({a: 1, w: 1 + _u}),
        variable=lambda_b,
        to=sp.oo,
        right=_u * (2 - 2 * t + _u),
    )
    yield Positive(
        text="and at the λ_b where the mean's length passes |a| the contrasts win, so the jump is between the two",
        left=-2 * K * gap,
        given={lambda_b: t / (w - 1), **over},
    )
    yield Positive(
        text="|w| = |a| (one-hot codes): a mean that is kept would be shorter than the contrasts that it replaces",
        left=sp.S.One,
        right=1 - t / ell,
    )
    yield Limit(
        text="and the losses tie at λ_b = ∞",
        left=2 * K * gap.subs({a: 1, w: 1}),
        variable=lambda_b,
        to=sp.oo,
        right=sp.S.Zero,
    )


_abs_a, _abs_w = sp.Abs(a), sp.Abs(w)


def _root(spread: sp.Expr, excess: sp.Expr, alive_part: sp.Expr) -> sp.Expr:
    """The larger root of the tie: ``spread`` = |w| - |a|, ``alive_part`` = |a| - t, ``excess`` = |w| + |a| - 2 t."""
    inner = sp.sqrt((_abs_a + t) ** 2 + 4 * t * spread)
    return (alive_part * (_abs_a + t) + 2 * t * spread + alive_part * inner) / (2 * spread * excess)


_rise, _live = sp.symbols("rise live", positive=True)
_sum = _live + 2 * t

THEOREM = Theorem(
    name="bottleneck",
    label="T8",
    title="Bottleneck: fewer dimensions than directions",
    assumptions=(
        "E = a I + q J with K classes of n samples each, w = a + K q, |a| > t (the contrasts are alive); λ_w, λ_h > 0",
        "0 <= λ_b < ∞; d <= K - 1. At λ_b = ∞ the d largest of |a| (K - 1 times) and |w| are kept, and |a| = |w| tie",
    ),
    statement="The bias is a multiple of the label mean. For |w| <= |a| (one-hot codes) d directions of the contrasts "
    "are kept, the label mean is not, and b = μ/(1 + λ_b), for every finite λ_b: with d = K - 1 the simplex ETF has no "
    "transition. For |w| > |a| this is so up to a first-order transition; beyond it the mean and d - 1 contrasts are "
    "kept. For d < K - 1 which contrasts are kept is arbitrary.",
    formulas={
        "beta_contrasts": Formula(expr=1 / (1 + lambda_b), meaning="bias fraction where the mean is dropped, b = β μ"),
        "loss_contrasts": Formula(
            expr=(lambda_b * w**2 / (1 + lambda_b) + (K - 1) * a**2 - d * (_abs_a - t) ** 2) / (2 * K),
            meaning="loss with d contrasts kept",
        ),
        "loss_mean": Formula(
            expr=((K - 1) * a**2 - (d - 1) * (_abs_a - t) ** 2 + 2 * t * _abs_w - t**2 - t**2 / lambda_b) / (2 * K),
            meaning="loss with the label mean and d - 1 contrasts kept",
        ),
        "transition": Formula(
            expr=_root(_abs_w - _abs_a, _abs_w + _abs_a - 2 * t, _abs_a - t),
            meaning="λ_b from which the label mean is kept, for |w| > |a|",
        ),
        "transition_gaps": Formula(
            expr=(_live * (_sum + sp.sqrt(_sum**2 + 4 * t * _rise)) + 2 * t * _rise)
            / (2 * _rise * (_rise + 2 * _live)),
            meaning="the same without cancellation; rise = |w| - |a|, live = |a| - t",
        ),
    },
    functions=(
        Function(
            name="bottleneck_transition",
            arguments=("rise", "live", "t"),
            result="transition_gaps",
            doc="lambda_b from which a bottleneck keeps the label mean; rise = |w| - |a| > 0, live = |a| - t > 0.",
        ),
    ),
    conditions=(sp.Lt(t, _abs_a),),
    letters={"d": "feature dimension, at most K - 1", "rise": "|w| - |a|", "live": "|a| - t"},
    prove=prove,
    source="Here. Given b: Eckart & Young 1936, Mirsky 1960; von Neumann 1937.",
)
