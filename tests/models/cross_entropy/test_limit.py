"""The weight decay from which every class mean is zero, also where no closed form says it."""

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._models.registry import model_of

SOFT = [[0.9, 0.1, 0.3, 0.2], [0.1, 0.6, 0.3, 0.1], [0.0, 0.3, 0.4, 0.7]]


@pytest.mark.parametrize(("codes", "counts"), [
    (SOFT, [5, 3, 8, 2]), (encodings.onehot(3), [9, 4, 2]), (encodings.affine(3, -0.5, 0.5), 4),
])
def test_the_limit_is_where_class_means_begin_to_live(codes, counts):
    problem = ncsolve.UFM(encoding=codes, counts=counts, lambda_w=1, lambda_h=1, lambda_b=0.1, loss="cross-entropy")
    minimizer = ncsolve.solve(problem)
    assert minimizer.rank == 0
    grown = np.exp(minimizer.bias)
    lacking = (problem.encoding.matrix - (grown / grown.sum())[:, None]) * np.sqrt(problem.counts.array)
    size = model_of(problem).limit(problem, minimizer.frame).size
    assert size == pytest.approx(np.linalg.svd(lacking, compute_uv=False)[0], rel=1e-6)
    for factor, alive in ((0.99, True), (1.01, False)):
        decay = factor * size / problem.samples
        assert (ncsolve.solve(problem.replace(lambda_w=decay, lambda_h=decay)).rank > 0) == alive
