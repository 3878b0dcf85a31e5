"""Certificates: global optimality in exact rational arithmetic, checked by a program that needs no trust in the solver.

``certify`` makes a certificate (T12) for a head of one layer; ``checker.py`` checks it, as a file of its own that needs
nothing but Python.  For H >= 0 the bound is that of ``_models/relu``, and ``relu_checker.py`` checks it; under
cross-entropy it is that of T16, and ``cross_entropy_checker.py`` checks it.

>>> import ncsolve
>>> from ncsolve.certificates import certify
>>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
>>> for line in certify(problem, lambda_w="5e-4", lambda_h="5e-4").check().lines:
...     print(line)
proved: the minimum is 97/2000 = 0.0485
problem: 10 classes, 10 outputs, 1000 samples, at least 10 features
lambdas: lambda_w = 1/2000 = 0.0005, lambda_h = 1/2000 = 0.0005, lambda_b = 1/2 = 0.5
centring: incomplete; complete up to lambda_b = 1/19
class means: 0 zero, 10 nonzero, 0 undecided
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ncsolve.certificates._certificate import Certificate
    from ncsolve.certificates._certify import certify
    from ncsolve.certificates._check import CheckResult, check_file
    from ncsolve.certificates._exact_problem import ExactProblem
    from ncsolve.certificates._proof import Proof

__all__ = [
    "Certificate",
    "CheckResult",
    "ExactProblem",
    "Proof",
    "certify",
    "check_file",
]

# Imported when they are asked for, as in ncsolve itself: the checker needs none of them.
_HOMES = {
    "Certificate": "_certificate",
    "CheckResult": "_check",
    "ExactProblem": "_exact_problem",
    "Proof": "_proof",
    "certify": "_certify",
    "check_file": "_check",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module 'ncsolve.certificates' has no attribute {name!r}")
        found = getattr(import_module(f"ncsolve.certificates.{_HOMES[name]}"), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})
