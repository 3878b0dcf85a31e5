"""Damaged derivations: text of a derivation file, what it is replaced by.  Every one must break a step.

Each line is an error that a person could make while typing a formula or its numeric form.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ncsolve.derivations._framework import Theorem

__all__ = ["MUTANTS", "Mutant", "mutated"]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """``old`` becomes ``new`` in ``derivations/<module>.py``."""

    module: str
    error: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        module="certificate",
        error="sign of the bias term",
        old="- norm2(Lam * one) / (2 * lambda_b)",
        new="+ norm2(Lam * one) / (2 * lambda_b)",
    ),
    Mutant(
        module="certificate",
        error="N missing in the fit",
        old="tr(space.t(Lam) * Y) - N / 2 * norm2(Lam) -",
        new="tr(space.t(Lam) * Y) - norm2(Lam) / 2 -",
    ),
    Mutant(module="within_class_collapse", error="sign of the bias", old="* (y - b)", new="* (y + b)"),
    Mutant(
        module="within_class_collapse",
        error="merged weight",
        old="_n1 * _n2 / (_n1 + _n2)",
        new="(_n1 + _n2)",
    ),
    Mutant(
        module="factorization",
        error="missing square root",
        old="(lambda_h / lambda_w) ** sp.Rational(1, 4)",
        new="(lambda_h / lambda_w) ** sp.Rational(1, 2)",
    ),
    Mutant(
        module="factorization",
        error="scales exchanged",
        old="expr=(lambda_w / lambda_h) ** sp.Rational(1, 4)",
        new="expr=(lambda_h / lambda_w) ** sp.Rational(1, 4)",
    ),
    Mutant(module="factorization", error="penalty not halved", old="tau * nuclear_norm / 2", new="tau * nuclear_norm"),
    Mutant(
        module="bias_equation", error="sign of the threshold", old="sp.Max(sigma - T, 0)", new="sp.Max(sigma + T, 0)"
    ),
    Mutant(module="bias_equation", error="max for min", old="sp.Min(sigma, T)", new="sp.Max(sigma, T)"),
    Mutant(
        module="bias_equation", error="missing square root", old="tau * sp.sqrt(N) / lambda_b", new="tau * N / lambda_b"
    ),
    Mutant(
        module="bias_equation", error="h of the wrong argument", old="(T / sigma, True)", new="(T**2 / sigma**2, True)"
    ),
    Mutant(
        module="bias_equation",
        error="sign of the bias term",
        old="lambda_b * bias_square / 2",
        new="-lambda_b * bias_square / 2",
    ),
    Mutant(module="lambda_b_zero", error="sign of the bias", old="expr=mu,", new="expr=-mu,"),
    Mutant(module="lambda_b_zero", error="half the threshold", old="- N * tau**2 / 2", new="- N * tau**2"),
    Mutant(module="no_bias", error="factor two", old="lambda_h / (2 * lambda_b)", new="lambda_h / (4 * lambda_b)"),
    Mutant(
        module="eigenvector_mean",
        error="wrong centring",
        old="expr=lambda_b / (1 + lambda_b)",
        new="expr=1 / (1 + lambda_b)",
    ),
    Mutant(module="eigenvector_mean", error="square of gamma", old="g = s + N * gamma**2", new="g = s + N * gamma"),
    Mutant(
        module="eigenvector_mean",
        error="missing square root",
        old="T / (lambda_b * sp.sqrt(N) * mean_norm)",
        new="T / (lambda_b * N * mean_norm)",
    ),
    Mutant(
        module="eigenvector_mean",
        error="sign in the ratio",
        old="mean_square / (1 + x) ** 2) - 1,\n            meaning",
        new="mean_square / (1 - x) ** 2) - 1,\n            meaning",
    ),
    Mutant(
        module="eigenvector_mean",
        error="numeric form",
        old="UnevaluatedExpr(lambda_b * x) ** 2",
        new="UnevaluatedExpr(lambda_b * x)",
    ),
    Mutant(
        module="affine_family", error="wrong threshold", old="expr=t / (sp.Abs(w) - t)", new="expr=t / (sp.Abs(w) + t)"
    ),
    Mutant(
        module="affine_family",
        error="wrong regime",
        old="sp.Le(lambda_b * (sp.Abs(w) - t), t)",
        new="sp.Le(lambda_b * (sp.Abs(w) + t), t)",
    ),
    Mutant(
        module="affine_family",
        error="wrong multiplicity",
        old="space.trace_value(Q, K - 1)",
        new="space.trace_value(Q, K)",
    ),
    Mutant(
        module="affine_family",
        error="K instead of K - 1",
        old="(K - 1) * sp.Piecewise((t * sp.Abs(a)",
        new="K * sp.Piecewise((t * sp.Abs(a)",
    ),
    Mutant(
        module="affine_family",
        error="sign of the bias",
        old="t / (lambda_b * sp.Abs(w))",
        new="-t / (lambda_b * sp.Abs(w))",
    ),
    Mutant(
        module="affine_family",
        error="sign of the bias term",
        old="sp.Abs(w) - t - t / lambda_b",
        new="sp.Abs(w) - t + t / lambda_b",
    ),
    Mutant(
        module="affine_family",
        error="missing square root",
        old="K * sp.sqrt(n * lambda_w * lambda_h), meaning",
        new="K * n * sp.sqrt(lambda_w * lambda_h), meaning",
    ),
    Mutant(
        module="affine_family",
        error="numeric form",
        old="UnevaluatedExpr(sp.Abs(w) - t) - t / lambda_b",
        new="UnevaluatedExpr(sp.Abs(w) - t) + t / lambda_b",
    ),
    Mutant(
        module="affine_geometry",
        error="K instead of K - 1",
        old="(s_mu - s_perp) / (s_mu + (K - 1) * s_perp),\n            meaning",
        new="(s_mu - s_perp) / (s_mu + K * s_perp),\n            meaning",
    ),
    Mutant(
        module="affine_geometry",
        error="missing square root",
        old="expr=sp.sqrt(lambda_w / (n * lambda_h)) * gap",
        new="expr=lambda_w / (n * lambda_h) * gap",
    ),
    Mutant(
        module="affine_geometry",
        error="orthogonal at the wrong place",
        old="t / (sp.Abs(w) - sp.Abs(a))",
        new="t / (sp.Abs(a) - sp.Abs(w))",
    ),
    Mutant(
        module="affine_geometry",
        error="numeric form",
        old="UnevaluatedExpr(sp.Abs(w) - sp.Abs(a))",
        new="UnevaluatedExpr(sp.Abs(a) - sp.Abs(w))",
    ),
    Mutant(
        module="onehot", error="K instead of K - 1", old="_cosine = regime(-1 / (K - 1)", new="_cosine = regime(-1 / K"
    ),
    Mutant(
        module="onehot",
        error="asymptote without K",
        old="-t / (K * lambda_b * (1 - t))",
        new="-t / (lambda_b * (1 - t))",
    ),
    Mutant(module="onehot", error="wrong threshold", old="expr=t / (1 - t)", new="expr=t"),
    Mutant(
        module="onehot",
        error="sign of the bias term",
        old="t - t**2 / 2 - t**2 / (2 * K * lambda_b)",
        new="t - t**2 / 2 + t**2 / (2 * K * lambda_b)",
    ),
    Mutant(
        module="label_smoothing",
        error="smoothing lost",
        old="kept_gap = alpha - t / lambda_b",
        new="kept_gap = -t / lambda_b",
    ),
    Mutant(module="label_smoothing", error="wrong crossing", old="expr=t / alpha", new="expr=alpha / t"),
    Mutant(module="signed_codes", error="K instead of K - 1", old="regime(-1 / (K - 1)", new="regime(-1 / K"),
    Mutant(
        module="signed_codes",
        error="acute for K > 2",
        old='r["cosine_no_bias"], given={K: 4 + z',
        new='r["cosine_no_bias"], given={K: 2 + z',
    ),
    Mutant(
        module="signed_codes",
        error="sign of the bias",
        old="-t / (K * lambda_b)), meaning",
        new="t / (K * lambda_b)), meaning",
    ),
    Mutant(module="centred_simplex", error="K instead of K - 1", old="expr=-1 / (K - 1)", new="expr=-1 / K"),
    Mutant(
        module="centred_simplex", error="a bias", old='expr=sp.S.Zero, meaning="each', new='expr=1 / K, meaning="each'
    ),
    Mutant(module="large_bias_law", error="sign of the bias", old="expr=tau / lambda_b", new="expr=-tau / lambda_b"),
    Mutant(module="large_bias_law", error="wrong threshold", old="expr=tau * kappa", new="expr=tau**2 * kappa"),
    Mutant(
        module="large_bias_law",
        error="lambda_h for lambda_w",
        old="expr=lambda_w / lambda_b",
        new="expr=lambda_h / lambda_b",
    ),
    Mutant(
        module="large_bias_law",
        error="factor two",
        old="N * lambda_w * lambda_h / (2 * lambda_b)",
        new="N * lambda_w * lambda_h / lambda_b",
    ),
    Mutant(
        module="large_bias_law", error="without the hypothesis", old="space.rule(space.t(O) * O * u, u)", new="pass"
    ),
    Mutant(
        module="imbalanced_onehot",
        error="missing square root",
        old="sp.Max(sp.sqrt(n) - T, 0) / n",
        new="sp.Max(n - T, 0) / n",
    ),
    Mutant(module="imbalanced_onehot", error="wrong collapse", old="Formula(expr=T**2, ", new="Formula(expr=T, "),
    Mutant(module="imbalanced_onehot", error="longest elsewhere", old="expr=4 * T**2", new="expr=2 * T**2"),
    Mutant(
        module="imbalanced_onehot",
        error="wrong share",
        old="expr=tau * n / (sp.sqrt(n) - T)",
        new="expr=tau * sp.sqrt(n) / (sp.sqrt(n) - T)",
    ),
    Mutant(
        module="self_duality",
        error="kappa inverted",
        old='"kappa": Formula(expr=sp.sqrt(lambda_h / lambda_w)',
        new='"kappa": Formula(expr=sp.sqrt(lambda_w / lambda_h)',
    ),
    Mutant(module="self_duality", error="wrong multiplicity", old="expr=((K - 1) * sign_a", new="expr=(K * sign_a"),
    Mutant(
        module="bottleneck", error="wrong centring",
        old="expr=1 / (1 + lambda_b)",
        new="expr=lambda_b / (1 + lambda_b)",
    ),
    Mutant(
        module="bottleneck", error="all contrasts kept", old="(K - 1) * a**2 - d * (_abs_a",
        new="(K - 1) * a**2 - K * (_abs_a",
    ),
    Mutant(
        module="bottleneck", error="sign of the bias term", old="- t**2 - t**2 / lambda_b) /",
        new="- t**2 + t**2 / lambda_b) /",
    ),
    Mutant(
        module="bottleneck", error="the smaller root", old="+ alive_part * inner) /", new="- alive_part * inner) /"
    ),
    Mutant(module="bottleneck", error="numeric form", old="_sum = _live + 2 * t", new="_sum = _live + t"),
    Mutant(
        module="deep_head", error="one factor less",
        old="lambda_h ** (1 / P), meaning",
        new="lambda_h ** (2 / P), meaning",
    ),
    Mutant(
        module="deep_head", error="wrong power",
        old="C * P / (2 * N) * z ** (2 / P)",
        new="C * P / (2 * N) * z ** (1 / P)",
    ),
    Mutant(
        module="deep_head", error="sign in the branch equation", old="r ** (P - 2) - r ** (2 * P - 2) - c, meaning",
        new="r ** (P - 2) + r ** (2 * P - 2) - c, meaning",
    ),
    Mutant(
        module="deep_head", error="threshold where the branch begins",
        old="expr=least(TIE)",
        new="expr=least(TURN)",
    ),
    Mutant(module="deep_head", error="wrong jump", old="expr=TIE * cut", new="expr=TURN * cut"),
    Mutant(
        module="deep_head", error="bias inverted", old="C * (1 + lambda_b) / lambda_b, meaning",
        new="C * lambda_b / (1 + lambda_b), meaning",
    ),
    Mutant(
        module="deep_head", error="wrong power of the ratio",
        old="_ratio ** ((2 * P - 2) / P)",
        new="_ratio ** ((P - 1) / P)",
    ),
    Mutant(module="deep_head", error="sign of the mean's share", old="expr=(1 - s_mu", new="expr=(1 + s_mu"),
    Mutant(
        module="onehot", error="Gram matrix off the diagonal without K", old="-scale * t / (K * lambda_b)), meaning",
        new="-scale * t / lambda_b), meaning",
    ),
    Mutant(module="onehot", error="law of another sign", old="right=bare - shift", new="right=bare + shift"),
    Mutant(module="relu_features", error="half of R", old="right=2 * entry * h * g", new="right=entry * h * g"),
    Mutant(
        module="relu_features", error="acute angles", old='given={inner: -sp.Symbol("obtuse"',
        new='given={inner: sp.Symbol("obtuse"',
    ),
    Mutant(
        module="relu_features", error="multipliers without the count", old="(sp.sqrt(c) * p) for", new="p for"
    ),
    Mutant(
        module="relu_features", error="longer than T", old="/ sp.sqrt(n_k) / (1 + short)",
        new="/ sp.sqrt(n_k) * (1 + short)",
    ),
    Mutant(
        module="relu_features", error="squares exchanged", old="+ (1 - share) * norm2(X * F_2 - B_2",
        new="+ share * norm2(X * F_2 - B_2",
    ),
    Mutant(
        module="relu_features", error="value of another point", old="- tr(X * space.t(between))",
        new="- tr(X * space.t(B_1))",
    ),
    Mutant(
        module="relu_features", error="convex in one variable only", old="between = share * B_1 + (1 - share) * B_2",
        new="between = B_1",
    ),
    Mutant(
        module="relu_features", error="ridge forgotten", old="* length - N * lambda_w, meaning", new="* length, meaning"
    ),
    Mutant(module="relu_features", error="not Huber", old="(T * length - T**2 / 2) / N", new="(T * length) / N"),
    Mutant(
        module="relu_features", error="K missing", old="spread / (lambda_h * K)) - n", new="spread / lambda_h) - n"
    ),
    Mutant(
        module="relu_features", error="sign of the pull", old="* n * K) * (1 - beta),", new="* n * K) * (1 + beta),"
    ),
    Mutant(module="nearest_mean", error="factor two", old="expr=-2 * kappa * _t(h)", new="expr=-kappa * _t(h)"),
    Mutant(
        module="nearest_mean",
        error="missing square root",
        old="1 / sp.sqrt(n_k) - 1 / sp.sqrt(n_l)",
        new="1 / n_k - 1 / n_l",
    ),
    Mutant(
        module="deep_design", error="power of one factor", old="expr=(square * N * lambda_h / C) ** (P / 2)",
        new="expr=(square * N * lambda_h / C) ** (P / 3)",
    ),
    Mutant(
        module="deep_design", error="penalty's slope with the wrong power", old="expr=z + C * z ** (2 / P - 1)",
        new="expr=z + C * z ** (2 / P)",
    ),
    Mutant(
        module="deep_design", error="penalty lost", old="expr=z + C * z ** (2 / P - 1)", new="expr=z",
    ),
    Mutant(
        module="deep_design", error="where the branch begins, not where it is better", old="expr=((P - 2) * C)",
        new="expr=((P - 2) / P * C)",
    ),
    Mutant(module="inverse_design", error="threshold lost", old="expr=zeta + T,", new="expr=zeta,"),
    Mutant(module="inverse_design", error="threshold of the wrong sign", old="expr=zeta + T,", new="expr=zeta - T,"),
    Mutant(
        module="inverse_design",
        error="scale inverted",
        old='"core_scale": Formula(expr=sp.sqrt(lambda_h / lambda_w)',
        new='"core_scale": Formula(expr=sp.sqrt(lambda_w / lambda_h)',
    ),
    Mutant(module="inverse_design", error="T for tau in the bias", old="expr=tau / lambda_b", new="expr=T / lambda_b"),
    Mutant(module="inverse_design", error="penalty halved", old="+ tau * trace +", new="+ tau * trace / 2 +"),
    Mutant(
        module="inverse_design", error="residual above T", old="threshold**2 * (1 - V * t(V)) -",
        new="2 * threshold**2 * (1 - V * t(V)) -",
    ),
    Mutant(
        module="target_cosine", error="threshold lost", old="t / (sp.Abs(w) - t - s_mu)", new="t / (sp.Abs(w) - s_mu)"
    ),
    Mutant(
        module="target_cosine", error="K for K - 1", old="_needed = s_perp * (1 + (K - 1) * cosine)",
        new="_needed = s_perp * (1 + K * cosine)",
    ),
    Mutant(module="target_cosine", error="sign of alpha", old="expr=1 - t - s_mu * (1", new="expr=1 - t + s_mu * (1"),
    Mutant(
        module="target_cosine", error="bias forgotten", old="/ ((1 - cosine) / lambda_b - K * cosine)",
        new="/ (1 - cosine - K * cosine)",
    ),
    Mutant(module="gap_identity", error="part of the head not over its decay",
           old="norm2(W - Lam * space.t(H) / lambda_w)", new="norm2(W - Lam * space.t(H))"),
    Mutant(module="gap_identity", error="part of the features doubled",
           old="* space.t(H)) / (2 * lambda_w)", new="* space.t(H)) / lambda_w"),
    Mutant(module="gap_identity", error="bias of the minimum without its decay",
           old="best_bias = Lam * one / lambda_b", new="best_bias = Lam * one"),
    Mutant(module="network_certificate", error="head's part left out of p",
           old="+ 2 * nu**2 / lambda_b + 2 * x**2 / lambda_w)", new="+ 2 * nu**2 / lambda_b)"),
    Mutant(module="network_certificate", error="mixed block counted once",
           old="_p**2 + 2 * x**2 * _y + _y**2", new="_p**2 + x**2 * _y + _y**2"),
    Mutant(module="network_certificate", error="mean feature left out of the bias",
           old="+ size * sp.sqrt(2 * eps / (lambda_h * N))", new="+ size * sp.sqrt(2 * eps / lambda_h)"),
    Mutant(module="network_certificate", error="what varies within the classes over N twice",
           old="norm2(_head * _apart) / (2 * N)", new="norm2(_head * _apart) / N"),
    Mutant(module="network_certificate", error="outputs do not see what varies within the classes",
           old="_whole - norm2(_head * _apart) / (2 * N) - lambda_h", new="_whole - lambda_h"),
    Mutant(module="implied_decay", error="slope not halved", old="expr=norm2(H) / 2", new="expr=norm2(H)"),
    Mutant(module="implied_decay", error="another chord", old="theta * x + (1 - theta) * y",
           new="theta * x + (1 - theta**2) * y"),
    Mutant(module="implied_decay", error="balance inverted", old="lambda_w * norm2(W) / norm2(H)",
           new="lambda_w * norm2(H) / norm2(W)"),
    Mutant(module="implied_decay", error="N left out of the decay that the head implies",
           old="/ (N * norm2(W))", new="/ norm2(W)"),
    Mutant(module="implied_decay", error="sign of the bias decay", old="expr=-tr(R * one", new="expr=tr(R * one"),
    Mutant(module="batch_norm", error="N left out of lambda_h", old="expr=decay / N", new="expr=decay"),
    Mutant(module="batch_norm", error="epsilon outside of the root", old="sp.sqrt(variance + eps)",
           new="(sp.sqrt(variance) + eps)"),
    Mutant(module="batch_norm", error="shift left out of the row", old="/ (variance + eps) + beta**2)",
           new="/ (variance + eps))"),
    Mutant(module="batch_norm", error="head of the shift not paid", old="norm2(W) + size**2 * norm2(mu)",
           new="norm2(W)"),
    Mutant(module="cross_entropy", error="K left out of s", old="sp.log(1 + K * (1 - alpha - t)",
           new="sp.log(1 + (1 - alpha - t)"),
    Mutant(module="cross_entropy", error="label smoothing left out of s", old="(1 - alpha - t) / (alpha + t)), alive)",
           new="(1 - t) / t), alive)"),
    Mutant(module="cross_entropy", error="label smoothing left out of the loss", old="/ K * (alpha + t) * s, meaning",
           new="/ K * t * s, meaning"),
    Mutant(module="cross_entropy", error="numeric form without the 1", old="form=log1p((K - 1) *",
           new="form=sp.log((K - 1) *"),
    Mutant(module="cross_entropy", error="K for K - 1 in the length", old="expr=_scale * s * (K - 1) / K",
           new="expr=_scale * s"),
    Mutant(module="cross_entropy", error="threshold without label smoothing", old="alive = sp.Lt(t, 1 - alpha)",
           new="alive = sp.Lt(t, 1)"),
    Mutant(module="cross_entropy_dual", error="sign of the bias term",
           old="entropy / N - norm2(Lam * one) / (2", new="entropy / N + norm2(Lam * one) / (2"),
    Mutant(module="cross_entropy_dual", error="divergence from the labels",
           old="tr((space.t(Y) - N * space.t(Lam)) *", new="tr(space.t(Y) *"),
    Mutant(module="cross_entropy_dual", error="threshold over n", old="1 - alpha - T / sp.sqrt(n))",
           new="1 - alpha - T / n)"),
    Mutant(module="cross_entropy_dual", error="count for a root of it", old="T**2 / (1 - alpha) ** 2, meaning",
           new="T / (1 - alpha), meaning"),
    Mutant(module="cross_entropy_dual", error="p' not filled up", old="(1 - kept) * r / missing",
           new="kept * r / missing"),
    Mutant(module="cross_entropy_dual", error="θ that lengthens", old="sp.Min(1, tau / size)",
           new="sp.Max(1, tau / size)"),
    Mutant(module="cross_entropy_relu", error="root left out of f", old="sp.Min(T * sp.sqrt((K - 1) / (K * n))",
           new="sp.Min(T * (K - 1) / (K * n)"),
    Mutant(module="cross_entropy_relu", error="K for K - 1 in the count", old="_LEAST = T**2 * K / ((K - 1) *",
           new="_LEAST = T**2 * (K - 1) / (K *"),
    Mutant(module="cross_entropy_relu", error="weights left out of the loss",
           old="(_smooth + force) * c,\n            meaning",
           new="_smooth * c,\n            meaning"),
    Mutant(module="cross_entropy_relu", error="length of a linear feature",
           old="* c * sp.sqrt((K - 1) / K), meaning", new="* c * (K - 1) / K, meaning"),
    Mutant(module="cross_entropy_relu", error="numeric form without label smoothing",
           old="- force) / (_smooth + force)),", new="- force) / force),"),
    Mutant(module="cross_entropy_gap", error="variation within the classes not over N",
           old="(log_sum - log_sum_means) / N + lambda_h", new="(log_sum - log_sum_means) + lambda_h"),
    Mutant(module="cross_entropy_gap", error="Pinsker without its half", old='"probabilities": Formula(expr=2 * eps,',
           new='"probabilities": Formula(expr=eps,'),
    Mutant(module="cross_entropy_gap", error="curvature of another bound", old="u**2 / (2 * (1 + u / 3))",
           new="u**2 / (2 * (1 + u / 4))"),
    Mutant(module="cross_entropy_gap", error="cost of an error without the other class",
           old="expr=own * sp.log(2 * own / (own + other)) + other * sp.log(2 * other / (own + other)),",
           new="expr=own * sp.log(2 * own / (own + other)),"),
    Mutant(module="cross_entropy_gap", error="mean feature without N", old="2 * eps / (lambda_h * N)),",
           new="2 * eps / lambda_h),"),
    Mutant(module="cross_entropy_certificate", error="half the range", old="expr=z + sp.sqrt(z**2 + 4 * z)",
           new="expr=z + sp.sqrt(z**2 + 2 * z)"),
    Mutant(module="cross_entropy_certificate", error="outputs as under MSE", old="* sp.sqrt(N / kappa + 2 * nu**2",
           new="* sp.sqrt(2 * N + 2 * nu**2"),
    Mutant(module="cross_entropy_certificate", error="curvature that grows", old="v) * sp.exp(-R * v), (v, 0, 1))",
           new="v) * sp.exp(R * v), (v, 0, 1))"),
    Mutant(module="cross_entropy_certificate", error="plain mean left out",
           old="+ 3 * least * (sum(ds) / 3 - m) ** 2", new=""),
    Mutant(module="cross_entropy_certificate", error="mean feature left out of the bias",
           old="+ size * sp.sqrt(2 * eps / (lambda_h * N)),", new=","),
    Mutant(module="metric_ufm", error="mean's weight lost", old="expr=X * t(X) / N + f * zbar * t(zbar)",
           new="expr=X * t(X) / N + zbar * t(zbar)"),
    Mutant(module="metric_ufm", error="labels' mean lost", old="expr=Yc * t(X) / N + f * mu * t(zbar)",
           new="expr=Yc * t(X) / N"),
    Mutant(module="metric_ufm", error="bias of an unregularized fit", old="expr=(mu - A * zbar) / (1 + lambda_b)",
           new="expr=(mu - A * zbar) / lambda_b"),
    Mutant(module="metric_ufm", error="bound without half the square", old="- theta**2 / 2 * _quadratic",
           new="- theta**2 * _quadratic"),
    Mutant(module="metric_ufm", error="decay per sample", old="expr=lambda_v / (N * second_moment)",
           new="expr=lambda_v / second_moment"),
    Mutant(module="metric_ufm", error="decays of V and c exchanged", old="root = sp.sqrt(lambda_v / lambda_c)",
           new="root = sp.sqrt(lambda_c / lambda_v)"),
    Mutant(module="metric_ufm", error="numeric form",
           old="(1 / (1 + 1 / lambda_b), True)", new="(1 / (1 + lambda_b), True)"),
    Mutant(module="metric_frame", error="threshold without K", old="expr=sp.sqrt(K) * tau / size, meaning",
           new="expr=tau / size, meaning"),
    Mutant(module="metric_frame", error="threshold of the mean on the contrasts",
           old="_abs_a * spread - K * tau, sp.Gt",
           new="_abs_a * spread - sp.sqrt(K) * tau, sp.Gt"),
    Mutant(module="metric_frame", error="sign of the bias term", old="_length * (_abs_w - t - t / lambda_b)),\n",
           new="_length * (_abs_w - t + t / lambda_b)),\n"),
    Mutant(module="metric_frame", error="orthogonal at the wrong place",
           old="expr=K * tau / (_length * _abs_w - _abs_a",
           new="expr=tau / (_length * _abs_w - _abs_a"),
    Mutant(module="metric_frame", error="one threshold for all directions",
           old="(_abs_a * K * tau / spread - (K * tau / spread) ** 2 / 2,", new="(_abs_a * t - t**2 / 2,"),
    Mutant(module="metric_frame", error="scatter as if there were no bias", old="(1 + scatter * (1 + 1 / lambda_b)",
           new="(1 + scatter * (1 + 0 / lambda_b)"),
    Mutant(module="metric_frame", error="one decay at the wrong place",
           old="expr=sp.sqrt(K) * (1 + lambda_b) / _abs_w",
           new="expr=sp.sqrt(K) / (1 + lambda_b) / _abs_w"),
    Mutant(module="metric_frame", error="numeric form",
           old="_length * (sp.UnevaluatedExpr(_abs_w - t) - t / lambda_b)),",
           new="_length * (sp.UnevaluatedExpr(_abs_w - t) + t / lambda_b)),"),
    Mutant(module="metric_relu", error="threshold of the contrasts for a single class",
           old="((K - 1) * K * tau**2 / spread**2 + tau**2 / size**2,", new="(K**2 * tau**2 / spread**2,"),
    Mutant(module="metric_relu", error="arithmetic mean of thresholds in case B",
           old="(K**3 * tau**2 / (K * size**2 + (K - 1) * spread**2), True)",
           new="((K - 1) * K * tau**2 / spread**2 + tau**2 / size**2, True)"),
    Mutant(module="metric_relu", error="bias as if nothing were in the outputs",
           old="expr=1 / (1 + lambda_b * (1 + phi)), meaning", new="expr=1 / (1 + lambda_b), meaning"),
    Mutant(module="metric_relu", error="length of the weights", old="expr=K * lambda_w * phi, meaning",
           new="expr=lambda_w * phi, meaning"),
    Mutant(module="metric_relu", error="square not halved in the loss", old="(K - 1) * a**2 * (1 + 2 * phi)",
           new="(K - 1) * a**2 * (1 + phi)"),
    Mutant(module="metric_relu", error="contrasts kept in one vector", old="expr=_along(a**2 / 2),",
           new="expr=_along(_a * _perp - _perp**2 / 2),"),
    Mutant(module="metric_relu", error="sign of the bias term", old="_s_mu = _length * (_w - t - t / lambda_b)",
           new="_s_mu = _length * (_w - t + t / lambda_b)"),
    Mutant(module="metric_relu", error="alive without the bias",
           old="(lambda_b * w / (1 + lambda_b)) ** 2) / (K * _threshold)", new="w**2) / (K * _threshold)"),
)


def mutated(mutant: Mutant) -> Theorem:
    """The theorem of the damaged file."""
    original = import_module(f"ncsolve.derivations.{mutant.module}")
    assert original.__file__ is not None
    text = Path(original.__file__).read_text(encoding="utf-8")
    assert mutant.old in text, f"{mutant.module}: nothing to damage: {mutant.old!r} is not in the file any more"
    module = ModuleType(f"{original.__name__}_mutant")
    exec(compile(text.replace(mutant.old, mutant.new), original.__file__, "exec"), module.__dict__)
    theorem = module.THEOREM
    assert isinstance(theorem, Theorem)
    return theorem
