"""The report on one problem: statement, theorem with its derivation, minimizer, figures, verification, certificate."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ncsolve import __version__
from ncsolve._documents.model_part import typed_lambdas
from ncsolve._files.check_output import check_output
from ncsolve._files.write_whole import write_text
from ncsolve._measure.measurement import Measurement
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import model_of
from ncsolve._models.words import model_words
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve._words.objective import model_rows, objective_latex, statement
from ncsolve._words.summary import summary
from ncsolve.errors import NCSolveError, visible
from ncsolve.plots._descent import descents_of
from ncsolve.report._figures import FIRST_FIGURE, figures
from ncsolve.report._math import mathml, require_report_packages
from ncsolve.report._measurement import measurement_section
from ncsolve.report._page import page, table
from ncsolve.report._theorems import theorem_section

if TYPE_CHECKING:
    from ncsolve.certificates import Certificate

__all__ = ["check_report_output", "report_html", "write_report"]

_PAPER = CONVENTIONS["paper"]
# Arrays of more classes than this are left to --json and --out.
_SHOWN = 12
# Exact arithmetic on more numbers than this takes minutes.
_CERTIFIED = 100**2


def check_report_output(path: str | Path, *, force: bool = False) -> Path:
    """The path of a report, checked before the work begins.  Raises FileError and MissingPackageError."""
    path = check_output(path, (".html", ".htm"), force=force)
    require_report_packages()
    return path


def write_report(
    problem: UFM | Measurement, path: str | Path, *, convention: Convention = _PAPER,
    lambdas: tuple[float, float, float] | None = None, verify: bool = True,
    certify: Callable[[Minimizer], Certificate] | None = None, force: bool = False,
) -> None:
    """Write the report on a problem, or on a measured network, to an .html file, whole or not at all.

    A measurement (``ncsolve.measure``) makes the report on its problem, which begins with what was measured.
    ``convention`` and ``lambdas`` (w, h, b) say how the weight decays were given; ``verify`` runs descents, convex
    programs and the other checks of ``ncsolve.verify`` (seconds to a minute); ``certify`` makes the certificate, by
    default of the problem's floats.  Raises FileError for the file,
    MissingPackageError for a package that is not installed, and what ``solve`` raises.
    """
    path = check_report_output(path, force=force)
    text = report_html(problem, convention=convention, lambdas=lambdas, verify=verify, certify=certify)
    write_text(path, text, force=force)


def report_html(
    problem: UFM | Measurement, *, convention: Convention = _PAPER, lambdas: tuple[float, float, float] | None = None,
    verify: bool = True, certify: Callable[[Minimizer], Certificate] | None = None,
) -> str:
    """The report on a problem, or on a measured network: one HTML document that needs nothing else."""
    require_report_packages()
    measurement = problem if isinstance(problem, Measurement) else None
    if isinstance(problem, Measurement):
        minimizer = problem.predicted
    else:
        check_problem(problem)
        minimizer = solve(problem)
    problem = minimizer.problem
    if lambdas is None:
        lambdas = typed_lambdas(problem, convention)
    known = minimizer.guarantee == "global"
    sections = [
        ("problem", "Problem", _problem(minimizer, convention, lambdas)),
        ("minimizer", "Global minimizer" if known else "Best point found", _minimizer(minimizer, convention, lambdas)),
        ("figures", "Figures", figures(minimizer, descents=verify, measurement=measurement)),
        ("theorem", "Theorem and derivation", theorem_section(minimizer)),
        ("verification", "Verification", _verification(problem) if verify else "<p>Verification was switched off.</p>"),
        ("certificate", "Certificate", _certificate(minimizer, certify)),
    ]
    if measurement is not None:
        section = measurement_section(measurement, convention, lambdas, FIRST_FIGURE)
        sections.insert(0, ("measurement", "Measured network", section))
    title = f"Neural collapse of {problem.encoding.name} codes, K = {problem.classes}"
    if text := model_words(problem, frame=minimizer.frame):
        title += f", {text}"
    if measurement is not None:
        title += ": a measured network"
    footer = (
        f"Made by ncsolve {html.escape(__version__)}. The words proved and certified are for exact arithmetic; a run "
        "of descent that ends at the predicted loss agrees with it, and proves nothing."
    )
    return page(title, sections, footer)


def _problem(minimizer: Minimizer, convention: Convention, lambdas: tuple[float, float, float]) -> str:
    problem = minimizer.problem
    counts = problem.counts.array
    shown = ", ".join(map(str, counts[:_SHOWN].tolist()))
    shown += f", ... ({counts.size} classes)" if counts.size > _SHOWN else ""
    rows = [
        ("encoding", f"{problem.encoding.name}, codes of length m = {problem.code_length}"),
        ("classes", f"K = {problem.classes}"),
        ("samples", f"N = {problem.samples}: {shown}"),
        ("weight decay", ", ".join(
            f"{name} = {'∞ (no bias)' if value == math.inf else f'{value:g}'}"
            for name, value in zip(("λ_W", "λ_H", "λ_b"), lambdas, strict=True)
        )),
        ("feature dimension", f"d = {problem.feature_dim}"),
        *model_rows(minimizer, convention),
        ("convention", f"{convention.name}: {convention.objective}"),
    ]
    if problem.class_names is not None:
        names = problem.class_names
        rows.insert(2, ("class names", ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")))
    codes = ""
    if problem.classes <= _SHOWN and problem.code_length <= _SHOWN:
        codes = "<h3>Codes</h3>" + _matrix(problem.encoding.matrix, "output", "class")
    formula = mathml(objective_latex(problem), display=True)
    return f"<p>{statement(problem)}</p>{formula}{table(rows, first_is_name=True)}{codes}"


def _minimizer(minimizer: Minimizer, convention: Convention, lambdas: tuple[float, float, float]) -> str:
    said = summary(minimizer, convention, lambdas)
    rows = [row for row in said.rows(full=True) if row[0] != "problem"]
    text = f"<p><strong>{html.escape(visible(said.verdict))}</strong></p>" + table(rows, first_is_name=True)
    if said.classes is not None:
        text += "<h3>Classes</h3>" + table(said.classes.rows, said.classes.columns)
        text += f"<p>{html.escape(said.classes.note)}</p>" if said.classes.note else ""
    if minimizer.problem.classes <= _SHOWN:
        text += "<h3>Inner products of the class means</h3>" + _matrix(minimizer.gram, "class", "class")
    extended = any(name == "guarantee" for name, _ in rows)
    if extended and minimizer.problem.classes <= _SHOWN and minimizer.dim <= _SHOWN:
        unique = model_of(minimizer.problem).unique_gram
        free = "up to a rotation" if unique else "one choice of many with these inner products"
        text += f"<h3>Class means, {free}</h3>" + _matrix(minimizer.class_means, "dimension", "class")
    if len(minimizer.problem.lambda_w_layers) > 1:
        text += _layers(minimizer, convention)
    if minimizer.problem.code_length <= _SHOWN:
        text += "<h3>Bias</h3>" + _matrix(minimizer.bias[None, :], "", "output")
    return text


def _layers(minimizer: Minimizer, convention: Convention) -> str:
    """The layers of a deep head, each with its norm: at a minimum all cost the same."""
    problem = minimizer.problem
    scale = convention.factors(problem.samples, problem.code_length)[0]
    rows = []
    for i, (layer, decay) in enumerate(zip(minimizer.layers, problem.lambda_w_layers, strict=True), start=1):
        values = np.linalg.svd(layer, compute_uv=False)
        largest = float(values.max(initial=0.0))
        rows.append((
            f"W_{i}", f"{layer.shape[0]} x {layer.shape[1]}", f"{decay / scale:g}", f"{float(np.sum(layer**2)):.7g}",
            f"{largest:.7g}", str(int(np.sum(values > 1e-12 * largest))),
        ))
    header = ("layer", "size", "weight decay", "squared norm", "largest singular value", "rank")
    return "<h3>Layers, from the features to the output</h3>" + table(rows, header, first_is_name=True)


def _matrix(array: np.ndarray[tuple[int, ...], np.dtype[np.float64]], row: str, column: str) -> str:
    scale = float(np.abs(array).max(initial=0.0))
    texts = [
        [f"{row} {i}" if row else "b", *(f"{0.0 if abs(x) <= 1e-14 * scale else x:.7g}" for x in values)]
        for i, values in enumerate(array.tolist())
    ]
    return table(texts, ["", *(f"{column} {i}" for i in range(array.shape[1]))], first_is_name=True)


def _verification(problem: UFM) -> str:
    from ncsolve.verify import check
    from ncsolve.verify._format import measured

    found = check(problem)
    rows = [
        (figure.what, *measured(figure), f"{figure.tolerance:.0e}" if figure.tolerance else "0", figure.reason,
         "agrees" if figure.passed else "DISAGREES")
        for figure in found.figures
    ]
    header = ("compared", "predicted", "found", "error", "tolerance", "why this tolerance", "verdict")
    notes = "".join(f"<p>Not verified: {html.escape(text)}.</p>" for text in found.skipped)
    programs = ", and a convex program" if any("cvxpy" in figure.what for figure in found.figures) else ""
    return (
        "<p>The prediction against numerics that share no formula with it: the definition of the objective, descent "
        f"from {descents_of(problem).starts} starts on the full non-convex problem{programs}.</p>"
        f"<p><strong>{html.escape(found.summary)}</strong></p>{table(rows, header)}{notes}"
    )


def _certificate(minimizer: Minimizer, certify: Callable[[Minimizer], Certificate] | None) -> str:
    """What a certificate in exact rational arithmetic proves, or why there is none."""
    from ncsolve.certificates import certify as certify_floats

    if minimizer.problem.code_length * minimizer.problem.classes > _CERTIFIED:
        return (
            "<p>There is no certificate here: exact arithmetic for so many classes takes minutes. "
            "<code>ncsolve certify</code> makes one.</p>"
        )
    if len(set(minimizer.problem.lambda_w_layers)) > 1:
        certify = None  # of several weight decays none is the one that was typed
    try:
        result = certify_floats(minimizer).check() if certify is None else certify(minimizer).check()
    except NCSolveError as error:
        return f"<p>There is no certificate: {html.escape(str(error))}.</p>"
    numbers = "the floats of this problem" if certify is None else "decimal numbers as they were typed"
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in result.lines)
    return (
        f"<p>By weak duality in exact rational arithmetic, for {numbers} (in the convention paper). This is what the "
        f"stand-alone checker says, which uses integers and fractions only:</p><ul>{lines}</ul>"
        "<p><code>ncsolve certify</code> writes the certificate itself, and <code>ncsolve check</code> checks it.</p>"
    )
