"""Problems of the last two layers: random ones, and regular ones whose minimum the statement of the claim gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ncsolve.verify._two_layers import TwoLayers
from ncsolve.verify._types import Array

from ncsolve import encodings

__all__ = ["RegularLayers", "random_layers"]

_LAMBDAS_B = (0.0, 0.05, 1.0, math.inf)
_NAMES = ("onehot", "smoothed", "signed", "simplex", "thermometer")


def random_layers(rng: np.random.Generator, trial: int) -> TwoLayers:
    """Random previous features with a mean and scatter within the classes, or without, codes, counts and decays."""
    classes, p = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    labels = np.repeat(np.arange(classes), rng.integers(1, 6, classes))
    z = (2 * rng.standard_normal((p, classes)) + rng.standard_normal((p, 1)))[:, labels]
    z = z + (trial % 3 > 0) * rng.standard_normal((p, p)) @ rng.standard_normal(z.shape)
    z = np.maximum(z, 0.0) if trial % 5 == 4 else z
    if trial % 2:
        codes = rng.standard_normal((int(rng.integers(1, classes + 2)), classes))
    else:
        codes = np.array(encodings.make(_NAMES[int(rng.integers(len(_NAMES)))], classes=classes).matrix)
    ratio = float(np.exp(rng.normal()))
    slope = codes[:, labels] @ np.vstack((z, np.ones(labels.size))).T / labels.size
    # Features that a ReLU has put out and labels of mean zero have no slope at all.
    tau = float(rng.uniform(0.02, 0.5)) * max(float(np.linalg.norm(slope, 2)), 0.01)
    lambda_v = tau / ratio
    lambda_c = (lambda_v, float(lambda_v * np.exp(rng.normal())), math.inf)[int(rng.integers(3))]
    return TwoLayers(
        z=z, labels=labels, codes=codes, lambda_w=tau * ratio, lambda_v=lambda_v, lambda_b=_LAMBDAS_B[trial % 4],
        lambda_c=lambda_c,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class RegularLayers:
    """Balanced codes a I + q J, and class means of z that are ``spread`` (I - J/K) across the mean, turned at random.

    The mean of (z; s), s^2 = lambda_v/lambda_c, has the length ``size``; ``within`` is the variance of the samples of
    a class along the mean of z, which is there only without c; ``across`` that along directions without class means.
    """

    a: float
    q: float
    classes: int
    spread: float
    size: float
    within: float
    lambda_w: float
    lambda_v: float
    lambda_c: float
    turn: Array

    @classmethod
    def random(cls, rng: np.random.Generator, trial: int) -> RegularLayers:
        """One in which neither the contrasts nor, at large lambda_b, the mean are lost."""
        classes = int(rng.integers(2, 6))
        a, q = ((1.0, 0.0), (0.9, 0.1 / classes), (2.0, -1.0), (1.0, 0.3))[trial % 4]
        if a + classes * q == 0.0:
            q = -0.7
        lambda_w, lambda_v = 0.02 * np.exp(rng.normal(size=2) / 2)
        lambda_c = (lambda_v, 3.0 * lambda_v, math.inf)[trial % 3]
        tau, own = math.sqrt(lambda_w * lambda_v), math.sqrt(lambda_v / lambda_c)
        spread = classes * tau / abs(a) * float(rng.uniform(1.5, 30.0))
        mean = math.sqrt(classes) * tau / abs(a + classes * q) * float(rng.uniform(1.5, 30.0))
        size = math.hypot(own, mean)
        turn = np.linalg.qr(rng.standard_normal((classes + 2, classes + 2)))[0]
        return cls(
            a=a, q=q, classes=classes, spread=spread, size=size, lambda_w=float(lambda_w), lambda_v=float(lambda_v),
            lambda_c=float(lambda_c), within=float(rng.uniform(0.1, 2.0)) * size**2 if trial % 6 == 5 else 0.0,
            turn=turn,
        )

    @property
    def w(self) -> float:
        """a + K q."""
        return self.a + self.classes * self.q

    @property
    def t(self) -> float:
        """sqrt(K lambda_w lambda_v) over the length of the mean."""
        return math.sqrt(self.classes * self.lambda_w * self.lambda_v) / self.size

    @property
    def star(self) -> float:
        """lb* = t/(|w| - t)."""
        return self.t / (abs(self.w) - self.t)

    def at(self, lambda_b: float) -> TwoLayers:
        """The problem for a lambda_b, four samples a class."""
        k, p = self.classes, self.classes + 2
        mean = math.sqrt(self.size**2 - self.lambda_v / self.lambda_c)
        z = np.zeros((p, k, 4))
        z[:k] = (self.spread * (np.eye(k) - 1 / k))[:, :, None]
        z[k] = mean + math.sqrt(self.within) * np.array([1.0, -1.0, 1.0, -1.0])
        z[k + 1] = 0.5 * self.spread * np.array([1.0, 1.0, -1.0, -1.0])
        return TwoLayers(
            z=self.turn @ z.reshape(p, -1), labels=np.repeat(np.arange(k), 4), codes=self.a * np.eye(k) + self.q,
            lambda_w=self.lambda_w, lambda_v=self.lambda_v, lambda_b=lambda_b, lambda_c=self.lambda_c,
        )

    def _values(self, lambda_b: float) -> tuple[float, float]:
        """s_perp and s_mu."""
        over = 0.0 if lambda_b == 0.0 else abs(self.w) - self.t - self.t / lambda_b
        mean = math.sqrt(self.classes) * self.size * max(over, 0.0)
        if self.within and lambda_b:
            mean /= 1 + self.within * (1 + 1 / lambda_b) / self.size**2
        return abs(self.a) * self.spread - self.classes * math.sqrt(self.lambda_w * self.lambda_v), mean

    def cosine(self, lambda_b: float) -> float:
        """Between any two class means."""
        across, along = self._values(lambda_b)
        return (along - across) / (along + (self.classes - 1) * across)

    def squared_length(self, lambda_b: float) -> Array:
        """Of every class mean (K,)."""
        across, along = self._values(lambda_b)
        value = math.sqrt(self.lambda_w / self.lambda_v) * (along + (self.classes - 1) * across) / self.classes
        return np.full(self.classes, value)

    def bias(self, lambda_b: float) -> float:
        """Each entry of b: what W (V, c) leaves of the label mean, over 1 + lambda_b."""
        _, along = self._values(lambda_b)
        left = abs(self.w) - along / (math.sqrt(self.classes) * self.size)
        return 0.0 if math.isinf(lambda_b) else math.copysign(left / (1 + lambda_b), self.w) / self.classes

    @property
    def right_angle(self) -> float | None:
        """The lambda_b of orthogonal class means; None if there is none, or scatter along the mean."""
        ahead = math.sqrt(self.classes) * self.size * abs(self.w) - abs(self.a) * self.spread
        if self.within or ahead <= 0.0:
            return None
        return self.classes * math.sqrt(self.lambda_w * self.lambda_v) / ahead
