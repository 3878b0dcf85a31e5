"""The first samples of each class, scaled, from whatever file; or one line that says what is wrong with it."""

import gzip
import re

import numpy as np
import pytest

from experiments._data import FILES, DataError, load
from experiments._problem import counts_of
from experiments._run import Run


def counts(data):
    return tuple(np.bincount(data.y, minlength=data.classes).tolist())


def write_npz(folder, x, y, name="own.npz"):
    np.savez(folder / name, x=x, y=y)
    return str(folder / name)


def vectors(classes=5, each=120, seed=0):
    """Vectors whose first entry is their number, classes mixed."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(classes), each))
    return np.column_stack([np.arange(len(y)), rng.normal(size=(len(y), 2))]), y


def write_mnist(folder, labels, images=None):
    """Four idx files; by default each pixel of an image is its number."""
    place = folder / "mnist"
    place.mkdir()
    labels = np.asarray(labels, np.uint8)
    if images is None:
        images = np.repeat(np.arange(len(labels), dtype=np.uint8), 4).reshape(-1, 2, 2)
    cut = len(labels) // 2
    for part, kind in ((slice(cut), "train"), (slice(cut, None), "t10k")):
        shape = np.array(images[part].shape, ">u4").tobytes()
        (place / f"{kind}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + shape + images[part].tobytes())
        (place / f"{kind}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + shape[:4] + labels[part].tobytes())
    return place


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("NCSOLVE_EXPERIMENTS_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("imbalance", [1, 3, 10, 100])
@pytest.mark.parametrize("classes", [2, 5, 26])
def test_counts_are_those_of_the_problem(tmp_path, classes, imbalance):
    name = write_npz(tmp_path, *vectors(classes))
    data = load(name, per_class=100, imbalance=imbalance)
    assert counts(data) == counts_of(Run(per_class=100, imbalance=float(imbalance)), classes)
    assert counts(data)[0] == 100
    assert counts(data)[-1] == round(100 / imbalance)


def test_the_first_of_each_class_in_the_order_of_the_file(tmp_path):
    x, y = vectors()
    data = load(write_npz(tmp_path, x, y), per_class=7)
    chosen = np.concatenate([np.flatnonzero(y == k)[:7] for k in range(5)])
    wanted = x[chosen] - x[chosen].mean(0)
    np.testing.assert_allclose(data.x, wanted / wanted.std(0), rtol=1e-6, atol=1e-6)  # float32
    assert data.y.tolist() == np.repeat(np.arange(5), 7).tolist()


def test_types_and_repeatability(tmp_path):
    name = write_npz(tmp_path, *vectors())
    first, again = (load(name, per_class=9, imbalance=3.0) for _ in range(2))
    assert (first.x.dtype, first.y.dtype, first.classes, first.name) == (np.float32, np.int64, 5, name)
    assert first.x.tobytes() == again.x.tobytes()


def test_digits_are_images_between_minus_two_and_two():
    pytest.importorskip("sklearn", reason="digits are scikit-learn's")
    data = load("digits", per_class=50)
    assert data.x.shape == (500, 1, 8, 8)
    assert counts(data) == (50,) * 10
    np.testing.assert_allclose(data.x.mean(0), 0.0, atol=1e-6)  # float32
    assert 1.0 < np.abs(data.x).max() <= 2.0
    assert (data.x[:, 0, 0, 0] == 0.0).all()  # a pixel that is blank in all digits
    with pytest.raises(DataError, match=r"^digits: 175 samples of class '8'; there are 174; lower per_class or raise"):
        load("digits", per_class=175)


def test_images_keep_their_range_as_a_whole(tmp_path):
    """The least and largest value of all samples are 2 apart, whatever unit they came in: not those of each pixel."""
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (40, 3, 4)).astype(np.uint8), np.arange(40) % 4
    x[:, 0, 0] = 77
    x[:, 1, 1] //= 16
    data = load(write_npz(tmp_path, x, y), per_class=10)
    assert data.x.shape == (40, 1, 3, 4)
    assert (data.x[:, 0, 0, 0] == 0.0).all()
    assert np.ptp(data.x[:, 0, 1, 1]) < 0.2  # 16 of 256 grey levels
    np.testing.assert_allclose(np.ptp(data.x[:, 0, 2]), 2.0, atol=0.3)
    in_unit = load(write_npz(tmp_path, x / 255.0, y), per_class=10)
    np.testing.assert_allclose(in_unit.x, data.x, atol=1e-6)  # float32


@pytest.mark.parametrize("shape", [(6, 4), (6, 2, 2)])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e99])
def test_constant_values_become_zero(tmp_path, shape, value):
    """0.1 has a mean with rounding errors, which divided by their own size would become signs."""
    data = load(write_npz(tmp_path, np.full(shape, value), [0, 1] * 3), per_class=3)
    assert (data.x == 0.0).all()


def test_colour_and_flags(tmp_path):
    x = np.random.default_rng(2).normal(size=(12, 3, 5, 5))
    y = np.arange(12, dtype=np.uint8) % 3
    assert load(write_npz(tmp_path, x, y), per_class=4).x.shape == (12, 3, 5, 5)
    assert load(write_npz(tmp_path, x[:, 0] > 0, y), per_class=4).x.shape == (12, 1, 5, 5)


def test_too_few_samples_name_the_class_and_the_remedy(tmp_path):
    x, y = vectors(classes=4, each=6)
    name = write_npz(tmp_path, x, y)
    with pytest.raises(DataError, match=r"own.npz: 7 samples of class '0'; there are 6; lower per_class$"):
        load(name, per_class=7)
    kept = (y != 3) | (np.cumsum(y == 3) <= 2)
    name = write_npz(tmp_path, x[kept], y[kept])
    with pytest.raises(DataError, match=r"6 samples of class '3'; there are 2; lower per_class or raise imbalance$"):
        load(name, per_class=6)
    assert counts(load(name, per_class=6, imbalance=3)) == (6, 6, 2, 2)


@pytest.mark.parametrize(("x", "y", "said"), [
    (np.zeros(6), [0, 1] * 3, "got float64 of shape (6,)"),
    (np.zeros((6, 1, 1, 1, 1)), [0, 1] * 3, "got float64 of shape (6, 1, 1, 1, 1)"),
    (np.zeros((6, 0)), [0, 1] * 3, "got float64 of shape (6, 0)"),
    (np.zeros((6, 2), complex), [0, 1] * 3, "got complex128"),
    (np.full((6, 2), "a"), [0, 1] * 3, "x holds numbers"),
    (np.zeros((6, 8, 8, 3)), [0, 1] * 3, "save x.transpose(0, 3, 1, 2)"),
    (np.zeros((6, 2)), [0, 1], "each of the 6 samples; got int64 of shape (2,)"),
    (np.zeros((6, 2)), [[0, 1]] * 6, "got int64 of shape (6, 2)"),
    (np.zeros((6, 2)), [0.0, 1.0] * 3, "got float64 of shape (6,)"),
    (np.zeros((6, 2)), [0, 2] * 3, "each used; got 0, 2; number them by np.unique(y, return_inverse=True)[1]"),
    (np.zeros((6, 2)), [1, 2] * 3, "got 1, 2;"),
    (np.zeros((6, 2)), [-1, 0] * 3, "got -1, 0;"),
    (np.zeros((6, 2)), [0] * 6, "K at least 2, each used; got 0;"),
    (np.array([[{}, 1]] * 6), [0, 1] * 3, "arrays that are no objects"),
    (np.full((6, 2), np.nan), [0, 1] * 3, "all values are finite, and at most 1e+100 in size; got nan"),
    (np.full((6, 2, 2), np.inf), [0, 1] * 3, "in size; got inf"),
    (np.array([[1e101, 0], [0, 1]] * 3), [0, 1] * 3, "in size; got 1e+101"),
])
def test_arrays_that_are_no_samples(tmp_path, x, y, said):
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        load(write_npz(tmp_path, x, np.array(y)), per_class=1)
    assert "\n" not in str(caught.value)


def test_what_is_no_npz_file(tmp_path):
    (tmp_path / "own.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"an .npz file of arrays"):
        load(str(tmp_path / "own.npz"), per_class=1)
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, np.zeros((6, 2)))
    with pytest.raises(DataError, match=r"an .npz file of arrays"):
        load(str(tmp_path / "one.npz"), per_class=1)
    np.savez(tmp_path / "half.npz", x=np.zeros((2, 2)), labels=[0, 1])
    with pytest.raises(DataError, match="arrays x and y; y is missing among x, labels"):
        load(str(tmp_path / "half.npz"), per_class=1)
    whole = (tmp_path / "half.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"an .npz file of arrays"):
        load(str(tmp_path / "cut.npz"), per_class=1)


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_fetched_is_said_with_the_command(fetched, name):
    with pytest.raises(DataError, match=f"^{name} is not in .*; python -m experiments.fetch {name}$"):
        load(name, per_class=1)


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(DataError, match=r"digits, mnist, fashion-mnist, letter, an \.npz file or a folder.*'cifar'"):
        load("cifar", per_class=1)


def test_idx_files_one_after_the_other(fetched):
    write_mnist(fetched, [k % 10 for k in range(40)])
    data = load("mnist", per_class=3)
    numbers = np.array([k + 10 * i for k in range(10) for i in range(3)])
    wanted = 2.0 * numbers / 29.0 - 1.0
    np.testing.assert_allclose(data.x[:, 0, 1, 1], wanted - wanted.mean(), atol=1e-6)  # float32
    assert data.x.shape == (30, 1, 2, 2)
    assert counts(load("mnist", per_class=4, imbalance=4)) == (4,) * 5 + (1,) * 5


@pytest.mark.parametrize("damage", [
    lambda content: content[:-1], lambda content: content + b"\0", lambda content: b"", lambda content: content[:7],
    lambda content: b"\0\0\x0d\x03" + content[4:], gzip.compress,
])
@pytest.mark.parametrize("file", FILES["mnist"])
def test_a_damaged_idx_file(fetched, file, damage):
    place = write_mnist(fetched, [k % 10 for k in range(40)])
    (place / file).write_bytes(damage((place / file).read_bytes()))
    with pytest.raises(DataError, match=f"{file}: .* remove it and fetch it again"):
        load("mnist", per_class=1)


def test_idx_files_that_do_not_belong_together(fetched):
    place = write_mnist(fetched, [k % 10 for k in range(40)])
    (place / FILES["mnist"][1]).write_bytes(b"\0\0\x08\x01\0\0\0\1\0")
    with pytest.raises(DataError, match="got 40 images and 21 labels"):
        load("mnist", per_class=1)


def write_letters(folder, text):
    (folder / "letter").mkdir()
    (folder / "letter" / "letter.dat").write_text(text)


def test_rows_of_keel(fetched):
    """A header, spaces and an empty line at the end are KEEL's; classes are numbered by their names, not by rows."""
    write_letters(fetched, "@relation letter\n@data\n2, 8, B\n4,1,A\n6,5,B\n8,5,A\n100,0,B\n\n")
    data = load("letter", per_class=2)
    assert data.y.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(data.x[:, 0], (np.array([4.0, 8.0, 2.0, 6.0]) - 5.0) / np.sqrt(5.0), rtol=1e-6)


@pytest.mark.parametrize("text", ["", "A\nB\n", "1,2,A\n3,4,A\n", "1,2,A\n1,B\n", "1,x,A\n2,3,B\n", "<html>\n"])
def test_rows_that_are_none(fetched, text):
    write_letters(fetched, text)
    with pytest.raises(DataError, match=r"letter.dat: "):
        load("letter", per_class=1)
