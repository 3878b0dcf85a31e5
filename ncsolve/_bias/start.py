"""Where Newton's iteration on the bias equation begins when no neighbour is known."""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array
from ncsolve._bias.jacobian import gain

__all__ = ["KRYLOV", "diagonal_start", "krylov_basis"]

# Above this many directions Newton starts from the solution of a Krylov projection of this dimension.
KRYLOV = 64


def diagonal_start(s: Array, m: Array, lambda_b: Array) -> Array:
    """Each direction by itself (p, r), as if z z^T were diagonal: a damped fixed point of the scalar equation."""
    lb = lambda_b[:, None]
    z = m * (lb / (1.0 + lb))
    for _ in range(8):
        z = m * (lb / (lb + gain(s * s + z * z)))
    return z


def krylov_basis(s: Array, m: Array) -> tuple[Array, Array]:
    """Orthonormal Ritz vectors (r, k) and roots of the Ritz values (k,) of diag(s^2) started at m (Lanczos, full
    reorthogonalisation).  The small problem has the Gauss quadrature of the measure that m puts on s^2."""
    scale = max(float(s[-1]), 1e-300)
    a = (s / scale) ** 2
    k = min(KRYLOV, s.size)
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
