"""From a checkpoint and a data set to a file of features, for who did not write the training script."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ncsolve._files.check_output import check_different, check_output
from ncsolve._files.open_input import shown_name
from ncsolve._files.reading.classes import listed
from ncsolve.errors import FileError, NCSolveError, ProblemError, shown
from ncsolve.progress import SlowProgress
from ncsolve.torch._batch_norm import batch_norms
from ncsolve.torch._checkpoint import check_checkpoint, load_checkpoint
from ncsolve.torch._features_file import write_features
from ncsolve.torch._images import ImageFolder
from ncsolve.torch._input_arrays import InputArrays
from ncsolve.torch._inputs import Batches, Samples
from ncsolve.torch._measured import head_arrays
from ncsolve.torch._named_code import made_model, named_code, raised
from ncsolve.torch._probe import Probe

__all__ = ["Extraction", "save_features"]

_WAY_OUT = (
    "a model that takes several inputs or other batches is measured in a script, by ncsolve.torch.Probe(model)"
    ".measure(loader, unpack=...)"
)


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What was typed, as in ``__main__.py``."""

    model: str
    checkpoint: str
    prefix: str | None
    data: str
    inputs: str | None
    labels: str | None
    transform: str | None
    head: str | None
    batch_size: int
    device: str
    bn: str
    out: str
    force: bool


def save_features(asked: Extraction) -> list[tuple[str, str]]:
    """Write the features of all samples, and say what was read: (title, sentence).  Raises NCSolveError."""
    out = check_output(asked.out, (".npz",), force=asked.force)
    check_different({"--out": out}, (asked.data,))
    device = _device(asked.device)
    check_checkpoint(asked.checkpoint)
    with named_code(asked.model, asked.transform) as (make_model, transform):
        samples = _samples(asked)
        model = made_model(make_model, asked.model)
        parameters = load_checkpoint(model, asked.checkpoint, asked.prefix)
        probe = Probe(_on(model, device), asked.head)
        kind = next((one.dtype for one in model.parameters() if one.is_floating_point()), torch.float32)
        passes = 1 + (len(batch_norms(probe.model)) if asked.bn == "recompute" else 0)
        with SlowProgress("running the model", total=passes * len(samples)) as progress:
            done = 0

            def tell(count: int) -> None:
                nonlocal done
                done += count
                progress.update(done)

            batches = Batches(samples, transform=transform, batch_size=asked.batch_size, dtype=kind, tell=tell)
            shape, precision = (len(samples), probe.head.in_features), _precision(probe.head)
            write_features(
                out, _features(probe, batches, asked.bn), shape=shape, dtype=precision,
                others=_others(probe.head, samples, precision), force=asked.force,
            )
    size = sum(one.numel() for one in model.parameters())
    head = probe.head
    return [
        ("model", f"{asked.model}: {type(probe.model).__name__}, {size} parameters"),
        ("checkpoint", parameters),
        ("data", samples.sentence),
        ("classes", _counted(samples)),
        ("inputs", batches.sentence),
        ("head", f"{probe.head_name or type(head).__name__}: W {head.out_features} x {head.in_features}, "
                 + ("no bias" if head.bias is None else f"b {head.out_features}")),
        *_batch_norm(probe, asked.bn),
        *_unlike(samples, head),
        ("saved", f"{shown_name(out)}: features {shape[0]} x {shape[1]} in {precision}, labels, W"
                  + ("" if head.bias is None else ", b")),
        ("next", f"ncsolve measure {shlex.quote(str(out))} --lambda-w X --lambda-h X"
                 + ("" if head.bias is None else " --lambda-b X")),
        ("", "with the weight decays of the training, and --loss cross-entropy if that was its loss"),
    ]


def _samples(asked: Extraction) -> Samples:
    path = Path(asked.data)
    if path.suffix.lower() == ".npz":
        return InputArrays(asked.data, asked.inputs, asked.labels, transformed=asked.transform is not None)
    for option, value in (("--inputs", asked.inputs), ("--labels", asked.labels)):
        if value is not None:
            raise ProblemError(f"{option} is the name of an array in a .npz file; got the data {shown(asked.data)}, "
                               "drop it")
    if path.is_file():
        raise FileError(f"{shown_name(path)}: data are a folder of images or a .npz file; name one of these")
    return ImageFolder(asked.data)


def _device(text: str) -> torch.device:
    """A device on which numbers can be held."""
    try:
        device = torch.device(text)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError):  # each kind of device has errors of its own
        count = torch.cuda.device_count()
        there = ", ".join(["cpu", *(f"cuda:{i}" for i in range(count))])
        raise ProblemError(f"--device must be one that PyTorch finds here ({there}); got {shown(text)}") from None
    return device


def _on(model: nn.Module, device: torch.device) -> nn.Module:
    try:
        return model.to(device)
    except RuntimeError as failure:
        raise ProblemError(f"the model does not go to the device {device}: {raised(failure)}; use another "
                           "one") from None


def _precision(head: nn.Linear) -> np.dtype[Any]:
    """That of the file: float32, which holds all shorter types exactly, or float64."""
    kind = next(head.parameters()).dtype  # of what W is made of, where it is parametrized
    return np.dtype(np.float64 if kind == torch.float64 else np.float32)


def _others(head: nn.Linear, samples: Samples, precision: np.dtype[Any]) -> dict[str, NDArray[Any]]:
    w, b = head_arrays(head)
    found: dict[str, NDArray[Any]] = {"labels": samples.labels, "W": w.astype(precision)}
    if head.bias is not None:
        found["b"] = b.astype(precision)
    if samples.class_names is not None:
        found["class_names"] = np.array(samples.class_names, dtype=np.str_)
    return found


def _features(probe: Probe, batches: Batches, bn: str) -> Iterator[NDArray[Any]]:
    """Blocks of features; what the model raises becomes one line."""
    precision, start = _precision(probe.head), 0
    walk = probe.batches(batches, bn=bn)
    while True:
        try:
            block = next(walk, None)
        except (NCSolveError, MemoryError):
            raise
        except (Exception, SystemExit) as failure:
            raise ProblemError(f"the model raised {raised(failure)}; its inputs were batches of {batches.sentence}; "
                               f"{_WAY_OUT}") from None
        if block is None:
            return
        features = _array(block[0], precision)
        bad = ~np.isfinite(features).all(axis=1)
        if bad.any():
            place = batches.dataset.place(start + int(np.argmax(bad)))
            raise FileError(f"{place}: features must be finite; got nan or inf: the training has diverged, or the "
                            "input is not finite")
        start += len(features)
        yield features


def _array(tensor: Tensor, precision: np.dtype[Any]) -> NDArray[Any]:
    held = torch.float64 if precision == np.float64 else torch.float32
    return np.asarray(tensor.detach().to(device="cpu", dtype=held).numpy())


def _counted(samples: Samples) -> str:
    """Every class with its number of samples."""
    counts = np.bincount(samples.labels)
    names = samples.class_names or tuple(map(str, range(len(counts))))
    counts = np.pad(counts, (0, len(names) - len(counts)))
    return listed([f"{name} ({count})" for name, count in zip(names, counts.tolist(), strict=True)])


def _batch_norm(probe: Probe, bn: str) -> list[tuple[str, str]]:
    count = len(batch_norms(probe.model))
    how = {"eval": "running averages of the checkpoint", "recompute": "mean and variance of all these samples"}[bn]
    return [("BatchNorm", f"{count} layer{'s' * (count > 1)}, by {how}")] if count else []


def _unlike(samples: Samples, head: nn.Linear) -> list[tuple[str, str]]:
    """A warning where outputs and classes are not as many."""
    count = len(samples.class_names or ()) or int(samples.labels.max()) + 1
    if count == head.out_features:
        return []
    return [("note", f"the head has {head.out_features} outputs for {count} classes: right for codes of that length "
                     "(ncsolve measure --encoding); else output k must stand for class k"
                     + (", so that every class of the training needs its folder, if need be an empty one"
                        if samples.class_names else ""))]
