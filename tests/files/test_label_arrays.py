"""Labels in arrays and in parquet files."""

import sys

import numpy as np
import pytest

from ncsolve._files.reading import arrays
from ncsolve._files.reading.labels import read_labels
from ncsolve.errors import FileError, MissingPackageError


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


ARRAYS = [
    (np.array([2.0, 1.0, 10.0, 2.0]), "1 2 10", [1, 2, 1]),
    (np.array([2, 1, 2], dtype=np.uint8), "1 2", [1, 2]),
    (np.array([[0], [1], [1]]), "0 1", [1, 2]),
    (np.eye(3)[[0, 1, 1, 2]], "0 1 2", [1, 2, 1]),
    (np.eye(3, dtype=bool)[[0, 1, 1, 2]], "0 1 2", [1, 2, 1]),
    (np.array([b"cat", b"dog", b"cat"]), "cat dog", [2, 1]),
    (np.array(["3", "3.0", "1"]), "1 3", [1, 2]),
    (np.array([True, False, True]), "False True", [1, 2]),
    (np.array([0.5, 0.25, 0.5]), "0.25 0.5", [1, 2]),
    (np.array([0.1, 0.2, 0.1], dtype=np.float32), "0.1 0.2", [2, 1]),
    (np.array([1e300, 1.0, 1e-300]), "1e-300 1 1e+300", [1, 1, 1]),
    (np.array([2**62 + 1, 2**62]), f"{2**62} {2**62 + 1}", [1, 1]),
]


@pytest.mark.parametrize(("array", "names", "counts"), ARRAYS)
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_arrays(tmp_path, array, names, counts, ending):
    path = tmp_path / f"a.{ending}"
    np.save(path, array) if ending == "npy" else np.savez_compressed(path, array)
    found = read_labels(path).classes
    assert (" ".join(found.names), list(found.counts)) == (names, counts)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array(["cat", "", "dog"]), "entry 1 .counted from 0.: the label is missing"),
        (np.array([1.0, np.nan]), "entry 1 .counted from 0.: the label is nan"),
        (np.array([1.0, np.inf]), "the label is inf"),
        (np.array(3), r"shape \(N,\)"),
        (np.zeros((0,)), "no labels"),
        (np.array([[0.2, 0.8], [0.9, 0.1]]), "argmax"),
        (np.array([[1, 0, 0], [0, 1, 0]]), "class 2 has no sample"),
        (np.zeros((2, 2, 2)), "ravel"),
        (np.array([[0, 1, 2, 1]]), r"ravel\(\)"),
        (np.array(["1", "?", "2"]), "entry 1 .counted from 0.: the label is missing"),
        (np.array(["2020-01-01"], dtype="M8[D]"), r"astype\(str\)"),
        (np.array([b"\xff"]), "not text in UTF-8"),
    ],
)
def test_arrays_that_are_no_labels(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(FileError, match=message):
        read_labels(tmp_path / "a.npy")


def test_damaged_and_dangerous_arrays(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.array(["a", 1], dtype=object), allow_pickle=True)
    with pytest.raises(FileError, match=r"Python objects.*astype\(str\)"):
        read_labels(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", np.arange(5))
    data = (tmp_path / "b.npy").read_bytes()
    for broken in (data[:-3], data.replace(b"(5,)", b"(9" + b"9" * 9 + b",)"), b"\x93NUMPY\x01\x00\xff\xff", b"x"):
        with pytest.raises(FileError, match=r"not a \.npy file"):
            read_labels(written(tmp_path, "c.npy", broken))
    np.savez(tmp_path / "two.npz", a=np.arange(3), b=np.arange(3))
    with pytest.raises(FileError, match=r"holds 2 \(a, b\)"):
        read_labels(tmp_path / "two.npz")
    with pytest.raises(FileError, match=r"not a \.npz file"):
        read_labels(written(tmp_path, "d.npz", b"PK\x03\x04 and so on"))
    monkeypatch.setattr(arrays, "MOST_BYTES", 1 << 20)
    np.savez_compressed(tmp_path / "bomb.npz", np.zeros(1 << 18))  # 2 MiB in a few kB: refused by the index
    with pytest.raises(FileError, match="at most 1 MiB; it has 2 MiB"):
        read_labels(tmp_path / "bomb.npz")


def test_parquet(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "a.parquet"
    for values, names, counts in (
        (["cat", "dog", "cat"], ("cat", "dog"), (2, 1)),
        ([10, 2, 2], ("2", "10"), (2, 1)),
        ([1.0, 2.0, 1.0], ("1", "2"), (2, 1)),
        (pandas.Categorical(["lo", "hi", "lo"]), ("hi", "lo"), (1, 2)),
    ):
        pandas.DataFrame({"y": values}).to_parquet(path)
        found = read_labels(path)
        assert (found.classes.names, found.classes.counts) == (names, counts)
        assert "column 'y'" in found.sentence
    pandas.DataFrame({"x": [1, 2], "y": ["a", None]}).to_parquet(path)
    with pytest.raises(FileError, match=r"row 1 \(counted from 0\): the label is missing"):
        read_labels(path, column="y")
    with pytest.raises(FileError, match=r"2 columns; choose one with --label-column \(x, y\)"):
        read_labels(path)
    with pytest.raises(FileError, match="no column 'z'"):
        read_labels(path, column="z")
    for values, message in (([1.0, np.inf], r"row 1 .*\(inf\)"), (["1", "?"], r"row 1 .*'\?'")):
        pandas.DataFrame({"y": values}).to_parquet(path)
        with pytest.raises(FileError, match=message):
            read_labels(path)
    pandas.DataFrame({"y": np.array([0.1, 0.2], dtype=np.float32)}).to_parquet(path)
    assert read_labels(path).classes.names == ("0.1", "0.2")
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table([[1], [2]], names=["a", "a"]), path)
    pandas.DataFrame({"1": ["a"], "0": ["b"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(FileError, match="column '1' can be the one of that name or the one of that number; rename"):
        read_labels(tmp_path / "b.parquet", column="1")
    for column in ("a", "1"):
        with pytest.raises(FileError, match="2 columns are called 'a'"):
            read_labels(path, column=column)
    with pytest.raises(FileError, match=r"not a \.parquet file"):
        read_labels(written(tmp_path, "b.parquet", b"PAR1"))


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match="tables"):
        read_labels(written(tmp_path, "a.parquet", b"PAR1"))
