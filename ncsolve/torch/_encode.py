"""Codes of labels on their device, and what labels may be."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ncsolve.checks.arguments import check_kind
from ncsolve.encodings import Encoding, from_array, make
from ncsolve.errors import ProblemError, shown

__all__ = ["check_class_numbers", "code_rows", "encode", "encoding_of"]


def encode(
    labels: Tensor, encoding: str | Encoding | ArrayLike = "onehot", *, classes: int | None = None,
    dtype: torch.dtype | None = None, seed: int = 0,
) -> Tensor:
    r"""The codes of labels (n, m), one a row, to train on: row i is :math:`e_{y_i}^T`.

    Parameters
    ----------
    labels : tensor (n,)
        Class numbers from 0 to K - 1, of any integer type.
    encoding : str, Encoding or array (m, K)
        Column k is the code of class k; or a name such as "onehot" or "hadamard".
    classes : int
        K, for an encoding that is a name.
    dtype : torch.dtype, optional
        Of the codes; by default that of new tensors.
    seed : int
        Of a named encoding with random codes.

    Raises
    ------
    ProblemError
        For labels that are no class numbers, and another number of classes than codes.
    UnknownNameError
        For an encoding of another name.

    Notes
    -----
    Source: T0 of docs/theory.md.

    Examples
    --------
    >>> import torch
    >>> from ncsolve.torch import encode
    >>> encode(torch.tensor([2, 0]), "signed", classes=3)
    tensor([[-1., -1.,  1.],
            [ 1., -1., -1.]])
    """
    code = encoding_of(encoding, classes, seed)
    kind = torch.get_default_dtype() if dtype is None else dtype
    if not isinstance(kind, torch.dtype) or not kind.is_floating_point:
        raise ProblemError(f"dtype must be a floating-point type of torch, such as torch.float32; got {shown(dtype)}")
    check_class_numbers(labels, code.classes)
    return code_rows(code).to(labels.device, kind)[labels.to(torch.int64)]


def encoding_of(encoding: str | Encoding | ArrayLike, classes: int | None, seed: int) -> Encoding:
    """An encoding, of ``classes`` classes where these are given.  Raises ProblemError and UnknownNameError."""
    if isinstance(encoding, str):
        if classes is None:
            raise ProblemError(f"an encoding that is a name needs a number of classes; got {encoding!r}, pass classes=")
        return make(encoding, classes=classes, seed=seed)
    if isinstance(encoding, Tensor):
        encoding = encoding.detach().cpu().double().numpy()
    code = encoding if isinstance(encoding, Encoding) else from_array(encoding)
    if classes is not None and classes != code.classes:
        raise ProblemError(f"classes must be the number of codes, {code.classes}; got {shown(classes)}, leave it out")
    return code


def code_rows(encoding: Encoding) -> Tensor:
    """The codes (K, m), one a row, in double precision on the CPU."""
    return torch.tensor(encoding.matrix.T.copy(), dtype=torch.float64)


def check_class_numbers(labels: object, classes: int, shape: tuple[int, ...] | None = None) -> None:
    """That labels are class numbers in 0 .. classes - 1, (n,) or of the shape that is given.  Raises ProblemError.

    Their range is not looked at under ``torch.compile``.
    """
    found: Any = check_kind("labels", labels, Tensor, "pass torch.as_tensor(labels)")
    own = tuple(found.shape)
    if (found.ndim != 1 if shape is None else own != shape) or found.numel() == 0 or not _whole(found):
        wanted = "(n,)" if shape is None else f"{shape}, one per output"
        raise ProblemError(
            f"labels must be class numbers {wanted}, and not empty; got shape {own} of {found.dtype}"
            + _remedy(found, classes)
        )
    if torch.compiler.is_compiling():
        return
    least, most = (int(value) for value in torch.aminmax(found.to(torch.int64)))
    if least < 0 or most >= classes:
        raise ProblemError(
            f"labels must lie in 0 .. {classes - 1}; got {least if least < 0 else most}, number the classes from 0 and "
            "leave out what has no label"
        )


def _whole(labels: Any) -> bool:
    return not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)


def _remedy(labels: Any, classes: int) -> str:
    """What makes class numbers of these."""
    if labels.ndim > 1 and labels.shape[-1] == classes > 1:
        return ", pass labels.argmax(dim=-1) of one-hot rows (soft labels: an encoding such as smoothed:0.1)"
    if labels.ndim > 1 and 1 in labels.shape:
        return ", pass labels.flatten()"
    return "" if _whole(labels) else ", pass labels.long()"
