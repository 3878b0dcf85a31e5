"""ncsolve: exact global minimizers of the regularized unconstrained features model, for any label encoding.

>>> import ncsolve
>>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
>>> print(f"{ncsolve.solve(problem).loss:.6f}")
0.048500
"""

from ncsolve import design, encodings, geometry
from ncsolve._bias_methods import MethodChoice
from ncsolve._comparison import ComparedEncoding, Comparison, compare
from ncsolve._conventions import CONVENTIONS, Convention, convention
from ncsolve._core import LossTerms
from ncsolve._decoding import Decoding
from ncsolve._minimizer import Minimizer
from ncsolve._objective import gradient, objective
from ncsolve._path import Path, path
from ncsolve._problem import UFM
from ncsolve._solve import select_method, solve
from ncsolve._statistics import LabelStatistics
from ncsolve._statistics_solve import StatisticsMinimizer, solve_statistics
from ncsolve._symmetric import ClassBlock
from ncsolve._version import __version__
from ncsolve.errors import (
    ConvergenceError,
    DimensionError,
    EncodingError,
    FileError,
    NCSolveError,
    ProblemError,
    SizeError,
    UnknownNameError,
)

__all__ = [
    "CONVENTIONS",
    "UFM",
    "ClassBlock",
    "ComparedEncoding",
    "Comparison",
    "Convention",
    "ConvergenceError",
    "Decoding",
    "DimensionError",
    "EncodingError",
    "FileError",
    "LabelStatistics",
    "LossTerms",
    "MethodChoice",
    "Minimizer",
    "NCSolveError",
    "Path",
    "ProblemError",
    "SizeError",
    "StatisticsMinimizer",
    "UnknownNameError",
    "__version__",
    "compare",
    "convention",
    "design",
    "encodings",
    "geometry",
    "gradient",
    "objective",
    "path",
    "select_method",
    "solve",
    "solve_statistics",
]
