"""With ReLU between the layers a network can go below the deep linear head: `--depth` is then no lower bound.

    python examples/relu_between_layers.py [STARTS]

minimizes 1/(2N) |W_4 relu(W_3 relu(W_2 relu(W_1 H))) - Y|^2 + lambda/2 (|H|^2 + |W_1|^2 + ... + |W_4|^2) by L-BFGS
from random starts (4 if absent; some 3 s each) and prints the best loss beside the minimum of the linear head.  Best
found, by no theorem the minimum: other starts may go lower still.
"""

import math
import sys

import numpy as np
from scipy.optimize import minimize

import ncsolve

CLASSES, WIDTH, LAYERS, DECAY = 10, 30, 4, 0.004  # one sample per class


def linear_head() -> float:
    """The minimum without the ReLUs."""
    return ncsolve.solve(ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(CLASSES), counts=1, lambda_w=DECAY, lambda_h=DECAY, lambda_b=math.inf,
        depth=LAYERS,
    )).loss


def loss_and_gradient(point: np.ndarray) -> tuple[float, np.ndarray]:
    """The objective at (H, W_1, ..., W_4), all in one vector, and its gradient."""
    shapes = [(WIDTH, CLASSES), *[(WIDTH, WIDTH)] * (LAYERS - 1), (CLASSES, WIDTH)]
    cuts = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    features, *weights = (part.reshape(shape) for part, shape in zip(np.split(point, cuts), shapes, strict=True))
    inputs = [features]
    for weight in weights[:-1]:
        inputs.append(np.maximum(weight @ inputs[-1], 0.0))
    residual = weights[-1] @ inputs[-1] - np.eye(CLASSES)
    loss = (residual**2).sum() / (2 * CLASSES) + DECAY / 2 * (point @ point)
    back, slopes = residual / CLASSES, []
    for layer in reversed(range(LAYERS)):
        slopes.append(back @ inputs[layer].T)
        back = weights[layer].T @ back
        if layer > 0:
            back = back * (inputs[layer] > 0)
    return loss, np.concatenate([part.ravel() for part in (back, *reversed(slopes))]) + DECAY * point


def descend(seed: int) -> float:
    """The loss where L-BFGS ends from a random start."""
    random = np.random.default_rng(seed)
    size = WIDTH * CLASSES * 2 + (LAYERS - 1) * WIDTH**2
    start = random.standard_normal(size) * (0.15 + 0.25 * random.random())
    found = minimize(
        loss_and_gradient, start, jac=True, method="L-BFGS-B",
        options={"maxiter": 8000, "maxfun": 10000, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 30},
    )
    return float(found.fun)


if __name__ == "__main__":
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    best = min(map(descend, range(starts)))
    print(f"linear head, global minimum     {linear_head():.7f}")
    print(f"ReLU between layers, best found {best:.7f}")
