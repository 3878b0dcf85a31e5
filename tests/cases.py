"""One table of problems: a row for every theorem and every kind of answer, which each level of the program loops over.

A new model joins with its rows: solve, path, phase, compare, files, documents, reports, verify and the commands then
hold of it too.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import ncsolve
from ncsolve import encodings
from tests.reference import Reached, endpoint

INF = math.inf
ANY = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A problem and what is known of its minimizer.

    ``unique`` is the most that all minimizers share: the Gram matrix of the class means (and then the loss, the bias
    and the singular values as well), the singular values (and the loss and the bias), or the loss.
    """

    name: str
    made: ncsolve.UFM
    model: str  # plain, layered (a bottleneck or a deep head), relu, cross-entropy (over ReLU features)
    theorem: str
    guarantee: str
    unique: str

    @property
    def problem(self) -> ncsolve.UFM:
        """A problem of its own for every test: it keeps what it has found, also of a damaged solver."""
        return self.made.replace()

    @property
    def of_the_paper(self) -> bool:
        return self.model == "plain"

    @property
    def squared(self) -> bool:
        return self.made.loss == "mse"

    @property
    def is_global(self) -> bool:
        return self.guarantee == "global"

    @property
    def options(self) -> dict[str, object]:
        """The fields of the problem but its codes, as ``compare`` takes them."""
        p = self.problem
        return {
            "counts": p.counts.array.tolist(), "lambda_w": p.lambda_w_layers if p.depth > 1 else p.lambda_w,
            "lambda_h": p.lambda_h, "lambda_b": p.lambda_b, "loss": p.loss, "dim": p.dim, "features": p.features,
            "depth": p.depth,
        }

    def file(self, folder: Path) -> Path:
        """The problem as a problem file."""
        fields = self.options | {"encoding": self.problem.encoding.matrix.tolist()}
        if self.problem.lambda_b == INF:
            fields["lambda_b"] = "inf"
        file = folder / "problem.json"
        file.write_text(json.dumps({name: value for name, value in fields.items() if value is not None}))
        return file


def _ufm(codes: object, counts: object, *lambdas: object, **model: object) -> ncsolve.UFM:
    lambda_w, lambda_h, lambda_b = lambdas
    return ncsolve.UFM(encoding=codes, counts=counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, **model)


_ONE_HOT = _ufm(encodings.onehot(3), 2, 0.06, 0.1, 0.2)
_NARROW = _ufm(ANY, [3, 2, 1, 2], 1e-2, 4e-3, INF, dim=2)
_DEEP = _ufm(encodings.onehot(3), 4, [1e-2, 5e-3], 4e-3, 0.5, depth=2)
_RELU = _ufm(encodings.onehot(3), 4, 5e-3, 5e-3, 0.1, features="relu")
_SOFT = [[0.8, 0.1, 0.0, 0.3], [0.2, 0.6, 0.3, 0.3], [0.0, 0.3, 0.7, 0.4]]
_ENTROPY = _ufm(encodings.onehot(4), 4, 5e-3, 5e-3, 0.1, loss="cross-entropy")
_ROWS: list[tuple[str, str, str, ncsolve.UFM]] = [
    ("simplex ETF", "plain", "T5", _ONE_HOT),
    ("between simplex and orthogonal", "plain", "T5", _ONE_HOT.replace(lambda_b=0.5)),
    ("acute", "plain", "T5", _ufm(encodings.signed(4), 2, 0.03, 0.03, 1.0)),
    ("eigenvector", "plain", "T4", _ufm([[3, 1, 2, 2], [0, 0, 1, -1]], 5, 1e-2, 1e-2, 0.2)),
    ("law", "plain", "T5b", _ufm(encodings.onehot(3), [4, 2, 1], 0.05, 0.05, 2.0)),
    ("law, any codes", "plain", "T5b",
     _ufm([[2, 0, 1], [0, 1, 0.5], [0, 0.5, 2], [1, 0, 0]], [3, 2, 2], 0.06, 0.05, 1.0)),
    ("imbalanced smoothed", "plain", "T3", _ufm(encodings.smoothed(4, 0.2), [3, 3, 2, 1], 0.03, 0.05, 0.3)),
    ("minority collapse", "plain", "T6", _ufm(encodings.onehot(4), [40, 10, 2, 1], 2e-2, 2e-2, INF)),
    ("any codes", "plain", "T3", _ufm(ANY, [3, 2, 1, 2], 0.05, 0.02, 0.1)),
    ("any codes, free bias", "plain", "T3", _ufm(ANY, [3, 2, 1, 2], 0.05, 0.02, 0.0)),
    ("simplex in a bottleneck", "layered", "T8", _ufm(encodings.onehot(4), 3, 5e-3, 5e-3, 3.0, dim=3)),
    ("signed in a bottleneck", "layered", "T8", _ufm(encodings.signed(6), 2, 5e-3, 5e-3, 1.0, dim=3)),
    ("some contrasts", "layered", "T8", _ufm(encodings.onehot(5), 4, 1e-3, 1e-3, 0.5, dim=2)),
    ("truncated", "layered", "T8", _NARROW),
    ("truncated, free bias", "layered", "T8", _NARROW.replace(lambda_b=0.0)),
    ("bottleneck by descent", "layered", "T8", _NARROW.replace(lambda_b=0.1)),
    ("deep", "layered", "T9", _DEEP),
    ("deep below the jump", "layered", "T9", _DEEP.replace(lambda_b=0.07)),
    ("deep and narrow", "layered", "T9", _DEEP.replace(dim=2)),
    ("deep collapse", "layered", "T9", _ufm(encodings.onehot(3), [60, 20, 5], 4e-2, 2e-3, INF, depth=2)),
    ("deep, any codes", "layered", "T9", _ufm(ANY[:2], [3, 2, 1, 2], 1e-2, 4e-3, 0.0, depth=2)),
    ("deep, equal codes", "layered", "T9", _ufm([[1] * 3, [-0.5] * 3], [2, 3, 1], [0.02, 0.03], 0.01, 0.3, depth=2)),
    ("deep by descent", "layered", "T9", _ufm(encodings.onehot(3), [9, 4, 2], 5e-3, 1e-3, 0.05, depth=2)),
    ("relu", "relu", "T10", _RELU),
    ("relu location", "relu", "T10", _RELU.replace(counts=[5, 3, 2], lambda_b=1.0)),
    ("relu acute", "relu", "T10", _RELU.replace(counts=[9, 4, 1], lambda_b=0.01)),
    ("linear is nonnegative", "relu", "T10", _ufm(encodings.smoothed(4, 0.3), 4, 5e-3, 5e-3, 1.0, features="relu")),
    ("two relu classes", "relu", "T10", _ufm(encodings.onehot(2), 4, 6e-3, 4e-3, 0.0, features="relu")),
    ("narrow relu", "relu", "T10", _ufm(encodings.onehot(4), 2, 5e-3, 5e-3, 0.1, features="relu", dim=2)),
    ("cross-entropy", "cross-entropy", "T16", _ENTROPY),
    ("cross-entropy, smoothed", "cross-entropy", "T16", _ENTROPY.replace(encoding=encodings.smoothed(4, 0.2))),
    ("cross-entropy, imbalanced", "cross-entropy", "T16", _ENTROPY.replace(counts=[9, 4, 4, 1])),
    ("cross-entropy, merged minority", "cross-entropy", "T16", _ENTROPY.replace(
        encoding=encodings.onehot(5), counts=[40, 12, 2, 2, 2], lambda_w=0.03, lambda_h=0.04)),
    ("cross-entropy, soft labels", "cross-entropy", "T16", _ufm(
        _SOFT, [3, 2, 1, 2], 0.01, 0.02, 0.1, loss="cross-entropy")),
    ("cross-entropy, no bias", "cross-entropy", "T16", _ENTROPY.replace(counts=[9, 4, 4, 1], lambda_b=INF)),
    ("cross-entropy, relu", "cross-entropy over ReLU features", "T16", _ENTROPY.replace(features="relu")),
]
_BY_DESCENT = {"bottleneck by descent", "deep by descent", "narrow relu"}
_UNIQUE = dict.fromkeys(["signed in a bottleneck", "some contrasts"], "singular values") | dict.fromkeys(
    [*_BY_DESCENT, "two relu classes"], "loss"
)
CASES = {
    name: Case(
        name=name, model=model, theorem=theorem, made=problem, unique=_UNIQUE.get(name, "Gram matrix"),
        guarantee="best found" if name in _BY_DESCENT else "global",
    )
    for name, model, theorem, problem in _ROWS
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def cases_where(wanted: Callable[[Case], bool]) -> pytest.MarkDecorator:
    """Some of the cases only."""
    found = {name: case for name, case in CASES.items() if wanted(case)}
    return pytest.mark.parametrize("case", found.values(), ids=found)


@functools.cache
def descents(name: str) -> tuple[Reached, ...]:
    """Where descents from the definition end that start at random; once for all tests of a process."""
    problem = CASES[name].problem
    return tuple(endpoint(problem, seed, problem.feature_dim) for seed in range(8))


def reached(name: str) -> float:
    """The lowest loss of the descents."""
    return min(run.loss for run in descents(name))
