"""ReLU features, H >= 0 (T10): closed forms, the convex programme over Gram matrices, and bounds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.protocol import Frame, Guarantee
from ncsolve._models.open_problems import check_known
from ncsolve._models.protocol import Limit, Model, State, Transition
from ncsolve._models.relu.orthogonal_frame import alive_from, linear_is_nonnegative, orthogonal_frame
from ncsolve._models.residual import Residual, residual_of
from ncsolve._models.room import may_bind, room_words
from ncsolve._problem.regular import RegularProblem
from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["RELU"]


class ReLU(Model):
    """One layer over nonnegative features."""

    name = "relu"
    continuous = True
    unique_gram = False
    least_feature = 0.0

    def owns(self, problem: UFM) -> bool:
        return problem.spec.squared and problem.features == "relu"

    def frame(self, problem: UFM, *, spectral: bool = False) -> FactoredFrame:
        """By a theorem where one applies and d is large enough, else the best found.  Raises OpenProblemError for a
        deep head."""
        from ncsolve._models.relu.best_found import best_found  # six modules that other problems do without

        check_known(problem)
        exact = linear_is_nonnegative(problem)
        if exact is None:
            exact = orthogonal_frame(problem)
        if exact is None:
            return best_found(problem, None)
        needed = exact.means.shape[0]
        if needed <= problem.feature_dim:
            return exact
        return best_found(problem, Guarantee(
            kind="best found", lower_bound=exact.loss_terms().total, reason=f"the minimum for dim = {needed} or more"
        ))

    def descends(self, problem: UFM) -> bool:
        return problem.regular is None or problem.feature_dim < problem.classes

    def binds(self, problem: UFM, frame: Frame | None = None) -> bool:
        """Whether it may: what the minimizer would be with more dimensions is another problem to solve."""
        return may_bind(problem)

    def least_dim(self, problem: UFM, frame: Frame) -> int:
        """Of nonnegative factors only this one is known: its rows that are not zero but for rounding."""
        largest = frame.class_means(problem.feature_dim).max(axis=1)
        return int((largest > 1e-12 * largest.max()).sum())

    def merging_size(self, problem: UFM) -> float | None:
        """None where all is lost before that, and where depends on lambda_b."""
        regular = problem.regular
        if regular is None or abs(regular.w) <= abs(regular.a):
            return None
        return float(abs(regular.a) * np.sqrt(regular.n))

    def vanishing_t(self, problem: UFM) -> float | None:
        """sqrt(((K - 1) a^2 + w^2 (lb/(1 + lb))^2)/K): above it all class means are zero, unless they are acute."""
        regular = _roomy(problem)
        if regular is None:
            return None
        return float(_formulas.relu_spread_alive(_spread(regular, problem.lambda_b), regular.classes, 1.0))

    def limit(self, problem: UFM, frame: Frame) -> Limit | None:
        """One class alone lives where T is below its length: no other condition is as plain."""
        lengths = np.linalg.norm(problem.encoding.matrix - frame.bias[:, None], axis=0)
        size = float(np.max(lengths * np.sqrt(problem.counts.array)))
        if frame.rank or size == 0.0:
            return None
        return Limit(size, "the largest sqrt(n_k) |e_k - b|", "that/N")

    def transition(self, problem: UFM) -> Transition | None:
        """From where the label mean of a regular problem outweighs the contrasts; if that never is, from where class
        means live at all."""
        regular = problem.regular
        if regular is None or not problem.feature_dim >= problem.classes > 1:  # no room for an orthogonal frame
            return None
        a, w, t = abs(regular.a), abs(regular.w), regular.t
        if w > max(a, t):
            if a > t:
                return Transition(float(_formulas.affine_orthogonal_lambda_b(a, w, t)), "T10")
            return Transition(float(_formulas.affine_threshold(w, t)), "T5")  # without contrasts H >= 0 costs nothing
        alive = alive_from(problem)
        return None if alive is None else Transition(alive, "T10", birth=True)

    def known_changes(self, problem: UFM) -> dict[float, str]:
        """Without contrasts a single dimension is enough."""
        regular = problem.regular
        if regular is not None and problem.classes > 1 and abs(regular.a) <= regular.t < abs(regular.w):
            return {float(_formulas.affine_threshold(abs(regular.w), regular.t)): "T5"}
        return super().known_changes(problem)

    def state(self, problem: UFM) -> State | None:
        """The problem is convex in the Gram matrix and the bias, so that nothing jumps."""
        regular = _roomy(problem)
        if regular is None:
            return None
        k, t, lb = regular.classes, regular.t, problem.lambda_b
        a, w = abs(regular.a), abs(regular.w)
        if w > max(a, t) and lb >= (
            _formulas.affine_orthogonal_lambda_b(a, w, t) if t < a else _formulas.affine_threshold(w, t)
        ):
            return State("acute", k if t < a else 1)
        alive = _formulas.relu_spread_alive(_spread(regular, lb), k, t) > 1.0
        return State("orthogonal", k) if alive else State("collapsed", 0)

    def residual(self, problem: UFM, frame: Frame) -> Residual:
        return residual_of(problem, frame)

    def words(self, problem: UFM, *, narrow: bool, scale: float | None = None) -> tuple[str, ...]:
        return ("ReLU features, H >= 0", *((room_words(problem),) if narrow else ()))

    def transition_words(self, problem: UFM, own: Callable[[float], str]) -> str:
        """Where class means come to live and where they stop being orthogonal; "" where nothing is known."""
        found, regular = self.transition(problem), problem.regular
        if regular is None or not problem.feature_dim >= problem.classes > 1:
            return ""
        if found is None:
            zero = orthogonal_frame(problem.replace(lambda_b=math.inf))  # which has the longest class means
            return "none: all class means are zero for every lambda_b" if zero is None or not zero.means.any() else (
                "none: with ReLU features and balanced counts the frame is orthogonal for every lambda_b"
                + (" > 0" if problem.classes == 2 else "")  # at 0 the bias lies anywhere between the two codes
            )
        at, alive = own(found.lambda_b), alive_from(problem)
        if found.birth:
            return f"lambda_b = {at}: all class means are zero up to it, and an orthogonal frame beyond it"
        if abs(regular.a) <= regular.t:
            return f"lambda_b = {at}: all class means are zero up to it, and one and the same vector beyond it"
        dead = "" if alive is None else f", though all are zero up to {own(alive)}"
        return f"lambda_b = {at}: orthogonal class means up to it{dead}, acute beyond it, where H >= 0 costs nothing"

    def derivations(self, problem: UFM, choice: MethodChoice, *, narrow: bool) -> tuple[str, ...]:
        """What a convex programme finds is proved by weak duality."""
        return ("relu", "certificate") if choice.method == "convex" else ("relu",)

    def law(self, problem: UFM) -> str:
        check_known(problem)
        if problem.feature_dim < problem.classes:
            raise OpenProblemError(
                f"no closed form is known for ReLU features in fewer dimensions than classes; got dim = {problem.dim} "
                f"for {problem.classes} classes, leave dim out or solve it at one lambda_b with ncsolve minimizer "
                "(ncsolve.solve)"
            )
        return "ReluLaw"


def _roomy(problem: UFM) -> RegularProblem | None:
    """The numbers of a regular problem of several classes with room for an orthogonal frame, or with no contrasts, for
    which one dimension is enough."""
    regular = problem.regular
    if regular is None or regular.classes == 1:
        return None
    return regular if problem.feature_dim >= regular.classes or abs(regular.a) <= regular.t else None


def _spread(regular: RegularProblem, lambda_b: float) -> float:
    """(K - 1) a^2 and the square of what the bias leaves of the label mean, while all class means are zero."""
    left = regular.w if lambda_b == math.inf else regular.w * (lambda_b / (1.0 + lambda_b))
    return (regular.classes - 1) * regular.a**2 + left**2


RELU = ReLU()
