"""Decays and code masses at the ends of what a problem may hold: every one is proved."""

import math

import numpy as np
import pytest
from scipy.stats import entropy

import ncsolve
from ncsolve._frames.columns import dense_columns
from ncsolve._frames.softmax_fit import bent, fit

BIASES = (0.0, 1e-50, 1e-10, 0.01, 1.0, 1e10, 1e50, math.inf)
SOFT = [[0.9, 0.1, 0.3, 0.2], [0.1, 0.6, 0.3, 0.1], [0.0, 0.3, 0.4, 0.7]]
EMPTY = [[1, 0.5, 0, 0], [0, 0.5, 1, 0], [0, 0, 0, 1]]
PROBLEMS = [("onehot", [5, 20, 1, 10]), ("onehot", [1, 10, 1]), ("smoothed:0.1", [5, 20, 1, 1]), (SOFT, [5, 3, 8, 2]),
            (EMPTY, [4, 3, 2, 1])]


def solved(codes, counts, decay, lambda_b):
    return ncsolve.solve(ncsolve.UFM(
        encoding=codes, counts=counts, lambda_w=decay, lambda_h=decay, lambda_b=lambda_b, loss="cross-entropy"
    ))


@pytest.mark.parametrize("lambda_b", BIASES)
@pytest.mark.parametrize("decay", [1e2, 1e6, 1e10, 1e30, 1e50])
@pytest.mark.parametrize(("codes", "counts"), PROBLEMS)
def test_where_only_the_bias_is_left_no_weight_decay_moves_it(codes, counts, decay, lambda_b):
    """It solves lambda_b b + softmax(b) = label mean, with all digits of what is left of them."""
    found = solved(codes, counts, decay, lambda_b)
    assert (found.rank, found.guarantee) == (0, "global")
    assert abs(found.gap) <= 1e-13 * found.loss
    if lambda_b == math.inf:
        assert not found.bias.any()
        return
    grown = np.exp(found.bias)
    lacking = found.problem.label_mean - grown / grown.sum()
    np.testing.assert_allclose(lambda_b * found.bias, lacking, rtol=0, atol=1e-13)
    if lambda_b >= 1e10:  # b = (label mean - 1/m)/lambda_b
        centred = found.problem.label_mean - 1 / found.bias.size
        np.testing.assert_allclose(found.bias * lambda_b, centred, rtol=0, atol=1e-9)


@pytest.mark.parametrize("lambda_b", BIASES)
@pytest.mark.parametrize("decay", [1e-50, 1e-30, 1e-20, 1e-16, 1e-12])
@pytest.mark.parametrize(("codes", "counts"), PROBLEMS)
def test_tiny_weight_decays_are_proved(codes, counts, decay, lambda_b):
    """Also where all probabilities are within rounding of 0 and 1: the loss is of the size of the decay."""
    found = solved(codes, counts, decay, lambda_b)
    assert (found.guarantee, found.gap <= 1e-11 * found.loss) == ("global", True)
    least = found.problem.counts.array @ np.array([entropy(code) for code in found.problem.encoding.matrix.T])
    assert -1e-15 < found.loss - least / found.problem.samples < 1e3 * decay + 1e-15


@pytest.mark.parametrize("decay", [1e-50, 1e-25, 1e-16])
def test_the_core_is_the_closed_form_where_weight_decay_is_tiny(decay):
    problem = ncsolve.UFM(
        encoding="onehot", classes=3, counts=4, lambda_w=decay, lambda_h=decay, lambda_b=1.0, loss="cross-entropy"
    )
    closed, core = ncsolve.solve(problem), ncsolve.solve(problem, method="spectral")
    assert core.loss == pytest.approx(closed.loss, rel=1e-13)
    np.testing.assert_allclose(core.gram, closed.gram, rtol=0, atol=1e-10 * closed.gram.max())


@pytest.mark.parametrize("mass", [1e-20, 1e-30, 1e-60, 1e-200, 1e-300])
@pytest.mark.parametrize("decay", [1e-3, 1.0, 1e20])
def test_a_code_mass_of_nearly_nothing_with_a_free_bias(mass, decay):
    """All columns are alike, at b = log(label mean), and the loss is the entropy of that."""
    found = solved([[1, 1, 1 - mass], [0, 0, mass]], [5, 20, 3], decay, 0.0)
    rare = mass * 3 / 28
    assert (found.rank, found.guarantee) == (0, "global")
    assert found.bias[1] - found.bias[0] == pytest.approx(math.log(rare), rel=1e-14)
    assert found.loss == pytest.approx(rare * (1 - math.log(rare)), rel=1e-13)


@pytest.mark.parametrize("mass", [1e-20, 1e-60, 1e-300])
@pytest.mark.parametrize("lambda_b", [1e-50, 1e-20])
@pytest.mark.parametrize("decay", [1e-3, 1e20])
def test_a_code_mass_and_a_bias_decay_of_nearly_nothing(mass, lambda_b, decay):
    """The bias solves lambda_b b + p = mean for the rare output, to a relative 1e-9 of what is in it."""
    found = solved([[1, 1, 1 - mass], [0, 0, mass]], [5, 20, 3], decay, lambda_b)
    assert (found.rank, found.guarantee) == (0, "global")
    bias = found.bias[1]
    assert math.exp(2 * bias) == pytest.approx(mass * 3 / 28 - lambda_b * bias, rel=1e-9)


@pytest.mark.parametrize("ahead", [-2.0, 5.0, 70.0, 300.0])
def test_probabilities_within_rounding_of_one_bend_with_all_digits(ahead):
    """p (1 - p) of the own output, where 1 - p is 0 in floats."""
    columns = dense_columns(np.eye(2), np.array([1.0, 1.0]))
    found = fit(columns, ahead * np.eye(2))
    rare = math.exp(-ahead) / (1 + math.exp(-ahead))
    assert np.diag(found.lacking) == pytest.approx([rare, rare], rel=1e-14)
    curvature = rare / (1 + math.exp(-ahead))
    for change in (np.eye(2), np.eye(2)[::-1], 3.0 + np.eye(2)):  # what shifts all outputs changes nothing
        sign = change[0, 0] - change[1, 0]
        expected = sign * curvature * np.array([[1, -1], [-1, 1]])
        np.testing.assert_allclose(bent(columns, found, change), expected, rtol=1e-13, atol=0)
