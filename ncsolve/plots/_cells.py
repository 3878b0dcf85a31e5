"""The cells of a phase diagram: each has the colour of one solved point, and ends where its area ends.

In coordinates u along lambda_b and v along the second parameter (their logarithms where the axis is logarithmic) the
diagram is cut into strips between the vertices of its boundaries, and every strip at the boundaries.  What lies between
two of them is shared out among the points of its own area in the nearest row.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array, Index, Mask
from ncsolve._sweeps.areas import areas
from ncsolve._sweeps.boundary_curves import SMOOTH
from ncsolve._sweeps.phase import Boundary, Phase

__all__ = ["Cells", "Steps", "cells_of", "edges_of", "names_on"]

# A curve is cut into strips at so many of its points.
_VERTICES = 120
# Points so near to a curve, in logarithms, are on both of its sides; strips so low are part of those below.
_ON = 1e-9
# Ends of curves so near, as a part of the diagram, may be one place.
_NEAR = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Quadrilaterals ``corners`` (n, 4, 2) in data coordinates, and the row and column of the point whose colour each
    has; -1 where no solved point is in the area."""

    corners: Array
    rows: Index
    columns: Index


@dataclass(frozen=True, kw_only=True, eq=False)
class _Curve:
    """A boundary as u over ascending v, with the names of the areas at smaller and larger u."""

    u: Array
    v: Array
    before: str
    after: str

    def at(self, v: float) -> float:
        return float(np.interp(v, self.v, self.u))

    def holds(self, v: float) -> bool:
        return bool(self.v[0] <= v <= self.v[-1])


class Steps:
    """Against the number of classes rows are bands and curves are steps: between whole numbers there is nothing."""

    def __init__(self, values: Array) -> None:
        self.values, self.edges = values, edges_of(values, log=True, beyond=True)

    def line(self, boundary: Boundary) -> tuple[Array, Array]:
        """A boundary as lambda_b and values, from edge to edge of each row."""
        rows = np.searchsorted(self.values, boundary.values)
        return np.repeat(boundary.lambda_b, 2), np.stack((self.edges[rows], self.edges[rows + 1]), axis=1).ravel()


def edges_of(values: Array, *, log: bool, beyond: bool = False) -> Array:
    """Edges of the cells around ascending values; the first and the last value, or half a cell ``beyond`` them."""
    x = np.log(values) if log else values
    middle = (x[1:] + x[:-1]) / 2
    ends = (2 * x[0] - middle[0], 2 * x[-1] - middle[-1]) if beyond else (x[0], x[-1])
    edges = np.concatenate(([ends[0]], middle, [ends[1]]))
    return np.exp(edges) if log else edges


def cells_of(phase: Phase, *, log: bool) -> Cells:
    """The cells of a diagram; ``log`` says whether the axis of the second parameter is logarithmic."""
    plane = _Plane(phase, log)
    pieces = [plane.cut(low, high) for low, high in plane.strips]
    corners = np.concatenate([piece.corners for piece in pieces])
    corners[..., 0] = np.exp(corners[..., 0])
    if log:
        corners[..., 1] = np.exp(corners[..., 1])
    return Cells(
        corners=corners, rows=np.concatenate([piece.rows for piece in pieces]),
        columns=np.concatenate([piece.columns for piece in pieces]),
    )


def names_on(phase: Phase, *, log: bool, across: int, up: int) -> tuple[NDArray[np.object_], Array, Array]:
    """The names of areas at ``up`` heights of ``across`` places each, evenly spread over the diagram, with the places:
    names (up, across), lambda_b (across,) and values (up,)."""
    plane = _Plane(phase, log)
    u, v = (low + (np.arange(n) + 0.5) / n * (high - low) for low, high, n in (
        (plane.u[0], plane.u[-1], across), (plane.edges[0], plane.edges[-1], up)
    ))
    found = np.empty((up, across), dtype=object)
    for i, height in enumerate(v.tolist()):
        cells = plane.cut(height, height)
        place = np.searchsorted(cells.corners[:, 1, 0], u).clip(max=cells.rows.size - 1)
        found[i] = np.where(cells.rows[place] < 0, "", plane.names[cells.rows[place], cells.columns[place]])
    return found, np.exp(u), np.exp(v) if log else v


class _Plane:
    def __init__(self, phase: Phase, log: bool) -> None:
        self.names, kinds = areas(phase)
        self.u = np.log(phase.lambda_b)
        self.v = np.log(phase.values) if log else phase.values
        self.bands = phase.against == "classes"
        self.edges = edges_of(self.v, log=False, beyond=self.bands)
        self.levels = np.log(phase.collapse) if log else np.array(phase.collapse)
        self.curves = []
        for boundary in phase.boundaries:
            u, v = np.log(boundary.lambda_b), np.log(boundary.values) if log else boundary.values
            order = np.argsort(v, kind="stable")
            ranks = (f"rank {boundary.rank_before}", f"rank {boundary.rank_after}")
            before, after = ranks if kinds[0].startswith("rank ") else (boundary.regime_before, boundary.regime_after)
            self.curves.append(_Curve(u=u[order], v=v[order], before=before, after=after))
        self._mend()

    def _mend(self) -> None:
        """Closed forms that follow one another end one sample apart: they meet in the middle."""
        step = 1.01 * (self.v[-1] - self.v[0]) / (SMOOTH - 1)
        for i, lower in enumerate(self.curves):
            for j, upper in enumerate(self.curves):
                if 0.0 < upper.v[0] - lower.v[-1] <= step and abs(upper.u[0] - lower.u[-1]) < _NEAR * np.ptp(self.u):
                    u, v = (upper.u[0] + lower.u[-1]) / 2, (upper.v[0] + lower.v[-1]) / 2
                    lower = replace(lower, u=np.append(lower.u, u), v=np.append(lower.v, v))
                    self.curves[i] = lower
                    self.curves[j] = replace(upper, u=np.append(u, upper.u), v=np.append(v, upper.v))

    @cached_property
    def strips(self) -> list[tuple[float, float]]:
        """From the bottom to the top, between rows, vertices and lines across the diagram."""
        if self.bands:
            cuts = self.edges
        else:
            inside = [self.levels, *(self._vertices(curve) for curve in self.curves)]
            cuts = np.unique(np.concatenate([self.edges, *(np.clip(x, self.v[0], self.v[-1]) for x in inside)]))
        least = _ON * (cuts[-1] - cuts[0])
        cuts = cuts[np.concatenate(([True], np.diff(cuts) > least))]
        return list(itertools.pairwise([*cuts[:-1].tolist(), float(self.edges[-1])]))

    def _vertices(self, curve: _Curve) -> Array:
        """Points of a curve at about equal distances, in units of the diagram, with its ends."""
        steps = np.hypot(
            np.diff(curve.u) / (self.u[-1] - self.u[0]), np.diff(curve.v) / (self.v[-1] - self.v[0])
        )
        along = np.concatenate(([0.0], np.cumsum(steps)))
        chosen = np.searchsorted(along, np.linspace(0.0, along[-1], _VERTICES))
        return np.asarray(curve.v[np.unique(np.minimum(np.append(chosen, along.size - 1), along.size - 1))])

    def cut(self, low: float, high: float) -> Cells:
        """The cells of a strip, from the left to the right."""
        middle = (low + high) / 2
        if self.bands:  # a curve is what it is at the row itself
            middle = float(self.v[np.argmin(np.abs(self.v - middle))])
        here = sorted((curve for curve in self.curves if curve.holds(middle)), key=lambda curve: curve.at(middle))
        ends = [middle, middle] if self.bands else [low, high]
        bounds = np.array([[self.u[0], *(curve.at(v) for curve in here), self.u[-1]] for v in ends])
        bounds = np.maximum.accumulate(np.clip(bounds, self.u[0], self.u[-1]), axis=1)
        parts, rows, points = [], [], []
        for i in range(len(here) + 1):
            left, right = here[i - 1] if i > 0 else None, here[i] if i < len(here) else None
            row, columns = self._points(middle, left, right)
            inner = (self.u[columns[1:]] + self.u[columns[:-1]]) / 2
            below, above = (
                np.concatenate(([bound[i]], inner.clip(bound[i], bound[i + 1]), [bound[i + 1]])) for bound in bounds
            )
            seen = (below[1:] > below[:-1]) | (above[1:] > above[:-1])
            x = np.stack((below[:-1], below[1:], above[1:], above[:-1]), axis=1)[seen]
            parts.append(np.stack((x, np.broadcast_to((low, low, high, high), x.shape)), axis=2))
            rows.append(np.full(x.shape[0], row))
            points.append(columns[seen])
        return Cells(corners=np.concatenate(parts), rows=np.concatenate(rows), columns=np.concatenate(points))

    def _points(self, v: float, left: _Curve | None, right: _Curve | None) -> tuple[int, Index]:
        """The nearest row with points of the area between two curves, and their columns; -1 if there is none."""
        name = left.after if left is not None else right.before if right is not None else None
        side = self._same_side(v)
        rows = [int(row) for row in np.argsort(np.abs(self.v - v), kind="stable") if side[row]]
        rows = rows or [int(np.argmin(np.abs(self.v - v)))]
        if name is None and not any(curve.holds(self.v[rows[0]]) for curve in self.curves):
            return rows[0], np.arange(self.u.size)
        if name is None:
            name = self._left_over(v)
        for row in rows:
            inside = self._between(row, left, right)
            if name is not None:
                inside &= self.names[row] == name
            if inside.any():
                return row, np.flatnonzero(inside)
        return -1, np.array([-1])

    def _same_side(self, v: float) -> Mask:
        """Rows that no line across the diagram parts from a height; none that is on such a line."""
        gap = self.levels - self.v[:, None]
        return np.asarray(((np.sign(gap) == np.sign(self.levels - v)) & (np.abs(gap) > _ON)).all(axis=1))

    def _between(self, row: int, left: _Curve | None, right: _Curve | None) -> NDArray[np.bool_]:
        """Points of a row between two curves, as far as these go on there."""
        v, inside = float(self.v[row]), np.ones(self.u.size, dtype=bool)
        if left is not None and left.holds(v):
            inside &= self.u > left.at(v) - _ON
        if right is not None and right.holds(v):
            inside &= self.u < right.at(v) + _ON
        return inside

    def _left_over(self, v: float) -> str | None:
        """The area where no curve is left: beside the nearest end of a curve, which left the diagram on a side."""
        ends = [(abs(curve.v[i] - v), curve.u[i], curve) for curve in self.curves for i in (0, -1)]
        if not ends:
            return None
        _, u, curve = min(ends, key=lambda end: end[0])
        return curve.after if u - self.u[0] < self.u[-1] - u else curve.before
