"""A bottleneck (T8), a deep head (T9), or both: linear features that the convex problem does not cover."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.protocol import Frame
from ncsolve._models.layered.any_codes import best_of_starts, fixed_bias_frame, known_bias
from ncsolve._models.layered.choices import EQUAL_CODES, choices_of
from ncsolve._models.layered.head import equal_codes_frame, shrinkage_of
from ncsolve._models.layered.kept_directions import frame_of_kept, keep, kept_frame
from ncsolve._models.layered.room import is_narrow
from ncsolve._models.layered.thresholds import mean_branches, mean_threshold
from ncsolve._models.layered.words import head_words, transition_words, vanishing_words
from ncsolve._models.plain.model import PLAIN, linear_limit
from ncsolve._models.protocol import Limit, Model, State, Transition
from ncsolve._models.room import may_bind, room_words
from ncsolve._problem.ufm import UFM

__all__ = ["LAYERED"]

# At lambda_b = inf a frame is orthogonal, and on the way there rounding has either sign.
_EQUAL = 1e-12


class Layered(Model):
    """Each singular value of the labels minus bias shrinks by a scalar problem of its own, and the d that gain most
    are kept."""

    name = "layered"

    def owns(self, problem: UFM) -> bool:
        return problem.spec.squared and problem.features == "linear" and not PLAIN.owns(problem)

    def frame(self, problem: UFM, *, spectral: bool = False) -> Frame:
        """That of the convex problem where one layer has room for it after all."""
        if not problem.spec.one_layer:
            return self._frame(problem, spectral=spectral, convex_loss=None)
        convex = PLAIN.frame(problem, spectral=spectral)
        if convex.rank <= problem.feature_dim:
            return convex
        return self._frame(problem, spectral=spectral, convex_loss=convex.loss_terms().total)

    def _frame(self, problem: UFM, *, spectral: bool, convex_loss: float | None) -> FactoredFrame:
        """``convex_loss`` is the minimum without the bottleneck, where that is convex."""
        bias, choices = known_bias(problem), choices_of(problem)
        if problem.regular is not None and not spectral:
            return kept_frame(problem, choices.regular)
        if bias is not None:
            return fixed_bias_frame(problem, choices.known_bias, bias)
        if np.ptp(problem.encoding.matrix, axis=1).max() == 0.0 and not problem.spec.one_layer:
            return equal_codes_frame(problem, EQUAL_CODES)
        free = self._frame(problem.replace(lambda_b=0.0), spectral=True, convex_loss=None).loss_terms().total
        bounds = [(free, "the minimum of the same problem with a free bias (lambda_b = 0), which costs no more")]
        if convex_loss is not None:
            bounds.append((convex_loss, "the minimum of the convex problem without the bottleneck"))
        return best_of_starts(problem, choices.starts, bounds=tuple(bounds))

    def shares_spectrum(self, problem: UFM) -> bool:
        return problem.spec.one_layer

    def descends(self, problem: UFM) -> bool:
        known = problem.regular is not None or known_bias(problem) is not None
        return not known and not (problem.spec.one_layer and not may_bind(problem))

    def binds(self, problem: UFM, frame: Frame | None = None) -> bool:
        if problem.spec.one_layer and frame is not None:
            return not frame.convex
        known = not problem.spec.one_layer and problem.regular is not None
        return may_bind(problem) and (not known or keep(problem).dropped)

    def threshold(self, problem: UFM) -> float:
        """T, or for a deep head that of T9."""
        return problem.threshold if problem.spec.one_layer else shrinkage_of(problem).threshold

    def threshold_power(self, problem: UFM) -> float:
        return (problem.depth + 1) / (2 * problem.depth)

    def merging_size(self, problem: UFM) -> float | None:
        return PLAIN.merging_size(problem)

    def merging_words(self, problem: UFM, value: str) -> str:
        if problem.spec.one_layer:
            return PLAIN.merging_words(problem, value)
        return f"no two class means differ, {value} (T9)"

    def limit(self, problem: UFM, frame: Frame) -> Limit | None:
        return linear_limit(problem, frame, self.threshold(problem))

    def transition(self, problem: UFM) -> Transition | None:
        """The lambda_b from which the label mean is in the class means of a regular problem: by a jump, unless one
        layer has room for it beside the contrasts.  With room for any codes it is that of the convex problem."""
        regular = problem.regular
        if problem.spec.one_layer and not may_bind(problem):
            return PLAIN.transition(problem)
        if regular is None:
            return None
        if is_narrow(problem):
            a, w, t = abs(regular.a), abs(regular.w), regular.t
            if not problem.spec.one_layer or not t < a < w:
                return None
            return Transition(float(_formulas.bottleneck_transition(w - a, a - t, t)), "T8", first_order=True)
        if problem.spec.one_layer:
            return PLAIN.transition(problem)
        scalar = shrinkage_of(problem)
        at, latent = mean_threshold(problem, scalar.threshold), mean_threshold(problem, scalar.existence)
        if at is None:
            return None
        jump = scalar.with_bias(at).jump / math.sqrt(regular.n)
        return Transition(at, "T9", first_order=True, jump=jump, latent_from=latent)

    def state(self, problem: UFM) -> State | None:
        if problem.regular is None:
            return None
        kept = keep(problem)
        mean, whole = kept.along_z > 0, kept.contrasts == problem.classes - 1
        rank = kept.contrasts + mean
        if rank == 0:
            regime = "collapsed"
        elif problem.classes == 1 or 0 < kept.contrasts < problem.classes - 1:
            regime = "general"
        elif not mean:
            regime = "simplex"
        else:
            ahead = kept.along_z - kept.across_z
            regime = "acute" if kept.contrasts == 0 or (whole and ahead > kept.across_z * _EQUAL) else "intermediate"
            if whole and problem.lambda_b == math.inf and abs(ahead) <= kept.across_z * _EQUAL:
                regime = "orthogonal"
        return State(regime, rank, kept.contrasts, mean)

    def state_gap(self, problem: UFM) -> float | None:
        if problem.regular is None:
            return None
        kept = keep(problem)
        return kept.along_z / kept.across_z - 1.0

    def second_frame(self, problem: UFM) -> Frame | None:
        """A deep head with the label mean on the other side of its jump: out of the class means, or in them."""
        if problem.spec.one_layer or problem.regular is None or not problem.feature_dim >= problem.classes > 1:
            return None
        if problem.lambda_b == 0.0 or not problem.label_mean.any():
            return None
        kept = keep(problem)
        others = [0.0] if kept.along_z > 0 else [
            branch.z for branch in mean_branches(problem) if branch.minimum and branch.z > 0
        ]
        if not others:
            return None
        return frame_of_kept(problem, choices_of(problem).regular, dataclasses.replace(kept, along_z=others[0]))

    def words(self, problem: UFM, *, narrow: bool, scale: float | None = None) -> tuple[str, ...]:
        head = () if problem.spec.one_layer else (head_words(problem, scale),)
        return (*head, *((room_words(problem),) if narrow else ()))

    def notes(self, problem: UFM) -> tuple[str, ...]:
        if problem.spec.one_layer:
            return ()
        return ("directions vanish by a hard threshold", *vanishing_words(problem))

    def threshold_name(self, problem: UFM) -> str:
        return "threshold T =" if problem.spec.one_layer else "hard threshold"

    def transition_words(self, problem: UFM, own: Callable[[float], str]) -> str:
        return transition_words(problem, self.transition(problem), own)

    def derivations(self, problem: UFM, choice: MethodChoice, *, narrow: bool) -> tuple[str, ...]:
        if problem.spec.one_layer:
            return ("bottleneck",)
        return ("deep", "bottleneck") if narrow else ("deep",)

    def uncertified(self, problem: UFM) -> str:
        if not problem.spec.one_layer:
            return "a certificate is for heads of one layer, as the penalty of more is not convex"
        return (
            f"a certificate holds for every dim, and dim = {problem.dim} is below the rank of the minimizer; leave dim "
            "out"
        )

    def law(self, problem: UFM) -> str:
        return "DirectionsLaw"


LAYERED = Layered()
