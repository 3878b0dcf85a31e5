"""``check`` where floats cannot tell minimizers apart: the solver is right, descent is not asked."""

import dataclasses
import math

import pytest
from ncsolve.verify import check

import ncsolve
from ncsolve import encodings


def one_hot(lambda_w, lambda_h, lambda_b=0.3, **model):
    return ncsolve.UFM(encoding=encodings.onehot(3), counts=[5, 5, 5] if model else [5, 3, 2], lambda_w=lambda_w,
                       lambda_h=lambda_h, lambda_b=lambda_b, **model)


@pytest.mark.parametrize(
    "problem",
    [
        one_hot(1e20, 1e-3), one_hot(1e30, 1.0), one_hot(1e50, 1e50), one_hot(1e-12, 1e-12),
        one_hot(1e-12, 1e-12, math.inf), one_hot(1e-30, 1e-30, 0.0), one_hot(1e-13, 1e-13, depth=2),
        one_hot(1e20, 1e20, dim=2), one_hot(1e-30, 1e-30, features="relu"),
    ],
)
def test_nothing_disagrees_where_descent_is_blind(problem):
    """At lambda_w = 1e20 descent lost the bias in the decay; at 1e-12 it found the loss with another geometry."""
    report = check(problem)
    assert report.error is None
    assert report.passed, [figure.what for figure in report.figures if not figure.passed]
    assert any("floats tell minimizers apart" in text for text in report.skipped)
    assert not any("run" in figure.what or "cvxpy" in figure.what for figure in report.figures)


def test_a_figure_that_could_not_fail_is_not_shown():
    """A loss of 1e-30 is below what squares of the labels are known to: any bound would agree with it."""
    for decay, told in ((1e-30, False), (1e-12, True)):
        report = check(one_hot(decay, decay))
        assert any("weak duality" in figure.what for figure in report.figures) is told
        assert any("weak duality" in text for text in report.skipped) is not told


def test_extreme_lambdas_of_a_moderate_product_are_descended():
    report = check(one_hot(1e22, 1e-26))
    assert report.passed
    assert report.skipped == ()
    assert any("best run" in figure.what for figure in report.figures)


@pytest.mark.parametrize("problem", [one_hot(1e20, 1e-3), one_hot(1e-12, 1e-12)])
def test_a_wrong_loss_is_still_caught(monkeypatch, problem):
    """A mutant: the definition and weak duality are asked at every weight decay."""
    right = ncsolve.solve(problem)
    wrong = dataclasses.replace(right, loss_terms=right.loss_terms.scaled(1 + 1e-4))
    monkeypatch.setattr(ncsolve, "solve", lambda problem: wrong)
    report = check(problem)
    assert not report.passed
