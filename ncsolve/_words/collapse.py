"""What to do where weight decay takes every class mean, or every difference of two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import threshold_of
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.frames_along import shifted_singular_values
from ncsolve._sweeps.in_convention import user_factor
from ncsolve._sweeps.path import Path
from ncsolve._sweeps.phase import Phase
from ncsolve._sweeps.second_parameter import SecondParameter

__all__ = ["collapse_of", "collapse_of_all", "collapse_of_path", "collapse_of_phase"]


_EVERYWHERE = "every class mean is zero at every point"


@dataclass(frozen=True, kw_only=True)
class _Limit:
    """Below ``size`` the threshold must be, and what it is in words; ``mean_only`` if class means only coincide."""

    problem: UFM
    size: float
    name: str
    formula: str
    mean_only: bool = False

    @property
    def room(self) -> str:
        """A single dimension is the label mean's, which gains more than a difference at its threshold."""
        return " and dim >= 2" if self.mean_only and self.problem.feature_dim == 1 else ""

    @property
    def factor(self) -> float:
        """All weight decays of W and H have to be smaller by this: a hard threshold is a power of it (T9)."""
        p = self.problem.depth + 1
        return float((self.size / threshold_of(self.problem)) ** ((2 * p - 2) / p))

    def decay(self, convention: Convention) -> float:
        """The user's sqrt(lambda_W lambda_H) has to be below this (one layer)."""
        w, h, _, _ = convention.factors(self.problem.samples, self.problem.code_length)
        return self.size / self.problem.samples / math.sqrt(w) / math.sqrt(h)

    def remedy(self, convention: Convention, *, formula: bool = True) -> str:
        if self.problem.depth > 1:
            return f"multiply every weight decay, lambda_W and lambda_H, by less than {number(self.factor)}" + self.room
        value = number(self.decay(convention))
        if convention.name != "paper":
            return f"use sqrt(lambda_W lambda_H) < {value}{self.room} in the convention {convention.name}"
        return f"use sqrt(lambda_W lambda_H) < {f'{self.formula} = ' if formula else ''}{value}{self.room}"


def collapse_of(minimizer: Minimizer, convention: Convention) -> str:
    """Why the class means are zero or all equal, and which weight decay brings them back; "" where they differ."""
    limit = _limit(minimizer)
    if limit is None:
        return ""
    what = "no two class means differ" if limit.mean_only else "weight decay takes every class mean"
    return f"{what}: {_compared(limit)}; {limit.remedy(convention)}"


def collapse_of_all(minimizers: Sequence[Minimizer], names: Sequence[str], convention: Convention) -> str:
    """The same of several encodings in one sentence: a weight decay that is good for all of them."""
    found = [(name, limit) for name, limit in zip(names, map(_limit, minimizers), strict=True) if limit is not None]
    if not found:
        return ""
    _, least = min(found, key=lambda pair: pair[1].factor)
    who = ", ".join(name for name, _ in found)
    what = "weight decay takes every class mean, or every difference of two"
    return f"{who}: {what}; {least.remedy(convention, formula=False)}"


def collapse_of_path(path: Path, shown: Sequence[int], convention: Convention) -> str:
    """The same where no point of a path has a class mean that is not zero; ``shown`` are the points in the table."""
    if path.rank.any():
        return ""
    # The larger lambda_b, the larger is s_1 of what the bias leaves (but not every code); weight decays leave it alone.
    moving = path.varied in ("alpha", "count") or (path.varied == "lambda_b" and path.problem.features == "relu")
    chosen = shown if moving else [int(np.argmin(path.values))]
    limits = [limit for limit in (_limit(path.minimizer(i)) for i in chosen) if limit is not None]
    if not limits:
        return ""
    least = min(limits, key=lambda limit: limit.size / limit.problem.samples)
    if path.varied in ("lambda_w", "lambda_h"):
        layers = least.problem.depth + 1
        power = layers if path.varied == "lambda_h" else layers / (layers - 1)
        bound = float(path.values.min()) / user_factor(path, convention) * least.factor**power
        return f"{_EVERYWHERE}; use {path.varied} < {number(bound)}"
    if len(chosen) > 1:
        return f"{_EVERYWHERE}; at those in the table {least.remedy(convention, formula=False)}"
    return f"{_EVERYWHERE}: {_compared(least)}; {least.remedy(convention)}"


def collapse_of_phase(phase: Phase, convention: Convention) -> str:
    """The same of a phase diagram without a class mean that is not zero."""
    if phase.rank.any():
        return ""
    name, low = phase.against, float(phase.lambda_b[0])
    second = SecondParameter(problem=phase.problem, name=name, values=phase.values)
    rows = phase.values if name in ("classes", "imbalance") else phase.values[:1]
    problems = [second.problem_at(value).replace(lambda_b=low) for value in rows.tolist()]
    limits = [limit for limit in (_limit(solve(problem)) for problem in problems) if limit is not None]
    if not limits:
        return ""
    least = min(limits, key=lambda limit: limit.factor)
    if name in ("t", "weight_decay"):
        return f"{_EVERYWHERE}; use {name} < {number(float(phase.values[0]) * least.factor)}"
    return f"{_EVERYWHERE}; {least.remedy(convention, formula=False)}"


def _compared(limit: _Limit) -> str:
    problem = limit.problem
    if problem.depth > 1:
        return f"the hard threshold {number(threshold_of(problem))} is not below {limit.name} = {number(limit.size)}"
    if not limit.formula.endswith("(K sqrt(n))"):
        return f"T = {number(problem.threshold)} is not below {limit.name} = {number(limit.size)}"
    unit = math.sqrt(problem.counts.values[0])
    return f"t = {number(problem.threshold / unit)} is not below {number(limit.size / unit)}"


def _limit(minimizer: Minimizer) -> _Limit | None:
    problem = minimizer.problem
    if problem.features == "relu":
        return None if minimizer.rank else _relu_limit(minimizer)
    affine = problem.encoding.affine
    if affine is not None and affine.a != 0.0 and problem.counts.balanced and problem.classes > 1:
        size = abs(affine.a) * math.sqrt(problem.counts.values[0])
        if minimizer.rank > 1 or (minimizer.rank == 1 and threshold_of(problem) < size):
            return None
        scale = "1" if abs(affine.a) == 1.0 else "|a|"
        return _Limit(
            problem=problem, size=size, name="|a| sqrt(n)", formula=f"{scale}/(K sqrt(n))",
            mean_only=minimizer.rank > 0,
        )
    # A bias alone is b = mu/(1 + lambda_b) for every weight decay of W and H: this is the size at which that ends.
    size = 0.0 if minimizer.rank else float(np.max(shifted_singular_values(minimizer.frame), initial=0.0))
    if size == 0.0:  # there is a class mean, or no label to learn
        return None
    return _Limit(problem=problem, size=size, name="the largest singular value s_1 of the labels minus bias",
                  formula="s_1/N")


def _relu_limit(minimizer: Minimizer) -> _Limit | None:
    """One class alone lives where T is below its length: with H >= 0 no other condition is as plain."""
    problem = minimizer.problem
    lengths = np.linalg.norm(problem.encoding.matrix - minimizer.bias[:, None], axis=0)
    size = float(np.max(lengths * np.sqrt(problem.counts.array.astype(np.float64))))
    if size == 0.0:
        return None
    return _Limit(problem=problem, size=size, name="the largest sqrt(n_k) |e_k - b|", formula="that/N")
