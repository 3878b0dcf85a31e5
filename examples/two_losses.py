"""The two losses: under MSE the frame of balanced one-hot labels opens as lambda_b grows, under cross-entropy it never
does; under both every class mean is zero from t = 1 on.

    python examples/two_losses.py [FOLDER]

writes FOLDER/two_losses.svg (FOLDER is examples/figures if absent).
"""

import math
import sys
from pathlib import Path

import numpy as np

import ncsolve
from ncsolve import plots

CLASSES, SAMPLES = 4, 100
LOSSES = {"mse": "MSE", "cross-entropy": "cross-entropy"}


def of_threshold(t: float, loss: str, lambda_b: float = 0.0) -> ncsolve.UFM:
    """Balanced one-hot labels with the threshold t = K sqrt(n lambda_W lambda_H)."""
    decay = t / (CLASSES * math.sqrt(SAMPLES))
    return ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(CLASSES), counts=SAMPLES, lambda_w=decay, lambda_h=decay, lambda_b=lambda_b,
        loss=loss,
    )


def lengths(thresholds: np.ndarray, loss: str, lambda_b: float) -> list[float]:
    """How long each class mean is: all are alike."""
    return [math.sqrt(ncsolve.solve(of_threshold(t, loss, lambda_b)).gram[0, 0]) for t in thresholds.tolist()]


def draw(folder: Path) -> Path:
    grid = np.concatenate(([0], np.geomspace(1e-3, 10, 100), [math.inf]))
    paths = {
        f"{name}, t = {t:g}": ncsolve.path(of_threshold(t, loss), lambda_b=grid)
        for loss, name in LOSSES.items() for t in (0.05, 0.2, 0.6)
    }
    figure, (left, right) = plots.new_figure(1, 2, (11.6, 4.0), width_ratios=(1.5, 1.0))
    plots.compared_cosines(paths, ax=left)
    thresholds = np.linspace(0.02, 1.2, 119)
    for loss, lambda_b, line, colour, words in (
        ("mse", 0.0, "-", "#0072B2", r"MSE, $\lambda_b = 0$: simplex ETF"),
        ("mse", math.inf, "--", "#D55E00", "MSE, no bias: orthogonal frame"),
        ("cross-entropy", 1.0, "-.", "#CC79A7", r"cross-entropy, every $\lambda_b$: simplex ETF"),
    ):
        right.plot(thresholds, lengths(thresholds, loss, lambda_b), line, color=colour, label=words)
    right.axvline(1.0, color="0.25", linewidth=1.0, linestyle=":", label="$t = 1$: every class mean is zero")
    right.set(xlabel=r"threshold  $t = T/\sqrt{N/K}$", ylabel=r"length of a class mean  $\|h_k\|$", xlim=(0, 1.2))
    right.legend(frameon=False, fontsize=8)
    file = folder / "two_losses.svg"
    plots.save_figure(figure, file, force=True)
    for name, path in paths.items():
        changes = ", ".join(f"{change.regime_before} to {change.regime_after} at lambda_b = {change.value:.6g}"
                            for change in path.changes)
        print(f"{name}: {changes or f'{path.regimes[0]} for every lambda_b'}; {file.name}")
    return file


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures")
