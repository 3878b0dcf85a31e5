"""What a recorder costs a training: ``python -m benchmarks.recorder [--rounds N]``.

Two MLPs train on random numbers, all samples at each step, by Adam in single precision on one thread: a small one, on
as many samples as the digits of scikit-learn are, and one that is twice as wide.  Two trainings of one seed take turns,
a block of steps each, one of them with a recorder; which goes first changes from round to round.  ``overhead`` is the
median over the rounds of the ratio of their times, less one: by processor time, which other programs lengthen less, and
by the clock, which has the waiting for the disk.  ``of it forward`` is the pass through the network that a record
cannot do without.  At the end both networks must have the same weights.
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
from ncsolve.torch import Objective, Probe, Recorder

_BLOCK, _LIMITS = 10, {5: 0.10, 10: 0.05}
# Widths of the layers from inputs to outputs, samples, and rounds for every one that is asked for.
_TRAININGS = {
    "small": ((64, 256, 256, 16, 10), 1797, 1.0),
    "twice as wide": ((64, 512, 512, 16, 10), 1797, 0.5),
}
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
    """A network and what trains it, with the decays that a recorder is told."""

    def __init__(self, sizes: tuple[int, ...], samples: int) -> None:
        torch.manual_seed(0)
        layers = [part for i, o in pairwise(sizes[:-1]) for part in (torch.nn.Linear(i, o), torch.nn.ReLU())]
        self.model = torch.nn.Sequential(*layers[:-1], torch.nn.Linear(*sizes[-2:]))
        self.probe = Probe(self.model)
        self.x, self.y = torch.randn(samples, sizes[0]), torch.randint(sizes[-1], (samples,))
        self._objective = Objective(classes=sizes[-1], head=self.probe.head, **_LAMBDAS)
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def step(self) -> None:
        self._optimizer.zero_grad()
        outputs, features = self.probe(self.x)
        self._objective(outputs, self.y, features).backward()
        self._optimizer.step()


def _row(name: str, every: int, limit: float, rounds: int) -> tuple[str, ...]:
    sizes, samples, share = _TRAININGS[name]
    rounds = max(2, round(share * rounds))
    bare, watched = (_Training(sizes, samples) for _ in range(2))
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
        f"{name}: {'-'.join(map(str, sizes))}", str(every), _ms(step), _ms(every * processor * step),
        _ms(_forward(bare, rounds)),
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
