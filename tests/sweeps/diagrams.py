"""Phase diagrams that several tests look at: each is drawn once in a process."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._sweeps.second_parameter import second_parameter

CODES = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]


def affine(encoding: object = None, counts: object = 100, weight: float = 5e-4) -> ncsolve.UFM:
    """A problem of the paper's model; one-hot codes of six classes, unless said otherwise."""
    code = encodings.onehot(6) if encoding is None else encoding
    return ncsolve.UFM(encoding=code, counts=counts, lambda_w=weight, lambda_h=2 * weight, lambda_b=1)


ANY = affine(CODES, [5, 20, 1, 10], 1e-2)
DEEP = ncsolve.UFM(encoding=encodings.onehot(4), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=1, depth=2)
SIGNED = ncsolve.UFM(encoding=encodings.signed(6), counts=3, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1, dim=3)
RELU = ncsolve.UFM(encoding=encodings.smoothed(4, 0.3), counts=5, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1,
                   features="relu")


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A problem, what is varied against lambda_b, and both grids."""

    problem: ncsolve.UFM
    against: str
    values: tuple[float, ...]
    lambda_b: tuple[float, ...]

    def problem_at(self, value: float) -> ncsolve.UFM:
        return second_parameter(self.problem, self.against, self.values).problem_at(value)


PLANES = {
    name: Plane(problem=problem, against=against, values=tuple(values), lambda_b=tuple(np.geomspace(1e-2, last, 9)))
    for name, last, problem, against, values in [
        ("one-hot", 10, affine(), "t", [0.1, 0.5, 1.1]),
        ("smoothed", 10, affine(encodings.smoothed(6, 0.2)), "weight_decay", [1e-4, 1e-3, 1e-2]),
        ("signed", 10, affine(encodings.signed(6)), "classes", [2, 5, 9]),
        ("imbalanced", 10, affine(counts=50, weight=2e-3), "imbalance", [1, 5, 50]),
        ("any codes", 10, ANY, "t", [0.2, 0.7, 1.2]),
        ("deep", 3, DEEP, "t", np.linspace(0.05, 0.7, 6)),
        ("deep smoothed", 3, DEEP.replace(encoding=encodings.smoothed(4, 0.3), depth=3), "weight_decay",
         np.geomspace(1e-4, 1e-2, 5)),
        ("deep layers", 3, DEEP.replace(lambda_w=[1e-3, 2e-2]), "t", np.linspace(0.05, 0.7, 5)),
        ("signed in a bottleneck", 3, SIGNED, "t", np.linspace(0.05, 2.4, 6)),
        ("relu", 3, RELU, "t", np.linspace(0.05, 1.0, 6)),
        ("classes in a bottleneck", 3, SIGNED.replace(dim=5), "classes", [3, 5, 6, 8]),
    ]
}
_LONG = {"deep smoothed", "deep layers"}  # deep heads as well
every_plane = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] if name in _LONG else []) for name in PLANES]
)


@functools.cache
def drawn(name: str) -> tuple[ncsolve.Phase, tuple[int, ...]]:
    """The diagram, and the numbers that ``progress`` was told."""
    plane, told = PLANES[name], []
    found = ncsolve.phase(
        plane.problem, lambda_b=plane.lambda_b, against=plane.against, values=plane.values, progress=told.append
    )
    return found, tuple(told)
