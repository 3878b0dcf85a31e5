"""Which derivations belong to a minimizer, and their text."""

from __future__ import annotations

import html
import re

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import model_of
from ncsolve.report._math import markdown_to_html

__all__ = ["theorem_section"]


def theorem_section(minimizer: Minimizer) -> str:
    """The theorem that was evaluated, with every step of its derivation; the others folded away."""
    from ncsolve.derivations import get
    from ncsolve.derivations._render import render

    problem, frame, choice = minimizer.problem, minimizer.frame, minimizer.choice
    out = [
        f"<p>Method: {html.escape(choice.method)}, by {html.escape(choice.theorem)}: {html.escape(choice.reason)}. "
        "The formula of every step below is an identity, an inequality, a limit or a stationarity condition that sympy "
        "reduces to true; its sentence is words.</p>"
    ]
    if minimizer.guarantee != "global":
        out.append(
            "<p>The derivation does not cover this point: it is of problems that have a closed form, and no theorem "
            "says that the point found here is the global minimum.</p>"
        )
    elif choice.method == "convex" and not problem.spec.fit.fits_codes:
        out.append(
            "<p>There is no closed form for this point. That no point has a lower loss is the inequality below: in "
            "floating point here, in exact arithmetic in the certificate, where there is one.</p>"
        )
    elif choice.method == "convex":
        out.append(
            "<p>There is no closed form for this point: the first derivation is of orthogonal class means. That no "
            "point has a lower loss is the inequality of the second, with a copositive condition for H ≥ 0: in "
            "floating point here, in exact arithmetic in the certificate, where there is one.</p>"
        )
    model = model_of(problem, frame)
    names = model.derivations(problem, choice, narrow=model.binds(problem, frame))
    for i, name in enumerate(names):
        theorem = get(name)
        text = render(theorem, theorem.result, "markdown")
        body = markdown_to_html(re.sub(r"\A# .*\n", "", text))  # the summary is the title
        out.append(
            f"<details{' open' if i == 0 else ''}><summary>{html.escape(theorem.label)}: {html.escape(theorem.title)}"
            f'</summary><div class="derivation">{body}</div></details>'
        )
    return "".join(out)
