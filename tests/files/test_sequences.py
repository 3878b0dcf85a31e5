"""Labels in their order: the same classes as when they are only counted, and the class number of each sample."""

import numpy as np
import pytest

from ncsolve._files.reading.labels import read_label_sequence, read_labels
from ncsolve._files.reading.sequence import LabelSequence, class_numbers_of
from ncsolve.errors import ProblemError

TEXTS = [
    ("a.csv", "name,label\nx,2\ny,10\nz,2\n", {"column": "label"}, "2 10 2"),
    ("a.csv", "label\ncat\ndog\ncat\n", {}, "cat dog cat"),
    ("a.txt", "3\n03\n1\n", {}, "3 03 1"),
    ("a.txt", "word\n3\n1\n", {"header": True}, "3 1"),
    ("a.tsv", "b\na\n", {"header": False}, "b a"),
]


@pytest.mark.parametrize(("name", "content", "options", "labels"), TEXTS)
def test_texts(tmp_path, name, content, options, labels):
    path = tmp_path / name
    path.write_text(content)
    file, found = read_label_sequence(path, **options)
    assert [found.texts[k] for k in found.which] == labels.split()
    assert file.classes == read_labels(path, **options).classes
    numbers = class_numbers_of([found])
    assert numbers.names == file.classes.names
    assert np.bincount(numbers.numbers[0]).tolist() == list(file.classes.counts)


@pytest.mark.parametrize("array", [
    np.array([2.0, 1.0, 10.0, 2.0]), np.array([[0], [1], [1]]), np.eye(3)[[2, 1, 1, 0]], np.array(["b", "a", "b"]),
    np.array([True, False, True]), np.array([0.1, 0.2, 0.1], dtype=np.float32),
])
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_arrays(tmp_path, array, ending):
    path = tmp_path / f"a.{ending}"
    np.save(path, array) if ending == "npy" else np.savez(path, array)
    file, found = read_label_sequence(path)
    numbers = class_numbers_of([found])
    assert numbers.names == file.classes.names
    plain = array.argmax(axis=1) if array.ndim == 2 and array.shape[1] > 1 else array.ravel()
    assert numbers.numbers[0].tolist() == np.unique(plain, return_inverse=True)[1].tolist()


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for k, values in enumerate((["b", "a", "b"], [3, 1, 2], pyarrow.array([0.1, 0.2], pyarrow.float32()))):
        path = tmp_path / f"{k}.parquet"
        parquet.write_table(pyarrow.table({"label": values}), path)
        file, found = read_label_sequence(path)
        assert class_numbers_of([found]).names == file.classes.names
        assert found.samples == len(values)
    assert [found.texts[k] for k in found.which] == ["0.1", "0.2"]


def of(words):
    return LabelSequence.of(words.split())


def test_classes_of_several_files_are_one_list():
    found = class_numbers_of([of("2 10"), of("1 2.0")])
    assert found.names == ("1", "2", "10")
    assert [one.tolist() for one in found.numbers] == [[1, 2], [0, 1]]


@pytest.mark.parametrize(("words", "options", "names", "numbers"), [
    ("1 3 1", {"classes": 4}, "0 1 2 3", [1, 3, 1]),
    ("1 3 1", {"classes": 2}, "1 3", [0, 1, 0]),
    ("b a", {"names": ("c", "b", "a")}, "c b a", [1, 2]),
    ("1 01", {"text": True}, "01 1", [1, 0]),
    ("1.0 2", {"names": ("2", "1")}, "2 1", [1, 0]),
])
def test_classes_that_are_told(words, options, names, numbers):
    found = class_numbers_of([of(words)], **options)
    assert found.names == tuple(names.split())
    assert found.numbers[0].tolist() == numbers


@pytest.mark.parametrize(("words", "options", "message"), [
    ("1 4", {"classes": 4}, "the numbers 0 to 3; got '4'"),
    ("a b", {"classes": 3}, "got 'a', or name all classes with --order"),
    ("0 1 2", {"classes": 2}, "got '2'"),
    ("a b", {"names": ("a", "c")}, "'b' is none of the classes a, c"),
    ("1 2", {"names": ("1", "1.0", "2")}, "must differ"),
])
def test_labels_that_are_no_classes(words, options, message):
    with pytest.raises(ProblemError, match=message) as caught:
        class_numbers_of([of(words)], **options)
    assert "\n" not in str(caught.value)
