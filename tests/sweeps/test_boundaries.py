"""Boundaries of phase diagrams: closed forms, roots, jumps and the collapse, against the minimizers on both sides."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

import ncsolve
from ncsolve import _formulas, encodings
from ncsolve._problem.sweep import Sweep
from ncsolve._sweeps.followed_curves import joined, refined
from ncsolve._sweeps.second_parameter import second_parameter
from ncsolve._sweeps.threshold_crossings import regime_changes
from tests import by_hand
from tests.sweeps.diagrams import ANY, PLANES, RELU, affine, drawn, every_plane

LAMBDA_B = np.geomspace(1e-2, 10, 9)


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
            ranks, wanted = [side.rank for side in sides], [boundary.rank_before, boundary.rank_after]
            if diagram.against == "classes":  # every row has ranks of its own
                ranks, wanted = np.diff(ranks).tolist(), np.diff(wanted).tolist()
            if ranks != wanted:
                return False
            # Class means that are about to vanish are too short for their angles to be more than rounding; and with
            # the imbalance the counts of a row have a name or none.
            unnamed = (boundary.theorem, boundary.kind) == ("T10", "rank") or diagram.against == "imbalance"
            names = [side.regime for side in sides]
            if not unnamed and names != [boundary.regime_before, boundary.regime_after]:
                return False
            apart = np.abs(sides[0].singular_values - sides[1].singular_values).max()
            size = 1.0 if boundary.jump else max(1.0, sides[0].singular_values.max())  # of counts that are not whole
            if boundary.jump != (apart > 1e-3 * size):
                return False
    return True


@every_plane
def test_boundaries(name):
    diagram, _ = drawn(name)
    assert diagram.boundaries
    assert boundaries_hold(diagram)


@every_plane
def test_boundaries_are_where_the_grid_changes(name):
    """Along every row as many boundaries as changes of the regime between neighbouring points, if one lies between."""
    (diagram, _), plane = drawn(name), PLANES[name]
    for i, value in enumerate(plane.values):
        changes = ncsolve.path(plane.problem_at(value), lambda_b=plane.lambda_b).changes
        for j, (low, high) in enumerate(itertools.pairwise(plane.lambda_b)):
            states = [(diagram.regimes[i][k], diagram.rank[i, k]) for k in (j, j + 1)]
            inside = [change for change in changes if low < change.value < high]
            if states[0] != states[1]:
                assert inside
                assert (inside[0].regime_before, inside[-1].regime_after) == (states[0][0], states[1][0])


def test_the_closed_form_of_a_deep_head_is_the_tie():
    (boundary,) = drawn("deep")[0].boundaries
    assert (boundary.theorem, boundary.jump) == ("T9", True)
    assert boundary.values.size > 100
    for i in (10, 100):
        at = PLANES["deep"].problem_at(float(boundary.values[i]))
        tie = by_hand.tie(at, float(boundary.lambda_b[i]) / 2, float(boundary.lambda_b[i]) * 2)
        assert boundary.lambda_b[i] == pytest.approx(tie, rel=1e-8)  # as in the test of the path


def test_a_wrong_boundary_is_caught(monkeypatch):
    """With the threshold of another depth the states deny the curve; and one that is moved is not a boundary."""
    plane, (diagram, _) = PLANES["deep"], drawn("deep")
    original = _formulas.deep_transition
    with monkeypatch.context() as patch:
        patch.setattr(_formulas, "deep_transition", lambda w, n, cut, p: original(w, n, cut, p + 1))
        damaged = ncsolve.phase(plane.problem, lambda_b=plane.lambda_b, against=plane.against, values=plane.values)
    assert all(boundary.theorem != "T9" for boundary in damaged.boundaries)
    assert boundaries_hold(diagram)
    moved = dataclasses.replace(diagram, boundaries=tuple(
        dataclasses.replace(boundary, lambda_b=boundary.lambda_b * 1.01) for boundary in diagram.boundaries
    ))
    assert not boundaries_hold(moved)


@pytest.mark.parametrize("name", ["deep", "deep layers", "deep smoothed"])
def test_the_collapse_of_a_deep_head(name):
    """Contrasts cost more than they gain from there on, by brute force."""
    second = second_parameter(PLANES[name].problem, PLANES[name].against, [1e-4, 1.0])
    (value,) = second.collapse_values()
    for factor, alive in ((1 - 1e-6, True), (1 + 1e-6, False)):
        out, inside = by_hand.contrast(second.problem_at(value * factor))
        assert (inside < out) == alive


def test_relu_features_collapse_on_a_curve():
    """One-hot codes: all class means vanish at t between sqrt((K - 1)/K) and 1, by lambda_b."""
    problem = RELU.replace(encoding=encodings.onehot(4))
    diagram = ncsolve.phase(problem, lambda_b=LAMBDA_B, against="t", values=[0.5, 1.2])
    (boundary,) = diagram.boundaries
    assert (boundary.regime_before, boundary.regime_after, boundary.theorem) == ("collapsed", "orthogonal", "T10")
    left = boundary.lambda_b / (1 + boundary.lambda_b)
    np.testing.assert_allclose(boundary.values, np.sqrt((3 + left**2) / 4), rtol=1e-13)
    assert diagram.collapse == ()
    second = second_parameter(problem, "t", [0.5, 1.2])
    for factor, rank in ((1 - 1e-4, 4), (1 + 1e-4, 0)):
        at = second.problem_at(float(boundary.values[50]) * factor).replace(lambda_b=float(boundary.lambda_b[50]))
        assert ncsolve.solve(at).rank == rank


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
        curve = np.exp(np.interp(value, boundary.values, np.log(boundary.lambda_b)))
        assert curve == pytest.approx(change.value, rel=0.1)  # straight lines between rows


@pytest.mark.parametrize("against", ["t", "weight_decay"])
def test_closed_boundaries_are_the_roots(against):
    """lambda_b* = t/(|w| - t) and t/(|w| - |a|), against roots found without them."""
    case = affine(encodings.smoothed(6, 0.2))
    values = [0.05, 0.2, 0.6] if against == "t" else [1e-4, 4e-4, 1e-3]
    found = ncsolve.phase(case, lambda_b=[1e-4, 1e4], against=against, values=values)
    assert [boundary.theorem for boundary in found.boundaries if boundary.kind == "orthogonal"] == ["T5"]
    second = second_parameter(case, against, values)
    for value in values:
        sweep = Sweep(problem=second.problem_at(value), name="lambda_b", values=np.array([1e-4, 1e4]))
        for change in regime_changes(sweep, closed_forms=False):
            (curve,) = (b for b in found.boundaries if b.kind == change.kind)
            assert (curve.regime_before, curve.regime_after) == (change.regime_before, change.regime_after)
            assert (curve.rank_before, curve.rank_after) == (change.rank_before, change.rank_after)
            near = np.interp(value, curve.values, np.log(curve.lambda_b))
            assert near == pytest.approx(math.log(change.value), abs=1e-3)


def test_the_first_boundary_is_exact():
    found = ncsolve.phase(affine(), lambda_b=LAMBDA_B, against="t", values=[0.1, 0.9])
    (boundary,) = found.boundaries
    np.testing.assert_allclose(boundary.lambda_b, boundary.values / (1 - boundary.values), rtol=1e-13)


def test_acute_codes_keep_the_mean_when_their_contrasts_are_gone():
    """Signed codes of six classes have |w| = 4 > |a| = 2: from t = 2 on only the mean direction is left."""
    found = ncsolve.phase(affine(encodings.signed(6)), lambda_b=[0.1, 10], against="t", values=[1.0, 3.0])
    assert found.collapse == (2.0,)
    names = {(boundary.regime_before, boundary.regime_after) for boundary in found.boundaries}
    assert names == {("simplex", "intermediate"), ("intermediate", "acute"), ("collapsed", "acute")}
    assert found.regimes[1] == ("collapsed", "acute")


def test_every_point_of_a_boundary_changes_the_rank():
    found, _ = drawn("any codes")
    second = second_parameter(found.problem, "t", found.values)
    assert len(found.boundaries) >= 2
    for boundary in found.boundaries:
        for value, lambda_b in zip(boundary.values.tolist(), boundary.lambda_b.tolist(), strict=True):
            ranks = [
                ncsolve.solve(second.problem_at(value).replace(lambda_b=lambda_b * factor)).rank
                for factor in (1 - 1e-9, 1 + 1e-9)
            ]
            assert ranks == [boundary.rank_before, boundary.rank_after]


def test_a_curve_is_followed_to_the_edge():
    """Between two rows a curve leaves the diagram: halving finds rows on which it is still there."""
    second = second_parameter(ANY, "t", [0.2, 1.2])
    grid = np.array([1e-2, 10.0])
    changes = [
        regime_changes(Sweep(problem=second.problem_at(v), name="lambda_b", values=grid)) for v in second.values
    ]
    rows = refined(second, grid, changes)
    assert len(rows) > 2
    assert [value for value, _ in rows] == sorted(value for value, _ in rows)
    assert sum(b.values.size for b in joined(rows)) > sum(len(change) for change in changes)


def test_minority_collapse_is_where_the_small_classes_vanish():
    """n/R = T^2 in real numbers; the ranks of whole counts on both sides agree."""
    case = ncsolve.UFM(encoding=encodings.onehot(6), counts=400, lambda_w=2e-3, lambda_h=2e-3, lambda_b=1)
    found = ncsolve.phase(case, lambda_b=[0.01, 1], against="imbalance", values=[1, 400])
    (ratio,) = found.collapse
    small = 400 / ratio
    assert small == pytest.approx((2e-3 * 3 * (400 + small)) ** 2, rel=1e-12)
    second = second_parameter(case, "imbalance", [1, 400])
    for lambda_b in (0.0, 0.01, 1.0, math.inf):
        for count, alive in ((math.ceil(small), True), (math.floor(small), False)):
            blocks = ncsolve.solve(second.problem_at(400 / count).replace(lambda_b=lambda_b)).blocks
            spread = blocks[0].squared_length - blocks[0].inner_product  # half the distance of two small classes
            assert (spread > 1e-12) is alive


def test_scaled_codes_scale_the_collapse():
    half = ncsolve.UFM(encoding=encodings.affine(6, 0.5, 0.0), counts=400, lambda_w=1e-3, lambda_h=1e-3, lambda_b=1)
    whole = half.replace(encoding=encodings.onehot(6), lambda_w=2e-3, lambda_h=2e-3)
    one, other = (second_parameter(case, "imbalance", [1, 400]).collapse_values() for case in (half, whole))
    assert one == pytest.approx(other, rel=1e-12)
    assert len(one) == 1
