"""Where a number decides (a gap is closed, a mean is zero, a law holds), on both sides of it.

Each of these cuts was moved, or its formula damaged, without a test that noticed; the numbers here are exact in binary
or follow from the definition by hand.
"""

import dataclasses
import math

import numpy as np
import pytest

import ncsolve
from ncsolve import deep, encodings
from ncsolve._models.relu import best_found

INF = math.inf
# Features that meet at acute angles, so that the point comes from descent and its bound from weak duality.
ACUTE = ncsolve.UFM(encoding=encodings.onehot(3), counts=[9, 4, 1], lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.01,
                    features="relu")


@pytest.mark.parametrize(
    ("gap", "kind"), [(5e-5, "best found"), (1e-6, "best found"), (1e-7, "best found"), (2e-8, "best found"),
                      (5e-9, "global")]
)
def test_an_open_gap_is_not_called_global(monkeypatch, gap, kind):
    """A gap of 1e-8 of the loss is what the programme's solver leaves; more is open."""
    feasible = best_found.feasible

    def lowered(*args, **options):
        found = feasible(*args, **options)
        return dataclasses.replace(found, bound=found.bound * (1 - gap))

    monkeypatch.setattr(best_found, "feasible", lowered)
    monkeypatch.setattr(best_found, "dual_bound", lambda *args: 0.0)
    found = ncsolve.solve(ACUTE)
    assert found.choice.theorem == "T10"
    assert found.gap == pytest.approx(gap * found.loss, rel=0.5 if kind == "best found" else 1.0, abs=1e-9 * found.loss)
    assert found.guarantee == kind


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("a", [2.0, -0.5])
def test_class_thresholds_of_scaled_codes(a, depth):
    """A class of codes a I lives from |a| sqrt(n) above the threshold on, as the solver finds it."""
    problem = ncsolve.UFM(
        encoding=encodings.affine(4, a, 0.0), counts=[1, 40, 90, 200], lambda_w=1e-2, lambda_h=1e-2, lambda_b=INF,
        depth=depth,
    )
    gone, latent = deep.class_thresholds(problem)
    # By the definition: alone, a class of n samples has the singular value |a| sqrt(n) in the codes.
    one_hot = deep.class_thresholds(problem.replace(encoding=encodings.onehot(4)))
    assert (gone, latent) == pytest.approx([threshold / a**2 for threshold in one_hot], rel=1e-14)
    below, above = math.floor(gone), math.floor(gone) + 1
    assert below >= 1
    for count, alive in ((below, False), (above, True)):
        counts = [count, 40, 90, 200 - count + 1]  # T stays as it is
        found = ncsolve.solve(problem.replace(counts=counts))
        assert bool(found.class_means[:, 0].any()) is alive


@pytest.mark.parametrize("power", [40, 44, 47])
def test_a_small_mean_is_not_zero(power):
    """Codes 1 and -1 + 2^-p: the mean 2^-(p+1) is exact, and a free bias is the mean."""
    mean = 2.0 ** -(power + 1)
    problem = ncsolve.UFM(encoding=[[1.0, -1.0 + 2 * mean]], counts=1, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.0)
    assert problem.label_mean.tolist() == [mean]
    found = ncsolve.solve(problem)
    assert found.choice.reason.startswith("lambda_b = 0")
    assert found.bias.tolist() == [mean]
    # All codes below the threshold: nothing but the bias is left, and it shrinks.
    alone = ncsolve.solve(problem.replace(lambda_w=10.0, lambda_h=10.0, lambda_b=1.0))
    assert alone.bias == pytest.approx([mean / 2], rel=1e-14)


def test_what_codes_cancel_to_is_zero():
    """Thirds and their negatives: what is left of their sum is rounding, and no mean."""
    thirds = np.array([[1 / 3, 2 / 3, -1.0]])
    problem = ncsolve.UFM(encoding=thirds * 0.7, counts=3, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.0)
    assert ncsolve.solve(problem).bias.tolist() == [0.0]


@pytest.mark.parametrize("power", [40, 44])
def test_a_mean_that_hardly_leaves_the_scatter_does(power):
    """Codes (0, d) and (2, d) are independent however small d is: two directions without a bias, one with a free."""
    d = 2.0**-power
    problem = ncsolve.UFM(encoding=[[0.0, 2.0], [d, d]], counts=2, lambda_w=1e-20, lambda_h=1e-20, lambda_b=INF)
    found = ncsolve.solve(problem)
    # det M = -2 d * 2 by the columns' weight, and the largest singular value is 2 sqrt(2) to first order
    assert found.rank == 2
    assert found.singular_values[1] == pytest.approx(2 * d * 2 / math.sqrt(8.0), rel=1e-6)
    assert ncsolve.solve(problem.replace(lambda_b=0.0)).rank == 1


@pytest.mark.parametrize("power", [40, 44])
def test_a_small_singular_value_of_centred_codes_is_not_rounding(power):
    """Rows of length 2 and 2 d, at right angles, of mean zero: exact in binary."""
    d = 2.0**-power
    problem = ncsolve.UFM(encoding=[[1.0, -1.0, 1.0, -1.0], [d, d, -d, -d]], counts=1, lambda_w=1e-20, lambda_h=1e-20,
                          lambda_b=0.0)
    found = ncsolve.solve(problem)
    assert found.rank == 2
    assert found.singular_values == pytest.approx([2.0, 2 * d], rel=1e-6)


LAWS = {
    "one-hot": ncsolve.UFM(encoding=encodings.onehot(3), counts=[400, 100, 25], lambda_w=1e-3, lambda_h=4e-3,
                           lambda_b=1.0),
    "array": ncsolve.UFM(encoding=np.eye(3), counts=[400, 100, 25], lambda_w=1e-3, lambda_h=4e-3, lambda_b=1.0),
    "smoothed": ncsolve.UFM(encoding=encodings.smoothed(3, 0.2), counts=[400, 100, 25], lambda_w=1e-3, lambda_h=1e-3,
                            lambda_b=1.0),
    "any codes": ncsolve.UFM(encoding=[[1.0, 0.2, 0.1], [0.0, 1.0, 0.4], [0.0, 0.0, 1.5]], counts=[20, 12, 30],
                             lambda_w=1e-3, lambda_h=1e-3, lambda_b=1.0),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_law_of_large_bias_holds_from_its_threshold_on_and_not_below(name):
    """1e-6 below lb+ one dimension is gone already: rank, theorem, bias and path say so."""
    problem = LAWS[name]
    at = ncsolve.solve(problem).transition
    for share, theorem, rank in ((1 - 1e-3, "T3", 2), (1 - 1e-6, "T3", 2), (1 + 1e-6, "T5b", 3), (1 + 1e-3, "T5b", 3)):
        here = problem.replace(lambda_b=share * at)
        found = ncsolve.solve(here)
        assert (found.choice.theorem, found.rank) == (theorem, rank)
        assert ncsolve.select_method(here).theorem == theorem
        along = ncsolve.path(problem, lambda_b=[share * at])
        assert (along.theorems, along.rank.tolist()) == ((theorem,), [rank])
        # T5b: loss(inf) - loss = N lw lh/(2 lb), and never more: below the threshold the bias has less to take.
        drop = ncsolve.solve(problem.replace(lambda_b=INF)).loss - found.loss
        law = problem.samples * problem.lambda_w * problem.lambda_h / (2 * here.lambda_b)
        assert drop <= law * (1 + 1e-9)
        if theorem == "T5b":
            assert drop == pytest.approx(law, rel=1e-9)
