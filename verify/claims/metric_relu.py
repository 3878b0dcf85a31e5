"""Decay on all weights and a ReLU on the last hidden layer: an orthogonal frame, then the linear layer's acute one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify._two_layers import Layers, TwoLayers
from ncsolve.verify._types import Array
from scipy.optimize import brentq, minimize

import ncsolve

# Widths of the smoothed ReLU (x + sqrt(x^2 + e^2))/2, each descent starting where the one before it ended.
_SMOOTH = (1e-1, 1e-3, 1e-5, 1e-7)
_ENDS = "a neuron of an orthogonal frame ends at the kink of the ReLU, which descent sees smoothed"


@claim(
    name="metric-relu", sources=("ncsolve",), theorems=("metric-relu",), weight=10,
    statement="plain weight decay, a ReLU on the last hidden layer, balanced codes a I + q J, regular previous class "
    "means, all samples of a class alike: no class means meet at an obtuse angle; they are an orthogonal frame up to "
    "the lambda_b at which those of a linear layer are orthogonal (for every lambda_b, if the previous ones are obtuse "
    "and |w| <= |a|), and beyond it loss, bias and cosine are those of the linear layer. Other previous class means "
    "whose inverse Gram matrix has no positive entry off its diagonal: no loss is below the linear layer's minimum",
    run="L-BFGS from random starts on W, V, c and b of 4 K neurons; the multiplier's condition by ascent over all "
    "neurons; the linear layer and the UFM with H >= 0 by the solver",
)
def examine(size: Size) -> list[Figure]:
    """Problems of every kind, the UFM, and random collapsed features."""
    rng = np.random.default_rng(151)
    return [
        *_frames(rng, 1 if size == "quick" else 6), *_isotropic(), *_bound(rng, 3 if size == "quick" else 20),
    ]


@dataclass(frozen=True, kw_only=True)
class Regular:
    """Codes a I + q J, w = a + K q, and previous class means with Gram matrix size^2 J + spread^2 (I - J/K)."""

    K: int
    size: float
    spread: float
    lambda_w: float
    lambda_v: float
    lambda_b: float
    a: float = 1.0
    w: float = 1.0

    @property
    def tau(self) -> float:
        """sqrt(lambda_w lambda_v)."""
        return math.sqrt(self.lambda_w * self.lambda_v)

    @property
    def thresholds(self) -> tuple[float, float, float]:
        """K tau/spread of the contrasts, t of the mean, and the square e of a neuron of one class."""
        perp, t = self.K * self.tau / self.spread, math.sqrt(self.K) * self.tau / self.size
        alone = ((self.K - 1) * perp**2 + t**2) / self.K
        return perp, t, alone if perp >= t else self.K / ((self.K - 1) / perp**2 + 1 / t**2)

    def residual(self) -> tuple[float, float]:
        """xi on the contrasts and Xi on the mean, of the statement's minimum; absolute values."""
        a, w, (perp, t, alone) = abs(self.a), abs(self.w), self.thresholds
        inverse = math.inf if self.lambda_b == 0 else 1 + 1 / self.lambda_b
        if perp >= t and w > inverse * t and (perp >= a or w / t - a / perp >= inverse - 1):
            return min(perp, a), t  # acute, or one vector

        def over(phi: float) -> float:
            return (self.K - 1) * (a / (1 + phi)) ** 2 + (w / (inverse + phi)) ** 2 - self.K * alone

        phi = brentq(over, 0.0, 1e6, xtol=1e-15, rtol=1e-14) if over(0.0) > 0 else 0.0
        return a / (1 + phi), w / (inverse + phi)

    def minimum(self) -> tuple[float, float, float, float]:
        """Loss, squared length and inner product of the class means, and each entry of b."""
        a, w, (xi, Xi) = abs(self.a), abs(self.w), self.residual()
        share = w if self.lambda_b == 0 else Xi / self.lambda_b
        across = (a - xi) / xi
        along = across if self.lambda_b == 0 else (w - Xi - share) / Xi
        loss = ((self.K - 1) * (a * xi - xi**2 / 2) + w * Xi - Xi * (Xi + share * (self.lambda_b != 0)) / 2) / self.K
        length = self.lambda_w * (along + (self.K - 1) * across)
        return loss, length, self.lambda_w * (along - across), math.copysign(share, self.w) / self.K

    @property
    def multiplier(self) -> Array:
        """M (K, K), the residual over K."""
        xi, Xi = self.residual()
        mean = np.full((self.K, self.K), 1 / self.K)
        return np.asarray((math.copysign(xi, self.a) * (np.eye(self.K) - mean) + math.copysign(Xi, self.w) * mean)
                          / self.K)

    @property
    def layers(self) -> TwoLayers:
        """One sample a class; the bias c has a part of the length of the mean."""
        own = self.size / 2
        z = np.vstack((self.spread * (np.eye(self.K) - 1 / self.K), np.full(self.K, math.sqrt(3.0) * own)))
        return TwoLayers(
            z=z, labels=np.arange(self.K), codes=self.a * np.eye(self.K) + (self.w - self.a) / self.K,
            lambda_w=self.lambda_w, lambda_v=self.lambda_v, lambda_b=self.lambda_b, lambda_c=self.lambda_v / own**2,
        )


_DECAYS = {"lambda_w": 0.02, "lambda_v": 0.03}
# Orthogonal: acute previous class means (one-hot, signed), then obtuse ones; acute (linear); one vector.
_ORTHOGONAL = (
    Regular(K=3, size=1.5, spread=2.0, lambda_b=0.02, **_DECAYS),
    Regular(K=4, size=2.5, spread=3.0, lambda_b=0.03, **_DECAYS),
    Regular(K=3, size=1.5, spread=2.0, lambda_b=0.5, a=2.0, w=-1.0, **_DECAYS),
    Regular(K=3, size=0.8, spread=2.0, lambda_b=0.3, **_DECAYS),
    Regular(K=4, size=0.6, spread=2.5, lambda_b=0.0, lambda_w=0.01, lambda_v=0.03),
    Regular(K=3, size=0.8, spread=2.0, lambda_b=math.inf, **_DECAYS),
)
_LINEAR = (
    Regular(K=4, size=2.5, spread=3.0, lambda_b=0.3, **_DECAYS),
    Regular(K=3, size=2.0, spread=2.0, lambda_b=math.inf, a=1.0, w=-1.5, **_DECAYS),
    Regular(K=3, size=1.0, spread=0.25, lambda_b=1.0, lambda_w=0.1, lambda_v=0.08),
)


def _frames(rng: np.random.Generator, starts: int) -> list[Figure]:
    value = Worst("loss of the best descent, relative", tolerance=1e-6, reason=_ENDS)
    means = Worst("Gram matrix of its class means, over its largest entry", tolerance=1e-3, reason="a root of the loss")
    bias = Worst("b of the best descent", tolerance=1e-3, reason="a root of the loss")
    price = Worst(
        "the most that a neuron gains for its price, |M relu(Z^T v)|/(tau |v|)", tolerance=1e-9,
        reason="rounding",
    )
    linear = Worst("loss of the linear layer beyond its right angle", tolerance=1e-10, reason="the solver's rounding")
    angle = Worst("cosine of the linear layer beyond its right angle", tolerance=1e-8, reason="the solver's rounding")
    entries = Worst("b of the linear layer beyond its right angle", tolerance=1e-8, reason="the solver's rounding")
    right = Worst("cosine of the linear layer at the lambda_b of its right angle", tolerance=1e-12, reason="rounding")
    below, saved = [], []
    for regular in (*_ORTHOGONAL, *_LINEAR):
        layers = regular.layers
        loss, length, inner, share = regular.minimum()
        ends = [_descend(layers, rng, 4 * regular.K) for _ in range(starts)]
        best = min(ends, key=layers.objective)
        h = best.features(layers.z)
        value.add(loss, layers.objective(best))
        means.add(inner + (length - inner) * np.eye(regular.K), h.T @ h)
        bias.add(np.full(regular.K, share), best.b, size=1.0)
        below += [layers.objective(end) / loss - 1 for end in ends]
        price.add(1.0, _best_neuron(regular, rng))
        found = ncsolve.solve(layers.problem)
        saved.append(loss / found.loss - 1)
        if regular in _LINEAR:
            linear.add(loss, found.loss)
            angle.add(inner / length, None if found.cosines is None else found.cosines.mean, size=1.0)
            entries.add(np.full(regular.K, share), found.bias, size=1.0)
        elif regular.size * math.sqrt(regular.K) * abs(regular.w) > regular.spread * abs(regular.a):
            at = regular.K * regular.tau / (math.sqrt(regular.K) * regular.size * abs(regular.w)
                                            - regular.spread * abs(regular.a))
            there = ncsolve.solve(replace(regular, lambda_b=at).layers.problem)
            right.add(0.0, None if there.cosines is None else there.cosines.mean, size=1.0)
    return [
        *(worst.figure() for worst in (value, means, bias, price, linear, angle, entries, right)),
        at_least("loss of a descent less the minimum, over it", -1e-11, below, reason="no descent ends lower"),
        at_least("the minimum less the linear layer's, over it, previous class means at no obtuse angle", -1e-10,
                 [x for x, regular in zip(saved, (*_ORTHOGONAL, *_LINEAR), strict=True)
                  if math.sqrt(regular.K) * regular.size >= regular.spread], reason="the solver's rounding"),
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rectified(Layers):
    """W, V, c and b with a ReLU on the hidden layer."""

    def features(self, z: Array) -> Array:
        """h = relu(V z + c) (d, N)."""
        return np.maximum(super().features(z), 0.0)


def _descend(layers: TwoLayers, rng: np.random.Generator, dim: int) -> Rectified:
    """L-BFGS from random weights, on (V, c/s) against (z; s), s^2 = lambda_v/lambda_c."""
    zs, y, n = layers.extended, layers.targets, layers.samples
    ends = np.cumsum([y.shape[0] * dim, dim * zs.shape[0]])
    decay = layers.lambda_b if math.isfinite(layers.lambda_b) else 0.0
    free = float(math.isfinite(layers.lambda_b))

    def split(x: Array) -> tuple[Array, Array, Array]:
        return x[: ends[0]].reshape(-1, dim), x[ends[0] : ends[1]].reshape(dim, -1), free * x[ends[1] :]

    def both(x: Array, width: float) -> tuple[float, Array]:
        W, V, b = split(x)
        before = V @ zs
        root = np.sqrt(before**2 + width**2)
        h, slope = (before + root) / 2, (1 + before / root) / 2
        rest = (W @ h + b[:, None] - y) / n
        loss = n * np.sum(rest**2) + layers.lambda_w * np.sum(W**2) + layers.lambda_v * np.sum(V**2) + decay * b @ b
        gradient = (
            rest @ h.T + layers.lambda_w * W, (W.T @ rest * slope) @ zs.T + layers.lambda_v * V,
            free * (rest.sum(axis=1) + decay * b),
        )
        return float(loss) / 2, np.concatenate([part.ravel() for part in gradient])

    x = 0.5 * rng.standard_normal(int(ends[1]) + y.shape[0])
    for width in _SMOOTH:
        x = minimize(both, x, args=(width,), jac=True, method="L-BFGS-B",
                     options={"maxiter": 400, "maxfun": 500, "ftol": 1e-14, "gtol": 1e-9}).x
    W, V, b = split(x)
    return Rectified(W=W, V=V[:, :-1], c=V[:, -1] * zs[-1, 0], b=b)


def _best_neuron(regular: Regular, rng: np.random.Generator) -> float:
    """The largest |M relu(Z^T v)|/(tau |v|), by steps to the direction of its slope from many starts."""
    zs, square = regular.layers.extended, regular.multiplier @ regular.multiplier
    alone = np.linalg.pinv(zs).T  # neurons of one class each, 0 on the others: a kink, where an ascent ends by chance
    v = np.hstack((alone, zs, zs @ np.ones((regular.K, 1)), rng.standard_normal((zs.shape[0], 60))))
    best = 0.0
    for _ in range(100):
        v = v / np.maximum(np.linalg.norm(v, axis=0), 1e-300)
        h = np.maximum(zs.T @ v, 0.0)
        best = max(best, float(np.sqrt(np.max(np.sum(h * (square @ h), axis=0)))) / regular.tau)
        slope = zs @ (square @ h * (h > 0))
        v = np.where(np.linalg.norm(slope, axis=0) > 0, slope, v)
    return best


def _isotropic() -> list[Figure]:
    """spread^2 = K size^2 = lambda_v/(n lambda_h) is the UFM with H >= 0."""
    value = Worst("loss of the UFM with H >= 0, for spread^2 = K size^2", tolerance=1e-12, reason="rounding")
    length = Worst("its squared length of a class mean", tolerance=1e-10, reason="rounding of a root")
    for lambda_b in (0.0, 0.1, 2.0, math.inf):
        found = ncsolve.solve(ncsolve.UFM(classes=4, counts=3, encoding="onehot", lambda_w=0.02, lambda_h=0.001,
                                          lambda_b=lambda_b, features="relu"))
        spread = math.sqrt(0.03 / (3 * 0.001))
        loss, square, *_ = Regular(K=4, size=spread / 2, spread=spread, lambda_b=lambda_b, **_DECAYS).minimum()
        value.add(loss, found.loss)
        length.add(np.full(4, square), np.diag(found.gram))
    return [value.figure(), length.figure()]


def _bound(rng: np.random.Generator, trials: int) -> list[Figure]:
    """Three classes of any counts, no positive entry off the diagonal of the inverse Gram matrix."""
    above, equal = [], []
    for trial in range(trials):
        off = rng.uniform(0.0, 0.3, (3, 3))
        inverse = np.diag(rng.uniform(1.0, 1.5, 3)) - (off + off.T) / 2
        z = np.linalg.cholesky(10.0 * np.linalg.inv(inverse)).T
        labels = np.repeat(np.arange(3), rng.integers(1, 5, 3))
        layers = TwoLayers(
            z=z[:, labels], labels=labels, codes=np.eye(3), lambda_w=0.01, lambda_v=0.02,
            lambda_b=(0.02, 2.0, math.inf)[trial % 3], lambda_c=math.inf,
        )
        found = ncsolve.solve(layers.problem)
        losses = [layers.objective(_descend(layers, rng, 12)) / found.loss - 1 for _ in range(2)]
        above += losses
        if float(found.gram.min()) >= 0.0:  # then three class means have a nonnegative factor
            equal.append(min(losses))
    return [
        at_least("loss of a ReLU descent less the linear layer's minimum, over it", -1e-9, above,
                 reason="the solver may stop at a gap of 1e-9 of the loss"),
        at_most("least of it, where the linear layer's class means meet at no obtuse angle", 1e-6, equal, reason=_ENDS),
    ]
