"""From results to ``ncsolve/_formulas.py``: sympy's code printers, one plain function per formula."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from ncsolve.derivations._framework import Function, Theorem
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter

__all__ = [
    "COMMAND", "House", "Syntax", "branches", "expression_source", "formulas_module", "function_source", "math_import"
]

COMMAND = "python -m ncsolve.derivations --write"
_WIDTH = 120

_HEADER = f'''"""The closed forms of the theorems, as plain functions of floats and arrays.

Generated from the symbolic derivations by ``{COMMAND}``: edit those, not this file.

T = N sqrt(lambda_w lambda_h) is the threshold, tau = T/N, and t = T/sqrt(n) the threshold in the unit sqrt(n) of
the balanced affine one-hot family a I + q J, with w = a + K q.  0 <= lambda_b < inf unless a function says more.
"""
'''


class House(CodePrinter):
    """How all printers write sums, quotients and roots."""

    def _print_Add(self, expr: Any) -> str:
        # A numeric form groups what must be subtracted first; such a group leads, then positive terms.
        terms = sorted(
            expr.args,
            key=lambda x: (not isinstance(x, sp.UnevaluatedExpr), x.could_extract_minus_sign(), sp.default_sort_key(x)),
        )
        text = ""
        for term in terms:
            minus = not isinstance(term, sp.UnevaluatedExpr) and term.could_extract_minus_sign()
            code = self.parenthesize(-term if minus else term, PRECEDENCE["Add"])
            text += (" - " if minus else " + ") + code
        return text.removeprefix(" + ") if text.startswith(" + ") else "-" + text.removeprefix(" - ")

    def _print_UnevaluatedExpr(self, expr: Any) -> str:
        return str(self._print(expr.args[0]))  # what is around it adds the parentheses

    def _print_Mul(self, expr: Any) -> str:
        over, under = sp.fraction(expr)
        if under == 1:
            return str(super()._print_Mul(expr))
        if over.could_extract_minus_sign():
            return "-" + self._print_Mul(-expr)
        return f"{self.parenthesize(over, PRECEDENCE['Mul'], strict=True)}/{self._under(under)}"

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        base, power = expr.args
        if power.could_extract_minus_sign():
            return f"1/{self._under(1 / expr)}"
        if power == sp.Rational(1, 4):
            return str(self._print(sp.sqrt(sp.Symbol(str(self._print(sp.sqrt(base)))))))
        return str(super()._print_Pow(expr))

    def _under(self, expr: Any) -> str:
        code = str(self._print(expr))
        return code if expr.is_Atom or expr.is_Function or expr.is_Pow else f"({code})"

    def _extreme(self, name: str, args: Iterable[sp.Expr]) -> str:
        ordered = sorted(args, key=lambda x: (x.is_number, -sp.count_ops(x), sp.default_sort_key(x)))
        return f"{name}({', '.join(_float(self._print(x)) for x in ordered)})"


class _Scalar(House, PythonCodePrinter):
    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": False})


class _Array(House, NumPyPrinter):
    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True})

    def _print_Max(self, expr: Any) -> str:
        return self._extreme("np.maximum", expr.args)

    def _print_Min(self, expr: Any) -> str:
        return self._extreme("np.minimum", expr.args)


@dataclass(frozen=True, kw_only=True)
class Syntax:
    """How a language writes a condition, the end of its block and a result; ``printer`` writes expressions."""

    printer: CodePrinter
    test: str
    end: str
    give: str


_PYTHON = Syntax(printer=_Scalar(), test="if {}:", end="", give="return {}")


def _float(code: str) -> str:
    return f"{code}.0" if code.lstrip("-").isdigit() else code


def formulas_module(theorems: Iterable[Theorem]) -> str:
    """The text of ``ncsolve/_formulas.py``."""
    pieces = [function_source(theorem, function) for theorem in theorems for function in theorem.functions]
    body = "\n\n\n".join(pieces)
    imports = math_import(body)
    return (
        f"{_HEADER}\n{imports}import numpy as np\nfrom numpy.typing import NDArray\n\n"
        f"Array = NDArray[np.float64]\n\n\n{body}\n"
    )


def math_import(code: str) -> str:
    """The line, and an empty one, that imports the functions of ``math`` which the code calls; nothing for none."""
    used = sorted(set(re.findall(r"(?<![\w.])(acos|exp|log|log1p|sqrt)\(", code)))
    return f"from math import {', '.join(used)}\n\n" if used else ""


def function_source(theorem: Theorem, function: Function) -> str:
    """One function: signature, one line of doc that names the theorem, and its branches."""
    expr = theorem.result[function.result] if function.form is None else function.form
    unknown = {x.name for x in expr.free_symbols} ^ set(function.arguments)
    if unknown:
        raise ValueError(f"{function.name}: its formula and its arguments differ in {', '.join(sorted(unknown))}")
    typed = [f"{x}: {'Array' if x in function.arrays else 'float'}" for x in function.arguments]
    returns = "Array" if function.arrays else "float"
    signature = f"def {function.name}({', '.join(typed)}) -> {returns}:"
    if len(signature) > _WIDTH:
        signature = f"def {function.name}(\n    {', '.join(typed)}\n) -> {returns}:"
    doc = f'    """{theorem.label}: {function.doc}"""'
    if len(doc) > _WIDTH:
        raise ValueError(f"{function.name}: its doc line has {len(doc)} characters, {_WIDTH} is the most")
    if function.arrays:
        code = _Array().doprint(expr).replace("numpy.", "np.")
        return f"{signature}\n{doc}\n    value: Array = {code}\n    return value"
    return f"{signature}\n{doc}\n" + "\n".join(branches(expr, "    "))


def expression_source(name: str, expr: sp.Expr, doc: str) -> str:
    """A function of floats for any commutative expression (what ``ncsolve derive --format python`` prints)."""
    arguments = sorted(x.name for x in expr.free_symbols)
    typed = ", ".join(f"{'lambda_' if x == 'lambda' else x}: float" for x in arguments)
    expr = expr.subs({x: sp.Symbol("lambda_") for x in expr.free_symbols if x.name == "lambda"})
    return f'def {name}({typed}) -> float:\n    """{doc}."""\n' + "\n".join(branches(expr, "    "))


def branches(expr: sp.Expr, indent: str, syntax: Syntax = _PYTHON) -> list[str]:
    """``if ...: return`` chains, so that a branch that is not taken is not evaluated (no division by 0)."""
    if not isinstance(expr, sp.Piecewise):
        inner = list(expr.atoms(sp.Piecewise))
        if inner:
            # A Piecewise inside an expression: one branch of the whole expression for each of its branches.
            piece = max(inner, key=lambda x: (sp.count_ops(x), sp.default_sort_key(x)))
            return branches(sp.Piecewise(*[(expr.xreplace({piece: e}), c) for e, c in piece.args]), indent, syntax)
        code = _float(syntax.printer.doprint(expr))
        if syntax is _PYTHON and _is_any(expr):
            code = f"float({code})"
        return [indent + syntax.give.format(code)]
    lines: list[str] = []
    for value, condition in expr.args:
        if condition == sp.true:
            lines += branches(value, indent, syntax)
            break
        lines.append(indent + syntax.test.format(_condition(condition, syntax.printer)))
        lines += branches(value, indent + "    ", syntax)
        if syntax.end:
            lines.append(indent + syntax.end)
    return lines


def _is_any(expr: sp.Expr) -> bool:
    """Whether a type checker loses the float: a power of a float is complex for all it knows, but for integers."""
    roots = (sp.Rational(1, 2), sp.Rational(1, 4))  # printed with sqrt
    return any(not (power.exp.is_Integer or abs(power.exp) in roots) for power in expr.atoms(sp.Pow))


def _condition(condition: sp.Basic, printer: CodePrinter) -> str:
    code = str(printer.doprint(condition))
    if code.startswith("(") and code.endswith(")"):  # sympy wraps a relation in parentheses
        code = code[1:-1]
    return code
