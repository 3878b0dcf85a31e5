"""From the options that describe a problem, and the files that they name, to the problem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve.cli._named_files import Rows, Samples, check_samples, encoding_of, parse_order, read_samples
from ncsolve.cli._problem_options import CLASSES, LAMBDA, PER_CLASS, ProblemArguments
from ncsolve.errors import ProblemError, shown

if TYPE_CHECKING:  # the rest is imported by the commands that solve something, so that the others start fast
    from ncsolve._problem.convention import Convention
    from ncsolve._problem.model_spec import ModelSpec
    from ncsolve._problem.problem_file import ProblemFields
    from ncsolve._problem.ufm import UFM

__all__ = ["Request", "request", "told_header"]

_DIGITS = 100  # of a number of samples, far beyond what any problem has


@dataclass(frozen=True, kw_only=True)
class Request:
    """A problem in the convention of the paper, with the convention and the lambdas (w, h, b) as they were typed.

    ``texts`` are the same lambdas as text, digit by digit, and ``encoding`` is what was typed for it: a spec, or the
    matrix of texts that a file holds.  ``layers`` are the weight decays of the layers, w is their geometric mean.
    ``samples`` are the classes as they were read, ``read`` the sentences on the files that were read; ``seed`` and
    ``header`` are the options, or the fields of the problem file, for files and encodings that a command adds.
    """

    problem: UFM
    convention: Convention
    lambdas: tuple[float, float, float]
    texts: tuple[str, str, str]
    encoding: str | Rows
    layers: tuple[float, ...]
    samples: Samples
    seed: int = 0
    header: bool | None = None

    @property
    def read(self) -> tuple[str, ...]:
        """What was read from files, a sentence each."""
        return self.samples.read


def request(given: ProblemArguments, *, files: bool = False) -> Request:
    """The problem that the options describe; what they leave open is taken from the problem file, then from the
    defaults.  ``files`` says that the command reads other files of numbers, which --header may be about.  Raises
    NCSolveError, naming the option or the field."""
    from ncsolve._files.reading.kinds import names_a_file
    from ncsolve._problem.convention import convention
    from ncsolve._problem.model_fields import SPEC_FIELDS
    from ncsolve._problem.problem_file import ProblemFields, read_problem_file
    from ncsolve._problem.ufm import UFM
    from ncsolve._problem.weight_decays import check_lambda, check_lambda_b, geometric_mean

    ways = (("--counts", given.counts), ("--per-class", given.per_class), ("--labels", given.labels))
    sources = [name for name, value in ways if value is not None]
    if len(sources) > 1:
        raise ProblemError(f"give the samples per class in one way; got {' and '.join(sources)}, drop all but one")
    file = ProblemFields() if given.problem is None else read_problem_file(given.problem)
    if sources:  # the samples per class, and the number of classes that goes with them, are one choice
        own = file.classes if given.per_class is not None else None
        file = replace(file, per_class=None, counts=None, labels=None, label_column=None, text_labels=None, order=None,
                       classes=own)
    name_w, text_w = _lambda("--lambda-w", given.lambda_w, given.problem, file.lambda_w)
    name_h, text_h = _lambda("--lambda-h", given.lambda_h, given.problem, file.lambda_h)
    name_b, text_b = _lambda("--lambda-b", given.lambda_b, given.problem, file.lambda_b)
    spec = _spec(given, file)
    scaling = convention(given.convention or file.convention or "paper", spec.loss)
    layers = _layers(name_w, text_w, spec.depth)
    w = geometric_mean(layers)
    h = check_lambda(name_h, _number(name_h, text_h))
    b = check_lambda_b(_number(name_b, text_b), name_b)
    samples = _samples(given, file)
    classes = file.classes if given.classes is None else given.classes
    if isinstance(samples.numbers, tuple):
        if classes is not None and classes != len(samples.numbers):
            if samples.labels is not None:
                check_samples(samples.labels, classes)
            raise ProblemError(
                f"--classes must agree with the number of counts; got {classes} and {len(samples.numbers)}, drop "
                "--classes"
            )
        classes = len(samples.numbers)
    chosen = given.encoding or file.encoding or "onehot"
    files = files or (isinstance(chosen, str) and names_a_file(chosen))
    header = _header(given, file, files, samples)
    seed = given.seed if given.seed is not None else file.seed or 0
    codes = encoding_of(chosen, samples, classes, default=CLASSES, header=header, seed=seed)
    code, numbers = codes.encoding, codes.samples.numbers
    fw, fh, fb = scaling.to_paper(_total(numbers, code.classes), code.code_length, w, h, b)
    scale = scaling.factors(_total(numbers, code.classes), code.code_length)[0]
    problem = UFM(
        encoding=code, counts=numbers, lambda_w=fw if len(set(layers)) == 1 else tuple(x * scale for x in layers),
        lambda_h=fh, lambda_b=fb, class_names=codes.samples.names,
        **{name: getattr(spec, name) for name in SPEC_FIELDS},
    )
    return Request(
        problem=problem, convention=scaling, lambdas=(w, h, b), texts=(text_w, text_h, text_b), encoding=codes.typed,
        layers=layers, samples=codes.samples, seed=seed, header=header,
    )


def told_header(given: ProblemArguments) -> bool | None:
    """What --header or --no-header says, or the field of the problem file, before a problem is made.

    Raises NCSolveError.
    """
    if given.header is not None or given.problem is None:
        return given.header
    from ncsolve._problem.problem_file import read_problem_file

    return read_problem_file(given.problem).header


def _spec(given: ProblemArguments, file: ProblemFields) -> ModelSpec:
    """The parts of the model, each of the options, of the problem file, or by default."""
    from ncsolve._problem.model_fields import SPEC_FIELDS
    from ncsolve._problem.model_spec import ModelSpec

    typed = {name: next((getattr(part, name) for part in (given, file) if getattr(part, name) is not None), None)
             for name in SPEC_FIELDS}
    return ModelSpec(**{name: value for name, value in typed.items() if value is not None})


def _samples(given: ProblemArguments, file: ProblemFields) -> Samples:
    """The classes and their samples, of the options or of the problem file."""
    per_class = file.per_class if given.per_class is None else given.per_class
    counts: Path | tuple[int, ...] | int = PER_CLASS if per_class is None else per_class
    if given.counts is not None:
        counts = _counts(given.counts)
    elif file.counts is not None:
        counts = file.counts
    return read_samples(
        labels=given.labels or file.labels, counts=counts,
        column=file.label_column if given.label_column is None else given.label_column,
        header=file.header if given.header is None else given.header,
        text=bool(file.text_labels) if given.text_labels is None else given.text_labels,
        order=file.order if given.order is None else parse_order(given.order),
    )


def _header(given: ProblemArguments, file: ProblemFields, files: bool, samples: Samples) -> bool | None:
    """Whether line 1 of the files is a header, or ProblemError where no file is read."""
    told = file.header if given.header is None else given.header
    if told is not None and not samples.read and not files:
        option = "--header" if told else "--no-header"
        raise ProblemError(f"{option} is about line 1 of a file of labels, counts or codes; name one, or drop it")
    return told


def _lambda(option: str, text: str | None, file: Path | None, value: str | None) -> tuple[str, str]:
    """A weight decay with the name that an error gives it."""
    if text is None and value is not None:
        return f"{file}: {option[2:].replace('-', '_')}", value
    return option, LAMBDA if text is None else text


def _total(numbers: int | tuple[int, ...], classes: int) -> int:
    total = numbers * classes if isinstance(numbers, int) else sum(numbers)
    return max(total, 1)  # UFM refuses counts below 1, with the better message


def _counts(text: str) -> Path | tuple[int, ...]:
    """Numbers with commas between, or a file."""
    from ncsolve._files.reading.kinds import names_a_file
    from ncsolve._files.reading.numerals import is_whole

    if names_a_file(text):
        return Path(text)
    values = []
    for word in text.split(","):
        if not is_whole(word.strip()) or len(word) > _DIGITS:
            raise ProblemError(
                f"--counts must be whole numbers with commas between, as in 400,100,9,1 (or a file of them); got "
                f"{word.strip()[:60]!r} in {text[:60]!r}"
            )
        values.append(int(word))
    return tuple(values)


def _layers(option: str, text: str, depth: int) -> tuple[float, ...]:
    """One weight decay for every layer, or as many as there are."""
    from ncsolve._problem.weight_decays import check_lambda, check_layers

    values = tuple(check_lambda(option, _number(option, word)) for word in text.split(","))
    return values * depth if len(values) == 1 else check_layers(option, values, depth)


def _number(option: str, text: str) -> float:
    from ncsolve.checks.parse import parse_float
    from ncsolve.cli._ranges import is_range

    if is_range(text):
        raise ProblemError(
            f"{option} must be one number; got {shown(text)}, and for values along a range there is 'ncsolve path'"
        )
    return parse_float(option, text, "a number such as 5e-4 or 1/2000 (or inf for --lambda-b)")
