"""``check`` of one problem beyond the paper's model, and of solvers that are damaged."""

import dataclasses
import functools
import math

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from ncsolve.verify import check
from typer.testing import CliRunner

import ncsolve
from ncsolve import _formulas, encodings, verify
from ncsolve._frames import coupled_block, stationary
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models.layered import kept_directions
from ncsolve._models.relu import best_found, orthogonal_frame
from ncsolve.cli._app import app
from ncsolve.deep import Shrinkage
from ncsolve.schemas import schema
from tests.strategies import descended_problems

DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=4, lambda_w=[1e-2, 5e-3], lambda_h=4e-3, lambda_b=0.5, depth=2)
COLLAPSING = ncsolve.UFM(encoding=encodings.onehot(3), counts=[60, 20, 5], lambda_w=4e-2, lambda_h=2e-3,
                         lambda_b=math.inf, depth=2)
SIGNED = ncsolve.UFM(encoding=encodings.signed(6), counts=2, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1.0, dim=3)
ETF = ncsolve.UFM(encoding=encodings.onehot(4), counts=3, lambda_w=5e-3, lambda_h=5e-3, lambda_b=3.0, dim=3)
BEST = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=[3, 2, 1, 2], lambda_w=1e-2,
                   lambda_h=4e-3, lambda_b=0.1, dim=2)
RELU = ncsolve.UFM(encoding=encodings.onehot(3), counts=4, lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.1, features="relu")
ACUTE = RELU.replace(counts=[9, 4, 1], lambda_b=0.01)
PROBLEMS = {
    "deep": DEEP, "collapsing": COLLAPSING, "signed": SIGNED, "etf": ETF, "best": BEST, "relu": RELU, "acute": ACUTE,
    "unequal": RELU.replace(counts=[5, 3, 2], lambda_b=1.0), "deep and narrow": DEEP.replace(dim=2),
}
COMMANDS = {
    "deep": ["--classes", "3", "--per-class", "4", "--depth", "2", "--lambda-w", "1e-2,5e-3", "--lambda-h", "4e-3",
             "--lambda-b", "0.5"],
    "relu": ["--classes", "3", "--per-class", "4", "--features", "relu", "--lambda-w", "5e-3", "--lambda-h", "5e-3",
             "--lambda-b", "0.1"],
    "etf": ["--classes", "4", "--per-class", "3", "--dim", "3", "--lambda-w", "5e-3", "--lambda-h", "5e-3",
            "--lambda-b", "3"],
}


@settings(max_examples=10)
@given(descended_problems())
def test_every_problem_agrees(problem):
    report = check(problem, starts=2)
    assert report.passed, (report.failures, report.error)


@functools.cache
def healthy(name):
    """The report of the healthy solver, which several tests look at."""
    return check(PROBLEMS[name], starts=2)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_healthy_solver_agrees(name):
    report = healthy(name)
    assert report.passed, (report.failures, report.error)
    document = report.to_json()
    jsonschema.validate(document, schema("ncsolve.verify/1"))
    assert ("depth" in document["problem"]) == (not PROBLEMS[name].plain)
    compared = " ".join(figure.what for figure in report.figures)
    parts = ["loss at the solver's W, H, b", "loss terms", "gradient", "loss of the best run", "ended at the best loss",
             "from beside", "rank", "NC2-NC4", "lambda |.|^2"]
    parts += ["product of the solver's layers"] if PROBLEMS[name].depth > 1 else []
    parts += ["least entry"] if PROBLEMS[name].features == "relu" else []
    parts += ["at the transition"] if name in ("deep", "signed") else []  # where two minimizers tie
    assert all(part in compared for part in parts)


def test_a_point_that_is_only_the_best_found_is_not_called_the_minimum():
    report = healthy("best")
    assert report.passed
    assert "best found, not known to be the global minimum: lower bound 0.0" in report.summary
    compared = " ".join(figure.what for figure in report.figures)
    assert "below the best found" in compared
    assert "below the lower bound" in compared
    assert "optimum" not in compared
    assert "nothing says that the best point is unique" in " ".join(report.skipped)
    assert report.to_json()["note"] == report.note
    assert healthy("etf").note == ""


def test_a_lower_bound_above_the_loss_is_caught(monkeypatch):
    """``Minimizer.lower_bound`` would hide it."""
    original = ncsolve.solve

    def damaged(problem):
        found = original(problem)
        known = dataclasses.replace(found.frame.guarantee, lower_bound=found.loss * (1 + 1e-6))
        return dataclasses.replace(found, frame=dataclasses.replace(found.frame, guarantee=known))

    monkeypatch.setattr(ncsolve, "solve", damaged)
    report = check(BEST, starts=1)
    assert not report.passed
    assert "below the lower bound" in " ".join(report.failures)


def test_a_bottleneck_in_the_way_of_the_law_has_no_transition():
    """The law of large bias regularization needs a dimension for each of independent codes."""
    codes = np.random.default_rng(2).standard_normal((4, 3))
    free = ncsolve.UFM(encoding=codes, counts=[3, 2, 2], lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.0)
    assert ncsolve.solve(free).transition is not None
    assert ncsolve.solve(free.replace(dim=2)).transition is None
    one_hot = free.replace(encoding=encodings.onehot(3))
    assert ncsolve.solve(one_hot).transition is not None
    assert ncsolve.solve(one_hot.replace(dim=2)).transition is None
    assert check(free.replace(dim=2), starts=1).passed


def test_an_open_combination_is_refused_not_reported():
    with pytest.raises(ncsolve.OpenProblemError, match="ReLU features under a deep head"):
        check(RELU.replace(depth=2))


def test_what_is_too_large_for_descent_is_said():
    wide = check(
        ncsolve.UFM(encoding=encodings.onehot(60), counts=5, lambda_w=1e-4, lambda_h=1e-4, lambda_b=0.1, depth=2)
    )
    assert wide.passed
    assert any("descent: 10860 parameters" in text for text in wide.skipped)
    broad = check(DEEP.replace(dim=100), starts=1)
    assert broad.passed
    assert any("100 feature dimensions: descent had 5" in text for text in broad.skipped)
    vast = check(DEEP.replace(dim=3000), starts=1)
    assert vast.verdict == "nothing was compared"


# What the solver returns without its own check of the gradient.


@pytest.fixture
def unchecked(monkeypatch):
    """The solver's own checks off: what is damaged must be caught from outside."""
    monkeypatch.setattr(stationary, "_TOLERANCE", math.inf)
    monkeypatch.setattr(coupled_block, "_FIT_AGREES", math.inf)


def fails(name):
    report = check(PROBLEMS[name], starts=2, fail_fast=True)
    return not report.passed


def scaled(function, factor):
    return lambda *args, **options: function(*args, **options) * factor


@pytest.mark.parametrize(
    ("formula", "factor", "name"),
    [
        ("deep_constant", 1.01, "deep"),
        ("deep_layer_scale", 1.01, "deep"),
        ("deep_relative_penalty", 1.01, "deep"),
        ("deep_mean_constant", 1.05, "deep"),
        ("deep_bias_fraction", 0.99, "deep"),
        ("deep_bias_fraction", 0.99, "etf"),
        ("relu_class_value", 1.01, "relu"),
        ("relu_class_value", 1.01, "unequal"),
        ("bottleneck_transition", 1.02, "signed"),
    ],
)
def test_wrong_formulas_are_caught(monkeypatch, unchecked, formula, factor, name):
    monkeypatch.setattr(_formulas, formula, scaled(getattr(_formulas, formula), factor))
    assert fails(name)


def test_the_largest_root_is_caught(monkeypatch, unchecked):
    """A stationary point above the minimum: only a start that goes below it tells."""
    monkeypatch.setattr(Shrinkage, "threshold", Shrinkage.existence)
    report = check(COLLAPSING, starts=2)
    assert ncsolve.solve(COLLAPSING).rank == 3, "the damage must bite"
    assert any(text.startswith("descent below the optimum") for text in report.failures)


def test_the_wrong_direction_of_a_bottleneck_is_caught(monkeypatch, unchecked):
    monkeypatch.setattr(kept_directions, "_mean", lambda *args, **options: (0.0, 0.0))
    report = check(SIGNED, starts=2)
    assert any(text.startswith("descent below the optimum") for text in report.failures)


def test_orthogonal_frames_where_there_are_none_are_caught(monkeypatch, unchecked):
    monkeypatch.setattr(orthogonal_frame, "_obtuse", lambda shifted: True)
    assert fails("acute")


def test_a_negative_feature_is_caught(monkeypatch, unchecked):
    """The minimizer of linear features, returned for H >= 0: every number is consistent, but the sign."""
    linear = ncsolve.solve(RELU.replace(features="linear", dim=3))
    frame = FactoredFrame(
        problem=RELU, choice=orthogonal_frame.BALANCED, stack=(linear.W,), means=linear.class_means, bias=linear.bias,
        values=linear.singular_values,
    )
    monkeypatch.setattr("ncsolve._models.registry.relu_frame", lambda problem: frame)
    report = check(RELU, starts=1)
    assert any(text.startswith("least entry") for text in report.failures)


def test_a_poor_best_is_caught(monkeypatch, unchecked):
    """One start that ends in a local minimum, called the best of many."""
    narrow = RELU.replace(encoding=encodings.onehot(5), dim=3, counts=2)
    starts = best_found._starts
    monkeypatch.setattr(best_found, "_starts", lambda *args: [0.0 * starts(*args)[0] + 1e-9])
    report = check(narrow, starts=1)
    assert not report.passed
    assert any("best found" in text for text in report.failures)


def test_a_lower_bound_above_the_minimum_is_caught(monkeypatch):
    original = ncsolve.solve

    def exaggerated(problem, **options):
        found = original(problem, **options)
        known = dataclasses.replace(found.frame.guarantee, lower_bound=1.01 * found.loss)
        worse = dataclasses.replace(found.frame, guarantee=known, bias=1.2 * found.bias)
        return dataclasses.replace(found, frame=worse, loss_terms=worse.loss_terms())

    monkeypatch.setattr(ncsolve, "solve", exaggerated)
    report = check(BEST, starts=1)
    assert any(text.startswith("descent below the lower bound") for text in report.failures)


def test_what_follows_a_disagreement_is_left_out_only_if_asked(monkeypatch):
    ended = check(DEEP, starts=2, fail_fast=True)
    assert (ended.figures, ended.skipped) == (healthy("deep").figures, healthy("deep").skipped)
    monkeypatch.setattr(_formulas, "bottleneck_transition", scaled(_formulas.bottleneck_transition, 1.02))
    ended = check(SIGNED, starts=2, fail_fast=True)
    (text,) = ended.failures
    assert text.startswith("losses with and without the label mean at the transition")
    terms = ncsolve.solve(SIGNED).loss_terms
    damaged = dataclasses.replace(ncsolve.solve(SIGNED), loss_terms=dataclasses.replace(terms, fit=2 * terms.fit))
    monkeypatch.setattr(ncsolve, "solve", lambda problem: damaged)
    ended = check(SIGNED, starts=2, fail_fast=True)
    assert ended.failures[0].startswith("loss at the solver's W, H, b")
    assert not any("run" in figure.what or "transition" in figure.what for figure in ended.figures)
    assert ended.skipped[-1] == "descent and what follows it: a figure disagrees already"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_exits_with_0_and_for_a_damaged_solver_with_1(name, monkeypatch, unchecked):
    # One start and the end at the first disagreement: how many the command asks for is not what is tested here.
    monkeypatch.setattr(verify, "check", lambda problem: check(problem, starts=1, fail_fast=True))
    whole = CliRunner().invoke(app, ["verify", *COMMANDS[name]])
    assert whole.exit_code == 0, whole.output
    assert "agrees: " in whole.output
    formula = {"deep": "deep_bias_fraction", "etf": "deep_bias_fraction", "relu": "relu_class_value"}[name]
    monkeypatch.setattr(_formulas, formula, scaled(getattr(_formulas, formula), 1.01))
    damaged = CliRunner().invoke(app, ["verify", *COMMANDS[name]])
    assert damaged.exit_code == 1
    assert "DISAGREES" in damaged.output
    assert "disagrees: " in damaged.output.splitlines()[-1]
