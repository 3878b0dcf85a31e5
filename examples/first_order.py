"""Under a deep linear head the transition of one-hot codes is a jump, in the class means and in the phase diagram.

    python examples/first_order.py [FOLDER]

writes FOLDER/first_order.svg (FOLDER is examples/figures if absent).
"""

import math
import sys
from pathlib import Path

import numpy as np

import ncsolve
from ncsolve import plots


def draw(folder: Path) -> Path:
    problem = ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=0, depth=2
    )
    path = ncsolve.path(problem, lambda_b=np.concatenate(([0], np.geomspace(1e-3, 1, 80), [math.inf])))
    diagram = ncsolve.phase(
        problem, lambda_b=np.geomspace(1e-2, 3, 36), against="t", values=np.linspace(0.02, 0.5, 24)
    )
    figure, (left, right) = plots.new_figure(1, 2, (10.4, 3.9))
    plots.cosine_curves(path, ax=left)
    plots.phase_diagram(diagram, ax=right)
    file = folder / "first_order.svg"
    plots.save_figure(figure, file, force=True)
    (change,) = path.changes
    print(f"lambda_b = {change.value:.12g}: the cosine jumps from {change.before.cosines.mean:.6g} to "
          f"{change.after.cosines.mean:.6g}; {file.name}")
    return file


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures")
