"""The objective, straight from its definition (T0); nothing here knows a theorem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.checks.arrays import check_labels, real_array
from ncsolve.errors import ProblemError

__all__ = ["gradient", "objective"]


def objective(
    problem: UFM, W: ArrayLike | Sequence[ArrayLike], H: ArrayLike, b: ArrayLike, labels: ArrayLike | None = None
) -> float:
    r"""The loss of any W, H and b:

    .. math:: \tfrac{1}{N} \sum_i \ell(W h_i + b, y_i) + \tfrac{\lambda_W}{2} \|W\|_F^2
              + \tfrac{\lambda_H}{2} \|H\|_F^2 + \tfrac{\lambda_b}{2} \|b\|^2 ,

    with :math:`\ell(o, y) = \tfrac12 \|o - y\|^2`, or :math:`\log \sum_j \exp o_j - \langle y, o \rangle` for
    cross-entropy.

    Parameters
    ----------
    W : array (m, d)
        For a deep head the sequence of its layers (W_1, ..., W_L), from the features to the output.
    H : array (d, N) or (d, K)
        One column per sample, or one per class (then every sample of a class has that feature).
    b : array (m,)
        Must be zero if lambda_b is inf.
    labels : array (N,), optional
        Class of each column of an H of N columns; by default the samples come in the order of their classes.

    Notes
    -----
    Raises ProblemError for shapes that do not fit the problem.  Source: T0 of docs/theory.md.

    Examples
    --------
    >>> import ncsolve, numpy as np
    >>> problem = ncsolve.UFM(encoding=np.eye(2), counts=3, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
    >>> objective(problem, np.zeros((2, 1)), np.zeros((1, 2)), [0.5, 0.5])
    0.25
    """
    layers = _layers(problem, W)
    w, h, bias, y, weight = _arguments(problem, reduce(lambda inner, outer: outer @ inner, layers), H, b, labels)
    fit = float(weight @ problem.spec.fit.of_columns(w @ h + bias[:, None], y)) / problem.samples
    decay = sum(
        value * float(np.sum(layer * layer)) for value, layer in zip(problem.lambda_w_layers, layers, strict=True)
    ) + problem.lambda_h * float(np.sum(weight * h * h))
    if math.isfinite(problem.lambda_b):
        decay += problem.lambda_b * float(bias @ bias)
    return fit + decay / 2


def gradient(
    problem: UFM, W: ArrayLike, H: ArrayLike, b: ArrayLike, labels: ArrayLike | None = None
) -> tuple[Array, Array, Array]:
    """The gradient of ``objective`` in W (m, d), H (like H) and b (m,; zero if lambda_b is inf), for one layer.

    Where H has one column per class its gradient is the sum over the samples of the class.  Raises ProblemError for
    shapes that do not fit the problem.  Source: T0 of docs/theory.md.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=5,
    ...                       lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1)
    >>> found = ncsolve.solve(problem)
    >>> max(float(abs(g).max()) for g in gradient(problem, found.W, found.class_means, found.bias)) < 1e-15
    True
    """
    check_problem(problem)
    if not problem.spec.one_layer:
        raise ProblemError(f"gradient is for one layer; got depth = {problem.depth}, take Minimizer.residual instead")
    w, h, bias, y, weight = _arguments(problem, W, H, b, labels)
    residual = weight * problem.spec.fit.slope(w @ h + bias[:, None], y) / problem.samples
    g_b = residual.sum(axis=1) + problem.lambda_b * bias if math.isfinite(problem.lambda_b) else np.zeros_like(bias)
    return (residual @ h.T + problem.lambda_w * w, w.T @ residual + problem.lambda_h * weight * h, g_b)


def _layers(problem: UFM, W: ArrayLike | Sequence[ArrayLike]) -> list[Array]:
    check_problem(problem)
    if problem.spec.one_layer:
        return [real_array(W, "W")]  # type: ignore[arg-type]  # a sequence of arrays is refused by its shape
    given = [real_array(layer, "a layer of W") for layer in W] if isinstance(W, Sequence) else []
    fits = all(x.ndim == y.ndim == 2 and y.shape[1] == x.shape[0] for x, y in pairwise(given))
    if len(given) != problem.depth or not fits:
        raise ProblemError(
            f"W must be the sequence of the {problem.depth} layers of the head, each as wide as the one before is "
            f"high; got {[layer.shape for layer in given]}"
        )
    return given


def _arguments(
    problem: UFM, W: ArrayLike, H: ArrayLike, b: ArrayLike, labels: ArrayLike | None
) -> tuple[Array, Array, Array, Array, Array]:
    check_problem(problem)
    w, h, bias = real_array(W, "W"), real_array(H, "H"), real_array(b, "b")
    m, k, n = problem.code_length, problem.classes, problem.samples
    if w.ndim != 2 or h.ndim != 2 or bias.shape != (m,) or w.shape[0] != m or w.shape[1] != h.shape[0]:
        raise ProblemError(
            f"W must have shape ({m}, d), H (d, {n}) or (d, {k}), and b ({m},); got {w.shape}, {h.shape}, {bias.shape}"
        )
    if problem.lambda_b == math.inf and bias.any():
        raise ProblemError("lambda_b = inf means no bias: b must be zero")
    if problem.spec.nonnegative and h.size and float(h.min()) < 0.0:
        raise ProblemError(f"ReLU features are nonnegative; H has the entry {float(h.min()):g}")
    counts = problem.counts.array
    codes = problem.encoding.matrix
    if labels is not None or (h.shape[1] == n and n != k):
        if labels is None:
            y = np.repeat(np.arange(k), counts)
        else:
            y = check_labels(labels, k)
            if not np.array_equal(np.bincount(y, minlength=k), counts):
                raise ProblemError("labels must have the problem's counts; build the problem from the same labels")
        if h.shape[1] != y.size:
            raise ProblemError(f"H must have one column per sample; got {h.shape[1]} columns for {y.size} samples")
        return w, h, bias, codes[:, y], np.ones(y.size)
    if h.shape[1] != k:
        raise ProblemError(f"H must have {n} columns (samples) or {k} (classes); got {h.shape[1]}")
    return w, h, bias, codes, counts.astype(np.float64)
