"""Networks that are trained to the end take the predicted geometry, and none gets below the predicted minimum."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.torch.example import example

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
pytest.importorskip("sklearn", reason="needs the digits of scikit-learn: pip install scikit-learn")

digits = example("torch_digits")
K, T = digits.CLASSES, digits.THRESHOLD
TRANSITION = T / (1 - T)
# Of few images a small body gives each any feature; as many of every class, so that the prediction is one cosine.
PER_CLASS, WIDTHS = 25, (128, 128)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Matrices are small, and the other core has tests of its own."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def images():
    return digits.digits(PER_CLASS)


def predicted_cosine(lambda_b):
    """T5 by hand: singular values along the mean and across it, each over that of the codes."""
    mean, across = max(1 - T - (T / lambda_b if lambda_b else math.inf), 0.0), 1 - T
    return (mean - across) / (mean + (K - 1) * across)


def check(found, losses, lambda_b, relative_gap, cosine):
    assert found.relative_gap < relative_gap
    off = ~np.eye(K, dtype=bool)
    assert np.abs(np.mean(found.cosines[off]) - predicted_cosine(lambda_b)) < cosine
    # a lower bound of the loss at every step; the gap that is left is far above the roundings of single precision
    assert min(losses) >= found.minimum - 1e-9
    # of the lambda_H that the network was trained with, and of no other
    for other in found.scan([0.8 * found.lambda_h, 1.25 * found.lambda_h]):
        assert other.relative_gap > relative_gap
    assert found.verdict.kind == "collapsed as predicted"


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, TRANSITION, 0.3, 0.5, 1.0, 5.0, math.inf])
def test_a_penalty_on_the_features(images, lambda_b):
    found, losses = digits.train_penalty(*images, lambda_b, widths=WIDTHS)
    check(found, losses, lambda_b, relative_gap=1e-4, cosine=5e-4)


@pytest.mark.parametrize("lambda_b", [0.0, 0.3, 1.0, math.inf])
def test_batch_norm_with_weight_decay(images, lambda_b):
    found, losses = digits.train_batch_norm(*images, lambda_b, widths=WIDTHS)
    check(found, losses, lambda_b, relative_gap=2e-3, cosine=2e-3)
