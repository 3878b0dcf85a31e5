"""Text from files, options and arrays, made safe for where it goes: a terminal, a page, a figure, an error."""

from __future__ import annotations

import codecs
import json
import re

__all__ = ["HANDLER", "encodable", "html_json", "json_text", "literal_math", "one_line", "shown", "visible"]

# C0 and C1 but for tab and line feed, the marks and overrides of writing direction, line separators, lone surrogates:
# a terminal acts on them, or a reader is misled by them.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_DIGITS = re.compile(r"\d{61,}")
_BARS = "▁▂▃▄▅▆▇█"
# What stands for a character that an output cannot hold.
_ASCII = {
    **dict(zip(_BARS, "_.-=+*%#", strict=True)), "─": "-", "━": "-", "│": "|", "╸": "-", "╺": "-", "═": "=",
    "−": "-", "–": "-", "—": "-", "‖": "||", "∞": "inf", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "·": "*", "×": "x",
    "√": "sqrt", "∑": "sum", "²": "^2", "⁺": "+", "⟨": "<", "⟩": ">", "→": "->", "…": "...", "°": " deg", "λ": "lambda",
    "μ": "mu", "σ": "sigma", "α": "alpha", "τ": "tau", "“": '"', "”": '"', "‘": "'", "’": "'",
}
_MOST_SHOWN = 60


def visible(text: str) -> str:
    r"""The text with every control character written out, so that a terminal shows it and does not act on it.

    >>> print(visible("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


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


def shown(value: object) -> str:
    """A value as an error shows it: its ``repr``, short, whatever the value is and however many digits it has.

    >>> shown("abc"), shown(10**5000)
    ("'abc'", 'int of more than 4000 digits')
    """
    if isinstance(value, int) and value.bit_length() > 13300:  # Python refuses to write such numbers
        return "int of more than 4000 digits"
    try:
        text = " ".join(visible(repr(value)).split())
    except Exception:  # what somebody else's object, or a list of such numbers, cannot tell of itself
        return f"{type(value).__name__} that cannot be shown"
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."


def one_line(text: str) -> str:
    """An error for a terminal: one line, nothing hidden, no number that fills a screen.

    >>> one_line("got " + 100 * "1")
    'got 11111111... (100 digits)'
    """
    short = _DIGITS.sub(lambda match: f"{match[0][:8]}... ({len(match[0])} digits)", text)
    return visible(" ".join(short.split()))


def json_text(document: object, indent: int | None = 2) -> str:
    """JSON in ASCII without control characters; NaN and infinity are mistakes of the program."""
    return json.dumps(document, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")


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
