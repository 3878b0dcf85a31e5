"""Whose metric is which function: the published definitions, by source, version and the mean that is subtracted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ncsolve._metrics.published import (
    bias_centring,
    equiangularity,
    equinorm,
    ncc_agreement,
    package_self_duality_error,
    papyan_self_duality,
    simplex_etf_error,
    zhou_classifier_etf_error,
    zhou_self_duality_error,
    zhu_classifier_etf_error,
    zhu_self_duality_error,
)
from ncsolve._metrics.published_nc1 import (
    cdnv,
    covariance_pinv,
    covariance_pinv_2024_10,
    covariance_quotient,
    covariance_ratio_2024_10,
)

__all__ = ["PUBLISHED", "Variant"]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One published definition of a property of neural collapse, and the function of ``ncsolve.metrics`` for it.

    ``nc`` is NC1 to NC4 or, of the Wh-b relation, "bias".  ``version`` is the commit of the source's code, or "paper"
    where only the text is meant.  ``centring`` are the global means that this source subtracts, the usual one first:
    values of the argument of that name, or what the function does without asking; empty where nothing is subtracted.

    >>> from ncsolve import metrics
    >>> [variant.source for variant in metrics.PUBLISHED if variant.nc == "NC4"]
    ['package']
    """

    nc: str
    function: Callable[..., object]
    source: str
    version: str
    centring: tuple[str, ...] = ()


_NOTEBOOK, _ZHU, _ZHOU, _PACKAGE, _BEFORE = (
    ("Papyan 2020", "7f12011"), ("Zhu 2021", "04ef586"), ("Zhou 2022", "4762407"), ("package", "c05a0b8"),
    ("package 2024-10", "9036e53"),
)
_EITHER = ("classes", "none")  # as its README does, and without the argument


def _rows(
    nc: str, function: Callable[..., object], *sources: tuple[tuple[str, str], tuple[str, ...]]
) -> tuple[Variant, ...]:
    return tuple(
        Variant(nc=nc, function=function, source=source, version=version, centring=centring)
        for (source, version), centring in sources
    )


PUBLISHED: tuple[Variant, ...] = (
    *_rows("NC1", covariance_pinv, (("Papyan 2020", "paper"), ("classes",)), (_ZHU, ("samples",)),
           (_ZHOU, ("samples",)), (_PACKAGE, _EITHER)),
    *_rows("NC1", covariance_pinv_2024_10, (_BEFORE, _EITHER)),
    *_rows("NC1", covariance_quotient, (("Hui 2022", "paper"), ("classes",)), (_PACKAGE, _EITHER)),
    *_rows("NC1", covariance_ratio_2024_10, (_BEFORE, _EITHER)),
    *_rows("NC1", cdnv, (("Galanti 2022", "paper"), ()), (_PACKAGE, ())),
    *_rows("NC2", equinorm, (_NOTEBOOK, ("classes",))),
    *_rows("NC2", equiangularity, (_NOTEBOOK, ("classes",))),
    *_rows("NC2", simplex_etf_error, (_PACKAGE, _EITHER)),
    *_rows("NC2", zhu_classifier_etf_error, (_ZHU, ())),
    *_rows("NC2", zhou_classifier_etf_error, (_ZHOU, ("classes",))),
    *_rows("NC3", papyan_self_duality, (_NOTEBOOK, ("classes",))),
    *_rows("NC3", package_self_duality_error, (_PACKAGE, _EITHER)),
    *_rows("NC3", zhu_self_duality_error, (_ZHU, ("samples",))),
    *_rows("NC3", zhou_self_duality_error, (_ZHOU, ("samples",))),
    *_rows("NC4", ncc_agreement, (_PACKAGE, ())),
    *_rows("bias", bias_centring, (_ZHU, ("samples",)), (_ZHOU, ("samples",))),
)
