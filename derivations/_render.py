"""One theorem as terminal text, markdown, LaTeX, Python or JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping

import sympy as sp
from ncsolve.derivations._codegen import expression_source, math_import
from ncsolve.derivations._framework import Theorem
from ncsolve.derivations._notation import NOTATION
from ncsolve.derivations._printing import latex, latex_text, line, markdown_text, pretty
from ncsolve.derivations._prove import chosen
from ncsolve.derivations._steps import Step

__all__ = ["FORMATS", "markdown_proof", "markdown_source", "markdown_statement", "render", "standalone"]

Result = Mapping[str, sp.Expr]
Values = Mapping[str, sp.Expr]  # what --set put into the results
_WIDTH = 110
_RELATIONS = {"=": "=", ">=": r"\ge", ">": ">"}


def as_text(theorem: Theorem, result: Result, values: Values) -> str:
    """For a terminal: the proof line by line, the results in two-dimensional notation."""
    out = [f"{theorem.label}  {theorem.title}", "=" * (len(theorem.label) + 2 + len(theorem.title)), ""]
    out += [
        "Assumptions",
        *(_wrap(x, "  - ") for x in theorem.assumptions),
        "",
        "Statement",
        _wrap(theorem.statement, "  "),
        "",
    ]
    out.append("Proof (sympy checks the formula of each step; the sentences are words)")
    for number, step in enumerate(theorem.steps(), start=1):
        out += [_wrap(f"{step.text}:", f"  {number:3}. "), f"         {_formula_line(step)}"]
    out += ["", f"Result{_given(values)}"]
    for key, expr in result.items():
        out += [f"  {key}: {theorem.formulas[key].meaning}", _indent(_pretty(key, expr)), ""]
    out += ["Symbols", *(f"  {line(x)}: {meaning}" for x, meaning in theorem.symbols.items())]
    out += [f"  {line(x)} = {line(d)}" for x, d in _definitions(theorem, values).items()]
    return "\n".join([*out, "", _wrap(theorem.source, "Source: "), f"File: {theorem.file}"]) + "\n"


def _wrap(text: str, first: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=" " * len(first))


def _given(values: Values) -> str:
    return " for " + ", ".join(f"{k} = {v}" for k, v in values.items()) if values else ""


def _definitions(theorem: Theorem, values: Values) -> dict[sp.Symbol, sp.Expr]:
    """The abbreviations that are left in the results, with the values put in."""
    known = {x: values[x.name] for x in theorem.symbols if x.name in values and values[x.name].is_finite}
    return {x: d.subs(known) for x, d in theorem.definitions.items() if x not in known}


def _pretty(key: str, expr: sp.Expr) -> str:
    if _has_matrices(expr):
        return f"{key} = {line(expr)}"
    return pretty(sp.Eq(sp.Symbol(key), expr, evaluate=False))


def _has_matrices(expr: sp.Expr) -> bool:
    return any(not x.is_commutative for x in expr.free_symbols)


def _indent(text: str) -> str:
    return "\n".join("    " + x for x in text.splitlines())


def _case(step: Step, show: Callable[[sp.Basic], str], at_least: str, mark: str = "") -> str:
    """The case of a step: its substitutions, then the sign of each helper letter that they bring in, each in marks."""
    parts = [f"{show(k)} = {show(chosen(v, step.given))}" for k, v in step.given.items()]
    helpers = {x for value in step.given.values() for x in sp.sympify(value).free_symbols} - set(step.given)
    for x in sorted(helpers, key=lambda x: x.name):
        if x.name not in NOTATION:
            if x.is_positive:
                parts.append(f"{show(x)} > 0")
            elif x.is_nonnegative:
                parts.append(f"{show(x)} {at_least} 0")
    return ", ".join(f"{mark}{part}{mark}" for part in parts)


def _formula_line(step: Step) -> str:
    left, relation, right = _sides(step)
    case = _case(step, line, ">=")
    solved = _solved(step)
    so = f", so {line(solved[0])} = {line(solved[1])}" if solved else ""
    return f"{line(left)} {relation} {line(right)}{so}" + (f"    [{case}]" if case else "")


def _solved(step: Step) -> tuple[sp.Basic, sp.Basic] | None:
    return (step.gives[0], chosen(step.gives[1], step.given)) if step.gives else None


def _sides(step: Step) -> tuple[sp.Basic, str, sp.Basic]:
    left, relation, right = step.shown
    return chosen(left, step.given), relation, chosen(right, step.given)


def as_markdown(theorem: Theorem, result: Result, values: Values) -> str:
    """For a page: MyST/CommonMark with dollar math."""
    out = [f"# {theorem.label}: {markdown_text(theorem.title)}", ""]
    out += [f"Name `{theorem.name}`, proved in `{theorem.file}`.", "", *markdown_statement(theorem, result, values)]
    return "\n".join([*out, "**Proof**", "", *markdown_proof(theorem), markdown_source(theorem), ""])


def markdown_statement(theorem: Theorem, result: Result, values: Values) -> list[str]:
    """The statement first, what it assumes, its formulas and the letters that are its own, as lines."""
    out = [f"**Statement.** {markdown_text(theorem.statement)}", ""]
    out += ["**Assumptions**", "", *(f"- {markdown_text(x)}" for x in theorem.assumptions), ""]
    out += [f"**Result**{_given(values)}", ""]
    for key, expr in result.items():
        out += [f"`{key}`: {markdown_text(theorem.formulas[key].meaning)}", "", _display(latex(expr)), ""]
    if _definitions(theorem, values):
        where = r",\qquad ".join(f"{latex(x)} = {latex(d)}" for x, d in _definitions(theorem, values).items())
        out += ["where", "", _display(where), ""]
    letters = [
        f"- ${latex(x)}$: {markdown_text(theorem.letters[x.name])}"
        for x in theorem.symbols
        if x.name in theorem.letters
    ]
    return out + (["**Letters of this theorem**", "", *letters, ""] if letters else [])


def markdown_proof(theorem: Theorem) -> list[str]:
    """The numbered steps, as lines."""
    out = []
    for number, step in enumerate(theorem.steps(), start=1):
        mark, case = f"{number}. ", _case(step, latex, r"\ge", "$")
        out += [mark + markdown_text(step.text) + (f" (case {case})" if case else ""), ""]
        out += [" " * len(mark) + x for x in _display(_formula_latex(step)).splitlines()] + [""]
    return out


def markdown_source(theorem: Theorem) -> str:
    """Where the theorem comes from."""
    return f"**Source.** {markdown_text(theorem.source)}"


def _display(code: str) -> str:
    return f"$$\n{code}\n$$"


def _formula_latex(step: Step) -> str:
    left, relation, right = _sides(step)
    solved = _solved(step)
    so = rf" \quad\Rightarrow\quad {latex(solved[0])} = {latex(solved[1])}" if solved else ""
    return f"{latex(left)} {_RELATIONS[relation]} {latex(right)}{so}"


def as_latex(theorem: Theorem, result: Result, values: Values) -> str:
    """A section for a paper."""
    out = [rf"\section*{{{latex_text(theorem.label)}. {latex_text(theorem.title)}}}", r"\paragraph{Assumptions}"]
    out += [r"\begin{itemize}", *(rf"\item {latex_text(x)}" for x in theorem.assumptions), r"\end{itemize}"]
    out += [
        rf"\paragraph{{Statement}} {latex_text(theorem.statement)}",
        rf"\paragraph{{Result}} {latex_text(_given(values))}",
    ]
    for key, expr in result.items():
        out += [rf"{latex_text(key)}: {latex_text(theorem.formulas[key].meaning)}", rf"\[ {latex(expr)} \]"]
    for symbol, definition in _definitions(theorem, values).items():
        out.append(rf"with \[ {latex(symbol)} = {latex(definition)} \]")
    out += [r"\paragraph{Proof}", r"\begin{enumerate}"]
    for step in theorem.steps():
        case = _case(step, latex, r"\ge")
        out.append(rf"\item {latex_text(step.text)}" + (rf" (case ${case}$)" if case else ""))
        out.append(rf"\[ {_formula_latex(step)} \]")
    return "\n".join([*out, r"\end{enumerate}", rf"\paragraph{{Source}} {latex_text(theorem.source)}"]) + "\n"


def standalone(body: str) -> str:
    """A LaTeX document that compiles as it is."""
    preamble = [r"\documentclass{article}", r"\usepackage[utf8]{inputenc}", r"\usepackage[T1]{fontenc}"]
    preamble += [r"\usepackage{amsmath,amssymb}", r"\usepackage[margin=2cm]{geometry}", r"\sloppy", r"\begin{document}"]
    return "\n".join(preamble) + f"\n{body}" + "\\end{document}\n"


def as_python(theorem: Theorem, result: Result, values: Values) -> str:
    """Functions of floats, one for each scalar result."""
    functions = [
        expression_source(f"{theorem.name}_{key}".replace("-", "_"), expr, theorem.formulas[key].meaning)
        for key, expr in result.items()
        if not _has_matrices(expr)
    ]
    body = "\n\n\n".join(functions)
    head = f'"""{theorem.label}: {theorem.title}.  Printed by ncsolve derive{_given(values)}."""\n\n'
    return f"{head}{math_import(body)}\n{body}".rstrip() + "\n"


def as_json(theorem: Theorem, result: Result, values: Values) -> str:
    """Everything, machine readable; exact numbers and formulas are strings that sympy reads back."""
    data = {
        "schema": "ncsolve.derivation/1",
        "name": theorem.name,
        "label": theorem.label,
        "title": theorem.title,
        "assumptions": list(theorem.assumptions),
        "statement": theorem.statement,
        "steps": [
            {"text": x.text, "case": _case(x, str, ">="), "formula": _formula_line(x), "latex": _formula_latex(x)}
            for x in theorem.steps()
        ],
        "result": {
            key: {"meaning": theorem.formulas[key].meaning, "expression": str(expr), "latex": latex(expr)}
            for key, expr in result.items()
        },
        "set": {name: str(value) for name, value in values.items()},
        "definitions": {str(x): str(d) for x, d in _definitions(theorem, values).items()},
        "symbols": {x.name: meaning for x, meaning in theorem.symbols.items()},
        "source": theorem.source,
        "file": theorem.file,
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


FORMATS = {"text": as_text, "latex": as_latex, "markdown": as_markdown, "python": as_python, "json": as_json}


def render(theorem: Theorem, result: Result, form: str, values: Values | None = None) -> str:
    """The theorem in one of FORMATS, with these results; ``values`` is what they were specialised to."""
    return FORMATS[form](theorem, result, values or {})
