"""The probe: what the last layer of a model sees, over a loader, against the exact prediction."""

from __future__ import annotations

import typing
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any, overload

from numpy.typing import ArrayLike
from torch import Tensor, nn

from ncsolve._measure.made_of import checked_layout, deciding_codes
from ncsolve._measure.measurement import Measurement
from ncsolve._measure.metric_measurement import MetricMeasurement
from ncsolve._measure.statistics import FeatureStatistics, statistics_of
from ncsolve.checks.arguments import LARGEST, check_name, check_whole
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError
from ncsolve.torch._batch_norm import batch_norms, recompute
from ncsolve.torch._batches import Batch, Unpack, batches_of, check_counted, check_loader, class_numbers_of, masked
from ncsolve.torch._head import find_head, unwrapped, weight_of
from ncsolve.torch._hidden import HIDDEN, TAILS, find_hidden, tail_arrays
from ncsolve.torch._host_moments import HostMoments
from ncsolve.torch._measured import codes_of, head_arrays, measured
from ncsolve.torch._measured_tail import MeasureOptions, check_options, measured_tail
from ncsolve.torch._moments import DeviceMoments
from ncsolve.torch._undisturbed import eager, running, undisturbed
from ncsolve.torch._watched import HOST, Seen, Watched, check_last, check_linear, check_passed_on, run_watched, told

__all__ = ["Probe"]


class Probe:
    r"""The last linear layer of a network and the features that it sees, measured in a training script.

    .. math:: o_i = W h_i + b, \qquad h_i = V z_i + c

    A forward pre-hook of the layer, which is there only while the probe runs, gives the features :math:`h_i`.  Where
    the layer below the head is linear, too, and all weights decay, the probe can look at both: it then sees the
    previous features :math:`z_i`.

    Parameters
    ----------
    model : torch.nn.Module
        The network; DistributedDataParallel, DataParallel and ``torch.compile`` are looked through.
    head : str, optional
        The name of the last layer, such as "fc"; without it the last ``torch.nn.Linear`` that the model has, whose
        output then must be what the model returns.
    tail : "head" or "last hidden layer"
        What is measured: the last layer on features :math:`h`, or the last two layers on :math:`z`.  The lower one must
        be a ``torch.nn.Linear`` whose output the head sees as it is (but for shapes, and dropout, which rests).  Where
        the forward function can't be traced, it is the last linear layer that is registered before the head.

    Raises
    ------
    ProblemError
        For a model without a linear layer, another name, weights that are tied to another layer's or sharded, and
        where something else is between the last two layers.
    UnknownNameError
        For another tail.

    Notes
    -----
    Source: T13 to T16 of docs/theory.md.  Weights and features are taken in double precision, whatever the model
    computes in; statistics are gathered on the device of the layer that sees them.  ``hidden_name`` and ``hidden`` are
    the last hidden layer, None with ``tail="head"``.

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
    >>> Probe(torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3)), tail="last hidden layer").hidden_name
    '0'
    """

    def __init__(self, model: nn.Module, head: str | None = None, tail: str = "head") -> None:
        self.tail = check_name("tail", tail, TAILS)
        self.model, self._given = unwrapped(model), model
        self.head_name, self.head = find_head(self.model, head)
        self._named = head is not None
        found = find_hidden(self.model, self.head_name, self.head) if tail == HIDDEN else None
        self.hidden_name: str | None = None if found is None else found.name
        self.hidden: nn.Linear | None = None if found is None else found.layer
        self._traced = found is not None and found.traced
        last = Watched(name=self.head_name, layer=self.head, title="head")
        # what the first of them sees are the features
        self._layers = (last,) if found is None else (
            Watched(name=found.name, layer=found.layer, title=HIDDEN), last
        )

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Tensor]:
        """What the model returns for these arguments, and the features that the tail saw, with their graph.

        They are those (..., d) of the head, or those (..., p) of the last hidden layer.

        For training with a ``FeaturePenalty``; DistributedDataParallel works as without, and what was compiled runs as
        it is written, since compiled code does not call hooks.  Raises ProblemError if the head is not called once.

        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
        >>> outputs, features = Probe(model)(torch.ones(5, 4))
        >>> outputs.shape, features.shape, features.requires_grad
        (torch.Size([5, 3]), torch.Size([5, 8]), True)
        """
        with eager():
            result, seen = run_watched(self._given, args, kwargs, self._layers)
        return result, seen[0].given[0]

    def statistics(
        self, loader: Any, *, classes: int | None = None, encoding: str | Encoding | ArrayLike = "onehot",
        loss: str = "mse", scatter: str = "full", bn: str = "eval", unpack: Unpack | None = None,
        ignore_index: int | None = None, samples: int | None = None, seed: int = 0,
    ) -> FeatureStatistics:
        """The statistic of the features over a loader, by this head: also of test data, or without lambdas.

        With ``tail="last hidden layer"`` it is that of z, and its head, which decides samples, (W V, W c + b).  The
        arguments are those of ``measure``; raises as that.

        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
        >>> Probe(model).statistics([(torch.zeros(2, 4), torch.tensor([0, 2]))]).counts
        array([1, 0, 1])
        """
        codes = codes_of(encoding, self.head.out_features, classes, seed)
        return self._gather(loader, codes, loss, scatter, bn, unpack, ignore_index, samples)

    @overload
    def measure(
        self, loader: Any, *, lambda_w: float, lambda_h: float | str, lambda_b: float | None = ...,
        **options: typing.Unpack[MeasureOptions],
    ) -> Measurement: ...

    @overload
    def measure(
        self, loader: Any, *, lambda_w: float, lambda_v: float, lambda_c: float | None = ...,
        lambda_b: float | None = ..., **options: typing.Unpack[MeasureOptions],
    ) -> MetricMeasurement: ...

    def measure(
        self, loader: Any, *, lambda_w: float, lambda_h: float | str | None = None, lambda_b: float | None = None,
        lambda_v: float | None = None, lambda_c: float | None = None,
        encoding: str | Encoding | ArrayLike = "onehot", features: str = "linear", loss: str = "mse",
        convention: str = "paper", classes: int | None = None, scatter: str = "full", bn: str = "eval",
        unpack: Unpack | None = None, ignore_index: int | None = None, samples: int | None = None, seed: int = 0,
        gap_tolerance: float = 1e-2, stationarity_tolerance: float = 1e-2,
    ) -> Measurement | MetricMeasurement:
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
        lambda_v, lambda_c : float
            With ``tail="last hidden layer"``, and in place of lambda_h: the weight decays of V and of c, which is that
            of V if nothing else is said.  Without c leave out lambda_c.
        encoding, loss, features, classes, seed
            As of ``ncsolve.UFM``; there are as many classes as outputs if nothing else is said.  The last two layers
            take linear features and the mean squared error only.
        scatter : "full", "projected" or "trace"
            As of ``ncsolve.FeatureStatistics``; of the last two layers "full".
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
        check_options(
            self.tail, self.hidden, lambda_h=lambda_h, lambda_v=lambda_v, lambda_c=lambda_c, features=features,
            loss=loss, scatter=scatter,
        )
        codes = codes_of(encoding, self.head.out_features, classes, seed)
        statistics = self._gather(loader, codes, loss, scatter, bn, unpack, ignore_index, samples)
        if self.hidden is not None and lambda_v is not None:
            return measured_tail(
                statistics, self.head, self.hidden, codes, lambda_w=lambda_w, lambda_v=lambda_v, lambda_c=lambda_c,
                lambda_b=lambda_b, convention=convention, samples=samples, gap_tolerance=gap_tolerance,
                stationarity_tolerance=stationarity_tolerance,
            )
        assert lambda_h is not None  # check_options
        return measured(
            statistics, self.head, codes, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, features=features,
            convention=convention, samples=samples, gap_tolerance=gap_tolerance,
            stationarity_tolerance=stationarity_tolerance,
        )

    def batches(
        self, loader: Any, *, bn: str = "eval", unpack: Unpack | None = None, ignore_index: int | None = None,
        samples: int | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Features (n, d), or z (n, p), and class numbers (n,) of every batch, on the device of the model.

        Until the last one, or until this is closed, the model is in eval mode.  Arguments and errors as of ``measure``.

        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
        >>> [tuple(h.shape) for h, y in Probe(model).batches([(torch.zeros(2, 4), torch.tensor([0, 2]))])]
        [(2, 8)]
        """
        with closing(self._walk(loader, bn, unpack, ignore_index, samples, nullcontext)) as walk:
            for features, labels, _ in walk:
                yield features, labels

    def __repr__(self) -> str:
        below = "" if self.hidden is None else f", last hidden layer={self.hidden_name!r}, {self.hidden!r}"
        return f"Probe({type(self.model).__name__}, head={self.head_name!r}, {self.head!r}{below})"

    def _gather(
        self, loader: Any, codes: Encoding, loss: str, scatter: str, bn: str, unpack: Unpack | None,
        ignore_index: int | None, samples: int | None,
    ) -> FeatureStatistics:
        seeing = self.head if self.hidden is None else self.hidden
        decides = head_arrays(self.head) if self.hidden is None else tail_arrays(self.head, self.hidden)
        layout, _ = checked_layout(codes.classes, seeing.in_features, decides, scatter, deciding_codes(codes), loss)
        device = weight_of(seeing).device
        moments = HostMoments(layout) if device.type in HOST else DeviceMoments(layout, device)
        with closing(self._walk(loader, bn, unpack, ignore_index, samples, told)) as walk:
            for features, labels, where in walk:
                moments.update(features, labels, where)
        return statistics_of(moments.moments())

    def _walk(
        self, loader: Any, bn: str, unpack: Unpack | None, ignore_index: int | None, samples: int | None,
        guard: Callable[[nn.Module], AbstractContextManager[None]],
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
                    with running(), guard(self.model):
                        self.model(*batch.arguments, **batch.keywords)

                recompute(again, lambda: (batch for batch, _ in batches_of(loader, unpack, device)), run)
            for batch, where in batches_of(loader, unpack, device):
                labels = class_numbers_of(batch.labels, where)
                with running(), guard(self.model):
                    result, saw = run_watched(self.model, batch.arguments, batch.keywords, self._layers)
                self._check(result, saw, first=first)
                features = saw[0].given[0]
                first, seen = False, seen + (len(labels) if labels.ndim else 0)
                yield *masked(features.detach(), labels.to(features.device), batch.mask, ignore_index, where), where
        check_counted(loader, seen, samples)

    def _check(self, result: Any, saw: tuple[Seen, ...], *, first: bool) -> None:
        if self.hidden is not None:
            check_passed_on(self._layers[0], saw[0], saw[-1], traced=self._traced)
        if first:
            if not self._named:
                check_last(self.head_name, result, saw[-1].made[0])
            for own, seen in zip(self._layers, saw, strict=True):
                check_linear(own, seen)
