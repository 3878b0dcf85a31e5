"""ncsolve: exact global minimizers of the regularized unconstrained features model, for any label encoding.

>>> import ncsolve
>>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
>>> print(f"{ncsolve.solve(problem).loss:.6f}")
0.048500
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ncsolve._version import __version__

if TYPE_CHECKING:
    from ncsolve import deep, design, encodings, geometry, metrics
    from ncsolve._bias.theorems import MethodChoice
    from ncsolve._comparison import ComparedEncoding, Comparison, compare
    from ncsolve._frames.coupled_block import LossTerms
    from ncsolve._frames.grouped import ClassBlock
    from ncsolve._measure.measure import measure
    from ncsolve._measure.measurement import Measurement
    from ncsolve._measure.metric_measurement import MetricMeasurement
    from ncsolve._measure.statistics import FeatureStatistics
    from ncsolve._minimizer.decoding import Decoding
    from ncsolve._minimizer.from_statistics import StatisticsMinimizer, solve_statistics
    from ncsolve._minimizer.metric_minimizer import MetricMinimizer
    from ncsolve._minimizer.minimizer import Minimizer
    from ncsolve._minimizer.solve import select_method, solve
    from ncsolve._models.metric.frame import MetricLossTerms
    from ncsolve._problem.convention import CONVENTIONS, Convention, Lambdas, convention
    from ncsolve._problem.label_statistics import LabelStatistics
    from ncsolve._problem.metric_problem import MetricProblem
    from ncsolve._problem.objective import gradient, objective
    from ncsolve._problem.ufm import UFM
    from ncsolve._sweeps.path import Path, path
    from ncsolve._sweeps.phase import Boundary, Phase, phase
    from ncsolve._sweeps.threshold_crossings import RegimeChange
    from ncsolve.errors import (
        ConvergenceError,
        DimensionError,
        EncodingError,
        FileError,
        MissingPackageError,
        NCSolveError,
        OpenProblemError,
        ProblemError,
        SizeError,
        UnknownNameError,
    )

__all__ = [
    "CONVENTIONS",
    "UFM",
    "Boundary",
    "ClassBlock",
    "ComparedEncoding",
    "Comparison",
    "Convention",
    "ConvergenceError",
    "Decoding",
    "DimensionError",
    "EncodingError",
    "FeatureStatistics",
    "FileError",
    "LabelStatistics",
    "Lambdas",
    "LossTerms",
    "Measurement",
    "MethodChoice",
    "MetricLossTerms",
    "MetricMeasurement",
    "MetricMinimizer",
    "MetricProblem",
    "Minimizer",
    "MissingPackageError",
    "NCSolveError",
    "OpenProblemError",
    "Path",
    "Phase",
    "ProblemError",
    "RegimeChange",
    "SizeError",
    "StatisticsMinimizer",
    "UnknownNameError",
    "__version__",
    "compare",
    "convention",
    "deep",
    "design",
    "encodings",
    "geometry",
    "gradient",
    "measure",
    "metrics",
    "objective",
    "path",
    "phase",
    "select_method",
    "solve",
    "solve_statistics",
]

# The same names again for when the program runs: each module is imported when a name of it is first asked for, so that
# `ncsolve check` loads neither numpy nor the solver it is to judge.
_HOMES = {
    "deep": "",
    "design": "",
    "encodings": "",
    "geometry": "",
    "metrics": "",
    "MethodChoice": "ncsolve._bias.theorems",
    "ComparedEncoding": "ncsolve._comparison",
    "Comparison": "ncsolve._comparison",
    "compare": "ncsolve._comparison",
    "CONVENTIONS": "ncsolve._problem.convention",
    "Convention": "ncsolve._problem.convention",
    "Lambdas": "ncsolve._problem.convention",
    "convention": "ncsolve._problem.convention",
    "LossTerms": "ncsolve._frames.coupled_block",
    "Measurement": "ncsolve._measure.measurement",
    "MetricMeasurement": "ncsolve._measure.metric_measurement",
    "measure": "ncsolve._measure.measure",
    "FeatureStatistics": "ncsolve._measure.statistics",
    "Decoding": "ncsolve._minimizer.decoding",
    "MetricLossTerms": "ncsolve._models.metric.frame",
    "MetricMinimizer": "ncsolve._minimizer.metric_minimizer",
    "MetricProblem": "ncsolve._problem.metric_problem",
    "Minimizer": "ncsolve._minimizer.minimizer",
    "gradient": "ncsolve._problem.objective",
    "objective": "ncsolve._problem.objective",
    "Path": "ncsolve._sweeps.path",
    "path": "ncsolve._sweeps.path",
    "Boundary": "ncsolve._sweeps.phase",
    "Phase": "ncsolve._sweeps.phase",
    "phase": "ncsolve._sweeps.phase",
    "UFM": "ncsolve._problem.ufm",
    "RegimeChange": "ncsolve._sweeps.threshold_crossings",
    "select_method": "ncsolve._minimizer.solve",
    "solve": "ncsolve._minimizer.solve",
    "LabelStatistics": "ncsolve._problem.label_statistics",
    "StatisticsMinimizer": "ncsolve._minimizer.from_statistics",
    "solve_statistics": "ncsolve._minimizer.from_statistics",
    "ClassBlock": "ncsolve._frames.grouped",
    "ConvergenceError": "ncsolve.errors",
    "DimensionError": "ncsolve.errors",
    "EncodingError": "ncsolve.errors",
    "FileError": "ncsolve.errors",
    "MissingPackageError": "ncsolve.errors",
    "NCSolveError": "ncsolve.errors",
    "OpenProblemError": "ncsolve.errors",
    "ProblemError": "ncsolve.errors",
    "SizeError": "ncsolve.errors",
    "UnknownNameError": "ncsolve.errors",
}

# Packages that are not public names, as ``import *`` would need all of their requirements: two folders beside this one
# in a checkout, which setup.cfg maps into the package, and what needs torch.
_BESIDE = ("derivations", "verify", "torch")


def _beside(name: str) -> object:
    try:
        return import_module(f"ncsolve.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"ncsolve.{name}":
            raise
    from ncsolve.errors import hidden

    raise hidden(f"ncsolve.{name}")


if not TYPE_CHECKING:

    def __getattr__(name):
        home = _HOMES.get(name)
        if name in _BESIDE:
            return _beside(name)
        if home is None:
            raise AttributeError(f"module 'ncsolve' has no attribute {name!r}")
        found = getattr(import_module(home), name) if home else import_module(f"ncsolve.{name}")
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})
