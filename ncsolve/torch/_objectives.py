"""The loss in the convention of the paper, which has the minimum of the unconstrained features model below it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ncsolve._problem.losses import LOSSES, check_loss
from ncsolve.checks.arguments import check_kind
from ncsolve.checks.measured import positive_number
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError, shown
from ncsolve.torch._encode import check_class_numbers, code_rows, encode, encoding_of
from ncsolve.torch._feature_penalty import FeaturePenalty, check_numbers, squares

__all__ = ["FeaturePenalty", "Objective", "encode"]


class Objective(nn.Module):
    r"""The regularized loss of the paper for a batch, which training minimizes.

    .. math:: \tfrac{1}{n} \sum_{i=1}^n \ell(o_i, e_{y_i}) + \tfrac{\lambda_W}{2} \|W\|_F^2
              + \tfrac{\lambda_H}{2} \tfrac{N}{n} \sum_{i=1}^n \|h_i\|^2 + \tfrac{\lambda_b}{2} \|b\|^2

    with :math:`\ell(o, e) = \tfrac12 \|o - e\|^2`, or :math:`\log \sum_j \exp o_j - \langle e, o \rangle` for
    cross-entropy.  On the whole training set, and as the mean over batches weighted by their sizes, it is
    ``ncsolve.objective``: no training is below the minimum that ``ncsolve.solve`` finds.

    Parameters
    ----------
    encoding : str, Encoding or array (m, K)
        Column k is the code of class k; or a name such as "onehot" or "smoothed:0.1".
    classes : int
        K, for an encoding that is a name.
    loss : "mse" or "cross-entropy"
        "cross-entropy" (or "ce") takes codes that are probabilities.
    head : torch.nn.Linear, optional
        The last layer, for ``lambda_w`` and ``lambda_b``; its parameters stay those of the model.
    lambda_w, lambda_h, lambda_b : float
        In the convention of the paper, at least 0: what is not given here, as weight decay in the optimizer may.
        ``lambda_b`` may be inf for a head without a bias.
    samples : int, optional
        N, as of ``FeaturePenalty``; under ``torch.no_grad()`` batches may have any size.
    seed : int
        Of a named encoding with random codes.

    Raises
    ------
    ProblemError
        For numbers out of range, a lambda of what is not there, codes that the loss does not take or that are not as
        long as the outputs are wide, labels that are no class numbers, and a loss that is not finite.
    UnknownNameError
        For another loss or encoding.

    Notes
    -----
    Source: T0, T15 and T16 of docs/theory.md.  Outputs of half precision are taken in single precision.  Labels and the
    loss are checked at each call, which waits for the device; not under ``torch.compile``.

    Examples
    --------
    >>> import torch
    >>> from ncsolve.torch import Objective, Probe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
    >>> probe = Probe(model)
    >>> objective = Objective(classes=3, head=probe.head, lambda_w=1e-2, lambda_h=1e-3, lambda_b=0.1)
    >>> outputs, features = probe(torch.randn(6, 4))
    >>> objective(outputs, torch.tensor([0, 0, 1, 1, 2, 2]), features).backward()
    >>> objective.encoding.name, objective.loss
    ('onehot', 'mse')
    """

    def __init__(
        self, encoding: str | Encoding | ArrayLike = "onehot", *, classes: int | None = None, loss: str = "mse",
        head: nn.Linear | None = None, lambda_w: float = 0.0, lambda_h: float = 0.0, lambda_b: float = 0.0,
        samples: int | None = None, seed: int = 0,
    ) -> None:
        super().__init__()
        self.encoding = encoding_of(encoding, classes, seed)
        self.loss = check_loss(loss)
        LOSSES[self.loss].check_codes(self.encoding, math.inf)  # the bias may have its weight decay elsewhere
        self.lambda_w = positive_number(lambda_w, "lambda_w", or_zero=True)
        self.lambda_b = _checked_lambda_b(lambda_b, head)
        self._check_head(head)
        self.penalty = FeaturePenalty(lambda_h, samples=samples)
        # in a tuple, so that W and b are not parameters of this module, too, which optimizers would take twice
        self._head = (head,)
        self._exact = code_rows(self.encoding)
        self._rows = self._exact

    def forward(self, outputs: Tensor, labels: Tensor, features: Tensor | None = None) -> Tensor:
        """The loss of outputs (n, m) of samples with class numbers (n,) and features (n, d), a scalar.

        Outputs and features of sequence models are (..., m) and (..., d), with labels (...); leave out what is masked.
        """
        n, m = self._check_batch(outputs, labels), self.encoding.code_length
        kind = torch.promote_types(outputs.dtype, torch.float32)
        codes = self._rows_for(outputs.device, kind)[labels.reshape(n).to(outputs.device, torch.int64)]
        parts = {"the fit of the outputs": _FITS[self.loss](outputs.reshape(n, m).to(kind), codes) / n}
        (head,) = self._head
        if head is not None and self.lambda_w:
            parts["lambda_w/2 ||W||^2"] = self.lambda_w / 2 * squares(head.weight)
        if head is not None and head.bias is not None and self.lambda_b:
            parts["lambda_b/2 ||b||^2"] = self.lambda_b / 2 * squares(head.bias)
        if self.penalty.lambda_h:
            parts["lambda_h/2 ||H||^2"] = self._penalized(features, n)
        loss = torch.stack([part.to(outputs.device) for part in parts.values()]).sum()
        _check_finite(loss, parts)
        return loss

    def extra_repr(self) -> str:
        """What ``repr`` shows."""
        return f"{self.encoding.name}, loss={self.loss}, lambda_w={self.lambda_w:g}, lambda_b={self.lambda_b:g}"

    def _rows_for(self, device: torch.device, kind: torch.dtype) -> Tensor:
        # of the exact codes, as a buffer would lose digits for good in half(), and cannot be double on every device
        if self._rows.device != device or self._rows.dtype != kind:
            self._rows = self._exact.to(device, kind)
        return self._rows

    def _penalized(self, features: Tensor | None, n: int) -> Tensor:
        if features is None:
            raise ProblemError(
                f"lambda_h = {self.penalty.lambda_h:g} is of the features; got none, pass features (outputs, features "
                "= Probe(model)(x)), or leave out lambda_h"
            )
        check_numbers("features", features, "(n, d)")
        if features.shape[:-1].numel() != n:
            raise ProblemError(
                f"features must have one row per output, {n}; got shape {tuple(features.shape)}, pass what the head saw"
            )
        penalty: Tensor = self.penalty(features)
        return penalty

    def _check_batch(self, outputs: Tensor, labels: Tensor) -> int:
        check_numbers("outputs", outputs, "(n, m)")
        if outputs.shape[-1] != self.encoding.code_length:
            raise ProblemError(
                f"outputs must be as wide as the codes are long, {self.encoding.code_length} ({self.encoding.name}); "
                f"got shape {tuple(outputs.shape)}, give the last layer as many outputs"
            )
        check_class_numbers(labels, self.encoding.classes, tuple(outputs.shape[:-1]))
        n: int = outputs.shape[:-1].numel()
        return n

    def _check_head(self, head: object) -> None:
        if head is None:
            for name, value in (("lambda_w", self.lambda_w), ("lambda_b", self.lambda_b)):
                if value:
                    raise ProblemError(f"{name} = {value:g} is of the last layer; got no head, pass head=model.fc")
        elif check_kind("head", head, nn.Linear, "pass head=model.fc").out_features != self.encoding.code_length:
            raise ProblemError(
                f"the head must have as many outputs as the codes are long, {self.encoding.code_length} "
                f"({self.encoding.name}); got {shown(head)}"
            )


def _squared_error(outputs: Tensor, codes: Tensor) -> Tensor:
    return squares(outputs - codes) / 2


def _cross_entropy(outputs: Tensor, codes: Tensor) -> Tensor:
    # codes sum to 1, so that this is logsumexp(o) - <e, o>, in which large outputs do not cancel
    return -(codes * torch.log_softmax(outputs, dim=1)).sum()


_FITS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mse": _squared_error, "cross-entropy": _cross_entropy}


def _checked_lambda_b(value: object, head: Any) -> float:
    bias = getattr(head, "bias", None)
    if isinstance(value, float) and value == math.inf:
        if bias is not None:
            raise ProblemError("lambda_b = inf means that there is no bias; got a head with one, set bias=False in it")
        return 0.0
    number = positive_number(value, "lambda_b", or_zero=True)
    if number and head is not None and bias is None:
        raise ProblemError(f"lambda_b = {number:g} is of the bias; got a head without one, leave out lambda_b")
    return number


def _check_finite(loss: Tensor, parts: dict[str, Tensor]) -> None:
    if torch.compiler.is_compiling() or math.isfinite(loss.item()):
        return
    where = next((name for name, part in parts.items() if not math.isfinite(part.item())), "the sum of its parts")
    raise ProblemError(
        f"the loss must be finite; it is {loss.item():g} at {where}: lower the learning rate, or look for nan in the "
        "inputs"
    )
