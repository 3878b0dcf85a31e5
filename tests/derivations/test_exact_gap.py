"""The gap identity and the certificate (T13) in fractions: exact equality, and measure agrees with the fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from ncsolve.derivations import ExactMinimizer, exact_minimizer
from ncsolve.derivations._exact import _read

import ncsolve
from ncsolve import UFM, encodings

Rows = list[list[Fraction]]
F = Fraction
ONE = F(1)
INF = float("inf")
# Loss, residual and bias of all of these are fractions.
PROBLEMS = {
    "between simplex and orthogonal": UFM(
        encoding=encodings.onehot(3), counts=4, lambda_w=0.01, lambda_h=0.01, lambda_b=0.5
    ),
    "simplex": UFM(encoding=encodings.onehot(3), counts=4, lambda_w=0.01, lambda_h=0.01, lambda_b=0.05),
    "free bias": UFM(encoding=encodings.onehot(3), counts=4, lambda_w=0.01, lambda_h=0.04, lambda_b=0.0),
    "no bias, minority collapsed": UFM(
        encoding=encodings.onehot(3), counts=[9, 4, 1], lambda_w=0.1, lambda_h=0.1, lambda_b=INF
    ),
    "smoothed": UFM(encoding=encodings.smoothed(3, 0.1), counts=4, lambda_w=0.04, lambda_h=0.01, lambda_b=0.5),
}


def fractions(matrix: sp.Matrix) -> Rows:
    """Rows of fractions; no entry may be irrational."""
    return [[F(int(entry.p), int(entry.q)) for entry in row] for row in sp.Matrix(matrix).tolist()]


def product(left: Rows, right: Rows) -> Rows:
    return [[sum((x * y for x, y in zip(row, column, strict=True)), F(0)) for column in zip(*right, strict=True)]
            for row in left]


def square(rows: Rows) -> Fraction:
    return sum((x * x for row in rows for x in row), F(0))


def less(left: Rows, right: Rows, factor: Fraction = ONE) -> Rows:
    """left - factor right."""
    return [[x - factor * y for x, y in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)]


def turned(rows: Rows) -> Rows:
    return [list(column) for column in zip(*rows, strict=True)]


def floats(rows: Rows) -> np.ndarray:
    return np.array([[float(x) for x in row] for row in rows])


@dataclass(frozen=True)
class Exact:
    """A problem, its exact minimum, and a network of fractions with a column for every sample."""

    problem: UFM
    found: ExactMinimizer
    labels: list[int]
    W: Rows
    H: Rows
    b: list[Fraction]

    def decay(self, name: str) -> Fraction:
        return F(repr(getattr(self.problem, name)))

    @property
    def residual(self) -> Rows:
        """(Y - O*)/N."""
        columns = fractions(self.found.certificate)
        return [[row[k] for k in self.labels] for row in columns]

    @property
    def codes(self) -> Rows:
        """Of every sample, as the exact minimizer reads them."""
        return [[row[k] for k in self.labels] for row in fractions(_read(self.problem).E)]

    def outputs(self, features: Rows) -> Rows:
        return [[x + shift for x in row] for row, shift in zip(product(self.W, features), self.b, strict=True)]

    @property
    def best(self) -> Rows:
        return less(self.codes, self.residual, F(len(self.labels)))

    def loss(self, features: Rows) -> Fraction:
        """The objective, from its definition."""
        fit = square(less(self.outputs(features), self.codes)) / (2 * len(self.labels))
        penalty = self.decay("lambda_w") * square(self.W) + self.decay("lambda_h") * square(features)
        if self.problem.lambda_b != INF:
            penalty += self.decay("lambda_b") * square([self.b])
        return fit + penalty / 2

    @property
    def means(self) -> Rows:
        """The class mean of every sample."""
        def mean(row: list[Fraction], k: int) -> Fraction:
            own = [x for x, label in zip(row, self.labels, strict=True) if label == k]
            return sum(own, F(0)) / len(own)

        return [[mean(row, k) for k in self.labels] for row in self.H]

    def parts(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """fit, bias, dual and feature, as T13 defines them."""
        lw, lh = self.decay("lambda_w"), self.decay("lambda_h")
        bias = [row[0] for row in fractions(self.found.bias)]
        pull = product(self.residual, turned(self.H))
        return (
            square(less(self.outputs(self.H), self.best)) / (2 * len(self.labels)),
            F(0) if self.problem.lambda_b == INF else self.decay("lambda_b") / 2 * square(less([self.b], [bias])),
            lw / 2 * square(less(self.W, pull, 1 / lw)),
            (lw * lh * square(self.H) - square(pull)) / (2 * lw),
        )


def network(name: str, *, orthogonal: bool = False) -> Exact:
    """Fractions that follow no rule; orthogonal class means where the largest singular value has to be a fraction."""
    problem = PROBLEMS[name]
    labels = [k for k, n in enumerate(problem.counts.array) for _ in range(n)]
    lengths = (F(2, 3), F(1, 2), F(3, 5))
    H = [
        [lengths[k] * (i == k) if orthogonal else F((5 * i + 7 * j + 3 * k) % 11 - 5, 6) for j, k in enumerate(labels)]
        for i in range(3)
    ]
    W = [[F((3 * i + 5 * j + i * j) % 7 - 3, 4) + (i == j) for j in range(3)] for i in range(3)]
    b = [F(0)] * 3 if problem.lambda_b == INF else [F(1, 5), F(-1, 7), F(1, 3)]
    return Exact(problem, exact_minimizer(problem), labels, W, H, b)


def measured(point: Exact) -> ncsolve.Measurement:
    W, b = floats(point.W), floats([point.b])[0]
    statistics = ncsolve.FeatureStatistics(3, 3, (W, b), "projected", codes=point.problem.encoding.matrix)
    return ncsolve.measure(statistics.update(floats(point.H).T, point.labels), W, b, point.problem)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_gap_is_the_sum_of_its_parts_exactly(name: str) -> None:
    point = network(name)
    parts = point.parts()
    assert point.loss(point.H) - fractions(sp.Matrix([point.found.loss]))[0][0] == sum(parts)
    assert min(parts) >= 0
    found = measured(point)
    assert found.parts is not None
    own = (found.parts.fit, found.parts.bias, found.parts.dual, found.parts.feature)
    assert own == pytest.approx([float(x) for x in parts], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_variation_within_the_classes_is_its_two_squares_exactly(name: str) -> None:
    point = network(name)
    apart = less(point.H, point.means)
    within = square(product(point.W, apart)) / (2 * len(point.labels)) + point.decay("lambda_h") / 2 * square(apart)
    assert within > 0
    assert point.loss(point.H) - point.loss(point.means) == within
    found = measured(point)
    assert found.parts is not None
    assert found.parts.within == pytest.approx(float(within), rel=1e-12)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_wrong_fraction_breaks_the_identity(name: str) -> None:
    point = network(name)
    minimum = fractions(sp.Matrix([point.found.loss]))[0][0] * (1 + F(1, 10**15))
    assert point.loss(point.H) - minimum != sum(point.parts())


@pytest.mark.parametrize("name", [name for name in PROBLEMS if PROBLEMS[name].lambda_w == PROBLEMS[name].lambda_h])
def test_the_certificate_holds_in_fractions(name: str) -> None:
    """Squares on both sides: of all j that hold the active directions, and of every distance."""
    point = network(name, orthogonal=True)
    problem, gap, samples = point.problem, sum(point.parts()), len(point.labels)
    lw, lh = point.decay("lambda_w"), point.decay("lambda_h")
    counts = [int(n) for n in problem.counts.array]
    gram, best = product(turned(point.H), point.H), fractions(point.found.gram)
    firsts = [point.labels.index(k) for k in range(3)]
    true = sum(
        (counts[i] * counts[j] * (gram[firsts[i]][firsts[j]] - best[i][j]) ** 2 for i in range(3) for j in range(3)),
        F(0),
    )
    # Lambda D Lambda^T of these problems has fractions for eigenvalues; its eigenvector of the mean is u or none is.
    multipliers = sp.Matrix(point.found.certificate)
    weighted = multipliers * sp.diag(*counts) * multipliers.T
    squares = sorted((F(int(x.p), int(x.q)) for x, k in weighted.eigenvals().items() for _ in range(k)), reverse=True)
    active = sum(1 for x in squares if x == lw * lh)
    x = max(counts[k] * gram[firsts[k]][firsts[k]] for k in range(3))
    bounds = []
    for j in range(active, 4):
        if j and squares[j - 1] == 0:
            break
        p2 = F(0)
        if j:
            # ||V^T u||^2 is at most N, and is 0 for a free bias.
            mean = F(0) if problem.lambda_b in (0.0, INF) else samples / point.decay("lambda_b")
            p2 = lw**2 / squares[j - 1] * gap * (2 * samples + 2 * mean + 2 * x / lw)
        y = 2 * gap * lw / (lw * lh - squares[j]) if j < 3 else F(0)
        bounds.append(p2 + 2 * x * y + y**2)
    assert true <= min(bounds)
    outputs = square(less(point.outputs(point.H), point.best))
    assert outputs <= 2 * samples * gap
    found = measured(point)
    assert found.certificate is not None
    assert found.certificate.gram <= float(min(bounds)) ** 0.5 * (1 + 1e-12)
    assert found.distance.gram == pytest.approx(float(true) ** 0.5, rel=1e-12)
    assert found.certificate.outputs == pytest.approx(float(2 * samples * gap) ** 0.5, rel=1e-12)
