"""Paths of bottlenecks, deep heads and ReLU features: losses against brute force, jumps against ties."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings

import ncsolve
from ncsolve import encodings
from ncsolve._documents.path import path_document
from ncsolve._sweeps import point_by_point
from ncsolve._sweeps.second_minimum import latent_minimum
from ncsolve.deep import Shrinkage
from tests import by_hand
from tests.strategies import balanced_model_problems
from tests.sweeps.points import check_changes, check_path

INF = math.inf
GRID = np.concatenate(([0.0], np.geomspace(1e-3, 10, 9), [INF]))
DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=0.05, depth=2)
SMOOTHED = DEEP.replace(encoding=encodings.smoothed(5, 0.3), counts=10, lambda_w=1e-3, depth=3)
NARROW = ncsolve.UFM(encoding=encodings.onehot(6), counts=4, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1, dim=5)
SIGNED = ncsolve.UFM(encoding=encodings.signed(6), counts=3, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1, dim=3)
RELU = ncsolve.UFM(encoding=encodings.smoothed(4, 0.3), counts=5, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1,
                   features="relu")
# Found by descent, and as few points of it as will do.
UNEQUAL = ncsolve.UFM(encoding=encodings.onehot(2), counts=[6, 3], lambda_w=1e-2, lambda_h=1e-2, lambda_b=1, depth=2)


@given(balanced_model_problems())
@settings(max_examples=30)
def test_the_sides_of_a_jump_tie(problem):
    """And the states between changes follow on one another."""
    changes = ncsolve.path(problem, lambda_b=[0.0, 1e-3, 0.1, 10.0, INF]).changes
    for change in changes:
        assert (change.before is not None) == (change.after is not None) == change.jump
        if change.jump:
            assert change.before.loss == pytest.approx(change.after.loss, rel=1e-10)
            assert problem.depth > 1 or change.kind == "exchange"
    for one, other in itertools.pairwise(changes):
        assert one.value < other.value
        assert (one.regime_after, one.rank_after) == (other.regime_before, other.rank_before)


def agrees_with_brute_force(path):
    return all(
        abs(path.loss[i] - by_hand.loss(path.problem_at(i))) <= 1e-9 * path.loss[i] for i in range(len(path))
    )


@pytest.mark.parametrize("problem", [DEEP, SMOOTHED, NARROW, SIGNED, SIGNED.replace(depth=2)], ids=repr)
def test_losses_are_those_of_brute_force(problem):
    """Among all choices of directions and branches there is none that costs less."""
    assert agrees_with_brute_force(ncsolve.path(problem, lambda_b=GRID))


def test_a_path_that_ignores_the_depth_is_caught(monkeypatch):
    original = point_by_point.solve
    monkeypatch.setattr(point_by_point, "solve", lambda problem: original(problem.replace(depth=1)))
    assert not agrees_with_brute_force(ncsolve.path(DEEP, lambda_b=GRID))


def test_a_path_that_takes_the_latent_branch_is_caught(monkeypatch):
    """The label mean is kept wherever it has a branch, without a comparison with zero."""
    grid = [0.035, 0.038]  # between latent_from = 0.0328 and the tie at 0.0393
    assert agrees_with_brute_force(ncsolve.path(DEEP, lambda_b=grid))
    monkeypatch.setattr(Shrinkage, "threshold", Shrinkage.existence)
    path = ncsolve.path(DEEP, lambda_b=grid)
    assert path.rank.tolist() == [3, 3], "the damage must bite"
    assert not agrees_with_brute_force(path)


@pytest.mark.parametrize("problem", [DEEP, SMOOTHED, DEEP.replace(encoding=encodings.signed(3))], ids=repr)
def test_the_transition_of_a_deep_head_is_a_jump_where_both_branches_cost_the_same(problem):
    change = ncsolve.path(problem, lambda_b=GRID).changes[0]
    assert change.theorem == "T9"
    assert change.jump
    # brute force knows the losses to 1e-13 or so, and their difference has a slope of about 1e-2
    assert change.value == pytest.approx(by_hand.tie(problem, change.value / 2, change.value * 2), rel=1e-8)
    tie = ncsolve.deep.first_order_transition(problem)
    assert change.value == tie.lambda_b
    for side, exact in ((change.before, tie.before), (change.after, tie.after)):
        assert side.loss == pytest.approx(exact.loss, rel=1e-12)
        np.testing.assert_allclose(side.singular_values, exact.singular_values, rtol=0, atol=1e-9)
    assert (change.rank_before, change.rank_after) == (problem.classes - 1, problem.classes)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_bottleneck_exchanges_a_contrast_for_the_label_mean(depth):
    """Between directions of which neither is zero: the rank stays as it is, the singular values jump."""
    problem = SIGNED.replace(depth=depth)
    (change,) = ncsolve.path(problem, lambda_b=GRID).changes
    assert (change.kind, change.jump, change.theorem) == ("exchange", True, "T8" if depth == 1 else "")
    assert change.value == pytest.approx(by_hand.tie(problem, 0.1, 1.0), rel=1e-8)
    assert change.before.loss == pytest.approx(change.after.loss, rel=1e-11)
    assert change.after.singular_values[0] > 1.5 * change.before.singular_values[0]
    assert change.rank_before == change.rank_after == 3


@pytest.mark.parametrize("dim", [1, 3, 5])
def test_one_hot_codes_in_a_bottleneck_have_no_transition(dim):
    path = ncsolve.path(NARROW.replace(dim=dim), lambda_b=GRID)
    assert path.changes == ()
    assert set(path.rank.tolist()) == {dim}


def test_relu_features():
    """None for one-hot codes; the end of the orthogonal frame at t/(|w| - |a|) otherwise, without a jump."""
    assert ncsolve.path(RELU.replace(encoding=encodings.onehot(4)), lambda_b=GRID).changes == ()
    (change,) = ncsolve.path(RELU, lambda_b=GRID).changes
    t = RELU.threshold / math.sqrt(5)
    assert change.value == pytest.approx(t / 0.3, rel=1e-14)
    assert (change.theorem, change.jump) == ("T10", False)
    assert (change.regime_before, change.regime_after) == ("orthogonal", "acute")
    for factor in (1 - 1e-6, 1 + 1e-6):
        cosine = ncsolve.solve(RELU.replace(lambda_b=change.value * factor)).cosines.mean
        assert (cosine > 1e-9) == (factor > 1)


def test_all_class_means_reach_zero_under_relu_features():
    """Where lambda_b decides whether there are class means at all: t between sqrt((K - 1)/K) and 1."""
    problem = RELU.replace(encoding=encodings.onehot(4), lambda_w=0.95 / (4 * math.sqrt(5)),
                           lambda_h=0.95 / (4 * math.sqrt(5)))
    (change,) = ncsolve.path(problem, lambda_b=GRID).changes
    left = math.sqrt(4 * 0.95**2 - 3)
    assert change.value == pytest.approx(left / (1 - left), rel=1e-11)
    assert (change.regime_before, change.regime_after, change.jump) == ("collapsed", "orthogonal", False)


@pytest.mark.parametrize(
    ("problem", "name", "values"),
    [
        (DEEP, "lambda_w", np.geomspace(1e-4, 1, 12)), (DEEP, "lambda_h", np.geomspace(1e-5, 0.1, 12)),
        (SMOOTHED.replace(lambda_b=0.05), "lambda_w", np.geomspace(1e-4, 1, 12)),
        (DEEP, "alpha", np.linspace(0, 0.9, 10)), (RELU, "lambda_w", np.geomspace(1e-4, 5, 12)),
        (SIGNED, "lambda_h", np.geomspace(1e-4, 10, 12)),
        (DEEP.replace(counts=[20, 9, 3], lambda_b=INF), "lambda_w", np.geomspace(1e-4, 1, 12)),
    ],
    ids=["deep w", "deep h", "smoothed", "alpha", "relu", "signed", "imbalanced"],
)
def test_changes_along_other_parameters(problem, name, values):
    path = ncsolve.path(problem, **{name: values})
    check_path(path)
    assert path.changes
    check_changes(path)


def test_changes_along_counts():
    """Without a bias the first whole number above the threshold of the class (T9)."""
    problem = ncsolve.UFM(encoding=encodings.onehot(4), counts=[200, 100, 9, 5], lambda_w=2e-2, lambda_h=5e-4,
                          lambda_b=INF, depth=2)
    (change,) = ncsolve.path(problem, count=np.arange(1, 60, 7), of_class=2).changes
    ranks = [ncsolve.solve(problem.replace(counts=[200, 100, n, 5])).rank for n in range(1, 60)]
    assert int(change.value) == 1 + next(i for i in range(1, 59) if ranks[i] != ranks[0])


@pytest.mark.exhaustive
def test_a_jump_between_points_that_were_found_by_descent():
    path = ncsolve.path(UNEQUAL, lambda_b=[0.03, 1.0])
    assert path.guarantees == ("best found",) * 2
    (jump,) = path.changes
    assert (jump.jump, jump.accuracy, jump.theorem) == (True, 1e-6, "")
    assert (jump.rank_before, jump.rank_after) == (1, 2)
    # the losses of the two branches differ by the slope of a loss times 1e-6 of lambda_b
    assert jump.before.loss == pytest.approx(jump.after.loss, rel=1e-6)
    for factor, rank in ((0.999, 1), (1.001, 2)):
        assert ncsolve.solve(UNEQUAL.replace(lambda_b=jump.value * factor)).rank == rank


def test_the_latent_branch():
    path = ncsolve.path(DEEP, lambda_b=GRID)
    (change,) = path.changes
    latent, tie = path.latent, ncsolve.deep.first_order_transition(DEEP)
    assert latent.values[0] == pytest.approx(tie.latent_from, rel=1e-11)
    assert np.all(np.diff(latent.values) >= 0)
    np.testing.assert_array_equal(latent.mean_in, np.arange(latent.values.size) <= np.searchsorted(
        latent.values, change.value))
    at = np.flatnonzero(latent.values == change.value)
    np.testing.assert_allclose(latent.cosine[at], [change.after.cosines.mean, change.before.cosines.mean], atol=1e-9)
    for value, loss in zip(latent.values, latent.loss, strict=True):
        assert loss >= ncsolve.solve(DEEP.replace(lambda_b=value)).loss * (1 - 1e-12)
    assert ncsolve.path(NARROW, lambda_b=GRID).latent is None
    assert ncsolve.path(RELU, lambda_b=GRID).latent is None


@pytest.mark.parametrize("lambda_b", [0.036, 0.05, 3.0])
def test_the_latent_branch_is_a_local_minimum(lambda_b):
    """The objective, from its definition, does not fall in any of many random directions."""
    other = latent_minimum(DEEP.replace(lambda_b=lambda_b))
    loss = ncsolve.objective(other.problem, other.layers, other.class_means, other.bias)
    assert loss == pytest.approx(other.loss, rel=1e-13)
    rng = np.random.default_rng(0)
    for _ in range(200):
        parts = (*other.layers, other.class_means, other.bias)
        moved = [part + 1e-4 * rng.standard_normal(part.shape) for part in parts]
        assert ncsolve.objective(other.problem, moved[:-2], *moved[-2:]) >= loss * (1 - 1e-13)


def test_ties_and_progress_of_points_that_are_solved_one_by_one():
    path = ncsolve.path(SIGNED, lambda_b=GRID)
    assert all("of the 5 contrast directions" in text for text in path.ties)
    assert path.columns()["lower_bound"] == path.lower_bounds.tolist()
    assert not ncsolve.path(SIGNED.replace(dim=None), lambda_b=GRID).beyond
    done = []
    ncsolve.path(RELU, lambda_b=GRID, progress=done.append)
    assert done == list(range(1, len(GRID) + 1))


def test_a_path_and_its_jump_in_another_convention():
    convention = ncsolve.convention("torch-mean")
    path = ncsolve.path(DEEP, lambda_b=GRID)
    factor = convention.factors(DEEP.samples, DEEP.code_length)[2]
    scale = convention.loss_factor(DEEP.samples, DEEP.code_length)
    (plain,), (other,) = (path_document(path)["changes"], path_document(path, convention=convention)["changes"])
    assert other["value"] == pytest.approx(plain["value"] / factor, rel=1e-14)
    np.testing.assert_allclose(other["jump"]["loss"], np.array(plain["jump"]["loss"]) * scale, rtol=1e-14)


def test_open_and_oversized_problems_are_refused():
    with pytest.raises(ncsolve.OpenProblemError, match="ReLU features under a deep head are an open problem"):
        ncsolve.path(DEEP.replace(features="relu"), lambda_b=GRID)
    with pytest.raises(ncsolve.SizeError, match="up to 400 points"):
        ncsolve.path(UNEQUAL, lambda_b=np.geomspace(1e-3, 1, 401))
    with pytest.raises(ncsolve.ProblemError, match="lambda_b"):
        ncsolve.path(DEEP, lambda_b=[-1.0])


@pytest.mark.parametrize("dim", [4, 5])
def test_class_means_that_go_to_zero_do_not_jump_there(dim):
    """One layer: the singular values leave the class means continuously, also under a bottleneck."""
    problem = ncsolve.UFM(encoding=encodings.onehot(5), counts=4, lambda_w=0.14, lambda_h=0.03, lambda_b=0.3, dim=dim,
                          features="linear")
    found = [change for change in ncsolve.path(problem, lambda_h=np.geomspace(1e-4, 1, 9)).changes if not
             change.rank_after]
    assert [(change.rank_before, change.jump) for change in found] == [(4, False)]


def test_metrics_are_undefined_where_rounding_leaves_no_class_mean():
    """A few roundings before the threshold the scalars have a direction that the arrays have not."""
    problem = ncsolve.UFM(encoding=encodings.affine(2, 1.25, -0.1), counts=7, lambda_w=0.1,
                          lambda_h=0.55803571428571, lambda_b=0.3, dim=1)
    assert problem.threshold == pytest.approx(1.25 * math.sqrt(7), rel=1e-13)
    assert ncsolve.solve(problem).nc.nc3 in (None, 0.0)
    lambda_h = problem.lambda_h
    for _ in range(60):
        lambda_h = float(np.nextafter(lambda_h, 1))
        assert ncsolve.solve(problem.replace(lambda_h=lambda_h)).nc.nc3 in (None, pytest.approx(0.0, abs=1e-6))


@pytest.mark.parametrize("own", [10.0, 1e-3])
def test_a_path_does_not_depend_on_its_own_value_of_the_parameter(own):
    """The state of narrow ReLU features is known for a strong weight decay only, which the problem's own may be."""
    problem = ncsolve.UFM(
        encoding=encodings.onehot(3), counts=2, lambda_w=own, lambda_h=0.01, lambda_b=0.2, dim=2, features="relu"
    )
    changes = ncsolve.path(problem, lambda_w=[0.01, 0.3, 2, 5]).changes
    # One of three equal classes has no dimension, whichever rounding chooses: that it is another is no change.
    assert [(change.kind, change.jump) for change in changes] == [("rank", False)]


def test_a_deep_head_without_a_bias_ends_in_an_orthogonal_frame():
    """The state that scalars tell is the regime that the arrays have, at lambda_b = inf too."""
    from ncsolve._models.registry import model_of

    problem = ncsolve.UFM(
        encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=np.inf, depth=2
    )
    assert model_of(problem).state(problem).regime == ncsolve.solve(problem).regime == "orthogonal"
