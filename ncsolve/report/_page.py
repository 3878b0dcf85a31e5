"""The page around the sections: one file with its styles, no script, nothing from a network."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from ncsolve.errors import visible

__all__ = ["figure", "page", "section", "table"]

_STYLE = """
:root { color-scheme: light dark; --text: #1b1b1b; --back: #ffffff; --soft: #f3f3f1; --line: #c9c9c5; --link: #005a8d; }
@media (prefers-color-scheme: dark) {
  :root { --text: #ececec; --back: #161718; --soft: #222426; --line: #4a4d50; --link: #7cc4f0; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 62rem; color: var(--text); background: var(--back);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.2rem;
  border-bottom: 1px solid var(--line); padding-bottom: .2rem; } h3 { font-size: 1.05rem; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; list-style: none; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th { white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
td { white-space: pre-line; } td:first-child { min-width: 9rem; }
figure { margin: 1rem 0; padding: .6rem; background: #ffffff; border: 1px solid var(--line); border-radius: 4px;
  overflow-x: auto; }
figure svg { width: 100%; min-width: 40rem; height: auto; display: block; }
figcaption { color: #333333; font-size: .85rem; }
math[display="block"] { overflow-x: auto; overflow-y: hidden; padding: .4rem 0; max-width: 100%; }
details { margin: 1rem 0; } details > summary { cursor: pointer; font-weight: 600; }
.derivation { background: var(--soft); padding: .2rem 1rem; border-radius: 4px; overflow-x: auto; }
code { font-size: .9em; overflow-wrap: anywhere; }
footer { margin-top: 3rem; font-size: .85rem; border-top: 1px solid var(--line); padding-top: .6rem; }
@media print { body { max-width: none; } details { display: block; } }
"""


def _escape(text: str, quote: bool = True) -> str:
    return html.escape(visible(text), quote=quote)


def page(title: str, sections: Sequence[tuple[str, str, str]], footer: str) -> str:
    """A whole document of (anchor, heading, HTML) sections."""
    contents = "".join(f'<li><a href="#{anchor}">{_escape(heading)}</a></li>' for anchor, heading, _ in sections)
    body = "\n".join(section(anchor, heading, text) for anchor, heading, text in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{_escape(title)}</h1>\n<nav aria-label="Contents"><ul>{contents}</ul></nav></header>\n'
        f"<main>\n{body}\n</main>\n<footer>{footer}</footer>\n</body>\n</html>\n"
    )


def section(anchor: str, heading: str, text: str) -> str:
    """One section."""
    return f'<section id="{anchor}">\n<h2>{_escape(heading)}</h2>\n{text}\n</section>'


def table(rows: Iterable[Sequence[str]], header: Sequence[str] = (), *, first_is_name: bool = False) -> str:
    """A table of plain texts."""
    out = ['<div class="wide"><table>']
    if header:
        out.append("<thead><tr>" + "".join(f'<th scope="col">{_escape(x)}</th>' for x in header) + "</tr></thead>")
    out.append("<tbody>")
    for row in rows:
        cells = [f"<td{_kind(cell)}>{_escape(cell)}</td>" for cell in row]
        if first_is_name:
            cells[0] = f'<th scope="row">{_escape(row[0])}</th>'
        out.append(f"<tr>{''.join(cells)}</tr>")
    return "".join([*out, "</tbody></table></div>"])


def _kind(cell: str) -> str:
    """A number is not broken at the sign of its exponent."""
    return ' class="number"' if re.fullmatch(r"([<>]= )?-?[0-9.]+(e[+-]?[0-9]+)?", cell) else ""


def figure(svg: str, caption: str, number: int) -> str:
    """A figure whose names are its own, so that several can stand in one page."""
    mark = f"f{number}-"
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{mark}\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{mark}\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}\1)", svg)
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{_escape(caption, quote=True)}" ', 1)
    return f"<figure>{svg}<figcaption>Figure {number}. {_escape(caption)}</figcaption></figure>"
