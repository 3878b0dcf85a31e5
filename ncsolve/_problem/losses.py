"""What the fit term of the objective is: one entry of ``LOSSES`` for every loss that a model is known for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve.checks.arguments import check_name
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError

__all__ = ["LOSSES", "Loss", "check_loss", "softmax"]

# Beyond this exponentials come near to the end of the floats; below that their series has all digits.
_FAR, _SERIES = 500.0, 1e-2


class Loss(ABC):
    """A loss l(o, e) of an output o (m,) for the code e (m,) of its class, convex in o; fit is its mean over samples.

    Arrays hold one column per class or sample: ``outputs`` and ``codes`` (m, k).
    """

    name: ClassVar[str]
    # Other names of it, and what it is called in a table.
    aliases: ClassVar[tuple[str, ...]] = ()
    short: ClassVar[str]
    # Whether outputs are to equal codes: then the bias is measured against the label mean, and margins of outputs
    # against those of codes.
    fits_codes: ClassVar[bool] = True

    @abstractmethod
    def of_columns(self, outputs: Array, codes: Array) -> Array:
        """l of each column (k,)."""

    @abstractmethod
    def slope(self, outputs: Array, codes: Array) -> Array:
        """The gradient of l in the output, for each column (m, k)."""

    @abstractmethod
    def divergence(self, outputs: Array, step: Array) -> Array:
        """l at outputs + step less what its tangent at the outputs says, for each column (k,), whatever the code is.

        It is at least 0, and has all its digits however small the step (m, k) is.
        """

    @abstractmethod
    def least(self, codes: Array) -> Array:
        """The infimum of l over all outputs, for each code (k,)."""

    @abstractmethod
    def offsets(self, codes: Array, bias: Array) -> Array:
        """c (K,), so that W h + b is decoded as the class with the least c_k/2 - <W h, e_k>."""

    @abstractmethod
    def check_codes(self, encoding: Encoding, lambda_b: float) -> None:
        """That the loss is defined for the codes and has a minimum.  Raises ProblemError."""


class MeanSquaredError(Loss):
    """MSE: half the squared distance, |o - e|^2/2."""

    name = "mse"
    short = "MSE"

    def of_columns(self, outputs: Array, codes: Array) -> Array:
        return np.asarray(np.sum((outputs - codes) ** 2, axis=0) / 2)

    def slope(self, outputs: Array, codes: Array) -> Array:
        return outputs - codes

    def divergence(self, outputs: Array, step: Array) -> Array:
        return np.asarray(np.sum(step**2, axis=0) / 2)

    def least(self, codes: Array) -> Array:
        return np.zeros(codes.shape[1])

    def offsets(self, codes: Array, bias: Array) -> Array:
        return np.asarray(np.sum((codes - bias[:, None]) ** 2, axis=0))

    def check_codes(self, encoding: Encoding, lambda_b: float) -> None:
        """Any codes are."""


class CrossEntropy(Loss):
    """Cross-entropy with softmax, logsumexp(o) - <e, o>, for codes in the simplex (T16)."""

    name = "cross-entropy"
    aliases = ("ce",)
    short = "CE"
    fits_codes = False

    def of_columns(self, outputs: Array, codes: Array) -> Array:
        top = outputs.max(axis=0)
        # sum e (top - o) + log sum exp(o - top): no difference of large numbers where one output wins
        below = top - outputs
        rest = np.exp(-below)
        first = outputs.argmax(axis=0)
        rest[first, np.arange(outputs.shape[1])] = 0.0
        return np.asarray(np.sum(codes * below, axis=0) + np.log1p(rest.sum(axis=0)))

    def slope(self, outputs: Array, codes: Array) -> Array:
        return softmax(outputs) - codes

    def divergence(self, outputs: Array, step: Array) -> Array:
        """The Kullback-Leibler divergence from the probabilities of outputs + step to those of the outputs."""
        chances = softmax(outputs)
        apart = step - np.sum(chances * step, axis=0)
        far = apart.max(axis=0) > _FAR
        found = np.log1p(np.sum(chances * _beyond_tangent(np.where(far, 0.0, apart)), axis=0))
        if far.any():
            found[far] = _logsumexp(outputs[:, far] + apart[:, far]) - _logsumexp(outputs[:, far])
        return np.asarray(found)

    def least(self, codes: Array) -> Array:
        """The entropy of each code."""
        return np.asarray(0.0 - np.sum(codes * np.log(codes, where=codes > 0.0, out=np.zeros_like(codes)), axis=0))

    def offsets(self, codes: Array, bias: Array) -> Array:
        return np.asarray(-2.0 * (bias @ codes))

    def check_codes(self, encoding: Encoding, lambda_b: float) -> None:
        """Codes have to be probabilities: no negative entry, and a sum of 1 up to rounding."""
        affine = encoding.affine
        if affine is not None:
            least, sums = min(affine.q, affine.q + affine.a), np.array([affine.row_sum])
        else:
            least, sums = float(encoding.matrix.min()), encoding.matrix.sum(axis=0)
        wrong = np.abs(sums - 1.0) > 8 * EPS * max(encoding.code_length, 4)
        if least < 0.0 or wrong.any():
            fault = f"the entry {least:g}" if least < 0.0 else f"a code with the sum {sums[int(np.argmax(wrong))]:.15g}"
            raise ProblemError(
                f"under cross-entropy every code must be a probability vector, with entries of at least 0 and the sum "
                f"1; got {fault} in the encoding {encoding.name}, use onehot or smoothed:0.1, or loss = 'mse'"
            )
        if lambda_b == 0.0 and affine is None:
            empty = np.flatnonzero(~encoding.matrix.any(axis=1))
            if empty.size:
                raise ProblemError(
                    f"with lambda_b = 0 every output needs a label with mass in it; output {empty[0]} has none in the "
                    f"encoding {encoding.name}, so its bias runs to -inf: drop that output or set lambda_b > 0"
                )


LOSSES: dict[str, Loss] = {loss.name: loss for loss in (MeanSquaredError(), CrossEntropy())}

# What is asked for and not solved, with the reason.
_REFUSED = {
    "focal": "focal loss is not convex in the outputs everywhere, so that no dual bound proves a minimum global; "
    "use loss = 'cross-entropy', which is focal loss with gamma = 0",
    "temperature": "a temperature needs no loss of its own: the logits o/T are those of W/T and b/T, so that lambda_w "
    "T^2 and lambda_b T^2 under loss = 'cross-entropy' are the same problem",
    "class-weights": "class weights change the fit of a class and not the weight decay of its features, so that no "
    "theorem here covers them; use loss = 'cross-entropy' with the counts as they are, or resample the data",
}
_REFUSED |= dict.fromkeys(
    ("bce", "binary-cross-entropy"),
    "binary cross-entropy, of a sigmoid for every output, is not solved; use loss = 'cross-entropy', of softmax "
    "outputs",
) | dict.fromkeys(
    ("label-smoothing", "smoothing"),
    "label smoothing is a matter of the codes: use loss = 'cross-entropy' with the encoding smoothed:0.1",
) | dict.fromkeys(
    ("nll", "softmax"), "the negative log-likelihood of softmax outputs is cross-entropy: use loss = 'cross-entropy'"
)
_REFUSED |= {"focal-loss": _REFUSED["focal"], "weighted": _REFUSED["class-weights"],
             "weighted-cross-entropy": _REFUSED["class-weights"]}
_NAMES = {alias: loss.name for loss in LOSSES.values() for alias in (loss.name, *loss.aliases)}


def check_loss(value: object) -> str:
    """The name of a loss, where ``value`` is that or another of its names.  Raises UnknownNameError, and ProblemError
    with the reason for a loss that is known and not solved."""
    if isinstance(value, str) and value in _REFUSED:
        raise ProblemError(_REFUSED[value])
    return _NAMES[check_name("loss", value, _NAMES)]


def softmax(outputs: Array) -> Array:
    """Probabilities of outputs (m, k), column by column."""
    grown = np.exp(outputs - outputs.max(axis=0))
    return np.asarray(grown / grown.sum(axis=0))


def _logsumexp(outputs: Array) -> Array:
    top = outputs.max(axis=0)
    return np.asarray(top + np.log(np.sum(np.exp(outputs - top), axis=0)))


def _beyond_tangent(x: Array) -> Array:
    """exp(x) - 1 - x, with all its digits."""
    series = x * x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7)))))
    return np.where(np.abs(x) < _SERIES, series, np.expm1(x) - x)
