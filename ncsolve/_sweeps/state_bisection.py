"""Where a minimizer that is solved point by point changes along one parameter, continuously or by a jump.

A jump has no function whose root it is: two minimizers tie there, and neither knows of the other.  So the state of the
minimizer is bisected, down to neighbouring values of which one has the state before and one that after.  Between
points of the same state a jump shows as a distance that bisection does not make smaller.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.protocol import State
from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep
from ncsolve._sweeps.count_changes import class_roots, count_points
from ncsolve._sweeps.merging import merging_values
from ncsolve._sweeps.point_by_point import SolvedPoint, point_of
from ncsolve._sweeps.threshold_crossings import RegimeChange, named, search_points

__all__ = ["bisected_changes"]

# Where bisection stops, in the logarithm of the parameter (or in alpha): at rounding for closed forms; between points
# that were found by descent each step takes tenths of a second.
_WIDTH, _WIDTH_DESCENT = 4e-15, 1e-6
# 0 and inf are this far from the other values, as for the paper's model.
_FAR = 9 * math.log(10.0)
# Neighbours further apart than this may have a jump between them; it is one if so many halvings leave this part of it.
_SUSPICIOUS, _HALVINGS, _LEFT = 0.1, 10, 0.25
# What a continuous change leaves between the ends of the last interval is of the order of its width.
_JUMP, _JUMP_DESCENT = 1e-6, 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class _Node:
    """A place on the line: the coordinate ``x``, the ``value`` there, the state, and the point where it was solved."""

    x: float
    value: float
    state: State
    point: SolvedPoint | None


def bisected_changes(sweep: Sweep, points: Sequence[SolvedPoint], *, between: bool = True) -> tuple[RegimeChange, ...]:
    """Every change between the smallest and the largest value, ascending; ``points`` are those of the sweep.

    ``between`` also looks between the values of the sweep, where no descents are needed for that.
    """
    if float(sweep.values.min()) == float(sweep.values.max()):
        return ()
    line = _Line(sweep, points)
    nodes = line.nodes(between and not line.slow)
    known = line.model.known_changes(sweep.problem) if sweep.name == "lambda_b" else merging_values(sweep)
    found = []
    for low, high in itertools.pairwise(nodes):
        for pair in line.within(low, high):
            change = line.change(*pair, known)
            if change is not None:
                found.append(change)
    return tuple(found)


class _Line:
    """The values of a sweep as a line on which the state is bisected."""

    def __init__(self, sweep: Sweep, points: Sequence[SolvedPoint]) -> None:
        self.sweep = sweep
        self.solved = {point.value: point for point in points}
        self.model = model_of(sweep.problem)
        self.whole = sweep.name == "count"
        problems = [sweep.problem_at(value) for value in sweep.values.tolist()]
        self.slow = any(map(self.model.descends, problems))
        self.rough = self.slow or any(map(self.model.approximates, problems))

    @property
    def apart(self) -> bool:
        """Whether no class knows of the others but by N, so that each has a closed form."""
        affine = self.sweep.problem.encoding.affine
        return affine is not None and affine.q == 0.0 and self.sweep.problem.lambda_b == math.inf

    @property
    def width(self) -> float:
        return _WIDTH_DESCENT if self.rough else _WIDTH

    def back(self, x: float) -> float:
        return math.exp(x) if self.sweep.logarithmic else x

    def nodes(self, between: bool) -> list[_Node]:
        """The values themselves, and points between them."""
        values = sorted(set(self.sweep.values.tolist()))
        if not self.sweep.logarithmic:
            places = {value: value for value in values}
        else:
            logs = {value: math.log(value) for value in values if 0.0 < value < math.inf}
            ends = (min(logs.values(), default=0.0), max(logs.values(), default=0.0))
            far = {0.0: ends[0] - _FAR, math.inf: ends[1] + _FAR}
            places = {value: logs[value] if value in logs else far[value] for value in values}
        here = {x: value for value, x in places.items()}
        if between and not self.whole:
            low, high = min(here), max(here)
            inner = [x for x in search_points(self.sweep).tolist() if low < x < high]
            known = sorted(here)
            for x in inner:  # a logarithm of a value may differ from ours in the last digit
                if min(abs(x - near) for near in known) > 1e-9:
                    here[x] = self.back(x)
        if self.whole and (between or self.apart):
            here |= {float(count): float(count) for count in count_points(self.sweep, class_roots(self.sweep))}
        return [self.node(x, here[x]) for x in sorted(here)]

    def node(self, x: float, value: float) -> _Node:
        state = None if self.whole else self.model.state(self.sweep.problem_at(value))  # known without solving
        if state is not None:
            return _Node(x=x, value=value, state=state, point=None)
        if value not in self.solved:
            self.solved[value] = point_of(value, solve(self.sweep.problem_at(value)))
        point = self.solved[value]
        return _Node(x=x, value=value, state=State(point.regime, point.dimensions), point=point)

    def middle(self, low: _Node, high: _Node) -> _Node | None:
        """Between two nodes, or None where they are neighbours."""
        if self.whole:
            value = float((int(low.x) + int(high.x)) // 2)
            return None if value == low.x else self.node(value, value)
        if high.x - low.x <= self.width * max(1.0, abs(low.x)):
            return None
        x = (low.x + high.x) / 2
        return self.node(x, self.back(x)) if low.x < x < high.x else None

    def within(self, low: _Node, high: _Node) -> Iterator[tuple[_Node, _Node]]:
        """The neighbours between two nodes that a change lies between."""
        if low.state == high.state:
            if self.model.jumps and not self.whole and _distance(low, high) > _SUSPICIOUS:
                yield from self.jump(low, high)
            return
        middle = self.middle(low, high)
        if middle is None:
            yield low, high
            return
        yield from self.within(low, middle)
        yield from self.within(middle, high)

    def jump(self, low: _Node, high: _Node) -> Iterator[tuple[_Node, _Node]]:
        """The neighbours of one state between which a distance remains, if it does."""
        first = _distance(low, high)
        for step in itertools.count(1):
            middle = self.middle(low, high)
            if middle is None:
                break
            if middle.state != low.state:
                yield from self.within(low, middle)
                yield from self.within(middle, high)
                return
            left = _distance(low, middle) >= _distance(middle, high)
            low, high = (low, middle) if left else (middle, high)
            if step >= _HALVINGS and _distance(low, high) < _LEFT * first:
                return
        if _distance(low, high) >= _LEFT * first:
            yield low, high

    def change(self, low: _Node, high: _Node, known: dict[float, str]) -> RegimeChange | None:
        """The change between two neighbours; None where it is that of the end at 0 or inf itself."""
        if not self.whole and (low.value == 0.0 or high.value == math.inf):
            return None
        value = high.value if self.whole else self.back((low.x + high.x) / 2)
        near = min(known, key=lambda at: abs(at - value), default=value)
        if self.rough and abs(near - value) <= 2 * _WIDTH_DESCENT * max(1.0, abs(low.x)) * value:
            value = near
        value, theorem = named(value, known)
        before, after = low.state, high.state
        scalar = low.point is None and high.point is None
        smooth = not self.model.jumps or (scalar and self.model.continuous)
        sides = None if smooth else self.sides(low, high)
        kind = "rank" if before.rank != after.rank else "orthogonal" if before.regime != after.regime else "exchange"
        if before.mean != after.mean and before.contrasts != after.contrasts:
            kind = "exchange"
        if kind == "orthogonal" and self.whole:  # balanced at one number of samples: a regime's name, no passage
            return None
        if kind == "orthogonal" and not theorem and scalar:
            value = self.crossing(low, high, value)
        return RegimeChange(
            value=value, kind=kind, regime_before=before.regime, regime_after=after.regime,
            rank_before=before.rank, rank_after=after.rank, theorem=theorem, jump=sides is not None,
            before=None if sides is None else sides[0], after=None if sides is None else sides[1],
            accuracy=self.width if self.rough and not theorem else 1e-12,
        )

    def sides(self, low: _Node, high: _Node) -> tuple[Minimizer, Minimizer] | None:
        """The minimizers on both sides, if they are not nearly the same."""
        before, after = (solve(self.sweep.problem_at(node.value)) for node in (low, high))
        apart = point_of(low.value, before).distance(point_of(high.value, after))
        # One sample more or less always makes a difference: nothing between tells it from a jump.
        return (before, after) if not self.whole and apart > (_JUMP_DESCENT if self.rough else _JUMP) else None

    def crossing(self, low: _Node, high: _Node, value: float) -> float:
        """Where label mean and contrasts have the same singular value: the state allows for rounding, this does not."""
        from scipy.optimize import brentq

        for margin in (1e-9, 1e-6, 1e-3):
            ends = (low.x - margin, high.x + margin)
            try:
                gaps = [self.gap(x) for x in ends]
            except ValueError:  # a margin that leads out of what the parameter can be
                break
            if gaps[0] * gaps[1] < 0:
                return self.back(float(brentq(self.gap, *ends, xtol=2e-15)))
        return value

    def gap(self, x: float) -> float:
        return self.model.state_gap(self.sweep.problem_at(self.back(x))) or 0.0


def _distance(low: _Node, high: _Node) -> float:
    return 0.0 if low.point is None or high.point is None else low.point.distance(high.point)

