"""Documents as whoever gets them reads them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from ncsolve.schemas import schema


def fits(document: dict[str, Any] | str, name: str) -> dict[str, Any]:
    """A document, or its text, as pure JSON that fits the schema of that name."""
    text = document if isinstance(document, str) else json.dumps(document, allow_nan=False)
    found: dict[str, Any] = json.loads(text)
    assert found["schema"] == name
    jsonschema.validate(found, schema(name))
    return found
