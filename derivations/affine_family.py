"""T5. The affine one-hot family E = a I + q J with balanced classes: the minimizer for every lambda_b.

One-hot codes are (a, q) = (1, 0), label smoothing (1 - alpha, alpha/K), signed codes (2, -1), the centred simplex
(1, -1/K); each has a file of its own that reads its closed form off this one.  The geometry of the class means is the
next theorem, affine_geometry.

Everything lives in two eigenspaces: the contrasts 1-perp (projection Q, dimension K - 1) and the mean direction 1
(projection A, dimension 1).  In the unit sqrt(n), M = E D^(1/2) has the values a and w = a + K q there.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import (
    K,
    T,
    a,
    beta,
    lambda_b,
    lambda_h,
    lambda_w,
    n,
    q,
    t,
    w,
)
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Limit, Positive, Solution, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.certificate import direction_is_optimal

__all__ = ["THEOREM", "centred", "kept", "regime", "regimes", "space"]

x = sp.Symbol("x", nonnegative=True)  # slacks, which turn a case (t > |a|, say) into a substitution
y = sp.Symbol("y", positive=True)
omega = sp.Symbol("omega", nonnegative=True)  # |w|
ell = sp.Symbol("ell", positive=True)  # lambda_b where it is not 0
sign = sp.Symbol("sign")

# The two regimes of the mean direction, for a code with |w| = omega, and of the contrasts.
CENTRED: Given = {t: omega * lambda_b / (1 + lambda_b) + x}
MEAN_KEPT: Given = {omega: t + t / ell + y, lambda_b: ell}
CONTRASTS_KEPT: Given = {a: sign * (t + y)}
CONTRASTS_LOST: Given = {a: sign * t / (1 + x)}

space = Words()
Q = space.symmetric("Q", "K")  # projection on the contrasts
A = space.symmetric("A", "K")  # projection on 1: A = J/K
space.rule(Q * Q, Q)
space.rule(A * A, A)
space.rule(Q * A, sp.S.Zero)
space.trace_value(Q, K - 1)
space.trace_value(A, sp.S.One)

centred = sp.Le(lambda_b * (sp.Abs(w) - t), t)
kept = sp.Gt(sp.Abs(a), t)


def regime(centring: sp.Expr, active: sp.Expr) -> sp.Expr:
    return sp.Piecewise((centring, centred), (active, True))


def prove(r: Result) -> Iterator[Step]:
    yield from two_eigenspaces()
    yield from contrasts(r)
    yield from mean_direction(r)
    yield from loss(r)
    yield from ends_and_thresholds(r)


def two_eigenspaces() -> Iterator[Step]:
    i = sp.Symbol("i", integer=True)
    yield Identity(text="A = J/K is a projection (entry of A²)", left=sp.Sum(1 / K * (1 / K), (i, 1, K)), right=1 / K)
    yield Identity(
        text="Q = I - A is a projection (diagonal entry of Q²)",
        left=(1 - 1 / K) ** 2 + sp.Sum((1 / K) ** 2, (i, 2, K)),
        right=1 - 1 / K,
    )
    yield Identity(
        text="The encoding in these projections, with w = a + K q",
        left=a * (Q + A) + q * K * A,
        right=a * Q + (a + K * q) * A,
        words=space,
    )
    yield Identity(
        text="Every coordinate of the label mean is w/K",
        left=(a + sp.Sum(q, (i, 1, K))) / K,
        right=w / K,
        given={w: a + K * q},
    )
    # With b = beta (w/K) 1 and u = sqrt(n) 1 the matrix b u^T has all entries beta (w/K) sqrt(n).
    yield Identity(
        text="In the unit √n, M - b uᵀ has the values a on the contrasts and w (1 - β) on the mean direction, "
        "for b = β μ",
        left=a * Q + w * A - beta * (w / K) * (K * A),
        right=a * Q + w * (1 - beta) * A,
        words=space,
    )


def contrasts(r: Result) -> Iterator[Step]:
    for name, case in (("|a| > t", CONTRASTS_KEPT), ("|a| <= t", CONTRASTS_LOST)):
        for side in (1, -1):
            given = {sign: sp.Integer(side)}
            target = a.subs(case).subs(given)
            yield from direction_is_optimal(
                f"Contrasts, {name}, {'a > 0' if side > 0 else 'a < 0'}", a, side * r["s_perp"], t, {a: target}
            )


def mean_direction(r: Result) -> Iterator[Step]:
    # Bias equation lambda_b b = mean residual: with b = beta mu it reads lambda_b beta |w| = residual.
    yield Solution(
        text="Complete centring (nothing of the mean direction survives): λ_b β |w| = |w| (1 - β) gives β",
        equation=lambda_b * beta * omega - omega * (1 - beta),
        unknown=beta,
        value=r["beta"].subs(sp.Abs(w), omega),
        given=CENTRED,
    )
    yield Identity(
        text="Its residual stays below the threshold t exactly when λ_b (|w| - t) <= t",
        left=t - omega * (1 - 1 / (1 + lambda_b)),
        right=(t - lambda_b * (omega - t)) / (1 + lambda_b),
    )
    yield Solution(
        text="Otherwise the residual is the threshold: λ_b β |w| = t gives β",
        equation=lambda_b * beta * omega - t,
        unknown=beta,
        value=r["beta"].subs(sp.Abs(w), omega),
        given=MEAN_KEPT,
    )
    for side in (1, -1):
        code = {w: side * omega}
        for name, case in (("complete centring", CENTRED), ("active", MEAN_KEPT)):
            given = code | dict(case)
            target = w * (1 - r["beta"])
            where = f"Mean direction, {name}, {'w > 0' if side > 0 else 'w < 0'}"
            value = side * r["s_mu"] if case is MEAN_KEPT else sp.S.Zero
            yield from direction_is_optimal(where, target, value, t, given)
            yield Identity(
                text=f"{where}: the bias equation λ_b b = mean residual",
                left=lambda_b * r["beta"] * w,
                right=target - side * r["s_mu"],
                given=given,
            )
            yield Identity(
                text=f"{where}: length of the residual",
                left=r["residual_mu"],
                right=side * target - r["s_mu"],
                given=given,
            )
    yield Positive(
        text="The mean direction is alive in the active regime", left=r["s_mu"], given={w: omega, **MEAN_KEPT}
    )


def regimes() -> Iterator[tuple[int, dict[sp.Symbol, sp.Expr]]]:
    """The four combinations of regimes, for both signs of a: (sign of a, |a| and the other substitutions)."""
    z = sp.Symbol("z", positive=True)
    for side in (1, -1):
        for perp in (t + z, t / (1 + x)):
            yield side, {a: perp, w: omega, **CENTRED}
            yield side, {a: perp, w: omega, **MEAN_KEPT}


def _value(expr: sp.Expr) -> sp.Expr:
    return space.evaluate(expr)


def loss(r: Result) -> Iterator[Step]:
    N = n * K
    tau = t * sp.sqrt(n) / N  # t = T/sqrt(n), T = N tau
    for side, case in regimes():
        given = {a: side * case[a], **{k: v for k, v in case.items() if k is not a}}
        residual = (sp.Abs(a) - r["s_perp"]) * Q + r["residual_mu"] * A
        primal = (
            _value(n * norm2(residual)) / (2 * N)
            + tau * sp.sqrt(n) * _value(tr(r["s_perp"] * Q + r["s_mu"] * A))
            + lambda_b / 2 * K * (r["beta"] * w / K) ** 2
        )
        yield Identity(text="Loss: fit, penalty τ‖Z‖_* and bias term", left=r["loss"], right=primal, given=given)
        # Dual bound of T12 with Lam = residual/N; for lambda_b = 0 the last term is absent, as Lam u = lambda_b b.
        dual = (
            _value(n * tr(residual * (sp.Abs(a) * Q + sp.Abs(w) * A))) / N
            - _value(n * norm2(residual)) / (2 * N)
            - lambda_b / 2 * K * (r["beta"] * w / K) ** 2
        )
        yield Identity(
            text="The dual bound equals the loss: no gap, so the minimizer is global",
            left=r["loss"],
            right=dual,
            given=given,
        )
    yield Identity(
        text="t = T/√n in the original parameters",
        left=r["t"],
        right=T / sp.sqrt(n),
        given={T: N * sp.sqrt(lambda_w * lambda_h)},
    )


def ends_and_thresholds(r: Result) -> Iterator[Step]:
    size = {sp.Abs(w): omega, sp.Abs(a): y}
    yield Solution(
        text="The mean direction comes alive at λ_b*",
        equation=lambda_b * (omega - t) - t,
        unknown=lambda_b,
        value=r["threshold"].subs(size),
    )
    alive = {w: t + y}
    yield Identity(
        text="β is continuous at λ_b*",
        left=sp.Subs(r["beta"].args[0].expr, lambda_b, r["threshold"]),
        right=sp.Subs(r["beta"].args[1].expr, lambda_b, r["threshold"]),
        given=alive,
    )
    yield Identity(
        text="s_μ leaves 0 continuously at λ_b*",
        left=sp.Subs(r["s_mu"].args[1].expr, lambda_b, r["threshold"]),
        right=sp.S.Zero,
        given=alive,
    )
    yield Positive(
        text="Beyond λ_b* the value s_μ grows strictly with λ_b (for |w| > t)",
        left=sp.Derivative(r["s_mu"].args[1].expr, lambda_b),
        given={lambda_b: ell},
    )
    yield Limit(
        text="λ_b = ∞: s_μ", left=r["s_mu"].args[1].expr, variable=lambda_b, to=sp.oo, right=y, given={w: t + y}
    )
    yield Limit(
        text="λ_b = ∞: no bias", left=r["beta"].args[1].expr, variable=lambda_b, to=sp.oo, right=sp.S.Zero, given=alive
    )
    yield Identity(
        text="λ_b = 0: the bias is the label mean", left=sp.Subs(r["beta"].args[0].expr, lambda_b, 0), right=sp.S.One
    )


_kept_mu = sp.Abs(w) - t - t / lambda_b
_centred_loss = sp.Abs(w) * lambda_b / (1 + lambda_b)

THEOREM = Theorem(
    name="affine",
    label="T5",
    title="The affine one-hot family, balanced",
    assumptions=(
        "E = a I + q J with K >= 2 classes of n samples each, N = n K, a not 0, w = a + K q",
        "λ_w, λ_h > 0, 0 <= λ_b <= ∞, feature dimension d >= rank of Z (d >= K always suffices)",
        "t = K √(n λ_w λ_h) is the threshold in the unit √n",
    ),
    statement="The unique global minimizer is b = β (w/K) 𝟏 and Z = √n (± s_⊥ Q ± s_μ A), with the signs of a "
    "and w. The "
    "mean direction is dead (s_μ = 0, complete centring) iff λ_b (|w| - t) <= t, that is λ_b <= λ_b* when t < |w| and "
    "always when t >= |w|.",
    formulas={
        "t": Formula(expr=K * sp.sqrt(n * lambda_w * lambda_h), meaning="threshold in the unit √n"),
        "threshold": Formula(expr=t / (sp.Abs(w) - t), meaning="λ_b*, where complete centring ends (for t < |w|)"),
        "beta": Formula(
            expr=regime(1 / (1 + lambda_b), t / (lambda_b * sp.Abs(w))), meaning="bias fraction, b = β w/K 𝟏"
        ),
        "s_perp": Formula(
            expr=sp.Piecewise((sp.Abs(a) - t, kept), (0, True)),
            meaning="singular value of Z on the contrasts, K-1 times, unit √n",
        ),
        "s_mu": Formula(
            expr=regime(sp.S.Zero, _kept_mu), meaning="singular value of Z on the mean direction, once, unit √n"
        ),
        "residual_mu": Formula(
            expr=regime(_centred_loss, t),
            meaning="singular value of the residual on the mean direction, unit √n",
        ),
        "loss": Formula(
            expr=(
                (K - 1) * sp.Piecewise((t * sp.Abs(a) - t**2 / 2, kept), (a**2 / 2, True))
                + regime(w**2 * lambda_b / (2 * (1 + lambda_b)), t * sp.Abs(w) - t**2 / 2 - t**2 / (2 * lambda_b))
            )
            / K,
            meaning="minimal loss",
        ),
    },
    definitions={
        w: a + K * q,
        t: K * sp.sqrt(n * lambda_w * lambda_h),
    },
    functions=(
        Function(
            name="affine_perp_singular_value",
            arguments=("a", "t"),
            result="s_perp",
            doc="s_perp, K-1 times, in units of sqrt(n).",
        ),
        Function(
            name="affine_bias_fraction",
            arguments=("w", "t", "lambda_b"),
            result="beta",
            doc="beta, where b = beta mu; also for lambda_b = inf.",
        ),
        Function(
            name="affine_mean_singular_value",
            arguments=("w", "t", "lambda_b"),
            result="s_mu",
            doc="s_mu, once, in units of sqrt(n); also for lambda_b = inf.",
            form=regime(sp.S.Zero, sp.UnevaluatedExpr(sp.Abs(w) - t) - t / lambda_b),
        ),
        Function(
            name="affine_mean_residual",
            arguments=("w", "t", "lambda_b"),
            result="residual_mu",
            doc="the residual's singular value on the mean direction, in units of sqrt(n); also for lambda_b = inf.",
            # lambda_b/(1 + lambda_b) is inf/inf at lambda_b = inf; 1/(1 + 1/lambda_b) is 0/0 at 0.
            form=regime(
                sp.Piecewise(
                    (_centred_loss, sp.Le(lambda_b, 1)),
                    (sp.Abs(w) / (1 + 1 / lambda_b), True),
                ),
                t,
            ),
        ),
        Function(
            name="affine_threshold",
            arguments=("w", "t"),
            result="threshold",
            doc="lambda_b*, where complete centring ends (for t < |w|).",
        ),
    ),
    conditions=(sp.Ne(a, 0),),
    prove=prove,
    source="One-hot: Massion, Makhlouf & Massart 2026, arXiv:2606.00344; with a regularised bias the general "
    "family is new here.",
)
