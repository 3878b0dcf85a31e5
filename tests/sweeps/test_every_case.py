"""Paths, diagrams and comparisons of every case: each point is the minimizer, and each document says the model."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve._documents.path import path_document
from ncsolve._documents.phase import phase_document
from tests.cases import CASES, every_case
from tests.documents import fits
from tests.sweeps.points import check_cells, check_changes, check_path

INF = math.inf


def says_the_model(document, case, *, layers=True):
    """Documents of the paper's model say nothing of features, layers and bounds; a diagram varies the weight decay."""
    assert ("model" in document) == (not case.of_the_paper)
    if not case.of_the_paper:
        problem = case.problem
        assert (document["model"]["features"], document["model"]["depth"]) == (problem.features, problem.depth)
        assert document["model"]["lambda_w_layers"] == (pytest.approx(problem.lambda_w_layers) if layers else None)


@every_case
def test_a_path(case):
    lambda_b = case.problem.lambda_b
    middle = [lambda_b] if 0 < lambda_b < INF else [0.1]
    path = ncsolve.path(case.problem, lambda_b=[0.0, 1e-3, *middle, 3.0, INF])
    check_path(path)
    assert path.beyond == (not case.of_the_paper)
    columns = path.columns()
    assert {len(column) for column in columns.values()} == {5}
    if path.beyond:
        assert (columns["guarantee"], columns["lower_bound"]) == (list(path.guarantees), path.lower_bounds.tolist())
    else:
        assert not {"guarantee", "lower_bound"} & set(columns)
    document = fits(path_document(path), "ncsolve.path/1")
    says_the_model(document, case)
    for change, written in zip(path.changes, document["changes"], strict=True):
        assert ("jump" in written) == change.jump
    assert ("latent" in document) == (path.latent is not None)


# Points of these are found by descent, or by a convex program, between lambda_b = 0 and inf; others are closed forms.
SLOW = {"truncated", "truncated, free bias", "deep collapse", "deep, any codes", "relu acute"}


def along(case, name):
    slow = name == "lambda_h" or (name == "lambda_b" and case.name in SLOW)
    return pytest.param(case, name, id=f"{case.name}-{name}", marks=[pytest.mark.exhaustive] if slow else [])


@pytest.mark.parametrize(("case", "name"), [
    along(case, name) for case in CASES.values() if case.is_global for name in ("lambda_w", "lambda_h", "lambda_b")
])
def test_changes_along_a_path(case, name):
    """Those found by descent take minutes: tests/sweeps/test_jumps.py."""
    around = getattr(case.problem, name)
    values = np.geomspace(1e-3, 10, 7) if name == "lambda_b" else around * np.geomspace(0.1, 30, 7)
    path = ncsolve.path(case.problem, **{name: values})
    check_path(path)
    check_changes(path)


@every_case
def test_a_diagram(case):
    w = case.problem.lambda_w
    diagram = ncsolve.phase(case.problem, lambda_b=[0.1, 2.0], against="weight_decay", values=[w, 2 * w])
    check_cells(diagram)
    document = fits(phase_document(diagram), "ncsolve.phase/1")
    says_the_model(document, case, layers=False)
    columns = diagram.columns()
    assert {len(column) for column in columns.values()} == {4}
    assert ("guarantee" in columns) == (not case.of_the_paper)


@every_case
def test_a_comparison(case):
    found = ncsolve.compare([case.problem.encoding, "onehot"], **case.options)
    document = fits(found.to_json(), "ncsolve.comparison/1")
    says_the_model(document["problem"], case)
    assert found.beyond == (not case.of_the_paper)
    for row, shown in zip(found.rows, document["encodings"], strict=True):
        direct = ncsolve.solve(case.problem.replace(encoding=row.minimizer.problem.encoding))
        assert shown["loss"] == pytest.approx(direct.loss, rel=1e-12)
        if case.of_the_paper:
            assert not {"guarantee", "lower_bound", "gap", "dim", "ties"} & set(shown)
        else:
            assert (shown["guarantee"], shown["dim"]) == (direct.guarantee, direct.dim)
            assert shown["lower_bound"] == pytest.approx(direct.lower_bound, rel=1e-12)
            assert shown["gap"] == pytest.approx(direct.gap, abs=1e-12 * direct.loss)
            assert shown.get("ties", "") == direct.ties
