"""The options that describe a problem, shared by every command that takes one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ncsolve import encodings
from ncsolve._conventions import Convention, convention
from ncsolve._labels import count_labels
from ncsolve._problem import UFM, check_lambda, check_lambda_b
from ncsolve._read import read_labels
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError

__all__ = [
    "ClassesOption",
    "ConventionOption",
    "CountsOption",
    "DimOption",
    "EncodingOption",
    "LabelColumnOption",
    "LabelsOption",
    "LambdaBOption",
    "LambdaHOption",
    "LambdaWOption",
    "PerClassOption",
    "Request",
    "SeedOption",
    "is_file",
    "request",
]

_CLASSES = 10
_PER_CLASS = 100
_LAMBDA = "5e-4"

EncodingOption = Annotated[
    str,
    typer.Option(
        "--encoding", "-e", metavar="SPEC|FILE",
        help="Label encoding: a name from 'ncsolve encodings', with parameters as in smoothed:0.1, or a .csv, .txt or "
        ".npy file with one row per output and one column per class.",
    ),
]
ClassesOption = Annotated[
    int | None, typer.Option("--classes", "-k", metavar="K", help=f"Number of classes.  [default: {_CLASSES}]")
]
PerClassOption = Annotated[
    int | None,
    typer.Option("--per-class", "-n", metavar="N", help=f"Samples in every class.  [default: {_PER_CLASS}]"),
]
CountsOption = Annotated[
    str | None, typer.Option("--counts", metavar="N1,N2,...", help="Samples of each class, as in 400,100,9,1.")
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels", metavar="FILE",
        help="Take the counts from real labels, one per row: .csv (with a header), .txt or .npy.",
    ),
]
LabelColumnOption = Annotated[
    str | None,
    typer.Option("--label-column", metavar="NAME", help="Column of the .csv file with the labels (name or number)."),
]
LambdaWOption = Annotated[str, typer.Option("--lambda-w", metavar="X", help="Weight decay of the classifier W.")]
LambdaHOption = Annotated[str, typer.Option("--lambda-h", metavar="X", help="Weight decay of the features H.")]
LambdaBOption = Annotated[
    str, typer.Option("--lambda-b", metavar="X", help="Weight decay of the bias: 0 is a free bias, inf is no bias.")
]
DimOption = Annotated[
    int | None, typer.Option("--dim", metavar="D", help="Feature dimension.  [default: min(outputs, classes)]")
]
ConventionOption = Annotated[
    str,
    typer.Option(
        "--convention", metavar="NAME",
        help="Scaling of the objective that the lambdas belong to: paper, sum, torch-mean or per-sample-features.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", metavar="S", help="Seed of random encodings.")]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A problem in the convention of the paper, with the convention and the lambdas (w, h, b) as they were typed."""

    problem: UFM
    convention: Convention
    lambdas: tuple[float, float, float]


def request(
    *,
    encoding: str = "onehot",
    classes: int | None = None,
    per_class: int | None = None,
    counts: str | None = None,
    labels: Path | None = None,
    label_column: str | None = None,
    lambda_w: str = _LAMBDA,
    lambda_h: str = _LAMBDA,
    lambda_b: str = _LAMBDA,
    dim: int | None = None,
    convention_name: str = "paper",
    seed: int = 0,
) -> Request:
    """The problem that the options describe.  Raises NCSolveError, naming the option."""
    scaling = convention(convention_name)
    w = check_lambda("--lambda-w", _number("--lambda-w", lambda_w))
    h = check_lambda("--lambda-h", _number("--lambda-h", lambda_h))
    b = check_lambda_b(_number("--lambda-b", lambda_b), "--lambda-b")
    sources = [name for name, value in (("--counts", counts), ("--per-class", per_class), ("--labels", labels))
               if value is not None]
    if len(sources) > 1:
        raise ProblemError(f"give the samples per class in one way; got {' and '.join(sources)}, drop all but one")
    if label_column is not None and labels is None:
        raise ProblemError("--label-column names a column of the file given by --labels; add --labels FILE")
    names: tuple[str, ...] | None = None
    numbers: int | tuple[int, ...] = _PER_CLASS if per_class is None else per_class
    if labels is not None:
        found = count_labels(read_labels(labels, label_column))
        names, numbers = found.names, found.counts
    elif counts is not None:
        numbers = _counts(counts)
    if isinstance(numbers, tuple):
        if classes is not None and classes != len(numbers):
            raise ProblemError(
                f"--classes must agree with the number of counts; got {classes} and {len(numbers)}, drop --classes"
            )
        classes = len(numbers)
    code = _encoding(encoding, classes, seed)
    fw, fh, fb = scaling.to_paper(_total(numbers, code.classes), code.code_length, w, h, b)
    problem = UFM(
        encoding=code, counts=numbers, lambda_w=fw, lambda_h=fh, lambda_b=fb, dim=dim, class_names=names
    )
    return Request(problem=problem, convention=scaling, lambdas=(w, h, b))


def is_file(spec: str) -> bool:
    """Whether an encoding is given as a file rather than by name."""
    return Path(spec).suffix in (".csv", ".txt", ".npy") or "/" in spec


def _encoding(spec: str, classes: int | None, seed: int) -> Encoding:
    if is_file(spec):
        code = encodings.from_file(spec)
        if classes is not None and classes != code.classes:
            raise ProblemError(
                f"{spec}: the file has {code.classes} columns (classes), but there are {classes} classes; give one "
                "column per class and one row per output, or transpose the file"
            )
        return code
    return encodings.make(spec, classes=_CLASSES if classes is None else classes, seed=seed)


def _total(numbers: int | tuple[int, ...], classes: int) -> int:
    total = numbers * classes if isinstance(numbers, int) else sum(numbers)
    return max(total, 1)  # UFM refuses counts below 1, with the better message


def _counts(text: str) -> tuple[int, ...]:
    values = []
    for word in text.split(","):
        try:
            values.append(int(word))
        except ValueError:
            raise ProblemError(
                f"--counts must be whole numbers with commas between, as in 400,100,9,1; got {word.strip()!r} in "
                f"{text!r}"
            ) from None
    return tuple(values)


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ProblemError(f"{option} must be a number such as 5e-4 (or inf for --lambda-b); got {text!r}") from None
    if math.isnan(value):
        raise ProblemError(f"{option} must be a number such as 5e-4; got {text!r}")
    return value
