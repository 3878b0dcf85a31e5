"""A network with ReLU between the layers can have a smaller loss than the deep linear head, as the documents say."""

import importlib.util

import numpy as np
import pytest

from tests.readme import ROOT

FILE = ROOT / "examples" / "relu_between_layers.py"
spec = importlib.util.spec_from_file_location("relu_between_layers", FILE)
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)


def test_the_gradient_is_that_of_the_loss():
    random = np.random.default_rng(0)
    size = example.WIDTH * example.CLASSES * 2 + (example.LAYERS - 1) * example.WIDTH**2
    point, way = 0.3 * random.standard_normal(size), random.standard_normal(size)
    way /= np.linalg.norm(way)
    ahead, behind = (example.loss_and_gradient(point + sign * 1e-6 * way)[0] for sign in (1, -1))
    # central differences: 1e-12 of curvature, 1e-10 of rounding in the quotient
    assert (ahead - behind) / 2e-6 == pytest.approx(example.loss_and_gradient(point)[1] @ way, rel=1e-6)


def test_it_goes_below_the_linear_head():
    assert example.linear_head() == pytest.approx(0.0991799, abs=5e-8)  # as many digits as the value has
    assert example.descend(3) < 0.0870797  # what others found; this start ends at 0.0833
