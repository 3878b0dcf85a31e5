"""From the options that describe a problem, and the files that they name, to the problem."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve.cli._problem_options import CLASSES, LAMBDA, PER_CLASS, ProblemArguments
from ncsolve.errors import ProblemError

if TYPE_CHECKING:  # the rest is imported by the commands that solve something, so that the others start fast
    from ncsolve._conventions import Convention
    from ncsolve._problem import UFM
    from ncsolve.encodings import Encoding

__all__ = ["Request", "is_file", "request"]

Rows = tuple[tuple[str, ...], ...]


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


def request(given: ProblemArguments) -> Request:
    """The problem that the options describe; what they leave open is taken from the problem file, then from the
    defaults.  Raises NCSolveError, naming the option or the field."""
    from ncsolve._conventions import convention
    from ncsolve._labels import count_labels
    from ncsolve._problem import UFM, check_depth, check_lambda, check_lambda_b, geometric_mean
    from ncsolve._problem_file import ProblemFields, read_problem_file
    from ncsolve._read import read_labels

    ways = (("--counts", given.counts), ("--per-class", given.per_class), ("--labels", given.labels))
    sources = [name for name, value in ways if value is not None]
    if len(sources) > 1:
        raise ProblemError(f"give the samples per class in one way; got {' and '.join(sources)}, drop all but one")
    file = ProblemFields() if given.problem is None else read_problem_file(given.problem)
    if sources:  # the samples per class, and the number of classes that goes with them, are one choice
        own = file.classes if given.per_class is not None else None
        file = replace(file, per_class=None, counts=None, labels=None, label_column=None, classes=own)
    scaling = convention(given.convention or file.convention or "paper")
    name_w, text_w = _lambda("--lambda-w", given.lambda_w, given.problem, file.lambda_w)
    name_h, text_h = _lambda("--lambda-h", given.lambda_h, given.problem, file.lambda_h)
    name_b, text_b = _lambda("--lambda-b", given.lambda_b, given.problem, file.lambda_b)
    depth = check_depth((file.depth or 1) if given.depth is None else given.depth)
    layers = _layers(name_w, text_w, depth)
    w = geometric_mean(layers)
    h = check_lambda(name_h, _number(name_h, text_h))
    b = check_lambda_b(_number(name_b, text_b), name_b)
    labels = given.labels or file.labels
    label_column = file.label_column if given.label_column is None else given.label_column
    if label_column is not None and labels is None:
        raise ProblemError("--label-column names a column of the file given by --labels; add --labels FILE")
    classes = file.classes if given.classes is None else given.classes
    per_class = file.per_class if given.per_class is None else given.per_class
    names: tuple[str, ...] | None = None
    numbers: int | tuple[int, ...] = PER_CLASS if per_class is None else per_class
    if labels is not None:
        found = count_labels(read_labels(labels, label_column))
        names, numbers = found.names, found.counts
    elif given.counts is not None:
        numbers = _counts(given.counts)
    elif file.counts is not None:
        numbers = file.counts
    if isinstance(numbers, tuple):
        if classes is not None and classes != len(numbers):
            raise ProblemError(
                f"--classes must agree with the number of counts; got {classes} and {len(numbers)}, drop --classes"
            )
        classes = len(numbers)
    chosen = given.encoding or file.encoding or "onehot"
    code = _encoding(chosen, classes, given.seed if given.seed is not None else file.seed or 0)
    fw, fh, fb = scaling.to_paper(_total(numbers, code.classes), code.code_length, w, h, b)
    scale = scaling.factors(_total(numbers, code.classes), code.code_length)[0]
    problem = UFM(
        encoding=code, counts=numbers, lambda_w=fw if len(set(layers)) == 1 else tuple(x * scale for x in layers),
        lambda_h=fh, lambda_b=fb, dim=file.dim if given.dim is None else given.dim, class_names=names,
        features=given.features or file.features or "linear", depth=len(layers),
    )
    return Request(
        problem=problem, convention=scaling, lambdas=(w, h, b), texts=(text_w, text_h, text_b), encoding=chosen,
        layers=layers,
    )


def _lambda(option: str, text: str | None, file: Path | None, value: str | None) -> tuple[str, str]:
    """A weight decay with the name that an error gives it."""
    if text is None and value is not None:
        return f"{file}: {option[2:].replace('-', '_')}", value
    return option, LAMBDA if text is None else text


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
    return encodings.make(spec, classes=CLASSES if classes is None else classes, seed=seed)


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
