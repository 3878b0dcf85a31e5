"""The figures of a report, as SVG in the page."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._measure.measurement import Measurement
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.room import may_bind
from ncsolve._sweeps.path import path
from ncsolve.plots import minimizer_figure, path_figure
from ncsolve.plots._descent import descents_of
from ncsolve.plots._save import svg_text
from ncsolve.report._page import figure

__all__ = ["FIRST_FIGURE", "figures"]

FIRST_FIGURE = 1

# Along lambda_b the columns of so many classes take a second or two: of any codes, and of affine one-hot codes.
_MOST_CLASSES, _MOST_SYMMETRIC = 200, 2000
_POINTS = 160
# Beyond the paper's model every point is a problem of its own: a closed form, or many descents.
_MOST_BEYOND, _MOST_DESCENDED = 50, 6


def figures(minimizer: Minimizer, *, descents: bool, measurement: Measurement | None = None) -> str:
    """The frame and the spectrum; the path along lambda_b; the descents, if they are wanted.

    A measured network is a point on the path; its own figure is the first.
    """
    problem = minimizer.problem
    lacking = "[√n_k (e_k − p_k)], the labels minus probabilities, and of Z"
    values = "M - b u^T" if problem.spec.fit.fits_codes else lacking
    shown = [(minimizer_figure(minimizer), f"The Gram matrix of the class means, and the singular values of {values}.")]
    points, left_out = _points(minimizer), ""
    if points:
        # Four decades or more around the problem's lambda_b and its transition.
        places = [x for x in (problem.lambda_b, minimizer.transition) if x and math.isfinite(x)] or [0.1]
        grid = np.concatenate(([0.0], np.geomspace(min(places) / 100, max(places) * 100, points), [math.inf]))
        measured, caption = [], "The minimizer along the weight decay of the bias."
        if measurement is not None:
            measured = [measurement]
            caption += " The measured network is a point, its mean cosine, with a bar from its smallest to its largest."
        shown.append((path_figure(path(problem, lambda_b=grid), measured=measured), caption))
    else:
        left_out = (
            "<p>The picture along the weight decay of the bias is left out: it would take minutes. "
            "<code>ncsolve path</code> draws it.</p>"
        )
    how = descents_of(problem)
    if descents and problem.code_length * problem.classes <= how.most_entries:
        shown.append((how.figure(problem, 0), how.caption))
    first = FIRST_FIGURE + (measurement is not None)
    drawings = (figure(svg_text(drawn), caption, i) for i, (drawn, caption) in enumerate(shown, start=first))
    return "".join(drawings) + left_out


def _points(minimizer: Minimizer) -> int:
    """So many points along lambda_b are a matter of seconds; 0 where even a few are not."""
    problem = minimizer.problem
    if minimizer.frame.convex and not may_bind(problem):
        most = _MOST_CLASSES if problem.encoding.affine is None else _MOST_SYMMETRIC
        return _POINTS if problem.classes <= most else 0
    if minimizer.method == "closed-form" and problem.regular is not None:
        return _POINTS // 2 if problem.classes <= _MOST_BEYOND else 0
    return _POINTS // 8 if max(problem.classes, problem.code_length) <= _MOST_DESCENDED else 0
