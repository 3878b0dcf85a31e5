"""The committed table of trained networks: of each run its problem and the network, as far as the loss sees it."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np
from ncsolve.verify._types import Array

import ncsolve
from ncsolve.errors import FileError

__all__ = ["NetworkRun", "NetworkTable", "read_networks"]

_FILE, _SCHEMA = "networks.json.gz", "ncsolve.networks/1"
# The squared norms of a network, and what each is decayed by.
_NORMS = {"weights": "lambda_w", "features": "lambda_h", "hidden": "lambda_v", "hidden_bias": "lambda_c"}


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkRun:
    """A row of the table.

    ``factors`` are those of the run, ``lowest`` is the lowest loss of its training, ``failure`` says why nothing was
    measured (then ``told`` is empty).  ``problem`` are the weight decays, counts, codes and moments; ``network`` holds
    sums over the samples, and ``outputs`` (m, K) W hbar_k + b and ``bias`` (m,) of it; ``told`` is what the library
    said of the run.
    """

    key: str
    variation: str
    factors: Mapping[str, Any]
    failure: str | None
    failed: bool
    lowest: float
    problem: Mapping[str, Any]
    network: Mapping[str, Any]
    told: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> NetworkRun:
        """A row as it lies in the file."""
        failed, training = row["outcome"] != "measured", row["training"] or {}
        return cls(
            key=row["key"], variation=row["variation"], factors=row["run"], failure=row["failure"], failed=failed,
            lowest=float(training.get("lowest", math.inf)), problem={} if failed else row["problem"],
            network={} if failed else row["network"], told={} if failed else row["measured"],
        )

    @property
    def hashed(self) -> str:
        """The key that the factors have."""
        return hashlib.sha256(json.dumps(self.factors, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def metric(self) -> bool:
        """Whether the last two layers were measured under plain decay."""
        return "lambda_v" in self.problem

    @property
    def same(self) -> str:
        """A text that all runs of one problem share."""
        return json.dumps(self.problem, sort_keys=True)

    def decay(self, name: str) -> float:
        """One of the lambdas, which may be infinite."""
        return float(self.problem[name])

    @property
    def codes(self) -> Array:
        """E (m, K)."""
        return np.array(self.problem["codes"], dtype=np.float64)

    @property
    def counts(self) -> Array:
        """Samples of each class (K,)."""
        return np.array(self.problem["counts"], dtype=np.float64)

    @property
    def moments(self) -> tuple[Array, Array]:
        """Second moments of (z; 1), and with the one-hot labels."""
        return np.array(self.problem["second_moments"]), np.array(self.problem["cross_moments"])

    @property
    def outputs(self) -> Array:
        """Of the class means (m, K)."""
        return np.array(self.network["class_outputs"])

    @property
    def bias(self) -> Array:
        """b (m,)."""
        return np.array(self.network["bias"])

    @property
    def gram(self) -> Array:
        """Inner products of the class means of the features (K, K)."""
        return np.array(self.told["gram"])

    def solvable(self) -> ncsolve.UFM | ncsolve.MetricProblem:
        """The problem for the solver."""
        common: dict[str, Any] = {
            "encoding": self.codes, "counts": self.problem["counts"], "lambda_w": self.decay("lambda_w"),
            "lambda_b": self.decay("lambda_b"),
        }
        if self.metric:
            second, cross = self.moments
            return ncsolve.MetricProblem(
                second_moments=second, cross_moments=cross, lambda_v=self.decay("lambda_v"),
                lambda_c=self.decay("lambda_c"), **common,
            )
        return ncsolve.UFM(
            lambda_h=self.decay("lambda_h"), features=self.problem["features"], loss=self.problem["loss"], **common
        )

    def fit_of_means(self) -> float:
        """The mean loss of the outputs of the class means, without the weight decays."""
        outputs, codes = self.outputs, self.codes
        if self.problem["loss"] == "mse":
            fits = np.sum((outputs - codes) ** 2, axis=0) / 2
        else:
            fits = np.logaddexp.reduce(outputs, axis=0) - np.sum(codes * outputs, axis=0)
        return float(fits @ self.counts / self.counts.sum())

    def fit(self) -> float:
        """The mean loss of the outputs of all samples.

        Under MSE what varies within the classes adds its square.  Under cross-entropy it can't be had of sums, and is
        what the run has recorded.
        """
        if self.problem["loss"] != "mse":
            return float(self.network["fit"])
        return self.fit_of_means() + float(self.network["within_outputs"]) / (2 * float(self.counts.sum()))

    def within(self) -> float:
        """What the variation within the classes adds to the objective."""
        inner = float(self.network["within_features"])
        return self.fit() - self.fit_of_means() + (0.0 if self.metric else self.decay("lambda_h") / 2 * inner)

    def objective(self) -> float:
        """The loss with its weight decays, by definition; a lambda that is infinite stands for what isn't there."""
        squares = [(name, float(self.network[norm])) for norm, name in _NORMS.items() if name in self.problem]
        squares.append(("lambda_b", float(self.bias @ self.bias)))
        decays = [(self.decay(name), square) for name, square in squares]
        return self.fit() + math.fsum(decay / 2 * square for decay, square in decays if math.isfinite(decay))


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkTable:
    """All ``runs``; ``done`` is how many of each variation there are by the table's head, ``wanted`` of the suite."""

    runs: tuple[NetworkRun, ...]
    done: Mapping[str, int]
    wanted: Mapping[str, int]


def read_networks(path: Traversable | None = None) -> NetworkTable:
    """The table beside this file, or another.  Raises FileError where it is missing or no such table."""
    try:
        table = json.loads(gzip.decompress((path or files("ncsolve.verify").joinpath(_FILE)).read_bytes()))
        if table["schema"] != _SCHEMA:
            raise ValueError(f"its schema is {table['schema']!r}, not {_SCHEMA!r}")
        return NetworkTable(
            runs=tuple(NetworkRun.of(row) for row in table["runs"]),
            done={head["name"]: head["done"] for head in table["variations"]},
            wanted={head["name"]: head["runs"] for head in table["variations"]},
        )
    except FileNotFoundError:
        raise FileError(
            f"the table of trained networks is a part of ncsolve.verify; {_FILE} is missing, install the package anew "
            "or run: python -m experiments experiments/suite.toml --table"
        ) from None
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise FileError(f"the table of trained networks has the schema {_SCHEMA!r}; {_FILE}: {text}, make it anew by "
                        "--table") from None
