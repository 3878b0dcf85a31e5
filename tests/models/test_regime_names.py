"""A regime's name is a claim: one-hot class means are orthogonal at lambda_b = inf, and at no finite lambda_b."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from tests.command import said

HUGE = (1e12, 1e13, 1e15, 1e40, 1e99)


def one_hot(lambda_b, code=None, **model):
    code = encodings.onehot(3) if code is None else code
    return ncsolve.UFM(encoding=code, counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=lambda_b, **model)


@pytest.mark.parametrize("method", ["auto", "spectral"])
@pytest.mark.parametrize("lambda_b", HUGE)
def test_a_finite_lambda_b_is_never_orthogonal(lambda_b, method):
    found = ncsolve.solve(one_hot(lambda_b), method=method)
    assert found.regime == "intermediate"
    if method == "auto":  # the spectral solver's cosine is rounding by now
        assert found.cosines.mean < 0.0


@pytest.mark.parametrize("lambda_b", HUGE)
def test_nor_under_a_deep_head(lambda_b):
    assert ncsolve.solve(one_hot(lambda_b, depth=2)).regime == "intermediate"


@pytest.mark.parametrize(
    ("code", "lambda_b", "regime"),
    [
        (encodings.onehot(3), math.inf, "orthogonal"),
        (encodings.affine(3, -0.3, 0.2), 1e15, "intermediate"),  # |a + K q| is |a|, up to a rounding
        (encodings.affine(3, -0.3, 0.2), math.inf, "orthogonal"),
        (encodings.affine(3, 1.0, -1e-14), math.inf, "intermediate"),  # |a + K q| < |a|
        (encodings.smoothed(3, 1e-14), math.inf, "acute"),  # and above it
        (encodings.smoothed(3, 1e-14), 5e11, "intermediate"),  # t/alpha is 1.5e12
        (encodings.smoothed(3, 1e-14), 1e13, "acute"),
        (encodings.smoothed(3, 0.1), 0.15, "orthogonal"),  # t/alpha
    ],
)
def test_equal_singular_values_are_told_by_codes_and_lambda_b(code, lambda_b, regime):
    assert ncsolve.solve(one_hot(lambda_b, code)).regime == regime


def test_relu_features_are_orthogonal_at_every_lambda_b():
    assert {ncsolve.solve(one_hot(lb, features="relu")).regime for lb in (0.0, 0.1, 1e13, math.inf)} == {"orthogonal"}


def test_a_path_names_the_transition_by_its_two_sides():
    along = ncsolve.path(one_hot(0.0), lambda_b=[0.0, 1e-3, 1.0, 1e13, 1e15, math.inf])
    (change,) = along.changes
    assert (change.regime_before, change.regime_after) == ("simplex", "intermediate")
    assert along.regimes == ("simplex", "simplex", *("intermediate",) * 3, "orthogonal")


def test_small_figures_of_a_path_are_no_zeros():
    text = said("path", "--classes", 3, "--lambda-b", "1e-3,1e13,1e15")
    t, root_3 = 0.015, math.sqrt(3)
    assert "(simplex to intermediate)" in text
    for lambda_b in (1e13, 1e15):  # T5: |b| = t/(lambda_b sqrt(K)), cos = -t/(K lambda_b (1 - t))
        assert f"{t / lambda_b / root_3:.5g} {t / lambda_b:.5g} {-t / (3 * lambda_b * (1 - t)):.5g} 3 int" in text


def test_a_tiny_loss_of_a_path_is_no_zero():
    text = said("path", "--classes", 3, "--lambda-b", "inf", "--lambda-h", "1e-28", "--lambda-w", "1e-20,1e-18")
    first = ncsolve.solve(one_hot(math.inf).replace(lambda_w=1e-20, lambda_h=1e-28)).loss
    assert 0 < first < 1e-14
    assert f"1e-20 {first:.5g} 0 0 0 3 orthogonal" in text


def test_a_minimizer_says_how_far_it_is_from_orthogonal():
    text = said("minimizer", "--classes", 3, "--lambda-b", "1e16", "--full")
    assert "regime intermediate" in text
    assert "inner products -5e-20" in text
    assert f"cos {-0.015 / (3 * 1e16 * 0.985):.7g})" in text


def test_a_flat_curve_is_a_number():
    text = said("path", "--lambda-b", "inf", "--lambda-w", "1e-4:1e-2:5")
    assert "mean cosine 0 at every point" in text
    assert "▁" not in text
    assert not np.any([bar in text for bar in "▂▃▄▅▆▇█"])
