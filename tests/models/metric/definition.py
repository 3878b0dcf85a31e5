"""The last two layers under plain weight decay from raw features: objective, dual bound and random problems.

Nothing here knows a moment or a theorem of the solver; sums run over samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings


@dataclass(frozen=True, kw_only=True)
class Network:
    """Previous features z (p, N), class numbers (N,), codes (m, K), and the weight decays of W, V, c and b."""

    z: np.ndarray
    labels: np.ndarray
    codes: np.ndarray
    lambda_w: float
    lambda_v: float
    lambda_c: float
    lambda_b: float

    @property
    def problem(self) -> ncsolve.MetricProblem:
        """By a statistic of one pass."""
        statistics = ncsolve.FeatureStatistics(self.codes.shape[1], len(self.z)).update(self.z.T, self.labels)
        return statistics.metric_problem(
            self.codes, lambda_w=self.lambda_w, lambda_v=self.lambda_v, lambda_b=self.lambda_b, lambda_c=self.lambda_c,
        )

    def objective(self, w: np.ndarray, v: np.ndarray, c: np.ndarray, b: np.ndarray) -> float:
        """The training loss of two layers."""
        apart = w @ (v @ self.z + c[:, None]) + b[:, None] - self.codes[:, self.labels]
        total = np.sum(apart**2) / (2 * self.z.shape[1]) + self.lambda_w / 2 * np.sum(w**2)
        total += self.lambda_v / 2 * np.sum(v**2)
        for decay, part in ((self.lambda_c, c), (self.lambda_b, b)):
            assert math.isfinite(decay) or not part.any()
            total += decay / 2 * np.sum(part**2) if part.any() else 0.0
        return float(total)

    def dual(self, outputs: np.ndarray) -> float:
        """A lower bound of the minimum, from the residual of any outputs (m, N), scaled into the dual's condition."""
        samples, labels = self.z.shape[1], self.codes[:, self.labels]
        multipliers = (labels - outputs) / samples
        if self.lambda_b == 0.0:
            multipliers = multipliers - multipliers.mean(axis=1, keepdims=True)
        inputs = np.vstack((self.z, np.full(samples, math.sqrt(self.lambda_v / self.lambda_c))))
        size = np.linalg.norm(multipliers @ inputs.T, 2)
        multipliers = multipliers * min(1.0, math.sqrt(self.lambda_w * self.lambda_v) / size if size > 0 else 1.0)
        bound = np.sum(multipliers * labels) - samples / 2 * np.sum(multipliers**2)
        if 0.0 < self.lambda_b < math.inf:
            bound -= np.sum(multipliers.sum(axis=1) ** 2) / (2 * self.lambda_b)
        return float(bound)


def regular(q: float, size: float, lambda_b: float, *, classes: int = 4, a: float = 1.0, shift: float = 0.0) -> Network:
    """K classes of three equal samples, with contrasts of singular value q, a mean of length ``size`` with its
    constant, codes a I + shift J, and the weight decays of the check values."""
    means = np.vstack((q * (np.eye(classes) - 1 / classes), np.full(classes, math.sqrt(size**2 - 1))))
    labels = np.repeat(np.arange(classes), 3)
    codes = a * np.eye(classes) + shift
    return Network(z=means[:, labels], labels=labels, codes=codes, lambda_w=0.02, lambda_v=0.03, lambda_c=0.03,
                   lambda_b=lambda_b)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Previous features of every kind: spread or collapsed, positive as after a ReLU, of low rank, on scales apart."""
    classes, p = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = np.concatenate((np.arange(classes), rng.integers(0, classes, draw(st.integers(0, 30)))))
    z = rng.standard_normal((p, classes))[:, labels] * draw(st.sampled_from([0.0, 1.0, 5.0]))
    kind = draw(st.sampled_from(["spread", "collapsed", "relu", "low rank", "graded"]))
    if kind != "collapsed":
        z = z + rng.standard_normal(z.shape)
    if kind == "relu":
        z = np.maximum(z, 0.0)
    if kind == "low rank":
        z = np.outer(rng.standard_normal(p), z[0])
    if kind == "graded":
        z = z * 10.0 ** rng.uniform(-2, 2, (p, 1))
    if draw(st.booleans()):
        codes = rng.standard_normal((draw(st.integers(1, 6)), classes))
    else:
        codes = encodings.smoothed(classes, draw(st.sampled_from([0.0, 0.3]))).matrix
    lambda_v = 10.0 ** draw(st.floats(-4, 0))
    return Network(
        z=z, labels=labels, codes=codes, lambda_w=10.0 ** draw(st.floats(-4, 0)), lambda_v=lambda_v,
        lambda_c=draw(st.sampled_from([lambda_v, math.inf, 30 * lambda_v, lambda_v / 30])),
        lambda_b=draw(st.one_of(st.sampled_from([0.0, math.inf]), st.floats(-6, 3).map(lambda e: 10.0**e))),
    )
