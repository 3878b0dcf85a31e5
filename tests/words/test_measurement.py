"""A measurement in words: the same numbers as its document, in every convention, and nothing of a mean alone."""

import re

import numpy as np
import pytest

import ncsolve
from ncsolve._documents.measurement import measurement_document
from tests.measure.samples import network, random_problem, random_softmax_problem, softmax_statistic, statistic


def measured(seed=0, distance=0.2, **model):
    random = np.random.default_rng(seed)
    problem = random_problem(random, **model)
    w, b, features = network(random, problem, distance)
    return ncsolve.measure(statistic(problem, w, b, features), w, b, problem)


@pytest.mark.parametrize("seed", range(12))
def test_summaries(seed):
    found = measured(seed)
    text = found.summary()
    joined = " ".join(text.split())
    assert joined.startswith(str(found.verdict).split(".")[0])
    assert f"loss {found.loss:.9g}, minimum {found.minimum:.9g}" in joined
    assert max(map(len, text.splitlines())) <= 100
    assert str(found.verdict).split(":")[0] in found._repr_html_()
    for angle in re.findall(r"mean -?[\d.e-]+ (?!of)(\S+)", joined):  # of cosines; "the mean of the features" is none
        assert angle == "+-"


@pytest.mark.parametrize("seed", range(6))
def test_summaries_of_cross_entropy(seed):
    random = np.random.default_rng(seed)
    problem = random_softmax_problem(random)
    w, b, features = network(random, problem, 0.02)
    found = ncsolve.measure(softmax_statistic(problem, w, b, features), w, b, problem)
    for name in ("paper", "sum"):
        text = found.summary(convention=name)
        joined = " ".join(text.split())
        factor = ncsolve.convention(name, "cross-entropy").loss_factor(problem.samples, problem.code_length)
        entropy = f", entropy of the codes {found.floor * factor:.9g}" if found.floor else ""
        assert f"loss {found.loss * factor:.9g}, minimum {found.minimum * factor:.9g}{entropy}: gap" in joined
        assert "outputs" not in joined.split("proved at most")[-1].split(" head stationary")[0]
        assert "softmax probabilities" in joined
        assert max(map(len, text.splitlines())) <= 100


def test_conventions_scale_loss_and_lambdas():
    found = measured(5)
    factor = ncsolve.convention("sum").loss_factor(found.problem.samples, found.problem.code_length)
    text = found.summary(convention="sum")
    assert f"{found.loss * factor:.9g}" in text
    assert f"lambda_W = {found.problem.lambda_w * found.problem.samples:g}" in text
    with pytest.raises(ncsolve.errors.UnknownNameError):
        found.summary(convention="mine")


def test_to_json_is_the_document():
    found = measured(7)
    assert found.to_json()["gap"] == found.gap
    assert found.to_json()["schema"] == "ncsolve.measurement/1"


def test_lambdas_in_remedies_are_those_of_the_convention():
    """A head that is stationary at twice the lambda_w given."""
    problem = ncsolve.UFM(encoding="onehot", counts=[9, 9, 9], lambda_w=2e-3, lambda_h=2e-3, lambda_b=0.0)
    w, b, features = network(np.random.default_rng(0), problem, 0.0)
    stats = statistic(problem, w, b, features)
    found = ncsolve.measure(stats, w, b, problem.replace(lambda_w=1e-3))
    assert found.verdict.kind == "another model"
    assert "stationary at lambda_w = 0.002, and 0.001 was given" in str(found.verdict)
    text = "stationary at lambda_w = 0.054, and 0.027 was given"
    assert text in " ".join(found.summary(convention="sum").split())
    assert text in measurement_document(found, convention=ncsolve.convention("sum"))["verdict"]["text"]


def test_variation_within_classes_is_named_where_it_is_the_gap():
    """A head at its own minimum on features that have not collapsed."""
    problem = ncsolve.UFM(encoding="onehot", counts=[30, 30, 30], lambda_w=2e-3, lambda_h=2e-3, lambda_b=0.1)
    _, _, features = network(np.random.default_rng(1), problem, 0.0)
    features = features + 0.02 * np.random.default_rng(2).standard_normal(features.shape)
    labels = np.repeat(np.arange(3), 30)
    wide = np.hstack((features, np.ones((90, 1))))
    penalty = 90 * np.diag([problem.lambda_w] * features.shape[1] + [problem.lambda_b])
    both = np.linalg.solve(wide.T @ wide + penalty, wide.T @ np.eye(3)[labels]).T
    w, b = both[:, :-1], both[:, -1]
    found = ncsolve.measure(statistic(problem, w, b, features), w, b, problem)
    assert found.parts.within > found.gap / 2
    assert "the features of a class still differ" in str(found.verdict)
