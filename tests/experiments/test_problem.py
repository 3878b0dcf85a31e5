"""The problem of a run is the one that its factors say."""

import numpy as np
import pytest

import ncsolve
from experiments._problem import codes_of, counts_of, lambda_h_of
from experiments._run import Run


@pytest.mark.parametrize(("classes", "run", "counts"), [
    (10, Run(per_class=100, imbalance=10), (100,) * 5 + (10,) * 5),
    (10, Run(per_class=100, imbalance=1000), (100,) * 5 + (1,) * 5),
    (3, Run(per_class=9, imbalance=3), (9, 9, 3)),
    (2, Run(per_class=5), (5, 5)),
])
def test_the_first_half_of_the_classes_has_more(classes, run, counts):
    assert counts_of(run, classes) == counts


@pytest.mark.parametrize("threshold", [0.1, 0.5])
def test_the_simplex_ends_where_the_threshold_says(threshold):
    run = Run(threshold=threshold, lambda_b=1.0)
    counts = counts_of(run, 10)
    problem = ncsolve.UFM(encoding="onehot", counts=counts, lambda_w=run.lambda_w, lambda_h=lambda_h_of(run, counts),
                          lambda_b=run.lambda_b)
    assert ncsolve.solve(problem).transition == pytest.approx(threshold / (1 - threshold), rel=1e-12)


@pytest.mark.parametrize("classes", [2, 8, 10, 26])
def test_hadamard_codes_are_orthonormal(classes):
    codes = codes_of(Run(encoding="hadamard"), (4,) * classes)
    np.testing.assert_allclose(codes.T @ codes, np.eye(classes), atol=1e-15)  # entries are powers of 1/sqrt(2)
    assert codes.shape[0] < 2 * classes


@pytest.mark.parametrize("imbalance", [10, 100])
def test_designed_codes_make_a_simplex_of_unequal_classes(imbalance):
    run = Run(per_class=100, imbalance=imbalance, encoding="designed:simplex", lambda_b=0.3)
    counts = counts_of(run, 10)
    problem = ncsolve.UFM(encoding=codes_of(run, counts), counts=counts, lambda_w=run.lambda_w,
                          lambda_h=lambda_h_of(run, counts), lambda_b=run.lambda_b)
    found = ncsolve.solve(problem)
    lengths = np.sqrt(np.diag(found.gram))
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-10)  # the design is exact, but for rounding
    off = ncsolve.geometry.cosine_matrix(found.gram)[~np.eye(10, dtype=bool)]
    np.testing.assert_allclose(off, -1 / 9, atol=1e-10)


def test_gaussian_codes_do_not_depend_on_the_seed_of_the_network():
    one, two = (codes_of(Run(encoding="gaussian:6", seed=seed), (4,) * 10) for seed in (0, 1))
    assert one.shape == (6, 10)
    np.testing.assert_array_equal(one, two)
