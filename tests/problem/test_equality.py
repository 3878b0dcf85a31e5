"""Problems, codes and counts are equal by value, and equal things have equal hashes."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given

import ncsolve
from ncsolve import encodings
from tests.strategies import problems

PROBLEM = ncsolve.UFM(
    encoding=np.eye(3), counts=[1, 2, 3], lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.1, class_names=["a", "b", "c"]
)


@given(problems(most=5))
def test_a_problem_is_equal_to_its_copies(problem):
    for other in (problem.replace(), copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        assert problem == other
        assert hash(problem) == hash(other)
    assert problem != problem.replace(lambda_w=2 * problem.lambda_w)


@pytest.mark.parametrize("change", [
    {"encoding": 2 * np.eye(3)}, {"encoding": "onehot"}, {"counts": [1, 3, 2]}, {"counts": 2}, {"lambda_w": 2e-3},
    {"lambda_h": 2e-3}, {"lambda_b": 0.2}, {"dim": 3}, {"class_names": ["a", "b", "d"]}, {"class_names": None},
    {"features": "relu"}, {"depth": 2},
])
def test_each_field_tells_problems_apart(change):
    assert PROBLEM.replace(**change) != PROBLEM
    assert len({PROBLEM, PROBLEM.replace(), PROBLEM.replace(**change)}) == 2


def test_layers_tell_problems_apart():
    """Of the same geometric mean."""
    two = [PROBLEM.replace(depth=2, lambda_w=layers) for layers in ([1e-3, 4e-3], [4e-3, 1e-3], [2e-3, 2e-3])]
    assert len(set(two)) == 3
    assert two[0] == PROBLEM.replace(depth=2, lambda_w=(1e-3, 4e-3))


def test_encodings():
    assert encodings.onehot(3) == encodings.make("onehot", classes=3)
    assert encodings.smoothed(3, 0.1) != encodings.smoothed(3, 0.2)
    assert encodings.gaussian(3, seed=1) == encodings.gaussian(3, seed=1)
    assert encodings.gaussian(3, seed=1) != encodings.gaussian(3, seed=2)
    array = encodings.from_array(np.eye(3))
    assert array == encodings.from_array(np.eye(3).tolist())
    assert hash(array) == hash(encodings.from_array(np.eye(3).tolist()))
    assert array != encodings.from_array(np.eye(3), name="mine")
    assert array != encodings.from_array(np.eye(4))
    assert array != encodings.from_array(-np.eye(3))
    assert array != np.eye(3).tolist()


def test_counts():
    one, same, other = (PROBLEM.replace(counts=counts).counts for counts in ([1, 2, 1], (1, 2, 1), [1, 1, 2]))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != [1, 2, 1]
    assert PROBLEM.replace(counts=4).counts == PROBLEM.replace(counts=[4, 4, 4]).counts
