"""T8: fewer dimensions than the minimizer has directions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from tests.reference import descend_freely, loss_of
from tests.strategies import lambdas


@pytest.mark.parametrize("lambda_b", [0.0, 0.03, 0.1, 5.0, 1e4])
def test_the_simplex_etf_survives_every_finite_lambda_b_at_one_dimension_less(lambda_b):
    problem = ncsolve.UFM(encoding=encodings.onehot(5), counts=10, lambda_w=1e-3, lambda_h=4e-3, lambda_b=lambda_b,
                          dim=4)
    found = ncsolve.solve(problem)
    assert found.guarantee == "global"
    assert found.regime == "simplex"
    assert found.transition is None
    np.testing.assert_allclose(found.bias, 1 / (5 * (1 + lambda_b)), rtol=1e-14)
    assert found.cosines.min == pytest.approx(-0.25, abs=1e-14)
    assert found.cosines.max == pytest.approx(-0.25, abs=1e-14)
    full = ncsolve.solve(problem.replace(dim=5))
    assert (found.loss > full.loss * (1 + 1e-9)) == (lambda_b > full.transition)


def test_without_a_bias_the_directions_tie_and_it_says_so():
    problem = ncsolve.UFM(encoding=encodings.onehot(5), counts=10, lambda_w=1e-3, lambda_h=4e-3, lambda_b=math.inf,
                          dim=4)
    found = ncsolve.solve(problem)
    assert "tie" in found.ties
    with_mean = [
        ncsolve.solve(problem.replace(encoding=encodings.affine(5, 1.0, eps))).loss for eps in (-1e-9, 1e-9)
    ]
    assert with_mean == pytest.approx([found.loss] * 2, abs=1e-8)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_narrower_bottlenecks_say_which_directions_are_free(dim):
    found = ncsolve.solve(
        ncsolve.UFM(encoding=encodings.onehot(5), counts=4, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.5, dim=dim)
    )
    assert found.rank == dim
    assert found.ties == f"any {dim} of the 4 contrast directions are a global minimizer"
    assert found.regime == "general"


def test_signed_codes_have_a_first_order_transition_in_a_bottleneck():
    """Both branches tie at the transition, and on each side the other one is worse."""
    problem = ncsolve.UFM(encoding=encodings.signed(6), counts=3, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1.0, dim=3)
    at = ncsolve.solve(problem).transition
    below, above = (ncsolve.solve(problem.replace(lambda_b=at * (1 + eps))) for eps in (-1e-9, 1e-9))
    assert below.loss == pytest.approx(above.loss, rel=1e-9)
    mean = np.ones(6) / math.sqrt(6)
    assert np.linalg.norm(below.W.T @ mean) == pytest.approx(0.0, abs=1e-12)
    assert np.linalg.norm(above.W.T @ mean) > 0.1
    for seed in range(4):
        assert descend_freely(below.problem, seed, 3) >= below.loss * (1 - 1e-12)


@st.composite
def narrow_affine(draw):
    k = draw(st.integers(2, 6))
    code = draw(
        st.one_of(
            st.just(encodings.onehot(k)), st.just(encodings.signed(k)),
            st.tuples(st.floats(-2, 2), st.floats(-2, 2)).filter(lambda aq: not 0 < max(map(abs, aq)) < 1e-30)
            .map(lambda aq: encodings.affine(k, *aq)),
        )
    )
    return ncsolve.UFM(
        encoding=code, counts=draw(st.integers(1, 4)), lambda_w=draw(lambdas), lambda_h=draw(lambdas),
        lambda_b=draw(st.one_of(st.floats(-2, 2).map(lambda e: 10.0**e), st.sampled_from([0.0, math.inf]))),
        dim=draw(st.integers(1, k)), depth=draw(st.integers(1, 3)),
    )


@settings(max_examples=12, deadline=None)
@given(narrow_affine())
def test_no_descent_goes_below_the_closed_form(problem):
    found = ncsolve.solve(problem)
    assert found.guarantee == "global"
    # The definition and the frame sum the same terms in another order.
    assert loss_of(found) == pytest.approx(found.loss, rel=1e-12)
    reached = [descend_freely(problem, seed, problem.dim) for seed in range(2)]
    # Rounding of a loss of size one; descent may stay above, in another local minimum.
    assert min(reached) >= found.loss - 1e-12 * max(found.loss, 1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_other_codes_get_the_best_of_many_starts_and_a_lower_bound(seed):
    rng = np.random.default_rng(seed)
    problem = ncsolve.UFM(encoding=rng.standard_normal((4, 5)), counts=rng.integers(1, 6, 5), lambda_w=5e-3,
                          lambda_h=5e-3, lambda_b=[0.1, 1.0, 0.3, 3.0][seed], dim=2)
    found = ncsolve.solve(problem)
    assert found.guarantee == "best found"
    assert found.lower_bound <= found.loss
    assert found.gap == found.loss - found.lower_bound
    assert found.bound_reason
    assert ncsolve.solve(problem.replace(dim=None)).loss <= found.lower_bound * (1 + 1e-12)
    reached = min(descend_freely(problem, start, 2) for start in range(12))
    assert found.loss <= reached * (1 + 1e-12)


def test_the_bottleneck_starts_at_the_rank():
    problem = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=(5, 20, 1, 10),
                          lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1)
    wide, exact, narrow = (ncsolve.solve(problem.replace(dim=dim)) for dim in (7, 3, 2))
    assert wide.loss == exact.loss
    assert narrow.loss > exact.loss
    assert narrow.choice.theorem == "T8"
    assert ncsolve.select_method(problem.replace(dim=2)).theorem == "T8"
    assert ncsolve.select_method(problem.replace(dim=3)).theorem == "T3"
