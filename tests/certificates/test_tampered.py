"""Tampered certificates: whatever is changed, the checker refuses, or what it then accepts is still true."""

import json
from fractions import Fraction

import numpy as np
import pytest

import ncsolve
from ncsolve.certificates import certify
from tests.certificates.certificate_mutants import at, by_a_millionth, change, places, scaled, verdict
from tests.certificates.certificate_set import PROBLEMS, certificate

EXAMPLES = [
    "onehot, lb = 0.5", "onehot, irrational", "onehot, irrational, lb = 0", "onehot, all collapsed", "codes",
    "codes, 100 digits", "binary, m < K", "gaussian, m > K", "gaussian, half active", "imbalanced, lb = inf",
    "smoothed, imbalanced", "eigenvector mean",
]
# What is claimed, and about which problem; the rest of the file is evidence.
PROBLEM = ("codes", "counts", "lambda_w", "lambda_h", "lambda_b")
CLAIMS = ("lower", "upper", "gap")
EVIDENCE = ("scales", "weights", "class_means", "bias", "dual", "psd_scales", "psd_factor")
NUMBERS = {"onehot, lb = 0.5": None}  # change every number of this one, some of each field of the others
SOME = 6


def document(name):
    return json.loads(certificate(name).to_bytes())


def truth(document):
    """A certificate of thirty digits for the document's problem."""
    matrix = [[Fraction(x) for x in row] for row in zip(*document["codes"], strict=True)]
    w, h = Fraction(document["lambda_w"]), Fraction(document["lambda_h"])
    b = np.inf if document["lambda_b"] == "inf" else Fraction(document["lambda_b"])
    ufm = ncsolve.UFM(
        encoding=np.array(matrix, dtype=float), counts=document["counts"], lambda_w=float(w), lambda_h=float(h),
        lambda_b=float(b),
    )
    return certify(ufm, digits=30, lambda_w=w, lambda_h=h, lambda_b=b, codes=matrix)


def is_true(document):
    """Whether what is claimed is so."""
    found = truth(document)
    lower, upper, gap = (Fraction(document[key]) for key in CLAIMS)
    same = (found.centring, list(found.classes)) == (document["centring"], document["classes"])
    return lower <= found.upper and upper >= found.lower and upper - lower <= gap and same


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_number_changed_by_a_millionth(name):
    original = document(name)
    assert verdict(original) is True
    some = None if name in NUMBERS else SOME
    keys = (*PROBLEM, *CLAIMS, *EVIDENCE)
    refused, accepted = by_a_millionth(original, keys, some, lambda key, x: key in EVIDENCE or is_true(x))
    assert refused > accepted


@pytest.mark.parametrize("name", EXAMPLES)
def test_zeros_changed_a_little(name):
    original = document(name)
    for key in EVIDENCE:
        zeros = [path for path in places(original[key]) if at(original[key], path) == "0"][:3]
        for path in zeros:
            verdict(original | {key: change(original[key], path, lambda _: "1/1000000")})  # any verdict, no crash


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_better_loss_than_the_optimum(name):
    original = document(name)
    lower, upper = Fraction(original["lower"]), Fraction(original["upper"])
    better = str(lower * (1 - Fraction(1, 10**9)))
    assert "above the claimed upper bound" in verdict(original | {"lower": better, "upper": better, "gap": "0"})
    worse = str(upper * (1 + Fraction(1, 10**9)))
    assert "below the claimed lower bound" in verdict(original | {"lower": worse, "upper": worse, "gap": "0"})
    if lower < upper:
        assert "further apart than the claimed gap" in verdict(original | {"gap": "0"})
        middle = str((lower + upper) / 2)
        assert verdict(original | {"lower": middle, "upper": middle, "gap": "0"}) is not True


@pytest.mark.parametrize("name", EXAMPLES)
def test_lowered_and_raised_lambdas(name):
    original = document(name)
    for key in ("lambda_w", "lambda_h", "lambda_b"):
        if original[key] in ("0", "inf"):
            continue
        for factor in (Fraction(9, 10), Fraction(11, 10), Fraction(2), 1 - Fraction(1, 10**9)):
            mutant = original | {key: str(Fraction(original[key]) * factor)}
            assert verdict(mutant) is not True or is_true(mutant), (key, factor)
    for value in ("0", "inf"):
        if original["lambda_b"] != value:
            assert verdict(original | {"lambda_b": value}) is not True


@pytest.mark.parametrize("name", ["codes", "imbalanced, lb = inf", "smoothed, imbalanced", "onehot, lb = 0.5"])
@pytest.mark.parametrize("key", ["codes", "counts", "class_means", "dual"])
def test_swapped_classes(name, key):
    original = document(name)
    swapped = list(original[key])
    swapped[0], swapped[2] = swapped[2], swapped[0]
    if swapped == original[key]:
        return  # balanced counts
    assert verdict(original | {key: swapped}) is not True
    together = {}
    for part in ("codes", "counts", "class_means", "dual", "classes"):
        rows = list(original[part])
        rows[0], rows[2] = rows[2], rows[0]
        together[part] = rows
    assert verdict(original | together) is True  # the same problem with its classes in another order


@pytest.mark.parametrize("name", EXAMPLES)
def test_transplanted_evidence(name):
    """Evidence of another problem of the same size proves nothing about this one."""
    original = document(name)
    others = [other for other in PROBLEMS if other != name]
    for other in others:
        donor = document(other)
        if len(donor["codes"]) == len(original["codes"]) and len(donor["bias"]) == len(original["bias"]):
            same = all(donor[key] == original[key] for key in PROBLEM)
            if not same:
                assert verdict(donor | {key: original[key] for key in PROBLEM}) is not True, other


def test_removed_slack():
    """The semidefinite claim is what fails when the dual vectors are made longer."""
    original = document("codes")
    longer = [[scaled(1 + Fraction(1, 10**9))(x) for x in row] for row in original["dual"]]
    assert "is not diagonally dominant" in verdict(original | {"dual": longer})


def test_free_bias_needs_a_zero_sum():
    original = document("onehot, irrational, lb = 0")
    path = (0, 0)
    moved = change(original["dual"], path, lambda x: str(Fraction(x) * (1 - Fraction(1, 10**60))))
    assert verdict(original | {"dual": moved}) == "lambda_b = 0 needs sum n_k l_k = 0"


def test_no_bias_means_no_bias():
    original = document("codes, lb = inf")
    assert verdict(original | {"bias": ["1/1000000", "0", "0"]}) == "lambda_b = inf needs the bias zero"


@pytest.mark.parametrize("name", ["onehot, lb = 0.5", "onehot, small lb", "imbalanced, lb = inf", "codes", "one class"])
def test_false_regimes(name):
    original = document(name)
    for centring in ("complete", "incomplete", None):
        if centring != original["centring"]:
            assert "centring: " in verdict(original | {"centring": centring})
    for word in ("zero", "nonzero", None):
        if word != original["classes"][-1]:
            assert "classes: " in verdict(original | {"classes": [*original["classes"][:-1], word]})
    for wrong in (None, ["0", "0"], ["1/19", "1/18"], ["1/20", "1/19"], ["inf", "inf"]):
        if wrong != original["centred_up_to"]:
            assert "centred_up_to: " in verdict(original | {"centred_up_to": wrong})
