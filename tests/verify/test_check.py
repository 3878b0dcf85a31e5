"""``check``: one problem against every method that its size allows."""

import itertools
import math
import time
from unittest import mock

import numpy as np
import pytest
import rich.console
from hypothesis import given, settings
from ncsolve.verify import check
from ncsolve.verify._models import MODELS, model_of
from ncsolve.verify._own_scalars import _regimes as own_regimes
from ncsolve.verify._samples import Samples

import ncsolve
from ncsolve import encodings
from ncsolve._problem.losses import LOSSES
from ncsolve._problem.model_spec import FEATURES
from tests.strategies import affine_problems, problems

SMALL = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=[3, 2, 1, 2], lambda_w=0.02,
                    lambda_h=0.05, lambda_b=0.1)


@settings(max_examples=12)
@given(problems(most=3))
def test_every_problem_agrees(problem):
    report = check(problem, starts=2)
    assert report.passed, report.failures


@settings(max_examples=8)
@given(affine_problems(most=3))
def test_every_affine_problem_agrees(problem):
    report = check(problem, starts=2)
    assert report.passed or "rescale" in "".join(report.skipped), report.failures


def test_a_small_problem_is_checked_in_every_way():
    report = check(SMALL)
    assert report.passed
    assert report.verdict == "agrees"
    assert report.skipped == ()
    compared = " ".join(figure.what for figure in report.figures)
    parts = (
        "weak duality", "gradient", "Hessian", "W^T W", "best run", "below the optimum", "not converged", "NC1",
        "NC2-NC4", "cvxpy, primal", "cvxpy, dual", "Gram matrix, relative", "singular values of W H, relative",
    )
    assert all(part in compared for part in parts)
    assert f"{len(report.figures)} of {len(report.figures)} figures agree" in report.summary


def test_the_transition_is_checked_where_there_is_one():
    problem = ncsolve.UFM(encoding=np.eye(3), counts=[3, 2, 2], lambda_w=0.05, lambda_h=0.05, lambda_b=0.1)
    assert ncsolve.solve(problem).transition is not None
    assert any("transition" in figure.what for figure in check(problem, starts=1).figures)
    assert ncsolve.solve(SMALL).transition is None
    assert not any("transition" in figure.what for figure in check(SMALL, starts=1).figures)


def test_larger_problems_say_what_was_left_out():
    merged = check(ncsolve.UFM(encoding=encodings.onehot(4), counts=20_000, lambda_w=1e-4, lambda_h=1e-7, lambda_b=0.1))
    assert merged.passed, merged.failures
    assert any("supposes NC1" in text for text in merged.skipped)
    wide = check(ncsolve.UFM(encoding=encodings.onehot(60), counts=5, lambda_w=1e-4, lambda_h=1e-4, lambda_b=0.1))
    assert wide.passed, wide.failures
    for part in ("descent: 7200", "Hessian", "transition", "convex program"):
        assert any(part in text for text in wide.skipped)


def test_a_problem_too_large_for_arrays_is_not_called_verified():
    report = check(ncsolve.UFM(encoding=encodings.onehot(10**6), counts=3, lambda_w=1e-9, lambda_h=1e-9, lambda_b=0.1))
    assert not report.passed
    assert report.verdict == "nothing was compared"
    assert report.figures == ()
    assert "too large" in report.skipped[0]


def test_labels_that_square_to_zero_are_not_called_verified():
    """Arrays of such codes are refused, but codes that somebody computes come by no array."""

    class Tiny(encodings.Encoding):
        name, classes, code_length, matrix = "tiny", 2, 2, 1e-200 * np.eye(2)

    report = check(ncsolve.UFM(encoding=Tiny(), counts=2, lambda_w=0.1, lambda_h=0.1, lambda_b=0.1))
    assert not report.passed
    assert "rescale" in report.skipped[0]


def test_what_would_take_minutes_is_left_out_at_once():
    began = time.monotonic()
    report = check(ncsolve.UFM(encoding=encodings.onehot(3000), counts=3, lambda_w=1e-6, lambda_h=1e-6, lambda_b=0.1))
    assert report.verdict == "nothing was compared"
    assert "3000 classes" in report.skipped[0]
    assert time.monotonic() - began < 10  # 97 s when all was compared


def test_the_report_in_every_form():
    report = check(SMALL.replace(lambda_b=math.inf), starts=1)
    document = report.to_json()
    assert document["schema"] == "ncsolve.verify/1"
    assert document["subject"] == "problem"
    assert document["passed"] is True
    assert len(document["figures"]) == len(report.figures)
    console = rich.console.Console(width=110)
    with console.capture() as capture:
        console.print(report.table())
    assert capture.get().count("agrees") == len(report.figures)
    markdown = report.to_markdown()
    assert "agrees" in markdown
    assert "tolerance" in markdown


def test_wide_features_are_narrowed_for_descent_and_that_is_said():
    report = check(SMALL.replace(dim=512), starts=1)
    assert report.passed, report.failures
    assert any("512 feature dimensions: descent had 5" in text for text in report.skipped)
    assert "not verified: 512 feature dimensions" in str(report)


def test_a_disagreement_is_in_every_form():
    wrong = ncsolve.solve(SMALL.replace(lambda_w=0.0201))
    with mock.patch("ncsolve.solve", return_value=wrong):
        report = check(SMALL, starts=1)
    assert not report.passed
    assert report.verdict == "disagrees"
    assert report.failures
    assert "disagrees" in report.to_markdown()
    assert "disagrees" in report.summary
    assert "disagrees: loss" in str(report)


def test_a_convex_solver_that_gives_up_is_left_out_and_said(monkeypatch):
    def give_up(problem, **options):
        raise ncsolve.NCSolveError("clarabel failed")

    monkeypatch.setattr("ncsolve.verify._models.solve_convex", give_up)
    report = check(SMALL, starts=1)
    assert report.passed
    assert report.skipped == ("the convex program: clarabel failed",)


def test_a_solver_that_fails_is_reported(monkeypatch):
    def fail(problem):
        raise ncsolve.ConvergenceError("the gradient of the objective must vanish")

    monkeypatch.setattr(ncsolve, "solve", fail)
    report = check(SMALL)
    assert report.verdict == "error"
    assert "ConvergenceError" in report.summary
    assert report.to_json()["error"] == report.error


def test_starts_must_be_positive():
    with pytest.raises(ncsolve.NCSolveError, match="starts must be an integer of at least 1"):
        check(SMALL, starts=0)


@pytest.mark.parametrize("lambda_b", [1e13, 1e16])
@pytest.mark.parametrize("spec", ["onehot", "smoothed:1e-14"])
def test_regimes_that_rounding_hides(spec, lambda_b):
    """Far out the Gram matrix is orthogonal to the last digit; what is named follows from the codes and lambda_b."""
    code = encodings.make(spec, classes=3)
    problem = ncsolve.UFM(encoding=code, counts=2, lambda_w=5e-3, lambda_h=5e-3, lambda_b=lambda_b)
    found = ncsolve.solve(problem)
    samples = Samples.of(problem)
    means = np.array(found.class_means)
    assert found.regime in own_regimes(samples, means)
    wrong = {"acute", "simplex", "collapsed", "general"} if spec == "onehot" else {"simplex", "collapsed", "general"}
    assert not wrong & own_regimes(samples, means)
    assert "intermediate" not in own_regimes(Samples.of(problem.replace(features="relu")), means)


@pytest.mark.parametrize(
    ("loss", "features", "depth"), list(itertools.product(LOSSES, FEATURES, (1, 2)))
)
def test_every_model_that_can_be_solved_has_a_row(loss, features, depth):
    """The table of the verifier is its own: a model that the solver learns must be entered here too."""
    parts = {"encoding": encodings.onehot(4), "lambda_b": math.inf} if loss == "cross-entropy" else {}
    for dim in (2, None):
        asked = SMALL.replace(loss=loss, features=features, depth=depth, dim=dim, **parts)
        rows = {key[3] for key in MODELS if key[:3] == (loss, features, depth > 1)}
        try:
            found = ncsolve.solve(asked)
        except ncsolve.OpenProblemError:
            assert (dim is not None) not in rows
        else:
            assert model_of(asked, found) is MODELS[loss, features, depth > 1, found.choice.theorem == "T8"]


def test_every_row_is_of_a_model_that_the_solver_has():
    assert {key[0] for key in MODELS} == set(LOSSES)
    assert {key[1] for key in MODELS} == set(FEATURES)
