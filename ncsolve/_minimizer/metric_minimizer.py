"""The minimizer of the last two layers under plain weight decay: what ``solve`` returns of a ``MetricProblem``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ncsolve import _formulas
from ncsolve._arrays import Array, Index
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.nc_metrics import Cosines, cosines_between
from ncsolve._models.metric.frame import MetricFrame, MetricLossTerms
from ncsolve._models.metric.nc_metrics import metric_nc
from ncsolve._models.registry import model_of
from ncsolve._outlets import outlet
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.checks.measured import measured
from ncsolve.errors import ConvergenceError, ProblemError
from ncsolve.geometry import NCMetrics

__all__ = ["MetricMinimizer", "metric_minimizer"]

# Of the loss: where the duality gap is larger the point is not called the minimum.  It is of second order in rounding,
# and mostly less than a millionth of this.
_GAP = 1e-9
# Of the mean squared code: the loss from the definition and that of the reduced moments are sums of such terms, which
# rounding parts by about 1e-9 of these where z is conditioned like 1e9; wrong moments part them by far more.
_AGREES = 1e-7


@dataclass(frozen=True, kw_only=True, eq=False)
class MetricMinimizer(Frozen):
    """The global minimizer (W, V, c, b) of a ``MetricProblem``, the last two layers of a network.

    W, V and c are unique up to one rotation of R^d; A = W (V, c), the loss, the bias and the Gram matrix of the class
    means of h = V z + c are unique.  ``loss_terms`` (fit, head, hidden, bias) are recomputed from the definition;
    ``residual`` is the duality gap over the loss, which bounds how far that is above the minimum; ``choice`` (method,
    theorem, reason).

    Source: T15 of docs/theory.md.

    >>> import numpy as np, ncsolve
    >>> means = np.vstack([3 * (np.eye(4) - 1 / 4), np.full(4, 2.0)])
    >>> problem = ncsolve.MetricProblem.of_classes(means, np.zeros((5, 5)), encoding="onehot", counts=[10] * 4,
    ...                                            lambda_w=0.02, lambda_v=0.03, lambda_b=float("inf"))
    >>> found = ncsolve.solve(problem)
    >>> found.regime, round(found.cosines.mean, 9), found.method
    ('acute', 0.112546748, 'closed-form')
    """

    problem: MetricProblem
    choice: MethodChoice
    loss_terms: MetricLossTerms
    residual: float
    frame: MetricFrame

    @property
    def loss(self) -> float:
        """The minimum of the objective."""
        return self.loss_terms.total

    @property
    def gap(self) -> float:
        """The duality gap: the minimum is at most this much below ``loss``."""
        return self.residual * self.loss

    @property
    def lower_bound(self) -> float:
        """No W, V, c, b of any dimension has a loss below this."""
        return self.loss - self.gap

    @property
    def guarantee(self) -> str:
        """"global": the problem is convex in A, and ``lower_bound`` proves it."""
        return "global"

    @property
    def ties(self) -> str:
        """Empty: nothing but a rotation is free."""
        return ""

    @property
    def method(self) -> str:
        """"closed-form" or "newton"."""
        return self.choice.method

    @property
    def rank(self) -> int:
        """The rank of A, which is the number of dimensions that h uses."""
        return self.frame.rank

    @property
    def dim(self) -> int:
        """d = min(m, p + 1), which has room for every minimizer."""
        return min(self.problem.code_length, self.problem.dim + 1)

    @array_property
    def W(self) -> Array:
        """The last layer (m, d)."""
        return self.frame.weights(self.dim)

    @array_property
    def V(self) -> Array:
        """The weights of the last hidden layer (d, p)."""
        return self.frame.hidden(self.dim)[:, :-1]

    @array_property
    def c(self) -> Array:
        """The bias of the last hidden layer (d,)."""
        return self.problem.hidden_unit * self.frame.hidden(self.dim)[:, -1]

    @array_property
    def A(self) -> Array:
        """W (V, c) (m, p + 1), by which (z; 1) is multiplied."""
        found = self.frame.product.copy()
        found[:, -1] *= self.problem.hidden_unit
        return found

    @array_property
    def bias(self) -> Array:
        """The last bias b (m,)."""
        return self.frame.bias

    @array_property
    def singular_values(self) -> Array:
        """All min(m, p + 1) singular values of W (V, c/s) with s^2 = lambda_v/lambda_c, descending."""
        return self.frame.singular_values()[0]

    @array_property
    def class_means(self) -> Array:
        """The class means of h (d, K)."""
        return np.pad(self.frame.means, ((0, self.dim - self.rank), (0, 0)))

    @array_property
    def gram(self) -> Array:
        """Inner products of the class means of h (K, K)."""
        return self.frame.gram()

    @array_property
    def within_scatter(self) -> Array:
        """The covariance of h within the classes (d, d): with given z there is no NC1."""
        return self.V @ self.problem.within @ self.V.T

    @cached_property
    def cosines(self) -> Cosines | None:
        """Smallest, largest and mean cosine between nonzero class means; None if fewer than two are nonzero."""
        return cosines_between(self.frame.pairs())

    @cached_property
    def regime(self) -> str:
        """"collapsed", "simplex", "intermediate", "orthogonal" or "acute" where balanced affine one-hot codes have
        regular class means; else "general" (or "collapsed", if all class means are zero)."""
        return model_of(self.problem).regime(self.problem, self.frame)

    @cached_property
    def transition(self) -> float | None:
        """lb*, from which a regular frame leaves the simplex ETF; None where no theorem gives one."""
        found = model_of(self.problem).transition(self.problem)
        return None if found is None else found.lambda_b

    @property
    def centring(self) -> float | None:
        """<b, mu> / ||mu||^2, how much of the label mean the bias takes out; None where that is zero."""
        mu = self.problem.label_mean
        square = float(mu @ mu)
        return None if square == 0.0 else float(self.bias @ mu) / square

    @array_property
    def feature_decays(self) -> Array:
        r"""lambda_h in every direction that h uses (r,), in the order of the singular values.

        Along the image of the right singular vector :math:`v_i` of A the weight decay of V is a penalty of
        :math:`\lambda_V / (N \, v_i^T C v_i)` on the features, with the second moments C of (z; s): small where z is
        large, which is the anisotropy that ``measure`` finds.
        """
        problem, right = self.problem, self.frame.right
        unit = np.append(np.ones(problem.dim), problem.hidden_unit)
        along = np.sum(right * (problem.second_moments * np.outer(unit, unit) @ right), axis=0)
        return np.asarray(_formulas.metric_feature_decay(problem.lambda_v, problem.samples, along))

    @cached_property
    def nc(self) -> NCMetrics:
        """The NC metrics; NC1 is that of the h which these layers make of the given z."""
        return metric_nc(self.frame)

    def features(self, z: ArrayLike) -> Array:
        """h = V z + c (d, N) of previous features z (p, N).  Raises ProblemError."""
        given = measured(z, "z", "(p, N)")
        if given.shape[0] != self.problem.dim:
            raise ProblemError(
                f"z must have shape ({self.problem.dim}, N), a column for every sample; got {given.shape}"
            )
        return np.asarray(self.V @ given + self.c[:, None])

    def predict(self, features: ArrayLike) -> Index:
        """The class whose code is nearest to W h + b, for features h (d, N).  Raises ProblemError."""
        h = measured(features, "features", "(d, N)")
        if h.shape[0] != self.dim:
            raise ProblemError(f"features must have shape ({self.dim}, N); got {h.shape}")
        codes = self.problem.encoding.matrix
        scores = 2.0 * codes.T @ (self.W @ h + self.bias[:, None]) - np.sum(codes**2, axis=0)[:, None]
        return np.asarray(np.argmax(scores, axis=0), dtype=np.intp)

    def to_json(self) -> dict[str, object]:
        """The document of ``--json``, in the convention of the paper (schema ncsolve.last-layers/1)."""
        found: dict[str, object] = outlet("MetricMinimizer.to_json")(self)
        return found

    def __repr__(self) -> str:
        return (
            f"MetricMinimizer({self.problem!r}, loss={self.loss:.15g}, regime={self.regime}, method={self.method})"
        )


def metric_minimizer(problem: MetricProblem, *, general: bool = False) -> MetricMinimizer:
    """The minimizer, once its duality gap has been seen to be small, and its loss to be that of the definition.

    Raises ConvergenceError.
    """
    frame = model_of(problem).frame(problem, general=general)
    terms = frame.loss_terms()
    loss = terms.total
    residual = frame.gap / loss if loss > 0.0 else 0.0
    if not residual <= _GAP:
        raise ConvergenceError(
            f"the duality gap must close; it is {residual:.1e} of the loss, above {_GAP:.0e} (beside weight decays so "
            "small double precision can't tell dimensions of z that are nearly copies of others: leave these out)"
        )
    size = float(problem.shares @ np.sum(problem.encoding.matrix**2, axis=0))
    if not abs(loss - frame.objective) <= _AGREES * size:
        raise ConvergenceError(
            f"the loss must be that of the moments which were solved; got {loss:g} from W, V, c and b and "
            f"{frame.objective:g} from them (please report this problem)"
        )
    return MetricMinimizer(problem=problem, choice=frame.choice, loss_terms=terms, residual=residual, frame=frame)
