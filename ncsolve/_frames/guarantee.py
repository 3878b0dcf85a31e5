"""What is known of a returned point: a theorem says that it is the global minimum, or only a lower bound is known."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GLOBAL", "Guarantee"]


@dataclass(frozen=True, kw_only=True)
class Guarantee:
    """``kind`` "global" (a theorem) or "best found" (the best of many starts, no theorem).

    For "best found" ``lower_bound`` is a number that no point's loss is below, and ``reason`` says why.
    """

    kind: str
    lower_bound: float | None = None
    reason: str = ""

    def below(self, loss: float) -> float:
        """What no point's loss is below, where this one has the given loss: that loss itself where it is global."""
        return loss if self.lower_bound is None else min(self.lower_bound, loss)


GLOBAL = Guarantee(kind="global")
