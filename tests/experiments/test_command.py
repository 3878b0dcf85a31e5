"""The command: a suite of one's own has files of its own, and mistakes are told in one line."""

import json
import shutil

import pytest
from click.testing import CliRunner

from experiments import _table
from experiments.__main__ import main
from experiments._places import ROOT, Places
from experiments._suite import read_suite
from tests.experiments.fake import no_gap
from tests.experiments.records import record

SMALL = """
name = "own"
[reference]
per_class = 20
[grid]
lambda_b = [0.1, inf]
seed = [0, 1]
[[variation]]
name = "reference"
"""


@pytest.fixture
def suite(tmp_path):
    """A suite of four runs, three of which are there."""
    path = tmp_path / "own.toml"
    path.write_text(SMALL, encoding="utf-8")
    (tmp_path / "results").mkdir()
    keep(path, 3)
    return path


def keep(path, number):
    runs = read_suite(path).runs[:number]
    store = path.parent / "results" / "own.jsonl"
    store.write_text("".join(json.dumps(record(run)) + "\n" for run in runs), encoding="utf-8")


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def committed():
    return {
        path: path.read_bytes() for path in (ROOT / "verify" / "networks.json.gz", ROOT / "docs" / "networks.md")
    }


def test_a_suite_of_ones_own_has_its_own_table_page_and_figures(suite):
    before, folder = committed(), suite.parent / "results" / "own"
    done = call(suite, "--table")
    assert done.exit_code == 0, done.output
    assert done.output == f"3 of 4 runs: {folder / 'table.json.gz'} and {folder / 'page.md'}\n"
    page = (folder / "page.md").read_text(encoding="utf-8")
    assert page.startswith("# own\n")
    assert "3 of 4 planned runs" in page
    pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'ncsolve[plot]'")
    drawn = call(suite, "--plot")
    assert drawn.exit_code == 0, drawn.output
    files = [line.rsplit("/", 1)[1] for line in drawn.output.splitlines()]
    assert set(files) == {file.name for file in (folder / "figures").iterdir()}
    assert "networks_cosines.svg" in files
    for file in files:
        assert f"(figures/{file})" in page
    assert committed() == before


def test_the_suite_of_the_project_has_the_committed_files(suite):
    places = Places.of(ROOT / "experiments" / "suite.toml", "networks")
    assert {places.table, places.page} == set(committed())
    assert Places.of(suite, "networks").table != places.table


def test_runs_of_the_table_that_the_store_lacks_are_kept(suite):
    call(suite, "--table")
    whole = _table.read(suite.parent / "results" / "own" / "table.json.gz")
    keep(suite, 1)
    done = call(suite, "--table")
    assert done.output.startswith("3 of 4 runs, 2 of them from the table that was there: ")
    assert _table.read(suite.parent / "results" / "own" / "table.json.gz") == whole
    suite.write_text(SMALL.replace("seed = [0, 1]", "seed = [0]"), encoding="utf-8")
    assert call(suite, "--table").output.startswith("2 of 2 runs, 1 of them")


def test_status_tells_what_there_is(suite):
    done = call(suite, "--status")
    assert done.exit_code == 0
    row = next(line for line in done.output.splitlines() if "reference" in line)
    assert row.split()[:5] == ["reference", "4", "3", "0", "3"]


def test_status_of_runs_without_a_relative_gap(suite):
    store = suite.parent / "results" / "own.jsonl"
    store.write_text(json.dumps(no_gap(read_suite(suite).runs[0])) + "\n", encoding="utf-8")
    done = call(suite, "--status")
    assert done.exit_code == 0, done.output
    row = next(line for line in done.output.splitlines() if "reference" in line)
    assert row.split() == ["reference", "4", "1", "0", "1"]


@pytest.mark.parametrize(("arguments", "words"), [
    ((), "give one of --run, --status, --table and --plot; got 0 of them"),
    (("--run", "--plot"), "give one of --run, --status, --table and --plot; got 2 of them"),
    (("--table", "--only", "reference"), "--only goes with --run and --status"),
    (("--status", "--only", "cnn"), "no variation 'cnn'; it has reference"),
    (("--plot",), "no table of runs"),
    (("--run", "-j", "0"), "not in the range"),
])
def test_mistakes_are_told_in_one_line(suite, arguments, words):
    done = call(suite, *arguments)
    assert done.exit_code != 0
    assert done.output.count("Error") == 1
    assert words in done.output.splitlines()[-1]
    assert not (suite.parent / "results" / "own").exists()


def test_nothing_is_written_of_a_suite_without_runs(suite):
    shutil.rmtree(suite.parent / "results")
    done = call(suite, "--table")
    assert "no run of the suite is there yet; make some by --run" in done.output
    assert [file.name for file in suite.parent.iterdir()] == ["own.toml"]
