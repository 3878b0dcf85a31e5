"""The transition: with one-hot labels the class means open from a simplex ETF to an orthogonal frame.

    python examples/transition.py [FOLDER]

writes FOLDER/transition.svg (FOLDER is examples/figures if absent).
"""

import math
import sys
from pathlib import Path

import numpy as np

import ncsolve
from ncsolve import plots


def draw(folder: Path) -> Path:
    problem = ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(4), counts=100, lambda_w=1.25e-3, lambda_h=1.25e-3, lambda_b=0
    )
    path = ncsolve.path(problem, lambda_b=np.concatenate(([0], np.geomspace(1e-3, 10, 160), [math.inf])))
    figure, (left, right) = plots.new_figure(1, 2, (9.2, 3.5))
    plots.cosine_curves(path, ax=left)
    plots.bias_curves(path, ax=right)
    file = folder / "transition.svg"
    plots.save_figure(figure, file, force=True)
    (change,) = path.changes
    print(f"lambda_b* = {change.value:.12g}: {change.regime_before} to {change.regime_after}; {file.name}")
    return file


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures")
