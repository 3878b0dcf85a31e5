"""Wrong solvers of cross-entropy: ``check`` and the claims of T16 must fail each of them.

The solver's own checks are switched off, so that a wrong minimizer is returned without a word.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from ncsolve.verify import check
from ncsolve.verify.claims import cross_entropy_gap

import ncsolve
from ncsolve import _formulas, verify
from ncsolve._models.cross_entropy import balanced, convex
from tests.command import run
from tests.solver_mutants import Damage, scaled, silence
from tests.verify.cross_entropy_problems import PROBLEMS
from tests.verify.test_mutants import tampered, threshold_off


def solved(name: str, **changes: Callable[[np.ndarray], np.ndarray]) -> Damage:
    """The numerical core returns a solution of which some fields are changed."""
    original = getattr(convex, name)

    def damaged(*args: object, **options: object) -> object:
        found = original(*args, **options)
        return dataclasses.replace(found, **{key: change(getattr(found, key)) for key, change in changes.items()})

    return lambda monkeypatch: monkeypatch.setattr(convex, name, damaged)


def smoothing_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """s of one-hot codes."""
    original = _formulas.cross_entropy_logit
    monkeypatch.setattr(_formulas, "cross_entropy_logit", lambda alpha, t, k: original(0.0, t, k))


def as_under_mse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minimizer of the squared loss: its frame opens along lambda_b."""
    original = ncsolve.solve

    def solve(problem: ncsolve.UFM) -> ncsolve.Minimizer:
        return original(problem if problem.loss == "mse" else problem.replace(loss="mse"))

    monkeypatch.setattr(ncsolve, "solve", solve)


def collapses_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something is left of the class means at alpha + t >= 1."""
    original = balanced.logit_of
    monkeypatch.setattr(balanced, "logit_of", lambda problem: max(original(problem), 0.02))


GROUPED, DENSE = "solve_grouped", "solve_dense"
# Mutant, the problems on which ``check`` must fail it, and quick claims that must fail it.
MUTANTS: dict[str, tuple[Damage, list[str], list[str]]] = {
    "logit off by 1 %": (
        scaled(_formulas, "cross_entropy_logit", 1.01), ["one-hot", "smoothed"], ["cross-entropy-simplex"],
    ),
    "smoothing forgotten": (smoothing_forgotten, ["smoothed"], ["cross-entropy-simplex"]),
    "Gram matrix off by 1e-4": (
        scaled(_formulas, "cross_entropy_gram_diagonal", 1 + 1e-4), ["one-hot"], ["cross-entropy-simplex"],
    ),
    "collapse forgotten": (collapses_late, ["collapsed"], []),
    "as under MSE": (as_under_mse, ["one-hot", "imbalanced"], ["cross-entropy-simplex", "cross-entropy-merging"]),
    "threshold off by 1 %": (
        threshold_off, ["imbalanced", "soft labels", "relu"],
        ["cross-entropy-merging", "cross-entropy-any-codes", "cross-entropy-relu", "cross-entropy-gap"],
    ),
    "b of groups off by 1 %": (solved(GROUPED, bias=lambda b: 1.01 * b), ["imbalanced"], ["cross-entropy-merging"]),
    "contrasts of groups off by 1 %": (
        solved(GROUPED, within=lambda z: 1.01 * z), ["imbalanced"], ["cross-entropy-merging"],
    ),
    "merged classes kept apart": (
        solved(GROUPED, within=lambda z: np.maximum(z, 0.05)), ["merged minority", "merged, no bias"],
        ["cross-entropy-merging"],
    ),
    "b off by 1 %": (
        solved(DENSE, bias=lambda b: 1.01 * b), ["soft labels", "soft labels, free bias"],
        ["cross-entropy-any-codes", "cross-entropy-gap"],
    ),
    "b shifted": (solved(DENSE, bias=lambda b: b + 0.01), ["soft labels", "soft labels, free bias"], []),
    "Z off by 1 %": (
        solved(DENSE, z=lambda z: 1.01 * z), ["soft labels", "least at its own class"],
        ["cross-entropy-any-codes", "cross-entropy-gap"],
    ),
    "a direction dropped": (
        solved(DENSE, z=lambda z: np.where(np.arange(z.size) == z.size - 1, 0.0, z)), ["soft labels"],
        ["cross-entropy-any-codes"],
    ),
    "left and right exchanged in sign": (solved(DENSE, left=lambda u: -u), ["soft labels"], ["cross-entropy-gap"]),
    "a lower bound above the loss": (
        solved(DENSE, lower_bound=lambda bound: bound * (1 + 1e-6)), [], ["cross-entropy-any-codes"],
    ),
    "a force off by 1 %": (
        scaled(_formulas, "cross_entropy_relu_force", 0.99), ["relu", "relu, no bias"], ["cross-entropy-relu"],
    ),
    "a length off by 1 %": (
        scaled(_formulas, "cross_entropy_relu_squared_length", 1.01), ["relu", "relu, no bias"],
        ["cross-entropy-relu"],
    ),
    "minimum too high": (
        tampered("loss", lambda loss: loss * (1 + 1e-6)), [*PROBLEMS],
        ["cross-entropy-any-codes", "cross-entropy-relu", "cross-entropy-gap"],
    ),
    "NC4 off by 1e-4": (
        tampered("nc", lambda nc: dataclasses.replace(nc, nc4=None if nc.nc4 is None else nc.nc4 + 1e-4)),
        ["one-hot", "imbalanced", "soft labels", "relu, no bias"], [],
    ),
    "a share of the label mean": (tampered("centring", lambda share: 0.5), ["one-hot", "soft labels"], []),
    "wrong regime": (tampered("regime", lambda regime: "acute"), [*PROBLEMS], []),
}
CHECKS = [(mutant, problem) for mutant, (_, problems, _) in MUTANTS.items() for problem in problems]
CLAIMS = [(mutant, claim) for mutant, (_, _, claims) in MUTANTS.items() for claim in claims]


@pytest.mark.parametrize(("mutant", "name"), CHECKS)
def test_check_fails_the_mutant(monkeypatch: pytest.MonkeyPatch, mutant: str, name: str) -> None:
    silence(monkeypatch)
    MUTANTS[mutant][0](monkeypatch)
    report = check(PROBLEMS[name].replace(), starts=2, fail_fast=True)
    assert report.failures


@pytest.mark.parametrize(("mutant", "claim"), CLAIMS)
def test_the_claim_fails_the_mutant(monkeypatch: pytest.MonkeyPatch, mutant: str, claim: str) -> None:
    silence(monkeypatch)
    MUTANTS[mutant][0](monkeypatch)
    report = verify.run_claims(verify.select(only=(claim,)), size="quick", fail_fast=True)
    assert [verdict.state for verdict in report.verdicts] == ["disagrees"]


def test_every_claim_of_cross_entropy_has_a_mutant() -> None:
    named = {claim.name for claim in verify.CLAIMS if claim.name.startswith("cross-entropy")}
    assert named == {claim for _, claim in CLAIMS}


def test_the_command_exits_with_1_for_a_damaged_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    silence(monkeypatch)
    MUTANTS["logit off by 1 %"][0](monkeypatch)
    damaged = run("verify", "--loss", "cross-entropy", "--classes", "3", "--per-class", "2", "--lambda-w", "0.02",
                  "--lambda-h", "0.02")
    assert damaged.returncode == 1
    assert "DISAGREES" in damaged.stdout


@pytest.mark.parametrize("factors", [(0.5, 1.0), (1.0, 0.2)])
def test_a_certificate_that_promises_too_much_is_noticed(
    monkeypatch: pytest.MonkeyPatch, factors: tuple[float, float]
) -> None:
    """The bounds on outputs and Gram matrices, smaller than T16 has them."""
    original = cross_entropy_gap.certified_distances
    monkeypatch.setattr(
        cross_entropy_gap, "certified_distances",
        lambda *about: tuple(x * bound for x, bound in zip(factors, original(*about), strict=True)),
    )
    report = verify.run_claims(verify.select(only=("cross-entropy-gap",)), size="quick", fail_fast=True)
    assert [verdict.state for verdict in report.verdicts] == ["disagrees"]
