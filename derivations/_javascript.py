"""From results to the formulas of the explorer's page: the functions of ``ncsolve/_formulas.py`` in JavaScript."""

from __future__ import annotations

from collections.abc import Iterable

from ncsolve.derivations._codegen import COMMAND, House, Syntax, branches
from ncsolve.derivations._framework import Function, Theorem
from sympy.printing.jscode import JavascriptCodePrinter

__all__ = ["formulas_script"]


class _Script(House, JavascriptCodePrinter):
    """JavaScript, with sums and quotients in the order of the Python code, so that both round alike."""


_PRINTER = _Script({"user_functions": {"log1p": "Math.log1p"}})
_SYNTAX = Syntax(printer=_PRINTER, test="if ({}) {{", end="}", give="return {};")


def formulas_script(theorems: Iterable[Theorem]) -> str:
    """The text of ``ncsolve/explorer/page/formulas.js``."""
    methods = "\n".join(_method(theorem, function) for theorem in theorems for function in theorem.functions)
    return (
        "// The closed forms of the theorems, the same functions as in ncsolve/_formulas.py (of numbers only).\n"
        f"// Generated from the symbolic derivations by `{COMMAND}`: edit those, not this file.\n\n"
        f"const formulas = {{\n{methods}}};\n"
    )


def _method(theorem: Theorem, function: Function) -> str:
    expr = theorem.result[function.result] if function.form is None else function.form
    doc = function.doc.replace(" (arrays).", ".")
    lines = [f"    // {theorem.label}: {doc}", f"    {function.name}({', '.join(function.arguments)}) {{"]
    return "\n".join([*lines, *branches(expr, " " * 8, _SYNTAX), "    },\n"])
