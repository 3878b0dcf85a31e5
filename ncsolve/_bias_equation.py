"""The bias equation (T3), reduced to the directions that the label mean meets.

With ``c = mu - b`` the minimizer solves ``lb (mu - c) = h(G(c)) c``, ``G(c) = S + N c c^T``,
``h(g) = min(1, T/sqrt(g))``.  In the eigenbasis of S, in units in which T = 1 and with
``z = sqrt(N) c``, that is

    F(z) = h(diag(s^2) + z z^T) z + lb (z - m) = 0,

the gradient of a strictly convex function.  ``h`` is applied through the secular equation, the Jacobian is
the Daleckii-Krein formula in the eigenbasis of G, so a Newton step costs one Cholesky factorisation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ncsolve._secular import SecularSystem, solve_secular
from ncsolve.errors import ConvergenceError

__all__ = ["BiasSolution", "solve_bias_equation"]

Array = NDArray[np.float64]
_MAX_STEPS = 100
# Above this many directions Newton starts from the solution of a Krylov projection of this dimension.
_KRYLOV = 64
# F is a sum of terms that cancel; relative to them it cannot be computed better than a few roundings.
_TARGET = 3e-16
_EXACT, _LOOSE = 4e-16, 1e-8
_REUSE = 1e-9
_ACCEPT = 1e-13


@dataclass(frozen=True, kw_only=True)
class BiasSolution:
    """The root z (r,), the part ``m - z`` that the bias takes out (r,), the eigensystem of G there, and the residual."""

    z: Array
    removed: Array
    system: SecularSystem
    residual: float
    steps: int


def gain(values: Array) -> Array:
    """``h(g) = min(1, 1/sqrt(g))``, the share of a direction that stays in the residual (T = 1)."""
    return 1.0 / np.sqrt(np.maximum(values, 1.0))


def solve_bias_equation(s: Array, m: Array, lambda_b: float, start: BiasSolution | None = None) -> BiasSolution:
    """Solve F(z) = 0 for 0 < lambda_b < inf.

    Parameters: ``s`` (r,) strictly increasing roots of the eigenvalues of S over T; ``m`` (r,) coordinates
    of ``sqrt(N) mu / T``, none zero; ``start`` a solution for a neighbouring lambda_b.
    Raises ConvergenceError when the residual stays above its tolerance.
    """
    if start is not None:
        z, system = start.z, start.system
    else:
        z, system = _start(s, m, lambda_b), None
    return _newton(s, m, lambda_b, z, system)


def _start(s: Array, m: Array, lambda_b: float) -> Array:
    if s.size <= _KRYLOV:
        # Each direction by itself, as if z z^T were diagonal: a damped fixed point of the scalar equation.
        z = m * (lambda_b / (1.0 + lambda_b))
        for _ in range(8):
            z = lambda_b * m / (lambda_b + gain(s * s + z * z))
        return z
    basis, nodes = _krylov(s, m)
    small = solve_bias_equation(nodes, basis.T @ m, lambda_b)
    return basis @ small.z


def _krylov(s: Array, m: Array) -> tuple[Array, Array]:
    """Orthonormal Ritz vectors (r, k) and roots of the Ritz values (k,) of diag(s^2) started at m (Lanczos, full
    reorthogonalisation).  The small problem has the Gauss quadrature of the measure that m puts on s^2."""
    scale = max(float(s[-1]), 1e-300)
    a = (s / scale) ** 2
    k = min(_KRYLOV, s.size)
    q = np.zeros((k, s.size))
    q[0] = m / np.linalg.norm(m)
    used = 1
    for j in range(1, k):
        v = a * q[j - 1]
        for _ in range(2):
            v -= q[:j].T @ (q[:j] @ v)
        norm = np.linalg.norm(v)
        if norm < 1e-10:
            break
        q[j] = v / norm
        used = j + 1
    q = q[:used]
    values, vectors = np.linalg.eigh((q * a) @ q.T)
    values = np.maximum(values, 0.0)
    keep = np.append(True, np.diff(values) > 1e-14)
    return q.T @ vectors[:, keep], np.sqrt(values[keep]) * scale


@dataclass(kw_only=True)
class _Iterate:
    """One point of Newton's iteration with everything that F needs there."""

    z: Array
    removed: Array  # m - z, kept beside z because either may be the small one
    system: SecularSystem
    h: Array
    pull: Array  # h(G) z
    force: Array  # F
    residual: float


def _evaluate(
    s: Array, z: Array, removed: Array, lambda_b: float, near: SecularSystem | None, shift: Array | None = None,
    tolerance: float = _EXACT,
) -> _Iterate:
    system = solve_secular(s, z, near, shift, tolerance)
    h = gain(system.values)
    pull = system.apply(h)
    push = lambda_b * removed
    force = pull - push
    scale = float(np.linalg.norm(pull)) + float(np.linalg.norm(push))
    residual = float(np.linalg.norm(force)) / scale if scale > 0 else 0.0
    return _Iterate(z=z, removed=removed, system=system, h=h, pull=pull, force=force, residual=residual)


def _newton(s: Array, m: Array, lambda_b: float, z: Array, near: SecularSystem | None) -> BiasSolution:
    at = _evaluate(s, z, m - z, lambda_b, near, tolerance=_LOOSE)
    target = _TARGET * max(1.0, math.sqrt(s.size) / 8)
    exact = False
    jacobian: _Jacobian | None = None
    for step in range(_MAX_STEPS):
        if exact and at.residual <= target:
            return _solution(at, lambda_b, step)
        # Close to the root the last factorisation serves once more: its error is as small as the last step.
        if jacobian is None or at.residual > _REUSE:
            jacobian = _Jacobian(at.system, at.h, lambda_b)
        y = jacobian.solve(at.force)
        direction = jacobian.system.from_eigenbasis(y)
        slope = float(at.force @ direction)
        length = 1.0
        # Newton squares the residual: the roots need not be better than that until the end.
        tolerance = min(max(0.01 * at.residual**2, _EXACT), _LOOSE)
        while True:
            new = _evaluate(
                s, *_move(m, at.z, at.removed, length * direction), lambda_b, at.system,
                _root_shift(at.system, length * y) if jacobian.system is at.system else None, tolerance,
            )
            # F is the gradient of a convex function: along the step its component runs from ``slope`` < 0
            # upwards.  Past the minimum it is positive; shorten the step when it has gone too far.
            ahead = float(new.force @ direction)
            if ahead <= 0.5 * abs(slope) or new.residual <= max(0.5 * at.residual, _ACCEPT) or length < 1e-12:
                break
            length *= min(0.5, abs(slope) / (abs(slope) + ahead))
        if exact and new.residual >= 0.5 * at.residual and min(at.residual, new.residual) <= _ACCEPT:
            return _solution(min(at, new, key=lambda point: point.residual), lambda_b, step)  # rounding level
        at, exact = new, tolerance == _EXACT
    raise ConvergenceError(
        f"the bias equation stopped at a relative residual of {at.residual:.1e}, above {_ACCEPT:.0e}, after "
        f"{_MAX_STEPS} Newton steps; please report the problem that shows this"
    )


def _solution(at: _Iterate, lambda_b: float, steps: int) -> BiasSolution:
    return BiasSolution(
        z=at.z, removed=at.pull / lambda_b, system=at.system, residual=at.residual, steps=steps
    )


def _move(m: Array, z: Array, removed: Array, step: Array) -> tuple[Array, Array]:
    """Add ``step`` to z and take it from m - z; the smaller of the two is updated, the other follows."""
    small = np.abs(z) < np.abs(removed)
    new_z = np.where(small, z + step, m - (removed - step))
    return new_z, np.where(small, m - new_z, removed - step)


def _root_shift(system: SecularSystem, y: Array) -> Array:
    """First-order change of the eigenvalues of G when z moves by V y."""
    return y * (2.0 * system.projections + y)


class _Jacobian:
    """Cholesky factor, in the eigenbasis of G, of the Daleckii-Krein derivative of F."""

    def __init__(self, system: SecularSystem, h: Array, lambda_b: float) -> None:
        self.system = system
        matrix, diagonal = _derivative(system, h, lambda_b)
        try:
            self._factor = cho_factor(matrix.T, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            # Rounding can hide the last digits of a Jacobian that is positive definite only by lambda_b: a
            # gradient step in the metric of its diagonal is still a descent direction.
            self._factor = None
            self._diagonal = np.maximum(diagonal, lambda_b)

    def solve(self, force: Array) -> Array:
        """The Newton step, in the eigenbasis."""
        right = -self.system.to_eigenbasis(force)
        if self._factor is None:
            return right / self._diagonal
        return cho_solve(self._factor, right, check_finite=False)


def _derivative(system: SecularSystem, h: Array, lambda_b: float) -> tuple[Array, Array]:
    root = np.sqrt(system.values)
    high = root > 1.0
    w = system.projections
    # Divided differences of h: 0 below the threshold, a formula without cancellation elsewhere.
    clipped = np.maximum(root, 1.0)
    divided = clipped[:, None] + clipped
    divided *= clipped[:, None]
    divided *= -clipped
    np.reciprocal(divided, out=divided)
    if not high.all():
        low = ~high
        divided[np.ix_(low, low)] = 0.0
        upper = root[high]
        gap = np.add.outer(upper, root[low]) * np.maximum(np.subtract.outer(upper, root[low]), 1e-300)
        mixed = -((upper - 1.0) / upper)[:, None] / gap
        divided[np.ix_(high, low)] = mixed
        divided[np.ix_(low, high)] = mixed.T
    diagonal = lambda_b + h + divided @ (w * w)
    divided *= w[:, None]
    divided *= w
    divided.flat[:: root.size + 1] += diagonal
    return divided, diagonal
