"""Certificates for features h >= 0: a set of problems, random ones, and tampered ones."""

import json
import subprocess
import sys
from fractions import Fraction

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import ncsolve
from ncsolve import encodings
from ncsolve._models.relu import copositive_part
from ncsolve.certificates import certify, check_file, checker, relu_checker
from ncsolve.certificates._source import checker_source
from ncsolve.errors import ConvergenceError, OpenProblemError, UnknownNameError
from ncsolve.schemas import schema
from tests.certificates.certificate_mutants import by_a_millionth, change, places, scaled, verdict
from tests.certificates.certificate_set import CODES, INF, RELU, certificate, problem, relu, relu_certificate
from tests.certificates.test_tampered import CLAIMS, PROBLEM

EVIDENCE = ("scales", "weights", "class_means", "bias", "dual", "psd_scales", "psd_factor", "nonnegative")
TAMPERED = ["onehot", "onehot, lb = inf", "onehot, lb = 0", "imbalanced", "imbalanced, acute", "smoothed, acute",
            "all collapsed, acute", "gaussian, m > K", "codes", "onehot, lb = 0, rational"]
FAST = ("onehot", "onehot, lb = inf", "onehot, lb = 0", "imbalanced")  # whose mutants are certified quickly
SOME = 6


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """The checker of both kinds, as a file of its own."""
    path = tmp_path_factory.mktemp("checker") / "relu_checker.py"
    path.write_text(checker_source(relu=True), encoding="utf-8")
    return path


def bare(program, file):
    return subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(file)], capture_output=True, text=True, timeout=120, check=False
    )


def document(name):
    return json.loads(relu_certificate(name).to_bytes())


@pytest.mark.parametrize("name", RELU)
def test_certified_and_checked_by_the_bare_checker(name, alone, tmp_path):
    ufm, digits, _, exact, zero, undecided = RELU[name]
    made = relu_certificate(name)
    assert made.relu
    assert made.relative_gap <= Fraction(1, 10**digits)
    assert made.exact == exact
    assert float(made.upper) == pytest.approx(ncsolve.solve(ufm).loss, rel=1e-9, abs=1e-25)
    if zero is not None:
        assert (made.classes.count("zero"), made.classes.count(None)) == (zero, undecided)
    made.save(tmp_path / "cert.json")
    done = bare(alone, tmp_path / "cert.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == list(made.check().lines) == list(check_file(tmp_path / "cert.json").lines)
    assert done.stdout.splitlines()[1].endswith("none of them negative (ReLU)")
    jsonschema.validate(made.to_json(), schema("ncsolve.relu-certificate/1"))


def test_each_checker_knows_its_kind(alone, tmp_path):
    relu_certificate("onehot").save(tmp_path / "relu.json")
    certificate("codes").save(tmp_path / "linear.json")
    assert bare(alone, tmp_path / "linear.json").returncode == 0
    done = bare(checker.__file__, tmp_path / "relu.json")
    assert done.returncode == 2
    assert done.stderr == "malformed: schema must be 'ncsolve.certificate/1'; got 'ncsolve.relu-certificate/1'\n"
    both = document("onehot") | {"schema": "ncsolve.certificate/1"}
    assert verdict(both) == "missing key 'centring'"
    renamed = json.loads(certificate("codes").to_bytes()) | {"schema": relu_checker.RELU}
    assert verdict(renamed) == "missing key 'nonnegative'"
    assert verdict(renamed | {"nonnegative": [["0"] * 4] * 4}) == "unknown key 'centring'"


def test_schema_is_strict():
    validator = jsonschema.Draft202012Validator(schema("ncsolve.relu-certificate/1"))
    jsonschema.Draft202012Validator.check_schema(schema("ncsolve.relu-certificate/1"))
    good = document("codes")
    assert set(good) == set(schema("ncsolve.relu-certificate/1")["required"])
    for key in good:
        assert not validator.is_valid({k: v for k, v in good.items() if k != key})
        for wrong in (0.5, "0.5", "1/-2", [["half"]], {}, True):
            assert not validator.is_valid(good | {key: wrong})


@pytest.mark.parametrize("name", TAMPERED)
def test_every_number_changed_by_a_millionth(name):
    original = document(name)
    assert verdict(original) is True
    keys = (*PROBLEM, *CLAIMS, *EVIDENCE) if name in FAST else (*CLAIMS, *EVIDENCE)
    refused, accepted = by_a_millionth(original, keys, SOME, lambda key, x: key in EVIDENCE or _is_true(x))
    assert refused > accepted


def _is_true(entries):
    matrix = [[Fraction(x) for x in row] for row in zip(*entries["codes"], strict=True)]
    w, h = Fraction(entries["lambda_w"]), Fraction(entries["lambda_h"])
    b = INF if entries["lambda_b"] == "inf" else Fraction(entries["lambda_b"])
    ufm = relu(np.array(matrix, dtype=float), entries["counts"], float(w), float(h), float(b))
    found = certify(ufm, digits=9, lambda_w=w, lambda_h=h, lambda_b=b, codes=matrix)
    lower, upper, gap = (Fraction(entries[key]) for key in CLAIMS)
    return lower <= found.upper and upper >= found.lower and upper - lower <= gap


@pytest.mark.parametrize("name", TAMPERED)
def test_a_better_loss_than_the_optimum(name):
    original = document(name)
    lower, upper = Fraction(original["lower"]), Fraction(original["upper"])
    better, worse = str(lower * (1 - Fraction(1, 10**9))), str(upper * (1 + Fraction(1, 10**9)))
    assert "above the claimed upper bound" in verdict(original | {"lower": better, "upper": better, "gap": "0"})
    assert "below the claimed lower bound" in verdict(original | {"lower": worse, "upper": worse, "gap": "0"})


@pytest.mark.parametrize("name", TAMPERED)
def test_signs_and_symmetry_are_looked_at(name):
    original = document(name)
    faults = {"class_means": "has a negative coordinate", "nonnegative": "entry of nonnegative is negative"}
    for key, words in faults.items():
        found = places(original[key])
        for path in (*found[:2], *found[len(found) // 2 :][:1], *found[-1:]):
            mutant = change(original[key], path, lambda _: "-1/1000000000000000")
            assert words in verdict(original | {key: mutant}), (key, path)
    rows = original["nonnegative"]
    lopsided = change(rows, (0, len(rows) - 1), lambda text: str(Fraction(text) + Fraction(1, 10**30)))
    assert verdict(original | {"nonnegative": lopsided}) == "R must be symmetric"


@pytest.mark.parametrize("name", TAMPERED)
def test_false_claims_of_classes(name):
    original = document(name)
    for word in ("zero", "nonzero", None):
        if word != original["classes"][0]:
            assert "classes: " in verdict(original | {"classes": [word, *original["classes"][1:]]})


def test_the_nonnegative_part_is_needed():
    """At lambda_b = 0.005 linear features would do better by using obtuse angles: without R the bound is refused."""
    ufm = relu(encodings.onehot(10), 100, lambda_b=0.005)
    made = certify(ufm)
    linear = ncsolve.solve(ufm.replace(features="linear"))
    assert float(made.lower) > linear.loss * 1.01
    original = json.loads(made.to_bytes())
    none = [["0"] * 10 for _ in range(10)]
    assert "is not diagonally dominant" in verdict(original | {"nonnegative": none})
    # The linear minimizer is a better point, and is refused for its signs alone.
    proof = json.loads(linear.certify().to_bytes())
    point = {key: proof[key] for key in ("scales", "weights", "class_means", "bias", "upper")}
    assert "has a negative coordinate" in verdict(original | point | {"lower": "0", "gap": proof["upper"]})


def test_longer_dual_vectors_break_the_condition():
    original = document("imbalanced, acute")
    longer = [[scaled(1 + Fraction(1, 10**9))(x) for x in row] for row in original["dual"]]
    assert "is not diagonally dominant" in verdict(original | {"dual": longer})


@given(seed=st.integers(0, 10**6))
@settings(max_examples=12, deadline=None)
def test_random_problems(seed):
    """Orthogonal frames, acute ones, vanishing classes: bounds that an independent descent over H >= 0 cannot beat."""
    rng = np.random.default_rng(seed)
    classes, outputs = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    codes = np.round(rng.normal(size=(outputs, classes)), 2)
    counts = rng.integers(1, 9, size=classes)
    lambda_b = [0.0, INF, float(10 ** rng.uniform(-2, 2))][int(rng.integers(0, 3))]
    ufm = relu(codes, counts, 10 ** rng.uniform(-3, -1), 10 ** rng.uniform(-3, -1), lambda_b)
    made = certify(ufm, digits=5)  # the bound is exact for K <= 4; its programme is solved to about 1e-9
    assert made.check().holds
    for start in range(3):
        # Descent leaves its own error above the minimum, never below the certified bound.
        assert _descend(ufm, np.random.default_rng(start)) >= float(made.lower) * (1 - 1e-12)


def _descend(problem, rng):
    """The objective from its definition, with H = V^2, W and b free, by a quasi-Newton method."""
    m, k, d = problem.code_length, problem.classes, 2 * problem.classes
    n, lb = problem.counts.array, problem.lambda_b
    fit, pinned = np.sqrt(n / problem.samples), np.isinf(lb)

    def value(x):
        w, v, b = x[: m * d].reshape(m, d), x[m * d : m * d + d * k].reshape(d, k), x[m * d + d * k :] * (not pinned)
        h = v * v
        rest = (w @ h + b[:, None] - problem.encoding.matrix) * fit
        loss = (np.sum(rest**2) + problem.lambda_w * np.sum(w**2) + problem.lambda_h * np.sum(n * h**2)) / 2
        loss += 0.0 if pinned else lb / 2 * b @ b
        back = rest * fit
        slope_h = w.T @ back + problem.lambda_h * n * h
        slope_b = back.sum(axis=1) + (0.0 if pinned else lb) * b
        return loss, np.concatenate(
            [(back @ h.T + problem.lambda_w * w).ravel(), (2 * v * slope_h).ravel(), slope_b * (not pinned)]
        )

    found = minimize(value, rng.normal(size=m * d + d * k + m), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    return found.fun


def test_a_damaged_solver_gets_no_certificate(monkeypatch):
    """Whatever the floating-point programme returns for R, no false bound comes out, only none."""
    ufm = relu(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 0.1)
    minimizer = ncsolve.solve(ufm)
    truth = relu_certificate("codes")
    monkeypatch.setattr(copositive_part, "_programme", lambda gram: np.zeros_like(gram))
    monkeypatch.setattr(copositive_part, "_sharpened", lambda gram, slack, rows: np.full_like(gram, 1e3))
    with pytest.raises(ConvergenceError, match=r"must be at most 1e-10; it is .*, ask for digits = \d|no certificate"):
        certify(minimizer)
    loose = certify(minimizer, digits=1)
    assert loose.lower <= truth.upper
    assert loose.check().holds
    monkeypatch.setattr(copositive_part, "top", lambda matrix: 0.0)  # which would claim that any R does
    with pytest.raises(ConvergenceError):
        certify(minimizer)


def test_where_no_certificate_is_given():
    with pytest.raises(OpenProblemError, match=r"heads of one layer.*depth = 2, set depth = 1"):
        certify(problem(encodings.onehot(3), 5, 1e-2, 1e-2, 1.0, depth=2))
    with pytest.raises(OpenProblemError, match="digits = 11, ask for 10 or fewer"):
        certify(relu(encodings.smoothed(10, 0.3), 100), digits=11)
    narrow = relu(encodings.onehot(4), 10, 1e-3, 1e-3, 0.05, dim=3)
    with pytest.raises(ConvergenceError, match=r"must be at most 1e-10; it is .*, leave dim out, as the bound is that"):
        certify(narrow)
    # The frame is known whatever dim is; its certificate would be that of another problem.
    narrow = relu(encodings.onehot(4), [9, 4, 2, 1], 5e-3, 5e-3, INF, dim=2)
    with pytest.raises(OpenProblemError, match="dim = 2 is below the 4 features of the minimizer; leave dim out"):
        certify(narrow)
    narrow = relu(encodings.onehot(3), [9, 4, 1], 0.25, 1 / 256, INF, dim=1)  # a rational frame
    with pytest.raises(OpenProblemError, match="dim = 1 is below the 3 features of the minimizer; leave dim out"):
        certify(narrow)


@pytest.mark.parametrize("damage", ["{}", "[]", f'{{"schema": "{relu_checker.RELU}"}}', relu_checker.RELU])
def test_hostile_files(damage, alone, tmp_path):
    (tmp_path / "bad.json").write_text(damage)
    done = bare(alone, tmp_path / "bad.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("malformed: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("value", [None, 1, "x", [], [["0"]], [["0"] * 10] * 9, [["1/0"] * 10] * 10, [[0.5] * 10] * 10])
def test_a_malformed_nonnegative_part(value):
    assert "nonnegative" in verdict(document("onehot") | {"nonnegative": value})


def test_numbers_too_long_are_refused_in_time():
    size = 100
    long = [[f"1/{10**1990 + 2 * (size * min(i, j) + max(i, j)) + 1}" for j in range(size)] for i in range(size)]
    zeros = [["0"] * size for _ in range(size)]
    entries = document("onehot") | {
        "codes": zeros, "counts": [1] * size, "classes": [None] * size, "class_means": [[]] * size, "scales": [],
        "weights": [[]] * size, "bias": ["0"] * size, "dual": zeros, "psd_scales": [], "psd_factor": [[]] * size,
        "nonnegative": long,
    }
    assert verdict(entries) == "too long numbers"


def test_source_takes_the_kind_by_name():
    with pytest.raises(UnknownNameError, match="features"):
        relu(encodings.onehot(3), 5).replace(features="tanh")
