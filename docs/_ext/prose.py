"""Plain texts of the program as MyST, for pages that are two folders below docs/."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["prose", "write_folder"]

_KNOWN = re.compile(
    r"'(?P<call>ncsolve [a-z]+)'|(?<![\w-])(?P<option>--[a-z][\w-]*)|docs/(?P<page>[\w/-]+\.md)"
    r"|ncsolve\.(?P<schema>[a-z-]+/\d+)"
)
_MARKUP = re.compile(r"([\\`*_{}\[\]<>$|~])")


def prose(text: str) -> str:
    """The text with what would be markup escaped, options and commands as code, and pages and schemas as links."""
    pieces, end = [], 0
    for match in _KNOWN.finditer(text):
        pieces += [_MARKUP.sub(r"\\\1", text[end : match.start()]), _shown(match)]
        end = match.end()
    return "".join([*pieces, _MARKUP.sub(r"\\\1", text[end:])])


def _shown(match: re.Match[str]) -> str:
    if match["page"]:
        return f"[docs/{match['page']}](../../{match['page']})"
    if match["schema"]:
        return f"[ncsolve.{match['schema']}](../json/{match['schema'].replace('/', '-')}.md)"
    return f"`{match['call'] or match['option']}`"


def write_folder(folder: Path, pages: dict[str, str]) -> None:
    """Write the pages, of which only what changed is read again by Sphinx, and delete others that were there."""
    folder.mkdir(exist_ok=True)
    for stale in {path.name for path in folder.glob("*.md")} - pages.keys():
        (folder / stale).unlink(missing_ok=True)
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            whole = folder / f"{name}.{os.getpid()}"  # another build may be reading
            whole.write_text(text, encoding="utf-8")
            whole.replace(path)
