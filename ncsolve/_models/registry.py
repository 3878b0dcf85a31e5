"""The models in the order in which they are asked, and what each of them answers about a problem."""

from __future__ import annotations

from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.dense import Frame
from ncsolve._models.layered.head import shrinkage_of
from ncsolve._models.layered.model import layered_transition, linear_frame
from ncsolve._models.open_problems import check_known
from ncsolve._models.plain.frames import plain_choice, plain_transition
from ncsolve._models.relu.model import relu_frame, relu_transition
from ncsolve._models.room import is_narrow
from ncsolve._problem.ufm import UFM

__all__ = ["build_frame", "choose_method", "threshold_of", "transition_lambda_b"]


def build_frame(problem: UFM, *, spectral: bool = False) -> Frame:
    """Evaluate the problem's theorem; ``spectral`` forces the spectral solver on the dense problem."""
    check_known(problem)
    return relu_frame(problem) if problem.features == "relu" else linear_frame(problem, spectral=spectral)


def choose_method(problem: UFM) -> MethodChoice:
    """The theorem that ``build_frame`` will use."""
    if not problem.plain or problem.feature_dim < min(problem.code_length, problem.classes):
        return build_frame(problem).choice  # whether a bottleneck binds is known with the rank only
    return plain_choice(problem)


def transition_lambda_b(problem: UFM) -> float | None:
    """The lambda_b at and above which the label mean is in the class means (lb* of T5, lb+ of T5b), or None.

    With ReLU features: from which it outweighs the contrasts, or if that never is, from which class means live at all.
    """
    if problem.features == "relu":
        return relu_transition(problem)
    return layered_transition(problem) if problem.depth > 1 or is_narrow(problem) else plain_transition(problem)


def threshold_of(problem: UFM) -> float:
    """The singular value of M - b u^T up to which a direction vanishes: T, or for a deep head that of T9."""
    return problem.threshold if problem.depth == 1 else shrinkage_of(problem).threshold
