"""Symbolic derivations of the minimizers: every closed form is derived here and checked by sympy.

A theorem of docs/theory.md (T1 to T12; its pages are written from here) is a module, listed in ``_registry.py``; its
steps stand on sympy alone (``_steps.py``, ``_prove.py``), not on the library.  From the results the library's formulas
in Python and JavaScript are generated, and ``exact_minimizer`` makes minimizers in exact numbers.

>>> from ncsolve import derivations
>>> derivations.get("onehot").result["threshold"]
t/(1 - t)
"""

from collections.abc import Iterable, Iterator

from ncsolve.derivations._exact import ExactMinimizer, NoClosedFormError, exact_minimizer
from ncsolve.derivations._framework import Checked, Formula, Function, Theorem
from ncsolve.derivations._registry import get, names
from ncsolve.derivations._steps import DerivationError

__all__ = [
    "Checked",
    "DerivationError",
    "ExactMinimizer",
    "Formula",
    "Function",
    "NoClosedFormError",
    "Theorem",
    "check_all",
    "exact_minimizer",
    "get",
    "names",
]


def check_all(chosen: Iterable[str] | None = None) -> Iterator[Checked]:
    """Prove the chosen theorems (all by default), one report each; DerivationError at the first unproved step."""
    for name in names() if chosen is None else chosen:
        yield get(name).check()
