"""Ranges and lists as they are typed: from 0, to inf, and several names in one option."""

import math

import numpy as np
import pytest

from ncsolve.cli._ranges import parse_range
from tests.command import document, refused, run, said

INF = math.inf


def values_of(text):
    found = document("path", "--classes", 4, "--lambda-b", text)["columns"]["lambda_b"]
    return [float(value) for value in found]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0:1:5", [0, 0.25, 0.5, 0.75, 1]),
        ("1e-3:inf:6", [1e-3, 1e-2, 0.1, 1, 10, INF]),
        ("1:inf:6", [1, 10, 100, 1e3, 1e4, INF]),
        ("0:inf:7", [0, 1e-3, 1e-2, 0.1, 1, 10, INF]),
        ("0.1:10:3", [0, 0.1, 1, 10, INF]),  # to which 0 and inf are added
        ("0,0.5,inf", [0, 0.5, INF]),
    ],
)
def test_a_range_of_lambda_b_may_end_at_0_and_at_inf(text, values):
    found = values_of(text)
    np.testing.assert_allclose(found, values, rtol=1e-12)


def test_a_range_from_0_finds_the_transition():
    """lambda_b* = t/(1 - t), t = 0.05: between two points of equal steps, and it is no point of the grid."""
    assert "lambda_b = 0.05263157894737: a singular value of Z leaves zero" in said("path", "--lambda-b", "0:1:5")
    assert "lambda_b = 0.05263157894737: a singular value of Z leaves zero" in said("path", "--lambda-b", "1e-2:inf:9")


@pytest.mark.parametrize("text", ["1:0:5", "-1:1:5", "inf:inf:5", "1:1:3", "0:0:4", "inf:1:4", "0:-1:3"])
def test_other_ranges_are_refused(text):
    line = refused("path", f"--lambda-b={text}")
    assert f"--lambda-b must be a range with ends from 0 to inf, the lower one first; got '{text}'" in line


def test_a_range_to_inf_has_points_on_the_way():
    assert "to inf must have at least 3 points; got '1:inf:2'" in refused("path", "--lambda-b", "1:inf:2")
    assert "to inf must have at least 4 points; got '0:inf:3'" in refused("path", "--lambda-b", "0:inf:3")
    assert values_of("1:inf:3") == [1, 1e4, INF]


@pytest.mark.parametrize("option", ["--lambda-w", "--lambda-h"])
def test_a_weight_decay_of_the_features_or_the_classifier_has_no_such_ends(option):
    for text in ("0:1:5", "1e-3:inf:5"):
        assert "a range with positive and finite ends" in refused("path", "--lambda-b", 1, option, text)


def test_equal_steps_of_label_smoothing_may_begin_at_0():
    assert parse_range("--alpha", "0:0.5:3", logarithmic=False).tolist() == [0.0, 0.25, 0.5]


def test_names_of_claims_are_a_list():
    texts = [
        said("verify", "--list", *options)
        for options in (["--only", "free-bias,bias-decay"], ["--only", "free-bias", "--only", "bias-decay"])
    ]
    assert texts[0] == texts[1]
    assert "free-bias" in texts[0]
    assert "bias-decay" in texts[0]
    assert "unknown claim 'x'" in refused("verify", "--only", "free-bias, x")
    assert "--only must be names with commas between, as in a,b; got 'free-bias,'" in refused(
        "verify", "--only", "free-bias,",
    )


def test_settings_of_a_derivation_are_a_list():
    one, two = (
        run("derive", "onehot", *options).stdout
        for options in (["--set", "K=3,lambda_b=1/2"], ["--set", "K=3", "--set", "lambda_b=1/2"])
    )
    assert one == two
    assert one != run("derive", "onehot").stdout
