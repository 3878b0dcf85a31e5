"""Counts, class means and scatter in double precision where the features are: ``_measure.moments`` on the device.

The numbers are those of ``Moments``, by the same formulas (Chan, Golub and LeVeque 1983) in tensors, and lie in one
flat tensor, so that processes exchange and merge one thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncsolve._measure.layout import Head, Layout
from ncsolve._measure.moments import Moments
from ncsolve._measure.softmax_moments import SoftmaxMoments
from ncsolve.torch._host_moments import checked_blocks

__all__ = ["DeviceMoments"]

# Where exp(x) - 1 - x cancels, and where exp(x) nears the end of the floats; as in ``_problem.losses``.
_FAR, _SERIES = 500.0, 1e-2


class DeviceMoments:
    """Moments of a ``layout`` on a ``device``, in the one tensor ``flat`` (size,) of doubles."""

    def __init__(self, layout: Layout, device: Any = "cpu", flat: Tensor | None = None) -> None:
        self.layout, self.device = layout, torch.device(device)
        self.flat = _empty(layout, self.device) if flat is None else flat
        self._parts = _views(layout, self.flat)
        head = layout.head
        self._head = None if head is None else _DeviceHead.of(head, self.device)

    @staticmethod
    def merged(layout: Layout, stack: Tensor) -> Tensor:
        """The flat tensor (size,) of all samples, of a stack (processes, size) of them."""
        found = DeviceMoments(layout, stack.device)
        for flat in stack:
            found.add(DeviceMoments(layout, stack.device, flat))
        return found.flat

    @property
    def counts(self) -> Tensor:
        """Samples of each class (K,), as doubles."""
        return self._parts["counts"]

    def update(self, features: Tensor, labels: Tensor, where: str = "") -> None:
        """Add features (n, d), of any real type, and class numbers (n,), a block at a time; all of them or none.

        ``where`` is what an error tells of the place.  Raises ProblemError for labels out of range and for features
        that are not finite.
        """
        for block, numbers in checked_blocks(self.layout, self.device, features, labels, where):
            self._take(block, numbers)

    def add(self, other: DeviceMoments) -> None:
        """Take in the samples of another one."""
        theirs = other._parts
        met = theirs["counts"].nonzero().flatten()
        softmax = None
        if self.layout.softmax is not None:
            softmax = _Chances(
                probabilities=theirs["probabilities"][met], chance_energies=theirs["chance_energies"][met],
                divergences=theirs["divergences"][met], products=theirs["products"],
            )
        self._add(
            met, theirs["counts"][met], theirs["means"][met], theirs["energies"][met], theirs["scatter"],
            theirs["decisions"][:, met], theirs["lowest"], softmax,
        )

    def moments(self) -> Moments:
        """The same in numpy."""
        found = {name: part.cpu().numpy().copy() for name, part in self._parts.items()}
        softmax = None
        if self.layout.softmax is not None:
            softmax = SoftmaxMoments(
                probabilities=found["probabilities"].T, chance_energies=found["chance_energies"],
                divergences=found["divergences"], products=found["products"],
            )
        return Moments(
            layout=self.layout, counts=found["counts"].astype(np.intp), means=found["means"].T,
            energies=found["energies"], scatter=found["scatter"], decisions=found["decisions"].astype(np.intp),
            lowest=float(found["lowest"][0]), softmax=softmax,
        )

    def _take(self, x: Tensor, y: Tensor) -> None:
        """Add a block of features (n, d) in double precision and labels (n,)."""
        met, back, counts = torch.unique(y, return_inverse=True, return_counts=True)
        n = counts.to(x.dtype)
        where = torch.full((len(met),), len(y), dtype=y.dtype, device=x.device)
        where.scatter_reduce_(0, back, torch.arange(len(y), device=x.device), "amin")
        first = x[where]
        apart = x - first[back]  # so that equal features deviate by exactly 0
        shift = _sums(apart, back, len(met)) / n[:, None]
        apart -= shift[back]
        means, decisions, softmax = first + shift, None, None
        if self._head is not None:
            decided = self._head.decide(x)
            decisions = torch.zeros(self._parts["decisions"].shape[0], len(met), dtype=x.dtype, device=x.device)
            decisions.index_put_((decided, back), torch.ones((), dtype=x.dtype, device=x.device), accumulate=True)
            if self.layout.softmax is not None:
                softmax = self._head.chances(means, n, apart, back)
        energies = _sums((apart * apart).sum(1), back, len(met))
        self._add(met, n, means, energies, self._products(apart), decisions, x.min(), softmax)

    def _add(
        self, met: Tensor, new: Tensor, means: Tensor, energies: Tensor, scatter: Tensor, decisions: Tensor | None,
        lowest: Tensor, softmax: _Chances | None,
    ) -> None:
        """Take in samples of the classes ``met`` (k,): their counts (k,), means (k, d), energies (k,), ..."""
        parts = self._parts
        own = parts["counts"][met]
        share = (new / (own + new))[:, None]
        before = parts["means"][met]
        step = means - before
        if softmax is not None and self._head is not None:
            self._add_chances(met, own, new, before, step, softmax)
        between = step * (own[:, None] * share).sqrt()
        parts["means"][met] = torch.where(own[:, None] == 0, means, before + share * step)
        parts["energies"][met] += energies + (between * between).sum(1)
        if self.layout.rows:
            parts["scatter"] += scatter
            parts["scatter"] += self._products(between[own > 0])
        parts["counts"][met] += new
        if decisions is not None:
            parts["decisions"][:, met] += decisions
        parts["lowest"][:] = torch.minimum(parts["lowest"], lowest)

    def _add_chances(
        self, met: Tensor, own: Tensor, new: Tensor, before: Tensor, step: Tensor, other: _Chances
    ) -> None:
        parts, head = self._parts, self._head
        assert head is not None
        share = (new / (own + new))[:, None]
        middle = head.outputs(before + share * step)
        for count, part in ((own, -share * step), (new, (1.0 - share) * step)):
            far = _divergence(middle, part @ head.W.T)
            parts["divergences"][met] += torch.where(count > 0, count * far, 0.0)
        parts["divergences"][met] += other.divergences
        apart = other.probabilities - parts["probabilities"][met]
        parts["chance_energies"][met] += other.chance_energies + own * share[:, 0] * (apart * apart).sum(1)
        parts["probabilities"][met] += share * apart
        parts["products"] += other.products

    def _products(self, apart: Tensor) -> Tensor:
        """The scatter of deviations (n, d), as ``Layout.products``."""
        if self.layout.rows == 0:
            return apart.new_zeros(0, apart.shape[1])
        if self.layout.scatter == "projected" and self._head is not None:
            return (apart @ self._head.W.T).T @ apart
        return apart.T @ apart


@dataclass(kw_only=True)
class _Chances:
    """Softmax probabilities of samples of k classes, as in ``SoftmaxMoments`` but with a row a class."""

    probabilities: Tensor
    chance_energies: Tensor
    divergences: Tensor
    products: Tensor


@dataclass(kw_only=True)
class _DeviceHead:
    """``Head`` in tensors, and what it asks of a loss."""

    W: Tensor
    b: Tensor
    codes: Tensor | None
    offsets: Tensor | None

    @classmethod
    def of(cls, head: Head, device: torch.device) -> _DeviceHead:
        def put(array: Any) -> Tensor:
            return torch.tensor(array, dtype=torch.float64, device=device)

        codes = offsets = None
        if head.codes is not None:
            codes, offsets = put(head.codes), put(head.fit.offsets(head.codes, np.zeros_like(head.b)))
        return cls(W=put(head.W), b=put(head.b), codes=codes, offsets=offsets)

    def outputs(self, x: Tensor) -> Tensor:
        return x @ self.W.T + self.b

    def decide(self, x: Tensor) -> Tensor:
        outputs = self.outputs(x)
        if self.codes is not None and self.offsets is not None:
            outputs = outputs @ self.codes - self.offsets / 2
        return outputs.argmax(1)

    def chances(self, means: Tensor, n: Tensor, apart: Tensor, back: Tensor) -> _Chances:
        """Of deviations (n, d) from the means (k, d) of their classes, which ``back`` (n,) numbers."""
        middle, step = self.outputs(means)[back], apart @ self.W.T
        chances = (middle + step).softmax(1)
        mean = _sums(chances, back, len(n)) / n[:, None]
        away = chances - mean[back]
        return _Chances(
            probabilities=mean, chance_energies=_sums((away * away).sum(1), back, len(n)),
            divergences=_sums(_divergence(middle, step), back, len(n)),
            products=chances.T @ apart + (mean * n[:, None]).T @ means,
        )


def _divergence(outputs: Tensor, step: Tensor) -> Tensor:
    """``CrossEntropy.divergence`` of rows (n, m)."""
    chances = outputs.softmax(1)
    apart = step - (chances * step).sum(1, keepdim=True)
    far = apart.amax(1) > _FAR if apart.shape[1] else apart.new_zeros(len(apart), dtype=torch.bool)
    near = torch.where(far[:, None], torch.zeros_like(apart), apart)
    series = near * near / 2 * (1 + near / 3 * (1 + near / 4 * (1 + near / 5 * (1 + near / 6 * (1 + near / 7)))))
    beyond = torch.where(near.abs() < _SERIES, series, torch.expm1(near) - near)
    found = torch.log1p((chances * beyond).sum(1))
    return torch.where(far, (outputs + apart).logsumexp(1) - outputs.logsumexp(1), found)


def _sums(rows: Tensor, back: Tensor, classes: int) -> Tensor:
    """Rows (n, ...) summed by class (classes, ...)."""
    return rows.new_zeros(classes, *rows.shape[1:]).index_add_(0, back, rows)


def _sizes(layout: Layout) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every part, a row a class."""
    classes, dim, head = layout.classes, layout.dim, layout.head
    yield "counts", (classes,)
    yield "means", (classes, dim)
    yield "energies", (classes,)
    yield "scatter", (layout.rows, dim)
    yield "decisions", (0 if head is None else head.decides, classes)
    yield "lowest", (1,)
    if layout.softmax is not None:
        m = layout.softmax.W.shape[0]
        shapes = {"probabilities": (classes, m), "products": (m, dim)}
        yield from ((one.name, shapes.get(one.name, (classes,))) for one in fields(SoftmaxMoments))


def _empty(layout: Layout, device: torch.device) -> Tensor:
    size = sum(int(np.prod(shape)) for _, shape in _sizes(layout))
    flat = torch.zeros(size, dtype=torch.float64, device=device)
    _views(layout, flat)["lowest"].fill_(torch.inf)
    return flat


def _views(layout: Layout, flat: Tensor) -> dict[str, Tensor]:
    found, start = {}, 0
    for name, shape in _sizes(layout):
        stop = start + int(np.prod(shape))
        found[name], start = flat[start:stop].view(shape), stop
    return found
