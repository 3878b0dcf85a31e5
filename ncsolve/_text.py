"""Text from files, options and arrays, made safe for where it goes: a terminal, a page, a figure, an error."""

from __future__ import annotations

import codecs
import re

from ncsolve._files.json_text import json_text
from ncsolve.errors import visible

__all__ = ["HANDLER", "encodable", "html_json", "literal_math", "one_line"]

_DIGITS = re.compile(r"\d{61,}")
_BARS = "▁▂▃▄▅▆▇█"
# What stands for a character that an output cannot hold.
_ASCII = {
    **dict(zip(_BARS, "_.-=+*%#", strict=True)), "─": "-", "━": "-", "│": "|", "╸": "-", "╺": "-", "═": "=",
    "−": "-", "–": "-", "—": "-", "‖": "||", "∞": "inf", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "·": "*", "×": "x",
    "√": "sqrt", "∑": "sum", "²": "^2", "⁺": "+", "⟨": "<", "⟩": ">", "→": "->", "…": "...", "°": " deg", "λ": "lambda",
    "μ": "mu", "σ": "sigma", "α": "alpha", "τ": "tau", "“": '"', "”": '"', "‘": "'", "’": "'",
}


def encodable(text: str, encoding: str) -> str:
    r"""The text with whatever the encoding does not have written in ASCII; bars of a curve are of one kind.

    >>> print(encodable("▁▄█ 猫", "cp850"))
    _=# \u732b
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate({ord(bar): _ASCII[bar] for bar in _BARS}).encode(encoding, HANDLER).decode(encoding)
    return text


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_ASCII.get(x) or x.encode("ascii", "backslashreplace").decode() for x in wrong), error.end


# For streams that other packages write to: ``stream.reconfigure(errors=HANDLER)``.
HANDLER = "ncsolve.ascii"
codecs.register_error(HANDLER, _in_ascii)


def one_line(text: str) -> str:
    """An error for a terminal: one line, nothing hidden, no number that fills a screen.

    >>> one_line("got " + 100 * "1")
    'got 11111111... (100 digits)'
    """
    short = _DIGITS.sub(lambda match: f"{match[0][:8]}... ({len(match[0])} digits)", text)
    return visible(" ".join(short.split()))


def html_json(document: object) -> str:
    r"""JSON for a script element of a page, whose end no text in it can be.

    >>> print(html_json("</script><!--"))
    "\u003c/script\u003e\u003c!--"
    """
    text = json_text(document, indent=None)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def literal_math(text: str) -> str:
    r"""The text for a figure, where dollars would begin a formula.

    >>> print(literal_math("$x$"))
    \$x\$
    """
    return visible(text).replace("$", r"\$")
