"""Inverse design: the forward problem gives the wanted Gram matrix back, and what cannot be reached is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ncsolve
from ncsolve import _formulas, design
from ncsolve.design import _codes, _design
from tests.reference import certified_gap, descend
from tests.strategies import counts, lambdas, targets

COUNTS = [5000, 500, 50]
SIMPLEX = design.simplex_gram(3)


def made(target=SIMPLEX, numbers=COUNTS, lambda_b=0.5, **options):
    return design.encoding_for(target, counts=numbers, lambda_w=5e-3, lambda_h=5e-3, lambda_b=lambda_b, **options)


@given(data=st.data(), target=targets(), w=lambdas, h=lambdas,
       b=st.one_of(st.just(math.inf), st.floats(-1.5, 3).map(lambda e: 10.0**e)), more=st.integers(0, 3))
def test_any_target_any_counts(data, target, w, h, b, more):
    """T11 for random targets of every rank: the achieved Gram matrix, by the solver and by weak duality."""
    k = target.shape[0]
    numbers = data.draw(counts(k))
    rank = int(np.linalg.matrix_rank(target, tol=1e-9))
    # The rounding of the codes, T and the offset T/lambda_b included, is measured against the smallest eigenvalue.
    threshold = sum(numbers) * math.sqrt(w * h)
    target = target * max(1.0, threshold * (1.0 + 1.0 / b)) * math.sqrt(w / h)
    found = design.encoding_for(target, counts=numbers, lambda_w=w, lambda_h=h, lambda_b=b, code_length=rank + more)
    assert found.rank == rank
    assert found.encoding.shape == (rank + more, k)
    assert found.error <= 1e-12
    np.testing.assert_allclose(found.achieved, target, rtol=0, atol=1e-12 * np.linalg.norm(target))
    minimizer = found.minimizer
    loss, bound = certified_gap(minimizer.problem, minimizer.W, minimizer.class_means, minimizer.bias)
    # Weak duality: no point is better.  The residual of size T is what is left of codes of size z + T.
    cancelled = 1.0 + math.sqrt(h / w) * max(numbers) * np.linalg.norm(target) / threshold
    assert loss - bound <= 1e-14 * cancelled * loss + 1e-12 * loss
    means = minimizer.class_means
    np.testing.assert_allclose(means.T @ means, target, rtol=0, atol=1e-11 * np.linalg.norm(target))


@given(data=st.data(), target=targets(), w=lambdas, h=lambdas)
def test_a_free_bias_reaches_exactly_the_centred_targets(data, target, w, h):
    k = target.shape[0]
    numbers = data.draw(counts(k))
    target = target * max(1.0, sum(numbers) * math.sqrt(w * h)) * math.sqrt(w / h)
    options = {"counts": numbers, "lambda_w": w, "lambda_h": h, "lambda_b": 0.0}
    centred = design.centred_gram(target, numbers)
    if np.linalg.norm(target @ numbers) > 1e-9 * np.linalg.norm(target) * sum(numbers):
        with pytest.raises(ncsolve.ProblemError, match="Q n = 0"):
            design.encoding_for(target, **options)
    if np.linalg.norm(centred) <= 1e-6 * np.linalg.norm(target):  # one class, or all means equal
        return
    assert design.encoding_for(centred, **options).error <= 1e-12


def test_one_hot_loses_the_minority_and_the_designed_codes_do_not():
    """T6 against T11 on the issue's counts: T = 27.75, so that classes of at most 770 samples vanish."""
    plain = ncsolve.solve(
        ncsolve.UFM(encoding=np.eye(3), counts=COUNTS, lambda_w=5e-3, lambda_h=5e-3, lambda_b=math.inf)
    )
    assert np.diag(plain.gram)[1:].tolist() == [0.0, 0.0]
    found = made(lambda_b=math.inf)
    assert found.minimizer.nc.nc2_simplex < 1e-12
    assert found.minimizer.cosines.min == pytest.approx(-0.5, abs=1e-12)
    assert found.minimizer.cosines.max == pytest.approx(-0.5, abs=1e-12)


@pytest.mark.parametrize("lambda_b", [0.3, math.inf])
def test_descent_on_the_definition_ends_at_the_same_loss(lambda_b):
    found = design.encoding_for(
        design.path_gram(4), counts=[6, 3, 2, 1], lambda_w=0.05, lambda_h=0.03, lambda_b=lambda_b, code_length=3
    )
    losses = [descend(found.minimizer.problem, seed, dim=4) for seed in range(3)]
    assert min(losses) == pytest.approx(found.minimizer.loss, rel=1e-9)


def test_codes_of_another_length_are_the_same_up_to_an_isometry():
    square = made().encoding
    for length in (2, 4, 9):
        found = made(code_length=length)
        np.testing.assert_allclose(found.encoding.T @ found.encoding, square.T @ square, atol=1e-12)
        assert found.minimizer.loss == pytest.approx(made().minimizer.loss, rel=1e-12)
        assert np.linalg.matrix_rank(found.encoding) == 2
    # No output is idle, and the shortest codes are triangular, so that they are the same on every machine.
    assert np.abs(made(code_length=9).encoding).max(axis=1).min() > 1e-3
    assert made(code_length=2).encoding[1, 0] == 0.0
    assert made(code_length=2).encoding[0, 0] > 0.0


def test_the_shortest_code_has_the_length_of_the_rank():
    with pytest.raises(ncsolve.ProblemError, match=r"at least the rank of the target Gram matrix, 2; got 1, use 2"):
        made(code_length=1)
    assert made(code_length=2).rank == 2
    # A vector target: all means on one line, codes of one number.
    line = np.outer([1.0, 2.0, -1.0], [1.0, 2.0, -1.0])
    assert made(line, code_length=1).encoding.shape == (1, 3)


def test_a_class_can_be_ordered_to_vanish():
    target = np.diag([1.0, 0.0, 2.0])
    found = made(target)
    assert found.rank == 2
    assert abs(found.achieved[1, 1]) < 1e-13


def test_named_geometries():
    for k in (2, 3, 7):
        assert np.linalg.matrix_rank(design.simplex_gram(k)) == k - 1
        assert np.linalg.matrix_rank(design.path_gram(k)) == k - 1
        thermometer = 2 * (np.arange(k)[None, :] > np.arange(k - 1)[:, None]) - 1
        np.testing.assert_allclose(design.path_gram(k), thermometer.T @ thermometer / (k - 1), atol=1e-15)
        np.testing.assert_array_equal(design.orthogonal_gram(k), np.eye(k))
    for word in (design.simplex_gram, design.orthogonal_gram, design.path_gram):
        with pytest.raises(ncsolve.NCSolveError, match="at least 2"):
            word(1)
        with pytest.raises(ncsolve.SizeError, match="4000"):
            word(4001)


def test_a_hierarchy_is_an_ultrametric():
    tree = {"animal": ["cat", "dog"], "vehicle": {"land": ["car", "truck"], "air": ["plane"]}}
    names, gram = design.hierarchy_gram(tree)
    assert names == ("cat", "dog", "car", "truck", "plane")
    assert gram[0, 1] == pytest.approx(1 / 3)  # part below "animal", depth 1 of 3
    assert gram[2, 3] == pytest.approx(2 / 3)
    assert gram[2, 4] == pytest.approx(1 / 3)
    assert gram[0, 2] == 0.0
    for i in range(5):
        for j in range(5):
            for k in range(5):
                assert gram[i, k] >= min(gram[i, j], gram[j, k]) - 1e-15
    assert np.linalg.eigvalsh(gram)[0] > 0
    assert made(gram, [5, 4, 3, 2, 1]).error < 1e-12


@pytest.mark.parametrize(
    ("tree", "part"),
    [
        ({"a": ["cat", "cat"]}, "'cat' occurs more often"),
        (["cat"], "at least two classes; got 1"),
        ({"a": []}, "empty one in the branch a"),
        ([], "empty one at the root"),
        ({"a": ["cat", 3]}, "got 3 in the branch a"),
        (["cat", " "], "must have a name"),
        (None, "got null at the root"),
    ],
)
def test_bad_hierarchies(tree, part):
    with pytest.raises(ncsolve.ProblemError, match=part):
        design.hierarchy_gram(tree)


def test_a_deep_hierarchy_is_refused_and_not_a_crash(tmp_path):
    tree = ["cat", "dog"]
    for _ in range(300):
        tree = [tree, "x"]
    with pytest.raises(ncsolve.ProblemError, match="deeper than 200"):
        design.hierarchy_gram(tree)
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(ncsolve.FileError, match="too deeply"):
        design.read_hierarchy(path)


@pytest.mark.parametrize(
    ("gram", "part"),
    [
        ([[1, 2], [2, 1]], "smallest eigenvalue is -1 and its largest 3, add 1 or more"),
        ([[1, 0.5], [0.4, 1]], r"entry \(0, 1\) is 0.5 and entry \(1, 0\) is 0.4"),
        ([[0, 0], [0, 0]], "must not be zero"),
        ([[1, 2, 3]], r"got \(1, 3\)"),
        ([[1, math.nan], [math.nan, 1]], r"entry \(0, 1\) is nan"),
        ([[1e60, 0], [0, 1]], "must not exceed 1e50"),
        ("simplex", "square array of real numbers"),
        ([[1, 2], [3]], "square array of real numbers"),
        (np.zeros((0, 0)), r"got \(0, 0\)"),
    ],
)
def test_bad_targets(gram, part):
    with pytest.raises(ncsolve.ProblemError, match=part):
        made(gram, [3, 2])


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"numbers": [1, 2]}, "one entry per class"),
        ({"numbers": [1, 0, 2]}, "counts must be at least 1"),
        ({"lambda_b": -1.0}, "lambda_b must be between 0 and inf"),
        ({"code_length": 0}, "positive integer; got 0"),
        ({"code_length": 2.5}, "positive integer; got 2.5"),
        ({"code_length": 10**9}, "use shorter codes"),
        ({"lambda_b": 1e-90}, "larger lambda_b"),
    ],
)
def test_bad_options(options, part):
    with pytest.raises(ncsolve.NCSolveError, match=part):
        made(**options)


def test_scales():
    assert design.natural_scale(100, 4e-4, 1e-4, classes=10) == pytest.approx(0.2)
    scaled = design.scaled_gram(np.diag([3.0, 1.0]), 7.0)
    assert np.trace(scaled) == pytest.approx(14.0)
    for bad in (0.0, -1.0, math.inf, math.nan, "x"):
        with pytest.raises(ncsolve.ProblemError, match="scale"):
            design.scaled_gram(np.eye(2), bad)
    with pytest.raises(ncsolve.ProblemError, match="trace"):
        design.scaled_gram(np.zeros((2, 2)), 1.0)


def test_rounding_is_reported_and_never_passed_over():
    """A target a trillion times smaller than T cannot be held by floats."""
    tiny = 1e-12 * SIMPLEX
    with pytest.raises(ncsolve.ConvergenceError, match=r"away, above 1e-12, because rounding"):
        made(tiny)
    found = made(tiny, tolerance=0.1)
    assert 1e-12 < found.error < 0.1


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("design_core_scale", lambda value: value * (1 + 1e-6)),
        ("design_code_singular_value", lambda value: value * (1 + 1e-6)),
        ("design_code_singular_value", lambda value: value - 2 * sum(COUNTS) * 5e-3),
        ("design_bias_scale", lambda value: value * (1 + 1e-3)),
        ("design_bias_scale", lambda value: -value),
        ("design_loss", lambda value: value * (1 + 1e-6)),
    ],
)
def test_a_wrong_formula_is_refused(monkeypatch, name, change):
    original = getattr(_formulas, name)
    assert made().error < 1e-12
    monkeypatch.setattr(_formulas, name, lambda *args: change(original(*args)))
    with pytest.raises(ncsolve.ConvergenceError):
        made()


@pytest.mark.parametrize("damage", ["counts", "sqrt", "offset"])
def test_a_wrong_construction_is_refused(monkeypatch, damage):
    """The counts forgotten, used without a root, or the bias added to one output only."""
    original = _codes.designed_codes

    def wrong(target, problem, length):
        if damage == "counts":
            problem = problem.replace(counts=[sum(COUNTS) // 3] * 3)
        found = original(target, problem, length)
        codes = found.codes.copy()
        if damage == "sqrt":
            codes = codes / np.sqrt(COUNTS)
        if damage == "offset":
            codes[0] += 0.01
        return _codes.DesignedCodes(codes=codes, rank=found.rank, loss=found.loss)

    monkeypatch.setitem(_design._CODES, "plain", wrong)
    with pytest.raises(ncsolve.ConvergenceError):
        made()


def test_the_claim_of_the_verifier_fails_wrong_designs(monkeypatch):
    """Descent from the definition notices a design that is right in all its own checks but made for another target."""
    from ncsolve.verify.claims import inverse_design

    def failed():
        return {figure.what for figure in inverse_design.examine("quick") if not figure.passed}

    assert failed() == set()
    original, cosine = design.encoding_for, design.for_cosine
    monkeypatch.setattr(
        design, "encoding_for", lambda gram, **options: original(np.asarray(gram) * (1 + 1e-4), **options)
    )
    assert "Gram matrix against the target" in failed()
    monkeypatch.setattr(design, "encoding_for", original)
    monkeypatch.setattr(
        design, "for_cosine", lambda problem, target, **options: cosine(problem, target + 1e-4, **options)
    )
    assert failed() == {"cosine at the number found for it"}
