"""Plain weight decay: the larger the mean of the previous features, the earlier the frame of one-hot labels opens, and
past a right angle; a penalty on the features, even with the right size across that mean, never makes an acute frame.

    python examples/plain_weight_decay.py [FOLDER]

writes FOLDER/plain_weight_decay.svg (FOLDER is examples/figures if absent).
"""

import math
import sys
from pathlib import Path

import numpy as np

import ncsolve
from ncsolve import plots

CLASSES, SAMPLES, CONTRAST = 4, 100, 2.0
LAMBDA_W, LAMBDA_V = 0.02, 0.03


def of_mean(length: float) -> ncsolve.MetricProblem:
    """One-hot labels over previous features with contrasts of one size and a mean of this length."""
    means = np.vstack((CONTRAST * (np.eye(CLASSES) - 1 / CLASSES), np.full(CLASSES, length)))
    return ncsolve.MetricProblem.of_classes(
        means, np.zeros((CLASSES + 1, CLASSES + 1)), encoding="onehot", counts=SAMPLES, lambda_w=LAMBDA_W,
        lambda_v=LAMBDA_V, lambda_b=0.0,
    )


def draw(folder: Path) -> Path:
    grid = np.concatenate(([0], np.geomspace(1e-3, 10, 100), [math.inf]))
    across = float(ncsolve.solve(of_mean(1.0)).feature_decays[0])  # lambda_H on the contrasts
    penalized = ncsolve.UFM(
        encoding="onehot", classes=CLASSES, counts=SAMPLES, lambda_w=LAMBDA_W, lambda_h=across, lambda_b=0.0
    )
    paths = {f"weight decay, mean of z {length:g}": ncsolve.path(of_mean(length), lambda_b=grid)
             for length in (0.5, 1.3, 3.0)}
    paths["penalty on the features"] = ncsolve.path(penalized, lambda_b=grid)
    figure, ax = plots.new_figure(1, 1, (7.0, 4.0))
    plots.compared_cosines(paths, ax=ax[0])
    file = folder / "plain_weight_decay.svg"
    plots.save_figure(figure, file, force=True)
    for name, path in paths.items():
        changes = ", ".join(f"{change.regime_before} to {change.regime_after} at lambda_b = {change.value:.6g}"
                            for change in path.changes)
        print(f"{name}: {changes}; {file.name}")
    return file


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures")
