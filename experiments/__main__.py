"""Run a suite of real networks, and make the table, the page and the figures of it: `python -m experiments --help`."""

from __future__ import annotations

import math
from pathlib import Path

import click

from experiments import _table
from experiments._store import Store
from experiments._suite import Suite, SuiteError, read_suite

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "networks.md"
FIGURES = ROOT / "docs" / "figures"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("suite_file", metavar="SUITE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--run", "task", flag_value="run", help="Make the runs that are not in the store yet.")
@click.option("--status", "task", flag_value="status", help="Tell how many runs of each variation there are.")
@click.option("--table", "task", flag_value="table", help="Write the compressed table, and the page's tables from it.")
@click.option("--plot", "task", flag_value="plot", help="Draw the figures of the page from the table.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Runs at a time.")
@click.option("--only", multiple=True, metavar="NAME", help="This variation alone; may be given several times.")
@click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="Where runs are kept, a line each.")
@click.option("--keep", is_flag=True, help="With --table: keep the table's runs that the store lacks.")
def main(
    suite_file: Path, task: str | None, jobs: int, only: tuple[str, ...], store: Path | None, *, keep: bool,
) -> None:
    """Train the networks of a SUITE, measure each, and keep what was found.

    Runs go to results/NAME.jsonl beside the suite's file, a line each; one that is there is not made again.
    """
    try:
        if task is None:
            raise SuiteError("nothing to do; give one of --run, --status, --table and --plot")
        suite = read_suite(suite_file)
        if only and task in ("table", "plot"):
            raise SuiteError(f"--only goes with --run and --status, not with --{task}: the table is of the whole suite")
        if keep and task != "table":
            raise SuiteError(f"--keep goes with --table, not with --{task}")
        path = suite_file.parent / "results" / f"{suite.name}.jsonl" if store is None else store
        _TASKS[task](suite.only(only), path, jobs, keep=keep)
    except SuiteError as error:
        raise click.ClickException(str(error)) from None


def _run(suite: Suite, path: Path, jobs: int, *, keep: bool) -> None:
    from experiments._data import load
    from experiments._execute import execute
    from experiments._runner import run_missing

    for name, per_class, imbalance in dict.fromkeys((r.data, r.per_class, r.imbalance) for r in suite.runs):
        load(name, per_class=per_class, imbalance=imbalance)  # what is missing is told now, not hours later
    run_missing(suite.runs, path, workers=jobs, execute=execute, say=click.echo)


def _status(suite: Suite, path: Path, jobs: int, *, keep: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    records = Store(path).records
    shown = Table(box=None)
    for column in ("variation", "runs", "done", "failed", "collapsed", "largest gap"):
        shown.add_column(column, justify="left" if column == "variation" else "right")
    for variation in suite.variations:
        there = [records[run.key] for run in variation.runs if run.key in records]
        measured = [record["measured"] for record in there if record["outcome"] == "measured"]
        largest = max((one["relative_gap"] for one in measured), default=math.nan)
        shown.add_row(
            variation.name, str(len(variation.runs)), str(len(there)), str(len(there) - len(measured)),
            str(sum(one["verdict"]["kind"] == "collapsed as predicted" for one in measured)),
            "" if math.isnan(largest) else f"{largest:.1e}",
        )
    Console().print(shown)


def _write_table(suite: Suite, path: Path, jobs: int, *, keep: bool) -> None:
    from experiments._tables import write_page

    records = dict(Store(path).records)
    if keep:
        old = _table.read()
        kept = {row["key"]: row | {"machine": old["machines"][row["machine"]]} for row in old["runs"]}
        records = kept | records
    if not records:
        raise SuiteError(f"{path}: no run is there yet; make some by --run")
    table = _table.table_of(suite, records)
    _table.write(table)
    PAGE.write_text(write_page(table, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    click.echo(f"{len(table['runs'])} of {len(suite.runs)} runs: {_table.TABLE.name} and {PAGE.name} are written")


def _plot(suite: Suite, path: Path, jobs: int, *, keep: bool) -> None:
    from experiments._figures import draw_all

    for file in draw_all(_table.read(), FIGURES):
        click.echo(file.name)


_TASKS = {"run": _run, "status": _status, "table": _write_table, "plot": _plot}

if __name__ == "__main__":
    main(prog_name="python -m experiments")
