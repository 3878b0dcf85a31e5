"""The report on the claims: a table for people, JSON, and markdown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ncsolve.verify._claim import SOURCES, Size, Verdict
from ncsolve.verify._figure import Figure
from ncsolve.verify._format import (
    cell,
    figure_table,
    kept,
    markdown_head,
    markdown_row,
    measured,
    rounded,
)
from rich.table import Table

from ncsolve import __version__

__all__ = ["ClaimsReport"]

_Form = Callable[[Figure], tuple[str, str, str]]
_REGENERATE = "ncsolve verify --quick --stable --force --report docs/verification.md"
_PROVED = (
    "{} of them say something of single problems only, which each lists under Run. On these problems they are "
    "*proved*, in exact rational arithmetic, by certificates that the stand-alone checker accepts "
    "([certificates](explanation/certificates.md)); of other problems they prove nothing. All other claims only agree."
)


@dataclass(frozen=True, kw_only=True)
class ClaimsReport:
    """The verdicts on the claims that were selected, in the order of the table.

    ``size`` "quick" or "full", ``seconds``, and ``interrupted`` if the run was ended early.
    """

    verdicts: tuple[Verdict, ...]
    size: Size
    seconds: float
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        """Whether every claim was run and agrees."""
        return bool(self.verdicts) and not self.interrupted and all(verdict.passed for verdict in self.verdicts)

    @property
    def summary(self) -> str:
        """One line: how many claims agree, of how many."""
        states = [verdict.state for verdict in self.verdicts]
        others = [
            f"{states.count(state)} {word}"
            for state, word in (("disagrees", "disagree"), ("error", "ended in an error"), ("not run", "not run"))
            if state in states
        ]
        figures = sum(len(verdict.figures) for verdict in self.verdicts)
        agree = sum(verdict.passed for verdict in self.verdicts)
        text = ", ".join([f"{agree} of {len(states)} claims agree", *others])
        return f"{text} ({figures} figures, {self.size}, {self.seconds:.0f} s)" + (
            "; interrupted" if self.interrupted else ""
        )

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"disagrees: {text}" for text in self.failures)])

    def table(self) -> Table:
        """One row per claim, with its first figure, or the first that disagrees."""
        table = figure_table("claim", "source")
        for verdict in self.verdicts:
            figures = _headline(verdict)
            numbers = measured(figures[0]) if figures else ("", "", "")
            table.add_row(verdict.claim.name, verdict.claim.sources[0], *numbers, _word(verdict.state))
        return table

    def details(self) -> Table:
        """One row per figure, under the names of the claims."""
        table = figure_table("compared")
        for verdict in self.verdicts:
            head = f"{verdict.claim.name} ({', '.join(verdict.claim.sources)})"
            table.add_row(head, "", "", "", _word(verdict.state))
            for figure in verdict.figures:
                table.add_row("  " + figure.what, *measured(figure), _word("agrees" if figure.passed else "disagrees"))
        return table

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for every figure that disagrees and for every claim that ended in an error."""
        lines = []
        for verdict in self.verdicts:
            if verdict.error is not None:
                lines.append(f"{verdict.claim.name}: {verdict.error}")
            for figure in verdict.figures:
                if not figure.passed:
                    predicted, found, error = measured(figure)
                    lines.append(
                        f"{verdict.claim.name}: {figure.what}: predicted {predicted}, found {found}, error {error}, "
                        f"tolerance {figure.tolerance:.0e} ({figure.reason})"
                    )
        return tuple(lines)

    def to_json(self) -> dict[str, object]:
        """The document of ``ncsolve verify --json`` (schema ncsolve.verify/1)."""
        return {
            "schema": "ncsolve.verify/1",
            "ncsolve": __version__,
            "subject": "claims",
            "size": self.size,
            "passed": self.passed,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "claims": [verdict.to_json() for verdict in self.verdicts],
        }

    def to_markdown(self) -> str:
        """The figures as they were measured."""
        return self._markdown(measured, [self.summary + "."], "`ncsolve derive {}`")

    def to_stable_markdown(self) -> str:
        """The figures without the digits and times that differ between machines: docs/verification.md is the quick
        run's."""
        comparisons = sum(figure.comparisons for verdict in self.verdicts for figure in verdict.figures)
        agree = sum(verdict.passed for verdict in self.verdicts)
        proved = sum(verdict.state == "proved" for verdict in self.verdicts)
        return self._markdown(
            rounded,
            [
                f"Written by `{_REGENERATE}`; do not edit. The digits that differ between machines are rounded away.",
                f"{agree} of {len(self.verdicts)} claims agree, in {comparisons} comparisons. Predictions come from "
                "`ncsolve.solve` or from the statement; everything found comes from descent on the full non-convex "
                "problem, from cvxpy, or from the definition of the objective. A descent run that agrees supports a "
                "claim; it does not prove it.",
                *([_PROVED.format(proved)] if proved else []),
            ],
            "[{0}](theory/{0}.md)",
        )

    def _markdown(self, form: _Form, introduction: list[str], theorem: str) -> str:
        lines = ["# Verification", ""]
        for paragraph in introduction:
            lines += [paragraph, ""]
        lines += markdown_head("verdict", "claim", "compared first", "error")
        for verdict in self.verdicts:
            first, name = _headline(verdict), verdict.claim.name
            what, error = (first[0].what, form(first[0])[2]) if first else (verdict.error or "", "")
            lines.append(markdown_row(verdict.state, f"[{name}](#{name})", what, error))
        for verdict in self.verdicts:
            lines += _section(verdict, form, theorem)
        return "\n".join(lines) + "\n"


def _section(verdict: Verdict, form: _Form, theorem: str) -> list[str]:
    """What is claimed and what was run, then the figures, which a reader unfolds."""
    claim = verdict.claim
    lines = ["", f"## {claim.name}", "", f"Claim: {claim.statement}.", ""]
    if claim.theorems:
        lines += ["Theorems: " + ", ".join(theorem.format(name) for name in claim.theorems) + ".", ""]
    lines += [f"Run: {claim.run}.", "", "Sources: " + "; ".join(SOURCES[source] for source in claim.sources) + ".", ""]
    if verdict.error:
        lines.append(f"Error: {cell(verdict.error)}")
    if not verdict.figures:
        return lines
    passed = sum(figure.passed for figure in verdict.figures)
    lines += ["<details>", f"<summary>{passed} of {len(verdict.figures)} figures agree</summary>", ""]
    lines += markdown_head("compared", "predicted", "found", "error", "tolerance", "times", "why this tolerance")
    for figure in verdict.figures:
        tolerance, reason = kept(figure)
        lines.append(markdown_row(figure.what, *form(figure), tolerance, str(figure.comparisons), reason))
    return [*lines, "", "</details>"]


def _headline(verdict: Verdict) -> list[Figure]:
    """The first figure that disagrees, or else the first, if there is any."""
    return [figure for figure in verdict.figures if not figure.passed][:1] or list(verdict.figures[:1])


def _word(state: str) -> str:
    return state if state in ("agrees", "proved") else state.upper()
