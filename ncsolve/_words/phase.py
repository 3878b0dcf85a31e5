"""A phase diagram in sentences: its problem and model, how much each regime covers, and the boundaries."""

from __future__ import annotations

import numpy as np

from ncsolve._models.registry import model_of
from ncsolve._models.words import model_words
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import CONVENTIONS
from ncsolve._sweeps.areas import areas
from ncsolve._sweeps.phase import Boundary, Phase
from ncsolve._sweeps.second_parameter import AGAINST
from ncsolve._words.collapse import collapse_of_phase
from ncsolve._words.model import best_found

__all__ = ["phase_description"]

_SHOWN = 8


def phase_description(phase: Phase) -> list[tuple[str, str]]:
    """What there is to say of a phase diagram, by name."""
    problem, against = phase.problem, phase.against
    names, kinds = areas(phase)
    covered = ", ".join(f"{kind} {100 * np.mean(names == kind):.3g} %" for kind in kinds[:_SHOWN])
    lines = [_boundary(against, boundary, ranks=kinds[0].startswith("rank ")) for boundary in phase.boundaries[:_SHOWN]]
    if len(phase.boundaries) > _SHOWN:
        lines.append(f"... and {len(phase.boundaries) - _SHOWN} more (--json has all of them)")
    where = ", ".join(number(value, 10) for value in phase.collapse)
    collapse = f"no two class means differ from {against} = {where} on"
    if against == "imbalance" or problem.regular is None:
        rule = model_of(problem).merging_count(problem)
        collapse = f"at {against} = {where} the means of all classes of n_k = {rule} samples merge into one"
    rows = (
        ("problem", f"{problem.encoding.name} codes, K = {problem.classes} classes, N = {problem.samples} samples; "
         f"lambda_b over {phase.lambda_b.size} values against {against} ({AGAINST[against]}) over {phase.values.size} "
         "values"),
        ("model", (model_words(problem) or "a bottleneck where there are more classes than dimensions")
         if phase.beyond else ""),
        ("guarantee", best_found(f", at {100 * float(phase.best_found.mean()):.3g} % of the points")
         if phase.best_found.any() else ""),
        ("regimes", covered + (f" and {len(kinds) - _SHOWN} more" if len(kinds) > _SHOWN else "")),
        ("boundaries", "\n".join(lines) or "none"),
        ("collapse", f"{collapse}, whatever lambda_b is" if phase.collapse else ""),
        ("remedy", collapse_of_phase(phase, CONVENTIONS["paper"])),
    )
    return [(name, text) for name, text in rows if text]


def _boundary(against: str, boundary: Boundary, *, ranks: bool) -> str:
    what = f"{boundary.regime_before} to {boundary.regime_after}"
    if ranks:
        what = f"rank {boundary.rank_before} to {boundary.rank_after}"
    ends = f"from ({number(boundary.lambda_b[0], 6)}, {number(boundary.values[0], 6)})"
    if boundary.values.size > 1:
        ends += f" to ({number(boundary.lambda_b[-1], 6)}, {number(boundary.values[-1], 6)})"
    how = f"closed form, {boundary.theorem}" if boundary.theorem else f"{boundary.values.size} roots"
    if boundary.kind == "exchange":
        what += ", the label mean for a contrast"
    if boundary.jump:
        what += ", a jump"
    return f"{what}: {ends} in (lambda_b, {against}); {how}"
