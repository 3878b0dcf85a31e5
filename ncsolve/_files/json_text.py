"""JSON as text."""

from __future__ import annotations

import json

__all__ = ["json_text"]


def json_text(document: object, indent: int | None = 2) -> str:
    """JSON in ASCII without control characters; NaN and infinity are mistakes of the program."""
    return json.dumps(document, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")
