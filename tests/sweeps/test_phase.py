"""Phase diagrams: cells against ``solve``, documents, and requests that are refused."""

import math
import sys

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._documents.phase import phase_document
from ncsolve._sweeps.second_parameter import second_parameter
from ncsolve.errors import NCSolveError
from tests.documents import fits
from tests.sweeps.diagrams import ANY, DEEP, PLANES, affine, drawn, every_plane
from tests.sweeps.points import check_cells

LAMBDA_B = np.geomspace(1e-2, 10, 9)


@every_plane
def test_every_cell_is_the_minimizer(name):
    check_cells(drawn(name)[0])


@every_plane
def test_progress_and_document(name):
    found, told = drawn(name)
    assert told == tuple(range(1, len(found.values) + 1))
    document = fits(phase_document(found), "ncsolve.phase/1")
    assert np.shape(document["rank"]) == (len(found.values), found.lambda_b.size)
    columns = found.columns()
    assert {len(column) for column in columns.values()} == {len(found.values) * found.lambda_b.size}
    assert columns["lambda_b"][: found.lambda_b.size] == found.lambda_b.tolist()


@every_plane
def test_data_frame(name):
    """Tidy: a row for every point, a column for every quantity."""
    pandas = pytest.importorskip("pandas")
    found = drawn(name)[0]
    frame = found.to_dataframe()
    assert list(frame.columns)[:5] == [found.against, "lambda_b", "cos_mean", "rank", "regime"]
    assert ("guarantee" in frame) == found.beyond
    for column, whole in (("cos_mean", found.cosine), ("rank", found.rank), ("regime", np.array(found.regimes))):
        table = frame.pivot(index=found.against, columns="lambda_b", values=column)
        np.testing.assert_array_equal(table.index, found.values)
        np.testing.assert_array_equal(table.columns, found.lambda_b)
        pandas.testing.assert_frame_equal(table, pandas.DataFrame(whole, index=table.index, columns=table.columns),
                                          check_dtype=False)


def test_a_data_frame_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ncsolve.MissingPackageError, match=r"a data frame needs pandas; .*ncsolve\[tables\]"):
        drawn("any codes")[0].to_dataframe()


@pytest.mark.exhaustive
def test_workers_change_nothing():
    """The command is compared with itself in two processes in tests/cli/test_pictures.py."""
    plane, (one, _) = PLANES["any codes"], drawn("any codes")
    two = ncsolve.phase(
        plane.problem, lambda_b=plane.lambda_b, against=plane.against, values=plane.values, workers=2
    )
    np.testing.assert_array_equal(one.cosine, two.cosine)
    np.testing.assert_array_equal(one.rank, two.rank)
    assert one.regimes == two.regimes
    assert [b.lambda_b.tolist() for b in one.boundaries] == [b.lambda_b.tolist() for b in two.boundaries]


def test_what_the_second_parameters_mean():
    case = affine()
    at = second_parameter(case, "t", [0.1, 0.3]).problem_at(0.3)
    assert at.threshold / 10 == pytest.approx(0.3, rel=1e-14)
    assert at.lambda_h / at.lambda_w == pytest.approx(2, rel=1e-14)
    at = second_parameter(case, "weight_decay", [0.1, 0.3]).problem_at(0.3)
    assert at.lambda_w == at.lambda_h == 0.3
    at = second_parameter(affine(encodings.smoothed(6, 0.2)), "classes", [2, 9]).problem_at(9)
    assert (at.classes, at.counts.values, at.encoding.name) == (9, (100,), "smoothed:0.2")
    second = second_parameter(affine(encodings.onehot(5)), "imbalance", [1, 3, 3.001, 1000])
    assert second.values.tolist() == [1, 100 / 33, 100]  # whole numbers of samples, and no two values alike
    assert second.problem_at(100 / 33).counts.array.tolist() == [100] * 3 + [33] * 2
    at = PLANES["deep layers"].problem_at(0.3)
    assert at.lambda_w_layers[1] / at.lambda_w_layers[0] == pytest.approx(20, rel=1e-12)
    assert at.threshold / math.sqrt(10) == pytest.approx(0.3, rel=1e-12)


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
        ncsolve.phase(affine(), **({"lambda_b": LAMBDA_B, "against": "t", "values": [0.1, 0.2]} | options))


def test_classes_and_imbalance_need_balanced_counts():
    for against in ("classes", "imbalance"):
        with pytest.raises(NCSolveError, match="same count"):
            ncsolve.phase(ANY, lambda_b=LAMBDA_B, against=against, values=[2, 3])


@pytest.mark.exhaustive
def test_imbalance_under_a_deep_head():
    """Best found, and the jump between points of a row."""
    problem = ncsolve.UFM(encoding=encodings.onehot(2), counts=6, lambda_w=1e-2, lambda_h=1e-2, lambda_b=1, depth=2)
    diagram = ncsolve.phase(problem, lambda_b=[0.03, 1.0], against="imbalance", values=[1, 2])
    assert diagram.best_found.tolist() == [[False, False], [True, True]]
    assert any(boundary.jump for boundary in diagram.boundaries)


def test_what_is_open_or_too_large_is_refused():
    with pytest.raises(ncsolve.OpenProblemError, match="open problem"):
        ncsolve.phase(DEEP.replace(features="relu"), lambda_b=LAMBDA_B, against="t", values=[0.1, 0.2])
    with pytest.raises(ncsolve.SizeError, match="up to 400 points"):
        ncsolve.phase(DEEP, lambda_b=np.geomspace(1e-2, 1, 150), against="imbalance", values=[1, 2, 3, 5, 10])
