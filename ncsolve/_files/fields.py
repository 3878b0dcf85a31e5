"""Reading .toml and .json files of fields: numbers keep their digits, and nothing is dropped or takes for ever."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from ncsolve._files.open_input import read_text, shown_name
from ncsolve.errors import FileError, shown

__all__ = ["Written", "read_fields"]

# tomllib reads about a megabyte a second, json is ten times as fast.
_MOST_BYTES = {"TOML": 2 << 20, "JSON": 32 << 20}
# tomllib takes the square of the length of a dotted key, and a field has no dots at all.
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}[ \t]*\.[ \t]*){{32}}", re.ASCII)


class Written(float):
    """A number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Written:
        number = super().__new__(cls, text.replace("_", ""))
        number.text = text.replace("_", "").lstrip("+")
        return number

    def __repr__(self) -> str:
        return self.text


def read_fields(path: Path, what: str) -> dict[str, object]:
    """The top level of a .toml or .json file; numbers with a point or an exponent are ``Written``.

    Raises FileError, also for a key that is given twice.
    """
    name, kind = shown_name(path), path.suffix[1:].upper()
    text = read_text(path, most=_MOST_BYTES[kind], what=what)
    deep = f"{name}: is nested too deeply; {what} is one flat table of fields"
    try:
        if kind == "TOML":
            if _LONG_KEY.search(text):
                raise FileError(deep)
            document = tomllib.loads(text, parse_float=Written)
        else:
            document = json.loads(text, parse_float=Written, parse_constant=Written, object_pairs_hook=_unique)
    except RecursionError:
        raise FileError(deep) from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise FileError(f"{name}: is not valid {kind}: {error}") from None
    except KeyError as error:
        raise FileError(f"{name}: the field {shown(error.args[0])} is given more than once; keep one of "
                        "them") from None
    except FileError:
        raise
    except ValueError:  # what int() says of more digits than it takes
        raise FileError(f"{name}: holds an integer with more digits than can be read; write it shorter") from None
    if not isinstance(document, dict):
        raise FileError(f"{name}: must hold one table of fields, such as encoding = \"onehot\"")
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise KeyError(name)
        found[name] = value
    return found
