"""What geometry a trained network took, whether it is the predicted one, and if not, which property fails (T13)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._measure.certificate import Distances, certified, certified_softmax
from ncsolve._measure.gap import GapParts, Point, gap_parts, loss_of
from ncsolve._measure.head import MeasuredHead
from ncsolve._measure.metrics import measured_nc
from ncsolve._measure.verdict import Verdict, verdict_of
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import model_of
from ncsolve._models.residual import Residual
from ncsolve._outlets import outlet
from ncsolve._problem.losses import softmax
from ncsolve._problem.ufm import UFM
from ncsolve.checks.arrays import Frozen, array_property, number_list
from ncsolve.geometry import NCMetrics, cosine_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Measurement", "with_head"]

# A minimum this near to the entropy of the codes, relatively, is at it.
_ROUNDING = 1e-14


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement(Frozen):
    """A network's last layer and features against the global minimum of its regularized problem.

    ``head`` holds W, b, the statistic and the ``problem`` with the ``lambda_h`` that was used; ``predicted`` is the
    minimizer.  ``tolerances`` are those of the verdict: of the gap over the minimum, and of the stationarity.
    ``training_samples`` is the size of the training set where only a part of it was measured.

    Source: T13 to T16 of docs/theory.md.
    """

    head: MeasuredHead
    predicted: Minimizer
    estimator: str | None
    tolerances: tuple[float, float]
    training_samples: int | None = None

    @property
    def problem(self) -> UFM:
        """The problem, in the convention of the paper."""
        return self.head.problem

    @property
    def lambda_h(self) -> float:
        """The weight decay of the features that was used: given, or estimated by ``estimator``."""
        return self.problem.lambda_h

    @property
    def guarantee(self) -> str:
        """"global" where a theorem says that the prediction is the global minimum, else "best found"."""
        return self.predicted.guarantee

    @cached_property
    def point(self) -> Point:
        """The last layer with its class means and what varies within the classes."""
        head = self.head
        return Point(
            W=head.W, b=head.b, means=head.means, energy=head.statistics.within_energy, spread=head.fit.spread(head),
        )

    @cached_property
    def loss(self) -> float:
        """The regularized loss of the network."""
        return loss_of(self.problem, self.point)

    @property
    def minimum(self) -> float:
        """The global minimum, or where that is not known a bound below it; under cross-entropy with linear features the
        bound that proves it, which is nearer to it than a billionth."""
        own = self._residual.minimum
        return own if own is not None and self.guarantee == "global" else self.predicted.lower_bound

    @cached_property
    def floor(self) -> float:
        """What no fit is below: 0 for MSE, for cross-entropy the mean entropy of the codes."""
        problem = self.problem
        return float(problem.counts.array @ problem.spec.fit.least(problem.encoding.matrix)) / problem.samples

    @cached_property
    def _residual(self) -> Residual:
        return model_of(self.problem).residual(self.problem, self.predicted.frame)

    @cached_property
    def parts(self) -> GapParts | None:
        """The four parts of the gap; None where the minimum is only bounded."""
        return gap_parts(self._residual, self.point) if self.guarantee == "global" else None

    @property
    def gap(self) -> float:
        """Loss minus minimum: the sum of the parts, in which nothing cancels, where the minimum is known."""
        return self.loss - self.minimum if self.parts is None else self.parts.total

    @property
    def relative_gap(self) -> float:
        """The gap over what the minimum is above ``floor``; where that is 0, as of labels that the bias alone fits,
        over what the loss of W = H = b = 0 is above it."""
        problem, unit = self.problem, self.minimum - self.floor
        if unit <= _ROUNDING * self.floor:
            codes = problem.encoding.matrix
            nothing = problem.spec.fit.of_columns(np.zeros_like(codes), codes)
            unit = float(problem.counts.array @ nothing) / problem.samples - self.floor
        if unit <= _ROUNDING * self.floor:
            return math.inf if self.gap > 0.0 else 0.0
        return self.gap / unit

    def scan(self, lambda_h: ArrayLike) -> tuple[Measurement, ...]:
        """The same network against the minimum of each of these lambda_h (n,), in the convention of the paper.

        The gap is convex in lambda_h, and least where the predicted features are as long as the measured (T14).  Raises
        ProblemError for what is no positive number.

        >>> import ncsolve, numpy as np
        >>> problem = ncsolve.UFM(encoding="onehot", classes=3, counts=4, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.5)
        >>> found, labels = ncsolve.solve(problem), np.repeat(range(3), 4)
        >>> stats = ncsolve.FeatureStatistics(3, found.dim).update(found.class_means[:, labels].T, labels)
        >>> scanned = ncsolve.measure(stats, found.W, found.bias, problem).scan([5e-3, 1e-2, 2e-2])
        >>> [f"{measured.relative_gap:.3f}" for measured in scanned]
        ['0.063', '0.000', '0.065']
        """
        return tuple(
            replace(self, head=replace(self.head, problem=problem), predicted=solve(problem), estimator=None)
            for problem in (self.problem.replace(lambda_h=float(x)) for x in number_list(lambda_h, "lambda_h"))
        )

    @cached_property
    def certificate(self) -> Distances | None:
        """Bounds on the distances from the prediction; for linear features whose minimum is known, else None."""
        if self.parts is None or not model_of(self.problem).certifies_networks:
            return None
        bounds = certified if self.problem.spec.fit.fits_codes else certified_softmax
        return bounds(self._residual, self.point, self.parts)

    @cached_property
    def distance(self) -> Distances:
        """The true distances, which a certificate bounds."""
        n, head, minimum = self.problem.counts.array, self.head, self._residual
        outputs = probabilities = None
        bias = head.b - self.predicted.bias
        if head.probabilities is not None and not self.problem.spec.fit.fits_codes:
            apart, spread = head.probabilities - softmax(minimum.outputs), head.statistics.probability_energy or 0.0
            probabilities = math.sqrt(float(n @ np.sum(apart**2, axis=0)) + spread)
            if self.problem.lambda_b == 0.0:  # softmax does not see what all outputs have
                bias = bias - bias.mean()
        else:
            outputs = math.sqrt(
                float(n @ np.sum((head.outputs - minimum.outputs) ** 2, axis=0)) + max(2 * self.point.spread, 0.0)
            )
        u = np.sqrt(n)
        return Distances(
            gram=float(np.linalg.norm((self.gram - self.predicted.gram) * np.outer(u, u))), outputs=outputs,
            bias=float(np.linalg.norm(bias)), within=math.sqrt(self.point.energy), probabilities=probabilities,
        )

    @array_property
    def gram(self) -> Array:
        """Inner products of the measured class means (K, K)."""
        return np.asarray(self.head.means.T @ self.head.means)

    @array_property
    def cosines(self) -> Array:
        """Cosines between the measured class means (K, K); NaN where one is zero."""
        return cosine_matrix(self.gram)

    @cached_property
    def nc(self) -> NCMetrics:
        """The NC metrics of the network; NC1 is None where the statistic does not keep S_W."""
        return measured_nc(self.head)

    @property
    def stationarity(self) -> float:
        """How far the head is from stationary, relative to its weight decay."""
        return self.head.stationarity

    @cached_property
    def verdict(self) -> Verdict:
        """Collapsed as predicted, not finished, or another model, with the numbers and what to try next."""
        return verdict_of(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the measured cosines of the class means over the predicted ones; returns the axes.

        ``ax`` are matplotlib axes to draw in (new ones by default).  Raises MissingPackageError if matplotlib is not
        installed.
        """
        picture: Axes = outlet("Measurement.plot")(self, ax=ax)
        return picture

    def summary(self, *, convention: str = "paper") -> str:
        """What ``ncsolve measure`` prints: the verdict, and measured beside predicted.

        ``convention`` is that of losses and lambdas ("paper", "sum", "torch-mean" or "per-sample-features").  Raises
        UnknownNameError.

        >>> import ncsolve
        >>> problem = ncsolve.UFM(encoding="onehot", counts=[2, 2], lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
        >>> found, labels = ncsolve.solve(problem), [0, 0, 1, 1]
        >>> stats = ncsolve.FeatureStatistics(2, found.dim).update(found.class_means[:, labels].T, labels)
        >>> print(ncsolve.measure(stats, found.W, found.bias, problem).summary().split(":")[0])
        Collapsed as predicted
        """
        return str(outlet("Measurement.summary")(self, convention).text(full=False))

    def _repr_html_(self) -> str:
        return str(outlet("Measurement.summary")(self, "paper").html())

    def to_json(self) -> dict[str, object]:
        """The document of ``--json``, in the convention of the paper (schema ncsolve.measurement/1)."""
        found: dict[str, object] = outlet("Measurement.to_json")(self)
        return found

    def __repr__(self) -> str:
        return f"Measurement({self.verdict.kind}, loss={self.loss:.9g}, gap={self.gap:.3g}, {self.problem!r})"


def with_head(found: Measurement, head: MeasuredHead) -> Measurement:
    """A measurement like another one, of a head of the same problem, whose minimum is known."""
    result = replace(found, head=head)
    vars(result)["_residual"] = found._residual
    return result
