"""What ``ncsolve measure`` reads: features with their labels, or saved statistics, the last layer, and the codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve.cli._named_files import parse_order
from ncsolve.cli._problem_options import ProblemArguments
from ncsolve.errors import FileError, ProblemError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ncsolve._arrays import Array
    from ncsolve._files.reading.codes import CodeFile
    from ncsolve._files.reading.sequence import ClassNumbers, LabelSequence
    from ncsolve._measure.head_file import HeadFile
    from ncsolve._measure.shards import Shard
    from ncsolve._measure.statistics import FeatureStatistics
    from ncsolve.encodings import Encoding

__all__ = ["Inputs", "read_inputs"]

# The dimension at which S_W takes 2 GiB.
_WHOLE = 1 << 14


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """A statistic that ``gather`` begins with, the head (W, b), the codes of all classes, and what was read in words.

    ``shards`` are empty where the statistic was saved before.
    """

    statistics: FeatureStatistics
    head: tuple[Array, Array | None] | None
    encoding: Encoding
    read: tuple[str, ...]
    shards: tuple[Shard, ...] = ()
    numbers: tuple[NDArray[np.intp], ...] = ()

    @property
    def rows(self) -> int:
        """How many rows there are to read."""
        return sum(shard.rows for shard in self.shards)

    def gather(self, tell: Callable[[int, str], None], scheduler: str | None) -> FeatureStatistics:
        """The statistic of all rows, which are read here, or by the tasks of a ``scheduler`` of Dask."""
        from ncsolve._measure.inputs import gather

        if scheduler is not None:
            from ncsolve._measure.dask_shards import gather_shards

            return gather_shards(self.statistics, self.shards, self.numbers, scheduler)
        gather(self.statistics, self.shards, self.numbers, tell)
        return self.statistics


def read_inputs(
    *, files: Sequence[Path], merge: bool, given: ProblemArguments, head: str | None, head_name: str | None,
    scatter: str, loss: str | None,
) -> Inputs:
    """Everything but the rows themselves; ``loss`` is the one that was named.

    Raises NCSolveError, naming the option or the file.
    """
    from ncsolve._measure.head_file import read_head

    if head_name is not None and head is None:
        raise ProblemError("--head-name is the name of a layer in the file of --head; add --head FILE, or drop it")
    last = None if head is None else read_head(head, head_name)
    codes = _code_file(given)
    if merge:
        return _merged(files, given, last, codes, loss)
    from ncsolve._measure.inputs import head_in, labels_in, labels_split
    from ncsolve._measure.made_of import deciding_codes
    from ncsolve._measure.shards import find_shards
    from ncsolve._measure.statistics import FeatureStatistics

    column = None if given.labels is not None else given.label_column
    shards = find_shards(files, column=column, labelled=given.labels is not None)
    read = [_features_read(shards)]
    if given.labels is None:
        if given.header is not None and codes is None:
            raise ProblemError("--header and --no-header are about line 1 of a file of labels or codes; name one, or "
                               "drop it")
        sequences = labels_in(shards)
    else:
        from ncsolve._files.reading.labels import read_label_sequence

        file, labels = read_label_sequence(
            given.labels, column=given.label_column, header=given.header, text=bool(given.text_labels),
        )
        sequences = labels_split(shards, labels, file.name)
        read.append(f"{file.name}{', ' if file.where else ''}{file.where}, {labels.samples} labels")
    last = head_in(shards) if last is None else last
    classes = _classes(given, last, codes, sequences)
    read.append(_classes_read(classes))
    encoding = _encoding(given, len(classes.names), codes, classes.names)
    _check_gaps(classes, encoding, given)
    if last is not None:
        read.append(last.sentence)
        _check_head(last, shards[0].dim, encoding)
    _check_scatter(scatter, shards[0].dim, last)
    statistics = FeatureStatistics(
        len(classes.names) if classes.from_zero else classes.names, shards[0].dim,
        None if last is None else (last.W, last.b), scatter, codes=None if last is None else deciding_codes(encoding),
        loss="mse" if loss is None or last is None else loss,
    )
    if codes is not None:
        read.append(codes.sentence)
    return Inputs(
        statistics=statistics, head=None if last is None else (last.W, last.b), encoding=encoding, read=tuple(read),
        shards=tuple(shards), numbers=classes.numbers,
    )


def _merged(
    files: Sequence[Path], given: ProblemArguments, last: HeadFile | None, codes: CodeFile | None, loss: str | None,
) -> Inputs:
    """Saved statistics, merged; the head is theirs, unless they keep the whole scatter and another is named."""
    from ncsolve._measure.shards import check_once
    from ncsolve._measure.statistics import FeatureStatistics

    for option, value in (("--labels", given.labels), ("--label-column", given.label_column),
                          ("--order", given.order), ("--text-labels", given.text_labels)):
        if value is not None:
            raise ProblemError(f"{option} is about labels, which saved statistics have counted; drop it, or --merge")
    check_once(files)
    found = FeatureStatistics.load(files[0])
    for file in files[1:]:
        try:
            found = found.merge(FeatureStatistics.load(file))
        except FileError:
            raise
        except ProblemError as error:
            raise FileError(f"{file}: {error}") from None
    if given.classes not in (None, found.classes):
        raise ProblemError(f"--classes must be those of the statistic, {found.classes}; got {given.classes}, drop it")
    encoding = _encoding(given, found.classes, codes, found.class_names)
    count = len(files)
    read = [f"{count} saved statistic{'s' * (count > 1)}, {found.samples} samples of {found.classes} classes, d = "
            f"{found.dim}"]
    head: tuple[Array, Array | None] | None = found.head
    if head is not None and head[1] is not None and not head[1].any():
        head = head[0], None
    if loss == "cross-entropy" and found.loss != loss and found.head is not None:
        raise ProblemError("the saved statistics keep no probabilities, which cross-entropy takes; drop --loss, or "
                           "gather them with --loss cross-entropy")
    if last is not None:
        if found.loss == "cross-entropy" and loss != "mse":
            raise ProblemError("the saved statistics keep the probabilities of their own head; got --head, drop it, or "
                               "gather them anew with that head")
        if found.scatter == "projected":
            raise ProblemError("the saved statistics are projected by their own head; got --head, drop it, or gather "
                               "them with --scatter full")
        head = last.W, last.b
        read.append(last.sentence)
        _check_head(last, found.dim, encoding)
    if codes is not None:
        read.append(codes.sentence)
    return Inputs(statistics=found, head=head, encoding=encoding, read=tuple(read))


def _code_file(given: ProblemArguments) -> CodeFile | None:
    from ncsolve._files.reading.codes import read_codes
    from ncsolve._files.reading.kinds import names_a_file

    if given.encoding is None or not names_a_file(given.encoding):
        return None
    return read_codes(given.encoding, header=given.header)


def _classes(
    given: ProblemArguments, last: HeadFile | None, codes: CodeFile | None, sequences: Sequence[LabelSequence]
) -> ClassNumbers:
    """The classes: those that --order or the header of the codes names, or as many as something says there are."""
    from ncsolve._files.reading.sequence import class_numbers_of
    from ncsolve.checks.arguments import check_classes

    names = None if given.order is None else parse_order(given.order)
    count = None if given.classes is None else check_classes(given.classes)
    if codes is not None:
        columns = codes.matrix.shape[1]
        if count not in (None, columns):
            raise ProblemError(f"{codes.name}: it has {columns} columns (classes); got --classes {count}, drop it")
        count = columns
        if names is None and codes.names is not None:
            names = codes.names
    if names is not None and count not in (None, len(names)):
        raise ProblemError(f"the order names {len(names)} classes, but there are {count}; name each once")
    if count is None and names is None:
        count = _rows_of(last, given)
    return class_numbers_of(sequences, text=bool(given.text_labels), names=names, classes=count)


def _rows_of(last: HeadFile | None, given: ProblemArguments) -> int | None:
    """The classes that the rows of a head stand for: of codes in the one-hot family there is one for each row."""
    from ncsolve import encodings

    if last is None:
        return None
    try:
        code = encodings.make(given.encoding or "onehot", classes=last.W.shape[0], seed=given.seed or 0)
    except ProblemError:
        return None
    return None if code.affine is None else last.W.shape[0]


def _encoding(
    given: ProblemArguments, classes: int, codes: CodeFile | None, names: tuple[str, ...] | None
) -> Encoding:
    from ncsolve import encodings

    if codes is None:
        return encodings.make(given.encoding or "onehot", classes=classes, seed=given.seed or 0)
    if codes.matrix.shape[1] != classes:
        raise ProblemError(f"{codes.name}: it has {codes.matrix.shape[1]} columns, but there are {classes} classes; "
                           "give one column a class")
    if codes.names is not None and names is not None and codes.names != names:
        if set(codes.names) != set(names):
            odd = sorted(set(names) ^ set(codes.names))[0]
            raise ProblemError(f"{codes.name}: its header must name the classes; {odd!r} is named only once, correct "
                               "it or take the header out")
        codes = codes.in_order([codes.names.index(name) for name in names])
    return encodings.from_array(codes.matrix, name=codes.name)


def _check_head(last: HeadFile, dim: int, encoding: Encoding) -> None:
    m, d = last.W.shape
    if d != dim:
        raise ProblemError(f"W of the head must be (m, d) with d = {dim}, the dimension of the features; got {m} x {d}"
                           + (", save W.T" if m == dim else ", is it the layer that these features go into?"))
    if m != encoding.code_length:
        raise ProblemError(
            f"W of the head must have a row for each of the {encoding.code_length} outputs of the {encoding.name} "
            f"codes; got {m}, give the codes that the network was trained with (--encoding)"
        )


def _check_scatter(scatter: str, dim: int, last: HeadFile | None) -> None:
    if scatter == "full" and dim > _WHOLE:
        raise ProblemError(
            f"--scatter full keeps d x d numbers, for d up to {_WHOLE}; got d = {dim}, use --scatter "
            + ("projected, which loses the ratio of NC1 only, or trace" if last is not None else "trace")
        )


def _features_read(shards: Sequence[Shard]) -> str:
    rows = sum(shard.rows for shard in shards)
    names = shards[0].name if len(shards) == 1 else f"{shards[0].name} to {shards[-1].name} ({len(shards)} files)"
    return f"{names}: features {rows} x {shards[0].dim}"


def _check_gaps(classes: ClassNumbers, encoding: Encoding, given: ProblemArguments) -> None:
    """ProblemError where codes hang on the number of classes and numbers of classes are left out."""
    if given.classes is not None or given.order is not None or classes.from_zero or encoding.affine is not None:
        return
    try:
        numbers = {int(name) for name in classes.names}
    except ValueError:
        return
    most = max(numbers)
    if min(numbers) >= 0 and len(numbers) == len(classes.names) and most >= len(numbers) and most < 2 * len(numbers):
        missing = min(set(range(min(numbers), most + 1)) - numbers, default=None)
        if missing is not None:
            raise ProblemError(
                f"the labels lack class {missing}, and the {encoding.name} codes are those of all classes; say how "
                f"many there are (--classes {most + 1}), or name them in their order (--order)"
            )


def _classes_read(classes: ClassNumbers) -> str:
    from ncsolve._files.reading.classes import listed

    return f"{len(classes.names)} classes: {listed(classes.names)} ({classes.basis})"
