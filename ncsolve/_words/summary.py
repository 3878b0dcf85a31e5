"""A minimizer in words and numbers, the answer first: one text for terminals, notebooks, reports and documents."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._problem.convention import Convention
from ncsolve._problem.convention import convention as convention_of
from ncsolve._words.bias import bias_words, law_words
from ncsolve._words.class_means import angle_words, class_means_words, compared_words, figures_of, length_words
from ncsolve._words.class_table import ClassTable, class_table
from ncsolve._words.minimizer import loss_words, method_words, problem_words, proved, spectrum_words, terms_words
from ncsolve._words.model import guarantee, model
from ncsolve._words.properties import property_rows
from ncsolve._words.transition import transition_words
from ncsolve._words.verdict import verdict
from ncsolve.errors import visible

if TYPE_CHECKING:
    from ncsolve.certificates import Certificate

__all__ = ["Summary", "named_summary", "summary"]

Rows = tuple[tuple[str, str], ...]
# What the regimes mean; of "general" there is nothing to say.
_REGIMES = {
    "collapsed": "all class means are zero: the bias alone costs least",
    "simplex": "the class means form a simplex ETF: they sum to zero",
    "intermediate": "the class means are between a simplex ETF and an orthogonal frame",
    "orthogonal": "the class means form an orthogonal frame",
    "acute": "the class means lie at an acute angle: the label mean outweighs their contrasts",
}


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What there is to say of a minimizer: the ``verdict`` in sentences, the ``essentials`` by name, and the
    ``details`` for a reader who knows the paper; ``classes`` is a table, where classes differ or have names."""

    verdict: str
    essentials: Rows
    details: Rows
    classes: ClassTable | None

    def rows(self, *, full: bool) -> Rows:
        """The essentials, and with ``full`` the details."""
        return self.essentials + (self.details if full else ())

    def text(self, *, full: bool) -> str:
        """The lines of a terminal with 100 columns, without a terminal's colours."""
        from ncsolve._words.layout import NAMES, WIDE, facts_of, laid_out, table, wrapped

        facts = facts_of(self.rows(full=full), least=NAMES)
        parts = [wrapped(visible(self.verdict), WIDE), laid_out(facts, WIDE, plain=True)]
        if self.classes is not None:
            shown = table(*self.classes.columns)
            for row in self.classes.rows:
                shown.add_row(*row)
            parts.append(laid_out(shown, WIDE, plain=True))
            if self.classes.note:
                parts.append(self.classes.note)
        return "\n\n".join(parts)

    def html(self) -> str:
        """The verdict and the essentials for a notebook, in its own colours and without scripts."""
        rows = "".join(f"<tr><th {_LEFT}>{_html(name)}</th>{_cell(text)}</tr>" for name, text in self.essentials)
        parts = [f"<p><strong>{_html(self.verdict)}</strong></p>", f"<table>{rows}</table>"]
        if self.classes is not None:
            head = "".join(f"<th {_LEFT}>{_html(column)}</th>" for column in self.classes.columns)
            body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.classes.rows)
            parts.append(f"<table><tr>{head}</tr>{body}</table>")
            if self.classes.note:
                parts.append(f"<p>{_html(self.classes.note)}</p>")
        return f"<div>{''.join(parts)}</div>"


_LEFT = 'style="text-align: left; vertical-align: top"'


def _cell(text: str) -> str:
    return f"<td {_LEFT}>{_html(text)}</td>"


def _html(text: str) -> str:
    return escape(visible(text)).replace("\n", "<br>")


def summary(
    minimizer: Minimizer, convention: Convention, lambdas: tuple[float, float, float] | None = None,
    certificate: Certificate | None = None,
) -> Summary:
    """What there is to say of a minimizer, its losses and lambdas in a convention.

    ``lambdas`` (w, h, b) are those that were typed.
    """
    problem = minimizer.problem
    if lambdas is None:
        w, h, b, _ = convention.factors(problem.samples, problem.code_length)
        lambdas = problem.lambda_w / w, problem.lambda_h / h, problem.lambda_b / b
    regime, means = minimizer.regime, figures_of(minimizer)
    essentials = (
        ("problem", problem_words(minimizer, convention, lambdas)),
        ("model", model(minimizer, convention)),
        ("guarantee", guarantee(minimizer, convention)),
        ("angle", angle_words(minimizer, means)),
        ("length", length_words(minimizer, means)),
        ("bias", bias_words(minimizer)),
        *property_rows(minimizer),
        ("compared", compared_words(minimizer, means)),
        ("loss", loss_words(minimizer, convention)),
        ("certificate", "" if certificate is None else proved(certificate, convention)),
    )
    details = (
        ("regime", f"{regime}: {_REGIMES[regime]}" if regime in _REGIMES else ""),
        ("transition", transition_words(minimizer, convention)),
        ("class means", class_means_words(minimizer, means)),
        ("law", law_words(minimizer, convention)),
        ("loss terms", terms_words(minimizer, convention)),
        ("spectrum", spectrum_words(minimizer)),
        ("method", method_words(minimizer)),
    )
    return Summary(
        verdict=verdict(minimizer, convention, means), essentials=_said(essentials), details=_said(details),
        classes=class_table(minimizer, means.lengths),
    )


def named_summary(minimizer: Minimizer, convention: str) -> Summary:
    """The summary in the convention of a name.  Raises UnknownNameError."""
    return summary(minimizer, convention_of(convention))


def _said(rows: tuple[tuple[str, str], ...]) -> Rows:
    return tuple((name, text) for name, text in rows if text)
