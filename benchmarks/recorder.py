"""What a recorder costs a training: ``python -m benchmarks.recorder [--rounds N]``.

An MLP 64-256-256-16-10 trains on 1797 samples of random numbers, all of them at each step, by Adam in single precision
on one thread: ``plain`` on the mean squared error alone, ``penalty`` as whoever compares it with the theory, with a
penalty of the features, weight decay of the last layer and a falling learning rate.  Two trainings of one seed take
turns, a block of steps each, one of them with a recorder; which goes first changes from round to round.  ``overhead``
is the median over the rounds of the ratio of their times, less one: by processor time, which other programs lengthen
less, and by the clock, which has the waiting for the disk.  ``of it forward`` is the pass through the network that a
record cannot do without.  At the end both networks must have the same weights.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median

import torch

from benchmarks._common import machine, table
from ncsolve.torch import Probe, Recorder

_SIZES, _SAMPLES, _BLOCK = (64, 256, 256, 16, 10), 1797, 10
_TRAININGS, _LIMITS = ("plain", "penalty"), {5: 0.10, 10: 0.05}
_LAMBDAS = {"lambda_w": 5e-3, "lambda_h": 5e-6, "lambda_b": 0.05}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=80)
    rounds = options.parse_args().rounds
    torch.set_num_threads(1)
    rows = [_row(name, every, limit, rounds) for name in _TRAININGS for every, limit in _LIMITS.items()]
    print(f"{machine()}, torch {version('torch')}\n")
    header = ("training", "every", "step", "record", "of it forward", "overhead", "by the clock", "limit", "kept")
    print(table(header, rows))


class _Training:
    """A network and what trains it, with the decays that a recorder is told or none at all."""

    def __init__(self, *, penalty: bool) -> None:
        torch.manual_seed(0)
        layers = [part for i, o in pairwise(_SIZES[:-1]) for part in (torch.nn.Linear(i, o), torch.nn.ReLU())]
        self.model = torch.nn.Sequential(*layers[:-1], torch.nn.Linear(*_SIZES[-2:]))
        self.probe = Probe(self.model)
        self.x, self.y = torch.randn(_SAMPLES, _SIZES[0]), torch.randint(_SIZES[-1], (_SAMPLES,))
        self._codes, self._penalty = torch.eye(_SIZES[-1])[self.y], penalty
        weight, bias = self.probe.head.weight, self.probe.head.bias
        decays = (_LAMBDAS["lambda_w"], _LAMBDAS["lambda_b"]) if penalty else (0.0, 0.0)
        self._optimizer = torch.optim.Adam([
            {"params": list(self.model[:-1].parameters())}, {"params": [weight], "weight_decay": decays[0]},
            {"params": [bias], "weight_decay": decays[1]},
        ], lr=1e-3)
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, 10_000)

    def step(self) -> None:
        self._optimizer.zero_grad()
        outputs, features = self.probe(self.x) if self._penalty else (self.model(self.x), None)
        loss = ((outputs - self._codes) ** 2).sum() / (2 * _SAMPLES)
        if features is not None:
            loss = loss + _LAMBDAS["lambda_h"] / 2 * (features**2).sum()
        loss.backward()
        self._optimizer.step()
        if self._penalty:
            self._rate.step()


def _row(name: str, every: int, limit: float, rounds: int) -> tuple[str, ...]:
    bare, watched = (_Training(penalty=name == "penalty") for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(watched.probe, [(watched.x, watched.y)], Path(folder, "run.npz"), every=every, **_LAMBDAS)

        def recorded() -> None:
            watched.step()
            recorder.step()

        pairs = [_in_turn(bare.step, recorded, first=number % 2) for number in range(rounds)]
    if any(not torch.equal(a, b) for a, b in zip(bare.model.parameters(), watched.model.parameters(), strict=True)):
        raise SystemExit("the training with a recorder came to other weights")
    processor, clock = (median(mine[i] / its[i] for its, mine in pairs) - 1 for i in (0, 1))
    step = median(its[0] for its, _ in pairs) / _BLOCK
    return (
        name, str(every), _ms(step), _ms(every * processor * step), _ms(_forward(bare, rounds)),
        f"{100 * processor:.1f} %", f"{100 * clock:.1f} %", f"{100 * limit:.0f} %",
        "yes" if processor <= limit else "**no**",
    )


def _forward(training: _Training, rounds: int) -> float:
    """Processor seconds of a forward pass after a step of the training, whose weights are then new to the caches."""
    seconds = []
    for _ in range(rounds):
        training.step()
        start = time.process_time()
        with torch.no_grad():
            training.model(training.x)
        seconds.append(time.process_time() - start)
    return median(seconds)


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.1f} ms"


def _in_turn(a: Callable[[], object], b: Callable[[], object], *, first: int) -> list[tuple[float, float]]:
    """Processor and clock seconds of a block of each, whichever goes ``first``."""
    order = ((0, a), (1, b)) if first == 0 else ((1, b), (0, a))
    return [found for _, found in sorted((place, _block(task)) for place, task in order)]


def _block(task: Callable[[], object]) -> tuple[float, float]:
    processor, clock = time.process_time(), time.perf_counter()
    for _ in range(_BLOCK):
        task()
    return time.process_time() - processor, time.perf_counter() - clock


if __name__ == "__main__":
    main()
