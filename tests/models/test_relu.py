"""T10: ReLU features."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from tests.cases import CASES
from tests.reference import descend_freely

LAMBDAS = {"lambda_w": 5e-3, "lambda_h": 5e-3, "features": "relu"}


def test_check_value():
    found = ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(3), counts=5, lambda_b=0.05, **LAMBDAS))
    assert found.loss == pytest.approx(0.030505132638388, rel=1e-13)
    assert found.gram[0, 0] == pytest.approx(0.378438921671, rel=3e-12)
    np.testing.assert_allclose(found.bias * 3, 0.432626422637, rtol=2e-12)
    assert found.regime == "orthogonal"


@pytest.mark.parametrize("lambda_b", [0.0, 0.01, 0.3, pytest.param(10.0, marks=pytest.mark.exhaustive), math.inf])
def test_one_hot_is_an_orthogonal_frame_for_every_lambda_b(lambda_b):
    problem = ncsolve.UFM(encoding=encodings.onehot(4), counts=3, lambda_b=lambda_b, **LAMBDAS)
    found = ncsolve.solve(problem)
    assert (found.regime, found.guarantee, found.transition) == ("orthogonal", "global", None)
    assert found.class_means.min() >= 0.0
    reached = [descend_freely(problem, seed, 5) for seed in range(6)]
    # Squares as features make flat valleys: descent ends a little above.
    assert min(reached) == pytest.approx(found.loss, rel=1e-9)
    assert min(reached) >= found.loss * (1 - 1e-12)
    assert found.loss >= ncsolve.solve(problem.replace(features="linear")).loss * (1 - 1e-14)


@pytest.mark.parametrize(
    ("code", "end"),
    [
        (encodings.smoothed(4, 0.3), 0.3), (encodings.affine(4, 1.0, 0.5), 2.0),
        pytest.param(encodings.signed(6), 2.0, marks=pytest.mark.exhaustive),
    ],
)
def test_where_the_orthogonal_frame_ends(code, end):
    """For |w| > |a| it ends at t/(|w| - |a|); beyond it H >= 0 costs nothing."""
    problem = ncsolve.UFM(encoding=code, counts=4, lambda_b=1.0, **LAMBDAS)
    t = problem.threshold / 2
    at = ncsolve.solve(problem).transition
    assert at == pytest.approx(t / end, rel=1e-14)
    below, above = (ncsolve.solve(problem.replace(lambda_b=at * factor)) for factor in (0.9, 1.1))
    assert (below.regime, above.regime) == ("orthogonal", "acute")
    assert above.loss == pytest.approx(ncsolve.solve(above.problem.replace(features="linear")).loss, rel=1e-14)
    assert below.loss > ncsolve.solve(below.problem.replace(features="linear")).loss * (1 + 1e-9)
    close = [ncsolve.solve(problem.replace(lambda_b=at * (1 + eps))) for eps in (-1e-9, 1e-9)]
    np.testing.assert_allclose(close[0].gram, close[1].gram, atol=1e-8)
    for found in (below, above):
        # Half of the descents end where squared features are stuck at zero; which ones, depends on the library.
        assert min(descend_freely(found.problem, seed, code.classes) for seed in range(6)) == pytest.approx(
            found.loss, rel=1e-9
        )


def test_everything_collapses_under_strong_decay():
    found = ncsolve.solve(
        ncsolve.UFM(encoding=encodings.onehot(3), counts=5, lambda_w=0.5, lambda_h=0.5, lambda_b=2.0, features="relu")
    )
    assert found.regime == "collapsed"
    np.testing.assert_allclose(found.bias, 1 / 9)


@pytest.mark.parametrize(("counts", "lambda_b"), [((9, 4, 1), 2.0), ((9, 2, 2, 1, 1), 0.3), ((40, 9, 1), math.inf)])
def test_imbalanced_one_hot_solves_a_problem_of_location(counts, lambda_b):
    problem = ncsolve.UFM(encoding=encodings.onehot(len(counts)), counts=counts, lambda_b=lambda_b, **LAMBDAS)
    found = ncsolve.solve(problem)
    assert found.method == "closed-form"
    off = found.gram - np.diag(np.diag(found.gram))
    assert np.abs(off).max() == 0.0
    reached = min(descend_freely(problem, seed, len(counts) + 1) for seed in range(6))
    assert reached == pytest.approx(found.loss, rel=1e-9)


def test_imbalanced_one_hot_leaves_the_orthogonal_frame_for_a_small_lambda_b():
    """The large class pulls the bias so far that the shifted codes of small classes meet at an acute angle."""
    found = ncsolve.solve(CASES["relu acute"].problem)
    assert (found.gram - np.diag(np.diag(found.gram))).max() > 1e-3


@st.composite
def relu_problems(draw):
    k = draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return ncsolve.UFM(
        encoding=rng.standard_normal((draw(st.integers(1, 4)), k)), counts=rng.integers(1, 7, k),
        lambda_w=10.0 ** draw(st.floats(-3, -1.5)), lambda_h=10.0 ** draw(st.floats(-3, -1.5)),
        lambda_b=draw(st.one_of(st.floats(-2, 1).map(lambda e: 10.0**e), st.sampled_from([0.0, math.inf]))),
        features="relu",
    )


@settings(max_examples=6, deadline=None)
@given(relu_problems())
def test_up_to_four_classes_the_gap_closes(problem):
    found = ncsolve.solve(problem)
    assert found.class_means.min() >= 0.0
    assert ncsolve.objective(problem, found.W, found.class_means, found.bias) == pytest.approx(found.loss, rel=1e-12)
    reached = min(descend_freely(problem, seed, problem.feature_dim + 1) for seed in range(6))
    assert reached >= found.lower_bound * (1 - 1e-12)
    assert found.loss <= reached * (1 + 1e-10)
    # Doubly nonnegative is completely positive for K <= 4; what is left is the accuracy of the programme's solver.
    assert found.gap <= 1e-6 * found.loss


@pytest.mark.parametrize("seed", range(2))
def test_more_classes_have_bounds_on_both_sides(seed):
    rng = np.random.default_rng(seed)
    problem = ncsolve.UFM(encoding=rng.standard_normal((4, 6)), counts=rng.integers(1, 6, 6), lambda_b=0.1, **LAMBDAS)
    found = ncsolve.solve(problem)
    assert found.lower_bound <= found.loss
    reached = min(descend_freely(problem, start, 12) for start in range(4))
    assert found.lower_bound <= reached * (1 + 1e-12)
    assert found.loss <= reached * (1 + 1e-9)
    linear = ncsolve.solve(problem.replace(features="linear", dim=None))
    assert found.lower_bound >= linear.loss * (1 - 1e-9)


def test_a_bottleneck_under_relu_costs():
    problem = CASES["narrow relu"].problem
    found = ncsolve.solve(problem)
    assert found.class_means.shape == (2, 4)
    assert ncsolve.solve(problem.replace(dim=4)).loss < found.lower_bound < found.loss


def test_negative_features_are_refused():
    problem = ncsolve.UFM(encoding=np.eye(2), counts=3, lambda_b=1.0, **LAMBDAS)
    with pytest.raises(ncsolve.ProblemError, match="ReLU features are nonnegative; H has the entry -1"):
        ncsolve.objective(problem, np.eye(2), -np.eye(2), np.zeros(2))


def test_the_bound_does_not_trust_what_it_is_given():
    """Multipliers and nonnegative parts that break the condition are scaled into it: the bound stays a bound."""
    from ncsolve._models.relu.dual_bound import dual_bound, multipliers

    problem = CASES["relu acute"].problem
    found = ncsolve.solve(problem)
    dual = multipliers(problem, found.W, found.class_means, found.bias)
    rng = np.random.default_rng(0)
    for _ in range(20):
        noise = rng.uniform(0, 3) * np.abs(dual).max() * rng.standard_normal(dual.shape)
        slack = np.abs(rng.standard_normal((3, 3))) * 1e-4
        assert dual_bound(problem, dual + noise, slack + slack.T) < found.loss
        assert dual_bound(problem, dual + noise) < found.loss
    assert dual_bound(problem, dual) == pytest.approx(found.loss, rel=1e-8)


@pytest.mark.parametrize("seed", [3, 4, 60, 100])
def test_random_codes_without_curvature_for_the_bias(seed):
    """Codes on a line and a free bias: plain Newton's method for the bias has nothing to work with."""
    rng = np.random.default_rng(1000 + seed)
    k = int(rng.integers(2, 5))
    problem = ncsolve.UFM(
        encoding=rng.standard_normal((int(rng.integers(1, 5)), k)), counts=rng.integers(1, 7, k),
        lambda_w=10.0 ** rng.uniform(-3, -1.5), lambda_h=10.0 ** rng.uniform(-3, -1.5),
        lambda_b=[10.0 ** rng.uniform(-2, 1), 0.0, math.inf][int(rng.integers(0, 3))], features="relu",
    )
    found = ncsolve.solve(problem)
    assert found.guarantee == "global"
    assert found.gap <= 1e-8 * found.loss


@pytest.mark.parametrize(
    ("codes", "counts"),
    [
        ([[0.85, 0.15], [0.15, 0.85]], [40, 3]),
        ([[-1.0, 0.4], [0.5, 0.2], [1.4, 1.0]], [3, 6]),
    ],
)
def test_a_free_bias_between_two_far_codes_is_found(codes, counts):
    """Both codes pull with a constant force: Newton's method has no curvature along their line."""
    problem = ncsolve.UFM(encoding=codes, counts=counts, lambda_w=1.6e-3, lambda_h=2e-3, lambda_b=0.0, features="relu")
    found = ncsolve.solve(problem)
    assert found.guarantee == "global"
    assert found.gap <= 1e-12 * found.loss
    assert found.loss == pytest.approx(min(descend_freely(problem, seed, 3) for seed in range(4)), rel=1e-8)


def test_no_transition_without_room_for_an_orthogonal_frame():
    smoothed = ncsolve.UFM(encoding=encodings.smoothed(4, 0.3), counts=3, lambda_b=0.1, **LAMBDAS)
    assert ncsolve.solve(smoothed).transition is not None
    assert ncsolve.solve(smoothed.replace(dim=3)).transition is None


@pytest.mark.parametrize("codes", [np.eye(2), [[0.3, 2.0], [-1.0, 0.4], [0.0, 1.0]]])
def test_two_classes_leave_a_free_bias_free(codes):
    """The loss is the same at another bias between the codes, with the class means that belong to it."""
    problem = ncsolve.UFM(encoding=codes, counts=4, lambda_w=6e-3, lambda_h=4e-3, lambda_b=0, features="relu")
    found = ncsolve.solve(problem)
    assert "anywhere between the two codes" in found.ties
    e, n, total = problem.encoding.matrix, 4, 8
    bias = 0.6 * e[:, 0] + 0.4 * e[:, 1]
    shifted = e - bias[:, None]
    squares = math.sqrt(6e-3 / 4e-3) * np.linalg.norm(shifted, axis=0) * math.sqrt(n) - total * 6e-3
    assert (squares > 0).all()
    features = np.sqrt(squares)
    loss = ncsolve.objective(
        problem, shifted * math.sqrt(n) * features / (squares + total * 6e-3), np.diag(features / math.sqrt(n)), bias
    )
    assert loss == pytest.approx(found.loss, rel=1e-13)
    assert not np.allclose(bias, found.bias)
    assert ncsolve.solve(problem.replace(counts=[4, 5])).ties == ncsolve.solve(problem.replace(lambda_b=0.1)).ties == ""


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, 1.0, 10.0, math.inf])
@pytest.mark.parametrize("codes", [[[1.0]], [[-2.0]], [[1.0], [2.0], [-1.0]]])
def test_a_single_class_needs_no_sign(lambda_b, codes):
    """One nonnegative direction is enough: the linear minimum, and its bias."""
    problem = ncsolve.UFM(encoding=codes, counts=5, lambda_w=1e-2, lambda_h=1e-2, lambda_b=lambda_b, features="relu")
    found, linear = ncsolve.solve(problem), ncsolve.solve(problem.replace(features="linear"))
    assert found.guarantee == "global"
    assert found.loss == pytest.approx(linear.loss, rel=1e-13, abs=1e-18)
    np.testing.assert_allclose(found.bias, linear.bias, rtol=1e-12)


@pytest.mark.parametrize(("lambda_b", "rank"), [(0.0, 4), (0.1, 5)])
def test_class_means_span_more_dimensions_than_a_free_bias_lets_w_see(lambda_b, rank):
    from ncsolve._words.class_means import class_means_words, figures_of

    found = ncsolve.solve(
        ncsolve.UFM(encoding=ncsolve.encodings.onehot(5), counts=4, lambda_w=0.01, lambda_h=0.01, lambda_b=lambda_b,
                    features="relu")
    )
    assert np.linalg.matrix_rank(found.class_means) == 5
    assert np.linalg.matrix_rank(found.W @ found.class_means, tol=1e-9) == found.rank == rank
    assert "they span 5 dimensions" in class_means_words(found, figures_of(found))


def test_the_span_of_shared_features():
    codes = np.random.default_rng(0).standard_normal((2, 4))
    problem = ncsolve.UFM(encoding=codes, counts=3, lambda_w=0.01, lambda_h=0.01, lambda_b=0.1, features="relu")
    found = ncsolve.solve(problem)
    assert found.frame.span == np.linalg.matrix_rank(found.class_means, tol=1e-9)


# K, |a|, |w|, t and what happens along lambda_b: states that change where solve says so
ALONG_LAMBDA_B = [
    (4, 1.0, 1.0, 0.95, ("collapsed", "orthogonal")), (4, 0.5, 1.5, 0.8, ("collapsed", "acute")),
    (4, 1.0, 2.0, 0.9, ("orthogonal", "acute")), (5, 2.0, 3.0, 0.3, ("orthogonal", "acute")),
    (10, 1.0, 1.0, 0.96, ("collapsed", "orthogonal")),
]


@pytest.mark.parametrize(("k", "a", "w", "t", "regimes"), ALONG_LAMBDA_B)
def test_the_transition_is_where_the_solution_changes(k, a, w, t, regimes):
    from ncsolve._words.model import transition

    weight_decay = t / (k * 2.0)
    problem = ncsolve.UFM(encoding=encodings.affine(k, a, (w - a) / k), counts=4, lambda_w=weight_decay,
                          lambda_h=weight_decay, lambda_b=1.0, features="relu")
    star = ncsolve.solve(problem).transition
    found = [ncsolve.solve(problem.replace(lambda_b=star * factor)) for factor in (1 - 1e-6, 1 + 1e-6)]
    assert tuple(each.regime for each in found) == regimes
    text = transition(found[0], ncsolve.convention("paper"))
    assert f"lambda_b = {star:.7g}"[:16] in text
    assert ("all class means are zero up to it" in text) == (regimes[0] == "collapsed")


def test_where_all_class_means_are_zero_nothing_is_promised():
    from ncsolve._models.relu.model import alive_from
    from ncsolve._words.model import transition

    paper = ncsolve.convention("paper")
    dead = ncsolve.UFM(encoding=encodings.onehot(4), counts=4, lambda_w=1.05 / 8, lambda_h=1.05 / 8, lambda_b=1.0,
                       features="relu")
    assert transition(ncsolve.solve(dead), paper) == "none: all class means are zero for every lambda_b"
    # both changes: zero up to 0.32, orthogonal up to 0.9, acute beyond
    both = dead.replace(encoding=encodings.affine(4, 1.0, 0.25), lambda_w=0.9 / 8, lambda_h=0.9 / 8)
    start = alive_from(both)
    assert [ncsolve.solve(both.replace(lambda_b=start * x)).regime for x in (1 - 1e-6, 1 + 1e-6)] == [
        "collapsed", "orthogonal"
    ]
    assert f"all are zero up to {start:.5f}"[:24] in transition(ncsolve.solve(both), paper)


@pytest.mark.parametrize(("k", "a", "w", "t", "regimes"), ALONG_LAMBDA_B)
def test_class_means_live_from_where_they_begin_to(k, a, w, t, regimes):
    from ncsolve._models.relu.model import alive_from

    weight_decay = t / (k * 2.0)
    problem = ncsolve.UFM(encoding=encodings.affine(k, a, (w - a) / k), counts=4, lambda_w=weight_decay,
                          lambda_h=weight_decay, lambda_b=1.0, features="relu")
    start = alive_from(problem)
    alive = [ncsolve.solve(problem.replace(lambda_b=at)).rank > 0 for at in (1e-9, math.inf)]
    assert (start is not None) == (alive == [False, True])
    if start is not None:
        around = [ncsolve.solve(problem.replace(lambda_b=start * x)).rank > 0 for x in (1 - 1e-6, 1 + 1e-6)]
        assert around == [False, True]


@pytest.mark.parametrize("scale", [1.0, 0.5, 3.3])
def test_one_class_at_its_threshold_has_no_half_of_a_minimizer(scale):
    """Where the scalars count a class mean as rounding, both W and H are zero."""
    problem = ncsolve.UFM(
        encoding=ncsolve.encodings.affine(1, scale, 0.0), counts=2, lambda_w=1e-3, lambda_h=1e-2, lambda_b=1.0,
        features="relu",
    )
    diagram = ncsolve.phase(problem, lambda_b=[0.1, 2.0], against="t", values=[0.3 * scale, 0.8 * scale, 1.3 * scale])
    assert (diagram.rank[-1] == 0).all()
