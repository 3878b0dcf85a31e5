"""The metric UFM (T15): the last two layers under plain weight decay, for given previous features."""

from __future__ import annotations

import numpy as np

from ncsolve._bias.theorems import MethodChoice
from ncsolve._models.metric.frame import MetricFrame
from ncsolve._models.metric.minimize import solved
from ncsolve._models.metric.reduced import reduced
from ncsolve._models.metric.regular import regular_metric
from ncsolve._models.protocol import State, Transition
from ncsolve._problem.metric_problem import MetricProblem

__all__ = ["METRIC", "Metric"]

# One singular value of a regular Gram matrix is zero, or all inner products are equal, to what Newton's method leaves.
_FOUND = 1e-7


class Metric:
    """Convex in A = W (V, c), whose singular values shrink in the metric of the previous features.

    The answers are those of ``Model``, of a problem that is data and no set of options.
    """

    name = "metric"
    continuous = True
    jumps = False
    unique_gram = True
    merges_by_count = ""

    def frame(self, problem: MetricProblem, *, general: bool = False) -> MetricFrame:
        """The arrays of the minimizer; ``general`` leaves out the closed form."""
        return MetricFrame(problem=problem, **solved(reduced(problem), general=general)._asdict())

    def choice(self, problem: MetricProblem) -> MethodChoice:
        """The theorem that ``frame`` will use."""
        return self.frame(problem).choice

    def shares_spectrum(self, problem: MetricProblem) -> bool:
        """Never: each lambda_b has moments of its own."""
        return False

    def descends(self, problem: MetricProblem) -> bool:
        """Never: the problem is convex."""
        return False

    def approximates(self, problem: MetricProblem) -> bool:
        """Where Newton's method finds the minimizer."""
        return regular_metric(problem) is None

    def transition(self, problem: MetricProblem) -> Transition | None:
        """lb* of regular previous features; of others no theorem says where the frame changes."""
        regular = regular_metric(problem)
        if regular is None or regular.transition is None:
            return None
        birth = regular.contrast is not None and regular.across <= 0.0
        return Transition(regular.transition, "T15", birth=birth)

    def known_changes(self, problem: MetricProblem) -> dict[float, str]:
        """The transition, and where a regular frame passes through an orthogonal one."""
        regular = regular_metric(problem)
        if regular is None:
            return {}
        places = (regular.transition, regular.orthogonal)
        return {place: "T15" for place in places if place is not None}

    def state(self, problem: MetricProblem) -> State | None:
        """Regime and rank of regular previous features, from scalars."""
        regular = regular_metric(problem)
        if regular is None or regular.contrast is None:
            return None
        contrasts = problem.classes - 1 if regular.across > 0.0 else 0
        mean = regular.along(problem.lambda_b) > 0.0
        return State(regular.regime(problem.lambda_b, 0.0), contrasts + mean, contrasts=contrasts, mean=mean)

    def second_frame(self, problem: MetricProblem) -> None:
        """None: a convex problem has no other minimum."""

    def state_gap(self, problem: MetricProblem) -> float | None:
        """Singular value of the label mean over that of the contrasts, minus 1, where the state is known."""
        regular = regular_metric(problem)
        if regular is None or regular.contrast is None or regular.across <= 0.0:
            return None
        return regular.ahead(problem.lambda_b) / regular.across

    def regime(self, problem: MetricProblem, frame: MetricFrame) -> str:
        """The regime's name, as that of a UFM; "general" where the class means are not regular."""
        if frame.rank == 0:
            return "collapsed"
        regular = regular_metric(problem)
        if regular is not None and regular.contrast is not None:
            return regular.regime(problem.lambda_b)
        if problem.encoding.affine is None or not problem.counts.balanced or problem.classes < 2:
            return "general"
        gram = frame.gram()
        diagonal, inner = np.diag(gram), gram[~np.eye(problem.classes, dtype=bool)]
        if max(float(np.ptp(diagonal)), float(np.ptp(inner))) > _FOUND * float(diagonal.max()):
            return "general"
        across = float(diagonal[0] - inner[0])
        along = float(diagonal[0] + (problem.classes - 1) * inner[0])
        noise = _FOUND * max(across, along)
        if along <= noise:
            return "simplex"
        if abs(along - across) <= noise:
            return "orthogonal"
        return "intermediate" if along < across else "acute"

    def words(self, problem: MetricProblem) -> tuple[str, ...]:
        """What is different from the paper's model, a phrase each."""
        return ("given previous features, plain weight decay of the last two layers",)

    def derivations(self, problem: MetricProblem, choice: MethodChoice) -> tuple[str, ...]:
        """Names of the derivations behind a minimizer."""
        regular = regular_metric(problem)
        return ("metric-ufm",) if regular is None or choice.method != "closed-form" else ("metric-frame", "metric-ufm")


METRIC = Metric()
