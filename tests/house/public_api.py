"""What of ncsolve others build on, as one text: python -m tests.house.public_api --write

The public names and what can be passed to them: what ``__all__`` of each public module says, and of each class what is
its own or inherited from a class of ncsolve; annotations are left out, so that a type may get another spelling.  Those
of ``ncsolve.torch``, for which torch is needed, are in a file of their own.  The commands with their options.  What
each document may and must hold.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from ncsolve import schemas
from ncsolve.cli._lazy import COMMANDS

FILE = Path(__file__).with_suffix(".txt")
OF_TORCH = Path(__file__).with_name("public_api_torch.txt")
MODULES = [
    "ncsolve", *(f"ncsolve.{name}" for name in (
        "encodings", "metrics", "geometry", "errors", "deep", "design", "certificates", "verify", "verify.metrics",
        "verify.peers", "derivations", "plots", "report", "explorer", "schemas",
    )),
]


def signature(function: object) -> str:
    """Names, kinds and defaults of the parameters."""
    assert callable(function)
    parameters = [
        parameter.replace(annotation=parameter.empty) for parameter in inspect.signature(function).parameters.values()
    ]
    shown, seen = [], set()
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not {parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL} & seen:
            shown.append("*")
        if parameter.POSITIONAL_ONLY in seen and parameter.kind is not parameter.POSITIONAL_ONLY and "/" not in shown:
            shown.append("/")
        seen.add(parameter.kind)
        default = "" if parameter.default is parameter.empty else f"={_value(parameter.default)}"
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        shown.append(f"{stars}{parameter.name}{default}")
    return f"({', '.join(shown)})"


def _value(value: object) -> str:
    return repr(value) if value is None or value == () or isinstance(value, (str, int, float, range)) else "..."


def _of_class(name: str, kind: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in kind.__bases__) if issubclass(kind, Exception) else ""
    own = [one for one in kind.__mro__ if one.__module__.startswith("ncsolve")]
    made = any("__init__" in vars(one) for one in own)
    made_from = signature(kind) if made else ""
    yield f"{name}{made_from}{f' of {bases}' if bases else ''}"
    found = {field.name: "field" for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else {}
    arguments = inspect.signature(kind).parameters if made else {}
    for one in reversed(own):
        for part, value in vars(one).items():
            inner = getattr(value, "__func__", value)  # of a class method or a static one
            if inspect.isfunction(inner):
                bound = " of the class" if isinstance(value, classmethod) else ""
                found[part] = f"{signature(inner)}{bound}"
            elif part not in found:
                found[part] = "property" if hasattr(value, "__get__") else "value"
    for part, text in sorted(found.items()):
        if not part.startswith("_") and not (text == "field" and part in arguments):
            yield f"{name}.{part}{'' if text.startswith('(') else ' '}{text}"


def public_api() -> list[str]:
    """A line for every public name, and for every public part of a public class."""
    return [*module_lines(MODULES), *command_lines(), *schema_lines()]


def torch_api() -> list[str]:
    """The same of ``ncsolve.torch``, and the options of its command."""
    from ncsolve.torch.__main__ import extract

    return [*module_lines(["ncsolve.torch"]), *option_lines("ncsolve.torch extract", extract)]


def module_lines(names: list[str]) -> list[str]:
    """A line for every public name of modules, and for every public part of a public class."""
    lines = []
    for module_name in names:
        module = import_module(module_name)
        for name in sorted(module.__all__):
            thing, full = getattr(module, name), f"{module_name}.{name}"
            if isinstance(thing, type):
                lines += _of_class(full, thing)
            elif callable(thing):
                lines.append(f"{full}{signature(thing)}")
            else:
                lines.append(f"{full} {'module' if inspect.ismodule(thing) else 'value'}")
    return lines


def command_lines() -> Iterator[str]:
    """A line for every option and argument of every command."""
    for command in COMMANDS:
        place, _, function = COMMANDS[command].place.partition(":")
        yield from option_lines(f"ncsolve {command}", getattr(import_module(place), function))


def option_lines(name: str, command: click.Command) -> Iterator[str]:
    """A line for every option and argument of a command."""
    for one in command.params:
        names = ", ".join((*one.opts, *one.secondary_opts)) if isinstance(one, click.Option) else "argument"
        told = isinstance(one.default, (str, int, float)) and not isinstance(one.default, bool)
        default = f" = {one.default}" if told else ""
        kind = "flag" if getattr(one, "is_flag", False) else one.type.name
        yield f"{name} {names} {one.metavar or kind}{default}"


def schema_lines() -> Iterator[str]:
    """A line for every part of every document: whether it must be there, and whether others may stand beside it."""
    for file in sorted(Path(schemas.__file__).parent.glob("*.json")):
        whole = json.loads(file.read_text(encoding="utf-8"))
        yield from _of_schema(f"schema {whole['title']}", whole)


def _of_schema(name: str, part: object) -> Iterator[str]:
    if isinstance(part, list):
        for i, one in enumerate(part):
            yield from _of_schema(f"{name}[{i}]", one)
    if not isinstance(part, dict):
        return
    for key in ("type", "enum", "const", "additionalProperties"):
        if key in part and not isinstance(part[key], dict):
            yield f"{name} {key} {json.dumps(part[key])}"
    for key, one in part.get("properties", {}).items():
        must = " (required)" if key in part.get("required", ()) else ""
        yield f"{name}.{key}{must}"
        yield from _of_schema(f"{name}.{key}", one)
    for key in ("items", "oneOf", "anyOf", "allOf", "additionalProperties"):
        yield from _of_schema(f"{name} {key}", part.get(key))
    for key, one in part.get("$defs", {}).items():
        yield from _of_schema(f"{name} {key}", one)


def difference(file: Path = FILE) -> str:
    """What is committed in one of the files against what is there, as a diff; empty where they are equal."""
    committed = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(difflib.unified_diff(committed, FILES[file](), "committed", "now", lineterm="", n=0))


FILES = {FILE: public_api, OF_TORCH: torch_api}


if __name__ == "__main__":
    for chosen, api in FILES.items():
        if chosen == OF_TORCH and find_spec("torch") is None:
            print(f"{chosen.name}: left out, as there is no torch")
            continue
        if "--write" in sys.argv:
            chosen.write_text("\n".join(api()) + "\n", encoding="utf-8")
        print(difference(chosen) or f"{chosen.name} is up to date")
