"""The paper's model: one layer, linear features, and room for every direction of the codes (T3 to T6)."""

from __future__ import annotations

import math

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.protocol import Frame
from ncsolve._models.plain.frames import plain_choice, plain_frame, plain_transition
from ncsolve._models.plain.limit import linear_limit
from ncsolve._models.protocol import Limit, Model, Transition
from ncsolve._models.room import may_bind
from ncsolve._problem.ufm import UFM

__all__ = ["PLAIN"]

_FAMILY = {"onehot": "onehot", "smoothed": "smoothing", "signed": "signed", "simplex": "simplex"}
_DERIVATIONS = {"T4": ("eigenvector", "bias"), "T5b": ("large-bias",), "T6": ("imbalanced", "no-bias")}


class Plain(Model):
    """Convex in Z and b: each singular value of the labels minus bias shrinks by T."""

    name = "plain"

    def owns(self, problem: UFM) -> bool:
        return problem.spec.plain and not may_bind(problem)

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


PLAIN = Plain()
