"""LaTeX and markdown as HTML: formulas become MathML, which browsers draw without any script or network."""

from __future__ import annotations

import html
import re

from ncsolve.errors import MissingPackageError

__all__ = ["markdown_to_html", "mathml", "require_report_packages"]

_MATH = re.compile(r"\$\$\s*(.*?)\s*\$\$|\$([^$\n]+?)\$", re.S)
# Private characters: no text has them, and markdown leaves them alone.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLACE = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


def require_report_packages() -> None:
    """Raise MissingPackageError where the packages of the extra "report" are not installed."""
    for module, package in (
        ("latex2mathml", "latex2mathml"), ("markdown_it", "markdown-it-py"), ("matplotlib", "matplotlib")
    ):
        try:
            __import__(module)
        except ImportError:
            raise MissingPackageError("a report", package, "ncsolve[report]") from None


def mathml(code: str, *, display: bool = False) -> str:
    """A formula as a <math> element that remembers its LaTeX."""
    from latex2mathml.converter import convert

    element: str = convert(code, display="block" if display else "inline")
    # Norm bars would grow with whatever stands between an opening one and the last.
    element = re.sub(r"<mo([^>]*)>(&#x02016;|‖)</mo>", r'<mo stretchy="false" fence="false">\2</mo>', element)
    return element.replace("<math ", f'<math aria-label="{html.escape(code, quote=True)}" ', 1)


def markdown_to_html(text: str) -> str:
    """CommonMark with dollar math as HTML; raw HTML in it is shown as text."""
    from markdown_it import MarkdownIt

    formulas: list[str] = []

    def keep(match: re.Match[str]) -> str:
        display = match[1] is not None
        formulas.append(mathml(match[1] if display else match[2], display=display))
        return f"{_OPEN}{len(formulas) - 1}{_CLOSE}"

    body = MarkdownIt("commonmark", {"html": False}).render(_MATH.sub(keep, text))
    return _PLACE.sub(lambda match: formulas[int(match[1])], str(body))
