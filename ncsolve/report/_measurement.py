"""The section of a report on a measured network: verdict, numbers, the gap's parts and bounds, the picture."""

from __future__ import annotations

import html
import math
from dataclasses import asdict

from ncsolve._measure.measurement import Measurement
from ncsolve._problem.convention import Convention
from ncsolve._words.measurement import measurement_summary
from ncsolve.errors import visible
from ncsolve.plots import measurement_figure
from ncsolve.plots._save import svg_text
from ncsolve.report._page import figure, table

__all__ = ["measurement_section"]

_PARTS = {
    "fit": "outputs that are not those of the minimum",
    "bias": "a bias that is not that of the minimum",
    "dual": "a head that is not the dual of the features (NC3)",
    "feature": "energy in directions that the minimum leaves out, and within the classes (NC1)",
    "within": "what of fit and feature is variation within the classes (NC1)",
}
_DISTANCES = {
    "gram": "inner products of the class means, each times the root of both counts", "outputs": "outputs, all samples",
    "bias": "bias", "within": "features from their class means", "probabilities": "softmax probabilities, all samples",
}
_CAPTION = (
    "The network beside its prediction: inner products, cosines and lengths of the class means, singular values, and "
    "the parts of the gap."
)


def measurement_section(
    found: Measurement, convention: Convention, lambdas: tuple[float, float, float], number: int
) -> str:
    """The section, with losses and lambdas in a convention; ``number`` is that of its figure."""
    said = measurement_summary(found, convention, lambdas)
    rows = [row for row in said.rows(full=True) if row[0] not in ("problem", "guarantee")]
    return (
        f"<p><strong>{html.escape(visible(said.verdict))}</strong></p>{table(rows, first_is_name=True)}"
        f"{_gap(found, convention)}{_distances(found)}{figure(svg_text(measurement_figure(found)), _CAPTION, number)}"
    )


def _gap(found: Measurement, convention: Convention) -> str:
    parts = found.parts
    if parts is None:
        return ""
    scale = convention.loss_factor(found.problem.samples, found.problem.code_length)
    rows = []
    own = {} if found.problem.spec.fit.fits_codes else {"fit": "probabilities that are not those of the minimum"}
    texts = _PARTS | own
    for name, text in texts.items():
        part = getattr(parts, name)
        share = 100 * part / parts.total if parts.total > 0.0 else 0.0
        rows.append((name, f"{part * scale:.7g}", f"{share:.4g}", text))
    header = ("part", "loss", "% of the gap", "what it is")
    return f"<h3>Parts of the gap</h3>{table(rows, header, first_is_name=True)}"


def _distances(found: Measurement) -> str:
    """True distances and what the gap bounds them by; a bound that says nothing is left out."""
    header = ("of", "distance", "at most, by the gap (T13)")[: 2 if found.certificate is None else 3]
    bounds = {} if found.certificate is None else asdict(found.certificate)
    rows = []
    for name, value in asdict(found.distance).items():
        if value is None:
            continue
        bound = [] if not bounds else [f"{bounds[name]:.5g}" if math.isfinite(bounds[name]) else "no bound"]
        rows.append((_DISTANCES[name], f"{value:.5g}", *bound))
    return f"<h3>Distance from the prediction</h3>{table(rows, header, first_is_name=True)}"
