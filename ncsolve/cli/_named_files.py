"""What the files of a problem say: the classes and their samples from labels or counts, and the codes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve.errors import ProblemError, shown

if TYPE_CHECKING:
    from ncsolve._files.reading.codes import CodeFile
    from ncsolve._files.reading.labels import LabelFile
    from ncsolve.encodings import Encoding

__all__ = ["Codes", "Rows", "Samples", "check_samples", "encoding_of", "parse_order", "read_samples"]

Rows = tuple[tuple[str, ...], ...]
_VALUES = "ordinal:values"


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Samples per class (one number for all, or one per class) and the names of the classes, if they have any.

    ``labels`` is the file that they were read from; ``read`` are sentences on the files that were read.
    """

    numbers: int | tuple[int, ...]
    names: tuple[str, ...] | None = None
    labels: LabelFile | None = None
    read: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Codes:
    """An encoding of the classes of ``samples``, and what was typed for it, or its exact numbers as Rows."""

    encoding: Encoding
    typed: str | Rows
    samples: Samples


def read_samples(
    *, labels: Path | None, column: str | None, counts: Path | tuple[int, ...] | int, header: bool | None, text: bool,
    order: tuple[str, ...] | None,
) -> Samples:
    """The samples that labels, a file of counts, or numbers give.  Raises NCSolveError."""
    if labels is None:
        for option, value in (("--label-column", column), ("--text-labels", text or None), ("--order", order)):
            if value is not None:
                raise ProblemError(f"{option} is about the file given by --labels; add --labels FILE")
        if not isinstance(counts, Path):
            return Samples(numbers=counts)
        from ncsolve._files.reading.samples import read_counts

        found = read_counts(counts, header=header)
        return Samples(numbers=found.counts, names=found.names, read=(found.sentence,))
    from ncsolve._files.reading.labels import read_labels

    file = read_labels(labels, column=column, header=header, text=text)
    file = file if order is None else file.reordered(order, "as --order says")
    return Samples(numbers=file.classes.counts, names=file.classes.names, labels=file, read=(file.sentence,))


def encoding_of(
    spec: str | Rows, samples: Samples, classes: int | None, *, default: int, seed: int, header: bool | None
) -> Codes:
    """The encoding of these classes: a name, a matrix of texts, or a file.

    Columns of a file that a header names are put in the order of the classes.  ``default`` is the number of classes
    where nothing says it.  Raises NCSolveError.
    """
    from ncsolve import encodings
    from ncsolve._files.reading.codes import read_codes
    from ncsolve._files.reading.kinds import names_a_file

    if isinstance(spec, tuple):
        code: Encoding = encodings.from_array([[float(entry) for entry in row] for row in spec])
        _check_columns("the encoding", code.classes, classes, samples.labels)
        return Codes(encoding=code, typed=spec, samples=samples)
    if names_a_file(spec):
        file = read_codes(spec, header=header)
        _check_headers(file, samples.labels, told=header)
        if file.names is not None and samples.names is not None:
            file = _matched(file, samples)
        _check_columns(file.name, file.matrix.shape[1], classes, samples.labels)
        samples = replace(samples, names=samples.names or file.names, read=(*samples.read, file.sentence))
        code = encodings.from_array(file.matrix, name=file.name)
        return Codes(encoding=code, typed=file.texts or spec, samples=samples)
    if spec.replace(" ", "") == _VALUES:
        rows = (_label_values(samples.labels),)
        code = encodings.from_array([[float(entry) for entry in rows[0]]], name=_VALUES)
        return Codes(encoding=code, typed=rows, samples=samples)
    code = encodings.make(spec, classes=default if classes is None else classes, seed=seed)
    return Codes(encoding=code, typed=spec, samples=_with_ranks(spec, samples))


def parse_order(text: str) -> tuple[str, ...]:
    """The names of --order, with commas between; a name that holds a comma stands in quotes.

    >>> parse_order('low,"middle, upper",high')
    ('low', 'middle, upper', 'high')
    """
    try:
        rows = list(csv.reader([text], skipinitialspace=True))
    except csv.Error:  # of a line break without quotes
        rows = []
    names = tuple(name.strip() for name in rows[0]) if rows else ()
    if not all(names) or not names:
        raise ProblemError("--order must name the classes with commas between, as in low,medium,high (a name with a "
                           f"comma or a line break in quotes); got {shown(text)}")
    return names


def _check_headers(file: CodeFile, labels: LabelFile | None, *, told: bool | None) -> None:
    """ProblemError where line 1 of the codes may name the classes by their numbers, or --header is meant for them and
    would take a label for a header."""
    from ncsolve._files.reading.kinds import has_table_ending
    from ncsolve._files.reading.numerals import label_number

    if labels is None or file.texts is None:
        return
    if told and labels.twofold is not None:
        raise ProblemError(
            f"--header holds for all files, and line 1 of {labels.name}, {labels.twofold!r}, is a label that occurs "
            f"again; take line 1 out of {file.name}, and drop --header"
        )
    values = labels.classes.values
    above = file.texts[0]
    table = has_table_ending(Path(file.name).suffix.lower()) and len(file.texts) > 1
    same = tuple(map(label_number, above)) == values and above != ("-1", "1")  # which are codes of two classes
    if told is None and table and same:
        raise ProblemError(
            f"{file.name}: line 1, {','.join(above[:6])}, can name the classes of {labels.name} or be a row of codes; "
            "say --header or --no-header"
        )


def _matched(file: CodeFile, samples: Samples) -> CodeFile:
    """The codes in the order of the classes, which have names as the columns have.  Raises ProblemError."""
    from ncsolve._files.reading.classes import key_of, listed

    assert samples.names is not None
    assert file.names is not None
    whose = samples.labels.name if samples.labels is not None else "the other files"
    numbers = samples.labels is not None and samples.labels.classes.values is not None
    places = {key_of(name, numbers=numbers): k for k, name in enumerate(file.names)}
    own = {key_of(name, numbers=numbers): name for name in samples.names}
    for key, name in own.items():
        if key not in places:
            raise ProblemError(
                f"class {name!r} of {whose} has no code in {file.name}, whose header names {listed(file.names)}; name "
                "its columns as the classes, or take the header out"
            )
    for key, k in places.items():
        if key not in own:
            raise ProblemError(f"class {file.names[k]!r} of {file.name} has no sample in {whose}; take its column out "
                               "of the codes")
    return file.in_order([places[key] for key in own])


def _check_columns(name: str, columns: int, classes: int | None, labels: LabelFile | None) -> None:
    if classes is None or columns == classes:
        return
    if labels is not None:
        check_samples(labels, columns, f", but {name} has {columns} columns")
    raise ProblemError(
        f"{name}: it has {columns} columns (classes), but there are {classes} classes; give one column per class and "
        "one row per output, or transpose it"
    )


def check_samples(labels: LabelFile, wanted: int, why: str = "") -> None:
    """ProblemError if the labels are numbers that leave one of so many classes without a sample."""
    values = labels.classes.values
    if values is None or len(values) >= wanted:
        return
    for first in (0, 1):
        numbers = range(first, first + wanted)
        if all(value in numbers for value in values):
            missing = next(k for k in numbers if k not in values)
            names = ", ".join(labels.classes.names[:12])
            why = why or f", but there are {wanted} classes"
            raise ProblemError(
                f"class {missing} has no sample in {labels.name}, whose labels are {names}{why}; take the class out of "
                "the problem"
            )


def _label_values(labels: LabelFile | None) -> tuple[str, ...]:
    if labels is None or labels.classes.values is None:
        got = "there are no labels" if labels is None else f"{labels.name} has labels that are text"
        raise ProblemError(f"{_VALUES} takes numeric labels as their codes; {got}, use --labels FILE with numbers, or "
                           "ordinal for ranks")
    return tuple(str(value) for value in labels.classes.values)


def _with_ranks(spec: str, samples: Samples) -> Samples:
    """The samples with a sentence on ordinal codes, where the labels are numbers other than their ranks."""
    if spec.strip() != "ordinal" or samples.labels is None:
        return samples
    values: Sequence[object] | None = samples.labels.classes.values
    if values is None or list(values) == list(range(len(values))):
        return samples
    ranks = ", ".join(map(str, range(min(len(values), 12)))) + (", ..." if len(values) > 12 else "")
    return replace(samples, read=(
        *samples.read, f"ordinal codes are the ranks {ranks} of these labels; {_VALUES} takes the labels themselves",
    ))
