"""The page's numbers are the table's, and what was not run or failed is said."""

import json
import math
import re
from pathlib import Path

import pytest

from experiments import _numbers as numbers
from experiments._summary import points_of
from experiments._tables import BLOCKS, write_page
from tests.experiments import records

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
LOST = records.SUITE.variations[0].runs[4]


@pytest.fixture(scope="module")
def table():
    return records.small_table(without=("cnn",), failed=(LOST.key,))


def cells(block):
    """Rows of a Markdown table without its head."""
    lines = [line for line in block.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def numbers_in(text):
    return [float(one.replace("−", "-")) for one in re.findall(r"−?\d+\.?\d*(?:e−?\d+)?", text)]


@pytest.mark.parametrize(("shown", "value", "text"), [
    (numbers.cosine, -1 / 9, "−0.1111"), (numbers.cosine, -1e-9, "0.0000"), (numbers.cosine, math.nan, "–"),
    (numbers.difference, 0.00123, "0.0012"), (numbers.difference, 4.44e-5, "4.4e−5"),
    (numbers.difference, 0.0, "0"), (numbers.difference, math.inf, "no cosine"),
    (numbers.percent, 0.0456, "4.6 %"), (numbers.percent, 12.34, "1234 %"), (numbers.percent, 0.0996, "10 %"),
    (numbers.percent, 3e-7, "3.0e−5 %"), (numbers.percent, math.inf, "∞"), (numbers.percent, math.nan, "–"),
    (numbers.short, 2.3456, "2.35"), (numbers.setting, math.inf, "∞"), (numbers.setting, 0.1, "0.1"),
])
def test_numbers_are_short(shown, value, text):
    assert shown(value) == text


def test_every_block_of_the_page_is_made_and_the_text_stays(table):
    page = PAGE.read_text(encoding="utf-8")
    made = write_page(table, page)
    assert sorted(re.findall(r"<!-- networks: ([\w-]+) -->", made)) == sorted(BLOCKS)
    for name, block in BLOCKS.items():
        assert f"<!-- networks: {name} -->\n\n{block(table).strip()}\n\n<!-- /networks -->" in made
    assert write_page(table, made) == made
    emptied = re.compile(r"(<!-- networks: [\w-]+ -->).*?(<!-- /networks -->)", re.S)
    assert emptied.sub(r"\1\2", made) == emptied.sub(r"\1\2", page)


def test_a_block_that_there_is_not_is_refused(table):
    with pytest.raises(ValueError, match=r"'nothing'; there are overview, ") as caught:
        write_page(table, "<!-- networks: nothing -->\n<!-- /networks -->")
    assert "\n" not in str(caught.value)


def test_a_row_has_the_numbers_of_its_runs(table):
    block = BLOCKS["variations"](table).split("### ")
    signed = next(part for part in block if part.startswith("Signed codes"))
    rows = points_of(table)["signed"]
    for row, line in zip(rows, cells(signed), strict=True):
        assert line[0] == numbers.setting(row.lambda_b)
        mean, half = numbers_in(line[1])
        assert mean == pytest.approx(row.cosine, abs=6e-5)  # four decimals
        assert half == pytest.approx(row.half, rel=0.06)  # two digits
        assert numbers_in(line[2])[0] == pytest.approx(row.predicted, abs=6e-5)
        assert numbers_in(line[4])[0] == pytest.approx(row.apart, rel=0.06)
        assert max(numbers_in(line[5])) == pytest.approx(100 * row.gaps.max(), rel=0.06)
        bound, true = numbers_in(line[7])
        assert true < bound
        assert line[8] == "3 collapsed as predicted"


def test_thresholds_are_the_rows_where_they_vary(table):
    block = BLOCKS["variations"](table)
    minority = block[block.index("`minority`"):]
    assert "| $t$ |" in minority.partition("###")[0]
    assert [line[0] for line in cells(minority.partition("###")[0])] == ["0.1", "0.3", "0.6"]


def test_what_was_not_run_is_said(table):
    assert "CNN (`cnn`): 12 of 12 runs" in BLOCKS["missing"](table)
    assert "`cnn`: not run." in BLOCKS["variations"](table)
    line = next(line for line in cells(BLOCKS["summary"](table)) if line[0] == "CNN")
    assert line[:3] == ["CNN", "0 of 12", "not run"]
    assert BLOCKS["missing"](records.small_table()) == "Everything that the suite names was run."


def test_runs_that_failed_or_did_not_arrive_are_named(table):
    lines = cells(BLOCKS["exceptions"](table))
    assert ["`reference`", "0.1", "0.2", str(LOST.seed), "failed", "the loss is infinite"] in lines
    ended = [line for line in lines if line[0] == "`unfinished`"]
    assert [line[1] for line in ended] == ["0", "0.1", "1", "∞"]
    assert {(line[3], line[4]) for line in ended} == {("0, 1, 2", "not finished")}
    assert all("above the minimum" in line[5] for line in ended)
    assert not any(line[0] == "`signed`" for line in lines)


def test_class_means_that_are_excepted_are_named():
    table = records.small_table(records.Suite("one", records.SUITE.variations[:1]))
    assert BLOCKS["exceptions"](table) == "There is none: all runs collapsed as predicted."
    verdict = table["runs"][3]["measured"]["verdict"]
    verdict["exceptions"] = ["the mean of class 2 is 20 % shorter"]
    (line,) = cells(BLOCKS["exceptions"](table))
    assert line[4] == "collapsed as predicted but for some class means"
    assert line[5].endswith("the mean of class 2 is 20 % shorter")
    assert "1 collapsed as predicted but for some class means" in BLOCKS["summary"](table)


def test_a_loss_below_the_minimum_or_a_bound_that_fails_would_be_told():
    table = records.small_table(records.Suite("one", records.SUITE.variations[:1]))
    assert "No loss is below the minimum" in BLOCKS["overview"](table)
    assert "no bound is less than the true distance" in BLOCKS["overview"](table)
    measured = table["runs"][3]["measured"]
    measured["relative_gap"], measured["certificate"]["gram"] = -0.01, measured["distance"]["gram"] / 2
    assert "1 loss is below the minimum" in BLOCKS["overview"](table)
    assert "1 bound is less than the true distance" in BLOCKS["overview"](table)


def test_smaller_classes_are_told_of_each_imbalanced_design(table):
    lines = cells(BLOCKS["minority"](table))
    assert [line[0] for line in lines] == ["imbalance 10:1, over t", "imbalance 10:1"]
    first, second = lines
    assert numbers_in(first[1])[0] == 0.0  # the largest t, under which they vanish
    assert numbers_in(first[1])[1] > 1.0
    assert numbers_in(first[2]) == pytest.approx(numbers_in(first[1]), abs=0.02)
    assert (first[3], second[3]) == ("9 of 9", "12 of 12")
    merged = json.loads(json.dumps(table))
    for row in merged["runs"]:
        if row["variation"] == "imbalance-10":
            row["measured"]["verdict"]["exceptions"] = ["two class means have the cosine 1"]
            gram = row["measured"]["gram"]
            gram[2][2], gram[3][3] = gram[2][2] / 4, gram[3][3] / 4
    was, now = second, cells(BLOCKS["minority"](merged))[1]
    assert numbers_in(now[2]) == pytest.approx([value / 2 for value in numbers_in(was[2])], abs=0.01)  # two decimals
    assert (now[1], now[3]) == (was[1], "0 of 12")


def test_machines_have_their_runs(table):
    (line,) = cells(BLOCKS["machines"](table))
    assert line[0] == "none"
    assert line[4] == str(len(table["runs"]))
    table = table | {"runs": [row | {"seconds": 3600.0} for row in table["runs"]]}
    assert cells(BLOCKS["machines"](table))[0][5] == f"{len(table['runs'])}.0"


def test_a_bar_in_a_verdict_does_not_end_the_cell(table):
    broken = [row | {"failure": "no |b|"} if row["key"] == LOST.key else row for row in table["runs"]]
    assert ["failed", r"no \|b\|"] in [line[4:] for line in cells(BLOCKS["exceptions"](table | {"runs": broken}))]


def test_no_run_at_all_is_a_page_too():
    table = records.small_table(without=[one.name for one in records.SUITE.variations])
    for name, block in BLOCKS.items():
        assert block(table).strip(), name
    assert "nan" not in "".join(block(table) for block in BLOCKS.values())
