"""Phase diagrams: cells against ``solve``, boundaries against closed forms, and the collapse of minority classes."""

import functools
import json
import math

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._documents.phase import phase_document
from ncsolve._problem.sweep import Sweep
from ncsolve._sweeps.boundary_curves import joined, refined
from ncsolve._sweeps.second_parameter import second_parameter
from ncsolve._sweeps.threshold_crossings import regime_changes
from ncsolve.errors import NCSolveError
from ncsolve.schemas import schema

LAMBDA_B = np.geomspace(1e-2, 10, 9)
CODES = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]


def problem(encoding=None, counts=100, weight=5e-4):
    code = encodings.onehot(6) if encoding is None else encoding
    return ncsolve.UFM(encoding=code, counts=counts, lambda_w=weight, lambda_h=2 * weight, lambda_b=1)


CASES = [
    (problem(), "t", [0.1, 0.5, 1.1]),
    (problem(encodings.smoothed(6, 0.2)), "weight_decay", [1e-4, 1e-3, 1e-2]),
    (problem(encodings.signed(6)), "classes", [2, 5, 9]),
    (problem(counts=50, weight=2e-3), "imbalance", [1, 5, 50]),
    (problem(CODES, [5, 20, 1, 10], 1e-2), "t", [0.2, 0.7, 1.2]),
]


@functools.cache
def diagram(number):
    """The diagram of a case, drawn once for all tests, and the numbers that ``progress`` was told."""
    case, against, values = CASES[number]
    told = []
    found = ncsolve.phase(case, lambda_b=LAMBDA_B, against=against, values=values, progress=told.append)
    return found, told


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[1] for case in CASES])
def test_every_cell_is_the_minimizer(number):
    case, against, values = CASES[number]
    found, _ = diagram(number)
    second = second_parameter(case, against, values)
    for i, value in enumerate(found.values.tolist()):
        for j, lambda_b in enumerate(LAMBDA_B.tolist()):
            single = ncsolve.solve(second.problem_at(value).replace(lambda_b=lambda_b))
            assert found.rank[i, j] == single.rank
            assert found.regimes[i][j] == single.regime
            if single.cosines is None:
                assert math.isnan(found.cosine[i, j])
            else:
                assert found.cosine[i, j] == pytest.approx(single.cosines.mean, abs=1e-9)


def test_what_the_second_parameters_mean():
    case = problem()
    at = second_parameter(case, "t", [0.1, 0.3]).problem_at(0.3)
    assert at.threshold / 10 == pytest.approx(0.3, rel=1e-14)
    assert at.lambda_h / at.lambda_w == pytest.approx(2, rel=1e-14)
    at = second_parameter(case, "weight_decay", [0.1, 0.3]).problem_at(0.3)
    assert at.lambda_w == at.lambda_h == 0.3
    at = second_parameter(problem(encodings.smoothed(6, 0.2)), "classes", [2, 9]).problem_at(9)
    assert (at.classes, at.counts.values, at.encoding.name) == (9, (100,), "smoothed:0.2")
    second = second_parameter(problem(encodings.onehot(5)), "imbalance", [1, 3, 3.001, 1000])
    assert second.values.tolist() == [1, 100 / 33, 100]  # whole numbers of samples, and no two values alike
    assert second.problem_at(100 / 33).counts.array.tolist() == [100] * 3 + [33] * 2


@pytest.mark.parametrize("against", ["t", "weight_decay"])
def test_closed_boundaries_are_the_roots(against):
    """lambda_b* = t/(|w| - t) and t/(|w| - |a|), against roots found without them."""
    case = problem(encodings.smoothed(6, 0.2))
    values = [0.05, 0.2, 0.6] if against == "t" else [1e-4, 4e-4, 1e-3]
    found = ncsolve.phase(case, lambda_b=[1e-4, 1e4], against=against, values=values)
    assert [boundary.theorem for boundary in found.boundaries if boundary.kind == "orthogonal"] == ["T5"]
    second = second_parameter(case, against, values)
    for value in values:
        sweep = Sweep(problem=second.problem_at(value), name="lambda_b", values=np.array([1e-4, 1e4]))
        for change in regime_changes(sweep, closed_forms=False):
            (curve,) = (b for b in found.boundaries if b.kind == change.kind)
            assert (curve.regime_before, curve.regime_after) == (change.regime_before, change.regime_after)
            assert (curve.rank_before, curve.rank_after) == (change.rank_before, change.rank_after)
            near = np.interp(value, curve.values, np.log(curve.lambda_b))
            assert near == pytest.approx(math.log(change.value), abs=1e-3)


def test_the_first_boundary_is_exact():
    found = ncsolve.phase(problem(), lambda_b=LAMBDA_B, against="t", values=[0.1, 0.9])
    (boundary,) = found.boundaries
    np.testing.assert_allclose(boundary.lambda_b, boundary.values / (1 - boundary.values), rtol=1e-13)


def test_acute_codes_keep_the_mean_when_their_contrasts_are_gone():
    """Signed codes of six classes have |w| = 4 > |a| = 2: from t = 2 on only the mean direction is left."""
    found = ncsolve.phase(problem(encodings.signed(6)), lambda_b=[0.1, 10], against="t", values=[1.0, 3.0])
    assert found.collapse == (2.0,)
    names = {(boundary.regime_before, boundary.regime_after) for boundary in found.boundaries}
    assert names == {("simplex", "intermediate"), ("intermediate", "acute"), ("collapsed", "acute")}
    assert found.regimes[1] == ("collapsed", "acute")


def test_every_point_of_a_boundary_changes_the_rank():
    found, _ = diagram(len(CASES) - 1)
    second = second_parameter(found.problem, "t", found.values)
    assert len(found.boundaries) >= 2
    for boundary in found.boundaries:
        for value, lambda_b in zip(boundary.values.tolist(), boundary.lambda_b.tolist(), strict=True):
            ranks = [
                ncsolve.solve(second.problem_at(value).replace(lambda_b=lambda_b * factor)).rank
                for factor in (1 - 1e-9, 1 + 1e-9)
            ]
            assert ranks == [boundary.rank_before, boundary.rank_after]


def test_a_curve_is_followed_to_the_edge():
    """Between two rows a curve leaves the diagram: halving finds rows on which it is still there."""
    case = problem(CODES, [5, 20, 1, 10], 1e-2)
    second = second_parameter(case, "t", [0.2, 1.2])
    grid = np.array([1e-2, 10.0])
    changes = [
        regime_changes(Sweep(problem=second.problem_at(v), name="lambda_b", values=grid)) for v in second.values
    ]
    rows = refined(second, grid, changes)
    assert len(rows) > 2
    assert [value for value, _ in rows] == sorted(value for value, _ in rows)
    assert sum(b.values.size for b in joined(rows)) > sum(len(change) for change in changes)


def test_minority_collapse_is_where_the_small_classes_vanish():
    """n/R = T^2 in real numbers; the ranks of whole counts on both sides agree."""
    case = ncsolve.UFM(encoding=encodings.onehot(6), counts=400, lambda_w=2e-3, lambda_h=2e-3, lambda_b=1)
    found = ncsolve.phase(case, lambda_b=[0.01, 1], against="imbalance", values=[1, 400])
    (ratio,) = found.collapse
    small = 400 / ratio
    assert small == pytest.approx((2e-3 * 3 * (400 + small)) ** 2, rel=1e-12)
    second = second_parameter(case, "imbalance", [1, 400])
    for lambda_b in (0.0, 0.01, 1.0, math.inf):
        for count, alive in ((math.ceil(small), True), (math.floor(small), False)):
            blocks = ncsolve.solve(second.problem_at(400 / count).replace(lambda_b=lambda_b)).blocks
            spread = blocks[0].squared_length - blocks[0].inner_product  # half the distance of two small classes
            assert (spread > 1e-12) is alive


def test_scaled_codes_scale_the_collapse():
    half = ncsolve.UFM(encoding=encodings.affine(6, 0.5, 0.0), counts=400, lambda_w=1e-3, lambda_h=1e-3, lambda_b=1)
    whole = half.replace(encoding=encodings.onehot(6), lambda_w=2e-3, lambda_h=2e-3)
    one, other = (second_parameter(case, "imbalance", [1, 400]).collapse_values() for case in (half, whole))
    assert one == pytest.approx(other, rel=1e-12)
    assert len(one) == 1


@pytest.mark.exhaustive
def test_workers_change_nothing():
    """The command is compared with itself in two processes in tests/cli/test_pictures.py."""
    case, against, values = CASES[-1]
    one, _ = diagram(len(CASES) - 1)
    two = ncsolve.phase(case, lambda_b=LAMBDA_B, against=against, values=values, workers=2)
    np.testing.assert_array_equal(one.cosine, two.cosine)
    np.testing.assert_array_equal(one.rank, two.rank)
    assert one.regimes == two.regimes
    assert [b.lambda_b.tolist() for b in one.boundaries] == [b.lambda_b.tolist() for b in two.boundaries]


def test_progress_and_document():
    for number in range(len(CASES)):
        found, seen = diagram(number)
        assert seen == list(range(1, len(found.values) + 1))
        document = json.loads(json.dumps(phase_document(found), allow_nan=False))
        jsonschema.validate(document, schema("ncsolve.phase/1"))
        assert np.shape(document["rank"]) == (len(found.values), LAMBDA_B.size)
        columns = found.columns()
        assert {len(column) for column in columns.values()} == {len(found.values) * LAMBDA_B.size}
        assert columns["lambda_b"][: LAMBDA_B.size] == LAMBDA_B.tolist()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"against": "epochs"}, "choices: classes, imbalance, t, weight_decay"),
        ({"values": [0.1]}, "at least two"),
        ({"values": ["a", "b"]}, "sequence of numbers"),
        ({"values": [0.0, 0.1]}, "above 0"),
        ({"values": [0.1, math.inf]}, "finite"),
        ({"against": "classes", "values": [1, 4]}, "at least 2"),
        ({"against": "imbalance", "values": [0.5, 4]}, "at least 1"),
        ({"against": "imbalance", "values": [4, 4.0001]}, "two different values"),
        ({"lambda_b": [0.0, 1.0]}, "positive finite"),
        ({"lambda_b": [1.0]}, "at least two"),
        ({"lambda_b": "x"}, "positive finite"),
        ({"workers": 0}, "workers"),
    ],
)
def test_wrong_requests_are_refused(options, words):
    with pytest.raises(NCSolveError, match=words):
        ncsolve.phase(problem(), **({"lambda_b": LAMBDA_B, "against": "t", "values": [0.1, 0.2]} | options))


def test_classes_and_imbalance_need_balanced_counts():
    for against in ("classes", "imbalance"):
        with pytest.raises(NCSolveError, match="same count"):
            ncsolve.phase(problem(CODES, [5, 20, 1, 10]), lambda_b=LAMBDA_B, against=against, values=[2, 3])
