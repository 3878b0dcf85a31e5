"""Wrong solvers: the verifier must fail each of them.  A verifier that passes a mutant is a defect.

Every mutant damages the solver's internals and switches off the solver's own check of its residual, so that a wrong
minimizer is returned without a word, as a plausible bug would do.
"""

import dataclasses

import numpy as np
import pytest

import ncsolve
from ncsolve import _formulas, verify
from ncsolve._bias import theorems
from ncsolve._frames import coupled_block
from ncsolve._models.plain import frames
from tests.cases import CASES
from tests.solver_mutants import scaled, silence

PROBLEMS = {
    "smoothed": "imbalanced smoothed", "curve": "between simplex and orthogonal", "simplex": "simplex ETF",
    "free": "any codes, free bias", "general": "any codes", "law": "law", "independent": "law, any codes",
}


def checked(name, **options):
    return verify.check(CASES[PROBLEMS[name]].problem, **options)


def damage_shifted(monkeypatch, change):
    """Change the bias that the solver found, wherever it was found by a spectrum."""
    original = theorems.solve_bias
    monkeypatch.setattr(frames, "solve_bias", lambda *args, **options: change(original(*args, **options)))


def threshold_off(monkeypatch):
    """T and tau one percent too large."""
    threshold, tau = ncsolve.UFM.threshold.fget, ncsolve.UFM.tau.fget
    monkeypatch.setattr(ncsolve.UFM, "threshold", property(lambda self: 1.01 * threshold(self)))
    monkeypatch.setattr(ncsolve.UFM, "tau", property(lambda self: 1.01 * tau(self)))


def core_threshold_off(monkeypatch):
    """The singular values are thresholded one percent too high."""
    original = _formulas.soft_threshold
    monkeypatch.setattr(_formulas, "soft_threshold", lambda sigma, T: original(sigma, 1.01 * T))


def bias_not_centred(monkeypatch):
    """A free bias stays at half the label mean."""
    damage_shifted(monkeypatch, lambda found: dataclasses.replace(found, bias=found.bias / 2))


def bias_sign(monkeypatch):
    """b has the wrong sign."""
    damage_shifted(monkeypatch, lambda found: dataclasses.replace(found, bias=-found.bias))


def mean_sign(monkeypatch):
    """t/lambda_b is added to the mean singular value in place of being taken away."""
    monkeypatch.setattr(
        _formulas, "affine_mean_singular_value", lambda w, t, lambda_b: max(abs(w) - t + t / lambda_b, 0.0)
    )


def wrong_singular_vectors(monkeypatch):
    """The left singular vectors of the two largest singular values are swapped."""
    original = coupled_block.Core.left.func

    def swapped(self):
        left = original(self)
        return left[:, [1, 0, *range(2, left.shape[1])]] if left.shape[1] > 1 else left

    monkeypatch.setattr(coupled_block.Core, "left", property(swapped))


def dropped_direction(monkeypatch):
    """The smallest active direction is forgotten: a saddle point, where the gradient is zero for lambda_b = inf."""
    original = coupled_block.Core.order.func
    monkeypatch.setattr(coupled_block.Core, "order", property(lambda self: original(self)[:-1]))


def transition_used_off(monkeypatch):
    """lb* two percent too high, where it is used: the simplex ETF is kept above it."""

    def late(function):
        def damaged(w, t, lambda_b):
            above = lambda_b * (abs(w) - t) > t
            inside = lambda_b * (abs(w) - t) <= 1.02 * t
            return function(w, t, t / (abs(w) - t) if above and inside else lambda_b)

        return damaged

    for name in ("affine_bias_fraction", "affine_mean_singular_value", "affine_mean_residual"):
        monkeypatch.setattr(_formulas, name, late(getattr(_formulas, name)))


def law_end_off(monkeypatch):
    """lb+ two percent too low: the law is used where a dimension has died."""
    original = theorems.large_bias_law

    def damaged(*args, **options):
        law = original(*args, **options)
        return None if law is None else dataclasses.replace(law, threshold=0.98 * law.threshold)

    monkeypatch.setattr(theorems, "large_bias_law", damaged)
    monkeypatch.setattr(frames, "large_bias_law", damaged)


def quotient_off(monkeypatch):
    """The constant part q J of imbalanced affine codes is one percent of q too large."""
    original = frames._quotient

    def damaged(problem, encoding):
        codes, u = original(problem, encoding)
        return codes + 0.01 * encoding.q * np.outer(np.sqrt(problem.counts.multiplicities), u), u

    monkeypatch.setattr(frames, "_quotient", damaged)


def path_off(monkeypatch):
    """The minimizers along lambda_b have a bias that is too small."""
    original = ncsolve.path

    def damaged(*args, **options):
        found = original(*args, **options)
        return dataclasses.replace(found, bias=found.bias * (1 - 1e-4))

    monkeypatch.setattr(ncsolve, "path", damaged)


def statistics_off(monkeypatch):
    """The minimizer from statistics has singular values that are too large."""
    original = ncsolve.solve_statistics

    def damaged(*args, **options):
        found = original(*args, **options)
        return dataclasses.replace(found, singular_values=found.singular_values * (1 + 1e-4))

    monkeypatch.setattr(ncsolve, "solve_statistics", damaged)


def tampered(name, change):
    """A solver whose answer is right but for one attribute, which no internal check looks at."""

    def damage(monkeypatch):
        original = ncsolve.solve

        def solve(problem, **options):
            found = original(problem, **options)
            if name in {field.name for field in dataclasses.fields(found)}:
                return dataclasses.replace(found, **{name: change(getattr(found, name))})
            kind = type("Tampered", (ncsolve.Minimizer,), {name: property(lambda self: change(getattr(found, name)))})
            return kind(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})

        monkeypatch.setattr(ncsolve, "solve", solve)

    damage.__doc__ = f"``Minimizer.{name}`` is wrong."
    return damage


# Mutant, the problems on which ``check`` must fail it, and quick claims that must fail it.
MUTANTS = {
    "threshold off by 1 %": (threshold_off, ["curve", "general"], ["orthogonal-frame", "minority-collapse"]),
    "core threshold off by 1 %": (core_threshold_off, ["free", "general"], ["balancedness", "self-duality"]),
    "bias not centred": (bias_not_centred, ["free"], ["bias-centring", "bias-stationarity"]),
    "bias fraction off by 1 %": (
        scaled(_formulas, "affine_bias_fraction", 0.99), ["curve", "simplex"], ["bias-centring", "paper-scale"],
    ),
    "sign of b": (bias_sign, ["free", "general"], ["bias-stationarity", "balancedness"]),
    "sign of W": (
        scaled(_formulas, "weight_scale", -1.0), ["curve", "free", "general", "law"], ["uniqueness", "balancedness"],
    ),
    "sign in the mean singular value": (mean_sign, ["curve"], ["cosine-curve", "simplex-etf"]),
    "wrong singular vectors": (wrong_singular_vectors, ["free", "general"], ["uniqueness", "regression-targets"]),
    "dropped direction": (dropped_direction, ["general", "independent"], ["escape-directions", "minority-collapse"]),
    "lb* off by 2 %": (scaled(_formulas, "affine_threshold", 1.02), ["curve"], ["transition-threshold"]),
    "lb* used 2 % late": (transition_used_off, [], ["simplex-etf"]),
    "lb+ off by 2 %": (law_end_off, ["independent"], ["large-bias-end"]),
    "lb+ of one-hot off by 2 %": (scaled(_formulas, "imbalanced_threshold_term", 0.98), ["law"], ["large-bias-end"]),
    "loss off by 1e-6": (tampered("loss", lambda loss: loss * (1 + 1e-6)), ["curve"], ["paper-scale"]),
    "loss below the optimum": (tampered("loss", lambda loss: loss * (1 - 1e-6)), ["curve"], ["global-optimum"]),
    "Gram matrix off by 1e-4": (tampered("gram", lambda gram: gram * (1 + 1e-4)), ["curve"], ["orthogonal-frame"]),
    "class means turned": (tampered("class_means", lambda means: means[::-1]), ["general"], ["uniqueness"]),
    "singular values off by 1e-4": (
        tampered("singular_values", lambda z: z * (1 + 1e-4)), ["general"], ["self-duality"],
    ),
    "path off by 1e-4": (path_off, [], ["bias-decay"]),
    "statistics off by 1e-4": (statistics_off, [], ["label-statistics"]),
    "wrong regime": (tampered("regime", lambda regime: "acute"), [*PROBLEMS], ["regimes"]),
    "rank one too small": (tampered("rank", lambda rank: rank - 1), [*PROBLEMS], ["escape-directions"]),
    "rank one too large": (tampered("rank", lambda rank: rank + 1), [*PROBLEMS], ["escape-directions"]),
    "mean cosine off by 0.01": (
        tampered("cosines", lambda found: dataclasses.replace(found, mean=found.mean + 0.01)), [*PROBLEMS],
        ["cosine-curve"],
    ),
    "centring off by 1 %": (tampered("centring", lambda share: 1.01 * share), [*PROBLEMS], []),
    "residual not small": (tampered("residual", lambda residual: 1e-3), ["curve"], []),
    "loss terms exchanged": (
        tampered("loss_terms", lambda terms: dataclasses.replace(terms, fit=terms.weights, weights=terms.fit)),
        [*PROBLEMS], [],
    ),
    "NC1 off by 0.01": (tampered("nc", lambda nc: dataclasses.replace(nc, nc1=0.01)), [*PROBLEMS], []),
    "distance to a simplex ETF off by 0.01": (
        tampered("nc", lambda nc: dataclasses.replace(nc, nc2_simplex=nc.nc2_simplex + 0.01)), [*PROBLEMS],
        ["simplex-etf"],
    ),
    "distance to an orthogonal frame off by 0.01": (
        tampered("nc", lambda nc: dataclasses.replace(nc, nc2_orthogonal=nc.nc2_orthogonal + 0.01)), [*PROBLEMS],
        ["simplex-etf"],
    ),
    "metrics left out": (
        tampered("nc", lambda nc: dataclasses.replace(nc, nc1=None, nc2_simplex=None, nc3=None, nc4=None)),
        [*PROBLEMS], ["simplex-etf", "self-duality"],
    ),
    "cosines left out": (tampered("cosines", lambda found: None), [*PROBLEMS], ["cosine-curve"]),
    "q off by 1 % in the quotient": (quotient_off, ["smoothed"], ["self-duality"]),
    "no transition": (
        tampered("transition", lambda value: None), ["curve", "law", "independent"],
        ["large-bias-dependent", "transition-threshold"],
    ),
    "NC3 off by 1e-4": (
        tampered("nc", lambda nc: dataclasses.replace(nc, nc3=None if nc.nc3 is None else nc.nc3 + 1e-4)),
        ["curve", "general"],
        ["self-duality", "signed-codes"],
    ),
    "NC4 off by 1e-4": (
        tampered("nc", lambda nc: dataclasses.replace(nc, nc4=None if nc.nc4 is None else nc.nc4 + 1e-4)),
        ["curve", "general"],
        ["nearest-class"],
    ),
}
CHECKS = [(mutant, problem) for mutant, (_, problems, _) in MUTANTS.items() for problem in problems]
CLAIMS = [(mutant, claim) for mutant, (_, _, claims) in MUTANTS.items() for claim in claims]


@pytest.mark.parametrize(("mutant", "name"), CHECKS)
def test_check_fails_the_mutant(monkeypatch, mutant, name):
    silence(monkeypatch)
    MUTANTS[mutant][0](monkeypatch)
    report = checked(name, starts=2, fail_fast=True)
    assert not report.passed
    assert report.failures or report.error


@pytest.mark.parametrize(("mutant", "claim"), CLAIMS)
def test_the_claim_fails_the_mutant(monkeypatch, mutant, claim):
    silence(monkeypatch)
    MUTANTS[mutant][0](monkeypatch)
    report = verify.run_claims(verify.select(only=(claim,)), size="quick", fail_fast=True)
    assert not report.passed
    assert report.failures


def test_check_leaves_out_what_follows_a_disagreement_only_if_asked(monkeypatch):
    healthy = checked("curve", starts=1)
    ended = checked("curve", starts=1, fail_fast=True)
    assert (ended.figures, ended.skipped) == (healthy.figures, healthy.skipped)
    MUTANTS["wrong regime"][0](monkeypatch)
    whole, ended = checked("curve", starts=1), checked("curve", starts=1, fail_fast=True)
    assert [figure.what for figure in whole.figures if not figure.passed] == ["regime of the solver's class means is "
                                                                              "not acute"]
    assert ended.failures == whole.failures
    assert ended.figures == whole.figures[: len(ended.figures)]
    assert not any("run" in figure.what or "cvxpy" in figure.what for figure in ended.figures)
    assert ended.skipped == (*whole.skipped, "descent and what follows it: a figure disagrees already")


def test_a_mutant_that_the_solver_itself_refuses_is_reported_and_not_raised(monkeypatch):
    bias_not_centred(monkeypatch)
    report = checked("free")
    assert report.verdict == "error"
    assert "ConvergenceError" in report.summary
    claims = verify.run_claims(verify.select(only=("free-bias",)), size="quick")
    assert claims.verdicts[0].state == "error"
    assert not claims.passed
