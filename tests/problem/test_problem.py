"""Problems, counts, conventions, the objective: validation and definitions."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from tests.strategies import problems


def make(**changes):
    fields = {"encoding": np.eye(3), "counts": 4, "lambda_w": 1e-3, "lambda_h": 1e-3, "lambda_b": 0.1}
    return ncsolve.UFM(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lambda_w": 0}, r"lambda_w must be positive and finite \(1e-50 to 1e50\); got 0"),
        ({"lambda_w": -1e-3}, r"lambda_w must be .*got -0.001"),
        ({"lambda_h": math.inf}, r"lambda_h must be positive and finite .*; got inf"),
        ({"lambda_h": math.nan}, r"got nan"),
        ({"lambda_b": -0.1}, r"lambda_b must be between 0 and inf .*; got -0.1"),
        ({"lambda_b": math.nan}, r"got nan"),
        ({"lambda_b": 1e-300}, r"1e-100 to 1e100\); got 1e-300"),
        ({"lambda_w": 1e-300}, r"got 1e-300"),
        ({"lambda_b": "0.1"}, r"lambda_b must be a real number; got '0.1'"),
        ({"lambda_w": True}, r"must be a real number; got True"),
        ({"counts": 0}, r"at least 1; every class has 0"),
        ({"counts": [1, 0, 2]}, r"at least 1; class 1 has 0"),
        ({"counts": [1, -5, 2]}, r"class 1 has -5"),
        ({"counts": [1, 2]}, r"got 2 counts for 3 classes"),
        ({"counts": [1, 2.5, 3]}, r"whole numbers; class 1 has 2.5"),
        ({"counts": [1, math.nan, 3]}, r"class 1 has nan"),
        ({"counts": "abc"}, r"counts must be"),
        ({"counts": []}, r"counts must be"),
        ({"counts": [[1, 2, 3]]}, r"counts must be"),
        ({"counts": True}, r"counts must be"),
        ({"counts": 2**62}, r"must not exceed 2\^62"),
        ({"counts": [2**61, 2**61, 2**61]}, r"must not exceed 2\^62"),
        ({"dim": 0}, r"dim must be an integer of at least 1 and at most 2147483648; got 0"),
        ({"dim": 2.5}, r"got 2.5"),
        ({"class_names": ["a"]}, r"class_names must have one entry per class; got 1 for 3"),
        ({"encoding": [[1, math.inf, 0]]}, r"is inf"),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(ncsolve.ProblemError, match=message) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_frozen_and_replace():
    problem = make()
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.lambda_b = 1.0
    assert problem.replace(lambda_b=math.inf).lambda_b == math.inf
    assert problem.lambda_b == 0.1
    with pytest.raises(ncsolve.ProblemError, match="no field 'lambda_c'"):
        problem.replace(lambda_c=1)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_counts_survive_their_compression(counts):
    problem = make(encoding=encodings.onehot(len(counts)), counts=counts)
    assert list(problem.counts) == counts
    np.testing.assert_array_equal(np.asarray(problem.counts), counts)
    assert len(problem.counts) == len(counts)
    assert problem.samples == sum(counts)
    assert sum(n * p for n, p in zip(problem.counts.values, problem.counts.multiplicities, strict=True)) == sum(counts)
    np.testing.assert_allclose(problem.label_mean, np.array(counts) / sum(counts), rtol=1e-15)


def test_whole_floats_are_counts():
    assert list(make(counts=np.array([1.0, 2.0, 3.0])).counts) == [1, 2, 3]


@given(problems(most=6), st.integers(0, 10**6))
def test_objective_is_the_definition(problem, seed):
    """Against a sum over samples, one by one."""
    rng = np.random.default_rng(seed)
    m, k, d = problem.code_length, problem.classes, 3
    w, b = rng.standard_normal((m, d)), rng.standard_normal(m)
    b = b if math.isfinite(problem.lambda_b) else 0 * b
    labels = rng.permutation(np.repeat(np.arange(k), np.asarray(problem.counts)))
    h = rng.standard_normal((d, problem.samples))
    total = sum(
        float(np.sum((w @ h[:, i] + b - problem.encoding.matrix[:, y]) ** 2)) for i, y in enumerate(labels)
    ) / (2 * problem.samples)
    total += problem.lambda_w / 2 * float(np.sum(w**2)) + problem.lambda_h / 2 * float(np.sum(h**2))
    total += problem.lambda_b / 2 * float(np.sum(b**2)) if math.isfinite(problem.lambda_b) else 0.0
    assert ncsolve.objective(problem, w, h, b, labels) == pytest.approx(total, rel=1e-12)


@given(problems(most=4), st.integers(0, 10**6))
def test_gradient_is_the_derivative(problem, seed):
    """Central differences along a random direction; the objective is a quartic, so they are exact to rounding."""
    rng = np.random.default_rng(seed)
    m, k, d = problem.code_length, problem.classes, 2
    free = math.isfinite(problem.lambda_b)
    scale = float(np.abs(problem.encoding.matrix).max()) + 1
    point = [rng.standard_normal((m, d)), rng.standard_normal((d, k)), rng.standard_normal(m) * free]
    move = [rng.standard_normal(x.shape) for x in point]
    move[2] *= free
    gradient = ncsolve.gradient(problem, *point)
    slope = sum(float(np.sum(g * v)) for g, v in zip(gradient, move, strict=True))
    step = 1e-3

    def value(t):
        return ncsolve.objective(problem, *(x + t * v for x, v in zip(point, move, strict=True)))

    found = (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step)
    weight = 1 + (problem.lambda_b if free else 0)
    assert found == pytest.approx(slope, rel=1e-7, abs=1e-9 * weight * scale**2)


def test_objective_refuses_shapes():
    problem = make()
    good = (np.zeros((3, 2)), np.zeros((2, 3)), np.zeros(3))
    assert ncsolve.objective(problem, *good) > 0
    for bad in (
        (np.zeros((2, 2)), good[1], good[2]),
        (good[0], np.zeros((3, 3)), good[2]),
        (good[0], np.zeros((2, 5)), good[2]),
        (good[0], good[1], np.zeros(2)),
    ):
        with pytest.raises(ncsolve.ProblemError, match="must"):
            ncsolve.objective(problem, *bad)
    with pytest.raises(ncsolve.ProblemError, match="b must be zero"):
        ncsolve.objective(problem.replace(lambda_b=math.inf), good[0], good[1], np.ones(3))
    with pytest.raises(ncsolve.ProblemError, match="the problem's counts"):
        ncsolve.objective(problem, good[0], np.zeros((2, 12)), good[2], labels=[0] * 12)


@pytest.mark.parametrize("name", sorted(ncsolve.CONVENTIONS))
@given(problems(most=5), st.integers(0, 1000))
def test_conventions_scale_the_whole_objective(name, problem, seed):
    """The user's objective, written out, is the paper's times one factor at every point."""
    if problem.lambda_b == math.inf:
        problem = problem.replace(lambda_b=0.3)
    lw, lh, lb = problem.lambda_w, problem.lambda_h, problem.lambda_b
    n, m = problem.samples, problem.code_length
    convention = ncsolve.convention(name)
    w0, h0, b0 = convention.to_paper(n, m, lw, lh, lb)
    ours = problem.replace(lambda_w=w0, lambda_h=h0, lambda_b=b0)
    rng = np.random.default_rng(seed)
    w, h, b = rng.standard_normal((m, 2)), rng.standard_normal((2, problem.classes)), rng.standard_normal(m)
    counts = np.asarray(problem.counts)
    fit = float(np.sum(counts * (w @ h + b[:, None] - problem.encoding.matrix) ** 2))
    decay = [float(np.sum(w**2)), float(np.sum(counts * h**2)), float(np.sum(b**2))]
    factor, h_scale = {"paper": (1 / (2 * n), 1), "sum": (0.5, 1), "torch-mean": (1 / (n * m), 1),
                       "per-sample-features": (1 / (2 * n), 1 / n)}[name]
    theirs = factor * fit + (lw * decay[0] + lh * h_scale * decay[1] + lb * decay[2]) / 2
    assert ncsolve.objective(ours, w, h, b) * convention.loss_factor(n, m) == pytest.approx(theirs, rel=1e-12)
    assert convention.lambda_b_from_paper(n, m, b0) == pytest.approx(lb, rel=1e-14)


def test_unknown_convention():
    with pytest.raises(ncsolve.UnknownNameError, match="did you mean 'paper'") as caught:
        ncsolve.convention("papre")
    assert isinstance(caught.value, (ValueError, KeyError))
    assert str(caught.value).startswith("unknown convention")
