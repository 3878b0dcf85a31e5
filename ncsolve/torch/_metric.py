"""The statistic of features as a metric of torchmetrics: in loops, in Lightning, and of all processes together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ncsolve._measure.made_of import checked_layout, deciding_codes
from ncsolve._measure.measurement import Measurement
from ncsolve._measure.statistics import FeatureStatistics, statistics_of
from ncsolve._problem.losses import LOSSES, check_loss
from ncsolve.encodings import Encoding
from ncsolve.errors import MissingPackageError, ProblemError, shown
from ncsolve.torch._batches import class_numbers_of, masked
from ncsolve.torch._measured import codes_of, measured
from ncsolve.torch._metric_figures import figures_of
from ncsolve.torch._metric_state import (
    SharedHead,
    check_head,
    check_options,
    empty_state,
    merged_states,
    moments_on,
    take_head,
)
from ncsolve.torch._moments import DeviceMoments

if find_spec("torchmetrics") is None:
    raise MissingPackageError("ncsolve.torch.NeuralCollapse", "torchmetrics", "ncsolve[torch]")

from torchmetrics import Metric

__all__ = ["NeuralCollapse"]


class NeuralCollapse(Metric):
    r"""Neural collapse of features as a metric: batch by batch, and merged exactly over processes.

    .. math:: n_k, \qquad \bar h_k, \qquad S_W = \sum_k \sum_{i \in k} (h_i - \bar h_k)(h_i - \bar h_k)^T

    are kept in double precision in one state, whatever the features come in, and all figures are made of them.
    ``update`` costs little; ``compute`` takes decompositions and is for the end of an epoch.

    Parameters
    ----------
    classes : int or sequence of text
        K, or the names of the classes; labels are class numbers in any case.
    dim : int
        d, the dimension of the features.
    head : torch.nn.Linear, optional
        The last layer, which is no part of the metric: a copy of the metric reads the same layer, or the copy of it if
        both are copied at once.  W and b are read at the first update after a reset and must stay until the next one.
    scatter : "full", "projected" or "trace"
        As of ``ncsolve.FeatureStatistics``; NC1 takes "full".
    loss : "mse" or "cross-entropy"
        That of the network; "cross-entropy" needs the head.
    codes : str, array (m, K) or Encoding, optional
        The code of every class, one-hot if nothing is said; those of a head.
    ignore_index : int, optional
        A label of samples that do not count.
    options
        As of ``torchmetrics.Metric``, such as ``dist_sync_on_step`` and ``process_group``; it refuses others.

    Raises
    ------
    ProblemError
        As ``ncsolve.FeatureStatistics``, and for a head that does not compute W h + b, or whose W is made
        in its forward pass, as by the older ``torch.nn.utils.weight_norm``.

    Notes
    -----
    Source: T13 of docs/theory.md; merging by Chan, Golub & LeVeque 1983.

    Examples
    --------
    >>> import torch
    >>> from ncsolve.torch import NeuralCollapse
    >>> metric = NeuralCollapse(2, 2, torch.nn.Linear(2, 2))
    >>> metric.update(torch.tensor([[2.0, 0.0], [4.0, 0.0]]), torch.tensor([0, 0]))
    >>> metric.update(torch.tensor([[0.0, 2.0], [0.0, 4.0]]), torch.tensor([1, 1]))
    >>> found = metric.compute()
    >>> print(f"{found['within_class_energy']:.4f} {found['mean_cosine']:.4f}")
    0.1000 0.0000
    """

    is_differentiable = False
    higher_is_better = None
    full_state_update = False

    moments: Tensor  # of a ``DeviceMoments``, followed by W and b of the samples in it, and by marks of the options

    def __init__(
        self, classes: int | Sequence[str], dim: int, head: nn.Linear | None = None, *, scatter: str = "full",
        loss: str = "mse", codes: str | Encoding | ArrayLike | None = None, ignore_index: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if head is not None:
            check_head(head)
        plain, self._names = checked_layout(classes, dim, None, "trace", None, "mse")
        outputs = plain.classes if head is None else head.out_features
        last = None if head is None else np.zeros((outputs, head.in_features))
        self._codes = codes_of("onehot" if codes is None or head is None else codes, outputs, plain.classes, 0)
        deciding = codes if head is None else deciding_codes(self._codes)  # without a head they are refused
        self._layout, _ = checked_layout(classes, dim, last, scatter, deciding, loss)
        LOSSES[check_loss(loss)].check_codes(self._codes, 1.0)
        self._ignored, self._shared = ignore_index, SharedHead(head)
        self._seen: tuple[Tensor, DeviceMoments] | None = None
        empty = empty_state(self._layout, self.device, ignore_index)
        self.add_state("moments", empty, dist_reduce_fx=partial(merged_states, self._layout))

    @property
    def head(self) -> nn.Linear | None:
        """The last layer, if it is known."""
        return self._shared.layer

    def update(self, features: Tensor, labels: Tensor) -> None:
        """Add samples: features (n, d), without a graph, and class numbers (n,), both where the metric is.

        Features of sequence models (n, positions, d) have labels (n, positions).  Raises ProblemError for what does not
        fit, for features that are not finite or require a gradient, for labels out of range, and for a head that has
        changed since the first update; the metric is then as it was.
        """
        self._check(features, labels)
        numbers = class_numbers_of(labels, "")
        if self.moments.is_inference() and not torch.is_inference_mode_enabled():
            self.moments = self.moments.clone()  # it was reset in inference mode, where Lightning validates
        if self.head is not None and take_head(self._layout, self.moments, self.head):
            self._seen = None
        self._gathered().update(*masked(features, numbers, None, self._ignored, ""))

    def compute(self) -> dict[str, Tensor]:
        """Figures of all samples, of all processes, in double precision; NaN where one is undefined.

        ``nc1``, ``cdnv``, ``within_class_energy``, ``nc2_simplex`` and ``nc2_orthogonal`` are those of
        ``ncsolve.metrics``; ``mean_cosine`` and ``cosine_spread`` are mean and standard deviation of the cosines
        between class means.  With a head there are ``nc3``, ``nc4`` and ``accuracy``.  Raises ProblemError without
        samples.
        """
        found = figures_of(self._of(self.moments), self._codes)
        options: Any = {"dtype": torch.float64, "device": self.moments.device}
        return {name: torch.tensor(value, **options) for name, value in found.items()}

    def statistics(self) -> FeatureStatistics:
        """The statistic of all samples, of all processes.  Raises ProblemError without samples.

        In a distributed run every process calls this, as it calls ``compute``.

        >>> metric = NeuralCollapse(["cat", "dog"], 3)
        >>> metric.update(torch.eye(3), torch.tensor([0, 1, 1]))
        >>> metric.statistics()
        FeatureStatistics(classes=2, dim=3, no head, scatter=full, samples=3)
        """
        return self._of(self._whole())

    def measure(
        self, *, lambda_w: float, lambda_h: float | str, lambda_b: float | None = None,
        encoding: str | Encoding | ArrayLike | None = None, features: str = "linear", convention: str = "paper",
        samples: int | None = None, seed: int = 0, gap_tolerance: float = 1e-2, stationarity_tolerance: float = 1e-2,
    ) -> Measurement:
        """Measure the network over all samples of all processes, a training set, against the exact prediction.

        The arguments are those of ``Probe.measure``; ``encoding`` is that of ``codes``, if no other is named.  Raises
        ProblemError as that does, without a head, and for an encoding by which samples were not decided.

        >>> _ = torch.manual_seed(0)
        >>> metric = NeuralCollapse(2, 3, torch.nn.Linear(3, 2))
        >>> metric.update(torch.eye(3), torch.tensor([0, 1, 1]))
        >>> metric.measure(lambda_w=1e-2, lambda_h=1e-2, lambda_b=0).verdict.kind
        'not finished'
        """
        head, layer = self.head, self._layout.head
        if head is None or layer is None:
            raise ProblemError("a measurement needs the last layer; got a metric without one, make it with head=")
        codes = self._codes
        if encoding is not None:
            codes = codes_of(encoding, head.out_features, self._layout.classes, seed)
            decided = deciding_codes(codes)
            if not layer.same(replace(layer, codes=None if decided is None else decided.matrix)):
                raise ProblemError(
                    f"samples must be decided by the encoding that is measured; got {codes.name} for a metric of "
                    f"{self._codes.name}, make it with codes="
                )
        state = self._whole()
        statistics = self._of(state)
        take_head(self._layout, state, head)  # refuses weights that have changed since
        return measured(
            statistics, head, codes, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, features=features,
            convention=convention, samples=samples, gap_tolerance=gap_tolerance,
            stationarity_tolerance=stationarity_tolerance,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_seen": None}  # views, which a copy makes of its own state

    def _apply(self, fn: Callable[[Tensor], Tensor], *rest: Any) -> Any:
        """The metric moves with its model, and is never cast with it."""

        def moved(tensor: Tensor) -> Tensor:
            try:
                found = fn(tensor)
            except TypeError:
                if tensor.dtype != torch.float64:
                    raise
                return tensor  # a device without doubles (mps): sums stay where they are, as those of ``Probe``
            return found if found.dtype == tensor.dtype else tensor.to(found.device)

        return super()._apply(moved, *rest)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        given, device = state_dict.get(f"{prefix}moments"), self.moments.device
        if given is not None:
            check_options(self.moments, given)
        super()._load_from_state_dict(state_dict, prefix, *rest)
        if given is not None:
            self.moments = given.to(device, copy=True)  # updates are not to change what was loaded

    def _check(self, features: Tensor, labels: Tensor) -> None:
        dim = self._layout.dim
        for what, given in (("features", features), ("labels", labels)):
            if not isinstance(given, Tensor):
                raise ProblemError(f"{what} must be a tensor; got {shown(given)}, pass torch.as_tensor({what})")
            if given.device != self.device:
                raise ProblemError(
                    f"{what} must be where the metric is, on {self.device}; got {given.device}, move one with .to()"
                )
        if features.requires_grad:
            raise ProblemError("a metric keeps no graph; got features that require a gradient, pass features.detach()")
        if features.is_complex() or features.dtype == torch.bool:
            raise ProblemError(f"features must be real numbers; got {features.dtype}, pass features.float()")
        if features.ndim < 2 or features.shape[-1] != dim:
            turned = ", pass features.T" if features.ndim == 2 and features.shape[0] == dim else ""
            raise ProblemError(f"features must be (n, d) with d = {dim}; got {tuple(features.shape)}{turned}")

    def _gathered(self) -> DeviceMoments:
        """The moments on the state, which is another tensor after a reset, a sync or a move."""
        if self._seen is None or self._seen[0] is not self.moments:
            self._seen = (self.moments, moments_on(self._layout, self.moments))
        return self._seen[1]

    def _whole(self) -> Tensor:
        """The state of all processes, which outlives the synchronization."""
        apart = not self._is_synced
        with self.sync_context(
            dist_sync_fn=self.dist_sync_fn, should_sync=self.sync_on_compute and apart, should_unsync=apart
        ):
            return self.moments.clone()

    def _of(self, state: Tensor) -> FeatureStatistics:
        found = moments_on(self._layout, state).moments()
        if not found.counts.any():
            raise ProblemError("neural collapse is of samples, and this metric needs samples; got none, call update")
        return statistics_of(found, self._names)
