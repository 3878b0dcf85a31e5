"""What is said where there are fewer dimensions than classes, and of what descent leaves of zero."""

import math
import re

import numpy as np
import pytest

import ncsolve
from ncsolve import deep, encodings
from ncsolve.cli import main
from tests.command import said

INF = math.inf


def rows(text):
    """All but d itself."""
    return re.sub(r"\bd = \d+", "d", text)


@pytest.mark.parametrize("lambda_b", [0.0, 1.0, INF])
@pytest.mark.parametrize(
    ("encoding", "decay", "dim", "depth"),
    [
        ("simplex", 5e-4, 3, 1),  # the label mean is zero
        ("affine:1,-0.2", 0.0125, 3, 1),  # it is below T for every lambda_b
        ("affine:0.2,1", 0.01, 1, 1),  # the contrasts are: what lives is the label mean
        ("affine:0.2,1", 0.03, 1, 2),
    ],
)
def test_dimensions_that_no_minimizer_needs_change_no_word(encoding, decay, dim, depth, lambda_b):
    problem = ["minimizer", "--encoding", encoding, "--classes", 4, "--lambda-w", decay, "--lambda-h", decay,
               "--lambda-b", lambda_b, "--depth", depth, "--full"]
    wide, narrow = said(*problem), said(*problem, "--dim", dim)
    assert "bottleneck" not in narrow
    assert rows(narrow).replace(" and dim >= 2", "") == rows(wide)


def test_a_transition_of_one_dimension():
    """T5 and T9: the label mean alone is above the threshold; one dimension or K, it enters at the same lambda_b."""
    for depth in (1, 2):
        problem = ncsolve.UFM(encoding=encodings.affine(3, 0.2, 1.0), counts=100, lambda_w=0.02, lambda_h=0.02,
                              lambda_b=10.0, depth=depth)
        one = problem.replace(dim=1)
        assert ncsolve.solve(one).transition == ncsolve.solve(problem).transition is not None
        if depth > 1:
            assert deep.first_order_transition(one).lambda_b == deep.first_order_transition(problem).lambda_b


def test_one_dimension_is_the_label_means():
    """Less weight decay alone does not part class means that share the only dimension with the label mean."""
    problem = ["minimizer", "--encoding", "affine:0.2,1", "--classes", 3, "--lambda-b", 10, "--dim"]
    text = said(*problem, 1, "--lambda-w", 0.01, "--lambda-h", 0.01)
    assert "use sqrt(lambda_W lambda_H) < |a|/(K sqrt(n)) = 0.006666667 and dim >= 2" in text
    less = ["--lambda-w", 0.00666, "--lambda-h", 0.00666]
    text = said(*problem, 1, *less)
    assert "NC4 undefined: no two class means differ" in text
    assert "takes the only dimension" in text
    assert "bottleneck: 1 dimension for" in text
    assert "not unique" not in text  # without a contrast there is nothing to choose
    assert "NC4 undefined" not in said(*problem, 2, *less)


def test_the_law_is_not_denied_for_a_reason_that_does_not_hold():
    """Every direction is above the threshold, and 0 is no affine combination of one-hot codes: d is what is missing."""
    text = said("minimizer", "--counts", "30,20,10", "--lambda-b", 1e-6, "--dim", 2, "--full")
    assert "transition none: the law of large bias regularization needs 3 dimensions" in text


def test_codes_that_are_zero_under_a_deep_head():
    text = said("minimizer", "--encoding", "affine:0,0", "--classes", 3, "--depth", 2, "--lambda-b", "inf")
    assert text.startswith("Collapsed: every class mean is zero, for the labels are fitted without them; ")


def test_a_path_under_a_deep_head_whose_dimensions_suffice():
    problem = ["path", "--encoding", "affine:0.2,1", "--classes", 3, "--lambda-w", 0.02, "--lambda-h", 0.02,
               "--depth", 2, "--dim", 1, "--lambda-b", "0.01,10"]
    assert "bottleneck" not in said(*problem)
    text = said("path", "--classes", 3, "--depth", 2, "--dim", 1, "--lambda-b", "0.01,10")
    assert "bottleneck: 1 dimension for 3 classes" in text


def test_class_means_that_descent_left_near_zero_have_no_angle():
    """15 classes of one sample vanish; descent leaves 1e-12 of them, all in one direction."""
    counts = [2, 2, 2, 1, 1, 2, 1, 2, 2, 2, 2, 1, 2, 1, 1, 1, 2, 1, 2, 1, 2, 2, 1, 1, 2, 1, 2, 2, 2, 1, 1, 2]
    problem = ncsolve.UFM(encoding=encodings.onehot(32), counts=counts, lambda_w=0.011291879319834022,
                          lambda_h=0.022583758639668043, lambda_b=1.0, dim=4)
    found = ncsolve.solve(problem)
    zero = np.linalg.norm(found.class_means, axis=0) == 0
    assert set(np.flatnonzero(np.array(counts) == 1)) <= set(np.flatnonzero(zero))
    assert found.cosines.max < 0.999
    means, normals, codes, bias = found.class_means, found.W.T, np.eye(32), found.bias
    scale = math.sqrt(np.sum(means**2) / 32)
    worst = 0.0
    for k in range(32):
        for other in range(k):
            if np.linalg.norm(means[:, k] - means[:, other]) < 1e-9 * scale:
                continue
            squares = [np.sum((codes[:, c] - bias) ** 2) for c in (k, other)]
            ours = np.append(normals[:, k] - normals[:, other], (squares[0] - squares[1]) / (2 * scale))
            lengths = [float(means[:, c] @ means[:, c]) for c in (k, other)]
            mean = np.append(means[:, k] - means[:, other], (lengths[0] - lengths[1]) / (2 * scale))
            cosine = ours @ mean / np.linalg.norm(ours) / np.linalg.norm(mean)
            worst = max(worst, math.sqrt(max(0.0, 1 - cosine**2)))
    assert found.nc.nc4 == pytest.approx(worst, abs=1e-9)


def test_a_class_mean_that_is_called_zero_has_no_length():
    text = said("minimizer", "--counts", "9,9,9,4,4,4,1,1", "--lambda-w", 0.02, "--lambda-h", 0.02,
                 "--lambda-b", 1, "--dim", 2, "--full")
    assert "squared length 0 to 0.1614815" in text
    assert "5 of 8 class means are zero" in text


def test_narrow_tables_keep_percent_signs_beside_their_numbers(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    with pytest.raises(SystemExit):
        main(["compare", "--encodings", "onehot,smoothed:0.1234567891", "--counts", "5000,500,50"])
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.rstrip().endswith("none") and " % " in line for line in lines) == 2
    assert not any(line.strip() == "%" for line in lines)
