"""The options that describe a problem, shared by every command that takes one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ncsolve.errors import ProblemError

if TYPE_CHECKING:  # the rest is imported by the commands that solve something, so that the others start fast
    from ncsolve._conventions import Convention
    from ncsolve._problem import UFM
    from ncsolve.encodings import Encoding

__all__ = [
    "ClassesOption",
    "ConventionOption",
    "CountsOption",
    "DepthOption",
    "DimOption",
    "EncodingOption",
    "FeaturesOption",
    "LabelColumnOption",
    "LabelsOption",
    "LambdaBOption",
    "LambdaHOption",
    "LambdaWOption",
    "PerClassOption",
    "ProblemOption",
    "Request",
    "SeedOption",
    "is_file",
    "request",
]

Rows = tuple[tuple[str, ...], ...]
_CLASSES = 10
_PER_CLASS = 100
_LAMBDA = "5e-4"

ProblemOption = Annotated[
    Path | None,
    typer.Option(
        "--problem", "-p", metavar="FILE",
        help="Read the problem from a .toml or .json file with the fields encoding, classes, per_class, counts, "
        "labels, label_column, lambda_w, lambda_h, lambda_b, dim, features, depth, convention, seed; options go before "
        "its fields.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        "--encoding", "-e", metavar="SPEC|FILE",
        help="Label encoding: a name from 'ncsolve encodings', with parameters as in smoothed:0.1, or a .csv, .txt or "
        ".npy file with one row per output and one column per class.  [default: onehot]",
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
LambdaWOption = Annotated[
    str | None,
    typer.Option(
        "--lambda-w", metavar="X[,X...]",
        help="Weight decay of the classifier W; with --depth one for all layers, or one for each, from the features "
        f"on.  [default: {_LAMBDA}]",
    ),
]
LambdaHOption = Annotated[
    str | None,
    typer.Option("--lambda-h", metavar="X", help=f"Weight decay of the features H.  [default: {_LAMBDA}]"),
]
LambdaBOption = Annotated[
    str | None,
    typer.Option(
        "--lambda-b", metavar="X",
        help=f"Weight decay of the bias: 0 is a free bias, inf is no bias.  [default: {_LAMBDA}]",
    ),
]
DimOption = Annotated[
    int | None,
    typer.Option(
        "--dim", metavar="D",
        help="Feature dimension; below the rank of the minimizer a bottleneck.  [default: min(outputs, classes)]",
    ),
]
FeaturesOption = Annotated[
    str | None,
    typer.Option("--features", metavar="KIND", help="linear, or relu for features H >= 0.  [default: linear]"),
]
DepthOption = Annotated[
    int | None, typer.Option("--depth", metavar="L", help="Linear layers of the head.  [default: 1]")
]
ConventionOption = Annotated[
    str | None,
    typer.Option(
        "--convention", metavar="NAME",
        help="Scaling of the objective that the lambdas belong to: paper, sum, torch-mean or per-sample-features.  "
        "[default: paper]",
    ),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="S", help="Seed of random encodings.  [default: 0]")
]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A problem in the convention of the paper, with the convention and the lambdas (w, h, b) as they were typed.

    ``texts`` are the same lambdas as text, digit by digit, and ``encoding`` is what was typed for it: a spec, a file,
    or a matrix of texts.  ``layers`` are the weight decays of the layers, w is their geometric mean.
    """

    problem: UFM
    convention: Convention
    lambdas: tuple[float, float, float]
    texts: tuple[str, str, str]
    encoding: str | Rows
    layers: tuple[float, ...]


def request(
    *,
    problem_file: Path | None = None,
    encoding: str | None = None,
    classes: int | None = None,
    per_class: int | None = None,
    counts: str | None = None,
    labels: Path | None = None,
    label_column: str | None = None,
    lambda_w: str | None = None,
    lambda_h: str | None = None,
    lambda_b: str | None = None,
    dim: int | None = None,
    convention_name: str | None = None,
    seed: int | None = None,
    features: str | None = None,
    depth: int | None = None,
) -> Request:
    """The problem that the options describe; what they leave open is taken from the problem file, then from the
    defaults.  Raises NCSolveError, naming the option or the field."""
    from ncsolve._conventions import convention
    from ncsolve._labels import count_labels
    from ncsolve._problem import UFM, check_depth, check_lambda, check_lambda_b, geometric_mean
    from ncsolve._problem_file import ProblemFields, read_problem_file
    from ncsolve._read import read_labels

    sources = [name for name, value in (("--counts", counts), ("--per-class", per_class), ("--labels", labels))
               if value is not None]
    if len(sources) > 1:
        raise ProblemError(f"give the samples per class in one way; got {' and '.join(sources)}, drop all but one")
    file = ProblemFields() if problem_file is None else read_problem_file(problem_file)
    if sources:  # the samples per class, and the number of classes that goes with them, are one choice
        own = file.classes if per_class is not None else None
        file = replace(file, per_class=None, counts=None, labels=None, label_column=None, classes=own)
    scaling = convention(convention_name or file.convention or "paper")
    name_w, text_w = _lambda("--lambda-w", lambda_w, problem_file, file.lambda_w)
    name_h, text_h = _lambda("--lambda-h", lambda_h, problem_file, file.lambda_h)
    name_b, text_b = _lambda("--lambda-b", lambda_b, problem_file, file.lambda_b)
    depth = check_depth((file.depth or 1) if depth is None else depth)
    layers = _layers(name_w, text_w, depth)
    w = geometric_mean(layers)
    h = check_lambda(name_h, _number(name_h, text_h))
    b = check_lambda_b(_number(name_b, text_b), name_b)
    labels, label_column = labels or file.labels, label_column if label_column is not None else file.label_column
    if label_column is not None and labels is None:
        raise ProblemError("--label-column names a column of the file given by --labels; add --labels FILE")
    classes = file.classes if classes is None else classes
    per_class = file.per_class if per_class is None else per_class
    names: tuple[str, ...] | None = None
    numbers: int | tuple[int, ...] = _PER_CLASS if per_class is None else per_class
    if labels is not None:
        found = count_labels(read_labels(labels, label_column))
        names, numbers = found.names, found.counts
    elif counts is not None:
        numbers = _counts(counts)
    elif file.counts is not None:
        numbers = file.counts
    if isinstance(numbers, tuple):
        if classes is not None and classes != len(numbers):
            raise ProblemError(
                f"--classes must agree with the number of counts; got {classes} and {len(numbers)}, drop --classes"
            )
        classes = len(numbers)
    chosen = encoding or file.encoding or "onehot"
    code = _encoding(chosen, classes, seed if seed is not None else file.seed or 0)
    fw, fh, fb = scaling.to_paper(_total(numbers, code.classes), code.code_length, w, h, b)
    scale = scaling.factors(_total(numbers, code.classes), code.code_length)[0]
    problem = UFM(
        encoding=code, counts=numbers, lambda_w=fw if len(set(layers)) == 1 else tuple(x * scale for x in layers),
        lambda_h=fh, lambda_b=fb, dim=file.dim if dim is None else dim, class_names=names,
        features=features or file.features or "linear", depth=len(layers),
    )
    return Request(
        problem=problem, convention=scaling, lambdas=(w, h, b), texts=(text_w, text_h, text_b), encoding=chosen,
        layers=layers,
    )


def _lambda(option: str, text: str | None, file: Path | None, value: str | None) -> tuple[str, str]:
    """A weight decay with the name that an error gives it."""
    if text is None and value is not None:
        return f"{file}: {option[2:].replace('-', '_')}", value
    return option, _LAMBDA if text is None else text


def is_file(spec: str) -> bool:
    """Whether an encoding is given as a file rather than by name."""
    return Path(spec).suffix in (".csv", ".txt", ".npy") or "/" in spec


def _encoding(spec: str | Rows, classes: int | None, seed: int) -> Encoding:
    from ncsolve import encodings

    if isinstance(spec, tuple) or is_file(spec):
        matrix = [[float(entry) for entry in row] for row in spec] if isinstance(spec, tuple) else None
        code = encodings.from_file(str(spec)) if matrix is None else encodings.from_array(matrix)
        if classes is not None and classes != code.classes:
            raise ProblemError(
                f"{'the encoding' if isinstance(spec, tuple) else spec}: it has {code.classes} columns (classes), but "
                f"there are {classes} classes; give one column per class and one row per output, or transpose it"
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


def _layers(option: str, text: str, depth: int) -> tuple[float, ...]:
    """One weight decay for every layer, or as many as there are."""
    from ncsolve._problem import check_lambda, check_layers

    values = tuple(check_lambda(option, _number(option, word)) for word in text.split(","))
    return values * depth if len(values) == 1 else check_layers(option, values, depth)


def _number(option: str, text: str) -> float:
    if "/" in text:  # exact until here: certificates take the text itself
        from ncsolve.certificates._numbers import exact_number

        return float(exact_number(option, text))
    try:
        value = float(text)
    except ValueError:
        raise ProblemError(
            f"{option} must be a number such as 5e-4 or 1/2000 (or inf for --lambda-b); got {text!r}"
        ) from None
    if math.isnan(value):
        raise ProblemError(f"{option} must be a number such as 5e-4; got {text!r}")
    return value
