"""T15 on random problems: the dual from raw samples, a convex program, descents, and the closed form by Newton."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings

import ncsolve
from tests.models.metric.definition import Network, networks, regular

# What the dual bound of raw samples may miss: the solver's own gap of at most 1e-9 of the loss, or what rounding of a
# difference of moments makes where the weight decays are tiny beside these.
_GAP = 1e-8


@settings(max_examples=150)
@given(networks())
def test_loss_and_bound_are_those_of_the_samples(network):
    found = ncsolve.solve(network.problem)
    loss = network.objective(found.W, found.V, found.c, found.bias)
    assert found.loss == pytest.approx(loss, rel=1e-10)
    outputs = found.W @ found.features(network.z) + found.bias[:, None]
    assert loss - network.dual(outputs) <= _GAP * loss
    assert found.lower_bound <= loss * (1 + 1e-10)
    assert found.gap <= 1e-6 * loss


@settings(max_examples=80)
@given(networks())
def test_no_step_lowers_the_loss(network):
    """Of W, V, c and b together, in random directions and along the slopes of the definition."""
    found = ncsolve.solve(network.problem)
    at = [found.W, found.V, found.c, found.bias]
    rng = np.random.default_rng(0)
    for size in (1e-6, 1e-3, 1e-1):
        moved = [part + size * rng.standard_normal(part.shape) for part in at]
        if math.isinf(network.lambda_c):
            moved[2] = at[2]
        if math.isinf(network.lambda_b):
            moved[3] = at[3]
        assert network.objective(*moved) >= found.lower_bound * (1 - 1e-12)


@settings(max_examples=80)
@given(networks())
def test_factors_are_balanced_and_the_bias_is_bounded(network):
    found = ncsolve.solve(network.problem)
    extended = np.column_stack((found.V, found.c / (found.problem.hidden_unit or math.inf)))
    np.testing.assert_allclose(
        network.lambda_w * found.W.T @ found.W, network.lambda_v * extended @ extended.T,
        atol=1e-12 * network.lambda_w * max(float(np.sum(found.W**2)), 1e-300),
    )
    np.testing.assert_allclose(found.A, found.W @ np.column_stack((found.V, found.c)), atol=1e-12)
    if math.isfinite(network.lambda_c) and 0.0 < network.lambda_b < math.inf:
        # the condition of the dual on the constant: ||lambda_b b|| <= sqrt(lambda_w lambda_c)
        bound = math.sqrt(network.lambda_w * network.lambda_c) / network.lambda_b
        assert np.linalg.norm(found.bias) <= bound * (1 + 1e-6)


@settings(max_examples=15)
@given(networks())
def test_a_convex_program_finds_the_same(network):
    import cvxpy as cp

    assume(network.lambda_w * network.lambda_v >= 1e-6)  # below, its own tolerance is all that it finds
    problem, samples = network.problem, network.z.shape[1]
    unit = problem.hidden_unit
    inputs = np.vstack((network.z, np.full(samples, unit)))
    a, b = cp.Variable((problem.code_length, problem.dim + 1)), cp.Variable((problem.code_length, 1))
    fit = cp.sum_squares(a @ inputs + b @ np.ones((1, samples)) - network.codes[:, network.labels]) / (2 * samples)
    free = math.isinf(network.lambda_b)
    penalty = 0.0 if free else network.lambda_b / 2 * cp.sum_squares(b)
    program = cp.Problem(
        cp.Minimize(fit + problem.tau * cp.normNuc(a) + penalty), [b == 0] if free else []
    )
    program.solve(solver=cp.CLARABEL)
    assume(program.status == cp.OPTIMAL)
    found = ncsolve.solve(problem)
    assert found.loss == pytest.approx(float(program.value), rel=2e-6, abs=1e-9)  # an interior point method's end


@pytest.mark.parametrize("lambda_b", [0.0, 0.01, 0.03, 0.1, 1.0, math.inf])
@pytest.mark.parametrize(("a", "shift"), [(1.0, 0.0), (0.8, 0.05), (2.0, -1.0), (1.0, -0.25), (-1.0, 0.1)])
def test_newton_finds_the_closed_form(lambda_b, a, shift):
    problem = regular(3.0, 2.5, lambda_b, a=a, shift=shift).problem
    closed, general = ncsolve.solve(problem), ncsolve.solve(problem, method="newton")
    assert (closed.method, general.method) == ("closed-form", "newton")
    assert closed.loss == pytest.approx(general.loss, rel=1e-12)
    assert (closed.rank, closed.regime) == (general.rank, general.regime)
    np.testing.assert_allclose(closed.gram, general.gram, atol=1e-9 * max(float(closed.gram.max()), 1e-300))
    np.testing.assert_allclose(closed.bias, general.bias, atol=1e-12)


@pytest.mark.parametrize("lambda_b", [0.01, 0.1])
def test_scatter_across_the_frame_leaves_the_closed_form(lambda_b):
    """Within-class variation in directions of its own is not seen by A."""
    base = regular(3.0, 2.5, lambda_b)
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((3, 12))
    noise -= np.repeat(noise.reshape(3, 4, 3).mean(axis=2), 3, axis=1)
    network = Network(**(vars(base) | {"z": np.vstack((base.z, noise))}))
    found, clean = ncsolve.solve(network.problem), ncsolve.solve(base.problem)
    assert found.method == "closed-form"
    assert found.loss == pytest.approx(clean.loss, rel=1e-13)
    assert found.transition == pytest.approx(clean.transition, rel=1e-12)


def test_without_a_hidden_bias_scatter_along_the_mean_delays_the_label_mean():
    """The label mean is in from the same lambda_b on, but by less: its second moment is more than the mean's square."""
    base = regular(3.0, 2.5, 0.1)
    spread = np.zeros_like(base.z)
    spread[-1] = np.tile([1.0, 0.0, -1.0], 4)
    network = Network(**(vars(base) | {"z": base.z + spread, "lambda_c": math.inf}))
    found = ncsolve.solve(network.problem)
    clean = ncsolve.solve(Network(**(vars(base) | {"lambda_c": math.inf})).problem)
    assert found.method == "closed-form"
    along = found.problem.mean / np.linalg.norm(found.problem.mean)
    assert 0 < np.linalg.norm(found.A[:, :-1] @ along) < np.linalg.norm(clean.A[:, :-1] @ along)
    assert found.centring > clean.centring
    outputs = found.W @ found.features(network.z) + found.bias[:, None]
    assert found.loss - network.dual(outputs) <= 1e-12 * found.loss


def test_feature_decays_are_those_of_the_balance():
    """Along the image of each right singular vector lambda_w |W v|^2 / |H^T v|^2 is the lambda_h that is told."""
    network = regular(3.0, 2.5, 0.1)
    found = ncsolve.solve(network.problem)
    h = found.features(network.z)
    frames = found.frame.hidden(found.dim) @ found.frame.right  # images of the right singular vectors, in columns
    for v, decay in zip((frames / np.linalg.norm(frames, axis=0)).T, found.feature_decays, strict=True):
        assert decay == pytest.approx(
            network.lambda_w * np.sum((found.W @ v) ** 2) / np.sum((v @ h) ** 2), rel=1e-10
        )
    n, k, q, size = 12, 4, 3.0, 2.5
    assert sorted(found.feature_decays) == pytest.approx([0.03 / (n * size**2), *[0.03 / (n * q**2 / k)] * 3])


def test_all_is_zero_under_strong_decay():
    found = ncsolve.solve(regular(3.0, 2.5, 0.1).problem.replace(lambda_w=1.0, lambda_v=10.0))
    assert (found.rank, found.regime, found.cosines) == (0, "collapsed", None)
    np.testing.assert_allclose(found.bias, 0.25 / 1.1, rtol=1e-14)
    assert found.nc.nc3 is None


def test_one_hot_previous_features_make_it_the_ufm():
    """Two linear layers on one-hot z, whose second moments are a multiple of the identity, are the UFM itself."""
    n, k, lw, lv = 5, 4, 0.01, 0.02
    labels = np.repeat(np.arange(k), n)
    network = Network(z=np.eye(k)[:, labels], labels=labels, codes=np.eye(k), lambda_w=lw, lambda_v=lv,
                      lambda_c=math.inf, lambda_b=0.05)
    found = ncsolve.solve(network.problem)
    ufm = ncsolve.solve(ncsolve.UFM(encoding=np.eye(k), counts=n, lambda_w=lw, lambda_h=lv / n, lambda_b=0.05))
    assert found.loss == pytest.approx(ufm.loss, rel=1e-12)
    np.testing.assert_allclose(found.gram, ufm.gram, atol=1e-12)
    np.testing.assert_allclose(found.feature_decays, lv / n, rtol=1e-12)
