"""Full-batch training to the end: by Adam with a cosine schedule, or by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments._run import Run
from ncsolve.torch import Objective

__all__ = ["train"]

# Steps of Adam before L-BFGS under plain decay: from far away L-BFGS ends at networks whose units have died.
_FIRST_STEPS = 300


def train(
    run: Run, model: nn.Sequential, x: Tensor, y: Tensor, codes: NDArray[np.float64], lambda_h: float
) -> list[float]:
    """Train on all samples at once; gives the training loss at every evaluation, the last of them at the end.

    The loss is the whole objective, no weight decay is in the optimizer: that of ncsolve with ``run.lambda_w``,
    ``lambda_h`` and ``run.lambda_b``.  BatchNorm below the head has weight decay w = N lambda_h on scale and shift in
    place of the penalty on features, and the tail "plain" has ``run.decay`` on all parameters but the head's bias.
    Nothing is drawn at random.  Raises ncsolve's ProblemError when the loss is no longer finite.
    """
    loss = _loss(run, model, x.to(next(model.parameters()).dtype), y, codes, lambda_h)
    model.train()
    # no autotuning of convolutions, whose choice changes sums, and no TF32, whose ten bits hide the end of a training
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        losses = _TRAININGS[run.optimizer](run, model, loss)
        losses.append(loss().item())
    return losses


def _loss(
    run: Run, model: nn.Sequential, x: Tensor, y: Tensor, codes: NDArray[np.float64], lambda_h: float
) -> Callable[[], Tensor]:
    head, body = model[-1], model[:-1]
    plain, normalized = run.tail == "plain", run.tail in ("bn", "bn-relu")
    objective = Objective(
        codes, loss=run.loss, head=head, lambda_w=run.decay if plain else run.lambda_w,
        lambda_h=0.0 if plain or normalized else lambda_h, lambda_b=run.lambda_b,
    )
    decay, decayed = 0.0, []
    if plain:
        decay, decayed = run.decay, list(body.parameters())
    elif normalized:
        # a feature of BatchNorm has the squared length N (scale^2 + shift^2) over all samples, so that lambda_h = w/N
        decay = len(x) * lambda_h
        decayed = [own for layer in body if isinstance(layer, nn.BatchNorm1d) for own in layer.parameters()]

    def loss() -> Tensor:
        features = body(x)
        value = objective(head(features), y, features)
        for own in decayed:
            value = value + decay / 2 * own.square().sum()
        return value

    return loss


def _adam(run: Run, model: nn.Module, loss: Callable[[], Tensor], steps: int | None = None) -> list[float]:
    steps = run.steps if steps is None else steps
    # The full batch has no noise to average over, and a second moment that forgets within 20 steps follows the loss as
    # it gets small.
    optimizer = torch.optim.Adam(model.parameters(), lr=run.learning_rate, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        schedule.step()
        losses.append(value.item())
    return losses


def _lbfgs(run: Run, model: nn.Module, loss: Callable[[], Tensor]) -> list[float]:
    losses = _adam(run, model, loss, _FIRST_STEPS) if run.tail == "plain" else []
    optimizer = torch.optim.LBFGS(
        model.parameters(), max_iter=run.steps, max_eval=2 * run.steps, history_size=20, tolerance_grad=0.0,
        tolerance_change=0.0, line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        losses.append(value.item())
        return value

    optimizer.step(closure)
    return losses


_TRAININGS = {"adam": _adam, "lbfgs": _lbfgs}
