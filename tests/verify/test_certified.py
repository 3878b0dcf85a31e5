"""Claims proved on instances by certificates, and what becomes of false ones."""

from fractions import Fraction

import pytest
from ncsolve.verify import _certified

from ncsolve import verify


def test_every_certified_claim_is_a_claim():
    """That they hold is a part of the quick run in test_verify_claims.py."""
    names = {entry.name for entry in verify.CLAIMS}
    proved = {entry.name.removesuffix("-certified") for entry in verify.CLAIMS if entry.shows == "proved"}
    assert proved == set(_certified.CERTIFIED) <= names


# More than half of the time: none of them stands on lb*.
LONG = ("global-optimum", "bias-stationarity", "label-smoothing", "self-duality", "balancedness", "cosine-curve")


@pytest.mark.parametrize("left_out", [LONG, pytest.param((), marks=pytest.mark.exhaustive)], ids=["most", "all"])
def test_a_false_claim_is_not_proved(monkeypatch, left_out):
    """With lb* wrong in the thirtieth digit, the claims that stand on it fail, and no other."""
    assert set(left_out) <= set(_certified.CERTIFIED)
    right = _certified._transition
    monkeypatch.setattr(_certified, "_transition", lambda t: right(t) * (1 + Fraction(1, 10**30)))
    report = verify.run_claims([
        entry for entry in verify.CLAIMS
        if entry.shows == "proved" and entry.name.removesuffix("-certified") not in left_out
    ])
    assert {verdict.claim.name for verdict in report.verdicts if not verdict.passed} == {
        "simplex-etf-certified", "transition-threshold-certified", "bias-centring-certified"
    }
    assert {verdict.state for verdict in report.verdicts} == {"proved", "disagrees"}


def test_every_certified_claim_names_its_problems_and_speaks_of_no_other():
    claims = {entry.name: entry for entry in verify.CLAIMS if entry.shows == "proved"}
    for name, entry in _certified.CERTIFIED.items():
        problems = entry.problems()
        claim = claims[f"{name}-certified"]
        assert claim.statement == f"on these {len(problems)} problems: {entry.statement}"
        listed = dict(part.rsplit(": lambda_b = ", 1) for part in claim.run.split("the problems are ")[1].split("; "))
        assert sum(len(values.split(", ")) for values in listed.values()) == len(problems)
        for problem in problems:
            value = "inf" if problem.lambda_b is None else str(problem.lambda_b)
            assert value in listed[problem.setting].split(", ")
