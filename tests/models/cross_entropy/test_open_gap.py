"""Where Newton's method is stopped early the point is the best found, with a gap that holds, and says so everywhere."""

import pytest

import ncsolve
from ncsolve._models.cross_entropy import minimize, newton
from tests.documents import fits

PROBLEM = ncsolve.UFM(
    encoding="onehot", counts=[90, 40, 11, 10, 3], lambda_w=2e-3, lambda_h=3e-3, lambda_b=0.05, loss="cross-entropy"
)


def stop(monkeypatch, steps):
    """After so many steps of Newton's method, and none by the smoothed way."""
    monkeypatch.setattr(newton, "_MOST_STEPS", steps)
    monkeypatch.setattr(minimize, "_MOST_ROUNDS", 1)
    monkeypatch.setattr(minimize, "small_enough", lambda objective: False)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_stopped_descent_is_best_found_with_a_true_gap(steps, monkeypatch):
    minimum = ncsolve.solve(PROBLEM.replace()).loss
    stop(monkeypatch, steps)
    found = ncsolve.solve(PROBLEM.replace())
    assert found.guarantee == "best found"
    assert found.lower_bound < minimum < found.loss
    assert found.gap > 1e-9 * found.loss
    assert found.residual > 0.0
    assert found.summary().startswith("Best found, not known to be the global minimum: at most")
    assert fits(found.to_json(), "ncsolve.minimizer/1")["gap"] == pytest.approx(found.gap)


def test_along_a_path(monkeypatch):
    stop(monkeypatch, 1)
    path = ncsolve.path(PROBLEM.replace(), lambda_b=[0.01, 0.1])
    assert set(path.guarantees) == {"best found"}
    assert (path.lower_bounds < path.loss).all()


@pytest.mark.parametrize("lambda_b", [1e-100, 1e-30, 1e-20, 1e-9])
def test_a_tiny_bias_decay_divides_no_rounding(lambda_b):
    """The minimum is no lower than that of a free bias, whose bound is taken then."""
    found = ncsolve.solve(PROBLEM.replace(lambda_b=lambda_b))
    assert (found.guarantee, found.gap <= 1e-12 * found.loss) == ("global", True)
    free = ncsolve.solve(PROBLEM.replace(lambda_b=0.0)).loss
    # The bias costs lambda_b |b|^2/2 more, with a |b| of about 3.
    assert 0.0 <= found.loss - free * (1 - 1e-13) <= 1e-12 * free + 10 * lambda_b
