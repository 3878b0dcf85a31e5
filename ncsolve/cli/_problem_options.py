"""The options that describe a problem, spliced into every command that takes one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from ncsolve.errors import shown

__all__ = ["CLASSES", "LAMBDA", "PER_CLASS", "ProblemArguments", "problem_options", "whole"]

CLASSES = 10
PER_CLASS = 100
LAMBDA = "5e-4"
_DIGITS = 100  # far beyond what any number of things has


def whole(typed: str | int) -> int:
    """A whole number as it is typed: digits, and nothing that Python would read as digits as well (1_0, 5.0)."""
    text = str(typed)  # typer hands over defaults, too
    if not (text.strip().isascii() and text.strip().lstrip("+-").isdigit()) or len(text) > _DIGITS:
        raise typer.BadParameter(f"{shown(text)} is not a whole number.")
    return int(text)


@dataclass(frozen=True, kw_only=True)
class ProblemArguments:
    """What was typed of a problem; None where nothing was."""

    problem: Annotated[
        Path | None,
        typer.Option(
            "--problem", "-p", metavar="FILE",
            help="Read the problem from a .toml or .json file with the fields encoding, classes, per_class, counts, "
            "labels, label_column, header, order, text_labels, lambda_w, lambda_h, lambda_b, dim, features, depth, "
            "convention, seed; options go before its fields.",
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding", "-e", metavar="SPEC|FILE",
            help="Label encoding: a name from 'ncsolve encodings', with parameters as in smoothed:0.1, or a .csv, "
            ".tsv, .txt or .npy file with one row per output and one column per class.  [default: onehot]",
        ),
    ] = None
    classes: Annotated[
        int | None,
        typer.Option("--classes", "-k", metavar="K", parser=whole, help=f"Number of classes.  [default: {CLASSES}]"),
    ] = None
    per_class: Annotated[
        int | None,
        typer.Option(
            "--per-class", "-n", metavar="N", parser=whole, help=f"Samples in every class.  [default: {PER_CLASS}]"
        ),
    ] = None
    counts: Annotated[
        str | None,
        typer.Option(
            "--counts", metavar="N1,N2,...|FILE", help="Samples of each class, as in 400,100,9,1, or a file of them."
        ),
    ] = None
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="FILE",
            help="Take the counts from real labels, one per sample: .csv, .tsv, .txt, .npy, .npz, .parquet, or - for "
            "standard input (docs/files.md has the rules).",
        ),
    ] = None
    label_column: Annotated[
        str | None,
        typer.Option(
            "--label-column", metavar="NAME", help="Column of the file with the labels: its name, or a number from 0."
        ),
    ] = None
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header", show_default=False,
            help="Whether line 1 of the files of labels, counts and codes is a header.  [default: told by the file]",
        ),
    ] = None
    order: Annotated[
        str | None,
        typer.Option(
            "--order", metavar="NAME,NAME,...",
            help="Order of the classes of --labels, for encodings that depend on it.  [default: as numbers, or as "
            "text]",
        ),
    ] = None
    text_labels: Annotated[
        bool | None,
        typer.Option(
            "--text-labels", show_default=False, help="Labels are texts: 1, 01 and 1.0 are three classes, not one."
        ),
    ] = None
    lambda_w: Annotated[
        str | None,
        typer.Option(
            "--lambda-w", metavar="X[,X...]",
            help="Weight decay of the classifier W; with --depth one for all layers, or one for each, from the "
            f"features on.  [default: {LAMBDA}]",
        ),
    ] = None
    lambda_h: Annotated[
        str | None,
        typer.Option("--lambda-h", metavar="X", help=f"Weight decay of the features H.  [default: {LAMBDA}]"),
    ] = None
    lambda_b: Annotated[
        str | None,
        typer.Option(
            "--lambda-b", metavar="X",
            help=f"Weight decay of the bias: 0 is a free bias, inf is no bias.  [default: {LAMBDA}]",
        ),
    ] = None
    dim: Annotated[
        int | None,
        typer.Option(
            "--dim", metavar="D", parser=whole,
            help="Feature dimension; below the rank of the minimizer a bottleneck.  [default: min(outputs, classes)]",
        ),
    ] = None
    features: Annotated[
        str | None,
        typer.Option("--features", metavar="KIND", help="linear, or relu for features H >= 0.  [default: linear]"),
    ] = None
    depth: Annotated[
        int | None, typer.Option("--depth", metavar="L", parser=whole, help="Linear layers of the head.  [default: 1]")
    ] = None
    convention: Annotated[
        str | None,
        typer.Option(
            "--convention", metavar="NAME",
            help="Scaling of the objective that the lambdas belong to: paper, sum, torch-mean or per-sample-features.  "
            "[default: paper]",
        ),
    ] = None
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", parser=whole, help="Seed of random encodings.  [default: 0]")
    ] = None


def problem_options(*, without: tuple[str, ...] = (), **instead: object) -> Callable[[Callable[..., None]], Any]:
    """Put the options of a problem in the place of a command's parameter ``given``, which gets what was typed.

    ``without`` names those that the command has not, ``instead`` gives one another help, as an annotation.
    """
    offered = get_type_hints(ProblemArguments, include_extras=True) | instead
    names = [field.name for field in fields(ProblemArguments) if field.name not in without]

    def splice(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            if parameter.name == "given":
                parameters += [inspect.Parameter(n, kind, default=None, annotation=offered[n]) for n in names]
            else:
                parameters.append(parameter.replace(kind=kind))

        @wraps(command)
        def run(**typed: Any) -> None:
            given = ProblemArguments(**{name: typed.pop(name) for name in names})
            command(given=given, **typed)

        # What typer reads: wraps() has left the parameters of the command itself.
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return splice
