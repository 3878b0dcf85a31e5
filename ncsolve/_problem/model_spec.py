"""Which model a problem is of, besides its labels and weight decays: what its parts may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ncsolve._problem.losses import LOSSES, Loss, check_loss
from ncsolve._problem.model_fields import SPEC_FIELDS
from ncsolve.checks.arguments import check_name, check_whole, is_whole
from ncsolve.errors import ProblemError, shown

__all__ = ["FEATURES", "FeatureKind", "ModelSpec", "check_depth", "check_dim", "check_features"]

# Depths beyond this have no use, and 1/(depth + 1) must stay a useful power.
_MOST_LAYERS = 100
_MOST_DIM = 2**31


@dataclass(frozen=True, kw_only=True)
class FeatureKind:
    """What features are restricted to: ``nonnegative`` is H >= 0.

    ``default_dim(m, K, regular)`` is the feature dimension that holds the minimizer, where none is given.
    """

    nonnegative: bool
    default_dim: Callable[[int, int, bool], int]


# What ``features`` may be; a model that is registered adds its own.
FEATURES = {
    "linear": FeatureKind(nonnegative=False, default_dim=lambda m, k, regular: min(m, k)),
    "relu": FeatureKind(nonnegative=True, default_dim=lambda m, k, regular: k if k <= 4 or regular else 2 * k),
}


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """The parts of a model, as in ``UFM``: ``loss``, ``dim``, ``features`` and ``depth``; the defaults are the paper's.
    """

    loss: str = "mse"
    dim: int | None = None
    features: str = "linear"
    depth: int = 1

    def __post_init__(self) -> None:
        for name in SPEC_FIELDS:
            object.__setattr__(self, name, _CHECKS[name](getattr(self, name)))

    @property
    def nonnegative(self) -> bool:
        """Whether H >= 0."""
        return FEATURES[self.features].nonnegative

    @property
    def fit(self) -> Loss:
        """The loss whose mean over samples is the fit."""
        return LOSSES[self.loss]

    @property
    def squared(self) -> bool:
        """Whether the loss is MSE."""
        return self.loss == "mse"

    @property
    def one_layer(self) -> bool:
        """Whether W is a single matrix."""
        return self.depth == 1

    @property
    def plain(self) -> bool:
        """Whether loss, features and head are those of the paper: MSE, any H, and one layer."""
        return self.squared and self.features == "linear" and self.one_layer

    def default_dim(self, code_length: int, classes: int, regular: bool) -> int:
        """The feature dimension where none is given."""
        return FEATURES[self.features].default_dim(code_length, classes, regular)


def check_features(value: object) -> str:
    """A name in FEATURES.  Raises UnknownNameError."""
    return check_name("features", value, FEATURES)


def check_depth(value: object) -> int:
    """A number of layers, or ProblemError."""
    if not is_whole(value, 1, _MOST_LAYERS):
        raise ProblemError(
            f"depth must be an integer from 1 to {_MOST_LAYERS}; got {shown(value)} (1 is a single layer)"
        )
    return int(value)


def check_dim(value: object) -> int | None:
    """A feature dimension, or ProblemError."""
    if value is None:
        return None
    return check_whole("dim", value, most=_MOST_DIM, remedy=" (left out, it is min(outputs, classes))")


_CHECKS: dict[str, Callable[[object], object]] = {
    "loss": check_loss, "dim": check_dim, "features": check_features, "depth": check_depth,
}
