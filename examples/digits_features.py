"""Trains a small network on the digits of scikit-learn until its features collapse, and saves its last layer.

The penalty on the features is a part of the training loss, so that lambda_h is known: these are the networks of
docs/tutorials/measure.md, one trained with mean squared error, one with cross-entropy.  Each takes half a minute.

    pip install scikit-learn
    python examples/digits_features.py examples/digits_features.npz
    python examples/digits_features.py examples/digits_cross_entropy.npz cross-entropy
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

LAMBDA_W, LAMBDA_H, LAMBDA_B = 5e-3, 5e-4, 0.5
WIDTHS, STEPS = (64, 256, 256, 16, 10), 600  # of the images, the hidden layers, the features and the outputs


def unpacked(flat: np.ndarray) -> list[np.ndarray]:
    """Weights (in, out) and biases of all layers, in turn."""
    shapes = [shape for inner, outer in pairwise(WIDTHS) for shape in ((inner, outer), (outer,))]
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]


def features(body: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """What every layer sees, the last one the features: a ReLU after all layers but that of the features."""
    seen = [x]
    for a, c in zip(body[::2], body[1::2], strict=True):
        seen.append(seen[-1] @ a + c)
        if len(seen) < len(WIDTHS) - 1:
            np.maximum(seen[-1], 0.0, out=seen[-1])
    return seen


def squared(outputs: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Half the squared error, summed over the samples, and its slope in the outputs."""
    return float(np.sum((outputs - y) ** 2)) / 2, outputs - y


def cross_entropy(outputs: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The cross-entropy of softmax outputs, summed over the samples, and its slope in the outputs."""
    logs = outputs - outputs.max(axis=1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
    return -float(np.sum(y * logs)), np.exp(logs) - y


LOSSES = {"mse": squared, "cross-entropy": cross_entropy}


def loss(flat: np.ndarray, x: np.ndarray, y: np.ndarray, kind: str) -> tuple[float, np.ndarray]:
    """The objective of the unconstrained features model, and its slope in the parameters of all layers."""
    *body, w, b = unpacked(flat)
    seen, n = features(body, x), len(x)
    h = seen[-1]
    fit, residual = LOSSES[kind](h @ w + b, y)
    value = fit / n + (LAMBDA_W * np.sum(w**2) + LAMBDA_H * np.sum(h**2) + LAMBDA_B * (b @ b)) / 2
    slopes = [h.T @ residual / n + LAMBDA_W * w, residual.mean(axis=0) + LAMBDA_B * b]
    back = residual @ w.T / n + LAMBDA_H * h
    for a, z in zip(body[-2::-2], seen[-2::-1], strict=True):
        slopes = [z.T @ back, back.sum(axis=0), *slopes]
        back = (back @ a.T) * (z > 0)
    return float(value), np.concatenate([slope.ravel() for slope in slopes])


def train(images: np.ndarray, labels: np.ndarray, kind: str) -> dict[str, np.ndarray]:
    """Features, labels, W and b of a network 64 - 256 - 256 - 16 - 10, by L-BFGS on all images."""
    random = np.random.default_rng(0)
    x, y = (images - 8) / 8, np.eye(10)[labels]
    start = np.concatenate([
        part for inner, outer in pairwise(WIDTHS)
        for part in (np.sqrt(2 / inner) * random.standard_normal(inner * outer), np.zeros(outer))
    ])
    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "maxcor": 20, "ftol": 0.0, "gtol": 0.0}
    *body, w, b = unpacked(minimize(loss, start, (x, y, kind), "L-BFGS-B", jac=True, options=options).x)
    arrays = {"features": features(body, x)[-1], "W": w.T, "b": b}
    return {name: array.astype(np.float32) for name, array in arrays.items()} | {"labels": labels.astype(np.uint8)}


def main() -> None:
    """Train by the loss, and save to the file, that the command line names."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    path, kind = (*sys.argv[1:], *("digits_features.npz", "mse")[len(sys.argv) - 1 :])
    np.savez(Path(path), **train(digits.data, digits.target, kind))


if __name__ == "__main__":
    main()
