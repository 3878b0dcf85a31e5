"""What an optimizer takes of a parameter for its size: a penalty of the loss, or a shrinking beside the step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve.checks.arguments import check_real
from ncsolve.errors import ProblemError

__all__ = ["Decay", "Reading", "Training", "checked_optimizers"]


_DECAY, _DECOUPLED = "weight_decay", "decoupled_weight_decay"


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """Whether weight decay is added to the gradient, and which options of a group are decay."""

    coupled: bool = True
    options: tuple[str, ...] = (_DECAY,)


# Of optimizers that add weight_decay * p to the gradient a fixed point is one of loss + weight_decay/2 |p|^2, whatever
# the step is; LBFGS, Rprop and SparseAdam have none.
_COUPLED = ("Adadelta", "Adagrad", "Adam", "Adamax", "LBFGS", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD", "SparseAdam")
_NAMED = {
    **dict.fromkeys(_COUPLED, _Rule()),
    # lambd, 1e-4 unless given, shrinks p by its own step size: the gradient of lambd/2 |p|^2, too.
    "ASGD": _Rule(options=(_DECAY, "lambd")),
    **dict.fromkeys(("AdamW", "Adafactor", "Muon"), _Rule(coupled=False)),
}
# By what a convention multiplies, in words, where it is not by 1/N or one.
_FACTORS = {("mse", "torch-mean"): "m/2"}
# Not every torch has all of them.
_RULES = {getattr(torch.optim, name): rule for name, rule in _NAMED.items() if hasattr(torch.optim, name)}


@dataclass(frozen=True, kw_only=True)
class Decay:
    """The weight decay of one parameter: its value, whether it is a penalty, and where it is from."""

    value: float
    coupled: bool
    option: str
    optimizer: str

    @property
    def lost(self) -> bool:
        """Whether there is a decay, and it is the penalty of no loss (T14)."""
        return not self.coupled and self.value != 0.0

    @property
    def kind(self) -> str:
        """In a word."""
        return "coupled" if self.coupled else "decoupled"

    def __str__(self) -> str:
        return f"{self.option} = {number(self.value)} of {self.optimizer}"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A lambda in the convention of the paper, "norm" where it is to be estimated, or None; and the reason in words.

    ``obstructed``: with it no measurement compares with the minimum of this training.  ``free_bias``: it gives the head
    a bias that nothing penalizes.
    """

    value: float | str | None
    sentence: str
    obstructed: bool = False
    free_bias: bool = False


@dataclass(frozen=True, kw_only=True)
class Training:
    """A run: its optimizers, N samples, codes of length m, and the convention of its loss."""

    optimizers: tuple[Any, ...]
    coupled: bool | None
    samples: int
    code_length: int
    scaling: Convention

    def decay(self, parameter: Any) -> Decay | None:
        """The weight decay of a parameter; None if no optimizer steps it.

        Raises ProblemError where several do, and where one maximizes.
        """
        found = [
            (optimizer, group) for optimizer in self.optimizers for group in optimizer.param_groups
            if any(held is parameter for held in group["params"])
        ]
        if not found or not parameter.requires_grad:
            return None
        if len(found) > 1:
            names = " and ".join(type(optimizer).__name__ for optimizer, _ in found)
            raise ProblemError(
                f"a parameter must be in one optimizer; got one of shape {tuple(parameter.shape)} in {names}, give the "
                "optimizer that steps it"
            )
        (optimizer, group), = found
        name = type(optimizer).__name__
        if group.get("maximize", False):
            raise ProblemError(
                f"an optimizer must minimize the loss; got {name} with maximize=True, minimize the negative of it"
            )
        rule = _RULES.get(type(optimizer))
        if rule is None:  # the user knows it, and checked_optimizers refused what its groups deny
            return Decay(value=float(group[_DECAY]), coupled=bool(self.coupled), option=_DECAY, optimizer=name)
        return Decay(
            value=sum(float(group.get(option, 0.0)) for option in rule.options),
            coupled=not group.get(_DECOUPLED, not rule.coupled),
            option=" + ".join(rule.options), optimizer=name,
        )

    def trains(self, parameters: Sequence[Any]) -> bool:
        """Whether an optimizer steps any of the parameters."""
        return any(self.decay(parameter) is not None for parameter in parameters)

    def in_paper(self, decay: float) -> float:
        """A weight decay in the convention of the paper."""
        return self.scaling.to_paper(self.samples, self.code_length, decay, 0.0, 0.0).lambda_w

    def penalty_of(self, letter: str, what: str, decay: Decay) -> Reading:
        """The lambda of a decay that is on the variable of the model itself."""
        if decay.lost:
            return Reading(value=None, obstructed=True, sentence=(
                f"No lambda_{letter}: {decay} on {what} is decoupled: it shrinks beside an adaptive step, and where "
                "the two balance is the minimum of no loss; train with Adam or SGD, put the penalty into the loss, or "
                "measure the geometry alone"
            ))
        value = self.in_paper(decay.value)
        return Reading(value=value, sentence=(
            f"lambda_{letter} = {number(value)}: {decay} on {what}, coupled{self.times(decay.value, value)}"
        ))

    def times(self, given: float, paper: float) -> str:
        """How the convention of the loss made one number of another, for a sentence."""
        how = _FACTORS.get((self.scaling.loss, self.scaling.name), "1/N")
        return "" if paper == given else f" (times {how} = {number(paper / given)})"

    def penalty_in_paper(self, penalty: float) -> float:
        """A penalty of the features in the convention of the paper."""
        return self.scaling.to_paper(self.samples, self.code_length, 0.0, penalty, 0.0).lambda_h


def checked_optimizers(optimizer: Any, coupled: bool | None, model: nn.Module) -> tuple[Any, ...]:
    """The optimizers of a run, each known or said to be coupled or not; ProblemError for what is none."""
    found = tuple(optimizer) if isinstance(optimizer, (list, tuple)) else (optimizer,)
    for one in found or (None,):
        if not isinstance(one, torch.optim.Optimizer):
            raise ProblemError(
                f"the optimizer must be one of torch, or a list of them; got {type(one).__name__}, give the optimizer "
                "itself (of a scheduler its .optimizer)"
            )
    unknown = [one for one in found if type(one) not in _RULES]
    if unknown and not isinstance(coupled, bool):
        raise ProblemError(
            f"whether weight decay is a penalty must be known; got {type(unknown[0]).__name__}, which torch.optim does "
            "not have: say coupled=True if it adds weight_decay * p to the gradient, coupled=False if it shrinks p "
            "beside the step"
        )
    if coupled is not None and not unknown:
        raise ProblemError(
            f"coupled is for optimizers that torch.optim does not have; got {type(found[0]).__name__}, leave it out"
        )
    for one in unknown:
        _check_unknown(one, bool(coupled))
    own = {id(parameter) for parameter in model.parameters()}
    if not any(id(held) in own for one in found for group in one.param_groups for held in group["params"]):
        raise ProblemError(
            f"the optimizer must hold parameters of the model; got {type(found[0]).__name__} with none of them, give "
            "the model that it trains"
        )
    return found


def _check_unknown(optimizer: Any, coupled: bool) -> None:
    """That the groups of an optimizer that is not torch's say a weight decay, and do not deny what the user says."""
    name = type(optimizer).__name__
    decoupled = isinstance(optimizer, tuple(kind for kind, rule in _RULES.items() if not rule.coupled))
    for group in optimizer.param_groups:
        if _DECAY not in group:
            options = ", ".join(sorted(word for word in group if word != "params")) or "none"
            raise ProblemError(
                f"a group of an optimizer must say its {_DECAY}; got {name} with the options {options}, set "
                f"group[{_DECAY!r}] in its param_groups, to 0 if it has none"
            )
        check_real(f"{_DECAY} of {name}", group[_DECAY])
        if coupled and group.get(_DECOUPLED, decoupled):
            raise ProblemError(
                f"coupled=True must not deny what the optimizer says; got {name}, whose weight decay is decoupled: say "
                f"coupled=False, or set {_DECOUPLED}=False where its step adds weight_decay * p to the gradient"
            )
