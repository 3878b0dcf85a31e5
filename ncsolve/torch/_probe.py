"""The probe: what the last layer of a model sees, over a loader, against the exact prediction."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from ncsolve._measure.made_of import checked_layout, deciding_codes
from ncsolve._measure.measurement import Measurement
from ncsolve._measure.statistics import FeatureStatistics, statistics_of
from ncsolve.checks.arguments import LARGEST, check_name, check_whole
from ncsolve.encodings import Encoding
from ncsolve.errors import NCSolveError, ProblemError
from ncsolve.torch._batch_norm import batch_norms, recompute
from ncsolve.torch._batches import Batch, Unpack, batches_of, check_counted, check_loader, class_numbers_of, masked
from ncsolve.torch._head import find_head, unwrapped, weight_of
from ncsolve.torch._host_moments import HostMoments
from ncsolve.torch._measured import codes_of, head_arrays, measured
from ncsolve.torch._moments import DeviceMoments
from ncsolve.torch._undisturbed import eager, running, undisturbed

__all__ = ["Probe"]

# Devices whose features are summed up by the host: its own, and one without double precision.
_ON_HOST = ("cpu", "mps")


class Probe:
    r"""The last linear layer of a network and the features that it sees, measured in a training script.

    .. math:: o_i = W h_i + b

    A forward pre-hook of the layer, which is there only while the probe runs, gives the features :math:`h_i`.

    Parameters
    ----------
    model : torch.nn.Module
        The network; DistributedDataParallel, DataParallel and ``torch.compile`` are looked through.
    head : str, optional
        The name of the last layer, such as "fc"; without it the last ``torch.nn.Linear`` that the model has, whose
        output then must be what the model returns.

    Raises
    ------
    ProblemError
        For a model without a linear layer, another name, weights that are tied to another layer's or sharded.

    Notes
    -----
    Source: T13 to T16 of docs/theory.md.  W, b and features are taken in double precision, whatever the model computes
    in; statistics are gathered on the device of the head.

    Examples
    --------
    >>> import torch
    >>> from ncsolve.torch import Probe
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    >>> probe = Probe(model)
    >>> probe.head_name
    '2'
    >>> batches = [(torch.randn(6, 4), torch.tensor([0, 0, 1, 1, 2, 2]))]
    >>> found = probe.measure(batches, lambda_w=1e-2, lambda_h="norm", lambda_b=0.1, features="relu")
    >>> found.problem.samples, found.verdict.kind, model.training
    (6, 'not finished', True)
    """

    def __init__(self, model: nn.Module, head: str | None = None) -> None:
        self.model, self._given = unwrapped(model), model
        self.head_name, self.head = find_head(self.model, head)
        self._named = head is not None

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Tensor]:
        """What the model returns for these arguments, and the features (..., d) that its head saw, with their graph.

        For training with a ``FeaturePenalty``; DistributedDataParallel works as without, and what was compiled runs as
        it is written, since compiled code does not call hooks.  Raises ProblemError if the head is not called once.

        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
        >>> outputs, features = Probe(model)(torch.ones(5, 4))
        >>> outputs.shape, features.shape, features.requires_grad
        (torch.Size([5, 3]), torch.Size([5, 8]), True)
        """
        with eager():
            result, features, _ = self._run(self._given, args, kwargs)
        return result, features

    def statistics(
        self, loader: Any, *, classes: int | None = None, encoding: str | Encoding | ArrayLike = "onehot",
        loss: str = "mse", scatter: str = "full", bn: str = "eval", unpack: Unpack | None = None,
        ignore_index: int | None = None, samples: int | None = None, seed: int = 0,
    ) -> FeatureStatistics:
        """The statistic of the features over a loader, by this head: also of test data, or without lambdas.

        The arguments are those of ``measure``; raises as that.

        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
        >>> Probe(model).statistics([(torch.zeros(2, 4), torch.tensor([0, 2]))]).counts
        array([1, 0, 1])
        """
        codes = codes_of(encoding, self.head.out_features, classes, seed)
        return self._gather(loader, codes, loss, scatter, bn, unpack, ignore_index, samples)

    def measure(
        self, loader: Any, *, lambda_w: float, lambda_h: float | str, lambda_b: float | None = None,
        encoding: str | Encoding | ArrayLike = "onehot", features: str = "linear", loss: str = "mse",
        convention: str = "paper", classes: int | None = None, scatter: str = "full", bn: str = "eval",
        unpack: Unpack | None = None, ignore_index: int | None = None, samples: int | None = None, seed: int = 0,
        gap_tolerance: float = 1e-2, stationarity_tolerance: float = 1e-2,
    ) -> Measurement:
        """Measure the network over its training set against the exact prediction.

        The model runs in eval mode and comes back as it was: training mode, buffers, and every random generator.

        Parameters
        ----------
        loader : iterable of batches
            A DataLoader over the training set, without augmentation, or a list of batches: (inputs, labels), or dicts
            with labels, whose other entries are the model's arguments.  Labels are class numbers (n,), of sequence
            models (n, positions).
        lambda_w, lambda_h, lambda_b : float
            Weight decays as trained, in ``convention``; ``lambdas`` reads them from an optimizer.  lambda_h may be
            "balance" or "norm", which estimate it.  Without a bias leave out lambda_b.
        encoding, loss, features, classes, seed
            As of ``ncsolve.UFM``; there are as many classes as outputs if nothing else is said.
        scatter : "full", "projected" or "trace"
            As of ``ncsolve.FeatureStatistics``.
        bn : "eval" or "recompute"
            Whether BatchNorm normalizes by its running averages, or by mean and variance of the whole loader, which are
            recomputed in a pass for each layer.
        unpack : callable, optional
            unpack(batch) gives (inputs, labels) or (inputs, labels, mask), with inputs a tensor, or a tuple or dict of
            arguments, and mask True for the positions that count.
        ignore_index : int, optional
            A label of positions that do not count, such as -100.
        samples : int, optional
            Size of the training set where the loader gives a part of it.
        gap_tolerance, stationarity_tolerance : float
            What the verdict calls small.

        Raises
        ------
        ProblemError
            For a loader without batches, or that leaves out a part of its data set, labels out of range, features that
            are not finite, a head that is not called once or not last, and as ``ncsolve.measure``.
        """
        codes = codes_of(encoding, self.head.out_features, classes, seed)
        statistics = self._gather(loader, codes, loss, scatter, bn, unpack, ignore_index, samples)
        return measured(
            statistics, self.head, codes, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, features=features,
            convention=convention, samples=samples, gap_tolerance=gap_tolerance,
            stationarity_tolerance=stationarity_tolerance,
        )

    def batches(
        self, loader: Any, *, bn: str = "eval", unpack: Unpack | None = None, ignore_index: int | None = None,
        samples: int | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Features (n, d) and class numbers (n,) of every batch, on the device of the model.

        Until the last one, or until this is closed, the model is in eval mode.  Arguments and errors as of ``measure``.

        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
        >>> [tuple(h.shape) for h, y in Probe(model).batches([(torch.zeros(2, 4), torch.tensor([0, 2]))])]
        [(2, 8)]
        """
        with closing(self._walk(loader, bn, unpack, ignore_index, samples, nullcontext)) as walk:
            for features, labels, _ in walk:
                yield features, labels

    def __repr__(self) -> str:
        return f"Probe({type(self.model).__name__}, head={self.head_name!r}, {self.head!r})"

    def _gather(
        self, loader: Any, codes: Encoding, loss: str, scatter: str, bn: str, unpack: Unpack | None,
        ignore_index: int | None, samples: int | None,
    ) -> FeatureStatistics:
        layout, _ = checked_layout(
            codes.classes, self.head.in_features, head_arrays(self.head), scatter, deciding_codes(codes), loss
        )
        device = weight_of(self.head).device
        moments = HostMoments(layout) if device.type in _ON_HOST else DeviceMoments(layout, device)
        with closing(self._walk(loader, bn, unpack, ignore_index, samples, _told)) as walk:
            for features, labels, where in walk:
                moments.update(features, labels, where)
        return statistics_of(moments.moments())

    def _walk(
        self, loader: Any, bn: str, unpack: Unpack | None, ignore_index: int | None, samples: int | None,
        told: Callable[[nn.Module], AbstractContextManager[None]],
    ) -> Generator[tuple[Tensor, Tensor, str], None, None]:
        # a frozen layer normalizes by its running averages in training, too
        again = {
            name: layer for name, layer in batch_norms(self.model).items() if layer.training or not self.model.training
        } if check_name("bn", bn, ("eval", "recompute")) == "recompute" else {}
        check_loader(loader, passes=2 if again else 1)
        for name, number in (("samples", samples), ("ignore_index", ignore_index)):
            if number is not None:
                check_whole(name, number, 1 if name == "samples" else -LARGEST)
        if any(isinstance(own, nn.parameter.UninitializedParameter) for own in self.model.parameters()):
            raise ProblemError("the model must have all of its parameters; got lazy ones, run it once on a batch first")
        device, seen, first = next(self.model.parameters()).device, 0, True
        with undisturbed(self.model, loader):
            if again:
                def run(batch: Batch) -> None:
                    with running(), told(self.model):
                        self.model(*batch.arguments, **batch.keywords)

                recompute(again, lambda: (batch for batch, _ in batches_of(loader, unpack, device)), run)
            for batch, where in batches_of(loader, unpack, device):
                labels = class_numbers_of(batch.labels, where)
                with running(), told(self.model):
                    result, features, outputs = self._run(self.model, batch.arguments, batch.keywords)
                if first:
                    self._check_last(result, outputs)
                    self._check_linear(features, outputs)
                first, seen = False, seen + (len(labels) if labels.ndim else 0)
                yield *masked(features.detach(), labels.to(features.device), batch.mask, ignore_index, where), where
        check_counted(loader, seen, samples)

    def _run(self, model: nn.Module, args: Any, kwargs: Any) -> tuple[Any, Tensor, Tensor]:
        """What the model returns, what its head saw, and what its head made of it."""
        seen: list[Tensor] = []
        made: list[Tensor] = []
        hooks = (
            self.head.register_forward_pre_hook(
                lambda module, given, named: seen.append([*given, *named.values()][0]), with_kwargs=True
            ),
            self.head.register_forward_hook(lambda module, inputs, output: made.append(output)),
        )
        try:
            result = model(*args, **kwargs)
        finally:
            for hook in hooks:
                hook.remove()
        if len(seen) != 1:
            raise ProblemError(
                f"the head must be called once in a forward pass; {self.head_name!r} was called {len(seen)} times, "
                "name the last layer with head="
            )
        return result, seen[0], made[0]

    def _check_last(self, result: Any, outputs: Tensor) -> None:
        """That a head which nobody named is the last layer: its output is what the model returns."""
        if self._named or any(leaf is outputs or _equal(leaf, outputs) for leaf in tree_leaves(result)):
            return
        raise ProblemError(
            f"the last linear layer must make what the model returns; {self.head_name!r} does not (a softmax or "
            f"another layer follows, or a {type(result).__name__} holds other outputs): name the head with head=, if "
            "its own outputs are what the loss takes"
        )

    def _check_linear(self, features: Tensor, outputs: Tensor) -> None:
        """That the head computes W h + b, but for the rounding of the type that it computes in."""
        w, b = (torch.from_numpy(part) for part in head_arrays(self.head))
        h, made = (part.detach().cpu().double().reshape(-1, part.shape[-1]) for part in (features, outputs))
        apart = (h @ w.T + b - made).abs()
        # d products and sums, each rounded; matrix units of accelerators take inputs of ten bits
        eps = max(torch.finfo(outputs.dtype).eps, 0.0 if outputs.device.type in _ON_HOST else 2.0**-10)
        allowed = eps * (h.shape[1] + 8) * (h.abs() @ w.abs().T + b.abs())
        wrong = apart > allowed
        if bool(wrong.any()):  # nan is not: it is told as such
            raise ProblemError(
                f"the head must compute W h + b; {self.head_name!r} gives outputs {float(apart[wrong].max()):.3g} from "
                "that (a forward of its own, as of a cosine head, or a hook): no theorem here covers it"
            )


def _equal(leaf: Any, outputs: Tensor) -> bool:
    """Whether a part of what a model returns holds these numbers, in whatever type and shape."""
    if not isinstance(leaf, Tensor) or leaf.numel() != outputs.numel() or leaf.is_complex():
        return False
    a, b = (part.detach().flatten().to(torch.promote_types(leaf.dtype, outputs.dtype)) for part in (leaf, outputs))
    return bool(((a == b) | (a.isnan() & b.isnan())).all())


@contextmanager
def _told(model: nn.Module) -> Iterator[None]:
    """What the model raises for inputs that it does not take becomes one line."""
    try:
        yield
    except (NCSolveError, torch.OutOfMemoryError):
        raise
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError, KeyError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ProblemError(
            f"the model must run on every batch; {type(model).__name__} raised {type(error).__name__}: {reason}; "
            "compare the inputs with those of the training, or pass unpack="
        ) from error
