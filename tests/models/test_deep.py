"""T9: deep linear heads."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import deep, encodings
from ncsolve.deep import Shrinkage
from tests.cases import CASES
from tests.reference import descend_freely, loss_of
from tests.strategies import arrays, lambdas

# K = 3, n = 10: depth, lambda_w, lambda_h, lambda_b, loss, beta, s_mu; the theory gives ten digits of the loss.
KNOWN = [
    (2, 5e-3, 5e-4, 0.02, 0.0181925944, 0.98039, 0.0),
    (2, 5e-3, 5e-4, 0.05, 0.0215227990, 0.34937, 0.6332),
    (3, 1e-2, 1e-3, 0.1, 0.0548468746, 0.90909, 0.0),
    (3, 1e-2, 1e-3, 0.2, 0.0586949650, 0.16785, 0.7986),
]


@pytest.mark.parametrize(("depth", "lambda_w", "lambda_h", "lambda_b", "loss", "beta", "s_mu"), KNOWN)
def test_check_values(depth, lambda_w, lambda_h, lambda_b, loss, beta, s_mu):
    problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=lambda_w, lambda_h=lambda_h,
                          lambda_b=lambda_b, depth=depth)
    found = ncsolve.solve(problem)
    assert found.loss == pytest.approx(loss, rel=3e-9)
    np.testing.assert_allclose(found.bias * 3, beta, atol=6e-6)
    along = np.linalg.norm(found.W @ found.class_means @ np.ones(3)) / math.sqrt(3)
    assert along == pytest.approx(s_mu, abs=6e-5)
    assert min(descend_freely(problem, seed, 3) for seed in range(4)) == pytest.approx(found.loss, rel=1e-10)


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_the_experiments_of_dang_et_al(depth):
    """K = 4, counts 200, 100, 50, 50, all lambdas 5e-4, no bias: direct optimisation agrees in the loss."""
    problem = ncsolve.UFM(encoding=encodings.onehot(4), counts=[200, 100, 50, 50], lambda_w=5e-4, lambda_h=5e-4,
                          lambda_b=math.inf, depth=depth)
    found = ncsolve.solve(problem)
    assert min(descend_freely(problem, seed, 4) for seed in range(4)) == pytest.approx(found.loss, abs=1e-8)
    assert found.cosines.max == pytest.approx(0.0, abs=1e-14)


def test_small_classes_vanish_although_their_branch_exists():
    problem = ncsolve.UFM(encoding=encodings.onehot(4), counts=[200, 100, 9, 5], lambda_w=2e-2, lambda_h=5e-4,
                          lambda_b=math.inf, depth=2)
    gone, latent = deep.class_thresholds(problem)
    assert 5 < latent < 9 < gone < 100, (latent, gone)  # chosen so that one class is between the two
    found = ncsolve.solve(problem)
    np.testing.assert_array_equal(np.diag(found.gram) > 0, [True, True, False, False])
    # The largest root for every class, a known mistake, costs more.
    scalar = deep.shrinkage_of(problem)
    kept = float(scalar.larger_branch([3.0])[0])  # sqrt(9)
    assert kept > 0
    assert scalar.cost(kept, 3.0) > scalar.cost(0.0, 3.0)
    assert min(descend_freely(problem, seed, 4) for seed in range(4)) >= found.loss * (1 - 1e-12)


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("code", [encodings.onehot(4), encodings.smoothed(4, 0.2), encodings.signed(5)])
def test_first_order_transition(depth, code):
    problem = ncsolve.UFM(encoding=code, counts=10, lambda_w=3e-3, lambda_h=1e-3, lambda_b=1.0, depth=depth)
    tie = deep.first_order_transition(problem)
    assert tie.before.loss == pytest.approx(tie.after.loss, rel=1e-13)
    assert tie.before.rank == code.classes - 1
    assert tie.after.rank == code.classes
    assert tie.latent_from < tie.lambda_b
    mean = np.ones(code.classes) / math.sqrt(code.classes)
    z = np.linalg.norm(tie.after.W @ (tie.after.class_means @ mean))
    assert z == pytest.approx(tie.jump, rel=1e-12)
    below, above = (ncsolve.solve(problem.replace(lambda_b=tie.lambda_b * (1 + eps))) for eps in (-1e-6, 1e-6))
    assert (below.rank, above.rank) == (code.classes - 1, code.classes)
    assert above.transition == pytest.approx(tie.lambda_b, rel=1e-15)
    # Both branches are stationary on both sides: the scalar problem has three points there.
    from ncsolve._models.layered.thresholds import mean_branches

    assert [branch.minimum for branch in mean_branches(below.problem)] == [True, False, True]
    assert len(mean_branches(problem.replace(lambda_b=tie.latent_from * 0.999))) == 1


def test_no_transition_for_one_layer_or_short_means():
    problem = ncsolve.UFM(encoding=encodings.onehot(4), counts=10, lambda_w=3e-3, lambda_h=1e-3, lambda_b=1.0)
    assert deep.first_order_transition(problem) is None
    assert deep.first_order_transition(problem.replace(depth=2, encoding=encodings.simplex(4))) is None
    assert deep.first_order_transition(problem.replace(depth=2, counts=[10, 10, 10, 9])) is None


def test_layers_are_balanced_and_their_product_is_the_classifier():
    problem = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=(5, 20, 1, 10),
                          lambda_w=[1e-3, 4e-3, 2e-3], lambda_h=4e-3, lambda_b=0.0, depth=3, dim=5)
    found = ncsolve.solve(problem)
    first, second, third = found.layers
    assert [layer.shape for layer in found.layers] == [(5, 5), (5, 5), (3, 5)]
    np.testing.assert_allclose(third @ second @ first, found.W, atol=1e-15)
    np.testing.assert_allclose(found.bias, problem.label_mean)
    h = found.class_means * np.sqrt(np.asarray(problem.counts))
    np.testing.assert_allclose(1e-3 * first.T @ first, 4e-3 * h @ h.T, atol=1e-15)
    np.testing.assert_allclose(4e-3 * second.T @ second, 1e-3 * first @ first.T, atol=1e-15)
    np.testing.assert_allclose(2e-3 * third.T @ third, 4e-3 * second @ second.T, atol=1e-15)
    assert loss_of(found) == pytest.approx(found.loss, rel=1e-13)


def test_strong_layers_cannot_be_told_from_their_mean():
    """Loss, bias and singular values depend on the layers' weight decay through its geometric mean only."""
    problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=[5e-3, 1e-2], lambda_h=5e-4, lambda_b=0.05,
                          depth=2)
    one, other = ncsolve.solve(problem), ncsolve.solve(problem.replace(lambda_w=math.sqrt(5e-3 * 1e-2)))
    assert one.loss == pytest.approx(other.loss, rel=1e-13)
    np.testing.assert_allclose(one.bias, other.bias, rtol=1e-13)
    np.testing.assert_allclose(one.singular_values, other.singular_values, rtol=1e-13)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-6, 6).map(lambda e: 10.0**e), st.floats(-3, 3).map(lambda e: 10.0**e), st.integers(2, 12),
    st.floats(0, 4).map(lambda e: 10.0**e),
)
def test_the_scalar_problem_against_a_grid(constant, relative, factors, samples):
    scalar = Shrinkage(constant=constant, factors=factors, samples=samples)
    g = scalar.threshold * relative
    z = float(scalar.minimize(g))
    grid = g * np.concatenate(([0.0], np.geomspace(1e-12, 1.0, 4000)))
    assert scalar.cost(z, g) <= scalar.cost(grid, g).min() * (1 + 1e-13)
    for branch in scalar.branches(g):
        assert scalar.cost(z, g) <= branch.cost * (1 + 1e-13)
    assert (z == 0.0) == (relative <= 1.0 + 1e-14)


@st.composite
def deep_problems(draw):
    codes = draw(arrays(max_length=3, max_classes=4))
    depth = draw(st.integers(2, 3))
    return ncsolve.UFM(
        encoding=codes, counts=draw(st.lists(st.integers(1, 5), min_size=codes.shape[1], max_size=codes.shape[1])),
        lambda_w=[draw(lambdas) for _ in range(depth)], lambda_h=draw(lambdas), depth=depth,
        lambda_b=draw(st.sampled_from([0.0, math.inf])),
    )


@settings(max_examples=8, deadline=None)
@given(deep_problems())
def test_no_descent_goes_below(problem):
    found = ncsolve.solve(problem)
    assert found.guarantee == "global"
    assert found.lower_bound == found.loss
    size = ncsolve.objective(problem, [np.zeros_like(layer) for layer in found.layers], 0 * found.class_means,
                             0 * found.bias)
    reached = [descend_freely(problem, seed, problem.feature_dim) for seed in range(2)]
    assert min(reached) >= found.loss - 1e-12 * size


def test_a_free_bias_bounds_what_is_best_found():
    problem = CASES["deep by descent"].problem
    free = ncsolve.solve(problem.replace(lambda_b=0.0))
    assert ncsolve.solve(problem).lower_bound == pytest.approx(free.loss, rel=1e-14)


@pytest.mark.parametrize(("codes", "numbers"), [([[3.0], [4.0]], [5]), ([[1.0] * 3, [-0.5] * 3], [2, 3, 1])])
@pytest.mark.parametrize("lambda_b", [1e-3, 0.3, 20.0])
def test_one_code_for_all_classes_is_one_scalar_problem(codes, numbers, lambda_b):
    problem = ncsolve.UFM(encoding=codes, counts=numbers, lambda_w=[0.02, 0.03], lambda_h=0.01, lambda_b=lambda_b,
                          depth=2)
    found = ncsolve.solve(problem)
    assert (found.guarantee, found.method) == ("global", "closed-form")
    assert min(descend_freely(problem, seed, 1) for seed in range(6)) == pytest.approx(found.loss, rel=1e-10)
    # A grid over the share of the code that the bias takes, each with its own scalar problem.
    code, n = problem.encoding.matrix[:, 0], problem.samples
    share = np.linspace(0.0, 1.0, 2001)
    g = np.linalg.norm(code) * math.sqrt(n) * (1 - share)
    scalar = deep.shrinkage_of(problem)
    grid = scalar.cost(scalar.minimize(g), g) + lambda_b * share**2 * float(code @ code) / 2
    assert grid.min() >= found.loss * (1 - 1e-13)
    assert grid.min() == pytest.approx(found.loss, rel=1e-3)  # the grid is that coarse


def test_ties_are_told():
    """At the transition over lambda_b, and where a class has exactly the threshold's count."""
    problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=1.0, depth=2)
    tie = deep.first_order_transition(problem)
    at = ncsolve.solve(problem.replace(lambda_b=tie.lambda_b))
    for found in (at, tie.before, tie.after):
        assert found.ties.startswith("the label mean is at its hard threshold")
    for factor in (1 - 1e-9, 1 + 1e-9):
        assert ncsolve.solve(problem.replace(lambda_b=tie.lambda_b * factor)).ties == ""
    classes = ncsolve.UFM(encoding=encodings.onehot(3), counts=[100, 9, 4], lambda_w=1e-3, lambda_h=1e-3,
                          lambda_b=math.inf, depth=2)
    unit = deep.shrinkage_of(classes).threshold / 3  # codes that put the class of 9 at the threshold
    kept = "1 singular value is at the hard threshold: kept or dropped"
    for factor, text in ((1.0, kept), (1 + 1e-9, ""), (1 - 1e-9, "")):
        found = ncsolve.solve(classes.replace(encoding=encodings.affine(3, unit * factor, 0.0)))
        assert found.ties.startswith(text)
        assert bool(found.ties) == bool(text)
    contrasts = problem.replace(lambda_b=math.inf)
    unit = deep.shrinkage_of(contrasts).threshold / math.sqrt(10)
    assert "contrasts are at the hard threshold" in ncsolve.solve(
        contrasts.replace(encoding=encodings.affine(3, unit, 1.0))
    ).ties
    assert ncsolve.solve(contrasts.replace(encoding=encodings.affine(3, unit, 1.0), depth=1)).ties == ""


@settings(max_examples=10, deadline=None)
@given(deep_problems(), st.integers(1, 2))
def test_a_bottleneck_under_a_deep_head_keeps_the_largest_singular_values(problem, dim):
    problem = problem.replace(dim=dim)
    found = ncsolve.solve(problem)
    assert found.guarantee == "global"
    assert found.rank <= dim
    size = ncsolve.objective(problem, [np.zeros_like(layer) for layer in found.layers], 0 * found.class_means,
                             0 * found.bias)
    assert min(descend_freely(problem, seed, dim) for seed in range(3)) >= found.loss - 1e-12 * size
    # Every choice of singular values, by hand.
    codes = (problem.encoding.matrix - found.bias[:, None]) * np.sqrt(np.asarray(problem.counts))
    sigma = np.linalg.svd(codes, compute_uv=False)
    scalar = deep.shrinkage_of(problem)
    alone, dropped = scalar.cost(scalar.minimize(sigma), sigma), scalar.cost(0 * sigma, sigma)
    subsets = [
        dropped.sum() + sum(alone[i] - dropped[i] for i in kept)
        for kept in itertools.combinations(range(sigma.size), min(dim, sigma.size))
    ]
    assert min(subsets) == pytest.approx(found.loss, rel=1e-10, abs=1e-14 * size)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 0}, "depth must be an integer from 1 to 100; got 0"),
        ({"depth": 2.5}, "depth must be an integer"),
        ({"lambda_w": [1e-3, 1e-3]}, "one per layer; got 2 for depth 1"),
        ({"lambda_w": [1e-3, -1.0], "depth": 2}, "lambda_w must be positive"),
        ({"features": "tanh"}, "unknown features 'tanh'; choices: linear, relu"),
    ],
)
def test_bad_models_get_one_line(changes, message):
    arguments = {"encoding": np.eye(3), "counts": 5, "lambda_w": 1e-3, "lambda_h": 1e-3, "lambda_b": 1.0} | changes
    with pytest.raises(ncsolve.NCSolveError, match=message):
        ncsolve.UFM(**arguments)


def test_what_does_not_compose_says_so():
    problem = ncsolve.UFM(encoding=np.eye(3), counts=5, lambda_w=1e-3, lambda_h=1e-3, lambda_b=1.0, depth=2)
    with pytest.raises(ncsolve.OpenProblemError, match="ReLU features under a deep head are an open problem"):
        ncsolve.solve(problem.replace(features="relu"))
    with pytest.raises(ncsolve.OpenProblemError, match="ReLU features under a deep head are an open problem"):
        ncsolve.path(problem.replace(features="relu"), lambda_b=[0.1])
    with pytest.raises(ncsolve.OpenProblemError, match="a certificate is for heads of one layer"):
        ncsolve.solve(problem).certify()
    found = ncsolve.solve(problem)
    with pytest.raises(ncsolve.ProblemError, match="gradient is for one layer"):
        ncsolve.gradient(problem, found.W, found.class_means, found.bias)
    with pytest.raises(ncsolve.ProblemError, match="sequence of the 2 layers"):
        ncsolve.objective(problem, found.W, found.class_means, found.bias)


def test_replace_keeps_the_layers():
    problem = ncsolve.UFM(encoding=np.eye(3), counts=5, lambda_w=[1e-3, 4e-3], lambda_h=1e-3, lambda_b=1.0, depth=2)
    assert problem.lambda_w == pytest.approx(2e-3, rel=1e-15)
    assert problem.replace(lambda_b=2.0).lambda_w_layers == (1e-3, 4e-3)
    assert problem.replace(lambda_w=1e-3, depth=3).lambda_w_layers == (1e-3,) * 3


@pytest.mark.parametrize("codes", [encodings.smoothed(3, 0.2), [[1.0, 0.5, 0.0], [0.0, 1.0, 2.0]]])
def test_class_thresholds_are_refused_for_other_codes(codes):
    problem = ncsolve.UFM(encoding=codes, counts=[9, 5, 2], depth=2, lambda_w=5e-3, lambda_h=5e-4, lambda_b=math.inf)
    with pytest.raises(ncsolve.ProblemError, match="one-hot"):
        deep.class_thresholds(problem)
