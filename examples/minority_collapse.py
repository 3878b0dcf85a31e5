"""Minority collapse: in an imbalanced data set small classes lose their own directions, whatever the bias does.

    python examples/minority_collapse.py [FOLDER]

writes FOLDER/minority_collapse.svg (FOLDER is examples/figures if absent).
"""

import sys
from pathlib import Path

import numpy as np

import ncsolve
from ncsolve import plots


def draw(folder: Path) -> Path:
    problem = ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(10), counts=2000, lambda_w=3e-4, lambda_h=3e-4, lambda_b=0
    )
    phase = ncsolve.phase(
        problem, lambda_b=np.geomspace(1e-3, 10, 60), against="imbalance", values=np.geomspace(1, 2000, 40)
    )
    file = folder / "minority_collapse.svg"
    plots.save_figure(plots.phase_figure(phase), file, force=True)
    print(f"the 5 small classes collapse from an imbalance ratio of {phase.collapse[0]:.8g} on; {file.name}")
    return file


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures")
