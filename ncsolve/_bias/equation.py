"""The bias equation (T3), reduced to the directions that the label mean meets.

With ``c = mu - b`` the minimizer solves ``lb (mu - c) = h(G(c)) c``, ``G(c) = S + N c c^T``,
``h(g) = min(1, T/sqrt(g))``.  In the eigenbasis of S, in units in which T = 1 and with
``z = sqrt(N) c``, that is

    F(z) = h(diag(s^2) + z z^T) z + lb (z - m) = 0,

the gradient of a strictly convex function.  ``h`` is applied through the secular equation, the Jacobian is
the Daleckii-Krein formula in the eigenbasis of G, so a Newton step costs one Cholesky factorisation.  Many
lambda_b are solved together, in the same array operations; one is the case of a single point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._bias.jacobian import Jacobian, gain
from ncsolve._bias.start import KRYLOV, diagonal_start, krylov_basis
from ncsolve._spectrum.rank_one_update import EXACT, SecularRoots, SecularSystem, solve_secular
from ncsolve._spectrum.workspace import Scratch
from ncsolve.errors import ConvergenceError

__all__ = ["BiasSolution", "gain", "newton", "solve_bias_equation", "start_values"]

# F is a sum of terms that cancel; relative to them it cannot be computed better than a few roundings.
_TARGET = 3e-16
_LOOSE = 1e-8
_ACCEPT = 1e-13
_SMALL = 1e-6
# Beyond this z = m to rounding and the bias is h(G) m/lambda_b: a larger value would only overflow in squares.
_HUGE = 1e100


@dataclass(frozen=True, kw_only=True)
class BiasSolution:
    """For every point (p): the root z (p, r), the part ``m - z`` that the bias takes out (p, r), the eigensystem of G
    there, the relative residual (p,) and how many steps it took (p,)."""

    z: Array
    removed: Array
    system: SecularSystem
    residual: Array
    steps: Index


def solve_bias_equation(s: Array, m: Array, lambda_b: float) -> BiasSolution:
    """Solve F(z) = 0 for one 0 < lambda_b < inf; the solution's arrays have no leading axis.

    Parameters: ``s`` (r,) strictly increasing roots of the eigenvalues of S over T; ``m`` (r,) coordinates
    of ``sqrt(N) mu / T``, none zero.
    Raises ConvergenceError when the residual stays above its tolerance.
    """
    scratch = Scratch()
    points = np.array([lambda_b])
    found = newton(s, m, points, start_values(s, m, points, scratch), scratch=scratch)
    return BiasSolution(
        z=found.z[0], removed=found.removed[0], system=found.system.take(0), residual=found.residual[0],
        steps=found.steps[0],
    )


def start_values(s: Array, m: Array, lambda_b: Array, scratch: Scratch) -> Array:
    """A first z for every point (p, r)."""
    if s.size <= KRYLOV:
        return diagonal_start(s, m, lambda_b)
    basis, nodes = krylov_basis(s, m)
    coordinates = basis.T @ m
    small = newton(nodes, coordinates, lambda_b, diagonal_start(nodes, coordinates, lambda_b), scratch=scratch)
    return small.z @ basis.T


@dataclass(kw_only=True)
class _Iterate:
    """Points of Newton's iteration with everything that F needs there; the first axis is the point."""

    z: Array
    removed: Array  # m - z, kept beside z because either may be the small one
    system: SecularSystem
    pull: Array  # h(G) z
    force: Array  # F
    residual: Array
    exact: bool  # whether the eigensystem is as good as it gets

    def take(self, points: Index) -> _Iterate:
        if points.size == self.residual.size:
            return self
        arrays = {f.name: getattr(self, f.name)[points] for f in fields(self) if f.name not in ("system", "exact")}
        return _Iterate(system=self.system.take(points), exact=self.exact, **arrays)

    def put(self, points: Index, other: _Iterate) -> None:
        self.system.put(points, other.system)
        for field in fields(self):
            if field.name not in ("system", "exact"):
                getattr(self, field.name)[points] = getattr(other, field.name)


@dataclass(kw_only=True)
class _Equation:
    """F for some values of lambda_b."""

    s: Array
    m: Array
    lambda_b: Array
    scratch: Scratch

    def evaluate(
        self, z: Array, removed: Array, near: SecularRoots | None, *, close: bool, tolerance: float = EXACT,
        points: Index | slice = slice(None),
    ) -> _Iterate:
        system = solve_secular(self.s, z, near, close=close, tolerance=tolerance, scratch=self.scratch)
        pull = system.apply(gain(system.values))
        push = self.lambda_b[points, None] * removed
        force = pull - push
        scale = _norm(pull) + _norm(push)
        residual = _norm(force) / np.where(scale > 0, scale, 1.0)
        return _Iterate(
            z=z, removed=removed, system=system, pull=pull, force=force, residual=residual, exact=tolerance == EXACT
        )

    def take(self, points: Index) -> _Equation:
        return _Equation(s=self.s, m=self.m, lambda_b=self.lambda_b[points], scratch=self.scratch)


def newton(
    s: Array, m: Array, lambda_b: Array, z: Array, near: SecularRoots | None = None, *, close: bool = False,
    max_steps: int = 100, scratch: Scratch,
) -> BiasSolution:
    """Newton's method from z (p, r) for all points at once; ``near`` is a guess at the eigenvalues of G there,
    and ``close`` says that it is a good one.

    Raises ConvergenceError when the residual of a point stays above its tolerance.
    """
    equation = _Equation(s=s, m=m, lambda_b=np.minimum(lambda_b, _HUGE), scratch=scratch)
    target = _TARGET * max(1.0, math.sqrt(s.size) / 8)
    at = equation.evaluate(z, m - z, near, close=close, tolerance=_LOOSE if near is None else EXACT)
    todo = np.arange(lambda_b.size)
    done: _Collected | None = None
    jacobian: Jacobian | None = None
    shrink = np.ones(todo.size)  # by how much the last step reduced the residual
    settled = at.exact & (at.residual <= target)
    for step in range(max_steps + 1):
        if settled.any():
            _retire(jacobian, at, scratch)
            jacobian = None
            if settled.all() and done is None:
                return _solution(at, lambda_b, np.full(todo.size, step))
            done = done or _Collected(lambda_b.size, s.size)
            done.put(todo[settled], at.take(np.flatnonzero(settled)), step)
            going = np.flatnonzero(~settled)
            if going.size == 0:
                return done.solution(lambda_b)
            todo, at, equation, shrink = todo[going], at.take(going), equation.take(going), shrink[going]
        # Close to the root the last factorisation serves again: its error is as small as the last step.
        if jacobian is None or not (4.0 * shrink * shrink * at.residual <= target).all():
            _retire(jacobian, at, scratch)
            jacobian = Jacobian(at.system, equation.lambda_b, scratch)
        new = _line_search(equation, at, jacobian)
        worse = new.residual >= 0.5 * at.residual
        shrink = new.residual / np.maximum(at.residual, 1e-300)
        # Rounding level: no step makes it better.
        stalled = at.exact & worse & (np.minimum(at.residual, new.residual) <= _ACCEPT)
        back = np.flatnonzero(stalled & (at.residual < new.residual))
        if back.size:
            new.put(back, at.take(back))
        if at.system is not jacobian.system:
            scratch.give(at.system.cauchy)
        at = new
        settled = stalled | (at.exact & (at.residual <= target))
    raise ConvergenceError(
        f"the bias equation stopped at a relative residual of {at.residual.max():.1e}, above {_ACCEPT:.0e}, after "
        f"{max_steps} Newton steps; please report the problem that shows this"
    )


def _retire(jacobian: Jacobian | None, at: _Iterate, scratch: Scratch) -> None:
    """Hand back the memory of a factorisation that is not used again."""
    if jacobian is not None:
        scratch.give(jacobian.memory)
        if jacobian.system is not at.system:
            scratch.give(jacobian.system.cauchy)


def _line_search(equation: _Equation, at: _Iterate, jacobian: Jacobian) -> _Iterate:
    """A Newton step for every point, shortened where it goes too far."""
    y = jacobian.solve(at.force)
    direction = jacobian.system.from_eigenbasis(y)
    if jacobian.system is not at.system:
        y = at.system.to_eigenbasis(direction)
    slope = _dot(at.force, direction)
    close = float(at.residual.max()) <= _SMALL  # the first order guess at the roots errs by the square of the step
    new = equation.evaluate(*_move(equation.m, at.z, at.removed, direction), at.system.moved(y), close=close)
    length = np.ones(slope.size)
    while True:
        # F is the gradient of a convex function: along the step its component runs from ``slope`` < 0
        # upwards.  Past the minimum it is positive; shorten the step when it has gone too far.
        ahead = _dot(new.force, direction)
        far = (ahead > 0.5 * np.abs(slope)) & (new.residual > np.maximum(0.5 * at.residual, _ACCEPT))
        far &= length >= 1e-12
        points = np.flatnonzero(far)
        if points.size == 0:
            return new
        size = np.abs(slope[points])
        length[points] *= np.minimum(0.5, size / (size + ahead[points]))
        part, factor = at.take(points), length[points, None]
        moved = _move(equation.m, part.z, part.removed, factor * direction[points])
        shorter = equation.evaluate(*moved, part.system.moved(factor * y[points]), close=False, points=points)
        if points.size == slope.size:
            new = shorter
        else:
            new.put(points, shorter)


def _move(m: Array, z: Array, removed: Array, step: Array) -> tuple[Array, Array]:
    """Add ``step`` to z and take it from m - z; the smaller of the two is updated, the other follows."""
    small = np.abs(z) < np.abs(removed)
    new_z = np.where(small, z + step, m - (removed - step))
    return new_z, np.where(small, m - new_z, removed - step)


def _solution(at: _Iterate, lambda_b: Array, steps: Index) -> BiasSolution:
    return BiasSolution(
        z=at.z, removed=at.pull / lambda_b[:, None], system=at.system, residual=at.residual, steps=steps
    )


class _Collected:
    """Solutions of points that end at different steps."""

    def __init__(self, points: int, r: int) -> None:
        self.steps = np.zeros(points, dtype=np.intp)
        rows = {name: np.empty((points, r)) for name in ("z", "removed", "pull", "force")}
        self.points = _Iterate(
            system=SecularSystem.empty(points, r), residual=np.empty(points), exact=True, **rows
        )

    def put(self, points: Index, part: _Iterate, step: int) -> None:
        self.points.put(points, part)
        self.steps[points] = step

    def solution(self, lambda_b: Array) -> BiasSolution:
        return _solution(self.points, lambda_b, self.steps)


def _norm(x: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("pr,pr->p", x, x)))


def _dot(x: Array, y: Array) -> Array:
    return np.asarray(np.einsum("pr,pr->p", x, y))
