"""The named door: methods of results that lead to what stands above them (documents, files, pictures, proofs).

A result stands below what is made of it, so that it can't import that; a method opens its entry when it is called.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["OUTLETS", "outlet"]

# Method of a result, and the function that it calls.
OUTLETS = {
    "Minimizer.certify": "ncsolve.certificates:certify",
    "Minimizer.save": "ncsolve._documents.npz:save",
    "Minimizer.load": "ncsolve._documents.npz:load",
    "Minimizer.plot": "ncsolve.plots:gram_matrix",
    "Minimizer.to_json": "ncsolve._documents.minimizer:document",
    "Minimizer.summary": "ncsolve._words.summary:named_summary",
    "Comparison.to_json": "ncsolve._documents.comparison:comparison_document",
    "Measurement.plot": "ncsolve.plots:measured_cosines",
    "Measurement.to_json": "ncsolve._documents.measurement:measurement_document",
    "Measurement.summary": "ncsolve._words.measurement:named_measurement",
    "MetricMinimizer.to_json": "ncsolve._documents.metric_minimizer:metric_document",
    "MetricMeasurement.to_json": "ncsolve._documents.metric_measurement:metric_measurement_document",
    "MetricMeasurement.summary": "ncsolve._words.metric_measurement:named_metric_measurement",
    "Path.plot": "ncsolve.plots:cosine_curves",
    "Phase.plot": "ncsolve.plots:phase_diagram",
    "Design.to_json": "ncsolve._documents.design:design_document",
    "Inverse.to_json": "ncsolve._documents.design:inverse_document",
}


def outlet(method: str) -> Any:
    """The function behind a method of a result.

    >>> outlet("Minimizer.plot").__name__
    'gram_matrix'
    """
    module, _, function = OUTLETS[method].partition(":")
    return getattr(import_module(module), function)
