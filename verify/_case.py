"""A problem under examination: the solver's minimizer of it, and the sizes that errors are measured against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ncsolve.verify._definition import Parts, fit_size
from ncsolve.verify._problems import gram_unit
from ncsolve.verify._samples import Samples

from ncsolve import UFM, Minimizer

__all__ = ["Case"]

# N sqrt(lw lh) over the largest singular value of the labels.  Below, the decay is lost in the gradient of the fit:
# descent from random starts ends at the right loss with another geometry (cross-entropy: where softmax saturates, as
# its curvature shrinks with the decay).  Above, that of b is lost in the decay.
_LEAST, _MOST = {"mse": 1e-9, "cross-entropy": 1e-4}, 1e6


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """``samples`` are what the objective is summed over; descent has ``starts`` from ``seed`` on and features of
    ``width`` dimensions, ``merged`` or not to one per class, with which it has ``parameters``.  ``too_far`` says why
    there is no descent, if floats are in the way.  What is left out is noted in ``skipped``.
    """

    problem: UFM
    prediction: Minimizer
    samples: Samples
    starts: int
    seed: int
    width: int
    merged: bool
    parameters: int
    skipped: list[str]

    @cached_property
    def parts(self) -> Parts:
        """The solver's point, in which every feature is its class mean."""
        means, bias = np.array(self.prediction.class_means), np.array(self.prediction.bias)
        return Parts(self.samples.spread(means), self.prediction.layers, bias)

    @cached_property
    def too_far(self) -> str:
        """Why descent and a convex program cannot tell minimizers apart in floats, or "" where they can."""
        largest = float(np.linalg.norm(self.samples.codes * np.sqrt(self.samples.counts), 2))
        ratio = self.problem.threshold / largest if largest > 0.0 else 1.0
        least = _LEAST[self.samples.loss]
        if least <= ratio <= _MOST:
            return ""
        return (
            f"descent and the convex program: N sqrt(lambda_w lambda_h) is {ratio:.1e} times "
            f"the largest singular value of the labels, and floats tell minimizers apart from {least:g} to {_MOST:g}"
        )

    @property
    def loss_size(self) -> float:
        return max(abs(self.prediction.loss), 1e-6 * fit_size(self.samples) ** 2)

    @property
    def gram_size(self) -> float:
        """The largest entry of the Gram matrix, unless it is zero."""
        return max(float(np.abs(self.prediction.gram).max(initial=0.0)), 1e-3 * gram_unit(self.problem))

    @property
    def code_size(self) -> float:
        return float(np.abs(self.samples.codes).max()) or 1.0

    @property
    def bias_size(self) -> float:
        """Of b.  Softmax pulls at an output no more than its share of the labels allows: there b is known so much less.
        """
        if self.samples.loss == "mse" or not self.samples.has_bias:
            return self.code_size
        least = float(np.min(self.samples.targets @ self.samples.share)) + self.samples.lambda_b
        return max(self.code_size, float(np.abs(self.prediction.bias).max())) / min(1.0, 1e3 * least)

    @property
    def label_size(self) -> float:
        """Largest singular value of the labels, the size of W H."""
        return float(np.linalg.norm(self.samples.targets * np.sqrt(self.samples.weights), 2)) or 1.0
