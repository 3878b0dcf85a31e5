"""What the schemas say of each key, from which the reference is written."""

import copy
import re
from importlib.resources import files

import jsonschema
import pytest

from ncsolve.schemas import schema
from tests.command import run
from tests.documents import fits
from tests.readme import ROOT

FILES = sorted(entry.name for entry in files("ncsolve.schemas").iterdir() if entry.name.endswith(".json"))
NAMES = ["ncsolve." + "/".join(name.removesuffix(".json").rsplit("-", 1)) for name in FILES]


def keys(part, place):
    """Every key that a part of a schema names, with its place; and what keys without a name of their own hold."""
    for name, value in part.get("properties", {}).items():
        yield f"{place}.{name}", value
        yield from keys(value, f"{place}.{name}")
    for name, value in part.get("$defs", {}).items():
        yield from keys(value, f"{place}#{name}")
    if isinstance(part.get("additionalProperties"), dict):
        if "description" not in part:  # which says what the keys are
            yield f"{place}.*", part["additionalProperties"]
        yield from keys(part["additionalProperties"], f"{place}.*")
    for choice in (*part.get("oneOf", ()), *part.get("anyOf", ()), *([part["items"]] if "items" in part else ())):
        yield from keys(choice, place)


def silent(document):
    found = [place for place, value in keys(document, "") if "description" not in value]
    return [place for place in found if not place.endswith(".schema")]


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_described(name):
    document = schema(name)
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["title"] == name
    assert document["description"].endswith(".")
    assert silent(document) == []
    assert len(list(keys(document, ""))) >= 5


def test_a_key_without_a_description_is_noticed():
    document = copy.deepcopy(schema("ncsolve.minimizer/1"))
    blocks = document["properties"]["gram"]["oneOf"][1]["properties"]["blocks"]
    del blocks["items"]["properties"]["count"]["description"]
    assert silent(document) == [".gram.blocks.count"]


def test_the_page_of_the_documents_lists_every_schema():
    text = (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
    table = re.findall(r"\[(ncsolve\.[\w-]+/\d+)\]\(\.\./\.\./ncsolve/schemas/([\w.-]+)\)", text)
    assert sorted(title for title, _ in table) == sorted(NAMES)
    assert sorted(file for _, file in table) == FILES
    assert sorted(re.findall(r"^json/([\w-]+)$", text, re.M)) == [name.removesuffix(".json") for name in FILES]
    assert "New keys keep a schema's `/1`; a changed meaning makes `/2`." in text


def test_encodings_fit_their_schema():
    assert len(fits(run("encodings", "--json").stdout, "ncsolve.encodings/1")["encodings"]) >= 11


def test_derivations_fit_their_schema():
    fits(run("derive", "onehot", "--set", "K=3", "--format", "json").stdout, "ncsolve.derivation/1")
