"""Folders of images, a sub-folder for every class, as ``ImageFolder`` of torchvision reads them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncsolve._files.open_input import shown_name
from ncsolve._files.reading.classes import listed
from ncsolve.errors import FileError, MissingPackageError
from ncsolve.torch._named_code import raised

__all__ = ["ImageFolder"]

_ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
_SPLITS = {"train", "training", "val", "valid", "validation", "test"}


class ImageFolder:
    """The images of a folder: classes in the order of the names of its sub-folders, images in the order of theirs.

    Hidden files and folders are left out, and a folder to which links lead again counts once.  Raises FileError for
    a folder without sub-folders or images, and MissingPackageError without Pillow.
    """

    unchanged = "values from 0 to 1: no --transform, so no normalization was made"

    def __init__(self, folder: str) -> None:
        try:
            import PIL.Image
        except ImportError:
            raise MissingPackageError("reading images", "Pillow", "pillow") from None
        self._open = PIL.Image.open
        self._folder = Path(folder)
        name = shown_name(folder)
        try:
            names = sorted(one.name for one in os.scandir(folder) if one.is_dir() and not one.name.startswith("."))
        except OSError as failure:
            raise FileError(f"{name}: cannot be read: {failure.strerror or failure}") from None
        if not names:
            raise FileError(f"{name}: must have a sub-folder of images for every class; got none, name the folder "
                            "above the classes")
        if set(names) <= _SPLITS:
            raise FileError(f"{name}: its sub-folders {', '.join(names)} are parts of a data set and no classes; name "
                            f"one of them, as {name.rstrip('/')}/{names[0]}")
        places: dict[str, str] = {}
        for one in names:
            first = places.setdefault(os.path.realpath(self._folder / one), one)
            if first != one:
                raise FileError(f"{name}: its sub-folders {shown_name(first)} and {shown_name(one)} are one folder, "
                                "whose images can't be of two classes; take one of the links away")
        taken = {os.path.realpath(folder), *places}
        files = [_images(self._folder / one, taken) for one in names]
        loose = sum(map(_is_image, os.listdir(folder)))
        if loose and sum(map(bool, files)) <= 1:
            raise FileError(f"{name}: images lie in it beside its sub-folders ({loose}), as in that of one class; "
                            "name the folder above the classes")
        if not any(files):
            raise FileError(f"{name}: holds no images in its {len(names)} sub-folders; images end in "
                            f"{', '.join(_ENDINGS)}")
        self._files = [file for own in files for file in own]
        self.class_names: tuple[str, ...] | None = tuple(names)
        self.labels = np.repeat(np.arange(len(names)), [len(own) for own in files])
        empty = [one for one, own in zip(names, files, strict=True) if not own]
        self.sentence = f"{name}: {len(self._files)} images in {len(names)} classes" + (
            f", of which {listed(empty)} has none and keeps its number" if len(empty) == 1 else
            f", of which {len(empty)} have none and keep their numbers ({listed(empty)})" if empty else ""
        ) + (f"; {loose} beside its sub-folders {'are' if loose > 1 else 'is'} left out" if loose else "")

    def __len__(self) -> int:
        return len(self._files)

    def place(self, i: int) -> str:
        """The file's name, from the folder on."""
        return shown_name(self._files[i].relative_to(self._folder))

    def raw(self, i: int) -> Any:
        """The image in RGB.  Raises FileError for one that cannot be read, or has more than 8 bits a colour."""
        try:
            with self._open(self._files[i]) as image:
                mode = image.mode
                found = None if mode[0] in "IF" else image.convert("RGB")
        except Exception as failure:  # of damaged images Pillow raises errors of many kinds
            raise FileError(f"{self.place(i)}: is no image that can be read ({raised(failure)}); replace it, or take "
                            "it out") from None
        if found is None:  # convert would cut all that is above 255
            raise FileError(f"{self.place(i)}: an image must have 8 bits a colour; got the mode {mode!r} of Pillow, "
                            "convert it, or save the inputs as .npz")
        return found

    def tensor(self, i: int) -> Tensor:
        """The image as numbers from 0 to 1 (3, height, width)."""
        return torch.from_numpy(np.array(self.raw(i))).permute(2, 0, 1).float() / 255


def _is_image(name: str) -> bool:
    return name.lower().endswith(_ENDINGS) and not name.startswith(".")


def _images(folder: Path, taken: set[str]) -> list[Path]:
    """The images of a class, but those of folders that are ``taken``: to which links lead back, or of other classes."""
    seen, found = set(taken), []
    for root, folders, names in os.walk(folder, followlinks=True):
        inner = []
        # real folders before links, so that images have names without them
        for _, one in sorted(((Path(root) / one).is_symlink(), one) for one in folders):
            real = os.path.realpath(Path(root) / one)
            if not one.startswith(".") and real not in seen:
                seen.add(real)
                inner.append(one)
        folders[:] = inner  # the walk goes into these
        found.append((root, sorted(filter(_is_image, names))))
    return [Path(root) / name for root, names in sorted(found) for name in names]
