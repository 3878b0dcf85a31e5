"""Phase diagrams of bottlenecks, deep heads and ReLU features: points, boundaries, collapse, pictures and commands."""

import dataclasses
import json
import math

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve import _formulas, encodings
from ncsolve._documents.phase import phase_document
from ncsolve._sweeps.second_parameter import second_parameter
from ncsolve.cli import main
from ncsolve.schemas import schema
from tests import beyond_by_hand

INF = math.inf
GRID = np.geomspace(1e-2, 3, 9)
DEEP = ncsolve.UFM(encoding=encodings.onehot(4), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=1, depth=2)
SMOOTHED = DEEP.replace(encoding=encodings.smoothed(4, 0.3), depth=3)
SIGNED = ncsolve.UFM(encoding=encodings.signed(6), counts=3, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1, dim=3)
RELU = ncsolve.UFM(encoding=encodings.smoothed(4, 0.3), counts=5, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1,
                   features="relu")
# problem, against, its values
DIAGRAMS = {
    "deep": (DEEP, "t", np.linspace(0.05, 0.7, 6)),
    "smoothed": (SMOOTHED, "weight_decay", np.geomspace(1e-4, 1e-2, 5)),
    "layers": (DEEP.replace(lambda_w=[1e-3, 2e-2]), "t", np.linspace(0.05, 0.7, 5)),
    "signed": (SIGNED, "t", np.linspace(0.05, 2.4, 6)),
    "relu": (RELU, "t", np.linspace(0.05, 1.0, 6)),
    "classes": (SIGNED.replace(dim=5), "classes", [3, 5, 6, 8]),
}


LONG = {"smoothed", "layers"}  # deep heads as well


@pytest.fixture(
    scope="module", name="diagram",
    params=[pytest.param(name, marks=[pytest.mark.exhaustive] if name in LONG else []) for name in DIAGRAMS],
)
def _diagram(request):
    problem, against, values = DIAGRAMS[request.param]
    return ncsolve.phase(problem, lambda_b=GRID, against=against, values=values)


def test_points_are_the_minimizers(diagram):
    second = second_parameter(diagram.problem, diagram.against, diagram.values)
    for i, value in enumerate(diagram.values.tolist()):
        for j, lambda_b in enumerate(GRID.tolist()):
            single = ncsolve.solve(second.problem_at(value).replace(lambda_b=lambda_b))
            assert diagram.regimes[i][j] == single.regime
            assert diagram.rank[i, j] == single.rank
            assert diagram.best_found[i, j] == (single.guarantee != "global")
            expected = math.nan if single.cosines is None else single.cosines.mean
            assert diagram.cosine[i, j] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def boundaries_hold(diagram):
    """On either side of points of each boundary the minimizer is the one that it says, and jumps where it says."""
    second = second_parameter(diagram.problem, diagram.against, diagram.values)
    for boundary in diagram.boundaries:
        for i in range(0, boundary.values.size, max(1, boundary.values.size // 5)):
            problem = second.problem_at(float(boundary.values[i]))
            sides = [
                ncsolve.solve(problem.replace(lambda_b=float(boundary.lambda_b[i]) * factor))
                for factor in (1 - 1e-7, 1 + 1e-7)
            ]
            if boundary.theorem == "T10" and boundary.kind == "rank":
                # Class means that are about to vanish are too short for their angles to be more than rounding.
                if [side.rank for side in sides] != [boundary.rank_before, boundary.rank_after]:
                    return False
            elif [side.regime for side in sides] != [boundary.regime_before, boundary.regime_after]:
                return False
            apart = np.abs(sides[0].singular_values - sides[1].singular_values).max()
            if boundary.jump != (apart > 1e-3):
                return False
            if not boundary.jump and boundary.kind == "rank" and sides[0].rank == sides[1].rank:
                return False
    return True


def test_boundaries(diagram):
    assert diagram.boundaries
    assert boundaries_hold(diagram)


def test_boundaries_are_where_the_grid_changes(diagram):
    """Along every row as many boundaries as changes of the regime between neighbouring points, if one lies between."""
    for i, value in enumerate(diagram.values.tolist()):
        second = second_parameter(diagram.problem, diagram.against, diagram.values)
        changes = ncsolve.path(second.problem_at(value), lambda_b=GRID).changes
        for j in range(GRID.size - 1):
            states = [(diagram.regimes[i][k], diagram.rank[i, k]) for k in (j, j + 1)]
            inside = [change for change in changes if GRID[j] < change.value < GRID[j + 1]]
            if states[0] != states[1]:
                assert inside
                assert (inside[0].regime_before, inside[-1].regime_after) == (states[0][0], states[1][0])


def test_the_closed_form_of_a_deep_head_is_the_tie():
    problem, against, values = DIAGRAMS["deep"]
    diagram = ncsolve.phase(problem, lambda_b=GRID, against=against, values=values)
    (boundary,) = diagram.boundaries
    assert (boundary.theorem, boundary.jump) == ("T9", True)
    assert boundary.values.size > 100
    second = second_parameter(problem, against, values)
    for i in (10, 100):
        at = second.problem_at(float(boundary.values[i]))
        tie = beyond_by_hand.tie(at, float(boundary.lambda_b[i]) / 2, float(boundary.lambda_b[i]) * 2)
        assert boundary.lambda_b[i] == pytest.approx(tie, rel=1e-8)  # as in the test of the path


def test_a_wrong_boundary_is_caught(monkeypatch):
    """With the threshold of another depth the states deny the curve; and one that is moved is not a boundary."""
    problem, against, values = DIAGRAMS["deep"]
    original = _formulas.deep_transition
    monkeypatch.setattr(_formulas, "deep_transition", lambda w, n, cut, p: original(w, n, cut, p + 1))
    diagram = ncsolve.phase(problem, lambda_b=GRID, against=against, values=values)
    assert all(boundary.theorem != "T9" for boundary in diagram.boundaries)
    monkeypatch.undo()
    diagram = ncsolve.phase(problem, lambda_b=GRID, against=against, values=values)
    assert boundaries_hold(diagram)
    moved = dataclasses.replace(diagram, boundaries=tuple(
        dataclasses.replace(boundary, lambda_b=boundary.lambda_b * 1.01) for boundary in diagram.boundaries
    ))
    assert not boundaries_hold(moved)


@pytest.mark.parametrize("name", ["deep", "layers", "smoothed"])
def test_the_collapse_of_a_deep_head(name):
    """Contrasts cost more than they gain from there on, by brute force."""
    problem, against, _ = DIAGRAMS[name]
    second = second_parameter(problem, against, [1e-4, 1.0])
    (value,) = second.collapse_values()
    for factor, alive in ((1 - 1e-6, True), (1 + 1e-6, False)):
        out, inside = beyond_by_hand.contrast(second.problem_at(value * factor))
        assert (inside < out) == alive


def test_layers_keep_their_ratio():
    problem, against, values = DIAGRAMS["layers"]
    at = second_parameter(problem, against, values).problem_at(0.3)
    assert at.lambda_w_layers[1] / at.lambda_w_layers[0] == pytest.approx(20, rel=1e-12)
    assert at.threshold / math.sqrt(10) == pytest.approx(0.3, rel=1e-12)


def test_relu_features_collapse_on_a_curve():
    """One-hot codes: all class means vanish at t between sqrt((K - 1)/K) and 1, by lambda_b."""
    problem = RELU.replace(encoding=encodings.onehot(4))
    diagram = ncsolve.phase(problem, lambda_b=GRID, against="t", values=[0.5, 1.2])
    (boundary,) = diagram.boundaries
    assert (boundary.regime_before, boundary.regime_after, boundary.theorem) == ("collapsed", "orthogonal", "T10")
    left = boundary.lambda_b / (1 + boundary.lambda_b)
    np.testing.assert_allclose(boundary.values, np.sqrt((3 + left**2) / 4), rtol=1e-13)
    assert diagram.collapse == ()
    second = second_parameter(problem, "t", [0.5, 1.2])
    for factor, rank in ((1 - 1e-4, 4), (1 + 1e-4, 0)):
        at = second.problem_at(float(boundary.values[50]) * factor).replace(lambda_b=float(boundary.lambda_b[50]))
        assert ncsolve.solve(at).rank == rank


def test_documents_follow_the_schema(diagram):
    document = json.loads(json.dumps(phase_document(diagram), allow_nan=False))
    jsonschema.validate(document, schema("ncsolve.phase/1"))
    assert document["model"]["depth"] == diagram.problem.depth
    assert set(diagram.columns()["guarantee"]) == {"global"}


@pytest.mark.exhaustive
def test_imbalance_under_a_deep_head():
    """Best found, and the jump between points of a row."""
    problem = ncsolve.UFM(encoding=encodings.onehot(2), counts=6, lambda_w=1e-2, lambda_h=1e-2, lambda_b=1, depth=2)
    diagram = ncsolve.phase(problem, lambda_b=[0.03, 1.0], against="imbalance", values=[1, 2])
    assert diagram.best_found.tolist() == [[False, False], [True, True]]
    assert any(boundary.jump for boundary in diagram.boundaries)


def test_what_is_open_or_too_large_is_refused():
    with pytest.raises(ncsolve.OpenProblemError, match="open problem"):
        ncsolve.phase(DEEP.replace(features="relu"), lambda_b=GRID, against="t", values=[0.1, 0.2])
    with pytest.raises(ncsolve.SizeError, match="up to 400 points"):
        ncsolve.phase(DEEP, lambda_b=np.geomspace(1e-2, 1, 150), against="imbalance", values=[1, 2, 3, 5, 10])


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--depth", "2", "--classes", "4", "--per-class", "10", "--lambda-b", "1e-2:3:9", "--against", "t=0.05:0.7:5"],
         ["deep linear head of 2 layers", "simplex to intermediate, a jump", "closed form, T9"]),
        (["--features", "relu", "--encoding", "smoothed:0.3", "--lambda-b", "1e-2:3:9", "--against", "t=0.05:0.6:5"],
         ["ReLU features", "orthogonal to acute", "closed form, T10"]),
        (["--encoding", "signed", "--classes", "6", "--dim", "3", "--lambda-b", "1e-2:3:9", "--against", "t=0.05:1:5"],
         ["bottleneck: 3 dimensions", "the label mean for a contrast, a jump", "closed form, T8"]),
    ],
    ids=["deep", "relu", "bottleneck"],
)
def test_the_command(arguments, parts, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    with pytest.raises(SystemExit) as ended:
        main(["phase", *arguments, "--plot", str(tmp_path / "p.png"), "--out", str(tmp_path / "p.csv")])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in parts:
        assert part in text, part
    assert (tmp_path / "p.png").stat().st_size > 10_000
    assert (tmp_path / "p.csv").read_text().splitlines()[0].endswith(",guarantee")


def test_a_curve_between_two_rows_is_followed_to_both_ends():
    """It begins where the contrasts vanish and leaves the diagram on the right, all below the second row."""
    problem = ncsolve.UFM(encoding=encodings.affine(2, 0.36, 0.23), counts=1, lambda_w=0.1, lambda_h=0.1, lambda_b=1,
                          dim=1, depth=3)
    diagram = ncsolve.phase(problem, lambda_b=[0.01, 20.0], against="t", values=[0.02, 0.2])
    (boundary,) = [one for one in diagram.boundaries if one.regime_before == "collapsed"]
    assert boundary.lambda_b.min() < 0.5
    assert boundary.lambda_b.max() > 15.0
    for value in (0.05, 0.1):
        (change,) = ncsolve.path(
            second_parameter(problem, "t", [0.02, 0.2]).problem_at(value), lambda_b=[0.01, 20.0]
        ).changes
        drawn = np.exp(np.interp(value, boundary.values, np.log(boundary.lambda_b)))
        assert drawn == pytest.approx(change.value, rel=0.1)  # straight lines between rows
