"""Cross-entropy (T16) as a model: linear features, and ReLU features where their minimizer is known."""

from __future__ import annotations

import math
from collections.abc import Callable

from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.protocol import Frame
from ncsolve._models.cross_entropy.balanced import BALANCED, balanced_frame, regular_of
from ncsolve._models.cross_entropy.relu import orthogonal_frame
from ncsolve._models.cross_entropy.room import check_room
from ncsolve._models.protocol import Limit, Model, State
from ncsolve._models.residual import Residual
from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["CROSS_ENTROPY", "CROSS_ENTROPY_RELU"]

CONVEX = MethodChoice(
    method="convex", theorem="T16", reason="cross-entropy: the convex core, beside its dual bound"
)


class CrossEntropy(Model):
    """Softmax outputs over linear features: convex in Z and b, so that a dual bound proves every minimum."""

    name = "cross-entropy"
    continuous = True
    bounds_points = True
    jumps = False
    certifies_networks = True
    spectrum_name = r"$[\sqrt{n_k}\,(e_k - p_k)]$, $T$ where kept"
    merges_by_count = "T16"

    def owns(self, problem: UFM) -> bool:
        return problem.loss == "cross-entropy" and problem.features == "linear"

    def frame(self, problem: UFM, *, spectral: bool = False) -> Frame:
        """The closed form of a regular problem, else the minimum of the convex core.  Raises OpenProblemError for deep
        heads and bottlenecks."""
        check_shallow(problem)
        if regular_of(problem) is not None and not spectral:
            found: Frame = balanced_frame(problem)
        else:
            from ncsolve._models.cross_entropy.convex import convex_frame  # what closed forms do without

            found = convex_frame(problem, CONVEX)
        check_room(problem, found.rank)
        return found

    def choice(self, problem: UFM) -> MethodChoice:
        check_shallow(problem)
        return CONVEX if regular_of(problem) is None else BALANCED

    def approximates(self, problem: UFM) -> bool:
        return regular_of(problem) is None

    def residual(self, problem: UFM, frame: Frame) -> Residual:
        """Of probabilities that the dual admits; of ReLU features of those of the closed form."""
        from ncsolve._models.cross_entropy.residual import softmax_residual  # what closed forms do without

        check_shallow(problem)
        return softmax_residual(problem, frame, dual=problem.features == "linear")

    # The threshold of the singular values

    def merging_size(self, problem: UFM) -> float | None:
        """alpha + t = 1: from there all class means are zero."""
        regular = regular_of(problem)
        return None if regular is None else regular.a * math.sqrt(regular.n)

    def merging_words(self, problem: UFM, value: str) -> str:
        return rf"$\alpha + t = 1$: every class mean is zero, {value}"

    def merging_count(self, problem: UFM) -> str:
        affine = problem.encoding.affine
        return "T^2" if affine is not None and affine.a == 1.0 else "T^2/(1 - alpha)^2"

    def limit(self, problem: UFM, frame: Frame) -> Limit | None:
        if frame.rank:
            return None
        regular = regular_of(problem)
        if regular is not None:
            if regular.classes == 1:
                return None
            scale = "1" if regular.a == 1.0 else "(1 - alpha)"
            return Limit(regular.a * math.sqrt(regular.n), f"{scale} sqrt(n)", f"{scale}/(K sqrt(n))")
        size = float(frame.shifted_singular_values().max(initial=0.0))
        if size == 0.0:
            return None
        return Limit(size, "the largest singular value s_1 of the labels minus softmax(b)", "s_1/N")

    # What changes along lambda_b

    def state(self, problem: UFM) -> State | None:
        """A simplex ETF for every lambda_b, or nothing."""
        regular = regular_of(problem)
        if regular is None:
            return None
        alive = regular.classes > 1 and regular.t < regular.a
        if not alive:
            return State("collapsed", 0)
        return State("simplex", regular.classes - 1, contrasts=regular.classes - 1)

    def state_gap(self, problem: UFM) -> float | None:
        """The label mean has no part in the class means."""
        return None if regular_of(problem) is None else -1.0

    # What is said and shown

    def words(self, problem: UFM, *, narrow: bool, scale: float | None = None) -> tuple[str, ...]:
        return ("cross-entropy",)

    def transition_words(self, problem: UFM, own: Callable[[float], str]) -> str:
        if regular_of(problem) is None:
            return ""
        return "none: under cross-entropy the class means are a simplex ETF for every lambda_b"

    def derivations(self, problem: UFM, choice: MethodChoice, *, narrow: bool) -> tuple[str, ...]:
        if regular_of(problem) is not None:
            return ("cross-entropy", "cross-entropy-dual")
        return ("cross-entropy-dual",)

    def law(self, problem: UFM) -> str:
        check_shown(problem, problem.classes - 1)
        return "CrossEntropyLaw"


class CrossEntropyReLU(CrossEntropy):
    """Softmax outputs over nonnegative features."""

    name = "cross-entropy over ReLU features"
    merges_by_count = ""
    certifies_networks = False
    spectrum_name = r"$[\sqrt{n_k}\,(e_k - p_k)]$"
    least_feature = 0.0

    def owns(self, problem: UFM) -> bool:
        return problem.loss == "cross-entropy" and problem.features == "relu"

    def frame(self, problem: UFM, *, spectral: bool = False) -> FactoredFrame:
        """In closed form.  Raises OpenProblemError where none is known."""
        check_shallow(problem)
        return orthogonal_frame(problem)

    def choice(self, problem: UFM) -> MethodChoice:
        return self.frame(problem).choice

    def approximates(self, problem: UFM) -> bool:
        return False

    def merging_size(self, problem: UFM) -> float | None:
        """t = (1 - alpha) sqrt((K - 1)/K): from there all class means are zero."""
        regular = regular_of(problem)
        if regular is None or regular.classes == 1:
            return None
        return regular.a * math.sqrt(regular.n * (regular.classes - 1) / regular.classes)

    def merging_words(self, problem: UFM, value: str) -> str:
        return rf"$t = (1 - \alpha)\sqrt{{(K-1)/K}}$: every class mean is zero, {value}"

    def limit(self, problem: UFM, frame: Frame) -> Limit | None:
        """The largest class lives longest."""
        affine, k = problem.encoding.affine, problem.classes
        if frame.rank or affine is None or k == 1:
            return None
        size = affine.a * math.sqrt(max(problem.counts.values) * (k - 1) / k)
        return Limit(size, "(1 - alpha) sqrt(n (K - 1)/K) of the largest class", "that/N")

    def state(self, problem: UFM) -> State | None:
        regular, size = regular_of(problem), self.merging_size(problem)
        if regular is None:
            return None
        if size is None or problem.threshold >= size:
            return State("collapsed", 0)
        return State("orthogonal", regular.classes)

    def state_gap(self, problem: UFM) -> float | None:
        return None if regular_of(problem) is None else 0.0

    def words(self, problem: UFM, *, narrow: bool, scale: float | None = None) -> tuple[str, ...]:
        return ("cross-entropy", "ReLU features (H >= 0)")

    def transition_words(self, problem: UFM, own: Callable[[float], str]) -> str:
        if regular_of(problem) is None:
            return ""
        return "none: under cross-entropy with ReLU features the frame is orthogonal for every lambda_b" + (
            " > 0" if problem.classes == 2 else ""  # at 0 one class mean may be longer than the other
        )

    def uncertified(self, problem: UFM) -> str:
        return (
            "certificates under cross-entropy are for linear features; got features = 'relu', set features = 'linear' "
            "or loss = 'mse'"
        )

    def derivations(self, problem: UFM, choice: MethodChoice, *, narrow: bool) -> tuple[str, ...]:
        return ("cross-entropy-relu", "cross-entropy-dual")

    def law(self, problem: UFM) -> str:
        check_shown(problem, problem.classes)
        return "CrossEntropyReluLaw"


def check_shallow(problem: UFM) -> None:
    """OpenProblemError for a deep head."""
    if not problem.spec.one_layer:
        raise OpenProblemError(
            f"deep heads under cross-entropy are an open problem; got loss = 'cross-entropy' with depth = "
            f"{problem.depth}, set depth = 1 or loss = 'mse'"
        )


def check_shown(problem: UFM, rank: int) -> None:
    """OpenProblemError where the explorer has no closed form for a regular problem, at any weight decay."""
    check_shallow(problem)
    check_room(problem, rank)
    regular = problem.regular
    if regular is not None and regular.a <= 0.0:
        raise OpenProblemError(
            "the explorer shows cross-entropy for one-hot and smoothed codes, whose own output is the likeliest; got "
            f"the encoding {problem.encoding.name}, use one of these or solve it with ncsolve minimizer (ncsolve.solve)"
        )


CROSS_ENTROPY = CrossEntropy()
CROSS_ENTROPY_RELU = CrossEntropyReLU()
