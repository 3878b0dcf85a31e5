"""One run: all factors that decide what is trained, and a name that is made of them."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["ARCHITECTURES", "LOSSES", "OPTIMIZERS", "TAILS", "Run"]

ARCHITECTURES = ("mlp", "cnn", "resnet", "vit")
# What limits the features: a penalty on them, linear or after a ReLU; BatchNorm with weight decay, and a ReLU after it;
# or the weight decay of all layers.
TAILS = ("linear", "relu", "bn", "bn-relu", "plain")
LOSSES = ("mse", "cross-entropy")
OPTIMIZERS = ("adam", "lbfgs")


@dataclass(frozen=True, kw_only=True)
class Run:
    """The factors of one run, each with the value of the reference design.

    ``threshold`` is t: lambda_h = t^2/(N K lambda_w) for N samples of K classes, t = K sqrt(n lambda_w lambda_h)
    where classes are balanced.  Under ``imbalance`` r the first half of the classes has ``per_class`` samples and the
    others ``per_class``/r.  ``decay`` is the weight decay of all layers under the tail "plain", which has no threshold.
    ``seed`` is that of the initial weights: data and codes don't depend on it.
    """

    data: str = "digits"
    per_class: int = 50
    imbalance: float = 1.0
    network: str = "mlp"
    tail: str = "linear"
    encoding: str = "onehot"
    loss: str = "mse"
    threshold: float = 0.2
    lambda_w: float = 0.03
    decay: float = 0.0
    lambda_b: float = 0.0
    seed: int = 0
    optimizer: str = "adam"
    steps: int = 800
    learning_rate: float = 0.01
    dim: int = 16

    def __post_init__(self) -> None:
        for field in fields(self):
            value, kind = getattr(self, field.name), type(field.default)
            if kind is float and type(value) is int:
                object.__setattr__(self, field.name, value := float(value))
            if type(value) is not kind:
                raise ValueError(f"{field.name} is {_KINDS[kind]}; got {value!r}")
        for name, allowed in (
            ("network", ARCHITECTURES), ("tail", TAILS), ("loss", LOSSES), ("optimizer", OPTIMIZERS),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {', '.join(allowed)}; got {getattr(self, name)!r}")
        for name, least in (("per_class", 1), ("steps", 1), ("dim", 1), ("imbalance", 1.0), ("seed", 0)):
            if not getattr(self, name) >= least:
                raise ValueError(f"{name} is at least {least:g}; got {getattr(self, name)!r}")
        for name in ("threshold", "lambda_w", "learning_rate"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} is above 0 and finite; got {getattr(self, name)!r}")
        if not self.lambda_b >= 0.0:
            raise ValueError(f"lambda_b is at least 0, or inf; got {self.lambda_b!r}")
        if (self.decay > 0.0) != (self.tail == "plain") or not self.decay < math.inf:
            raise ValueError(
                f'decay goes with tail = "plain" and is above 0 there; got {self.decay!r} with tail = "{self.tail}"'
            )
        if self.loss == "cross-entropy" and self.tail == "plain":
            raise ValueError(f'tail = "plain" is the metric UFM, of the mean squared error; got loss = "{self.loss}"')

    def to_json(self) -> dict[str, Any]:
        """All factors; infinity is written "inf", since JSON has no number for it."""
        return {name: "inf" if value == math.inf else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, factors: object) -> Run:
        """The run of these factors.  Raises ValueError for a name or a value that there is not."""
        if not isinstance(factors, dict):
            raise ValueError(f"a run is an object of its factors; got {factors!r}")
        known = {field.name for field in fields(cls)}
        for name in factors:
            if name not in known:
                raise ValueError(f"no factor of a run is called {name!r}; there are {', '.join(sorted(known))}")
        return cls(**{name: math.inf if value == "inf" else value for name, value in factors.items()})

    @property
    def key(self) -> str:
        """A hash of the factors: two runs have one key iff they are the same."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]


_KINDS = {str: "a text", int: "a whole number", float: "a number"}
