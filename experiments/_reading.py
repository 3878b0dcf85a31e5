"""Samples as they lie in files, read when they are chosen: idx, KEEL, .npz, folders of images, and digits."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments._suite import SuiteError

__all__ = ["DataError", "Samples", "read_digits", "read_folder", "read_idx", "read_keel", "read_npz"]

_EXTENSIONS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}  # torchvision's
_IDX = {0x0801: 1, 0x0803: 3}  # the magic number of unsigned bytes, and how many axes follow it
# Modes of 8 bits a channel; what has 16 would be clipped to 255 without a word.
_GREY, _COLOUR = {"1", "L", "LA"}, {"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}


class DataError(SuiteError):
    """Data that isn't there or can't be used as it is; the message is one line."""


@dataclass(frozen=True)
class Samples:
    """Labels (M,) of all samples, the names of the K classes that they number, and how to get some samples' values."""

    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    take: Callable[[NDArray[np.int64]], NDArray[Any]]


def read_digits() -> Samples:
    """Scikit-learn's digits: 1797 images of 8 x 8 pixels from 0 to 16."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError("digits are scikit-learn's, which is missing; pip install scikit-learn") from None
    digits = load_digits()
    images = digits.images[:, np.newaxis]
    return Samples(np.asarray(digits.target, np.int64), tuple("0123456789"), lambda chosen: images[chosen])


def read_idx(pairs: list[tuple[Path, Path]]) -> Samples:
    """Images and labels of 10 classes, from pairs of files in the format of MNIST (idx), one pair after the other."""
    images = np.concatenate([_idx(file)[:, np.newaxis] for file, _ in pairs])
    labels = np.concatenate([_idx(file) for _, file in pairs]).astype(np.int64)
    if len(images) != len(labels) or len(labels) == 0 or labels.max() > 9:
        raise DataError(
            f"{pairs[0][0].parent}: as many images as labels from 0 to 9; got {len(images)} images and {len(labels)}"
            " labels; remove the folder and fetch it again"
        )
    return Samples(labels, tuple("0123456789"), lambda chosen: images[chosen])


def _idx(file: Path) -> NDArray[np.uint8]:
    content = np.fromfile(file, np.uint8)
    axes = _IDX.get(int.from_bytes(content[:4].tobytes(), "big"), 0)
    start = 4 + 4 * axes
    shape = [int(n) for n in np.frombuffer(content[4:start].tobytes(), ">u4")] if len(content) >= start else []
    if axes == 0 or len(shape) != axes or len(content) != start + int(np.prod(shape)):
        raise DataError(f"{file}: {len(content)} bytes that are no idx file; remove it and fetch it again")
    return content[start:].reshape(shape)


def read_keel(file: Path) -> Samples:
    """Rows of numbers with the name of a class at the end (KEEL's format); classes are numbered by their names."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [line.split(",") for line in lines if line.strip() and not line.startswith("@")]
        names = [row[-1].strip() for row in rows]
        values = np.array([row[:-1] for row in rows], dtype=np.float64)
    except ValueError:
        values, names = np.empty((0, 0)), []
    classes, labels = np.unique(names, return_inverse=True)
    if len(classes) < 2 or values.shape[1] == 0:
        raise DataError(
            f"{file}: rows of equally many numbers, each with one of at least two classes at its end; it has others;"
            " remove it and fetch it again"
        )
    return Samples(labels.astype(np.int64), tuple(str(name) for name in classes), lambda chosen: values[chosen])


def read_npz(file: Path) -> Samples:
    """The arrays ``x`` and ``y`` of an .npz file.

    ``x`` has shape (N, d), (N, h, w) or (N, c, h, w) and holds numbers; ``y`` (N,) holds 0 to K - 1, each at least
    once.  Raises DataError for anything else; objects are not unpickled.
    """
    try:
        with zipfile.ZipFile(file), np.load(file, allow_pickle=False) as arrays:
            missing = [name for name in ("x", "y") if name not in arrays]
            if missing:
                raise DataError(f"{file}: arrays x and y; {missing[0]} is missing among {', '.join(arrays) or 'none'}")
            x, y = arrays["x"], arrays["y"]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{file}: an .npz file of arrays that are no objects; {' '.join(str(error).split())}") from None
    if x.ndim not in (2, 3, 4) or 0 in x.shape or x.dtype.kind not in "buif":
        raise DataError(
            f"{file}: x holds numbers of shape (N, d), (N, h, w) or (N, c, h, w); got {x.dtype} of shape {x.shape}"
        )
    if x.ndim == 4 and x.shape[3] in (1, 3) and min(x.shape[1:3]) > 4:
        raise DataError(f"{file}: images are (N, c, h, w); got {x.shape}; save x.transpose(0, 3, 1, 2)")
    if y.shape != x.shape[:1] or y.dtype.kind not in "ui":
        raise DataError(
            f"{file}: y holds a whole number for each of the {len(x)} samples; got {y.dtype} of shape {y.shape}"
        )
    there = np.unique(y)
    if len(there) < 2 or not np.array_equal(there, np.arange(len(there))):
        shown = ", ".join(str(label) for label in there[:8]) + (", ..." if len(there) > 8 else "")
        raise DataError(
            f"{file}: labels are 0 to K - 1 with K at least 2, each used; got {shown};"
            " number them by np.unique(y, return_inverse=True)[1]"
        )
    values = x[:, np.newaxis] if x.ndim == 3 else x
    return Samples(y.astype(np.int64), tuple(str(label) for label in there), lambda chosen: values[chosen])


def read_folder(folder: Path, size: int | None) -> Samples:
    """Images of a folder with a subfolder for each class, as torchvision's ImageFolder has them.

    Classes, and the images of each, come in the order of their names.  All are grey, or all become RGB if one isn't;
    all are of one size, or are resized to ``size`` x ``size`` pixels.  Raises DataError for what is no image.
    """
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if len(names) < 2:
        raise DataError(f"{folder}: a subfolder for each of at least two classes; got {len(names)}")
    files: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        images = sorted(file for file in (folder / name).rglob("*") if file.suffix.lower() in _EXTENSIONS)
        if not images:
            raise DataError(f"{folder / name}: at least one image; got no file in {', '.join(sorted(_EXTENSIONS))}")
        files += images
        labels += [label] * len(images)
    return Samples(
        np.array(labels, np.int64), tuple(names), lambda chosen: _open_all([files[i] for i in chosen], folder, size),
    )


def _open_all(files: list[Path], folder: Path, size: int | None) -> NDArray[np.uint8]:
    """The images (N, c, h, w) of these files."""
    try:
        from PIL import Image
    except ImportError:
        raise DataError("folders of images are read by Pillow, which is missing; pip install pillow") from None
    opened = []
    for file in files:
        try:
            with Image.open(file) as image:
                image.load()
                opened.append(image.copy() if size is None else image.resize((size, size), Image.Resampling.BILINEAR))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DataError(f"{file}: an image that Pillow reads; {' '.join(str(error).split())}") from None
        if image.mode not in _GREY | _COLOUR:
            raise DataError(f"{file}: an image of 8 bits a channel; got Pillow's mode {image.mode}; convert it")
        if opened[-1].size != opened[0].size:
            raise DataError(
                f"{file}: images of one size, {_pixels(opened[0].size)} as the first has; got {_pixels(image.size)};"
                f" ask for a size, as in data = '{folder}@32'"
            )
    mode = "L" if all(image.mode in _GREY for image in opened) else "RGB"
    pixels = np.stack([np.asarray(image.convert(mode), np.uint8) for image in opened])
    return pixels[:, np.newaxis] if mode == "L" else pixels.transpose(0, 3, 1, 2)


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]} pixels"
