"""Encodings by name: the registry behind ``--encoding`` and ``ncsolve encodings``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

from ncsolve.checks.arguments import entries
from ncsolve.checks.parse import parse_float
from ncsolve.encodings import _affine, _codes
from ncsolve.encodings._base import Encoding
from ncsolve.errors import EncodingError, ProblemError, UnknownNameError, shown

__all__ = ["EncodingEntry", "get", "make", "names", "register"]

Factory = Callable[..., Encoding]


@dataclass(frozen=True, kw_only=True)
class EncodingEntry:
    """A registered encoding: its factory, one line about it, an example spec, and its aliases.

    >>> get("hadamard").summary
    "columns of Sylvester's +-1 matrix; K a power of two"
    """

    name: str
    factory: Factory
    summary: str
    example: str
    aliases: tuple[str, ...] = ()


_ENTRIES: dict[str, EncodingEntry] = {}


def register(
    name: str, factory: Factory, *, summary: str, example: str | None = None, aliases: tuple[str, ...] = ()
) -> None:
    """Add an encoding to the registry, for ``make`` and for ``--encoding NAME`` in the same process.

    ``factory(classes, *parameters)`` returns an Encoding; a parameter called ``seed`` is filled from ``--seed``.
    Raises EncodingError for a name that is taken or holds a character other than letters, digits, '-' and '_'.

    >>> from ncsolve import encodings
    >>> encodings.register("doubled", lambda classes: encodings.affine(classes, 2.0, 0.0), summary="2 I")
    >>> encodings.make("doubled", classes=2).matrix
    array([[2., 0.],
           [0., 2.]])
    """
    for word in (name, *entries("aliases", aliases, "such as ('short',)", EncodingError)):
        if not isinstance(word, str) or not word.replace("-", "").replace("_", "").isalnum():
            raise EncodingError(f"an encoding's name must be made of letters, digits, '-' and '_'; got {shown(word)}")
        if word in _names_and_aliases():
            raise EncodingError(f"the encoding name {word!r} is taken; choose another")
    _ENTRIES[name] = EncodingEntry(
        name=name, factory=factory, summary=summary, example=example or name, aliases=aliases
    )


def names() -> list[str]:
    """The registered names, in the order of registration.

    >>> names()[:3]
    ['onehot', 'smoothed', 'signed']
    """
    return list(_ENTRIES)


def get(name: str) -> EncodingEntry:
    """The entry of a name or alias.  Raises UnknownNameError, which lists the choices.

    >>> get("smooth").name
    'smoothed'
    """
    for entry in _ENTRIES.values() if isinstance(name, str) else ():
        if name == entry.name or name in entry.aliases:
            return entry
    raise UnknownNameError("encoding", name, _names_and_aliases())


def make(spec: str, *, classes: int, seed: int = 0) -> Encoding:
    """Make an encoding from a spec ``name`` or ``name:parameter[,parameter]``.

    ``seed`` is that of random codes (ecoc, gaussian).  Files are not read: ``from_file`` does that.  Raises
    UnknownNameError for an unknown name and EncodingError for parameters that do not fit.

    >>> make("smoothed:0.1", classes=10).a
    0.9
    """
    name, _, rest = (spec if isinstance(spec, str) else shown(spec)).partition(":")
    entry = get(name.strip())
    values = [_number(text, spec) for text in rest.split(",")] if rest else []
    accepted = list(inspect.signature(entry.factory).parameters)
    options = {"seed": seed} if "seed" in accepted else {}
    positional = [word for word in accepted[1:] if word != "seed"]
    if len(values) > len(positional):
        takes = f"takes {', '.join(positional)}" if positional else "takes no parameter"
        raise EncodingError(f"the encoding {entry.name} {takes}; got {shown(spec)}, for example {entry.example}")
    try:
        inspect.signature(entry.factory).bind(classes, *values, **options)
    except TypeError:
        raise EncodingError(
            f"the encoding {entry.name} needs {', '.join(positional)}; got {shown(spec)}, for example {entry.example}"
        ) from None
    code = entry.factory(classes, *values, **options)
    if not isinstance(code, Encoding) or code.classes != classes:
        made = f"{code.classes} classes" if isinstance(code, Encoding) else type(code).__name__
        raise EncodingError(
            f"the factory of the encoding {entry.name} must return an Encoding of {classes} classes; got {made} "
            "(wrap an array with ncsolve.encodings.from_array)"
        )
    return code


def _number(text: str, spec: str) -> int | float:
    if re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
        return int(text)
    try:
        return parse_float("the parameters of an encoding", text, "numbers")
    except ProblemError as error:
        raise EncodingError(f"{error} in {shown(spec)}") from None


def _names_and_aliases() -> list[str]:
    return [word for entry in _ENTRIES.values() for word in (entry.name, *entry.aliases)]


def _register_built_in() -> None:
    register("onehot", _affine.onehot, summary="unit vectors, E = I", aliases=("one-hot",))
    register(
        "smoothed", _affine.smoothed, summary="label smoothing, E = (1 - alpha) I + (alpha/K) J; alpha = 0.1 if absent",
        example="smoothed:0.1", aliases=("smooth",),
    )
    register("signed", _affine.signed, summary="+1 at the class, -1 elsewhere, E = 2 I - J")
    register("simplex", _affine.simplex, summary="one-hot minus its mean, E = I - J/K")
    register(
        "affine", _affine.affine, summary="any member of the family, E = a I + q J", example="affine:1.5,-0.2"
    )
    register("hadamard", _codes.hadamard, summary="columns of Sylvester's +-1 matrix; K a power of two")
    register("binary", _codes.binary, summary="binary digits of the class number, m = ceil(log2 K)")
    register("thermometer", _codes.thermometer, summary="k ones, then zeros (ordered classes), m = K - 1")
    register("ordinal", _codes.ordinal, summary="the rank of the class, 0, 1, 2, ...; ordinal:values takes numeric "
             "--labels themselves; m = 1")
    register(
        "ecoc", _codes.ecoc, summary="random +-1 error-correcting output codes; m = ceil(10 log2 K) if absent",
        example="ecoc:15",
    )
    register("gaussian", _codes.gaussian, summary="random normal codes of length about 1; m = K if absent",
             example="gaussian:20")


_register_built_in()
