"""What a user names as FILE.py:NAME: a model, or a transformation of inputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from ncsolve._files.open_input import open_file, shown_name
from ncsolve._text import one_line
from ncsolve.errors import FileError, ProblemError, shown

__all__ = ["code_file", "made_model", "named_code", "raised"]

_SHOWN = 8
_LONGEST = 300


def code_file(text: str) -> Path:
    """The file of FILE.py:NAME.  Raises FileError for what is not written so."""
    file, colon, name = text.rpartition(":")
    if not (colon and file.endswith(".py") and name.isidentifier()):
        raise FileError(f"code is named by its file and its name in it, as in net.py:make_model; got {shown(text)}")
    return Path(file)


@contextmanager
def named_code(*texts: str | None) -> Iterator[list[Any]]:
    """The objects that texts FILE.py:NAME name, None for None; a file of several names is loaded once.

    Within the block the folders of the files are on ``sys.path``, as that of a script is.  Raises FileError.
    """
    files = list(dict.fromkeys(code_file(text).resolve() for text in texts if text is not None))
    for text in texts:
        if text is not None:
            with open_file(code_file(text)):
                pass  # refuses what is no file, before any code runs
    before, loaded = list(sys.path), set(sys.modules)
    sys.path[:0] = list(dict.fromkeys(str(file.parent) for file in files))
    try:
        modules = {file: _module(file) for file in files}
        yield [None if text is None else _named(modules[code_file(text).resolve()], text) for text in texts]
    finally:
        sys.path[:] = before
        for file in files:
            if _name_of(file) not in loaded:
                sys.modules.pop(_name_of(file), None)


def made_model(thing: Any, text: str) -> nn.Module:
    """The model that a function without arguments makes, or that is there already.  Raises ProblemError."""
    if isinstance(thing, nn.Module):
        return thing
    try:
        found = thing()
    except (Exception, SystemExit) as failure:
        raise ProblemError(
            f"{shown_name(text)} raised {raised(failure)}: name a function without arguments that makes the model, "
            "with whatever arguments it takes filled in"
        ) from None
    if not isinstance(found, nn.Module):
        raise ProblemError(f"{shown_name(text)} must return a torch.nn.Module; got {shown(found)}, return the network")
    return found


def raised(failure: BaseException) -> str:
    """What somebody else's code raised, on one line."""
    said = one_line(str(failure))
    return f"{type(failure).__name__}{': ' if said else ''}{said if len(said) <= _LONGEST else said[:_LONGEST] + '...'}"


def _name_of(file: Path) -> str:
    """Not the name of the file alone, which may be that of a package, as in torch.py."""
    return f"_ncsolve_named_{file.stem}"


def _module(file: Path) -> ModuleType:
    spec = spec_from_file_location(_name_of(file), file)
    assert spec is not None  # nor its loader, of a name that ends in .py
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as failure:
        ends = isinstance(failure, SystemExit)
        raise FileError(
            f"{shown_name(file.name)}: loading it raised {raised(failure)}: "
            + ("put what the script does when it is started under if __name__ == '__main__', or name a file that only "
               "defines the model" if ends else "correct it, or name a file that only defines the model")
        ) from None
    return module


def _named(module: ModuleType, text: str) -> Any:
    name = text.rpartition(":")[2]
    found = vars(module).get(name)
    if callable(found):
        return found
    own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")
           and (isinstance(value, nn.Module) or getattr(value, "__module__", None) == module.__name__)]
    listed = f"choose one of {', '.join(sorted(own)[:_SHOWN])}{', ...' * (len(own) > _SHOWN)}" if own else (
        "it defines none, name another file"
    )
    what = f"has nothing called {name!r}" if name not in vars(module) else f"{name!r} is neither function nor model"
    raise FileError(f"{shown_name(code_file(text).name)}: {what}; {listed}")
