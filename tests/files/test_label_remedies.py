"""Arrays that hold no class numbers are refused with what makes class numbers of them; nearest points far from 0."""

import numpy as np
import pytest
from ncsolve.verify import metrics

from ncsolve import ProblemError
from ncsolve.geometry import nc1

FEATURES = np.array([[0.0, 2.0, 3.0, 5.0]])


@pytest.mark.parametrize(
    ("labels", "pass_"),
    [
        (np.array([0.0, 0.0, 1.0, 1.0]), "numpy.asarray(labels).astype(int)"),
        (np.array([False, False, True, True]), "numpy.asarray(labels).astype(int)"),
        (np.array(["a", "a", "b", "b"]), "numpy.unique(labels, return_inverse=True)[1]"),
        (np.array([[0], [0], [1], [1]]), "labels.ravel()"),
        (np.array([[1, 0], [1, 0], [0, 1], [0, 1]]), "labels.argmax(axis=1) of one-hot rows"),
    ],
)
def test_a_remedy_that_works(labels, pass_):
    with pytest.raises(ProblemError, match="class numbers") as refused:
        nc1(FEATURES, labels, 2)
    assert str(refused.value).endswith(f", pass {pass_}")
    code = pass_.removesuffix(" of one-hot rows")
    assert nc1(FEATURES, eval(code, {"numpy": np, "labels": labels}), 2) == pytest.approx(2 / 9)


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, -1e12])
@pytest.mark.parametrize("unit", [1.0, 1e-200, 1e180])
def test_the_nearest_point_is_so_wherever_the_origin_is(offset, unit):
    points, centres = np.array([[0.25, 0.75, -3.0, 7.0]]), np.array([[0.0, 1.0]])
    found = metrics.nearest((points + offset) * unit, (centres + offset) * unit)
    assert found.tolist() == [0, 1, 0, 1]
