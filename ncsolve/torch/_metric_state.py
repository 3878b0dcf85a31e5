"""The one tensor that a metric keeps: moments, the last layer of the samples in them, and how they were taken.

The last two are a part of it because statistics of two heads or of two options do not add up: processes, checkpoints
and metrics that are merged bring theirs along, and what does not fit is refused.  A MetricCollection lets metrics of
equal states share one, which those of other options must not.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ncsolve._measure.layout import Layout
from ncsolve.errors import ProblemError, shown
from ncsolve.torch._measured import head_arrays
from ncsolve.torch._moments import DeviceMoments

__all__ = ["SharedHead", "check_head", "check_options", "empty_state", "merged_states", "moments_on", "take_head"]

# Digits of codes that all versions of numpy agree on.
_DIGITS = 9
# Bytes of a digest, a number each: so far apart that torchmetrics, which compares states to five digits, tells them.
_MARKS = 8


class SharedHead:
    """A last layer that belongs to a model: no parameter of who holds it, and copied only together with the model."""

    def __init__(self, layer: nn.Linear | None) -> None:
        self.layer = layer

    def __deepcopy__(self, memo: dict[int, Any]) -> SharedHead:
        return SharedHead(memo.get(id(self.layer), self.layer))


def check_head(head: object) -> None:
    """That a last layer computes W h + b, of a W that is up to date whenever it is read.  Raises ProblemError."""
    if not isinstance(head, nn.Linear):
        raise ProblemError(f"the head must be a torch.nn.Linear; got {shown(head)}, pass the last layer itself")
    if type(head).forward is not nn.Linear.forward or "forward" in vars(head):
        raise ProblemError(
            f"the head must compute W h + b; got a {type(head).__name__} with a forward of its own, as of a cosine "
            "head: no theorem here covers it, leave out the head for the figures of the features alone"
        )
    before = next((word for word in ("weight_g", "weight_orig") if hasattr(head, word)), None)
    if before is not None:
        raise ProblemError(
            f"the head's weight must be up to date whenever it is read; got one with {before!r}, of which a hook makes "
            "it in a forward pass: use torch.nn.utils.parametrizations, or prune.remove"
        )


def empty_state(layout: Layout, device: torch.device, ignored: int | None) -> Tensor:
    """Of no samples (size,), whose head is not known yet; samples of the label ``ignored`` will not count."""
    flat, head = DeviceMoments(layout, device).flat, layout.head
    options = repr((
        layout.classes, layout.dim, layout.scatter, None if ignored is None else int(ignored),
        None if head is None else (head.loss, head.W.shape),
    )).encode()
    if head is not None and head.codes is not None:
        options += (np.round(head.codes, _DIGITS) + 0.0).tobytes()  # 0.0 is added for the sign of zero
    marks = list(hashlib.sha256(options).digest()[:_MARKS])
    return torch.cat([flat, flat.new_zeros(_head_size(layout)), flat.new_tensor(marks)])


def check_options(state: Tensor, other: Tensor) -> None:
    """That the samples of two states are taken in the same way.  Raises ProblemError."""
    if state.shape != other.shape or not torch.equal(state[-_MARKS:], other[-_MARKS:].to(state.device)):
        raise ProblemError(
            "metrics that are merged, synchronized or loaded must be of the same classes, dimension, head, scatter, "
            "loss, codes and ignore_index; got others, make the metric as it was"
        )


def moments_on(layout: Layout, state: Tensor) -> DeviceMoments:
    """The moments whose numbers a state holds."""
    flat, numbers, _ = _parted(layout, state)
    if layout.head is not None:
        kept = numbers.detach().cpu().numpy().copy()
        size = layout.head.W.size
        head = replace(layout.head, W=kept[:size].reshape(layout.head.W.shape), b=kept[size:])
        layout = replace(layout, head=head)
    return DeviceMoments(layout, state.device, flat)


def merged_states(layout: Layout, stack: Tensor) -> Tensor:
    """The state of all samples, of a stack (processes, size).

    Raises ProblemError if they are of several heads or options.
    """
    for state in stack[1:]:
        check_options(stack[0], state)
    met = [state for state in stack if _has_samples(layout, state)]
    if len(met) < 2:
        return (met[0] if met else stack[0]).clone()
    numbers = _parted(layout, met[0])[1]
    if any(not torch.equal(_parted(layout, state)[1], numbers) for state in met):
        raise ProblemError(
            "samples that are merged must be of one head; got several (processes whose weights differ, or metrics of "
            "different steps), update all with the same weights"
        )
    parts = torch.stack([_parted(layout, state)[0] for state in met])
    return torch.cat([DeviceMoments.merged(moments_on(layout, met[0]).layout, parts), numbers, met[0][-_MARKS:]])


def take_head(layout: Layout, state: Tensor, head: nn.Linear) -> bool:
    """Write W and b of the layer into a state without samples; whether anything was written.

    Raises ProblemError for a state whose samples are of other weights, and for weights that are not finite.
    """
    kept = _parted(layout, state)[1]
    now = torch.from_numpy(np.concatenate([part.ravel() for part in head_arrays(head)])).to(kept)
    if torch.equal(kept, now):
        return False
    if _has_samples(layout, state):
        raise ProblemError(
            "all samples of a metric must be of one head; got weights that changed since the first update, call "
            "reset() before the samples of the next step"
        )
    kept.copy_(now)
    return True


def _has_samples(layout: Layout, state: Tensor) -> bool:
    # the counts of a layout do not depend on its head
    return bool(DeviceMoments(layout, state.device, _parted(layout, state)[0]).counts.any())


def _parted(layout: Layout, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Views of the moments, of W and b, and of the marks of the options."""
    last = state.numel() - _MARKS
    cut = last - _head_size(layout)
    return state[:cut], state[cut:last], state[last:]


def _head_size(layout: Layout) -> int:
    return 0 if layout.head is None else int(layout.head.W.size + layout.head.b.size)
