"""The paper's model: one layer, linear features, and room for every direction of the codes (T3 to T6)."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.protocol import Frame
from ncsolve._models.plain.frames import plain_choice, plain_frame, plain_transition
from ncsolve._models.protocol import Limit, Model, Transition
from ncsolve._models.residual import Residual, convex_residual
from ncsolve._problem.ufm import UFM

__all__ = ["PLAIN", "linear_limit"]

_FAMILY = {"onehot": "onehot", "smoothed": "smoothing", "signed": "signed", "simplex": "simplex"}
_DERIVATIONS = {"T4": ("eigenvector", "bias"), "T5b": ("large-bias",), "T6": ("imbalanced", "no-bias")}


class Plain(Model):
    """Convex in Z and b: each singular value of the labels minus bias shrinks by T."""

    name = "plain"
    certifies_networks = True
    merges_by_count = "T5"

    def owns(self, problem: UFM) -> bool:
        return problem.spec.plain and problem.feature_dim >= min(problem.code_length, problem.classes)

    def frame(self, problem: UFM, *, spectral: bool = False) -> Frame:
        return plain_frame(problem, spectral=spectral)

    def choice(self, problem: UFM) -> MethodChoice:
        return plain_choice(problem)

    def shares_spectrum(self, problem: UFM) -> bool:
        return True

    def merging_size(self, problem: UFM) -> float | None:
        regular = problem.regular
        return None if regular is None else abs(regular.a) * math.sqrt(regular.n)

    def limit(self, problem: UFM, frame: Frame) -> Limit | None:
        return linear_limit(problem, frame, problem.threshold)

    def transition(self, problem: UFM) -> Transition | None:
        """lb* of T5 for regular problems, lb+ of T5b for others."""
        at = plain_transition(problem)
        return None if at is None else Transition(at, "T5b" if problem.regular is None else "T5")

    def known_changes(self, problem: UFM) -> dict[float, str]:
        """The transition, and where smoothed codes and their kin pass through an orthogonal frame."""
        known, regular = super().known_changes(problem), problem.regular
        if regular is not None and abs(regular.w) > abs(regular.a):
            known[_formulas.affine_orthogonal_lambda_b(regular.a, regular.w, regular.t)] = "T5"
        return known

    def residual(self, problem: UFM, frame: Frame) -> Residual:
        return convex_residual(problem, frame)

    def words(self, problem: UFM, *, narrow: bool, scale: float | None = None) -> tuple[str, ...]:
        return ()

    def derivations(self, problem: UFM, choice: MethodChoice, *, narrow: bool) -> tuple[str, ...]:
        if problem.regular is not None and choice.theorem == "T5":
            member = _FAMILY.get(problem.encoding.name.partition(":")[0])
            return (*((member,) if member else ()), "affine", "affine-geometry")
        if choice.theorem in _DERIVATIONS:
            return _DERIVATIONS[choice.theorem]
        if problem.lambda_b == 0.0:
            return ("centring", "bias")
        return ("no-bias" if problem.lambda_b == math.inf else "bias", "factorization")

    def law(self, problem: UFM) -> str:
        return "PlainLaw"


def linear_limit(problem: UFM, frame: Frame, threshold: float) -> Limit | None:
    """What the ``threshold`` has to be below, where no two class means of the frame differ."""
    regular = problem.regular
    if regular is not None and regular.a != 0.0 and problem.classes > 1:
        size = abs(regular.a) * math.sqrt(regular.n)
        if frame.rank > 1 or (frame.rank == 1 and threshold < size):
            return None
        scale = "1" if abs(regular.a) == 1.0 else "|a|"
        return Limit(size, "|a| sqrt(n)", f"{scale}/(K sqrt(n))", mean_only=frame.rank > 0)
    # A bias alone is b = mu/(1 + lambda_b) for every weight decay of W and H: this is the size at which that ends.
    size = 0.0 if frame.rank else float(np.max(frame.shifted_singular_values(), initial=0.0))
    if size == 0.0:  # there is a class mean, or no label to learn
        return None
    return Limit(size, "the largest singular value s_1 of the labels minus bias", "s_1/N")


PLAIN = Plain()
