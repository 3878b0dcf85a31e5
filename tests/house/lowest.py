"""The lowest versions that setup.cfg allows, one constraint of pip a line: python tests/house/lowest.py > lowest.txt

    pip install -e '.[test]' -c lowest.txt

Pip takes the newest release of everything, so a bound in setup.cfg would never be tried otherwise.
"""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

SETUP = Path(__file__).parents[2] / "setup.cfg"
BOUND = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*) >= (\d+(?:\.\d+)*)")


def lowest(setup: str) -> list[str]:
    """The requirements of the package and of its tests, each pinned to its bound (`== 1.26` is 1.26.0)."""
    parser = configparser.ConfigParser()
    parser.read_string(setup)
    pins: dict[str, str] = {}
    for text in (parser["options"]["install_requires"], parser["options.extras_require"]["test"]):
        for line in text.strip().splitlines():
            bound = BOUND.fullmatch(line)
            if bound is None:
                raise ValueError(f"setup.cfg must state each requirement as 'name >= version', not {line!r}")
            name, version = bound.groups()
            if pins.setdefault(name, version) != version:
                raise ValueError(f"setup.cfg states two lowest versions of {name}: {pins[name]} and {version}")
    return [f"{name} == {version}" for name, version in pins.items()]


if __name__ == "__main__":
    try:
        print(*lowest(SETUP.read_text()), sep="\n")
    except ValueError as error:
        sys.exit(str(error))
