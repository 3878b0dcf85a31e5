"""The penalty of the features, a term of the training loss: the unconstrained features model as it stands (T15)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ncsolve.checks.arguments import check_kind, check_whole
from ncsolve.checks.measured import positive_number
from ncsolve.errors import ProblemError

__all__ = ["FeaturePenalty", "check_numbers", "squares"]


class FeaturePenalty(nn.Module):
    r"""The penalty of the features as a term of the training loss, with which lambda_H is known.

    .. math:: \tfrac{\lambda_H}{2} \tfrac{N}{n} \sum_{i=1}^n \|h_i\|^2

    for a batch of n of the N samples of the training set, so that its mean over batches, weighted by their sizes, is
    :math:`\tfrac{\lambda_H}{2} \|H\|_F^2`.

    Parameters
    ----------
    lambda_h : float
        lambda_H, at least 0, in the convention of the loss that it is added to: of the paper beside ``Objective``, and
        "torch-mean" beside ``torch.nn.MSELoss()``, where the paper's lambda_H is m/2 of it for m outputs.
    samples : int, optional
        N; without it every batch is the whole training set.

    Raises
    ------
    ProblemError
        For numbers out of range, and where gradients are kept for features without one, for batches of two sizes
        without ``samples``, and for a batch of more samples than there are.  Under ``torch.no_grad()``, as of
        validation data, whose n is not a part of N, sizes are not looked at.

    Notes
    -----
    Source: T0 and T15 of docs/theory.md.  Features of half precision are squared and summed in single precision.

    Examples
    --------
    >>> import torch
    >>> from ncsolve.torch import FeaturePenalty
    >>> penalty = FeaturePenalty(1e-2, samples=8)
    >>> features = torch.ones(4, 3, requires_grad=True)  # half of the samples: each counts twice
    >>> round(penalty(features).item(), 6)
    0.12
    """

    def __init__(self, lambda_h: float, *, samples: int | None = None) -> None:
        super().__init__()
        self.lambda_h = positive_number(lambda_h, "lambda_h", or_zero=True)
        self.samples = None if samples is None else check_whole("samples", samples)
        self._batch: int | None = None

    def forward(self, features: Tensor) -> Tensor:
        """The penalty of features (n, d) or (..., d), a scalar."""
        check_numbers("features", features, "(n, d)")
        n = features.shape[:-1].numel()
        if torch.is_grad_enabled():
            self._check_size(n)
            if not features.requires_grad:
                raise ProblemError(
                    "the penalty would have no effect: features must have a gradient; got a tensor without one, was it "
                    "detached? (to evaluate only, call under torch.no_grad())"
                )
        share = 1.0 if self.samples is None else self.samples / n
        return self.lambda_h / 2 * share * squares(features)

    def _check_size(self, n: int) -> None:
        if self.samples is not None:
            if n > self.samples:
                raise ProblemError(
                    f"samples must be the size of the training set, at least that of a batch; got samples = "
                    f"{self.samples} and a batch of {n}"
                )
        elif not torch.compiler.is_compiling():  # there a size may be a symbol
            if self._batch not in (None, n):
                raise ProblemError(
                    f"without samples every batch is the whole training set; got batches of {self._batch} and {n} "
                    "samples, pass samples=N, the size of the training set"
                )
            self._batch = n

    def extra_repr(self) -> str:
        """What ``repr`` shows."""
        return f"lambda_h={self.lambda_h:g}, samples={self.samples}"


def check_numbers(what: str, value: object, shape: str) -> None:
    """That a tensor holds real floating-point rows and is not empty.  Raises ProblemError."""
    tensor: Any = check_kind(what, value, Tensor, "pass the tensor itself")
    if not tensor.is_floating_point() or tensor.ndim < 2 or tensor.numel() == 0:
        raise ProblemError(
            f"{what} must be floating-point numbers {shape}, and not empty; got shape {tuple(tensor.shape)} of "
            f"{tensor.dtype}"
        )


def squares(tensor: Tensor) -> Tensor:
    """The sum of squares, of half precision in single precision."""
    return (tensor.to(torch.promote_types(tensor.dtype, torch.float32)) ** 2).sum()
