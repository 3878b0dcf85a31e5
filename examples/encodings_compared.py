"""Encodings compared: the mean cosine between class means along lambda_b for six label encodings of 8 classes.

    python examples/encodings_compared.py [FOLDER]

writes FOLDER/encodings_compared.svg (FOLDER is examples/figures if absent).
"""

import math
import sys
from pathlib import Path

import numpy as np

import ncsolve
from ncsolve import encodings, plots

K = 8
ENCODINGS = {
    "one-hot": encodings.onehot(K),
    "smoothed, alpha = 0.1": encodings.smoothed(K, 0.1),
    "signed": encodings.signed(K),
    "simplex": encodings.simplex(K),
    "Hadamard": encodings.hadamard(K),
    "random normal": encodings.gaussian(K, seed=3),
}


def draw(folder: Path) -> Path:
    grid = np.concatenate(([0], np.geomspace(1e-3, 10, 160), [math.inf]))
    paths = {}
    for name, encoding in ENCODINGS.items():
        problem = ncsolve.UFM(encoding=encoding, counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0)
        paths[name] = ncsolve.path(problem, lambda_b=grid)
        cosine = paths[name].cosines[:, 1].round(9) + 0.0
        print(f"{name:22} mean cosine {cosine[0]:9.6f} with a free bias, {cosine[-1]:9.6f} without a bias")
    figure, (ax,) = plots.new_figure(1, 1, (7.0, 4.2))
    plots.compared_cosines(paths, ax=ax)
    file = folder / "encodings_compared.svg"
    plots.save_figure(figure, file, force=True)
    return file


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures")
