"""The report on one problem."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ncsolve.verify._figure import Figure
from ncsolve.verify._format import figure_table, kept, markdown_head, markdown_row, measured
from rich.table import Table

from ncsolve import UFM, __version__

__all__ = ["Report"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What ``check`` found: the figures, what was ``skipped`` and why, and the ``error`` of a solver that failed.

    ``note`` says what the solver claims for its point, where that is less than the global minimum.
    """

    problem: UFM
    figures: tuple[Figure, ...]
    skipped: tuple[str, ...]
    seconds: float
    error: str | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether every comparison agrees; never if none was made or the solver failed."""
        return self.error is None and bool(self.figures) and all(figure.passed for figure in self.figures)

    @property
    def verdict(self) -> str:
        """"agrees", "disagrees", "error" or "nothing was compared"."""
        if self.error is not None:
            return "error"
        if not self.figures:
            return "nothing was compared"
        return "agrees" if self.passed else "disagrees"

    @property
    def summary(self) -> str:
        """One line: the verdict, and how many figures agree."""
        if self.error is not None:
            return f"error: {' '.join(self.error.split())}"
        if not self.figures:
            return self.verdict
        agree = sum(figure.passed for figure in self.figures)
        line = f"{self.verdict}: {agree} of {len(self.figures)} figures agree ({self.seconds:.1f} s)"
        return f"{line}; {self.note}" if self.note else line

    def table(self) -> Table:
        """One row per figure."""
        table = figure_table("compared")
        for figure in self.figures:
            table.add_row(figure.what, *measured(figure), "agrees" if figure.passed else "DISAGREES")
        return table

    def __str__(self) -> str:
        notes = [f"disagrees: {text}" for text in self.failures] + [f"not verified: {text}" for text in self.skipped]
        return "\n".join([self.summary, *notes])

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for every figure that disagrees, with its tolerance."""
        return tuple(
            f"{figure.what}: error {figure.error:.1e}, tolerance {figure.tolerance:.0e} ({figure.reason})"
            for figure in self.figures if not figure.passed
        )

    def to_json(self) -> dict[str, object]:
        """The document of ``ncsolve verify --encoding ... --json`` (schema ncsolve.verify/1)."""
        return {
            "schema": "ncsolve.verify/1",
            "ncsolve": __version__,
            "subject": "problem",
            "problem": {
                "encoding": self.problem.encoding.name,
                "classes": self.problem.classes,
                "code_length": self.problem.code_length,
                "samples": self.problem.samples,
                "lambda_w": self.problem.lambda_w,
                "lambda_h": self.problem.lambda_h,
                "lambda_b": self.problem.lambda_b if math.isfinite(self.problem.lambda_b) else "inf",
                "dim": self.problem.feature_dim,
                **_model(self.problem),
            },
            "passed": self.passed,
            "verdict": self.verdict,
            "error": self.error,
            "seconds": round(self.seconds, 3),
            **({"note": self.note} if self.note else {}),
            "skipped": list(self.skipped),
            "figures": [figure.to_json() for figure in self.figures],
        }

    def to_markdown(self) -> str:
        """The figures as they were measured."""
        lines = [
            "# Verification of a problem", "", f"`{self.problem!r}`", "", f"{self.summary}.", "",
            *markdown_head("compared", "predicted", "found", "error", "tolerance", "why this tolerance", "verdict"),
        ]
        for figure in self.figures:
            verdict = "agrees" if figure.passed else "disagrees"
            lines.append(markdown_row(figure.what, *measured(figure), *kept(figure), verdict))
        lines += [f"\nNot verified: {text}." for text in self.skipped]
        return "\n".join(lines) + "\n"


def _model(problem: UFM) -> dict[str, object]:
    """What documents of other losses, deep heads and ReLU features have in addition."""
    if problem.plain:
        return {}
    return {
        "loss_function": problem.loss, "features": problem.features, "depth": problem.depth,
        "lambda_w_layers": list(problem.lambda_w_layers),
    }
