"""The figures of a report, as SVG in the page."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._factored import FactoredFrame
from ncsolve._minimizer import Minimizer
from ncsolve._path import path
from ncsolve.report._page import figure

__all__ = ["figures"]

# Along lambda_b the columns of so many classes take a second or two: of any codes, and of affine one-hot codes.
_MOST_CLASSES, _MOST_SYMMETRIC = 200, 2000
_POINTS = 160


def figures(minimizer: Minimizer, *, descents: bool) -> str:
    """The frame and the spectrum; the path along lambda_b; the descents, if they are wanted."""
    from ncsolve.plots import minimizer_figure, path_figure, problem_descents
    from ncsolve.plots._save import svg_text

    shown = [(minimizer_figure(minimizer), "The Gram matrix of the class means, and the singular values of M - b u^T.")]
    problem = minimizer.problem
    if _has_path(minimizer):
        low, high = _range(minimizer)
        grid = np.concatenate(([0.0], np.geomspace(low, high, _POINTS), [math.inf]))
        shown.append((path_figure(path(problem, lambda_b=grid)), "The minimizer along the weight decay of the bias."))
    if descents and problem.code_length * problem.classes <= _MOST_CLASSES**2:
        caption = "Descents on the full problem, and the predicted values." if problem.plain else (
            "Descents on the full problem: from random starts, and beside points that fit the labels."
        )
        shown.append((problem_descents(problem), caption))
    return "".join(figure(svg_text(drawn), caption, i) for i, (drawn, caption) in enumerate(shown, start=1))


def _has_path(minimizer: Minimizer) -> bool:
    """Whether the minimizer along lambda_b is a matter of seconds."""
    problem = minimizer.problem
    if isinstance(minimizer.frame, FactoredFrame) or not problem.plain:
        return False  # a path beyond the paper's model
    return problem.classes <= (_MOST_CLASSES if problem.encoding.affine is None else _MOST_SYMMETRIC)


def _range(minimizer: Minimizer) -> tuple[float, float]:
    """Four decades or more around the problem's lambda_b and its transition."""
    places = [value for value in (minimizer.problem.lambda_b, minimizer.transition) if value]
    places = [value for value in places if math.isfinite(value)] or [0.1]
    return min(places) / 100, max(places) * 100
