"""Certificates under cross-entropy: a set of problems, random ones, more digits, and where there is none."""

import json
import subprocess
import sys
from fractions import Fraction
from itertools import combinations
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

import ncsolve
from ncsolve import encodings
from ncsolve.certificates import ExactProblem, _cross_entropy, certify, check_file, checker, cross_entropy_checker
from ncsolve.certificates._approximation import Precision
from ncsolve.certificates._check import check_bytes
from ncsolve.certificates._source import checker_source
from ncsolve.errors import ConvergenceError, OpenProblemError, ProblemError, SizeError
from ncsolve.schemas import schema
from tests.certificates.certificate_mutants import verdict
from tests.certificates.certificate_set import (
    ENTROPY,
    INF,
    SOFT,
    certificate,
    entropy,
    entropy_certificate,
    relu_certificate,
)


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """The checker of both losses, as a file of its own."""
    path = tmp_path_factory.mktemp("checker") / "cross_entropy_checker.py"
    path.write_text(checker_source(cross_entropy=True), encoding="utf-8")
    return path


def bare(program, file):
    return subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(file)], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("name", ENTROPY)
def test_certified_and_checked_by_the_bare_checker(name, alone, tmp_path):
    ufm, digits, _, loss, classes = ENTROPY[name]
    made = entropy_certificate(name)
    assert made.loss == "cross-entropy"
    assert made.relative_gap <= Fraction(1, 10**digits)
    assert float(made.upper) == pytest.approx(ncsolve.solve(ufm).loss, rel=1e-9, abs=1e-25)
    if loss is not None:
        assert float(made.upper) == pytest.approx(loss, rel=2e-12, abs=0)
    assert made.classes == classes
    assert made.centring is made.centred_up_to is None
    made.save(tmp_path / "cert.json")
    done = bare(alone, tmp_path / "cert.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == list(made.check().lines) == list(check_file(tmp_path / "cert.json").lines)
    assert done.stdout.splitlines()[1].endswith(" features, cross-entropy")
    jsonschema.validate(made.to_json(), schema("ncsolve.cross-entropy-certificate/1"))


@pytest.mark.parametrize("name", ENTROPY)
def test_the_class_means_that_are_said_to_coincide_do(name):
    made, means = entropy_certificate(name), ncsolve.solve(ENTROPY[name][0]).class_means
    size = np.abs(means).max(initial=1e-300)
    for j, k in combinations(range(len(made.classes)), 2):
        apart = float(np.linalg.norm(means[:, j] - means[:, k])) / size
        assert (apart < 1e-6) == (made.classes[j] == made.classes[k])


def test_the_loss_of_one_output_is_proved_to_be_zero():
    made = entropy_certificate("one class")
    assert made.exact
    assert made.check().lines[0] == "proved: the minimum is 0"


def test_words_of_the_class_means():
    assert entropy_certificate("all collapsed").check().lines[-1] == "class means: all zero"
    assert entropy_certificate("minority, merged").check().lines[-1] == "class means: 3 different, 0 undecided"


def test_a_wide_gap_leaves_classes_undecided():
    """Two classes of different counts are decided by the gap alone: at 0.1 of the loss it is too wide."""
    ufm = entropy(encodings.onehot(3), [9, 5, 2], 2e-2, 2e-2, 0.5)
    exact = certify(ufm)
    assert exact.classes == (0, 1, 2)
    entries = json.loads(exact.to_bytes())
    wider = entries | {"lower": "0", "gap": entries["upper"]}
    assert "classes: " in verdict(wider)
    wider["classes"] = ["0", None, None]
    assert check_bytes(json.dumps(wider).encode()).lines[-1] == "class means: at least 1 different, 2 undecided"


@pytest.mark.parametrize(("beyond", "classes"), [(1e-9, (0, 1, 2, 3)), (-1e-9, (0, 1, 2, 2))])
@pytest.mark.parametrize("lambda_b", [0.0, 0.1])
def test_beside_the_threshold_of_minority_collapse(beyond, classes, lambda_b):
    """n = 4 and T^2 = 4 (1 - beyond)^2: whether two classes coincide is decided, and 40 digits are reached."""
    tau = 2 / 108 * (1 - beyond)
    made = certify(entropy(encodings.onehot(4), [60, 40, 4, 4], tau, tau, lambda_b), digits=40)
    assert made.classes == classes
    assert made.check().holds


def test_each_checker_knows_its_kind(alone, tmp_path):
    entropy_certificate("onehot").save(tmp_path / "entropy.json")
    certificate("codes").save(tmp_path / "linear.json")
    relu_certificate("onehot").save(tmp_path / "relu.json")
    assert bare(alone, tmp_path / "linear.json").returncode == 0
    done = bare(checker.__file__, tmp_path / "entropy.json")
    assert done.returncode == 2
    assert done.stderr == (
        "malformed: schema must be 'ncsolve.certificate/1'; got 'ncsolve.cross-entropy-certificate/1'\n"
    )
    assert bare(alone, tmp_path / "relu.json").returncode == 2
    assert all(check_file(tmp_path / f"{name}.json").holds for name in ("entropy", "linear", "relu"))
    renamed = json.loads(certificate("codes").to_bytes()) | {"schema": cross_entropy_checker.ENTROPY}
    assert verdict(renamed) == "missing key 'levels'"
    assert verdict(renamed | {"levels": ["0"] * 4, "bits": 60}) == "unknown key 'centring'"


def test_schema_is_strict():
    validator = jsonschema.Draft202012Validator(schema("ncsolve.cross-entropy-certificate/1"))
    jsonschema.Draft202012Validator.check_schema(schema("ncsolve.cross-entropy-certificate/1"))
    good = entropy_certificate("soft").to_json()
    assert set(good) == set(schema("ncsolve.cross-entropy-certificate/1")["required"])
    for key in good:
        assert not validator.is_valid({k: v for k, v in good.items() if k != key})
        for wrong in (0.5, "0.5", "1/-2", [["half"]], {}, True):
            assert not validator.is_valid(good | {key: wrong})
    assert not validator.is_valid(good | {"extra": "1"})


@given(seed=st.integers(0, 10**6))
@settings(max_examples=12, deadline=None)
def test_random_problems(seed):
    """Codes of any kind, any counts and lambdas: bounds that an independent descent cannot beat."""
    rng = np.random.default_rng(seed)
    classes, outputs = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    codes = rng.dirichlet(np.ones(outputs) * 10 ** rng.uniform(-1, 1), size=classes).T
    counts = rng.integers(1, 9, size=classes)
    lambda_b = [0.0, INF, float(10 ** rng.uniform(-2, 2))][int(rng.integers(0, 3))]
    ufm = entropy(codes, counts, 10 ** rng.uniform(-3, -1), 10 ** rng.uniform(-3, -1), lambda_b)
    made = certify(ufm, digits=14)
    assert made.check().holds
    found = min(_descend(ufm, np.random.default_rng(start)) for start in range(2))
    assert found >= float(made.lower) * (1 - 1e-12)
    assert found <= float(made.upper) * (1 + 1e-4)


def _descend(problem, rng):
    """The objective from its definition, with one feature a class, by a quasi-Newton method."""
    m, k, n = problem.code_length, problem.classes, problem.counts.array
    codes, d, lb, pinned = problem.encoding.matrix, min(m, k) + 1, problem.lambda_b, np.isinf(problem.lambda_b)

    def value(x):
        w, h, b = x[: m * d].reshape(m, d), x[m * d : m * d + d * k].reshape(d, k), x[m * d + d * k :] * (not pinned)
        outputs = w @ h + b[:, None]
        share = n / problem.samples
        loss = share @ (logsumexp(outputs, axis=0) - np.sum(codes * outputs, axis=0))
        loss += (problem.lambda_w * np.sum(w**2) + problem.lambda_h * np.sum(n * h**2)) / 2
        loss += 0.0 if pinned else lb / 2 * b @ b
        back = (softmax(outputs, axis=0) - codes) * share
        slope_b = back.sum(axis=1) + (0.0 if pinned else lb) * b
        return loss, np.concatenate([
            (back @ h.T + problem.lambda_w * w).ravel(), (w.T @ back + problem.lambda_h * n * h).ravel(),
            slope_b * (not pinned),
        ])

    found = minimize(value, rng.normal(size=m * d + d * k + m), jac=True, method="L-BFGS-B",
                     options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-10})
    return found.fun


def test_codes_that_miss_one_by_rounding_are_completed():
    codes = [[0.7, 0.1], [0.2, 0.3], [0.1, 0.6]]
    exact = ExactProblem.of(entropy(codes, [3, 4], 1e-2, 1e-2, 0.0))
    assert all(sum(code) == 1 for code in exact.codes)
    assert exact.codes[0][1:] == (Fraction(0.2), Fraction(0.1))
    assert exact.codes[1][:2] == (Fraction(0.1), Fraction(0.3))
    assert certify(entropy(codes, [3, 4], 1e-2, 1e-2, 0.0)).check().holds
    assert ExactProblem.of(entropy(encodings.smoothed(3, 0.1), 4)).codes[0][0] == 1 - Fraction(0.1) * Fraction(2, 3)


def test_newton_repairs_a_rough_point_and_a_wrong_one_gets_no_certificate(monkeypatch):
    truth, found = entropy_certificate("soft"), ncsolve.solve(ENTROPY["soft"][0])
    point = {name: _rough(getattr(found, name)) for name in ("W", "class_means", "bias")}

    def made(digits, **changed):
        at = SimpleNamespace(**point | changed, loss=found.loss)
        return _cross_entropy.entropy_certificate(truth.problem, at, Precision(digits=digits, problem=truth.problem))

    assert made(50).relative_gap < Fraction(1, 10**50)
    monkeypatch.setattr(_cross_entropy, "MOST_UNKNOWNS", 0)  # no Newton steps
    with pytest.raises(ConvergenceError, match=r"must be at most 1e-10; it is \d\.\de-0\d, ask for digits = [1-4]$"):
        made(10)
    loose = made(1)
    assert loose.lower < truth.lower
    assert truth.upper < loose.upper
    assert loose.check().holds
    with pytest.raises(ConvergenceError, match="please report this problem"):
        made(1, W=-point["W"])


def _rough(a):
    return a * (1 + 1e-3 * np.cos(1.3 * np.arange(a.size).reshape(a.shape)))


def test_a_damaged_solver_gets_no_certificate(monkeypatch):
    """The dual vectors are not shrunk until they meet the condition: no false bound comes out, only none."""
    monkeypatch.setattr(_cross_entropy, "diagonalise", lambda a, tolerance: (
        [a[0, 0] * 0] * a.nrows(), type(a)(a.nrows(), a.nrows(), [int(i == j) for i in range(3) for j in range(3)])
    ))
    with pytest.raises(ConvergenceError, match="the semidefinite claim fails, please report this problem"):
        certify(entropy(SOFT, [2, 1, 3], 0.02, 0.05, 0.1))


def test_many_classes():
    """Beyond Newton's method the solver's point has ten digits; balanced ones have all."""
    counts = [1 + 7 * k % 50 for k in range(40)]
    made = certify(entropy(encodings.onehot(40), counts))
    assert made.check().holds
    with pytest.raises(SizeError, match=r"for at most 2000 numbers .* got \d+, ask for digits = 10 or fewer"):
        certify(entropy(encodings.onehot(40), counts), digits=11)
    assert certify(entropy(encodings.onehot(40), 5), digits=30).check().holds
    with pytest.raises(SizeError, match=r"at most 741 bits for 250 classes and 250 outputs; got \d+, ask"):
        certify(entropy(encodings.onehot(250), 5), digits=500)


def test_where_no_certificate_is_given():
    with pytest.raises(OpenProblemError, match=r"are for linear features; got features = 'relu', set features = 'lin"):
        certify(entropy(encodings.onehot(3), 5, 1e-2, 1e-2, 1.0, features="relu"))
    with pytest.raises(OpenProblemError, match=r"heads of one layer.*depth = 2, set depth = 1"):
        certify(entropy(encodings.onehot(3), 5, 1e-2, 1e-2, 1.0, depth=2))
    with pytest.raises(OpenProblemError, match=r"bottleneck is an open problem; got dim = 2 .* leave dim out"):
        certify(entropy(encodings.onehot(4), 5, 1e-2, 1e-2, 1.0, dim=2))
    with pytest.raises(ProblemError, match="digits must be a whole number from 1 to 500"):
        certify(entropy(encodings.onehot(3), 5), digits=501)
    with pytest.raises(ProblemError, match="lambda_w must be the problem's"):
        certify(entropy(encodings.onehot(3), 5), lambda_w="6e-4")


def test_a_minimizer_certifies_itself():
    made = ncsolve.solve(entropy(encodings.onehot(4), 10, 1e-3, 2e-3, 0.01)).certify(digits=20)
    assert made.relative_gap < 1e-20
    assert repr(made).startswith("Certificate(loss=0.0859072818870843, relative gap ")
