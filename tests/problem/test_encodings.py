"""Encodings: what each one is, the registry, files, and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from ncsolve.encodings import _registry


@given(st.integers(1, 12), st.floats(0, 0.99))
def test_affine_family(k, alpha):
    eye, ones = np.eye(k), np.ones((k, k))
    for code, expected in (
        (encodings.onehot(k), eye),
        (encodings.smoothed(k, alpha), (1 - alpha) * eye + alpha / k * ones),
        (encodings.signed(k), 2 * eye - ones),
        (encodings.simplex(k), eye - ones / k),
        (encodings.affine(k, 1.5, -0.25), 1.5 * eye - 0.25 * ones),
    ):
        np.testing.assert_allclose(code.matrix, expected, rtol=0, atol=1e-15)
        assert code.row_sum == pytest.approx(code.matrix[0].sum(), abs=1e-14)
        assert (code.classes, code.code_length) == (k, k)
        assert not code.matrix.flags.writeable


COEFFICIENTS = st.floats(-3, 3).filter(lambda x: x == 0 or abs(x) > 1e-30)


@given(st.integers(2, 8), COEFFICIENTS, COEFFICIENTS)
def test_arrays_of_the_affine_family_are_recognised(k, a, q):
    matrix = np.full((k, k), q)
    np.fill_diagonal(matrix, a + q)
    found = encodings.from_array(matrix).affine
    assert found is not None
    assert (found.a, found.q) == (matrix[0, 0] - q, q)
    other = matrix.copy()
    other[0, 1] += 1e-9
    assert encodings.from_array(other).affine is None or k == 1
    assert encodings.from_array(matrix[:, :-1]).affine is None


def test_hadamard_columns_are_orthogonal():
    code = encodings.hadamard(16).matrix
    np.testing.assert_array_equal(code.T @ code, 16 * np.eye(16))


def test_binary_and_thermometer_and_ordinal():
    assert encodings.binary(5).code_length == 3
    assert encodings.binary(1).code_length == 1
    digits = encodings.binary(6).matrix
    assert [int("".join(str(int(x)) for x in column), 2) for column in digits.T] == list(range(6))
    np.testing.assert_array_equal(encodings.thermometer(5).matrix.sum(axis=0), np.arange(5))
    np.testing.assert_array_equal(encodings.ordinal(4).matrix, [[0, 1, 2, 3]])


@given(st.integers(1, 20), st.integers(0, 5))
def test_random_codes_follow_their_seed(k, seed):
    for make in (encodings.ecoc, encodings.gaussian):
        first, again = make(k, 30, seed), make(k, 30, seed)
        np.testing.assert_array_equal(first.matrix, again.matrix)
        assert not np.array_equal(first.matrix, make(k, 30, seed + 1).matrix)
    words = encodings.ecoc(k, max(1, (k - 1).bit_length()), seed).matrix
    assert np.unique(words, axis=1).shape[1] == k
    assert set(np.unique(words)) <= {-1.0, 1.0}


def test_registry_makes_every_entry_from_its_example():
    for name in encodings.names():
        entry = encodings.get(name)
        code = encodings.make(entry.example, classes=8, seed=3)
        assert code.classes == 8
        assert np.isfinite(code.matrix).all()
        for alias in entry.aliases:
            assert encodings.get(alias) is entry


def test_users_register_their_own(monkeypatch):
    monkeypatch.setattr(_registry, "_ENTRIES", dict(_registry._ENTRIES))  # other tests list the built-in ones
    name = "tests-own"
    encodings.register(name, lambda classes, scale: encodings.affine(classes, scale, 0.0), summary="scale I",
                       example="tests-own:3")
    assert encodings.make("tests-own:3", classes=2).matrix[0, 0] == 3
    with pytest.raises(ncsolve.EncodingError, match="taken"):
        encodings.register(name, encodings.onehot, summary="again")
    with pytest.raises(ncsolve.EncodingError, match="needs scale"):
        encodings.make("tests-own", classes=2)
    with pytest.raises(ncsolve.EncodingError, match="letters"):
        encodings.register("bad name", encodings.onehot, summary="")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: encodings.hadamard(10), r"power of two; got 10, use 8 or 16"),
        (lambda: encodings.smoothed(3, 1.0), r"0 <= alpha < 1; got 1.0"),
        (lambda: encodings.smoothed(3, float("nan")), r"got nan"),
        (lambda: encodings.onehot(0), r"at least 1; got 0"),
        (lambda: encodings.thermometer(1), r"at least 2; got 1"),
        (lambda: encodings.ecoc(9, 3), r"only 8 values of \+-1, fewer than 9 classes"),
        (lambda: encodings.gaussian(3, 0), r"at least 1; got 0"),
        (lambda: encodings.gaussian(3, 2, -1), r"seed must be a non-negative integer; got -1"),
        (lambda: encodings.affine(3, float("inf"), 0), r"at most 1e50\); got a = inf"),
        (lambda: encodings.from_array([1.0, 2.0]), r"got shape \(2,\)"),
        (lambda: encodings.from_array([[1.0, np.nan]]), r"entry 0 of the code of class 1 is nan"),
        (lambda: encodings.from_array([[1.0], [1.0, 2.0]]), r"array of real numbers"),
        (lambda: encodings.from_array([["a"]]), r"array of real numbers"),
        (lambda: encodings.from_array(np.ones((2, 0))), r"got shape \(2, 0\)"),
        (lambda: encodings.from_array([[1e200]]), r"must not exceed 1e50"),
        (lambda: encodings.make("onehto", classes=3), r"did you mean 'onehot'\?"),
        (lambda: encodings.make("zzz", classes=3), r"choices: affine, binary"),
        (lambda: encodings.make("onehot:3", classes=3), r"takes no parameter"),
        (lambda: encodings.make("smoothed:x", classes=3), r"must be numbers; got 'x'"),
        (lambda: encodings.onehot(10**6).matrix, r"1000000 x 1000000"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ncsolve.NCSolveError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_files(tmp_path):
    codes = np.array([[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]])
    np.savetxt(tmp_path / "a.csv", codes, delimiter=",")
    np.savetxt(tmp_path / "a.txt", codes)
    np.save(tmp_path / "a.npy", codes)
    (tmp_path / "b.csv").write_text("# outputs x classes\n1;0;0;2\n\n0;1;-1;0.5\n.5;.5;2;0\n")
    for name in ("a.csv", "a.txt", "a.npy", "b.csv"):
        code = encodings.from_file(tmp_path / name)
        np.testing.assert_array_equal(code.matrix, codes)
        assert code.name == name


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "1,2\n3\n", r"a.csv, line 2: every row must have the same length; this one has 1 numbers"),
        ("a.csv", "1,x\n", r"line 1: expected a number; got 'x'"),
        ("a.csv", "1,,2\n3,4\n", r"line"),
        ("a.csv", "", r"holds no numbers"),
        ("a.csv", "nan,1\n", r"is nan"),
        ("a.json", "1", r"unknown file ending '.json'; use one of .csv, .tsv, .txt, .npy, .npz"),
        ("a.npy", "not numpy", r"not a .npy file"),
        ("a.csv", b"\xff\xfe\x00", r"not a text file"),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ncsolve.FileError, match=message) as caught:
        encodings.from_file(path)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(ncsolve.FileError, match="cannot be read: No such file"):
        encodings.from_file(tmp_path / "absent.csv")
    with pytest.raises(ncsolve.FileError, match="cannot be read"):
        encodings.from_file(tmp_path / "absent.npy")


def test_scalars_of_numpy_are_numbers():
    assert encodings.smoothed(4, np.float32(0.25)).name == "smoothed:0.25"
    assert encodings.affine(np.int64(3), np.int64(2), np.float16(0.5)).matrix[0].tolist() == [2.5, 0.5, 0.5]
