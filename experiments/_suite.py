"""A suite: variations of one reference design, read from a TOML file, and the runs that they are made of."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from experiments._run import Run

__all__ = ["Suite", "SuiteError", "Variation", "read_suite"]

_FACTORS = {field.name for field in fields(Run)}
# What a variation follows, each design with several seeds.
_AXES = ("lambda_b", "threshold", "seed")


class SuiteError(Exception):
    """A suite, a store or a table that can't be used as it is; the message is one line."""


@dataclass(frozen=True)
class Variation:
    """Runs that differ from the reference in one factor, or in few, over a grid of others."""

    name: str
    title: str
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Suite:
    """Variations, no two of which have a run in common."""

    name: str
    variations: tuple[Variation, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, in the order of the file."""
        return tuple(run for variation in self.variations for run in variation.runs)

    def only(self, names: tuple[str, ...]) -> Suite:
        """The same with these variations alone.  Raises SuiteError for a name that is none."""
        there = {variation.name: variation for variation in self.variations}
        for name in names:
            if name not in there:
                raise SuiteError(f"the suite has no variation {name!r}; it has {', '.join(there)}")
        return Suite(self.name, tuple(v for v in self.variations if v.name in names)) if names else self


def read_suite(path: Path) -> Suite:
    """The suite of a TOML file.

    ``name``; ``[reference]`` with factors of a run; ``[grid]`` with lists of values of factors, each combination a run;
    and ``[[variation]]`` tables with ``name``, ``title``, the factors that differ, and perhaps a ``grid`` of their own,
    which replaces the common one.  Raises SuiteError for anything else, and for runs that occur twice.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SuiteError(f"{path}: can't be read as a TOML file: {error}") from None
    try:
        return _suite(given)
    except (ValueError, OverflowError) as error:
        raise SuiteError(f"{path}: {error}") from None


def _suite(given: dict[str, Any]) -> Suite:
    _only(given, {"name", "reference", "grid", "variation"}, "a suite")
    reference, grid = _table(given, "reference"), _table(given, "grid")
    tables = given.get("variation", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"variations are tables under [[variation]]; got {tables!r}")
    if not re.fullmatch(r"[\w-]+", str(given.get("name", ""))) or not tables:
        raise ValueError("a suite has a name, of letters, digits, - and _, and at least one [[variation]]")
    variations = tuple(_variation(reference, grid, table) for table in tables)
    names = [variation.name for variation in variations]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two variations are called {name!r}; give each a name of its own")
    seen: dict[str, str] = {}
    for variation in variations:
        for run in variation.runs:
            if run.key in seen:
                raise ValueError(
                    f"variations {seen[run.key]!r} and {variation.name!r} have a run in common, {run}; a run has one "
                    "place"
                )
            seen[run.key] = variation.name
    return Suite(given["name"], variations)


def _variation(reference: dict[str, Any], common: dict[str, Any], table: dict[str, Any]) -> Variation:
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"a [[variation]] has a name; got {table!r}")
    try:
        _only(table, _FACTORS | {"name", "title", "grid"}, "a variation")
        grid = _table(table, "grid") if "grid" in table else common
        for factor, values in grid.items():
            if factor not in _AXES:
                raise ValueError(f"a grid is over {', '.join(_AXES)}; got {factor!r}: give each value a variation")
            if not isinstance(values, list) or not values:
                raise ValueError(f"grid.{factor} is a list of at least one value; got {values!r}")
        if all(len(grid.get(factor, ())) > 1 for factor in _AXES[:2]):
            raise ValueError("a variation follows lambda_b or threshold; got several values of both in its grid")
        factors = reference | {key: value for key, value in table.items() if key in _FACTORS}
        runs = tuple(
            Run.from_json(factors | dict(zip(grid, values, strict=True)))
            for values in itertools.product(*grid.values())
        )
    except ValueError as error:
        raise ValueError(f"variation {name!r}: {error}") from None
    return Variation(name, str(table.get("title", name)), runs)


def _table(given: dict[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{name} is a table of factors; got {found!r}")
    return found


def _only(table: dict[str, Any], allowed: set[str], what: str) -> None:
    for key in table:
        if key not in allowed:
            raise ValueError(f"{what} has no {key!r}; there are {', '.join(sorted(allowed))}")
