"""Networks trained for 60 steps at several weight decays of the bias, on the exact curve; and one step by step.

    python examples/measured_points.py [FOLDER]

writes FOLDER/measured_points.svg (FOLDER is examples/figures if absent).  Each network has a hidden layer of 64 ReLU, a
linear layer of features, a classifier, and a penalty on the features; L-BFGS trains it on random points.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import ncsolve
from ncsolve import plots

CLASSES, EACH, INPUTS, WIDTH, DIM = 4, 15, 16, 64, 4
LAMBDAS = (0.01, 0.04, 0.15, 0.5, 3.0)
# Few enough that rounding moves no point of the figure.
STEPS = (5, 10, 20, 40, 60, 80)
LABELS = np.repeat(np.arange(CLASSES), EACH)
PROBLEM = ncsolve.UFM(encoding="onehot", classes=CLASSES, counts=EACH, lambda_w=5e-3, lambda_h=5e-3 / EACH, lambda_b=0)
SHAPES = ((WIDTH, INPUTS + 1), (DIM, WIDTH), (CLASSES, DIM), (CLASSES,))


def unpacked(x):
    ends = np.cumsum([np.prod(shape) for shape in SHAPES])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(x, ends), SHAPES, strict=True)]


def trained(problem, points, steps):
    """Classifier, bias and features after some steps of L-BFGS from one start."""
    random = np.random.default_rng(0)
    start = np.concatenate([(random.standard_normal(shape) / np.sqrt(shape[-1])).ravel() for shape in SHAPES])
    start[-CLASSES:] = 0.0

    def loss(x):
        first, second, w, b = unpacked(x)
        hidden = np.maximum(first @ points, 0.0)
        features = second @ hidden
        slope_w, slope_h, slope_b = ncsolve.gradient(problem, w, features, b)
        back = (second.T @ slope_h) * (hidden > 0.0)
        slopes = (back @ points.T, slope_h @ hidden.T, slope_w, slope_b)
        return ncsolve.objective(problem, w, features, b), np.concatenate([slope.ravel() for slope in slopes])

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxfun": 10 * steps,
                                                                       "ftol": 0.0, "gtol": 1e-9})
    first, second, w, b = unpacked(found.x)
    return w, b, second @ np.maximum(first @ points, 0.0)


def measured(lambda_b, steps):
    """The measurement of a network."""
    problem = PROBLEM.replace(lambda_b=lambda_b)
    points = np.random.default_rng(1).standard_normal((INPUTS, LABELS.size))
    w, b, features = trained(problem, np.vstack((points, np.ones(LABELS.size))), steps)
    statistics = ncsolve.FeatureStatistics(CLASSES, DIM, head=(w, b)).update(features.T, LABELS)
    return ncsolve.measure(statistics, w, b, problem)


def draw(folder: Path) -> Path:
    sweep = [measured(value, STEPS[-2]) for value in LAMBDAS]
    run = [measured(0.5, steps) for steps in STEPS]
    path = ncsolve.path(PROBLEM, lambda_b=np.geomspace(3e-3, 10, 120))
    figure, (left, right) = plots.new_figure(1, 2, (9.2, 3.7))
    plots.cosine_curves(path, ax=left, measured=sweep)
    plots.gap_curves(run, x=STEPS, label="step of L-BFGS", ax=right)
    file = folder / "measured_points.svg"
    plots.save_figure(figure, file, force=True)
    print(f"gaps over the minimum {', '.join(f'{one.relative_gap:.1e}' for one in sweep)}; {file.name}")
    return file


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures")
