"""Lambdas in the convention of another paper or library, and encodings by their names, where a problem is made."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings

LAMBDAS = {"lambda_w": 1e-3, "lambda_h": 2e-3, "lambda_b": 0.1}
DECAY = st.floats(1e-6, 1e6)


@given(
    st.sampled_from(sorted(ncsolve.CONVENTIONS)), st.integers(1, 10**6), st.integers(1, 100), DECAY, DECAY,
    st.one_of(DECAY, st.sampled_from([0.0, math.inf])),
)
def test_from_paper_is_the_inverse_of_to_paper(name, samples, code_length, w, h, b):
    convention = ncsolve.convention(name)
    paper = convention.to_paper(samples, code_length, w, h, b)
    back = convention.from_paper(samples=samples, code_length=code_length, **paper._asdict())
    assert isinstance(paper, ncsolve.Lambdas)
    assert back == pytest.approx((w, h, b), rel=1e-14)
    assert back.lambda_b == pytest.approx(convention.lambda_b_from_paper(samples, code_length, paper.lambda_b))


@pytest.mark.parametrize("name", sorted(ncsolve.CONVENTIONS))
@pytest.mark.parametrize("codes", [np.eye(4), [[1.0, 0.0, -1.0, 0.5]], encodings.gaussian(4, 7)])
def test_a_problem_takes_lambdas_of_every_convention(name, codes):
    """Against the conversion that it documents."""
    counts = [3, 4, 5, 6]
    given = ncsolve.UFM(encoding=codes, counts=counts, **LAMBDAS, convention=name)
    paper = ncsolve.convention(name).to_paper(given.samples, given.code_length, **LAMBDAS)
    assert given == ncsolve.UFM(encoding=codes, counts=counts, **paper._asdict())
    assert (given == ncsolve.UFM(encoding=codes, counts=counts, **LAMBDAS)) == (name == "paper")


def test_every_layer_is_converted():
    deep = ncsolve.UFM(
        encoding="onehot", counts=[5, 5], **LAMBDAS | {"lambda_w": [1e-3, 4e-3]}, depth=2, convention="sum"
    )
    assert deep.lambda_w_layers == pytest.approx((1e-4, 4e-4), rel=1e-15)
    assert deep.lambda_w == pytest.approx(2e-4, rel=1e-14)


def test_the_loss_of_pytorch():
    """Mean squared error over all N m entries, and weight decay l/2 |.|^2: from its definition."""
    problem = ncsolve.UFM(encoding="onehot", classes=3, counts=4, **LAMBDAS, convention="torch-mean")
    found = ncsolve.solve(problem)
    labels = np.repeat(np.arange(3), 4)
    features = found.features(labels)
    error = found.W @ features + found.bias[:, None] - np.eye(3)[:, labels]
    loss = np.mean(error**2) + LAMBDAS["lambda_w"] / 2 * np.sum(found.W**2)
    loss += LAMBDAS["lambda_h"] / 2 * np.sum(features**2) + LAMBDAS["lambda_b"] / 2 * np.sum(found.bias**2)
    scale = ncsolve.convention("torch-mean").loss_factor(problem.samples, problem.code_length)
    assert found.loss * scale == pytest.approx(loss, rel=1e-13)


def test_refusals():
    with pytest.raises(ncsolve.UnknownNameError, match="unknown convention 'torch'"):
        ncsolve.UFM(encoding="onehot", counts=[1, 2], **LAMBDAS, convention="torch")
    with pytest.raises(ncsolve.ProblemError, match=r"lambda_h must be positive and finite .* got 0 "):
        ncsolve.UFM(encoding="onehot", counts=[1, 2], **LAMBDAS | {"lambda_h": 0}, convention="sum")
    with pytest.raises(ncsolve.ProblemError, match=r"lambda_w in the convention of the paper must be .* got 5e-51"):
        ncsolve.UFM(encoding="onehot", counts=[1, 1], **LAMBDAS | {"lambda_w": 1e-50}, convention="sum")
    with pytest.raises(ncsolve.ProblemError, match="no field 'convention'"):
        ncsolve.UFM(encoding="onehot", counts=[1, 2], **LAMBDAS).replace(convention="sum")


@pytest.mark.parametrize("name", sorted(ncsolve.CONVENTIONS))
def test_statistics_take_lambdas_of_every_convention(name):
    problem = ncsolve.UFM(encoding=[[1, 0, 2], [0, 1, 1]], counts=[5, 1, 3], **LAMBDAS, convention=name)
    labels = np.repeat(range(3), problem.counts)
    statistics = ncsolve.LabelStatistics.from_labels(labels, problem.encoding)
    found = ncsolve.solve_statistics(statistics, **LAMBDAS, convention=name)
    assert (found.lambda_w, found.lambda_h, found.lambda_b) == (problem.lambda_w, problem.lambda_h, problem.lambda_b)
    assert found.loss == pytest.approx(ncsolve.solve(problem).loss, rel=1e-12)
    with pytest.raises(ncsolve.UnknownNameError, match="unknown convention 'x'"):
        ncsolve.solve_statistics(statistics, **LAMBDAS, convention="x")


@pytest.mark.parametrize("spec", [
    "onehot", "smoothed:0.2", "signed", "simplex", "affine:1.5,-0.2", "hadamard", "binary", "thermometer", "ordinal",
])
def test_encodings_by_name(spec):
    code = encodings.make(spec, classes=4)
    ways = (
        ncsolve.UFM(encoding=spec, counts=[5, 5, 5, 5], **LAMBDAS),
        ncsolve.UFM(encoding=spec, counts=5, classes=4, **LAMBDAS),
        ncsolve.UFM(encoding=code, counts=5, classes=4, **LAMBDAS),
        ncsolve.UFM(encoding="onehot", counts=5, classes=4, **LAMBDAS).replace(encoding=spec),
    )
    assert set(ways) == {ncsolve.UFM(encoding=code, counts=5, **LAMBDAS)}


def test_random_encodings_have_a_seed():
    made = ncsolve.UFM(encoding="ecoc:9", counts=[1, 2, 3], seed=4, **LAMBDAS)
    assert made.encoding == encodings.ecoc(3, 9, seed=4) != encodings.ecoc(3, 9, seed=5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"encoding": "onehot", "counts": 5}, "'onehot', needs the number of classes; give classes=, or counts with"),
        ({"encoding": "onehot", "counts": [1, 2], "classes": 3}, "one entry per class: got 2 counts for 3 classes"),
        ({"encoding": np.eye(3), "counts": 5, "classes": 4}, "classes must be the number of codes; got 4 for 3, drop"),
        ({"encoding": np.eye(3), "counts": 5, "classes": "3"}, "got '3' for 3"),
        ({"encoding": "hadamard", "counts": [1, 1, 1]}, "power of two; got 3, use 2 or 4"),
        ({"encoding": "onehott", "counts": [1, 1]}, "unknown encoding 'onehott'; did you mean 'onehot'"),
        ({"encoding": "my/codes.csv", "counts": [1, 1]}, "got 'my/codes.csv', read a file by ncsolve.encodings.from"),
        ({"encoding": "onehot", "counts": "x"}, "needs the number of classes"),
        ({"encoding": "ecoc", "counts": [1, 2], "seed": -1}, "seed must be a non-negative integer"),
    ],
)
def test_names_without_classes(fields, message):
    with pytest.raises(ncsolve.NCSolveError, match=message) as caught:
        ncsolve.UFM(**fields, **LAMBDAS)
    assert "\n" not in str(caught.value)
