"""T15: values that were computed elsewhere, with another solver."""

import math

import numpy as np
import pytest

import ncsolve
from tests.models.metric.definition import Network, regular


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize(
    ("lambda_b", "loss"), [(0.0, 0.2218882327691), (0.1, 0.2322495645132), (math.inf, 0.2347495645132)]
)
def test_general_features(lambda_b, loss, method):
    network = Network(
        z=np.array([[1, 0.5, 0, -1, 0.3, 0.2], [0, 2, 1, 0.5, 0.1, 1.5]]), labels=np.array([0, 0, 1, 1, 2, 2]),
        codes=np.eye(3), lambda_w=0.01, lambda_v=0.02, lambda_c=0.05, lambda_b=lambda_b,
    )
    found = ncsolve.solve(network.problem, method=method)
    assert found.loss == pytest.approx(loss, abs=5e-14)  # as many digits as are given
    assert found.transition is None


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize(
    ("factor", "cosine", "loss"),
    [(1.5 * 0.019987593178, -0.1226310700, 0.02734488375154), (0.048989794856, 0.0, 0.02796608101628),
     (math.inf, 0.1469714874, 0.02894587691340)],
)
def test_regular_features(factor, cosine, loss, method):
    found = ncsolve.solve(regular(3.0, 2.5, factor).problem, method=method)
    assert found.cosines.mean == pytest.approx(cosine, abs=1e-10)
    assert found.loss == pytest.approx(loss, abs=1e-13)
    assert found.transition == pytest.approx(0.019987593178, rel=1e-10)


@pytest.mark.parametrize(
    ("factor", "cosine"), [(0.99, -0.3333), (1.1, -0.2690), (3.0, 0.0280), (30.0, 0.1337)]
)
def test_the_frame_opens_past_orthogonal(factor, cosine):
    size = math.sqrt(1 + 1.3**2)
    at = ncsolve.solve(regular(2.0, size, 1.0).problem).transition
    assert at == pytest.approx(0.030789268383, rel=1e-10)
    assert at / (1 + at) == pytest.approx(0.029869605095, rel=1e-10)  # t
    found = ncsolve.solve(regular(2.0, size, factor * at).problem)
    assert found.cosines.min == pytest.approx(cosine, abs=5e-5)
    assert found.cosines.max == pytest.approx(found.cosines.min, abs=1e-12)


def test_one_decay_for_everything():
    """On the simplex side iff 1 + |zbar|^2 <= K (1 + lambda)^2."""
    decay = 0.01
    for excess, regime in ((-1e-9, "simplex"), (1e-9, "intermediate")):
        size = math.sqrt(4) * (1 + decay) * (1 + excess)
        network = regular(5.0, size, decay)
        problem = network.problem.replace(lambda_w=decay, lambda_v=decay, lambda_c=decay)
        assert ncsolve.solve(problem).regime == regime
