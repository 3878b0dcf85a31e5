"""The pages of the JSON documents: a table of keys for each schema of ``ncsolve.schemas``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from prose import prose

__all__ = ["schema_pages"]

Schema = dict[str, Any]
_BOUNDS = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"))
_TITLE = "the kind of the document, and its version"


def schema_pages() -> dict[str, str]:
    """The text of every page by its name, which is that of the schema's file."""
    folder = files("ncsolve.schemas")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return {
        f"{name.removesuffix('.json')}.md": _page(json.loads(folder.joinpath(name).read_text(encoding="utf-8")))
        for name in names
    }


def _page(schema: Schema) -> str:
    out = [f"# {schema['title']}", "", prose(schema["description"]), ""]
    if "properties" in schema:
        out += _table(schema, schema)
    else:
        out += [f"It is {_kind(schema, schema)}.", ""]
    for name, part in schema.get("$defs", {}).items():
        if _has_keys(part):
            out += [f"## {name}", "", prose(part.get("description", "")), "", *_table(part, schema)]
    return "\n".join(out)


def _table(part: Schema, whole: Schema) -> list[str]:
    lines = ["| key | type | meaning |", "| --- | --- | --- |"]
    for key, kind, meaning in _rows(part, whole, ""):
        lines.append(f"| `{key}` | {kind} | {meaning} |")
    return [*lines, ""]


def _rows(part: Schema, whole: Schema, above: str) -> Iterator[tuple[str, str, str]]:
    """Key, type and meaning of everything within a part, depth first."""
    required = part.get("required", ())
    for name, value in part.get("properties", {}).items():
        key = f"{above}{name}"
        optional = "" if name in required else ", optional"
        meaning = value.get("description") or (_TITLE if name == "schema" else "")
        yield key, _kind(value, whole) + optional, prose(meaning)
        yield from _rows(value, whole, f"{key}.")
    others = part.get("additionalProperties")
    if isinstance(others, dict):
        if "description" in others:
            yield f"{above}*", _kind(others, whole), prose(others["description"])
        yield from _rows(others, whole, f"{above}*.")
    for choice in (*part.get("oneOf", ()), *part.get("anyOf", ())):
        yield from _rows(choice, whole, above)
    if "items" in part:
        yield from _rows(part["items"], whole, f"{above.removesuffix('.')}[].")


def _kind(part: Schema, whole: Schema) -> str:
    """The type in words."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        target = whole["$defs"][name]
        return f"[{name}](#{name})" if _has_keys(target) else _kind(target, whole)
    if "const" in part or "enum" in part:
        return _either([f"`{json.dumps(value)}`" for value in part.get("enum") or [part["const"]]])
    choices = part.get("oneOf") or part.get("anyOf")
    if choices:
        return _either([_kind(choice, whole) for choice in choices])
    if part.get("type") == "array":
        number = "pair" if part.get("minItems") == part.get("maxItems") == 2 else "list"
        items = _kind(part["items"], whole)
        return f"{number} of ({items})" if " or " in items else f"{number} of {_plural(items)}"
    kind = part.get("type", "object")
    if kind == "object" and isinstance(part.get("additionalProperties"), dict) and "properties" not in part:
        return f"object of {_plural(_kind(part['additionalProperties'], whole))}"
    words = _either(kind).replace("array", "list") if isinstance(kind, list) else kind
    return f"{words} {' and '.join(f'{sign} {part[key]}' for key, sign in _BOUNDS if key in part)}".rstrip()


def _either(kinds: list[str]) -> str:
    return " or ".join([", ".join(kinds[:-1]), kinds[-1]] if kinds[1:] else kinds)


def _plural(kind: str) -> str:
    return re.sub(r"\b(integer|number|string|boolean|object|list|pair)\b", r"\1s", kind, count=1)


def _has_keys(part: Schema) -> bool:
    """Whether there is more to say of it than its type."""
    within = [*part.get("oneOf", ()), *part.get("anyOf", ()), *([part["items"]] if "items" in part else [])]
    return "properties" in part or any(map(_has_keys, within))
