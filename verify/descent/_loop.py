"""The loop that drives every method, and how a run ends."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

__all__ = ["Ending", "Landscape", "Observer", "State", "Status", "Stepper", "Vector", "dot", "iterate", "norm"]

# A numpy array or a torch tensor: the methods use only arithmetic and @.
Vector = Any


class Observer(Protocol):
    """Watches a run: is told of every step, and sees the points that it wants."""

    def due(self, step: int) -> bool: ...
    def see(self, step: int, x: Vector, value: float, gradient_norm: float) -> None: ...


class Landscape(Protocol):
    """A smooth function of a vector."""

    def value_and_gradient(self, x: Vector) -> tuple[float, Vector]: ...
    def hessian(self, x: Vector) -> Any: ...


class Status(enum.Enum):
    """How a run ended; the value is the sentence to print."""

    CONVERGED = "the gradient norm reached the tolerance"
    STEP_LIMIT = "the step limit came before the tolerance: raise max_steps or the tolerance, or use lbfgs or newton"
    STALLED = "no step lowers the loss any more, above the tolerance: rounding is in the way, raise the tolerance"


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Where a method is: ``x``, ``value`` and ``gradient`` there, and whether it is ``stuck``."""

    x: Vector
    value: float
    gradient: Vector
    stuck: bool = False


S = TypeVar("S", bound=State)


class Stepper(Protocol[S]):
    """A descent method: its state at the start, and the state after one more step."""

    def init(self, f: Landscape, x: Vector) -> S: ...
    def step(self, f: Landscape, at: S) -> S: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Ending:
    """The last point of a run."""

    x: Vector
    value: float
    gradient_norm: float
    steps: int
    status: Status


def iterate(
    stepper: Stepper[S], f: Landscape, x: Vector, *, target: float, max_steps: int, observer: Observer, first: int = 0
) -> Ending:
    """Step until the gradient norm is at most ``target``; ``first`` is the number of steps made before."""
    state = stepper.init(f, x)
    steps = first
    while True:
        size = norm(state.gradient)
        if observer.due(steps):
            observer.see(steps, state.x, state.value, size)
        if size <= target:
            status = Status.CONVERGED
        elif state.stuck:
            status = Status.STALLED
        elif steps >= max_steps or not math.isfinite(size):
            status = Status.STEP_LIMIT
        else:
            state = stepper.step(f, state)
            steps += 1
            continue
        return Ending(x=state.x, value=state.value, gradient_norm=size, steps=steps, status=status)


def dot(a: Vector, b: Vector) -> float:
    """Inner product of two vectors."""
    return float(a @ b)


def norm(a: Vector) -> float:
    """Euclidean norm of a vector."""
    return math.sqrt(float(a @ a))
