"""The symbols of the metric UFM (metric_ufm, metric_frame) that no other theorem has."""

from __future__ import annotations

import sympy as sp

__all__ = ["scatter", "size", "spread"]

size = sp.Symbol("size", positive=True)
spread = sp.Symbol("spread", positive=True)
scatter = sp.Symbol("scatter", nonnegative=True)
