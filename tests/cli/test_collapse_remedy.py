"""Where everything collapses the output names a weight decay: class means live below it, and are zero above it."""

import re

import numpy as np
import pytest

import ncsolve
from tests.command import said

NUMBER = r"([\d.]+(?:e[-+]\d+)?)"
CIFAR_100 = ["--classes", "100", "--per-class", "500"]
CODES = ["--encoding", "examples/codes.csv", "--counts", "5,20,1,10"]


def found(text, pattern):
    match = re.search(pattern.replace("NUMBER", NUMBER), text)
    assert match is not None, text
    return float(match[1])


def test_cifar_100_at_the_default_weight_decay():
    text = said("minimizer", *CIFAR_100)
    # t = K sqrt(n lambda_W lambda_H) = 100 sqrt(500) 5e-4, and 1/(100 sqrt(500))
    assert "t = 1.118034 is not below 1; use sqrt(lambda_W lambda_H) < 1/(K sqrt(n)) = 0.0004472136" in text


MODELS = (
    CIFAR_100,
    [*CIFAR_100, "--lambda-b", "inf"],
    ["--classes", "4", "--encoding", "signed"],
    ["--classes", "4", "--encoding", "affine:0.5,1", "--lambda-b", "inf"],  # the mean alone lives above the bound
    ["--classes", "1"],
    [*CODES, "--lambda-b", "0"],
    [*CODES, "--lambda-b", "0.7"],
    [*CODES, "--lambda-b", "inf"],
    ["--counts", "40,30,2", "--lambda-b", "0.3"],
    ["--counts", "40,30,2", "--encoding", "smoothed:0.3", "--lambda-b", "inf"],
    ["--classes", "4", "--features", "relu"],
    ["--counts", "8,3,1", "--features", "relu", "--lambda-b", "inf"],
)
OTHERS = ("sum", "torch-mean", "per-sample-features")


@pytest.mark.parametrize(
    ("model", "convention"),
    [*((model, "paper") for model in MODELS), *(([*CODES, "--lambda-b", "0.7"], name) for name in OTHERS),
     (CIFAR_100, "sum")],
)
def test_class_means_live_below_the_weight_decay_that_is_named(model, convention):
    command = ["minimizer", *model, "--convention", convention]
    text = said(*command, "--lambda-w", 1e7, "--lambda-h", 1e7)
    assert text.startswith("Collapsed: ")
    bound = found(text, r"takes .*? use sqrt\(lambda_W lambda_H\) < (?:(?:\S+/N|\S+/\(K sqrt\(n\)\)) = )?NUMBER")
    ratio = 7.0  # the bound is one on the product
    for factor, alive in ((0.999, True), (1.001, False)):
        text = said(*command, "--lambda-w", factor * bound * ratio, "--lambda-h", factor * bound / ratio)
        assert ("; use sqrt" not in text) == alive, text
    assert "; use sqrt" in text


@pytest.mark.parametrize("depth", [2, 4])
def test_deep_heads(depth):
    command = ["minimizer", "--classes", "5", "--depth", depth, "--lambda-b", "inf"]
    text = said(*command, "--lambda-w", 1, "--lambda-h", 1)
    factor = found(text, "multiply every weight decay, lambda_W and lambda_H, by less than NUMBER")
    assert "multiply every" not in said(*command, "--lambda-w", 0.999 * factor, "--lambda-h", 0.999 * factor)
    assert "multiply every" in said(*command, "--lambda-w", 1.001 * factor, "--lambda-h", 1.001 * factor)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ([*CIFAR_100, "--lambda-b", "1", "--lambda-w", "LOW:1:5"], "lambda_w"),
        ([*CIFAR_100, "--lambda-b", "1", "--lambda-h", "LOW:1e9:5", "--lambda-w", "9", "--convention", "sum"],
         "lambda_h"),
        (["--classes", "5", "--depth", "3", "--lambda-b", "inf", "--lambda-w", "LOW:2:5", "--lambda-h", "1"],
         "lambda_w"),
        (["--classes", "5", "--depth", "3", "--lambda-b", "inf", "--lambda-h", "LOW:2:5", "--lambda-w", "1"],
         "lambda_h"),
    ],
)
def test_paths_over_a_weight_decay(model, name):
    def at(low):
        return said("path", *[word.replace("LOW", str(low)) for word in model])

    bound = found(at(0.9 if "9" not in model else 900), f"zero at every point; use {name} < NUMBER")
    assert "at every point; use" not in at(0.999 * bound)
    assert "at every point; use" in at(1.001 * bound)


def test_other_paths():
    """Along lambda_b the bound is that of the smallest; along counts of the points in the table."""
    text = said("path", *CIFAR_100)
    assert "every class mean is zero at every point: t = 1.118034 is not below 1; use sqrt(lambda_W lambda_H) <" in text
    assert "▁" not in text
    for options in (["--count", "0=50:5000:4"], ["--alpha", "0:0.9:4"]):
        command = ["path", "--classes", "4", "--lambda-b", "1", *options]
        bound = found(said(*command, "--lambda-w", 1, "--lambda-h", 1), r"table use \S+ lambda_H\) < NUMBER")
        case = ncsolve.UFM(encoding=ncsolve.encodings.onehot(4), counts=100, lambda_w=0.999 * bound,
                           lambda_h=0.999 * bound, lambda_b=1)
        grid = {"count": np.geomspace(50, 5000, 4).round(), "of_class": 0} if "--count" in options else {
            "alpha": np.linspace(0, 0.9, 4)}
        assert ncsolve.path(case, **grid).rank.min() > 0


@pytest.mark.parametrize(
    "against", ["t=LOW:4:3", "weight-decay=LOW:4:3", "t=LOW:4:3 --depth 2", "weight-decay=LOW:4:3 --depth 2"]
)
def test_phase_diagrams(against):
    def at(low):
        return said("phase", "--classes", "4", "--lambda-b", "1e-2:1:3", "--against",
                     *against.replace("LOW", str(low)).split())

    bound = found(at(2), "zero at every point; use (?:t|weight_decay) < NUMBER")
    assert "remedy" not in at(0.999 * bound)
    assert "remedy" in at(1.001 * bound)


def test_comparisons_name_what_is_enough_for_all():
    command = ["compare", "--encodings", "onehot,smoothed:0.1,signed", *CIFAR_100, "--convention", "torch-mean"]
    text = said(*command, "--lambda-w", "1e-5", "--lambda-h", "1e-5")
    bound = found(text, r"onehot, smoothed:0.1: weight decay takes .*? lambda_H\) < NUMBER in the convention torch")
    assert bound == pytest.approx(0.9 / (100 * 500**0.5) / 50, rel=1e-6)  # as printed
    assert "weight decay takes" not in said(*command, "--lambda-w", 0.999 * bound, "--lambda-h", 0.999 * bound)
