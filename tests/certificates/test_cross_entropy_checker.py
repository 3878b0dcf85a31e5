"""Tampered certificates under cross-entropy, and a checker that lacks one of its rules."""

import json
from fractions import Fraction

import numpy as np
import pytest

from ncsolve.certificates import certify, checker
from tests.certificates.certificate_mutants import by_a_millionth, damaged, verdict
from tests.certificates.certificate_set import ENTROPY, INF, entropy, entropy_certificate
from tests.certificates.test_tampered import CLAIMS, EVIDENCE, PROBLEM

TAMPERED = ["onehot", "onehot, lb = 0", "smoothed", "all collapsed", "imbalanced", "imbalanced, lb = inf",
            "minority, merged", "soft", "soft, lb = 0", "soft, tiny lb", "soft, m < K", "tiny lambdas"]
LIVE = [name for name in TAMPERED if name != "all collapsed"]
SOME = 6


def document(name):
    return json.loads(entropy_certificate(name).to_bytes())


def forged(name, change_of):
    entries = document(name)
    return entries | change_of(entries)


def exact(entries, key):
    return [[Fraction(x) for x in row] for row in entries[key]]


def text(table):
    return [[str(x) for x in row] for row in table]


NO_FACTOR = {"psd_scales": [], "psd_factor": [[], [], []]}  # none is needed where lambda_w lambda_h = 1


def negative_probability(entries):
    """p moved out of the simplex, where the entropy of the rest could be too large."""
    dual, total = exact(entries, "dual"), sum(entries["counts"])
    dual[0][1] += Fraction(2, total)
    dual[0][0] -= Fraction(2, total)
    return {"dual": text(dual)} | NO_FACTOR


def sum_not_one(entries):
    """Every probability a bit larger: a larger entropy."""
    return {"dual": text([[x - Fraction(1, 10**9) for x in row] for row in exact(entries, "dual")])} | NO_FACTOR


def bias_not_paid(entries):
    """At lambda_b = 0, dual vectors (of the solution with lambda_b = 1) that do not add up to zero."""
    other = certify(ENTROPY["imbalanced, lb = 0"][0].replace(lambda_b=1.0)).to_json()
    return {key: other[key] for key in ("dual", "psd_scales", "psd_factor", "lower")} | {"gap": "1"}


def levels_below(entries):
    """log sum exp(o) is not below any number at all."""
    return {"levels": [str(Fraction(x) - 50) for x in entries["levels"]], "upper": entries["lower"], "gap": "0"}


def no_bits(entries):
    return {"bits": 8}


def longer(entries):
    return {"dual": text([[x * (1 + Fraction(1, 10**9)) for x in row] for row in exact(entries, "dual")])}


def shorter(entries):
    return {"dual": text([[x * (1 - Fraction(1, 10**6)) for x in row] for row in exact(entries, "dual")])}


def higher_levels(entries):
    return {"levels": [str(Fraction(x) + Fraction(1, 1000)) for x in entries["levels"]]}


def other_weights(entries):
    return {"weights": text([[x * (1 + Fraction(1, 10**4)) for x in row] for row in exact(entries, "weights")])}


def other_code(entries):
    return {"codes": [entries["codes"][1], entries["codes"][0], *entries["codes"][2:]]}


def no_probabilities(entries):
    return {"codes": text([[2 * x for x in row] for row in exact(entries, "codes")])}


FORGED = {
    "negative probability": ("all collapsed", negative_probability, "p >= 0: a probability e_k - N l_k of class 0"),
    "sum not one": ("all collapsed", sum_not_one, "the entries of dual vector 0 do not add up to zero"),
    "bias not paid": ("imbalanced, lb = 0", bias_not_paid, "lambda_b = 0 needs sum n_k l_k = 0"),
    "levels below outputs": ("imbalanced", levels_below, "an output is above the level of its class"),
    "few bits": ("soft", no_bits, "the objective at the point is above the claimed upper bound"),
    "longer dual vectors": ("soft", longer, "is not diagonally dominant"),
    "shorter dual vectors": ("soft", shorter, "below the claimed lower bound"),
    "higher levels": ("soft", higher_levels, "above the claimed upper bound"),
    "other weights": ("soft", other_weights, "above the claimed upper bound"),
    "codes of two classes exchanged": ("soft", other_code, "p >= 0|above the claimed upper bound"),
    "codes that are no probabilities": ("soft", no_probabilities, "code 0 must be probabilities: >= 0, of sum 1"),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_evidence_is_refused(name):
    source, change_of, words = FORGED[name]
    found = verdict(forged(source, change_of))
    assert found is not True
    assert any(word in found for word in words.split("|"))


RULES = {  # a rule of the checker that is left out: what it would accept
    "negative probability": ("    demand(min(p) >= 0, ", "    (lambda *_: None)(min(p) >= 0, "),
    "sum not one": ("demand(sum(l) == 0, ", "(lambda *_: None)(sum(l) == 0, "),
    "bias not paid": ("demand(c.lambda_b != 0 or not any(drift), ", "(lambda *_: None)(c.lambda_b != 0, "),
    "levels below outputs": ("demand(min(down) >= 0, ", "(lambda *_: None)(min(down) >= 0, "),
}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_refuses_something_else_than_the_others(name):
    """Without it, the forged file is refused for another reason, or not at all."""
    source, change_of, words = FORGED[name]
    data = json.dumps(forged(source, change_of)).encode()
    try:
        found = "accepted: " + "\n".join(damaged(*RULES[name]).check_entropy(data))
    except (checker.Refuted, ValueError, ZeroDivisionError, IndexError) as error:
        found = str(error)
    assert words not in found


@pytest.mark.parametrize("name", TAMPERED)
def test_every_number_changed_by_a_millionth(name):
    original = document(name)
    assert verdict(original) is True
    evidence = (*EVIDENCE, "levels")
    refused, accepted = by_a_millionth(
        original, (*PROBLEM, *CLAIMS, *evidence), SOME, lambda key, x: key in evidence or _is_true(x)
    )
    assert refused > accepted


def _is_true(entries):
    matrix = [[Fraction(x) for x in row] for row in zip(*entries["codes"], strict=True)]
    w, h = Fraction(entries["lambda_w"]), Fraction(entries["lambda_h"])
    b = INF if entries["lambda_b"] == "inf" else Fraction(entries["lambda_b"])
    ufm = entropy(np.array(matrix, dtype=float), entries["counts"], float(w), float(h), float(b))
    found = certify(ufm, digits=30, lambda_w=w, lambda_h=h, lambda_b=b, codes=matrix)
    lower, upper, gap = (Fraction(entries[key]) for key in CLAIMS)
    return lower <= found.upper and upper >= found.lower and upper - lower <= gap


@pytest.mark.parametrize("name", TAMPERED)
def test_a_better_loss_than_the_optimum_and_a_smaller_gap(name):
    original = document(name)
    lower, upper = Fraction(original["lower"]), Fraction(original["upper"])
    better, worse = str(lower * (1 - Fraction(1, 10**9))), str(upper * (1 + Fraction(1, 10**9)))
    assert "above the claimed upper bound" in verdict(original | {"lower": better, "upper": better, "gap": "0"})
    assert "below the claimed lower bound" in verdict(original | {"lower": worse, "upper": worse, "gap": "0"})
    smaller = str(Fraction(original["gap"]) * Fraction(999, 1000))
    assert verdict(original | {"gap": smaller}) == "the claimed bounds are further apart than the claimed gap"


@pytest.mark.parametrize("name", LIVE)
def test_probabilities_moved_within_the_simplex(name):
    """From one output to another, by a thousandth of the smaller: sums stay one, and it is refused all the same."""
    original = document(name)
    dual, total = exact(original, "dual"), sum(original["counts"])
    codes = exact(original, "codes")
    for sign in (-1, 1):
        p = [code - total * x for code, x in zip(codes[0], dual[0], strict=True)]
        step = sign * min(p[0], p[1]) / 1000 / total
        moved = [[dual[0][0] + step, dual[0][1] - step, *dual[0][2:]], *dual[1:]]
        found = verdict(original | {"dual": text(moved)})
        assert any(words in found for words in (
            "is not diagonally dominant", "below the claimed lower bound", "needs sum n_k l_k = 0"))


@pytest.mark.parametrize("name", LIVE)
def test_counts_changed(name):
    original = document(name)
    assert verdict(original | {"counts": [original["counts"][0] + 1, *original["counts"][1:]]}) is not True


@pytest.mark.parametrize("name", TAMPERED)
def test_false_claims_of_classes(name):
    original = document(name)
    for word in ("zero", "nonzero", 0, 1, None):
        if word != original["classes"][-1]:
            assert "classes: " in verdict(original | {"classes": [*original["classes"][:-1], word]})


@pytest.mark.parametrize("bits", [0, -1, "1/2", 4097, "x", None, [], 1.5])
def test_malformed_bits(bits):
    assert "bits" in verdict(document("onehot") | {"bits": bits})


@pytest.mark.parametrize("value", [None, 1, "x", [], [["0"]], ["0"] * 3, ["1/0"] * 4, [0.5] * 4])
def test_malformed_levels(value):
    assert "levels" in verdict(document("onehot") | {"levels": value})


def test_no_minimum_without_mass():
    entries = document("soft, m > K, no mass")
    assert verdict(entries | {"lambda_b": "0"}) == "lambda_b = 0 has no minimum where an output is 0 in every code"


def test_more_bits_prove_the_same():
    original = document("soft")
    assert verdict(original | {"bits": original["bits"] + 100}) is True


def test_work_is_bounded():
    assert verdict(document("onehot, 200 digits") | {"bits": 4096}) is True
    size = 100
    rows = [["0"] * size for _ in range(size)]
    entries = document("onehot") | {
        "codes": [[str(int(i == j)) for j in range(size)] for i in range(size)], "counts": [1] * size,
        "classes": [None] * size, "class_means": [[]] * size, "scales": [], "weights": [[]] * size,
        "bias": ["0"] * size, "dual": rows, "psd_scales": [], "psd_factor": [[]] * size, "levels": ["5"] * size,
    }
    assert verdict(entries | {"bits": 4096}) == "too many bits for so many classes and outputs"
    long = [f"1/{10**1990 + 2 * i + 1}" for i in range(size)]
    assert verdict(entries | {"levels": long, "upper": "9"}) == "too long numbers"
