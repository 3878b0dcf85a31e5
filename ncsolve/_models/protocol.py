"""What every model answers about a problem; the answers here are those of a model of which nothing more is known."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.protocol import Frame
from ncsolve._models.residual import Residual
from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["Limit", "Model", "State", "Transition"]


class State(NamedTuple):
    """What a regular problem's class means are like, told from scalars: the ``regime`` and ``rank`` of a minimizer.

    ``contrasts`` and ``mean`` say how many contrasts are kept, and whether the label mean is in; a model that does not
    tell them apart leaves both as they are, always.
    """

    regime: str
    rank: int
    contrasts: int = 0
    mean: bool = False


class Transition(NamedTuple):
    """The ``lambda_b`` from which the label mean is in the class means (for H >= 0: outweighs the contrasts), by a
    ``theorem``.

    ``first_order`` where the minimizer jumps; for a deep head ``jump`` is then the label mean's singular value beyond
    it, in units of sqrt(n), and ``latent_from`` the lambda_b from which that exists as a second minimum.  ``birth``
    where all class means are zero up to it, so that it is no change of their angle.
    """

    lambda_b: float
    theorem: str
    first_order: bool = False
    jump: float | None = None
    latent_from: float | None = None
    birth: bool = False


class Limit(NamedTuple):
    """The ``size`` that the threshold has to be below for class means that differ, in words and as a formula for
    sqrt(lambda_W lambda_H); ``mean_only`` where class means are there but coincide."""

    size: float
    name: str
    formula: str
    mean_only: bool = False


class Model(ABC):
    """One model, a set of pure functions of a problem.

    A model answers for the problems that it ``owns``; what is not known of it is None, or an OpenProblemError whose
    sentence the user reads.
    """

    name = ""
    # Whether, where the state is known, nothing jumps, and transition and vanishing_t are all that changes.
    continuous = False
    # Whether every point comes with a lower bound of its own: then what is left of its gradient is no error, but a gap.
    bounds_points = False
    # Whether a minimizer may jump along a parameter: not that of a convex problem.
    jumps = True
    # The theorem, if there is one, by which class means of one count merge where T reaches |a| sqrt(n), whatever the
    # bias and the other classes are.
    merges_by_count = ""
    # Whether W and the class means are unique up to a rotation, so that Gram matrices can be compared.
    unique_gram = True
    # Whether the gap of a network bounds its distance from the Gram matrix of the minimum (T13).
    certifies_networks = False
    # No feature is below this.
    least_feature = -math.inf
    # Of which matrix ``Frame.shifted_singular_values`` are, as LaTeX.
    spectrum_name = r"$M - b\,u^\top$"

    @abstractmethod
    def owns(self, problem: UFM) -> bool:
        """Whether the problem is of this model, as far as its fields tell; no two models own one problem."""

    @abstractmethod
    def frame(self, problem: UFM, *, spectral: bool = False) -> Frame:
        """The arrays of the minimizer; ``spectral`` leaves out what is special to affine one-hot codes."""

    def choice(self, problem: UFM) -> MethodChoice:
        """The theorem that ``frame`` will use: at worst what it takes to make that."""
        return self.frame(problem).choice

    def shares_spectrum(self, problem: UFM) -> bool:
        """Whether minimizers along a parameter may be those of the convex problem (T3), which share a spectrum."""
        return False

    def descends(self, problem: UFM) -> bool:
        """Whether a minimizer may have to be found by descents, as far as is known without solving."""
        return False

    def approximates(self, problem: UFM) -> bool:
        """Whether a minimizer that is no descent's is found to an accuracy short of rounding all the same."""
        return False

    def binds(self, problem: UFM, frame: Frame | None = None) -> bool:
        """Whether dim is a bottleneck of the minimizer, which ``frame`` holds.

        Without a frame, and wherever the minimizer without the bottleneck is another problem to solve: whether it may.
        """
        return False

    def least_dim(self, problem: UFM, frame: Frame) -> int:
        """The fewest dimensions in which the class means of the frame are known to have room."""
        return frame.rank

    # The threshold of the singular values

    def threshold(self, problem: UFM) -> float:
        """The singular value of M - b u^T up to which a direction vanishes; for H >= 0 the length of a class alone."""
        return problem.threshold

    def threshold_power(self, problem: UFM) -> float:
        """The threshold is proportional to this power of N and of a common factor of all weight decays of W and H."""
        return 1.0

    def decay_factor(self, problem: UFM, size: float) -> float:
        """By how much all weight decays of W and H have to be multiplied for a threshold of ``size``."""
        return float((size / self.threshold(problem)) ** (1.0 / self.threshold_power(problem)))

    def merging_size(self, problem: UFM) -> float | None:
        """The threshold from which no two class means of a regular problem differ, whatever lambda_b is, or None."""
        return None

    def merging_words(self, problem: UFM, value: str) -> str:
        """What a picture says of the ``value`` of its parameter at which that is."""
        return f"$t = |a|$: no two class means differ, {value}"

    def merging_count(self, problem: UFM) -> str:
        """The number of samples up to which classes of one count share a mean, as a formula."""
        affine = problem.encoding.affine
        return "T^2" if affine is not None and abs(affine.a) == 1.0 else "T^2/a^2"

    def vanishing_t(self, problem: UFM) -> float | None:
        """The t from which all class means of a regular problem are zero, at its lambda_b, where that is a curve of
        its own; else None."""
        return None

    def limit(self, problem: UFM, frame: Frame) -> Limit | None:
        """What the threshold has to be below for class means that differ; None where they do, or if it is not known."""
        return None

    # What changes along lambda_b

    def transition(self, problem: UFM) -> Transition | None:
        """Where the frame changes along lambda_b, as far as a theorem says."""
        return None

    def known_changes(self, problem: UFM) -> dict[float, str]:
        """Every lambda_b that a theorem gives for a change of the regime, and the theorem; births, where class means
        begin to live, are left to ``vanishing_t``."""
        found = self.transition(problem)
        return {} if found is None or found.birth else {found.lambda_b: found.theorem}

    def state(self, problem: UFM) -> State | None:
        """Regime and rank without solving, or None where that is not known: for one value of a parameter it may be, and
        for another not."""
        return None

    def state_gap(self, problem: UFM) -> float | None:
        """Singular value of the label mean over that of the contrasts, minus 1, where the state is known."""
        return None

    def second_frame(self, problem: UFM) -> Frame | None:
        """The other local minimum, where there is one."""
        return None

    def residual(self, problem: UFM, frame: Frame) -> Residual:
        """What the distance of any other point from the minimum is measured with.  Raises OpenProblemError."""
        raise OpenProblemError(
            f"measuring a network is for heads of one layer, whose loss is convex in outputs and bias; got the model "
            f"{self.name!r}, set depth = 1 and leave dim out"
        )

    # What is said and shown

    @abstractmethod
    def words(self, problem: UFM, *, narrow: bool, scale: float | None = None) -> tuple[str, ...]:
        """What is different from the paper's model, a phrase each; ``narrow`` says whether dim is a bottleneck.

        With ``scale``, the weight decay of each layer as it was typed: over this factor of its convention.
        """

    def notes(self, problem: UFM) -> tuple[str, ...]:
        """What one should know of every minimizer of this model, a sentence each."""
        return ()

    def threshold_name(self, problem: UFM) -> str:
        """What the threshold is called, before its value."""
        return "threshold T ="

    def transition_words(self, problem: UFM, own: Callable[[float], str]) -> str:
        """Where the frame changes along lambda_b; ``own`` writes a lambda_b in the user's convention."""
        return ""

    def derivations(self, problem: UFM, choice: MethodChoice, *, narrow: bool) -> tuple[str, ...]:
        """Names of the derivations behind a minimizer, the one that was evaluated first."""
        return ()

    def uncertified(self, problem: UFM) -> str:
        """Why there is no certificate (T12), if there is none."""
        return f"no certificate is known for the model {self.name!r}"

    def law(self, problem: UFM) -> str:
        """The class of the explorer's page that evaluates a regular problem.  Raises OpenProblemError."""
        raise OpenProblemError(f"the explorer has no formulas for the model {self.name!r}; use ncsolve path or phase")
