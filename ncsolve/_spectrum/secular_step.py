"""The first guess at a root of the secular equation, the step towards it, and the weights for which roots are exact.

Seen from the pole that a root is near (mirrored, if it is the upper one) f increases with the distance x; in units of
x the near pole stands at -1, the far one at 1/e, and a step y goes to the root of

    c + A/(-1 - y) + B/(1 - e y),

which has the value and the first two derivatives of f: the third order method of Gragg.  A step of size y leaves
a relative error of about y^3, so the last step needs no second look.

Sources: Borges & Gragg 1993; Li 1993 (LAPACK working note 89); Gu & Eisenstat 1994 for the weights.
"""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array, Mask

__all__ = ["consistent_weights", "first_guess", "third_order_step"]


def first_guess(middle: Array, weights: Array, reach: Array) -> tuple[Mask, Array, Array, Array]:
    """Whether a root is nearer to the pole above it, its distance from the nearer one, and a bracket of that (p, r).

    ``middle`` is f at the middle of each root's interval, whose length is ``reach``.  The two poles that matter are
    kept, the rest is frozen at the middle, and the quadratic rest + near/(-x) + far/(reach - x) = 0 is solved.
    """
    half = 0.5 * reach
    below = middle < 0
    mirrored = below.copy()
    mirrored[:, -1] = False
    left, right = weights, np.roll(weights, -1, axis=1)
    right[:, -1] = 0.0
    rest = middle + (left - right) / half
    rest[:, -1] = np.maximum(rest[:, -1], 1.0)
    near, far = np.where(mirrored, right, left), np.where(mirrored, left, right)
    rest = np.where(mirrored, -rest, rest) * reach
    a = rest + near + far
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(np.maximum(a * a - 4.0 * rest * near, 0.0))
        x = np.where(a > 0, 2.0 * near / (a + root), (a - root) / (2.0 * rest)) * reach
    x[:, -1] = left[:, -1] * reach[:, -1] / rest[:, -1]
    low, high = np.zeros_like(x), half
    low[:, -1] = np.where(below[:, -1], half[:, -1], 0.0)
    high[:, -1] = np.where(below[:, -1], reach[:, -1], half[:, -1])
    return mirrored, np.where((x > low) & (x < high), x, 0.5 * (low + high)), low, high


def third_order_step(f: Array, slope: Array, curve: Array, e: Array) -> Array:
    """The step y, from f, f' x and f'' x^2 / 2; the far pole stands at 1/e (e = 0: there is none)."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # All coefficients of the quadratic are divided by the distance of the far pole, which may be huge.
        far = np.clip((slope + curve) / (1.0 + e), 0.0, slope)
        a = f * (1.0 - e) + slope
        c = e * (f + slope - far) - far
        root = np.sqrt(np.maximum(a * a + 4.0 * f * c, 0.0))
        step = np.where(a > 0, -2.0 * f / (a + root), (a - root) / (2.0 * c))
        # A model that moves against the sign of f is spoiled by rounding: Newton's step instead.
        return np.where(f * step <= 0, step, -f / slope)


def consistent_weights(poles: Array, cauchy: Array) -> Array:
    """The squares of the z (r,) for which the roots behind ``cauchy`` (r, r) are exact: Loewner's formula.

    Roots that are right to rounding differ from exact ones by a change of z that is rounding as well, and with that z
    the eigenvectors are orthogonal whatever the roots' relative errors are.
    """
    r = poles.size
    distances = poles[None, :] - poles[:, None]  # of pole i (column) from pole j (row)
    np.abs(distances, out=distances)
    ratios = np.empty((r, r))
    below = np.tril(np.ones((r, r), dtype=bool), -1).T  # j < i: root j with pole j
    ratios[:-1] = np.where(below[:-1], distances[:-1], distances[1:])  # else root j with pole j + 1
    ratios[-1] = 1.0
    ratios *= np.abs(cauchy)
    return np.asarray(1.0 / ratios.prod(axis=0))
