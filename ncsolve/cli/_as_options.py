"""Errors of the library in the words of the command line: options in place of arguments, and no Python."""

from __future__ import annotations

import re

__all__ = ["as_options"]

# Arguments of the library that are options of the same name, and stand in its errors before their value.  (alpha = 0
# may be the parameter of an encoding.)
_ARGUMENTS = "code_length|depth|digits|dim|features|loss|per_class|tolerance|workers"
# What an error says to a Python programmer beside an option: "--force (force=True)", "(ncsolve.solve)".
_PYTHON = re.compile(r" \((?:[a-z_]+=[A-Za-z ]*|(?:ncsolve|design)\.[a-z_.]+)\)")
_SET = re.compile(rf"\b({_ARGUMENTS}) = ('?)([\w.+-]+)\2")
_QUOTED = re.compile(r"\b(lambda_h|scatter) ?= ?'(\w+)'")
_NAMED = re.compile(rf"^(alpha|{_ARGUMENTS})(?= must )|(?<=leave )({_ARGUMENTS})(?= out)|(?<=with )({_ARGUMENTS})$")


def as_options(message: str) -> str:
    """An error with the options that set what it names.

    >>> as_options("got features = 'relu' with depth = 2, set depth = 1")
    'got --features relu with --depth 2, set --depth 1'
    >>> as_options("lambda_h = 'balance' takes the implied one")
    '--lambda-h balance takes the implied one'
    >>> as_options("pass --force (force=True)")
    'pass --force'
    """
    text = _SET.sub(lambda match: f"{_option(match[1])} {match[3]}", _PYTHON.sub("", message))
    text = _QUOTED.sub(lambda match: f"{_option(match[1])} {match[2]}", text)
    return _NAMED.sub(lambda match: _option(match[0]), text)


def _option(argument: str) -> str:
    return f"--{argument.replace('_', '-')}"
