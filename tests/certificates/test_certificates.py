"""Making certificates: exact input, digits on demand, gap zero, regimes, errors; against independent references."""

import json
import math
import time
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from ncsolve._numbers.exact import on_grid, simplest_between
from ncsolve.certificates import Certificate, ExactProblem, certify, check_file, checker
from ncsolve.certificates._eigen import diagonalise, orthonormal
from ncsolve.certificates._psd import evidence_for, exact_factors
from ncsolve.checks.exact import exact_number
from ncsolve.errors import ConvergenceError, FileError, ProblemError, SizeError
from tests import strategies
from tests.certificates.certificate_set import CODES, INF, certificate, problem

rationals = st.fractions(-3, 3, max_denominator=10**6)


# Exact input


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("5e-4", Fraction(1, 2000)), ("0.1", Fraction(1, 10)), ("1/2000", Fraction(1, 2000)), ("-.5", Fraction(-1, 2)),
        (" 3 ", Fraction(3)), ("1e2/1e-1", Fraction(1000)), (0.5, Fraction(1, 2)), (7, Fraction(7)),
        (0.1, Fraction(3602879701896397, 2**55)), (Decimal("0.1"), Fraction(1, 10)), (Fraction(2, 3), Fraction(2, 3)),
        (np.float64(0.1), Fraction(3602879701896397, 2**55)), ("0e999999999", Fraction(0)),
    ],
)
def test_exact_numbers(value, number):
    assert exact_number("x", value) == number


@pytest.mark.parametrize(
    "value", ["", "one", "1/0", "1/2/3", "nan", "inf", math.inf, math.nan, None, True, 1j, "1e301", "1e-999999999999",
              [1], Decimal("Infinity"), "1" * 1001],
)
def test_inexact_numbers(value):
    with pytest.raises(ProblemError, match="lambda_w must be"):
        exact_number("lambda_w", value)


@given(rationals, st.integers(-5, 60))
def test_grid(x, bits):
    unit = Fraction(1, 2**bits) if bits >= 0 else Fraction(2**-bits)
    dyadic = Fraction(float(x))
    mantissa, exponent = dyadic.numerator, 1 - dyadic.denominator.bit_length()
    rounded = on_grid(mantissa, exponent, bits)
    assert (rounded / unit).denominator == 1
    assert abs(rounded - dyadic) <= unit / 2


@given(rationals, st.fractions(0, 1, max_denominator=10**6))
def test_simplest_fraction(x, radius):
    found = simplest_between(x - radius, x + radius)
    assert abs(found - x) <= radius
    assert found.denominator <= x.denominator
    smaller = found.denominator - 1
    if smaller:
        nearest = Fraction(round(x * smaller), smaller)
        assert abs(nearest - x) > radius or nearest.denominator >= found.denominator


def test_floats_are_dyadic_and_text_is_decimal():
    ufm = problem(encodings.onehot(3), 4, 5e-4, 5e-4, 0.1)
    exact = ExactProblem.of(ufm, lambda_w="5e-4")
    assert exact.lambda_w == Fraction(1, 2000)
    assert exact.lambda_h == Fraction(5e-4) != Fraction(1, 2000)
    assert exact.lambda_b == Fraction(0.1)
    assert ExactProblem.of(problem(CODES, 1)).codes[3] == (Fraction(2), Fraction(1, 2), Fraction(0))


def test_named_codes_are_exact():
    def codes(encoding):
        return ExactProblem.of(problem(encoding, 2)).codes

    assert codes(encodings.simplex(3))[0] == (Fraction(2, 3), Fraction(-1, 3), Fraction(-1, 3))
    alpha = Fraction(0.1)
    assert codes(encodings.smoothed(3, 0.1))[1] == (alpha / 3, 1 - alpha + alpha / 3, alpha / 3)
    assert codes(encodings.signed(2)) == ((1, -1), (-1, 1))
    assert codes(encodings.affine(2, 0.1, 0.25))[0] == (Fraction(0.1) + Fraction(1, 4), Fraction(1, 4))
    misnamed = encodings.AffineOneHot(num_classes=2, a=2.0, q=0.5, row_sum=3.0, name="smoothed:0.1")
    assert codes(misnamed) == ((Fraction(5, 2), Fraction(1, 2)), (Fraction(1, 2), Fraction(5, 2)))


def test_exact_values_must_be_the_problems():
    ufm = problem(encodings.onehot(2), 4)
    wrong = {"lambda_w": ("6e-4", "-5e-4"), "lambda_h": (0, "inf"), "lambda_b": ("inf", "0.4", 0)}
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(ProblemError, match=name):
                certify(ufm, **{name: value})
    for codes in ([[1, 0]], [[1, 0], [0, 1, 0]], [[1, 0], [0, 2]], [["1", "0"], ["0", "one"]]):
        with pytest.raises(ProblemError, match="code"):
            certify(ufm, codes=codes)
    with pytest.raises(ProblemError, match="lambda_b must be the problem's, inf"):
        certify(ufm.replace(lambda_b=INF), lambda_b="1")


def test_other_mistakes():
    ufm = problem(encodings.onehot(2), 4)
    for digits in (0, 501, 1.5, True, "ten"):
        with pytest.raises(ProblemError, match="digits must be a whole number from 1 to 500"):
            certify(ufm, digits=digits)
    with pytest.raises(SizeError, match="at most 256 classes and outputs; got 300"):
        certify(problem(encodings.onehot(300), 4))


def test_merged_classes_are_another_problem():
    """What the refusal of many classes says: no smaller problem has the minimum of this one."""
    losses = [ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(len(counts)), counts=counts, lambda_w=5e-4,
                                        lambda_h=5e-4, lambda_b=INF)).loss for counts in ((5, 5, 2), (10, 2))]
    # T6 by hand: sum_k (2 T sqrt(n_k) - T^2)/(2N) with N = 12, T = 0.006
    by_hand = [sum(2 * 0.006 * n**0.5 - 0.006**2 for n in counts) / 24 for counts in ((5, 5, 2), (10, 2))]
    assert losses == pytest.approx(by_hand, rel=1e-12)
    assert by_hand == pytest.approx([0.0029387, 0.0022852], abs=5e-8)


# What is proved


def mp_t5(k, n, lambda_w, lambda_h, lambda_b, a=1, q=0):
    """The minimum of T5, from its formulas, to 120 digits."""
    with mpmath.workdps(120):
        t = k * mpmath.sqrt(mpmath.mpf(n) * lambda_w * lambda_h)
        w, perp = mpmath.mpf(a) + k * q, mpmath.mpf(abs(a))
        if lambda_b == INF:
            beta, left = mpmath.mpf(0), abs(w)
        else:
            beta = 1 / (1 + mpmath.mpf(lambda_b))
            if lambda_b > 0 and lambda_b / (1 + mpmath.mpf(lambda_b)) > t / abs(w):
                beta = t / (lambda_b * abs(w))
            left = abs(w) * (1 - beta)

        def cost(x):
            z = max(x - t, 0)
            return (x - z) ** 2 / (2 * k) + t * z / k

        bias = 0 if lambda_b == INF else lambda_b * beta**2 * w**2 / (2 * k)
        return (k - 1) * cost(perp) + cost(left) + bias


@pytest.mark.parametrize("lambda_b", [0.0, 0.005, 0.05, 0.5, 50.0, INF])
@pytest.mark.parametrize(("encoding", "a", "q"), [("onehot", 1, 0), ("signed", 2, -1)])
@pytest.mark.parametrize("digits", [10, 50])
def test_closed_form_lies_inside(lambda_b, encoding, a, q, digits):
    k, n, w, h = 6, 11, 2.0**-9, 3 * 2.0**-12
    found = certify(problem(encodings.make(encoding, classes=k), n, w, h, lambda_b), digits=digits)
    value = mp_t5(k, n, mpmath.mpf(w), mpmath.mpf(h), lambda_b, a, q)
    assert not found.exact
    with mpmath.workdps(120):
        low, high = (mpmath.mpf(x.numerator) / x.denominator for x in (found.lower, found.upper))
        assert low <= value <= high
        assert (high - low) / high <= mpmath.mpf(10) ** -digits


@pytest.mark.parametrize(
    ("lambda_b", "loss"), [("0", "0.043875"), ("0.005", None), ("0.5", "0.0485"), ("inf", "0.04875"), ("1/19", None)]
)
def test_rational_closed_forms_have_gap_zero(lambda_b, loss):
    ufm = problem(encodings.onehot(10), 100, lambda_b=float(Fraction(lambda_b)) if lambda_b != "inf" else INF)
    found = certify(ufm, lambda_w="5e-4", lambda_h="5e-4", lambda_b=lambda_b)
    assert found.gap == 0
    assert found.exact
    assert found.lower == (Fraction(loss) if loss else found.upper)
    t, lb = Fraction(1, 20), Fraction(lambda_b) if lambda_b != "inf" else None
    if lb is not None and lb <= t / (1 - t):  # complete centring: loss = perp part + the bias's share of the mean
        assert found.lower == 9 * (t**2 / 20 + t * (1 - t) / 10) + lb / (1 + lb) / 20
    assert found.check().lines[0].startswith(f"proved: the minimum is {found.lower}")


def test_check_values_of_the_theory():
    for lambda_b, loss in ((0.1, 0.0277439422372267), (0.0, 0.0174747810151543), (INF, 0.0284589693063468)):
        ufm = problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, lambda_b)
        found = certify(ufm, lambda_w="1e-3", lambda_h="4e-3", digits=20)
        assert float(found.lower) == pytest.approx(loss, rel=3e-15)
        assert float(found.upper) == pytest.approx(loss, rel=3e-15)


@pytest.mark.parametrize("digits", [10, 11, 50, 120, 400])
def test_digits(digits):
    found = certify(problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 0.1), digits=digits)
    assert 0 < found.relative_gap <= Fraction(1, 10**digits)
    assert found.check().holds


def test_the_exact_minimizer_has_the_exact_geometry():
    """At gap zero the file's point is the minimizer: a simplex ETF and self-dual (T5, T7), in rational numbers."""
    made = certificate("onehot, small lb")
    gram = _gram(made)
    diagonal, inner = gram[0][0], gram[0][1]
    for k in range(10):
        for l in range(10):
            assert gram[k][l] == (diagonal if k == l else inner)
    assert inner == -diagonal / 9
    assert made.proof.bias == made.problem.centred_bias
    law = certificate("imbalanced, law of large bias")  # T5b: inner products of different classes are -lw/lb
    gram = _gram(law)
    assert {gram[0][1], gram[0][2], gram[1][2]} == {-law.problem.lambda_w / law.problem.lambda_b}


def _gram(made):
    scales, means = made.proof.scales, made.proof.class_means
    return [[sum(s * x * y for s, x, y in zip(scales, left, right, strict=True)) for right in means] for left in means]


def test_brackets_of_the_transition():
    exact = certify(problem(encodings.onehot(10), 100), lambda_w="5e-4", lambda_h="5e-4")
    assert exact.centred_up_to == ("1/19", "1/19")
    rounded = certify(problem(encodings.onehot(6), 11, 2.0**-9, 3 * 2.0**-12, 0.5))
    low, high = map(Fraction, rounded.centred_up_to)
    t = 6 * mpmath.sqrt(mpmath.mpf(11) * 2.0**-9 * 3 * 2.0**-12)
    assert low < high < low * (1 + Fraction(1, 10**15))
    assert float(low) == pytest.approx(float(t / (1 - t)), rel=1e-14)
    for lambda_b, centring in ((low, "complete"), (high, "incomplete")):
        ufm = problem(encodings.onehot(6), 11, 2.0**-9, 3 * 2.0**-12, float(lambda_b))
        assert certify(ufm, lambda_b=lambda_b).centring == centring
    assert certify(problem(encodings.onehot(3), 2, 1.0, 1.0, 0.5)).centred_up_to == ("inf", "inf")
    assert certify(problem(CODES, 3, 1e-3, 1e-3, 0.5)).centred_up_to == ("0", "0")


def test_minority_collapse_is_decided_exactly_at_the_threshold():
    """T6: class k vanishes iff n_k <= T^2, here with T^2 = 9 exactly and next to it."""
    ufm = problem(encodings.onehot(4), [400, 100, 9, 1], 1.0, 9 / 510**2, INF)
    for change, words in ((0, "zero"), (Fraction(1, 10**40), "zero"), (Fraction(-1, 10**40), "nonzero")):
        found = certify(ufm, lambda_h=Fraction(9, 510**2) * (1 + change))
        assert found.classes == ("nonzero", "nonzero", words, "zero")
        assert found.check().holds


@settings(max_examples=60)
@given(strategies.problems())
def test_every_problem_has_a_certificate(ufm):
    _check_one(ufm, 10)


@settings(max_examples=40)
@given(strategies.affine_problems(), st.integers(1, 40))
def test_every_affine_problem_has_one(ufm, digits):
    _check_one(ufm, digits)


@settings(max_examples=40)
@given(strategies.problems(), st.integers(11, 60))
def test_of_any_precision(ufm, digits):
    _check_one(ufm, digits)


def _check_one(ufm, digits):
    minimizer = ncsolve.solve(ufm)
    made = certify(minimizer, digits=digits)
    assert made.relative_gap <= Fraction(1, 10**digits)
    assert made.check().holds
    assert float(made.upper) == pytest.approx(minimizer.loss, rel=1e-9, abs=1e-28)
    # no point has a loss below the bound
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(ufm.classes), ufm.counts.array)
    for size in (0.0, 1e-3, 1.0):
        W, means, bias = (
            x + size * rng.standard_normal(x.shape) * (1 + np.abs(x).max(initial=0))
            for x in (minimizer.W, minimizer.class_means, minimizer.bias)
        )
        loss = ncsolve.objective(ufm, W, means[:, labels], minimizer.bias if ufm.lambda_b == INF else bias)
        assert loss >= float(made.lower) * (1 - 1e-9) - 1e-28


# The object


def test_certificate_object(tmp_path):
    made = certificate("codes")
    assert isinstance(made, Certificate)
    assert made.lower < made.upper
    assert made.gap == made.upper - made.lower
    assert made.check().holds
    assert bool(made.check())
    document = made.to_json()
    assert document["schema"] == "ncsolve.certificate/1"
    assert json.loads(made.to_bytes()) == document
    assert set(document) == {"schema", "lambda_b", *checker.NUMBERS, *checker.ARRAYS, *checker.REGIME}
    path = tmp_path / "cert.json"
    made.save(path)
    assert check_file(path).lines == made.check().lines
    with pytest.raises(FileError, match="exists already"):
        made.save(path)
    made.save(path, force=True)
    assert "Certificate(loss=0.0277439422" in repr(made)
    assert "proved" in repr(certificate("onehot, lb = 0.5"))
    path.write_text(path.read_text().replace('"gap": "', '"gap": "-'))
    assert check_file(path).lines == ("refuted: the claimed bounds are further apart than the claimed gap",)
    with pytest.raises(FileError, match="cannot be read"):
        check_file(tmp_path / "absent.json")


def test_a_minimizer_is_not_solved_again():
    minimizer = ncsolve.solve(problem(CODES, 3, 1e-3, 1e-3, 0.5))
    assert certify(minimizer).to_bytes() == certify(minimizer.problem).to_bytes()


def test_no_certificate_rather_than_a_bad_one(monkeypatch):
    from ncsolve.certificates import _certificate

    monkeypatch.setattr(_certificate, "build_certificate", lambda *_: (_ for _ in ()).throw(checker.Refuted("no")))
    with pytest.raises(ConvergenceError, match="relative gap of a certificate must be at most 1e-10"):
        certify(problem(CODES, 3, 1e-3, 1e-3, 0.5))


# The parts


@pytest.mark.parametrize("kind", ["spread", "equal", "one cluster", "clusters in clusters", "graded", "zero"])
def test_eigenvectors_to_many_digits(kind):
    from flint import arb, arb_mat, ctx

    with ctx.workprec(400):
        tiny = arb(10) ** -25
        values = {
            "spread": [arb(i) / 7 for i in range(8)],
            "equal": [arb(2)] * 8,
            "one cluster": [1 + i * tiny for i in range(8)],
            "clusters in clusters": [arb(1), arb(1), 1 + tiny, 1 + tiny * tiny, 1 + 2 * tiny, arb(0), tiny, arb(2)],
            "graded": [arb(10) ** (-8 * i) for i in range(8)],
            "zero": [arb(0)] * 8,
        }[kind]
        basis = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0].ravel().tolist()
        q = orthonormal(arb_mat(8, 8, [arb(x) for x in basis]))
        diagonal = arb_mat(8, 8, [values[i].mid() if i == j else 0 for i in range(8) for j in range(8)])
        a = (q * diagonal * q.transpose()).mid()
        tolerance = arb(2) ** -340
        found, vectors = diagonalise(a, tolerance)
        rest = vectors.transpose() * a * vectors
        assert all(abs(rest[i, j] - (found[i] if i == j else 0)) < 1e3 * tolerance for i in range(8) for j in range(8))
        for x, y in zip(sorted(found, key=_key), sorted(values, key=_key), strict=True):
            assert abs(x - y) < 1e3 * tolerance


def _key(x):
    mantissa, exponent = x.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


@given(st.integers(1, 5), st.integers(0, 5), st.integers(0, 10**6))
def test_semidefinite_evidence(size, rank, seed):
    rng = np.random.default_rng(seed)
    factor = [[Fraction(int(x), 7) for x in row] for row in rng.integers(-5, 6, (size, rank))]
    a = [[sum((x * y for x, y in zip(p, q, strict=True)), Fraction(0)) for q in factor] for p in factor]
    for found in (evidence_for(a), exact_factors(a)):
        rest = _rest(a, found)
        assert all(2 * row[i] >= sum(map(abs, row)) for i, row in enumerate(rest))
        assert min(found.scales, default=0) >= 0
    assert len(exact_factors(a).scales) == np.linalg.matrix_rank(np.array(factor, dtype=float)) if rank else True
    a[0][0] -= sum(a[i][i] for i in range(size)) + 1
    assert evidence_for(a) is None


def _rest(a, found):
    inner = [
        [sum((s * x * y for s, x, y in zip(found.scales, p, q, strict=True)), Fraction(0)) for q in found.factor]
        for p in found.factor
    ]
    return [[x - y for x, y in zip(row, others, strict=True)] for row, others in zip(a, inner, strict=True)]


def test_speed():
    """The benchmark measures; this only notices when something is an order of magnitude off."""
    start = time.process_time()
    made = certify(problem(encodings.gaussian(10, seed=1), list(range(1, 11)), 1e-3, 1e-3, 0.1))
    assert made.check().holds
    assert time.process_time() - start < 2
