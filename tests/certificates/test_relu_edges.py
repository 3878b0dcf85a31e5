"""Certificates for features h >= 0 at the edge of what they prove: the smallest changes that make a claim false."""

import json
from fractions import Fraction

import pytest

import ncsolve
from ncsolve import encodings
from ncsolve.certificates import certify, checker, relu_checker
from ncsolve.errors import ConvergenceError
from tests.certificates.certificate_mutants import verdict
from tests.certificates.certificate_set import relu, relu_certificate

# One class whose minimizer is exactly zero (the threshold is its length), and a point beside it whose objective is
# above the minimum by just what strong convexity allows: codes, counts, lambda, lambda_b, b, l_k, minimum, gap.
TIGHT = {
    "bias": (["2"], ["1"], "1", "1", "3/4", ["1"], Fraction(1), Fraction(1, 16)),
    "N/n_k": (["2", "0"], ["1", "3"], "1/2", "inf", "0", ["1/2", "0"], Fraction(1, 2), Fraction(1, 32)),
}


def tight(name):
    codes, counts, decay, lambda_b, bias, dual, lower, gap = TIGHT[name]
    rest = [[]] * (len(codes) - 1)
    return {
        "schema": relu_checker.RELU, "codes": [[x] for x in codes], "counts": counts, "lambda_w": decay,
        "lambda_h": decay, "lambda_b": lambda_b, "lower": str(lower), "upper": str(lower + gap), "gap": str(gap),
        "classes": [None] * len(codes), "scales": ["1/2"], "weights": [["1"]],
        "class_means": [["1"], *(["0"] for _ in rest)], "bias": [bias], "dual": [[x] for x in dual],
        "psd_scales": [], "psd_factor": [[] for _ in codes], "nonnegative": [["0"] * len(codes) for _ in codes],
    }


@pytest.mark.parametrize("name", TIGHT)
def test_a_class_mean_at_the_edge_of_what_the_gap_allows(name):
    """The gap allows zero (which it is) to the last digit; a smaller gap is refused as it is false."""
    entries = tight(name)
    assert verdict(entries) is True
    gap = Fraction(entries["gap"])
    for word in ("zero", "nonzero"):
        assert "classes: " in verdict(entries | {"classes": [word, *entries["classes"][1:]]})
    less = str(Fraction(entries["upper"]) - gap / 10**12)
    assert "above the claimed upper bound" in verdict(entries | {"upper": less})
    more = str(Fraction(entries["lower"]) + gap / 10**12)
    assert "below the claimed lower bound" in verdict(entries | {"lower": more})


@pytest.mark.parametrize("name", ["imbalanced", "imbalanced, lb = inf, rational", "onehot"])
def test_every_row_of_the_condition_counts(name):
    """One longer dual vector is enough, of whatever class survives."""
    original = json.loads(relu_certificate(name).to_bytes())
    for k, word in enumerate(original["classes"]):
        if word == "nonzero":
            longer = [str(Fraction(x) * (1 + Fraction(1, 10**9))) for x in original["dual"][k]]
            dual = [*original["dual"][:k], longer, *original["dual"][k + 1 :]]
            assert f"row {k} of the rest is not" in verdict(original | {"dual": dual}), k


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("short", [0, 1, 2])
def test_every_row_and_column_of_diagonal_dominance(short, sign):
    """An entry beside the diagonal weighs on its row and, the other triangle being the same, on its column's."""
    level = [Fraction(5)] * 3
    level[short] = Fraction(3)
    lower = [[0], [4 * sign, 0], [2 * sign, 2 * sign, 0]]  # over two: the rows need 3, 3 and 2
    checker.dominant(level, (lower, 2))
    level[short] = Fraction(29, 10) if short < 2 else Fraction(19, 10)
    with pytest.raises(checker.Refuted, match=f"row {short} of the rest"):
        checker.dominant(level, (lower, 2))


def test_the_convex_programme_gives_digits_that_the_point_does_not():
    minimizer = ncsolve.solve(relu(encodings.binary(6), 100, lambda_b=5e-4))
    assert certify(minimizer, digits=5).check().holds
    with pytest.raises(ConvergenceError, match="ask for digits = 5"):
        certify(minimizer)  # for six classes the condition is not enough


def test_a_slash_that_json_escapes():
    text = relu_certificate("onehot").to_bytes()
    escaped = text.replace(b"relu-certificate/1", rb"relu-certificate\/1")
    assert escaped != text
    assert relu_checker.check_either(escaped) == relu_checker.check_either(text)
