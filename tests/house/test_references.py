"""The list of references has every work that the library cites."""

import re

import pytest
from ncsolve.verify._claim import SOURCES

from ncsolve import derivations
from tests.readme import ROOT

# "Zhou et al. 2022", "Cai, Candès & Shen 2010", "Mirsky 1960": the first name, and the year.
NAME = r"[A-ZÀ-Ž][\w'’-]+"
CITED = re.compile(rf"((?:von )?{NAME})(?:(?:, {NAME})* & {NAME}| et al\.)? ((?:19|20)\d\d)")
ENTRIES = " ".join((ROOT / "docs" / "references.md").read_text(encoding="utf-8").split()).split(" - ")


def cited():
    """First author and year of every work: in theorems, in claims, in docstrings of "Source:"."""
    sources = [theorem.source for theorem in map(derivations.get, derivations.names())]
    sources += [source for key, source in SOURCES.items() if key != "ncsolve"]
    for folder in ("ncsolve", "verify"):
        for file in (ROOT / folder).rglob("*.py"):
            sources += re.findall(r"Sources?: [^\n]*(?:\n[^\n]*)?", file.read_text(encoding="utf-8"))
    return sorted({work for source in sources for work in CITED.findall(" ".join(source.split()))})


@pytest.mark.parametrize(("author", "year"), cited())
def test_a_cited_work_is_listed(author, year):
    plain = author.replace("Duer", "Dür").replace("Candes", "Candès")
    assert any(re.search(rf"\b{re.escape(plain)}\b[^*]*\b{year}\b", entry) for entry in ENTRIES)


def test_the_works_are_found():
    works = cited()
    assert {("Papyan", "2020"), ("Cai", "2010"), ("von Neumann", "1937"), ("Dietterich", "1995")} <= set(works)
    assert len(works) >= 25
