"""The probe in a training script of PyTorch: measure while you train (T13 to T16).

Stands on ``_measure``: what is gathered here on the device is a ``FeatureStatistics`` there.  Needs the extra
``torch``; nothing else of ncsolve imports this package.  ``_probe.py`` finds the last layer and what it sees (and
``_hidden.py`` a linear layer below it), ``_moments.py`` gathers it, ``_decay.py`` reads lambdas from an optimizer,
``_metric.py`` is the statistic as a metric of torchmetrics, ``_objectives.py`` are losses in the convention of the
paper, ``_recorder.py`` keeps a trajectory, and ``__main__.py`` is for who has a checkpoint and not the training script.
"""

from importlib import import_module
from importlib.util import find_spec

from ncsolve.errors import MissingPackageError

__all__ = ["FeaturePenalty", "NetworkLambdas", "NeuralCollapse", "Objective", "Probe", "Recorder", "encode", "lambdas"]

_HOMES = {
    "FeaturePenalty": "_objectives", "NetworkLambdas": "_decay", "NeuralCollapse": "_metric",
    "Objective": "_objectives", "Probe": "_probe", "Recorder": "_recorder", "encode": "_objectives",
    "lambdas": "_decay",
}


def check_installed() -> None:
    """Raises MissingPackageError without PyTorch: not when this package is imported, as ``python -m`` would show a
    traceback of it."""
    if find_spec("torch") is None:
        raise MissingPackageError("ncsolve.torch", "torch", "ncsolve[torch]")


def __getattr__(name: str) -> object:
    # each when it is first asked for: torchmetrics, which the metric alone needs, takes seconds to import
    if name not in _HOMES:
        raise AttributeError(f"module 'ncsolve.torch' has no attribute {name!r}")
    check_installed()
    found = globals()[name] = getattr(import_module(f"ncsolve.torch.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
