"""A problem described by a file, problem.toml or problem.json: the same fields as the options of the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path

from ncsolve._files.fields import Written, read_fields
from ncsolve._files.reading.kinds import names_a_file
from ncsolve._files.write_whole import checked_path
from ncsolve._problem.convention import CONVENTIONS
from ncsolve._problem.losses import check_loss
from ncsolve._problem.model_fields import SpecFields
from ncsolve._problem.model_spec import FEATURES
from ncsolve.checks.parse import parse_float
from ncsolve.errors import FileError, NCSolveError, ProblemError, shown

__all__ = ["ProblemFields", "read_problem_file"]

_ENDINGS = (".toml", ".json")
_SOURCES = ("per_class", "counts", "labels")


@dataclass(frozen=True, kw_only=True)
class ProblemFields(SpecFields):
    """What a problem file says; None where it says nothing.

    ``encoding`` is a name with parameters, a file, or a matrix with one row per output; ``counts`` one number a class,
    or a file of them; ``labels`` a file of class labels, ``order`` the order of its classes.  Files are looked for
    beside the problem file.  Numbers with digits after the point are kept as they are written, for what is computed
    exactly.
    """

    encoding: str | tuple[tuple[str, ...], ...] | None = None
    classes: int | None = None
    per_class: int | None = None
    counts: tuple[int, ...] | Path | None = None
    labels: Path | None = None
    label_column: str | None = None
    header: bool | None = None
    order: tuple[str, ...] | None = None
    text_labels: bool | None = None
    lambda_w: str | None = None
    lambda_h: str | None = None
    lambda_b: str | None = None
    convention: str | None = None
    seed: int | None = None


def read_problem_file(path: str | Path) -> ProblemFields:
    """Read and check a problem file.  Raises FileError, which names the field."""
    path = checked_path(path)
    if path.suffix.lower() not in _ENDINGS:
        raise FileError(f"{path}: unknown file ending {path.suffix!r}; use one of {', '.join(_ENDINGS)}")
    document = read_fields(path, "a problem file")
    known = [field.name for field in fields(ProblemFields)]
    for name in document:
        if name not in known:
            close = get_close_matches(name[:60], known, n=1)
            hint = f"did you mean {close[0]!r}? Fields" if close else "the fields are"
            names = f"{hint}: {', '.join(known)}".replace("are:", "are")
            raise FileError(f"{path}: unknown field {shown(name)}; {names}")
    given = [name for name in _SOURCES if name in document]
    if len(given) > 1:
        raise FileError(f"{path}: give the samples per class in one way; got {' and '.join(given)}, drop all but one")
    values: dict[str, object] = {}
    for name, value in document.items():
        rule, convert = _RULES[name]
        try:
            values[name] = convert(value)
        except NCSolveError as error:
            raise FileError(f"{path}: the field {name}: {error}") from None
        except (TypeError, ValueError):
            raise FileError(f"{path}: the field {name} must be {rule}; got {shown(value)}") from None
    for name in ("encoding", "labels", "counts"):
        if isinstance(values.get(name), Path):
            values[name] = path.parent / str(values[name])
    if isinstance(values.get("encoding"), Path):
        values["encoding"] = str(values["encoding"])
    return ProblemFields(**values)  # type: ignore[arg-type]  # each value has been converted to its field's type


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if value.bit_length() > 128:  # seeds are as long
        raise ProblemError(f"it must be a whole number below 2^128; got {shown(value)}")
    return value


def _positive(value: object) -> int:
    if _whole(value) < 1:
        raise ValueError
    return _whole(value)


def _one_of(*names: str) -> Callable[[object], str]:
    def choose(value: object) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return choose


def _feature_kind(value: object) -> str:
    return _one_of(*FEATURES)(value)  # of a model that was registered, too


def _number(value: object) -> str:
    if value == "inf":  # JSON has no infinity
        return "inf"
    if isinstance(value, bool) or not isinstance(value, (int, Written)) or value != value:
        raise TypeError
    text = value.text if isinstance(value, Written) else str(value)
    parse_float("it", text)  # a float would make 0 of 1e-400
    return text


def _numbers(value: object) -> str:
    if not isinstance(value, list):
        return _number(value)
    if not value:
        raise ValueError
    return ",".join(_number(entry) for entry in value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    checked_path(value)  # most texts are names of files; none needs NUL or a lone surrogate
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _order(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or isinstance(value[0], list):
        raise TypeError
    return tuple(entry if isinstance(entry, str) else _number(entry) for entry in value)


def _column(value: object) -> str:
    return str(_whole(value)) if not isinstance(value, str) else value


def _counts(value: object) -> tuple[int, ...] | Path:
    if isinstance(value, str) and names_a_file(value):
        return Path(value)
    if not isinstance(value, list) or not value:
        raise TypeError
    return tuple(_positive(entry) for entry in value)


def _encoding(value: object) -> str | Path | tuple[tuple[str, ...], ...]:
    if isinstance(value, str):
        return Path(value) if names_a_file(_text(value)) else value
    if not isinstance(value, list) or not value:
        raise TypeError
    rows = tuple(tuple(_number(entry) for entry in row) if isinstance(row, list) else () for row in value)
    if not rows[0] or len({len(row) for row in rows}) != 1:
        raise ValueError
    return rows


_NUMBER = "a number (or \"inf\")"
_RULES: dict[str, tuple[str, Callable[[object], object]]] = {
    "encoding": ("a name such as \"smoothed:0.1\", a file, or a matrix with rows of equal length", _encoding),
    "classes": ("a whole number of at least 1", _positive),
    "per_class": ("a whole number of at least 1", _positive),
    "counts": ("a list of whole numbers of at least 1, or a file of them", _counts),
    "labels": ("the name of a file", lambda value: Path(_text(value))),
    "label_column": ("the name or number of a column", _column),
    "header": ("true or false", _flag),
    "order": ("a list with the name of each class", _order),
    "text_labels": ("true or false", _flag),
    "lambda_w": (f"{_NUMBER}, or a list of them, one per layer", _numbers),
    "lambda_h": (_NUMBER, _number),
    "lambda_b": (_NUMBER, _number),
    "convention": (f"one of {', '.join(CONVENTIONS)}", _one_of(*CONVENTIONS)),
    "seed": ("a whole number", _whole),
}
_PARTS: dict[str, Callable[[object], object]] = {"loss": check_loss, "features": _feature_kind}
_RULES |= {
    part.name: (part.metadata["rule"], _PARTS.get(part.name, _positive))
    for part in fields(SpecFields)
}
