"""The options that describe a problem, spliced into every command that takes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ncsolve._problem.model_fields import SPEC_FIELDS, SpecFields
from ncsolve.cli._options import FILE, SPEC_OR_FILE, whole

__all__ = ["CLASSES", "LAMBDA", "PER_CLASS", "ProblemArguments", "files_of", "problem_options"]

CLASSES = 10
PER_CLASS = 100
LAMBDA = "5e-4"


def _typed(*names: str, help: str, metavar: str | None = None, type: object = None, is_flag: bool | None = None) -> Any:
    """A field with the option that fills it, made by ``field``, so that the instances share nothing."""
    option = click.option(*names, help=help, metavar=metavar, type=type, is_flag=is_flag, default=None)
    return field(default=None, metadata={"option": option})


def _option(one: Field[Any]) -> Callable[..., Any]:
    """The option that fills a field: its own, or of a part of the model what the table says."""
    if "option" in one.metadata:
        option: Callable[..., Any] = one.metadata["option"]
        return option
    kind = None if one.name in ("loss", "features") else whole
    return click.option(
        f"--{one.name}", help=one.metadata["help"], metavar=one.metadata["metavar"], type=kind, default=None
    )


@dataclass(frozen=True, kw_only=True)
class ProblemArguments(SpecFields):
    """What was typed of a problem; None where nothing was."""

    problem: Path | None = _typed(  # noqa: RUF009
        "--problem", "-p", metavar="FILE", type=FILE,
        help="Read the problem from a .toml or .json file with the fields encoding, classes, per_class, counts, "
        "labels, label_column, header, order, text_labels, lambda_w, lambda_h, lambda_b, loss, dim, features, depth, "
        "convention, seed; options go before its fields.",
    )
    encoding: str | None = _typed(
        "--encoding", "-e", metavar="SPEC|FILE", type=SPEC_OR_FILE,
        help="Label encoding: a name from 'ncsolve encodings', with parameters as in smoothed:0.1, or a .csv, "
        ".tsv, .txt or .npy file with one row per output and one column per class.  [default: onehot]",
    )
    classes: int | None = _typed(
        "--classes", "-k", metavar="K", type=whole, help=f"Number of classes.  [default: {CLASSES}]"
    )
    per_class: int | None = _typed(
        "--per-class", "-n", metavar="N", type=whole, help=f"Samples in every class.  [default: {PER_CLASS}]"
    )
    counts: str | None = _typed(
        "--counts", metavar="N1,N2,...|FILE", type=SPEC_OR_FILE,
        help="Samples of each class, as in 400,100,9,1, or a file of them.",
    )
    labels: Path | None = _typed(  # noqa: RUF009
        "--labels", metavar="FILE", type=FILE,
        help="Take the counts from real labels, one per sample: .csv, .tsv, .txt, .npy, .npz, .parquet, or - for "
        "standard input (docs/reference/files.md has the rules).",
    )
    label_column: str | None = _typed(
        "--label-column", metavar="NAME", help="Column of the file with the labels: its name, or a number from 0."
    )
    header: bool | None = _typed(
        "--header/--no-header",
        help="Whether line 1 of the files of labels, counts and codes is a header.  [default: told by the file]",
    )
    order: str | None = _typed(
        "--order", metavar="NAME,NAME,...",
        help="Order of the classes of --labels, for encodings that depend on it.  [default: as numbers, or as "
        "text]",
    )
    text_labels: bool | None = _typed(
        "--text-labels", is_flag=True, help="Labels are texts: 1, 01 and 1.0 are three classes, not one."
    )
    lambda_w: str | None = _typed(
        "--lambda-w", metavar="X[,X...]",
        help="Weight decay of the classifier W; with --depth one for all layers, or one for each, from the "
        f"features on.  [default: {LAMBDA}]",
    )
    lambda_h: str | None = _typed(
        "--lambda-h", metavar="X", help=f"Weight decay of the features H.  [default: {LAMBDA}]"
    )
    lambda_b: str | None = _typed(
        "--lambda-b", metavar="X",
        help=f"Weight decay of the bias: 0 is a free bias, inf is no bias.  [default: {LAMBDA}]",
    )
    convention: str | None = _typed(
        "--convention", metavar="NAME",
        help="Scaling of the objective that the lambdas belong to: paper, sum, torch-mean or per-sample-features.  "
        "[default: paper]",
    )
    seed: int | None = _typed("--seed", metavar="S", type=whole, help="Seed of random encodings.  [default: 0]")


def files_of(given: ProblemArguments) -> tuple[object, ...]:
    """What was typed that may be the name of a file that is read."""
    return given.problem, given.encoding, given.counts, given.labels


def problem_options(*, without: tuple[str, ...] = (), **instead: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a problem, in one argument ``given`` that says what was typed.

    ``without`` names those that the command has not, ``instead`` gives one another help, as an option of click.
    """
    offered = {one.name: _option(one) for one in fields(ProblemArguments)}
    *first, convention, seed = [name for name in offered if name not in SPEC_FIELDS]
    order = (*first, *SPEC_FIELDS, convention, seed)  # of the help
    options = {name: (offered | instead)[name] for name in order if name not in without}

    def splice(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**typed: Any) -> None:
            given = ProblemArguments(**{name: typed.pop(name) for name in options})
            command(given=given, **typed)

        for option in reversed(options.values()):
            run = option(run)
        return run

    return splice
