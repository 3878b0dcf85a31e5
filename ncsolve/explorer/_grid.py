"""A problem solved on a grid of weight decay and lambda_b, as the page reads it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array, Index
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import model_of
from ncsolve._problem.ufm import UFM, weighted_codes
from ncsolve.errors import SizeError
from ncsolve.explorer._axes import choose_axes, fixed_frame

__all__ = [
    "EXAMPLE", "OWN", "GridSize", "Point", "check_grid_size", "drawn_classes", "grid_document", "lambda_b_grid",
    "weight_decay_factors",
]

_DECADES = (-5, 3)
# Up to here the library compares all pairs of classes, and a grid is solved in a few seconds.
_MOST_CLASSES, _MOST_OUTPUTS = 200, 1000
# More classes are too many for a picture; with so few each has a name in it.
_MOST_DRAWN, _DRAWN = 50, 20


@dataclass(frozen=True, kw_only=True)
class GridSize:
    """How large the grid of one problem may be.

    ``floats`` in all, 10.7 bytes each in base64; ``factors``, the most weight decays, an odd number spread over four
    decades; ``per_decade`` values of lambda_b, or ``least_per_decade`` where the classes are many.
    """

    floats: int
    factors: int
    per_decade: int
    least_per_decade: int


OWN = GridSize(floats=80_000, factors=9, per_decade=8, least_per_decade=3)
# A point of many classes takes a tenth of a second and more.
MANY = GridSize(floats=80_000, factors=3, per_decade=4, least_per_decade=3)
EXAMPLE = GridSize(floats=16_000, factors=3, per_decade=6, least_per_decade=6)


@dataclass(frozen=True, kw_only=True)
class Point:
    """What the page shows of one minimizer, besides the projections: numbers of the library, nothing else."""

    loss: float
    cosines: tuple[float, float, float]
    bias_norm: float
    centring: float
    rank: float

    @staticmethod
    def of(minimizer: Minimizer) -> Point:
        cosines, centring = minimizer.cosines, minimizer.centring
        return Point(
            loss=minimizer.loss,
            cosines=(np.nan, np.nan, np.nan) if cosines is None else (cosines.min, cosines.mean, cosines.max),
            bias_norm=float(np.linalg.norm(minimizer.bias)),
            centring=np.nan if centring is None else centring,
            rank=float(minimizer.rank),
        )

    @property
    def numbers(self) -> list[float]:
        """In the order in which the page reads them."""
        return [self.loss, *self.cosines, self.bias_norm, self.centring, self.rank]


def lambda_b_grid(extra: list[float], per_decade: int) -> Array:
    """0, a logarithmic grid and inf, with the values of ``extra`` (a transition, the user's lambda_b) among them."""
    low, high = _DECADES
    grid = np.logspace(low, high, (high - low) * per_decade + 1)
    return np.unique(np.concatenate(([0.0], grid, extra, [np.inf])))


def weight_decay_factors(size: GridSize, points: int, floats_each: int) -> list[float]:
    """The factors on both weight decays that fit the size: 1, and as many below as above it, from 1/100 to 100."""
    most = max(size.floats // (points * floats_each), 1)
    half = (min(size.factors, most) - 1) // 2
    return [float(10.0 ** (2 * i / half)) for i in range(-half, half + 1)] if half else [1.0]


def check_grid_size(problem: UFM) -> None:
    """SizeError for a problem that is too large to be solved on a grid, which its size alone tells."""
    for size, most, what in (
        (problem.classes, _MOST_CLASSES, "classes"), (problem.code_length, _MOST_OUTPUTS, "outputs"),
    ):
        if size > most:
            raise SizeError(
                f"the explorer shows a problem that is solved on a grid for up to {most} {what}; got {size}, use fewer "
                f"{what} (balanced codes a I + q J are computed in the page and have no limit)"
            )


def drawn_classes(problem: UFM) -> Index:
    """The classes that are drawn: all, or of many some, evenly chosen from the largest count to the smallest."""
    if problem.classes <= _MOST_DRAWN:
        return np.arange(problem.classes)
    return np.argsort(-problem.counts.array, kind="stable")[_evenly(problem.classes)]


def _evenly(size: int) -> Index:
    """All of 0 .. size - 1, or of many some, the first and the last among them."""
    return np.arange(size) if size <= _MOST_DRAWN else np.linspace(0, size - 1, _DRAWN).round().astype(np.intp)


def grid_document(
    problem: UFM, name: str, size: GridSize | None = None, progress: Callable[[float], None] | None = None
) -> dict[str, object]:
    """The problem, its minimizers on the grid, and the axes they are drawn on; ``progress`` hears percents."""
    check_grid_size(problem)
    size = size or (OWN if problem.classes <= _MOST_DRAWN else MANY)
    k, m = problem.classes, problem.code_length
    drawn, sigmas = drawn_classes(problem), _evenly(min(m, k))
    codes, counts = problem.encoding.matrix, problem.counts.array.astype(np.float64)
    labels = choose_axes([codes], counts)
    views = 1 if labels.exact and min(m, k) <= 3 else 2
    each = drawn.size * (drawn.size + 1) // 2 + 3 * views * (drawn.size + 1) + sigmas.size + 9
    low, high = _DECADES

    def points(per_decade: int) -> int:
        return (high - low) * per_decade + 5

    per_decade = size.per_decade if size.floats >= points(size.per_decade) * each else size.least_per_decade
    factors = weight_decay_factors(size, points(per_decade), each)
    rows: list[list[Minimizer]] = []
    for x in factors:
        changed = problem.replace(lambda_w=problem.lambda_w * x, lambda_h=problem.lambda_h * x)
        rows.append([])
        for point in _solve_row(changed, per_decade):
            rows[-1].append(point)
            if progress is not None:
                progress(100 * min(1.0, (len(rows) - 1 + len(rows[-1]) / points(per_decade)) / len(factors)))
    means = [[fixed_frame(point) for point in row] for row in rows]
    # For m <= K the classifier is symmetric in this frame, and features and labels have the same axes.
    shared = labels.exact and m <= k
    axes = labels if shared else choose_axes([cloud for row in means for cloud in row], counts)
    drawing = _Drawing(features=axes.views(views), labels=labels.views(views), classes=drawn, sigmas=sigmas)
    return {
        "kind": "grid",
        "name": name,
        "classes": k,
        "code_length": m,
        "counts": problem.counts.array.tolist(),
        "class_names": list(problem.class_names) if problem.class_names is not None else None,
        "drawn": drawn.tolist(),
        "sigmas": sigmas.tolist(),
        "exact": axes.exact,
        "labels_exact": labels.exact,
        "views": views,
        "codes": _pack([view.T @ codes[:, drawn] for view in drawing.labels]),
        "label_mean": _pack([view.T @ problem.label_mean for view in drawing.labels]),
        "rows": [_row_document(row, clouds, drawing) for row, clouds in zip(rows, means, strict=True)],
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawing:
    """The axes of each view, and which classes and which singular values are drawn."""

    features: list[Array]
    labels: list[Array]
    classes: Index
    sigmas: Index


def _solve_row(problem: UFM, per_decade: int) -> Iterator[Minimizer]:
    extra = [problem.lambda_b]
    transition = model_of(problem).transition(problem)
    if transition is not None:
        extra.append(transition.lambda_b)
    for x in lambda_b_grid(extra, per_decade):
        yield solve(problem.replace(lambda_b=float(x)))


def _row_document(row: list[Minimizer], clouds: list[Array], drawing: _Drawing) -> dict[str, object]:
    problem = row[0].problem
    drawn = drawing.classes
    upper = np.triu_indices(drawn.size)
    codes, (weighted, u) = problem.encoding.matrix, weighted_codes(problem)
    return {
        "lambda_w": problem.lambda_w,
        "lambda_h": problem.lambda_h,
        "threshold": problem.threshold,
        "transition": row[0].transition,
        "lambda_b": _pack([point.problem.lambda_b for point in row]),
        "numbers": _pack([Point.of(point).numbers for point in row]),
        "sigma": _pack([
            np.linalg.svd(weighted - np.outer(point.bias, u), compute_uv=False)[drawing.sigmas] for point in row
        ]),
        "gram": _pack([point.gram[np.ix_(drawn, drawn)][upper] for point in row]),
        "means": _pack([[view.T @ cloud[:, drawn] for view in drawing.features] for cloud in clouds]),
        "bias": _pack([[view.T @ point.bias for view in drawing.labels] for point in row]),
        "label_size": _pack([np.sum((codes[:, drawn] - point.bias[:, None]) ** 2) for point in row]),
    }


def _pack(values: ArrayLike) -> str:
    """Floats as base64 of their bits, so that the page shows the library's numbers to the last digit."""
    return base64.b64encode(np.asarray(values, dtype="<f8").tobytes()).decode("ascii")
