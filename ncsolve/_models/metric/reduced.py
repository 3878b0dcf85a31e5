r"""The convex problem without its bias: moments in which the best bias for every A is taken out (T15).

For any A the best bias is :math:`b = (\mu - A \bar z) / (1 + \lambda_b)`, which leaves, with
:math:`f = \lambda_b / (1 + \lambda_b)`,

.. math:: \min_A \tfrac12 \operatorname{tr} A C A^T - \langle A, B \rangle + \tau \|A\|_* + \tfrac12 e, \qquad
          C = S + f \bar z \bar z^T, \quad B = S_{yz} + f \mu \bar z^T, \quad e = \operatorname{tr} S_y + f \|\mu\|^2 ,

with the centred moments S, S_yz and S_y over N, of z with the constant below it that c multiplies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._problem.metric_problem import MetricProblem

__all__ = ["Reduced", "extended_means", "reduced"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reduced:
    """``root`` (p + 1, q) with C = R R^T, ``labels`` (m, q) with B = L R^T, the ``energy`` e and ``tau``.

    A square root holds twice the digits of second moments: a long mean of z does not drown what varies about it.
    """

    root: Array
    labels: Array
    energy: float
    tau: float

    @cached_property
    def C(self) -> Array:
        """(p + 1, p + 1)."""
        return np.asarray(self.root @ self.root.T)

    @cached_property
    def B(self) -> Array:
        """(m, p + 1)."""
        return np.asarray(self.labels @ self.root.T)


def extended_means(problem: MetricProblem) -> Array:
    """Class means of (z; s) (p + 1, K), with the entry s that c multiplies."""
    return np.vstack((problem.class_means, np.full(problem.classes, problem.hidden_unit)))


def reduced(problem: MetricProblem) -> Reduced:
    """The moments of a problem, from differences of class means, so that nothing cancels at small lambda_b."""
    share, codes = problem.shares, problem.encoding.matrix
    f = float(_formulas.metric_mean_weight(problem.lambda_b))
    means = extended_means(problem)
    mean, mu = means @ share, problem.label_mean
    apart = (means - mean[:, None]) * np.sqrt(share)
    apart[-1] = 0.0  # a constant
    labels = (codes - mu[:, None]) * np.sqrt(share)
    within = np.vstack((problem.moments.within_root, np.zeros(problem.dim)))
    return Reduced(
        root=np.column_stack((apart, within, np.sqrt(f) * mean)),
        labels=np.column_stack((labels, np.zeros((len(labels), problem.dim)), np.sqrt(f) * mu)),
        energy=float(np.sum(labels**2)) + f * float(mu @ mu), tau=problem.tau,
    )
