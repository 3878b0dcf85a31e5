"""The pages of the theory: an index and a page a theorem, current and complete, with the claims that examine it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ncsolve.derivations.__main__ import write_pages
from ncsolve.derivations._docs import theory_pages
from ncsolve.verify.claims import CLAIMS

from ncsolve import _formulas, derivations

ROOT = Path(__file__).parents[2]
NAMES = derivations.names()


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return theory_pages(map(derivations.get, NAMES))


def test_the_pages_of_the_theory_are_regenerated_and_there_are_no_others(pages: dict[str, str]) -> None:
    kept = [ROOT / "docs" / "theory.md", *(ROOT / "docs" / "theory").iterdir()]
    found = {path.relative_to(ROOT / "docs").as_posix(): path.read_text(encoding="utf-8") for path in kept}
    assert found == pages, "run python -m ncsolve.derivations --docs"


def test_a_page_of_a_theorem_that_is_no_more_is_deleted(
    tmp_path: Path, pages: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "theory").mkdir()
    (tmp_path / "theory" / "old.md").write_text("# T99\n")
    write_pages(tmp_path, {"theory.md": pages["theory.md"], "theory/onehot.md": pages["theory/onehot.md"]})
    assert [path.name for path in (tmp_path / "theory").iterdir()] == ["onehot.md"]
    assert (tmp_path / "theory.md").read_text(encoding="utf-8") == pages["theory.md"]
    assert "old.md: deleted" in capsys.readouterr().out


def test_the_index_has_the_theorems_in_the_order_of_their_numbers(pages: dict[str, str]) -> None:
    labels = [int(number) for number in re.findall(r"^\| \[T(\d+)", pages["theory.md"], re.M)]
    assert labels == sorted(labels)
    assert labels[0] == 0  # the problem, which docstrings cite as T0
    assert len(labels) == 1 + len(NAMES)
    for name in NAMES:
        page = pages[f"theory/{name}.md"]
        assert page.index("**Statement.**") < page.index("**Assumptions**") < page.index("<summary>Proof")
        assert page.count("<details>") == page.count("</details>") == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_theorem_is_examined_by_a_claim(name: str, pages: dict[str, str]) -> None:
    claims = [claim for claim in CLAIMS if name in claim.theorems]
    assert [claim for claim in claims if claim.shows == "agrees"]
    for claim in claims:
        assert f"[{claim.name}](../verification.md#{claim.name})" in pages[f"theory/{name}.md"]


def test_every_theorem_that_a_claim_names_is_one() -> None:
    assert {name for claim in CLAIMS for name in claim.theorems} <= set(NAMES)
    silent = {claim.name for claim in CLAIMS if not claim.theorems}
    # What no page derives: that other critical points are saddles, and what the metrics of others cannot see.
    assert silent == {"escape-directions", "peers-metrics"}


def test_every_function_is_named_by_the_page_of_its_theorem(pages: dict[str, str]) -> None:
    home = _formulas.__name__
    functions = {name for name, value in vars(_formulas).items() if getattr(value, "__module__", "") == home}
    assert functions == set(re.findall(r"^- `(\w+)\(", "".join(pages.values()), re.M))
    assert functions <= set(re.findall(r"`(\w+)`", pages["theory.md"]))
