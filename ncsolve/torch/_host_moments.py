"""Features in the memory of the host, summed up by ``_measure.moments``; and blocks of features, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ncsolve._measure.layout import Layout
from ncsolve._measure.moments import Moments
from ncsolve._measure.samples import MOST
from ncsolve.errors import ProblemError

__all__ = ["HostMoments", "checked_blocks"]

# Entries of a block in double precision, as in ``_measure.samples``.
_BLOCK = 1 << 22


class HostMoments:
    """``DeviceMoments`` of features in the memory of the host, where numpy takes small batches in half the time."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._found: Moments | None = None

    def update(self, features: Tensor, labels: Tensor, where: str = "") -> None:
        """As ``DeviceMoments.update``."""
        for block, numbers in checked_blocks(self._layout, torch.device("cpu"), features, labels, where):
            new = Moments.of(self._layout, block.numpy(), numbers.numpy())
            if self._found is None:
                self._found = new
            else:
                self._found.add(new)

    def moments(self) -> Moments:
        """What was gathered."""
        return Moments.none(self._layout) if self._found is None else self._found


def checked_blocks(
    layout: Layout, device: torch.device, features: Tensor, labels: Tensor, where: str
) -> Iterator[tuple[Tensor, Tensor]]:
    """Features in double precision and labels, a block at a time, all of them checked before.  Raises ProblemError."""
    classes = layout.classes
    if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        label = int(labels[(labels < 0) | (labels >= classes)][0])
        ignored = ", pass ignore_index if the loss leaves them out" if label < 0 else ""
        raise ProblemError(f"labels must lie in 0 .. {classes - 1}; got {label}{where}{ignored}")
    if features.numel() and not float(features.abs().max()) < MOST:  # nan is not, either
        fine = torch.isfinite(features) & (features.abs() < MOST)
        row, column = (int(i) for i in (~fine).nonzero()[0])
        raise ProblemError(
            f"features must be finite and below {MOST:g}; got {float(features[row, column]):g}{where}, row {row}, "
            f"dimension {column}: has the training diverged? lower the learning rate, or measure an earlier state"
        )
    rows = max(1, _BLOCK // features.shape[1], layout.rows)
    for start in range(0, len(features), rows):
        part = slice(start, start + rows)
        # first to that device: the one of the features may have no numbers in double precision
        block = features[part].detach().to(device).to(torch.float64, copy=True)
        yield block, labels[part].to(device, torch.int64)
