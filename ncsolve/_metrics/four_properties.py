"""The NC metrics of one answer, side by side."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NCMetrics"]


@dataclass(frozen=True, kw_only=True)
class NCMetrics:
    """The four properties of neural collapse, each 0 where it holds exactly, None where it is undefined.

    ``nc1`` within-class variability; ``nc2_simplex`` and ``nc2_orthogonal`` distances of the (uncentred) class
    means to a simplex ETF and to an orthogonal frame; ``nc3`` self-duality error; ``nc4`` disagreement between the
    nearest class mean and the nearest code.  ``nc4_classes`` are the two classes with the worst boundary.
    ``sampled_classes`` says how many of them, evenly chosen, nc2 and nc4 compare where not all pairs were compared
    (more than 2000 different ones); else it is None.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(4), counts=50, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0)
    >>> nc = ncsolve.solve(problem).nc
    >>> nc.nc1, round(nc.nc2_simplex, 12), round(nc.nc3, 12)
    (0.0, 0.0, 0.0)
    """

    nc1: float | None
    nc2_simplex: float | None
    nc2_orthogonal: float | None
    nc3: float | None
    nc4: float | None
    nc4_classes: tuple[int, int] | None = None
    sampled_classes: int | None = None
