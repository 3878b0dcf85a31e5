"""The sentence on speed says what the committed tables say."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def rows(name):
    lines = (ROOT / "benchmarks" / name).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines
            if line.startswith("| ") and not line.startswith("| ---")][1:]


def test_the_page_on_computation_quotes_the_tables():
    text = " ".join((ROOT / "docs" / "explanation" / "computation.md").read_text().split())
    rival = next(row for row in rows("rivals.md") if row[:2] == ["100", "cvxpy, SCS (eps 1e-9)"])
    assert f"`solve` is {rival[3]} times faster than cvxpy with SCS at 1e-9" in text
    assert f"whose loss is right to {rival[4]} and bias to {rival[5].replace('e-0', 'e-')}" in text
    million = next(row for row in rows("scale.md") if row[0].startswith("one-hot, K = 10^6"))
    assert f"300 distinct counts take {float(million[1].removesuffix(' s')):.1g} s" in text


def test_misses_are_named():
    missed = [row for row in rows("scale.md") if row[5] == "**no**"]
    said = " ".join((ROOT / "benchmarks" / "README.md").read_text().split())
    for row in missed:
        assert "lambda = 1e-06" in row[0]
        assert f"{float(row[3]):.1f} times" in said
    slow = {row[0]: row[5] for row in rows("explorer.md") if float(row[5].removesuffix(" ms")) > 50}
    assert list(slow) == ["one-hot K=100"]
    assert f"takes {float(slow['one-hot K=100'].removesuffix(' ms')):.0f} ms at K = 100" in said


def test_a_million_features_take_less_than_the_target_and_the_package_has_the_same_metrics():
    kinds = {}
    for row in rows("measure.md"):
        if row[:2] == ["100", "512"]:
            kinds[row[2]] = float(row[4].removesuffix(" s")) / int(row[3]) * 1e6
    assert set(kinds) == {"full", "projected", "trace"}
    assert max(kinds.values()) <= 40
    apart = {row[0]: float(row[5]) for row in rows("measure.md") if row[0].startswith("package")}
    assert set(apart) == {"package, float64", "package, float32"}
    assert apart["package, float64"] <= 1e-6


def table(name, title):
    """The rows of one table of a page, whose part has this title."""
    part = (ROOT / "benchmarks" / name).read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def test_cross_entropy_is_as_fast_and_as_exact_as_wanted():
    assert {row[3] for row in table("cross_entropy.md", "Balanced")} == {"yes"}
    random = table("cross_entropy.md", "100 classes of different counts")
    assert random[-1][0] == "**all**"
    assert random[-1][-1] == "yes"
    assert max(float(row[5]) for row in table("cross_entropy.md", "Other counts and codes")) <= 1e-9


def test_cvxpy_is_slower_under_cross_entropy_where_the_benchmarks_say_so():
    race = table("cross_entropy.md", "Beside cvxpy")
    gap = None
    for row in race:
        if row[2] == "**ncsolve**":
            gap = float(row[6])
        elif row[6] != "failed":
            assert float(row[6].split()[0]) >= gap
    slower = {size: [float(row[5]) for row in race if row[0] == size and row[5] != "1"] for size in ("5", "100")}
    assert max(slower["5"]) < 10
    assert min(slower["100"]) > 100


def test_the_code_of_hong_and_ling_finds_the_same_losses():
    rows = table("cross_entropy.md", "Beside the code of Hong and Ling")
    exact = [float(row[5]) for row in rows if row[2].startswith("told")]
    assert len(exact) == 6
    assert max(exact) <= 1e-7 < max(float(row[5]) for row in rows if row[2] == "as it is")
