"""Where the objective is evaluated: numpy, or torch (optional), which uses a GPU where there is one."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import numpy as np
from ncsolve.verify._definition import Definition
from ncsolve.verify._samples import Samples
from ncsolve.verify._types import Array
from ncsolve.verify.descent._loop import Landscape, Vector

from ncsolve import MissingPackageError, NCSolveError
from ncsolve.checks.arguments import check_name
from ncsolve.errors import shown

__all__ = ["BACKENDS", "Backend", "make_backend"]

BACKENDS = ("numpy", "torch")


class Backend(Protocol):
    """The objective on the backend's own vectors (``native``) and on numpy's (``flat``)."""

    device: str

    @property
    def native(self) -> Landscape: ...
    @property
    def flat(self) -> Landscape: ...
    def from_array(self, x: Array) -> Vector: ...
    def to_array(self, x: Vector) -> Array: ...


def make_backend(name: str, samples: Samples, device: str | None) -> Backend:
    """A backend by name.  Raises UnknownNameError, and NCSolveError where torch or the device is missing."""
    check_name("backend", name, BACKENDS)
    if device is not None and not isinstance(device, str):
        raise NCSolveError(f"the device must be a name such as 'cpu'; got {shown(device)}")
    if name == "numpy":
        if device not in (None, "cpu"):
            raise NCSolveError(f"the numpy backend runs on the cpu; got device {device!r}, use backend='torch'")
        return NumpyBackend(samples)
    return TorchBackend(samples, device)


class NumpyBackend:
    """The definition as it is."""

    device = "cpu"

    def __init__(self, samples: Samples) -> None:
        self.native = self.flat = Definition(samples)

    def from_array(self, x: Array) -> Vector:
        return x

    def to_array(self, x: Vector) -> Array:
        return np.asarray(x)


class TorchBackend:
    """The objective in torch, its gradient by automatic differentiation: not one formula shared with numpy's."""

    def __init__(self, samples: Samples, device: str | None) -> None:
        try:
            torch: Any = importlib.import_module("torch")
        except ImportError:
            raise MissingPackageError("backend 'torch'", "torch", "ncsolve[torch]") from None
        if device is None:
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            put = {"device": torch.device(device), "dtype": torch.float64}
            self._targets = torch.tensor(samples.targets, **put)
        except (RuntimeError, AssertionError, TypeError) as error:
            reason = str(error).splitlines()[0]
            raise NCSolveError(f"torch cannot use device {device!r}: {reason}; use device='cpu'") from None
        self._torch, self._put, self.device = torch, put, device
        self._samples = samples
        self._weights = torch.tensor(samples.weights, **put)
        self._units = torch.as_tensor(Definition(samples).units, **put)
        self.native = self
        self.flat = _Flat(self)

    def from_array(self, x: Array) -> Vector:
        return self._torch.as_tensor(x, **self._put)

    def to_array(self, x: Vector) -> Array:
        return x if isinstance(x, np.ndarray) else np.asarray(x.detach().cpu().numpy())

    def value_and_gradient(self, x: Vector) -> tuple[float, Vector]:
        """f and its gradient."""
        leaf = x.detach().requires_grad_(True)
        value = self._value(leaf)
        (gradient,) = self._torch.autograd.grad(value, leaf)
        return float(value.detach()), gradient

    def hessian(self, x: Vector) -> Array:
        """Second derivatives, as an array."""
        return self.to_array(self._torch.autograd.functional.hessian(self._value, x.detach()))

    def _value(self, x: Vector) -> Any:
        s = self._samples
        x = x * self._units
        m, d, n = s.code_length, s.dim, s.columns
        h, w = x[: d * n].reshape(d, n), x[d * n : m * d + d * n].reshape(m, d)
        b = x[m * d + d * n :]
        output = w @ h + b[:, None] if s.has_bias else w @ h
        if s.loss == "cross-entropy":
            losses = self._torch.logsumexp(output, 0) - (self._targets * output).sum(0)
        else:
            losses = ((output - self._targets) ** 2).sum(0) / 2
        fit = (self._weights * losses).sum() / self._weights.sum()
        decay = s.lambda_w * (w**2).sum() + s.lambda_h * (self._weights * h**2).sum()
        if s.has_bias:
            decay = decay + s.lambda_b * (b**2).sum()
        return fit + decay / 2


class _Flat:
    """A torch landscape behind numpy vectors, for scipy and the Newton polish."""

    def __init__(self, backend: TorchBackend) -> None:
        self._backend = backend

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        value, gradient = self._backend.value_and_gradient(self._backend.from_array(x))
        return value, self._backend.to_array(gradient)

    def hessian(self, x: Array) -> Array:
        return self._backend.hessian(self._backend.from_array(x))
