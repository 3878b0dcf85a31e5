"""Trains a small network on the digits of scikit-learn until its features collapse, and saves its last layer.

The penalty on the features is a part of the training loss, so that lambda_h is known: this is the network of
docs/tutorials/measure.md.  It takes about a minute.

    pip install scikit-learn
    python examples/digits_features.py examples/digits_features.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

LAMBDA_W, LAMBDA_H, LAMBDA_B = 5e-3, 5e-4, 0.5
HIDDEN, DIM, STEPS = 256, 16, 1000


def train(x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Features, labels, W and b of a network 64 - 256 - 16 - 10, by L-BFGS on all images."""
    random = np.random.default_rng(0)
    n, y = len(x), np.eye(10)[labels]
    shapes = [(64, HIDDEN), (HIDDEN,), (HIDDEN, DIM), (DIM,), (10, DIM), (10,)]
    ends = np.cumsum([np.prod(shape) for shape in shapes])

    def unpacked(flat: np.ndarray) -> list[np.ndarray]:
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]

    def features(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, c, v, s, _, _ = unpacked(flat)
        hidden = np.maximum(x @ a + c, 0.0)
        return hidden, hidden @ v + s  # no ReLU after the features

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        _, _, v, _, w, b = unpacked(flat)
        hidden, h = features(flat)
        residual = h @ w.T + b - y
        value = (np.sum(residual**2) / n + LAMBDA_W * np.sum(w**2) + LAMBDA_H * np.sum(h**2) + LAMBDA_B * (b @ b)) / 2
        to_h = residual @ w / n + LAMBDA_H * h
        to_hidden = (to_h @ v.T) * (hidden > 0)
        slopes = [x.T @ to_hidden, to_hidden.sum(axis=0), hidden.T @ to_h, to_h.sum(axis=0),
                  residual.T @ h / n + LAMBDA_W * w, residual.mean(axis=0) + LAMBDA_B * b]
        return float(value), np.concatenate([slope.ravel() for slope in slopes])

    start = np.concatenate([random.standard_normal(shape).ravel() / np.sqrt(shape[0]) for shape in shapes])
    found = minimize(loss, start, jac=True, method="L-BFGS-B",
                     options={"maxiter": STEPS, "maxfun": 2 * STEPS, "maxcor": 20, "ftol": 0.0, "gtol": 0.0})
    w, b = unpacked(found.x)[-2:]
    return {"features": features(found.x)[1].astype(np.float32), "labels": labels.astype(np.uint8),
            "W": w.astype(np.float32), "b": b.astype(np.float32)}


def main() -> None:
    """Train, and save to the file that the command line names."""
    from sklearn.datasets import load_digits

    file = Path(sys.argv[1] if len(sys.argv) > 1 else "digits_features.npz")
    digits = load_digits()
    np.savez(file, **train((digits.data - 8) / 8, digits.target))


if __name__ == "__main__":
    main()
