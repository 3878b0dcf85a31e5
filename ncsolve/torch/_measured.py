"""From a gathered statistic to a measurement: codes by name, lambdas in any convention, an estimated lambda_h."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ncsolve._arrays import Array
from ncsolve._measure.fits import FITS
from ncsolve._measure.measure import measure
from ncsolve._measure.measurement import Measurement
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.encodings import Encoding, from_array, make
from ncsolve.errors import ProblemError
from ncsolve.torch._head import weight_of

__all__ = ["bias_decay", "codes_of", "head_arrays", "layer_arrays", "measured"]


def head_arrays(head: nn.Linear) -> tuple[Array, Array]:
    """W (m, d) and b (m,) in double precision, b zero where there is none.  Raises ProblemError if not finite."""
    return layer_arrays(head, "head")


def layer_arrays(layer: nn.Linear, title: str) -> tuple[Array, Array]:
    """``head_arrays`` of any linear layer, by its title."""
    w = _on_host(weight_of(layer))
    b = np.zeros(len(w)) if layer.bias is None else _on_host(layer.bias.detach())
    if not (np.isfinite(w).all() and np.isfinite(b).all()):
        raise ProblemError(
            f"the {title} must be finite; got a weight that is nan or inf: the training has diverged, lower the "
            "learning rate or measure an earlier state"
        )
    return w, b


def _on_host(tensor: Tensor) -> Array:
    """In double precision, which not every device has."""
    return np.array(tensor.cpu().double().numpy())


def codes_of(encoding: str | Encoding | ArrayLike, outputs: int, classes: int | None, seed: int) -> Encoding:
    """The codes of a head's classes; their number is that of the outputs, if nothing else is said.

    Raises ProblemError for codes of another length than the head has outputs.
    """
    if isinstance(encoding, Tensor):
        encoding = _on_host(encoding.detach())
    if isinstance(encoding, str):
        code = make(encoding, classes=outputs if classes is None else classes, seed=seed)
    else:
        code = encoding if isinstance(encoding, Encoding) else from_array(encoding)
    if code.code_length != outputs:
        more = "" if classes is not None else ", or pass classes= if these are not as many as the outputs"
        raise ProblemError(
            f"the codes must be as long as the head has outputs, {outputs}; got the encoding {code.name} of length "
            f"{code.code_length} for {code.classes} classes, pass the one that was trained with{more}"
        )
    if classes is not None and code.classes != classes:
        raise ProblemError(
            f"the encoding must have a code for each of the {classes} classes; got {code.classes}, give one column a "
            "class"
        )
    return code


def bias_decay(head: Any, lambda_b: float | None) -> float:
    """lambda_b as it is given, inf without a bias.  Raises ProblemError for a head with a bias without one."""
    if lambda_b is not None:
        return lambda_b
    if head.bias is not None:
        raise ProblemError(
            "a head with a bias needs its weight decay; got none, pass lambda_b (0 for a bias that is free)"
        )
    return math.inf


def measured(
    statistics: FeatureStatistics, head: nn.Linear, codes: Encoding, *, lambda_w: float, lambda_h: float | str,
    lambda_b: float | None, features: str, convention: str, samples: int | None, gap_tolerance: float,
    stationarity_tolerance: float,
) -> Measurement:
    """``ncsolve.measure`` of a statistic that has this head.

    Raises ProblemError, also for a head with a bias without a ``lambda_b``.
    """
    if statistics.scatter == "trace" and FITS[statistics.loss].takes_scatter:
        raise ProblemError(
            "the loss takes the scatter of the features; got scatter = 'trace', pass 'full' or 'projected' (for the "
            "geometry alone Probe.statistics is enough)"
        )
    estimated, decay = isinstance(lambda_h, str), bias_decay(head, lambda_b)
    problem = statistics.problem(
        codes, lambda_w=lambda_w, lambda_h=1.0 if estimated else lambda_h,  # type: ignore[arg-type]
        lambda_b=decay, features=features, convention=convention,
    )
    w, b = head_arrays(head)
    return measure(
        statistics, w, None if head.bias is None else b, problem,
        lambda_h=lambda_h if estimated else None,  # type: ignore[arg-type]
        samples=samples, gap_tolerance=gap_tolerance, stationarity_tolerance=stationarity_tolerance,
    )
