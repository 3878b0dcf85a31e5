"""What is committed of the suite belongs together: the table, the page's numbers and the figures."""

import pytest

from experiments import _table
from experiments._suite import read_suite
from experiments._tables import write_page
from tests.experiments.records import ROOT

FIGURES = ROOT / "docs" / "figures"


@pytest.fixture(scope="module")
def table():
    return _table.read()


def test_the_numbers_of_the_page_are_those_of_the_table(table):
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    assert write_page(table, page) == page, "python -m experiments experiments/suite.toml --table"


def test_the_table_is_of_the_suite(table):
    suite = read_suite(ROOT / "experiments" / "suite.toml")
    assert [(one["name"], one["title"], one["runs"]) for one in table["variations"]] == [
        (one.name, one.title, len(one.runs)) for one in suite.variations
    ]
    keys = [row["key"] for row in table["runs"]]
    assert len(set(keys)) == len(keys)
    assert set(keys) <= {run.key for run in suite.runs}


@pytest.mark.exhaustive
def test_figures_are_what_the_table_draws(table, tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'ncsolve[plot]'")
    from experiments._figures import draw_all
    from tests.house.test_gallery import VERSION, parts

    drawn = draw_all(table, tmp_path)
    assert {file.name for file in drawn} == {file.name for file in FIGURES.glob("networks_*.svg")}
    for file in drawn:
        committed, new = (FIGURES / file.name).read_text(encoding="utf-8"), file.read_text(encoding="utf-8")
        assert len(committed) < 400_000
        if VERSION.search(committed)[1] != VERSION.search(new)[1]:
            continue  # another matplotlib lays out differently
        (words, numbers), (new_words, new_numbers) = parts(committed), parts(new)
        assert words == new_words, file.name
        assert numbers == pytest.approx(new_numbers, abs=2e-3, rel=1e-6), file.name
