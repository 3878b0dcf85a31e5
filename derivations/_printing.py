"""Formulas as LaTeX and as one line of plain text, with the letters of the theory."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from ncsolve.derivations._words import TRANSPOSED
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

__all__ = ["latex", "latex_text", "line", "markdown_text", "pretty"]

# Symbols whose LaTeX is not what sympy makes of their names.
_LATEX = {
    "Λ": r"\Lambda",
    "Σ": r"\Sigma",
    "μ": r"\mu",
    "σ": r"\sigma",
    "δ": r"\delta",
    "𝟏": r"\mathbf{1}",
    "Ž": r"\check{Z}",
    "b̌": r"\check{b}",
    "x̂": r"\hat{x}",
    "ŷ": r"\hat{y}",
    "X₀": "X_{0}",
    "Q∞": r"Q_{\infty}",
    "s_perp": r"s_{\perp}",
    "s_mu": r"s_{\mu}",
    "ell": r"\ell",
    "gap": r"\delta_s",
    "mean_norm": r"\left\|\mu\right\|",
    "nuclear_norm": r"\left\|Z\right\|_{*}",
    "residual_square": r"\left\|R\right\|^{2}",
    "bias_square": r"\left\|b\right\|^{2}",
    "mean_square": r"\rho^{2}",
    "mean_root": r"\rho",
    "scatter": r"\bar{s}",
    "sign": r"\varepsilon",
    "sign_a": r"\varepsilon_{a}",
    "sign_w": r"\varepsilon_{w}",
    "value": r"\varsigma",
    "‖l_k‖²": r"\left\|l_k\right\|^{2}",
    "H̄": r"\bar{H}",
    "s_next": "s_{j+1}",
    "ω": r"\omega",
    "ε": r"\varepsilon",
    "ε_1": r"\varepsilon_{1}",
    "ε_2": r"\varepsilon_{2}",
    "ε_3": r"\varepsilon_{3}",
    "ε_0": r"\varepsilon_{0}",
    "ν": r"\nu",
    "θ": r"\theta",
    "γ": r"\gamma",
    "β": r"\beta",
    "δ'": r"\delta'",
    "λ_w'": r"\lambda_{w}'",
    "λ_h'": r"\lambda_{h}'",
    "λ_b'": r"\lambda_{b}'",
    "h̄": r"\bar{h}",
    "h⁺": r"h^{+}",
    "h⁻": r"h^{-}",
    "‖W‖²": r"\left\|W\right\|^{2}",
    "‖H‖²": r"\left\|H\right\|^{2}",
    "‖H*‖²": r"\left\|H^{*}\right\|^{2}",
    "‖b‖²": r"\left\|b\right\|^{2}",
    "‖μ‖²": r"\left\|\mu\right\|^{2}",
    "H*": r"H^{*}",
    "A*": r"A^{*}",
    "b*": r"b^{*}",
    "O*": r"O^{*}",
    "λ": r"\lambda",
    "‖W‖": r"\left\|W\right\|",
    "‖G‖²": r"\left\|G\right\|^{2}",
    "‖h‖²": r"\left\|h\right\|^{2}",
    "lambda": r"\lambda",
    "ρ": r"\rho",
    "ρ_1": r"\rho_{1}",
    "ρ_2": r"\rho_{2}",
    "ν_1": r"\nu_{1}",
    "ν_2": r"\nu_{2}",
    "ν_3": r"\nu_{3}",
    "P̄": r"\bar{P}",
    "S⁻¹": "S^{-1}",
    "δ_1": r"\delta_{1}",
    "δ_2": r"\delta_{2}",
    "δ_3": r"\delta_{3}",
    "log_sum": r"\operatorname{lse}(O)",
    "log_sum_means": r"\operatorname{lse}(\bar{O})",
    "entropy": r"\operatorname{H}(P)",
    "force": "f",
    "spectral_norm": r"\left\|\Lambda\right\|",
    "part": "a",
    "z̄": r"\bar{z}",
    "Z̃": r"\tilde{Z}",
    "Ṽ": r"\tilde{V}",
    "𝐛": r"\mathbf{b}",
    "Δ": r"\Delta",
    "size": r"\operatorname{size}",
    "spread": r"\operatorname{spread}",
    "label_square": r"\left\|Y\right\|_{f}^{2}",
    "second_moment": "m_{2}",
    "nuclear_A": r"\left\|A\right\|_{*}",
    "α_⊥": r"\alpha_{\perp}",
    "α_μ": r"\alpha_{\mu}",
    "⟨R, Y⟩": r"\left\langle R, Y\right\rangle",
    "‖R‖²": r"\left\|R\right\|^{2}",
    "cost": r"\operatorname{cost}",
}
_PLAIN = {
    **{f"lambda_{index}": f"λ_{index}" for index in "whbvcl12345678"},
    "tau": "τ", "sigma": "σ", "alpha": "α", "beta": "β",
    "gamma": "γ", "kappa": "κ", "omega": "ω", "ell": "ℓ", "lambda": "λ", "s_mu": "s_μ", "s_perp": "s_⊥",
    "s_next": "s_(j+1)",
    "log_sum": "lse(O)", "log_sum_means": "lse(Ō)", "entropy": "H(P)", "force": "f", "part": "a",
    "spectral_norm": "‖Λ‖",
    "label_square": "‖Y‖²_f", "second_moment": "m_2", "nuclear_A": "‖A‖_*",
    "mean_norm": "‖μ‖", "nuclear_norm": "‖Z‖_*", "residual_square": "‖R‖²", "bias_square": "‖b‖²",
}  # fmt: skip


class _Latex(LatexPrinter):
    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        name = expr.name
        if name.endswith(TRANSPOSED):
            letter = _letter(name.removesuffix(TRANSPOSED))
            return (f"{{{letter}}}" if "^" in letter or "'" in letter else letter) + r"^{\top}"  # one exponent a letter
        if name in _LATEX or any(c in _TEX_CHARACTERS for c in name):
            return _letter(name)
        return str(super()._print_Symbol(expr, style))

    def _print_norm2(self, expr: Any, exp: Any = None) -> str:
        square = rf"\left\|{self._print(expr.args[0])}\right\|^{{2}}"
        return square if exp is None else rf"\left({square}\right)^{{{exp}}}"

    def _print_tr(self, expr: Any, exp: Any = None) -> str:
        return rf"\operatorname{{tr}}\left({self._print(expr.args[0])}\right)"


def _letter(name: str) -> str:
    if name in _LATEX:
        return _LATEX[name]
    if not any(c in _TEX_CHARACTERS for c in name):
        return str(sp.latex(sp.Symbol(name)))
    base, _, index = ("".join(_TEX_CHARACTERS.get(c, c) for c in part) for part in name.partition("_"))
    return base + (f"_{{{index}}}" if index else "")


class _Line(StrPrinter):
    def _print_Symbol(self, expr: Any) -> str:
        return str(_PLAIN.get(expr.name, expr.name))

    def _print_norm2(self, expr: Any) -> str:
        return f"‖{self._print(expr.args[0])}‖²"

    def _print_tr(self, expr: Any) -> str:
        return f"tr({self._print(expr.args[0])})"

    def _print_Mul(self, expr: Any) -> str:
        # Matrices are written side by side.
        text = str(super()._print_Mul(expr))
        return text if expr.is_commutative else text.replace("*", " ").replace("  ", "**")

    def _print_Limit(self, expr: Any) -> str:
        body, variable, to, _ = expr.args
        return (
            f"lim({self._print(variable)} -> {'∞' if to == sp.oo else self._print(to)}) {self.parenthesize(body, 60)}"
        )

    def _print_Subs(self, expr: Any) -> str:
        point = ", ".join(
            f"{self._print(k)} = {self._print(v)}" for k, v in zip(expr.variables, expr.point, strict=True)
        )
        return f"[{self._print(expr.expr)}] at {point}"

    def _print_Derivative(self, expr: Any) -> str:
        by = "".join(f"d/d{self._print(x)} " * int(count) for x, count in expr.variable_count)
        return f"{by}({self._print(expr.expr)})"

    def _print_Determinant(self, expr: Any) -> str:
        return f"det {self._print(expr.arg)}"

    def _print_ImmutableDenseMatrix(self, expr: Any) -> str:
        rows = ["[" + ", ".join(self._print(x) for x in row) + "]" for row in expr.tolist()]
        return "[" + "; ".join(rows) + "]"

    def _print_Piecewise(self, expr: Any) -> str:
        parts = [f"{self._print(e)} if {'otherwise' if c == sp.true else self._print(c)}" for e, c in expr.args]
        return "{" + "; ".join(part.replace("if otherwise", "otherwise") for part in parts) + "}"


class _Pretty(PrettyPrinter):
    def _print_Symbol(self, expr: Any) -> prettyForm:
        return prettyForm(_PLAIN.get(expr.name, expr.name))

    def _print_Max(self, expr: Any) -> prettyForm:
        return self._print_Function(expr, func_name="max")

    def _print_Min(self, expr: Any) -> prettyForm:
        return self._print_Function(expr, func_name="min")


def pretty(expr: sp.Basic) -> str:
    """Several lines of plain text, with fractions and braces."""
    return str(_Pretty({"use_unicode": True, "wrap_line": False}).doprint(expr))


def latex(expr: sp.Basic) -> str:
    """LaTeX of a formula."""
    return str(_Latex({"fold_short_frac": False, "mul_symbol": None}).doprint(expr))


def line(expr: sp.Basic) -> str:
    """One line of plain text."""
    return str(_Line().doprint(expr)).replace("**", "^")


# A letter with an index, as the texts of the theorems write it: λ_b*, lb+, s_⊥, n_k.
_MATH = re.compile(
    r"(?<![\w‖])(?P<letter>[A-Za-zλτσωκμΣε])_(?P<index>[A-Za-z0-9μ⊥])(?P<mark>[*+ᵀ])?(?!\w)"
    r"|‖(?P<nuclear>[ZŽ])‖_\*"
    r"|\^\((?P<power>-?1/2)\)"
)
_GREEK = {
    "λ": r"\lambda", "τ": r"\tau", "σ": r"\sigma", "μ": r"\mu", "κ": r"\kappa", "⊥": r"\perp", "ω": r"\omega",
    "ε": r"\varepsilon", "Σ": r"\sum", "ᵀ": r"\top",
}  # fmt: skip
# Characters of the texts that pdfLaTeX has no glyph for.
_TEX_CHARACTERS = _GREEK | {
    "Λ": r"\Lambda", "Σ": r"\Sigma", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "θ": r"\theta", "α": r"\alpha",
    "ε": r"\varepsilon", "η": r"\eta", "ν": r"\nu", "ρ": r"\rho", "ℓ": r"\ell ", "Δ": r"\Delta", "ξ": r"\xi",
    "Ξ": r"\Xi", "φ": r"\varphi", "𝐛": r"\mathbf{b}",
    "ᵀ": r"{}^{\top}", "²": "{}^2", "⁻": "{}^{-}", "¹": "{}^{1}", "⁺": "{}^{+}", "√": r"\sqrt{\,}", "∞": r"\infty",
    "∂": r"\partial ", "‖": r"\|", "⟨": r"\langle ", "⟩": r"\rangle ", "𝟏": r"\mathbf{1}", "Ž": r"\check Z",
    "ŷ": r"\hat y", "<": "<", ">": ">", "|": "|", "₀": "{}_0", "₁": "{}_1",
}  # fmt: skip
# An accent that follows its letter.
_ACCENTS = {"\u0304": "bar", "\u0303": "tilde", "\u030c": "check", "\u0302": "hat"}
_TEX_SPECIAL = {"_": r"\_", "^": r"\^{}", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}"}


def markdown_text(text: str) -> str:
    """A theorem's text for MyST: indexed letters as math, everything else that markdown would read escaped."""
    pieces, end = [], 0
    for match in _MATH.finditer(text):
        pieces += [_escape(text[end : match.start()]), f"${_math(match)}$"]
        end = match.end()
    return "".join([*pieces, _escape(text[end:])])


def latex_text(text: str) -> str:
    """A theorem's text for pdfLaTeX."""
    pieces, end = [], 0
    for match in _MATH.finditer(text):
        pieces += [_tex(text[end : match.start()]), f"${_math(match)}$"]
        end = match.end()
    return "".join([*pieces, _tex(text[end:])])


def _math(match: re.Match[str]) -> str:
    if match["nuclear"]:
        return rf"\left\|{_LATEX.get(match['nuclear'], match['nuclear'])}\right\|_{{*}}"
    if match["power"]:
        return f"{{}}^{{{match['power']}}}"
    letter, index, mark = match["letter"], match["index"], match["mark"]
    base = f"{_GREEK.get(letter, letter)}_{{{_GREEK.get(index, index)}}}"
    return base + (f"^{{{_GREEK.get(mark, mark)}}}" if mark else "")


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>$|~])", r"\\\1", text)


def _tex(text: str) -> str:
    text = text.replace("<=", "≤").replace(">=", "≥")
    text = text.replace("Ṽ", "V\u0303")
    text = re.sub(f"(.)([{''.join(_ACCENTS)}])", lambda m: f"\0\\{_ACCENTS[m.group(2)]} {m.group(1)}\0", text)
    out = "".join(
        f"${_TEX_CHARACTERS[c]}$"
        if c in _TEX_CHARACTERS
        else {"≤": r"$\le$", "≥": r"$\ge$"}.get(c, _TEX_SPECIAL.get(c, c))
        for c in text
    )
    # The accented letters were set apart before the special characters were escaped.
    return re.sub("\0(.*?)\0", lambda m: "$" + m.group(1).replace(r"\^{}", "^") + "$", out)
