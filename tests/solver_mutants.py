"""Damaged solvers of bottlenecks, deep heads and ReLU features, and a case that shows the damage.

The solver's own checks are switched off, so that a wrong minimizer is returned without a word, as a plausible bug
would do.  Each must be caught by descent from the definition and by ``verify.check``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from ncsolve import _formulas
from ncsolve._frames import coupled_block, stationary
from ncsolve._models.layered import any_codes, kept_directions
from ncsolve._models.relu import orthogonal_frame
from ncsolve.deep import Shrinkage

Damage = Callable[[pytest.MonkeyPatch], None]


def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver's own checks off: what is damaged must be caught from outside."""
    monkeypatch.setattr(stationary, "_TOLERANCE", math.inf)
    monkeypatch.setattr(coupled_block, "_FIT_AGREES", 1e300)  # times a size that may be zero


def scaled(thing: object, name: str, factor: float) -> Damage:
    """The result of a function is wrong by a factor."""
    original = getattr(thing, name)
    return lambda monkeypatch: monkeypatch.setattr(thing, name, lambda *args, **more: original(*args, **more) * factor)


def largest_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stationary branch is kept wherever it exists, without a comparison with zero."""
    monkeypatch.setattr(Shrinkage, "threshold", Shrinkage.existence)


def orthogonal_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the test of the angles between shifted codes."""
    monkeypatch.setattr(orthogonal_frame, "obtuse", lambda shifted: True)


def mean_never_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The label mean never gets a dimension of a bottleneck."""
    monkeypatch.setattr(kept_directions, "_mean", lambda *args, **more: (0.0, 0.0))


def mean_always_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The label mean always gets one."""
    original = kept_directions._mean
    monkeypatch.setattr(kept_directions, "_mean", lambda *args, **more: (1e9, original(*args, **more)[1]))


def largest_value_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bottleneck drops the largest singular value in place of the smallest."""
    original = any_codes._singular

    def from_the_smallest(*args: object) -> tuple[object, object, object]:
        left, sigma, right = original(*args)
        return left[:, ::-1], sigma[::-1], right[::-1]

    monkeypatch.setattr(any_codes, "_singular", from_the_smallest)


_FORMULAS = [
    ("deep_constant", 1.01, "deep"),
    ("deep_constant", 1.01, "deep, any codes"),
    ("deep_relative_penalty", 1.01, "deep"),
    ("deep_branch_equation", -1.0, "deep"),
    ("deep_layer_scale", 1.01, "deep"),
    ("deep_layer_scale", 1.01, "deep, any codes"),
    ("deep_threshold", 10.0, "deep"),
    ("deep_mean_constant", 1.05, "deep"),
    ("deep_bias_fraction", 0.99, "deep"),
    ("deep_bias_fraction", 0.99, "simplex in a bottleneck"),
    ("relu_class_value", 1.01, "relu"),
    ("relu_class_value", 1.01, "relu location"),
]
MUTANTS: list[tuple[str, Damage, str]] = [
    *((f"{name} times {factor:g}", scaled(_formulas, name, factor), case) for name, factor, case in _FORMULAS),
    ("bias of relu features times 1.01", scaled(orthogonal_frame, "_balanced_bias", 1.01), "relu"),
    ("location times 1.05", scaled(orthogonal_frame, "location", 1.05), "relu location"),
    ("largest root", largest_root, "deep collapse"),
    ("largest root", largest_root, "deep below the jump"),
    ("orthogonal everywhere", orthogonal_everywhere, "relu acute"),
    ("mean never kept", mean_never_kept, "signed in a bottleneck"),
    ("mean always kept", mean_always_kept, "simplex in a bottleneck"),
    ("largest value dropped", largest_value_dropped, "truncated"),
]
every_mutant = pytest.mark.parametrize(
    ("damage", "name"), [mutant[1:] for mutant in MUTANTS], ids=[f"{name}-{case}" for name, _, case in MUTANTS]
)
