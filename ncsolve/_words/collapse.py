"""What to do where weight decay takes every class mean, or every difference of two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.protocol import Limit
from ncsolve._models.registry import model_of
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.in_convention import user_factor
from ncsolve._sweeps.path import Path
from ncsolve._sweeps.phase import Phase
from ncsolve._sweeps.second_parameter import SecondParameter

__all__ = ["collapse_of", "collapse_of_all", "collapse_of_path", "collapse_of_phase"]


_EVERYWHERE = "every class mean is zero at every point"


@dataclass(frozen=True, kw_only=True)
class _Collapse:
    """A problem without differences of class means, and what its threshold must be below."""

    problem: UFM
    limit: Limit

    @property
    def room(self) -> str:
        """A single dimension is the label mean's, which gains more than a difference at its threshold."""
        return " and dim >= 2" if self.limit.mean_only and self.problem.feature_dim == 1 else ""

    @property
    def factor(self) -> float:
        """All weight decays of W and H have to be smaller by this."""
        return model_of(self.problem).decay_factor(self.problem, self.limit.size)

    @property
    def compared(self) -> str:
        """The threshold beside what it must be below."""
        problem, limit = self.problem, self.limit
        if not problem.spec.one_layer:
            threshold = model_of(problem).threshold(problem)
            return f"the hard threshold {number(threshold)} is not below {limit.name} = {number(limit.size)}"
        if not limit.formula.endswith("(K sqrt(n))"):
            return f"T = {number(problem.threshold)} is not below {limit.name} = {number(limit.size)}"
        assert problem.regular is not None
        return f"t = {number(problem.regular.t)} is not below {number(limit.size / math.sqrt(problem.regular.n))}"

    def remedy(self, convention: Convention, *, formula: bool = True) -> str:
        if not self.problem.spec.one_layer:
            return f"multiply every weight decay, lambda_W and lambda_H, by less than {number(self.factor)}" + self.room
        w, h, _, _ = convention.factors(self.problem.samples, self.problem.code_length)
        value = number(self.limit.size / self.problem.samples / math.sqrt(w) / math.sqrt(h))
        if convention.name != "paper":
            return f"use sqrt(lambda_W lambda_H) < {value}{self.room} in the convention {convention.name}"
        return f"use sqrt(lambda_W lambda_H) < {f'{self.limit.formula} = ' if formula else ''}{value}{self.room}"


def collapse_of(minimizer: Minimizer, convention: Convention) -> str:
    """Why the class means are zero or all equal, and which weight decay brings them back; "" where they differ."""
    found = _collapse(minimizer)
    if found is None:
        return ""
    what = "no two class means differ" if found.limit.mean_only else "weight decay takes every class mean"
    return f"{what}: {found.compared}; {found.remedy(convention)}"


def collapse_of_all(minimizers: Sequence[Minimizer], names: Sequence[str], convention: Convention) -> str:
    """The same of several encodings in one sentence: a weight decay that is good for all of them."""
    found = [(name, one) for name, one in zip(names, map(_collapse, minimizers), strict=True) if one is not None]
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
    moving = path.varied in ("alpha", "count") or (path.varied == "lambda_b" and path.problem.spec.nonnegative)
    chosen = shown if moving else [int(np.argmin(path.values))]
    points = [solve(path.sweep.problem_at(float(path.values[i]))) for i in chosen]
    limits = [found for found in map(_collapse, points) if found is not None]
    if not limits:
        return ""
    least = min(limits, key=lambda found: found.limit.size / found.problem.samples)
    if path.varied in ("lambda_w", "lambda_h"):
        layers = least.problem.depth + 1
        power = layers if path.varied == "lambda_h" else layers / (layers - 1)
        bound = float(path.values.min()) / user_factor(path, convention) * least.factor**power
        return f"{_EVERYWHERE}; use {path.varied} < {number(bound)}"
    if len(chosen) > 1:
        return f"{_EVERYWHERE}; at those in the table {least.remedy(convention, formula=False)}"
    return f"{_EVERYWHERE}: {least.compared}; {least.remedy(convention)}"


def collapse_of_phase(phase: Phase, convention: Convention) -> str:
    """The same of a phase diagram without a class mean that is not zero."""
    if phase.rank.any():
        return ""
    name, low = phase.against, float(phase.lambda_b[0])
    second = SecondParameter(problem=phase.problem, name=name, values=phase.values)
    rows = phase.values if name in ("classes", "imbalance") else phase.values[:1]
    problems = [second.problem_at(value).replace(lambda_b=low) for value in rows.tolist()]
    limits = [found for found in (_collapse(solve(problem)) for problem in problems) if found is not None]
    if not limits:
        return ""
    least = min(limits, key=lambda found: found.factor)
    if name in ("t", "weight_decay"):
        return f"{_EVERYWHERE}; use {name} < {number(float(phase.values[0]) * least.factor)}"
    return f"{_EVERYWHERE}; {least.remedy(convention, formula=False)}"


def _collapse(minimizer: Minimizer) -> _Collapse | None:
    problem = minimizer.problem
    limit = model_of(problem).limit(problem, minimizer.frame)
    return None if limit is None else _Collapse(problem=problem, limit=limit)
