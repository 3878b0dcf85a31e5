"""What was read from files, for people and in JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncsolve.cli._output import say
from ncsolve.cli._tables import NAMES, show_facts

if TYPE_CHECKING:
    from ncsolve.cli._request import Request

__all__ = ["say_read", "with_read"]

_WHOLE = 200


def say_read(asked: Request, *, err: bool = False) -> None:
    """Print what was read, if anything was; ``err`` where standard output is for a document."""
    if err:
        for sentence in asked.read:
            say(f"read {sentence}", err=True)
    elif asked.read:
        show_facts((("" if number else "read", text) for number, text in enumerate(asked.read)), least=NAMES)


def with_read(document: dict[str, object], asked: Request) -> dict[str, object]:
    """A JSON document with what was read, and with the names of the classes in their order.

    Of more than 200 classes the names are left out where the encoding treats all classes alike.
    """
    if asked.read:
        document["read"] = list(asked.read)
    names = asked.problem.class_names
    held = [document, *(part for part in document.values() if isinstance(part, dict))]
    if names is not None and (len(names) <= _WHOLE or asked.problem.encoding.affine is None) and not any(
        "class_names" in part for part in held
    ):
        document["class_names"] = list(names)
    return document
