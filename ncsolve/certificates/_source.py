"""The stand-alone checkers, as the text of one file."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

from ncsolve.certificates import checker, cross_entropy_checker, relu_checker

__all__ = ["checker_source"]


def checker_source(*, relu: bool = False, cross_entropy: bool = False) -> str:
    """The file that checks certificates; with ``relu`` it goes on and checks those for features h >= 0 as well, with
    ``cross_entropy`` those under cross-entropy.

    >>> checker_source(relu=True).startswith(checker_source().partition("if __name__")[0])
    True
    """
    source = _text(checker)
    further = relu_checker if relu else cross_entropy_checker if cross_entropy else None
    if further is None:
        return source
    return source.partition("if __name__")[0] + _without_own_imports(_text(further))


def _text(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def _without_own_imports(text: str) -> str:
    """What is imported from the first part stands above."""
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("ncsolve."):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "".join(lines)
