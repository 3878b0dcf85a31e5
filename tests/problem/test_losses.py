"""The loss of a problem: its names, what is refused, its codes, conventions, and the objective from the definition."""

import json
import math

import numpy as np
import pytest
from scipy.special import logsumexp

import ncsolve
from ncsolve._problem.losses import LOSSES
from tests.command import document, refused

ONE_HOT = {"encoding": "onehot", "classes": 3, "counts": 4, "lambda_w": 1e-2, "lambda_h": 1e-2, "lambda_b": 0.1}
SOFT = np.array([[0.8, 0.1, 0.0], [0.2, 0.6, 0.3], [0.0, 0.3, 0.7]])


def test_names():
    problems = [ncsolve.UFM(**ONE_HOT, loss=name) for name in ("cross-entropy", "ce")]
    assert problems[0] == problems[1] != ncsolve.UFM(**ONE_HOT)
    assert problems[0].loss == "cross-entropy"
    assert "loss=cross-entropy" in repr(problems[0])
    assert "loss" not in repr(ncsolve.UFM(**ONE_HOT))
    with pytest.raises(ncsolve.UnknownNameError, match="unknown loss 'hinge'"):
        ncsolve.UFM(**ONE_HOT, loss="hinge")


@pytest.mark.parametrize(("loss", "words"), [
    ("focal", "not convex in the outputs"), ("temperature", r"lambda_w T\^2"), ("class-weights", "resample"),
    ("weighted", "resample"),
])
def test_what_is_refused_says_why(loss, words):
    with pytest.raises(ncsolve.ProblemError, match=words):
        ncsolve.UFM(**ONE_HOT, loss=loss)


def test_focal_loss_is_not_convex():
    """What the refusal says: of (1 - p)^2 (-log p), p a sigmoid, the second difference is negative somewhere."""
    o = np.linspace(-8, 2, 2001)
    p = 1 / (1 + np.exp(-o))
    assert np.diff((1 - p) ** 2 * -np.log(p), 2).min() < -1e-8


def test_a_temperature_is_another_weight_decay():
    """The logits o/T of W and b: lambda_w T^2 and lambda_b T^2."""
    rng, temperature = np.random.default_rng(0), 2.5
    problem = ncsolve.UFM(**ONE_HOT | {"counts": [4, 2, 1]}, loss="ce")
    w, h, b = rng.standard_normal((3, 3)), rng.standard_normal((3, 3)), rng.standard_normal(3)
    other = problem.replace(
        lambda_w=problem.lambda_w * temperature**2, lambda_b=problem.lambda_b * temperature**2
    )
    n = problem.counts.array
    logits = (w @ h + b[:, None]) / temperature
    own = n @ (logsumexp(logits, axis=0) - np.diag(logits)) / n.sum() + (
        problem.lambda_w * np.sum(w**2) + problem.lambda_h * np.sum(n * h**2) + problem.lambda_b * b @ b
    ) / 2
    assert ncsolve.objective(other, w / temperature, h, b / temperature) == pytest.approx(own, rel=1e-13)


@pytest.mark.parametrize(("codes", "words"), [
    ("signed", "the entry -1"), ("simplex", "the entry -0.3"), (SOFT - 0.01, "the entry -0.01"),
    (SOFT * 1.001, "a code with the sum 1.001"), ("affine:0.9,0.01", "a code with the sum 0.93"),
])
def test_codes_are_probabilities(codes, words):
    with pytest.raises(ncsolve.ProblemError, match=f"must be a probability vector.*{words}"):
        ncsolve.UFM(**ONE_HOT | {"encoding": codes}, loss="ce")


def test_decimals_are_probabilities():
    """Sums of decimals that floats round are 1."""
    codes = np.array([[0.1, 0.7], [0.2, 0.1], [0.3, 0.1], [0.4, 0.1]])
    assert (codes.sum(axis=0) != 1.0).any()
    ncsolve.UFM(**ONE_HOT | {"encoding": codes, "classes": 2}, loss="ce")


def test_an_output_without_mass_has_no_minimum_under_a_free_bias():
    codes = np.vstack([SOFT, np.zeros(3)])
    with pytest.raises(ncsolve.ProblemError, match="output 3 has none"):
        ncsolve.UFM(**ONE_HOT | {"encoding": codes, "lambda_b": 0}, loss="ce")
    assert ncsolve.solve(ncsolve.UFM(**ONE_HOT | {"encoding": codes}, loss="ce")).bias[3] < 0


def test_the_definition():
    """Objective, gradient and conventions against sums written out here, one column per class and per sample."""
    rng = np.random.default_rng(1)
    problem = ncsolve.UFM(encoding=SOFT, counts=[2, 1, 3], lambda_w=0.02, lambda_h=0.05, lambda_b=0.1, loss="ce")
    n = problem.counts.array
    w, h, b = rng.standard_normal((3, 2)), 3 * rng.standard_normal((2, 3)), rng.standard_normal(3)
    samples = np.repeat(h, n, axis=1)
    outputs, labels = w @ samples + b[:, None], np.repeat(SOFT, n, axis=1)
    fit = np.mean([math.log(sum(math.exp(x) for x in o)) - e @ o for o, e in zip(outputs.T, labels.T, strict=True)])
    decay = 0.02 * np.sum(w**2) + 0.05 * np.sum(samples**2) + 0.1 * b @ b
    assert ncsolve.objective(problem, w, h, b) == pytest.approx(fit + decay / 2, rel=1e-13)
    assert ncsolve.objective(problem, w, samples, b) == pytest.approx(fit + decay / 2, rel=1e-13)
    parts = [w, h, b]
    for i, slope in enumerate(ncsolve.gradient(problem, *parts)):
        step = rng.standard_normal(slope.shape)
        ends = [
            ncsolve.objective(problem, *(x + sign * 1e-5 * step if i == j else x for j, x in enumerate(parts)))
            for sign in (1, -1)
        ]
        assert np.vdot(slope, step) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-7)


def test_large_logits_keep_their_digits():
    """Where one output wins by 100 the loss is about e^-100, and not the rounding of 1e6."""
    loss = LOSSES["cross-entropy"]
    outputs = np.array([[1e6], [1e6 - 100.0]])
    assert loss.of_columns(outputs, np.array([[1.0], [0.0]]))[0] == pytest.approx(math.exp(-100), rel=1e-9)
    assert loss.of_columns(-outputs, np.array([[1.0], [0.0]]))[0] == pytest.approx(100.0, rel=1e-12)


@pytest.mark.parametrize(("name", "factors"), [
    ("paper", (1, 1, 1, 1)), ("torch-mean", (1, 1, 1, 1)), ("sum", (1 / 12, 1 / 12, 1 / 12, 12)),
    ("per-sample-features", (1, 1 / 12, 1, 1)),
])
def test_conventions(name, factors):
    """``torch.nn.CrossEntropyLoss()`` is the mean over samples itself, as the paper's convention is here."""
    assert ncsolve.convention(name, "cross-entropy").factors(12, 3) == pytest.approx(factors)
    problem = ncsolve.UFM(**ONE_HOT, loss="ce", convention=name)
    assert problem.lambda_h == pytest.approx(1e-2 * factors[1])
    assert ncsolve.convention(name, "ce").loss == "cross-entropy"


def test_problem_files(tmp_path):
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"encoding": "onehot", "classes": 3, "loss": "ce"}))
    assert document("minimizer", "--problem", file)["model"]["loss_function"] == "cross-entropy"
    assert "model" not in document("minimizer", "--problem", file, "--loss", "mse")  # options go before fields
    file.write_text(json.dumps({"encoding": "onehot", "classes": 3, "loss": "focal"}))
    assert "the field loss: focal loss is not convex" in refused("minimizer", "--problem", file)


def test_from_labels():
    problem = ncsolve.UFM.from_labels(["a", "b", "b"], lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1, loss="ce")
    assert (problem.loss, problem.class_names) == ("cross-entropy", ("a", "b"))
