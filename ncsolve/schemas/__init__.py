"""JSON Schema files of the documents that ncsolve writes.

Stands on nothing; ``_documents`` writes by them, certificates and ``verify`` too.
"""

from __future__ import annotations

import json
from importlib.resources import files

__all__ = ["schema"]


def schema(name: str) -> dict[str, object]:
    """The JSON Schema of a document by the value of its "schema" key.

    >>> schema("ncsolve.minimizer/1")["title"]
    'ncsolve.minimizer/1'
    """
    _, _, rest = name.partition(".")
    text = files("ncsolve.schemas").joinpath(f"{rest.replace('/', '-')}.json").read_text(encoding="utf-8")
    document: dict[str, object] = json.loads(text)
    return document
