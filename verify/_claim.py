"""A claim of the theory, and the verdict on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ncsolve.verify._figure import Figure

__all__ = ["SOURCES", "STATED", "Claim", "Size", "Standing", "Verdict", "claim"]

Size = Literal["quick", "full"]
Standing = Literal["agrees", "proved"]
Examine = Callable[[Size], Sequence[Figure]]

SOURCES = {
    "papyan2020": "Papyan, Han & Donoho 2020, Prevalence of neural collapse",
    "zhu2021": "Zhu et al. 2021, A geometric analysis of neural collapse with unconstrained features",
    "zhou2022": "Zhou et al. 2022, On the optimization landscape of neural collapse under MSE loss",
    "tirer2022": "Tirer & Bruna 2022, Extended unconstrained features model",
    "dang2023": "Dang et al. 2023, Neural collapse in deep linear networks",
    "hong2023": "Hong & Ling 2023, Neural collapse for unconstrained feature model under cross-entropy loss",
    "dang2024": "Dang et al. 2024, Neural collapse for cross-entropy class-imbalanced learning",
    "andriopoulos2024": "Andriopoulos et al. 2024, Prevalence of neural collapse in neural multivariate regression",
    "massion2026": "Massion, Makhlouf & Massart 2026, The role of class encoding in neural collapse",
    "ncsolve": "this project, docs/theory.md",
}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement with its sources, what is run to examine it, and the function that does it.

    ``examine("quick")`` or ``examine("full")`` returns the figures; predictions come from ``ncsolve.solve`` or from
    the statement, everything found comes from descent, cvxpy or the definition.  ``theorems`` are the names of the
    derivations that it examines; a claim on what the metrics of the field cannot see, say, has none.  ``weight`` orders
    the claims by how long they take.  ``shows`` is what figures that all pass show: numerics agree, only exact
    arithmetic proves.
    """

    name: str
    statement: str
    sources: tuple[str, ...]
    run: str
    examine: Examine
    theorems: tuple[str, ...] = ()
    weight: int = 0
    shows: Standing = "agrees"


# What ``claim`` has been told, by the module of the function.
STATED: dict[str, Claim] = {}


def claim(
    *, name: str, sources: tuple[str, ...], theorems: tuple[str, ...], statement: str, run: str, weight: int = 0
) -> Callable[[Examine], Examine]:
    """Says what the decorated function examines; the function stays what it is, so that processes can be sent it."""

    def state(examine: Examine) -> Examine:
        STATED[examine.__module__] = Claim(
            name=name, statement=statement, sources=sources, theorems=theorems, run=run, examine=examine, weight=weight
        )
        return examine

    return state


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a claim: its figures, or the error that stopped it, or neither if it was not run."""

    claim: Claim
    figures: tuple[Figure, ...] = ()
    seconds: float = 0.0
    error: str | None = None

    @property
    def state(self) -> str:
        """"agrees" (or "proved", if that is what the claim's figures show), "disagrees", "error" or "not run"."""
        if self.error is not None:
            return "error"
        if not self.figures:
            return "not run"
        return self.claim.shows if all(figure.passed for figure in self.figures) else "disagrees"

    @property
    def passed(self) -> bool:
        """Whether all figures agree."""
        return self.state == self.claim.shows

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {
            "claim": self.claim.name,
            "statement": self.claim.statement,
            "sources": list(self.claim.sources),
            "run": self.claim.run,
            "verdict": self.state,
            "error": self.error,
            "seconds": round(self.seconds, 3),
            "figures": [figure.to_json() for figure in self.figures],
        }
