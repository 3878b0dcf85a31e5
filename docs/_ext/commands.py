"""The pages of the commands: what ``--help`` prints, by click itself, in markup.

sphinx-click would print the examples as lines of verse, defaults in Python's quotes, and metavars without brackets.
"""

from __future__ import annotations

from collections.abc import Sequence

import click
from prose import prose

from ncsolve.cli._app import app

__all__ = ["command_pages"]


class _Page(click.HelpFormatter):
    """Writes markdown where click writes columns."""

    def __init__(self, title: str) -> None:
        super().__init__(width=10_000)  # short helps are not cut
        self.section_name = ""
        self.write(f"# {title}\n\n```{{program}} {title}\n```\n\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.write(f"```text\n{prog} {args}\n```\n\n")

    def write_heading(self, heading: str) -> None:
        self.section_name = heading
        self.write(f"## {heading}\n\n")

    def write_paragraph(self) -> None:
        """Every part ends with an empty line."""

    def write_text(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            if not paragraph.startswith("\b\n"):
                self.write(prose(" ".join(paragraph.split())) + "\n\n")
                continue
            title, *lines = paragraph.splitlines()[1:]
            self.write(f"## {title.removesuffix(':')}\n\n```text\n")
            self.write("\n".join(line.strip() for line in lines) + "\n```\n\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        for term, text in rows:
            if self.section_name == "Commands":
                self.write(f"- [`ncsolve {term}`]({term}.md): {prose(text)}\n")
            else:
                self.write(f"```{{option}} {term.replace(' / ', ', ')}\n{prose(text)}\n```\n\n")


def _page(context: click.Context) -> str:
    page = _Page(context.command_path)
    context.command.format_help(context, page)
    return page.getvalue()


def command_pages() -> dict[str, str]:
    """The text of every page by its name: the application, then one page a command."""
    context = app.make_context("ncsolve", [], resilient_parsing=True)
    called = [
        app.commands[name].make_context(name, [], parent=context, resilient_parsing=True)
        for name in app.list_commands(context)
    ]
    listed = "".join(f"{one.info_name}\n" for one in called)
    index = f"{_page(context)}\n```{{toctree}}\n:hidden:\n\n{listed}```\n"
    return {"index.md": index} | {f"{one.info_name}.md": _page(one) for one in called}
