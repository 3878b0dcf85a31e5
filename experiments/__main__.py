"""Run a suite of real networks, and make the table, the page and the figures of it: `python -m experiments --help`."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import click

import ncsolve
from experiments import _table
from experiments._places import Places
from experiments._store import Store
from experiments._suite import Suite, SuiteError, read_suite


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("suite_file", metavar="SUITE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--run", is_flag=True, help="Make the runs that are not in the store yet.")
@click.option("--status", is_flag=True, help="Tell how many runs of each variation there are.")
@click.option("--table", is_flag=True, help="Write the compressed table, and the page's tables from it.")
@click.option("--plot", is_flag=True, help="Draw the figures of the page from the table.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Runs at a time.")
@click.option("--only", multiple=True, metavar="NAME", help="This variation alone; may be given several times.")
@click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="Where runs are kept, a line each.")
def main(suite_file: Path, jobs: int, only: tuple[str, ...], store: Path | None, **tasks: bool) -> None:
    """Train the networks of a SUITE, measure each, and keep what was found.

    Runs go to results/NAME.jsonl beside the suite's file, a line each; one that is there is not made again.  Table,
    page and figures go to results/NAME; those of experiments/suite.toml are the ones that are committed.
    """
    try:
        given = [name for name, wanted in tasks.items() if wanted]
        if len(given) != 1:
            raise SuiteError(f"give one of --run, --status, --table and --plot; got {len(given)} of them")
        task = given[0]
        suite = read_suite(suite_file)
        if only and task in ("table", "plot"):
            raise SuiteError(f"--only goes with --run and --status, not with --{task}: the table is of the whole suite")
        places = Places.of(suite_file, suite.name)
        _TASKS[task](suite.only(only), replace(places, store=store) if store else places, jobs)
    except (SuiteError, ncsolve.NCSolveError) as error:
        raise click.ClickException(str(error)) from None


def _run(suite: Suite, places: Places, jobs: int) -> None:
    from experiments._data import load
    from experiments._execute import execute
    from experiments._runner import run_missing

    for name, per_class, imbalance in dict.fromkeys((r.data, r.per_class, r.imbalance) for r in suite.runs):
        load(name, per_class=per_class, imbalance=imbalance)  # what is missing is told now, not hours later
    run_missing(suite.runs, places.store, workers=jobs, execute=execute, say=click.echo)


def _status(suite: Suite, places: Places, jobs: int) -> None:
    from rich.console import Console
    from rich.table import Table

    records = Store(places.store).records
    shown = Table(box=None)
    for column in ("variation", "runs", "done", "failed", "collapsed", "largest gap"):
        shown.add_column(column, justify="left" if column == "variation" else "right")
    for variation in suite.variations:
        there = [records[run.key] for run in variation.runs if run.key in records]
        measured = [record["measured"] for record in there if record["outcome"] == "measured"]
        gaps = [one["relative_gap"] for one in measured if one["relative_gap"] is not None]  # null: the minimum is 0
        largest = max(gaps, default=math.nan)
        shown.add_row(
            variation.name, str(len(variation.runs)), str(len(there)), str(len(there) - len(measured)),
            str(sum(one["verdict"]["kind"] == "collapsed as predicted" for one in measured)),
            "" if math.isnan(largest) else f"{largest:.1e}",
        )
    Console().print(shown)


def _write_table(suite: Suite, places: Places, jobs: int) -> None:
    from experiments._tables import blank_page, write_page

    records = dict(Store(places.store).records)
    there = _table.read(places.table) if places.table.exists() else None
    kept = {} if there is None else {
        row["key"]: row | {"machine": there["machines"][row["machine"]]} for row in there["runs"]
        if row["key"] not in records
    }
    table = _table.table_of(suite, kept | records)
    if not table["runs"]:
        raise SuiteError(f"{places.store}: no run of the suite is there yet; make some by --run")
    for folder in (places.table.parent, places.page.parent):
        folder.mkdir(parents=True, exist_ok=True)
    page = places.page.read_text(encoding="utf-8") if places.page.exists() else blank_page(suite.name)
    try:
        page = write_page(table, page)
    except ValueError as error:
        raise SuiteError(f"{places.page}: {error}") from None
    _table.write(table, places.table)
    places.page.write_text(page, encoding="utf-8")
    old = sum(row["key"] in kept for row in table["runs"])
    from_there = f", {old} of them from the table that was there" if old else ""
    click.echo(f"{len(table['runs'])} of {len(suite.runs)} runs{from_there}: {places.table} and {places.page}")


def _plot(suite: Suite, places: Places, jobs: int) -> None:
    from experiments._figures import draw_all

    for file in draw_all(_table.read(places.table), places.figures):
        click.echo(file)


_TASKS = {"run": _run, "status": _status, "table": _write_table, "plot": _plot}

if __name__ == "__main__":
    main(prog_name="python -m experiments")
