"""Problems from the labels of samples: the classes, their order, and what is no label."""

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings, geometry
from ncsolve._files.reading.labels import read_labels

LAMBDAS = {"lambda_w": 1e-3, "lambda_h": 1e-3, "lambda_b": 0.1}


def classes(labels, **options):
    problem = ncsolve.UFM.from_labels(labels, **LAMBDAS, **options)
    return problem.class_names, list(problem.counts)


class Tensor:
    """What torch gives of a tensor: nothing to numpy while it has a graph or is on a device."""

    def __init__(self, values, free=False):
        self.values, self.free = values, free

    def detach(self):
        return self

    def cpu(self):
        return Tensor(self.values, free=True)

    def __array__(self, dtype=None, copy=None):
        if not self.free:
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        return np.asarray(self.values)


LABELS = [
    (["dog", "cat", "dog"], ("cat", "dog"), [1, 2]),
    ([2, 10, 2], ("2", "10"), [2, 1]),
    (["2", "10", "02", 2.0], ("2", "10"), [3, 1]),
    ([1, "a", 1], ("1", "a"), [2, 1]),
    ([True, False, True], ("False", "True"), [1, 2]),
    ([True, 1, 2], ("1", "2", "True"), [1, 1, 1]),
    (np.array([1.0, 2.0, 1.0]), ("1", "2"), [2, 1]),
    (np.array([0.1, 0.2], dtype=np.float32), ("0.1", "0.2"), [1, 1]),
    ([np.float32(0.1), np.int8(3)], ("0.1", "3"), [1, 1]),
    (np.array([2, 1, 2], dtype=np.uint8), ("1", "2"), [1, 2]),
    (np.array(["b", "a", "b"]), ("a", "b"), [1, 2]),
    ((b"b", b"a"), ("a", "b"), [1, 1]),
    (np.array(["b", "a", "b"], dtype=object), ("a", "b"), [1, 2]),
    ([2**70, 1], ("1", str(2**70)), [1, 1]),
    (Tensor([3, 1, 3]), ("1", "3"), [1, 2]),
]


@pytest.mark.parametrize(("labels", "names", "counts"), LABELS)
def test_classes_of_labels(labels, names, counts):
    assert classes(labels) == (names, counts)


@pytest.mark.parametrize("labels", [labels for labels, _, _ in LABELS[:-1]])
def test_a_file_of_the_labels_has_the_same_classes(labels, tmp_path):
    """Written as text, one a line: one rule for both."""
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(x.decode() if isinstance(x, bytes) else str(x) for x in labels))
    found = read_labels(path, header=False).classes
    assert classes(labels) == (found.names, list(found.counts))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", None], r"entry 1 \(counted from 0\) is 'None', drop"),
        (["a", "NA", "b"], "entry 1 .* is 'NA'"),
        ([1.0, float("nan")], "entry 1 .* is 'nan'"),
        (np.array([1.0, np.inf]), "entry 1 .* is 'inf'"),
        ([1, "?", 2], r"entry 1 .* is '\?'"),
        (["a", float("nan")], "entry 1 .* is 'nan'"),
        ("abc", "must be a non-empty sequence .*; got 'abc'"),
        ({"a", "b"}, "must be a non-empty sequence"),
        ([], "must be a non-empty sequence"),
        (3, "must be a non-empty sequence .*; got 3"),
        ([["a"], ["b"]], r"entry 0 .* is \['a'\]"),
        (np.eye(3), r"got shape \(3, 3\), pass labels.argmax\(axis=1\)"),
        (np.zeros((3, 1)), r"got shape \(3, 1\), pass labels.ravel\(\)"),
        ([1j, 2], "entry 0 .* is 1j"),
        (np.ma.array([1, 2], mask=[True, False]), "drop or fill what is masked"),
        ([b"\xff", b"a"], "not text in UTF-8"),
        ([10**5000, 1], "entry 0 .* is int of more than 4000 digits"),
        ([(1, 2), "a"], r"entry 0 .* is \(1, 2\)"),
    ],
)
def test_what_is_no_label(labels, message):
    for call in (
        lambda: ncsolve.UFM.from_labels(labels, **LAMBDAS),
        lambda: ncsolve.LabelStatistics.from_labels(labels, "onehot"),
        lambda: geometry.nc1(np.eye(2), labels),
    ):
        with pytest.raises(ncsolve.ProblemError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_order():
    labels = ["low", "high", "low", "medium"]
    names = ("low", "medium", "high")
    assert classes(labels, order=names) == (names, [2, 1, 1])
    assert classes([3, 1, 3], order=[3, 1]) == (("3", "1"), [2, 1])
    with pytest.raises(ncsolve.ProblemError, match="must name all of them; medium is missing"):
        classes(labels, order=["low", "high"])
    for wrong in ("abc", {"low"}, 3, [["low"]]):
        with pytest.raises(ncsolve.ProblemError, match="order must be a sequence with the name of each class"):
            classes(labels, order=wrong)


def test_pandas():
    pandas = pytest.importorskip("pandas")
    assert classes(pandas.Series(["b", "a", "b"])) == (("a", "b"), [1, 2])
    assert classes(pandas.Series([2, 1, 2], dtype="Int64")) == (("1", "2"), [1, 2])
    levels = ["low", "medium", "high"]
    column = pandas.Series(["high", "low", "medium", "low"])
    ordered = pandas.Categorical(column, categories=levels, ordered=True)
    assert classes(ordered) == classes(pandas.Series(ordered)) == (tuple(levels), [2, 1, 1])
    assert classes(column.astype("category")) == (("high", "low", "medium"), [1, 2, 1])
    for missing in (pandas.NA, None, float("nan"), pandas.NaT):
        with pytest.raises(ncsolve.ProblemError, match=r"every sample needs a label; entry 1 "):
            classes(pandas.Series(["a", missing, "b"], dtype=object))
    with pytest.raises(ncsolve.ProblemError, match="entry 1 "):
        classes(pandas.Series([1, None], dtype="Int64"))
    absent = pandas.Series(ordered)[:2]
    with pytest.raises(ncsolve.ProblemError, match=r"category 'medium' has none, pass labels.cat.remove_unused"):
        classes(absent)
    assert classes(absent.cat.remove_unused_categories()) == (("low", "high"), [1, 1])
    # The metrics count the classes that occur.
    assert geometry.class_means_of([[1.0, 2.0]], absent).tolist() == [[2.0, 1.0]]


def test_torch():
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    assert classes(torch.tensor([3, 1, 3])) == (("1", "3"), [1, 2])
    assert classes([torch.tensor(3), torch.tensor(1)]) == (("1", "3"), [1, 1])
    assert ncsolve.LabelStatistics.from_labels(torch.tensor([0, 1, 1]), np.eye(2)).mean[1] == 2 / 3


def test_encodings_of_labels():
    assert ncsolve.UFM.from_labels([0, 1, 1], "smoothed:0.2", **LAMBDAS).encoding == encodings.smoothed(2, 0.2)
    values = ncsolve.UFM.from_labels([3, -1, 3], "ordinal:values", **LAMBDAS).encoding
    assert values.matrix.tolist() == [[-1.0, 3.0]]
    codes = [[1.0, 0.0], [0.0, 2.0]]
    assert ncsolve.UFM.from_labels(["a", "b", "b"], codes, **LAMBDAS).encoding.matrix.tolist() == codes
    assert ncsolve.UFM.from_labels([0, 1], "ecoc:7", seed=3, **LAMBDAS).encoding == encodings.ecoc(2, 7, seed=3)
    for labels, encoding, message in (
        (["a", "b"], np.eye(3), "one code per class of the labels; got 3 codes for a, b, take out"),
        (["a", "b"], "ordinal:values", "labels that are text, use ordinal"),
        (["a", "b"], "codes.csv", "got 'codes.csv', read a file by ncsolve.encodings.from_file"),
        (["a", "b"], "hadamrd", "did you mean 'hadamard'"),
    ):
        with pytest.raises(ncsolve.NCSolveError, match=message):
            ncsolve.UFM.from_labels(labels, encoding, **LAMBDAS)


def test_a_problem_from_labels_is_that_of_its_counts():
    found = ncsolve.UFM.from_labels(
        ["a", "b", "b"], lambda_w=[1e-3, 2e-3], lambda_h=1e-3, lambda_b=0.1, depth=2, dim=2, convention="sum",
    )
    assert found == ncsolve.UFM(
        encoding=encodings.onehot(2), counts=[1, 2], lambda_w=[1e-3, 2e-3], lambda_h=1e-3, lambda_b=0.1, depth=2, dim=2,
        class_names=["a", "b"], convention="sum",
    )


@pytest.mark.parametrize("labels", [["b", "a", "b", "c"], np.array([20, 10, 20, 30]), [2.5, -1, 2.5, 3]])
def test_metrics_infer_the_classes(labels):
    features = np.random.default_rng(0).standard_normal((2, 4))
    numbers = [1, 0, 1, 2]
    for metric in (geometry.nc1, geometry.within_class_energy, geometry.class_means_of):
        np.testing.assert_array_equal(metric(features, labels), metric(features, numbers, 3))
    with pytest.raises(ncsolve.ProblemError, match=r"one column per label; got \(4, 2\) for 4 labels, pass features.T"):
        geometry.nc1(features.T, labels)


def test_statistics_of_labels():
    words = ["b", "a", "b", "c"]
    mine, theirs = (ncsolve.LabelStatistics.from_labels(x, y) for x, y in ((words, "signed"),
                                                                        ([1, 0, 1, 2], encodings.signed(3))))
    assert mine.samples == theirs.samples
    np.testing.assert_array_equal(mine.mean, theirs.mean)
    np.testing.assert_array_equal(mine.scatter, theirs.scatter)
    # Whole numbers beside codes are class numbers, which need not all occur; beside a name they are labels.
    assert ncsolve.LabelStatistics.from_labels([2, 2], np.eye(3)).mean.tolist() == [0, 0, 1]
    assert ncsolve.LabelStatistics.from_labels([2, 2], "onehot").mean.tolist() == [1]
