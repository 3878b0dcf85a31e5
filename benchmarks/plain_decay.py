"""Two questions that the metric UFM leaves open, in numbers: ``python -m benchmarks.plain_decay [--rounds N]``.

Networks on 200 images of the digits of scikit-learn, 20 of each, trained on all of them at once in double precision
with weight decay 3e-3 on all weights and biases, and lambda_b on the head's: 64 inputs, 64 units with a ReLU, a last
hidden layer of 16 units, and the head.

First a ReLU follows the last hidden layer, and T15 doesn't apply: cosines between the class means of what the ReLU lets
through, by seed.  ``NC1`` is the scatter within the classes over that between them, both per sample.

Then the last hidden layer is linear, and at some lambda_b across the transition of the cosines one network starts from
the end of a training below the transition, and another from one above, both of seed 0.  A round is a little noise on
all weights, since L-BFGS alone creeps at the kinks of the ReLU, and L-BFGS.  Rounds end when both rest and have met, or
with the last: at rest, ``length``, |zbar|^2 of the mean previous features, changed by less than 2 % in the last round;
met, the two are within 2 % of one another.  ``predicted`` is the mean cosine of the minimum of the last two layers
given z, ``gap`` is how far above it they are, relative to it, and ``loss`` is that of the whole network.
"""

from __future__ import annotations

import argparse
import copy
import runpy
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from benchmarks._common import machine, table
from ncsolve.geometry import cosine_matrix
from ncsolve.torch import Objective, Probe

_CLASSES, _WIDTH, _DIM, _DECAY = 10, 64, 16, 3e-3
_SEEDS, _WITH_RELU = (0, 1, 2), (3e-3, 0.1, 1.0)
_BELOW, _ACROSS, _ABOVE = 0.005, (0.0065, 0.008, 0.0095, 0.013), 0.016
# The noise is a few percent of a weight; a network at rest comes back from it to within 2 % of its length.
_NOISE, _REST = 4e-3, 0.02


class _Run(NamedTuple):
    train: Callable[..., object]
    x: Tensor
    y: Tensor
    rounds: int
    steps: int


class _State(NamedTuple):
    length: float
    cosine: float
    predicted: float
    gap: float
    loss: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=10, help="at most, of noise and L-BFGS at each lambda_b")
    options.add_argument("--across", type=float, nargs="+", default=_ACROSS, help="lambda_b of the second table")
    options.add_argument("--steps", type=int, default=2000, help="of L-BFGS in a round")
    given = options.parse_args()
    torch.set_num_threads(1)
    example = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "torch_plain_decay.py"))
    run = _Run(example["train"], *_digits(), given.rounds, given.steps)
    print(f"{machine()}, torch {version('torch')}\n")
    rows = [_with_relu(run, lambda_b, seed) for lambda_b in _WITH_RELU for seed in _SEEDS]
    print(table(("lambda_b", "seed", "least", "mean", "largest", "NC1", "loss"), rows), flush=True)
    ends = {"below": _network(0), "above": _network(0)}
    for model, lambda_b in zip(ends.values(), (_BELOW, _ABOVE), strict=True):
        run.train(model, run.x, run.y, lambda_b, decay=_DECAY, lbfgs=2 * run.steps)
        print(f"{lambda_b:g}, the start: {_state(run, model, lambda_b)}", file=sys.stderr, flush=True)
    rows = [row for lambda_b in given.across for row in _from_both(run, lambda_b, copy.deepcopy(ends))]
    print(table(("lambda_b", "from", "rounds", "met", "length", "mean cosine", "predicted", "gap", "loss"), rows))


def _digits() -> tuple[Tensor, Tensor]:
    """The first images of every digit (N, 64), pixels from -1 to 1, and their digits (N,)."""
    data = load_digits()
    keep = np.concatenate([np.flatnonzero(data.target == digit)[:20] for digit in range(_CLASSES)])
    return torch.tensor(data.data[keep] / 8 - 1), torch.tensor(data.target[keep])


def _network(seed: int, *last: nn.Module) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = (nn.Linear(64, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _DIM), *last, nn.Linear(_DIM, _CLASSES))
    return nn.Sequential(*layers).double()


def _loss(run: _Run, model: nn.Sequential, lambda_b: float) -> float:
    with torch.no_grad():
        loss = Objective("onehot", classes=_CLASSES)(model(run.x), run.y)
        *others, bias = (float(own.square().sum()) for own in model.parameters())
        return float(loss) + _DECAY / 2 * sum(others) + lambda_b / 2 * bias


def _cosines(gram: np.ndarray) -> np.ndarray:
    return cosine_matrix(gram)[~np.eye(_CLASSES, dtype=bool)]


def _with_relu(run: _Run, lambda_b: float, seed: int) -> tuple[str, ...]:
    model, labels = _network(seed, nn.ReLU()), run.y.numpy()
    run.train(model, run.x, run.y, lambda_b, decay=_DECAY, lbfgs=run.steps)
    h = Probe(model)(run.x)[1].detach().numpy().T
    means = np.stack([h[:, labels == k].mean(1) for k in range(_CLASSES)], axis=1)
    nc1 = np.square(h - means[:, labels]).mean() / np.square(means - means.mean(1, keepdims=True)).mean()
    found = _cosines(means.T @ means)
    three = (f"{value:.2f}" for value in (found.min(), found.mean(), found.max()))
    return f"{lambda_b:g}", str(seed), *three, f"{nc1:.4f}", f"{_loss(run, model, lambda_b):.5f}"


def _from_both(run: _Run, lambda_b: float, models: dict[str, nn.Sequential]) -> list[tuple[str, ...]]:
    now, met, number = {side: _state(run, model, lambda_b) for side, model in models.items()}, False, 0
    while number < run.rounds:
        before, number = now, number + 1
        for model in models.values():
            torch.manual_seed(number)  # the same noise for both
            for own in model.parameters():
                own.data.add_(_NOISE * torch.randn_like(own))
            run.train(model, run.x, run.y, lambda_b, decay=_DECAY, adam=0, lbfgs=run.steps)
        now = {side: _state(run, model, lambda_b) for side, model in models.items()}
        print(f"{lambda_b:g}, round {number}: {now}", file=sys.stderr, flush=True)
        met = abs(now["below"].length / now["above"].length - 1) <= _REST
        if met and all(abs(state.length / before[side].length - 1) <= _REST for side, state in now.items()):
            break
    start, known = f"{lambda_b:g}", (str(number), "yes" if met else "no")
    return [(start, side, *known, *(f"{value:.3f}" for value in at[:3]), f"{at.gap:.0e}", f"{at.loss:.6f}")
            for side, at in now.items()]


def _state(run: _Run, model: nn.Sequential, lambda_b: float) -> _State:
    found = Probe(model, tail="last hidden layer").measure(
        [(run.x, run.y)], lambda_w=_DECAY, lambda_v=_DECAY, lambda_c=_DECAY, lambda_b=lambda_b)
    measured, predicted = (float(_cosines(gram).mean()) for gram in (found.gram, found.predicted.gram))
    length, loss = float(np.square(found.problem.mean).sum()), _loss(run, model, lambda_b)
    return _State(length, measured, predicted, found.relative_gap, loss)


if __name__ == "__main__":
    main()
