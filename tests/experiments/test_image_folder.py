"""A folder with a subfolder of images for each class, as torchvision's ImageFolder has them."""

import re

import numpy as np
import pytest

from experiments._data import DataError, load

Image = pytest.importorskip("PIL.Image", reason="images are read by Pillow")


def save(folder, name, pixels):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file)
    return file


@pytest.fixture
def grey(tmp_path):
    """Three cats and two dogs, each of one grey level, and files that are no samples."""
    folder = tmp_path / "animals"
    for i, name in enumerate(("dog/b.png", "dog/a.png", "cat/2.png", "cat/1.bmp", "cat/x/3.pgm")):
        save(folder, name, np.full((4, 6), 50 * i))
    (folder / "cat" / "notes.txt").write_text("no image")
    (folder / "README.png").write_text("no class")
    (folder / ".hidden").mkdir()
    return folder


def test_classes_and_files_in_the_order_of_their_names(grey):
    data = load(str(grey), per_class=3, imbalance=1.5)
    assert data.classes == 2
    assert data.y.tolist() == [0, 0, 0, 1, 1]
    assert data.x.shape == (5, 1, 4, 6)
    levels = np.array([150, 100, 200, 50, 0])  # 1.bmp, 2.png, x/3.pgm; a.png, b.png
    np.testing.assert_allclose(data.x[:, 0, 2, 2], (levels - levels.mean()) / 100.0, atol=1e-6)  # float32


def test_no_order_but_that_of_the_names(tmp_path):
    """Twenty files of a class, since a file system may list a few in order by chance."""
    for i in np.random.default_rng(3).permutation(20):
        for k in "ba":
            save(tmp_path, f"{k}/{i:02}.png", np.full((2, 2), 10 * i + (k == "b")))
    x = load(str(tmp_path), per_class=20).x[:, 0, 0, 0]
    assert (np.diff(x[:20]) > 0.0).all()
    assert (np.diff(x[20:]) > 0.0).all()
    assert (x[:20] < x[20:]).all()


def test_one_image_in_colour_makes_all_rgb(grey):
    save(grey, "dog/a.png", np.full((4, 6, 3), (255, 0, 0)))
    data = load(str(grey), per_class=2)
    assert data.x.shape == (4, 3, 4, 6)
    assert data.x[2, 0, 0, 0] > data.x[2, 1, 0, 0]


def test_a_size_resizes(grey):
    save(grey, "dog/a.png", np.full((9, 2), 50))
    with pytest.raises(DataError, match=r"one size, 6 x 4 pixels as the first has; got 2 x 9 pixels; .*animals@32'"):
        load(str(grey), per_class=2)
    data = load(f"{grey}@3", per_class=2)
    assert data.x.shape == (4, 1, 3, 3)
    levels = np.array([150, 100, 50, 0])
    np.testing.assert_allclose(data.x[:, 0, 1, 1], (levels - levels.mean()) / 75.0, atol=1e-6)  # float32


def test_a_folder_whose_name_looks_like_a_size(grey):
    twin = grey.rename(grey.parent / "animals@3")
    assert load(str(twin), per_class=2).x.shape == (4, 1, 4, 6)
    assert load(f"{twin}@5", per_class=2).x.shape == (4, 1, 5, 5)


def test_only_what_is_chosen_is_opened(grey):
    (grey / "cat" / "x" / "3.pgm").write_bytes(b"no image")
    assert load(str(grey), per_class=2).x.shape == (4, 1, 4, 6)
    with pytest.raises(DataError, match=r"3\.pgm: an image that Pillow reads; ") as caught:
        load(str(grey), per_class=3, imbalance=3)
    assert "\n" not in str(caught.value)


def test_a_picture_cut_short(grey):
    file = save(grey, "dog/a.png", np.random.default_rng(0).integers(0, 256, (4, 6)))
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(DataError, match=r"a\.png: an image that Pillow reads; "):
        load(str(grey), per_class=1)


def test_sixteen_bits_are_refused(grey):
    """Pillow would clip them to white."""
    Image.fromarray(np.full((4, 6), 4000, np.uint16)).save(grey / "dog" / "a.png")
    with pytest.raises(DataError, match=r"a\.png: an image of 8 bits a channel; got Pillow's mode I"):
        load(str(grey), per_class=1)


def test_folders_that_hold_no_classes(tmp_path, grey):
    (grey / "eel").mkdir()
    with pytest.raises(DataError, match=r"eel: at least one image; got no file in \.bmp, "):
        load(str(grey), per_class=1)
    (tmp_path / "flat").mkdir()
    save(tmp_path, "flat/1.png", np.zeros((2, 2)))
    with pytest.raises(DataError, match="flat: a subfolder for each of at least two classes; got 0"):
        load(str(tmp_path / "flat"), per_class=1)
    for name in ("animals@0", "animals@x", "animals@", "nothing@3"):
        with pytest.raises(DataError, match=f"{re.escape(name)}'$"):
            load(str(tmp_path / name), per_class=1)


def test_too_few_images_of_a_class(grey):
    with pytest.raises(DataError, match="animals: 3 samples of class 'dog'; there are 2; lower per_class or raise"):
        load(str(grey), per_class=3)
