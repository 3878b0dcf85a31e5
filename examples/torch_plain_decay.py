"""A network under plain weight decay is trained to the end, and its last two layers are measured against their minimum.

    pip install 'ncsolve[torch]' scikit-learn
    python examples/torch_plain_decay.py                    # one decay for all weights and biases
    python examples/torch_plain_decay.py --lambda-b 0.1     # another one for the bias of the head

Most trainings decay all weights and penalize no features.  Where the layer below the head is linear, as here,

    h = V z + c,    outputs = W h + b,

both layers together have a global minimum for whatever z the layers below make, which ncsolve computes from the second
moments of z.  At the end of the training the two are at this minimum, with the cosines between class means that it has,
and these are neither those of a simplex ETF nor of an orthogonal frame.  A model with one lambda_H for the features,
fitted to their length, is far above its minimum.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import torch
from torch import Tensor, nn

import ncsolve
from ncsolve.torch import Objective, Probe, lambdas

CLASSES, PER_CLASS = 10, 20
WIDTH, DIM = 32, 12
DECAY = 3e-3
# L-BFGS creeps at the kinks of the ReLU, where the slope of the loss jumps, and leaves layers stationary to 2 %.
STATIONARY = 0.05
TAIL = "last hidden layer"


def digits(per_class: int = PER_CLASS) -> tuple[Tensor, Tensor]:
    """The first images of every digit (N, 64), pixels less their mean, and their digits (N,)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    keep = np.concatenate([np.flatnonzero(data.target == digit)[:per_class] for digit in range(CLASSES)])
    x = torch.tensor(data.data[keep] / 8)  # in double precision, in which the end of a training can be seen
    return x - x.mean(0), torch.tensor(data.target[keep])


def network(*, bias: bool = True, last: nn.Module | None = None) -> nn.Sequential:
    """A ReLU layer, a linear last hidden layer, perhaps something after that, and the head."""
    between = [] if last is None else [last]
    return nn.Sequential(
        nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, DIM), *between, nn.Linear(DIM, CLASSES, bias=bias),
    ).double()


def train(
    model: nn.Sequential, x: Tensor, y: Tensor, lambda_b: float, *, decay: float = DECAY, adam: int = 300,
    lbfgs: int = 4000,
) -> torch.optim.Optimizer:
    """Train on all samples at once, with weight decay on everything; gives the optimizer that has the weight decays."""
    head, objective = model[-1], Objective("onehot", classes=CLASSES)  # the loss alone, in the convention of the paper
    others = [parameter for parameter in model.parameters() if parameter is not head.bias]
    groups = [{"params": others, "weight_decay": decay}]
    if head.bias is not None:
        groups.append({"params": [head.bias], "weight_decay": lambda_b})
    optimizer = torch.optim.Adam(groups, lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, adam)
    for _ in range(adam):
        optimizer.zero_grad()
        objective(model(x), y).backward()
        optimizer.step()
        schedule.step()
    # The end of the training, where steps of Adam are too coarse; L-BFGS knows no weight decay but that of the loss.
    finish = torch.optim.LBFGS(
        model.parameters(), max_iter=lbfgs, max_eval=2 * lbfgs, history_size=20, tolerance_grad=1e-9,
        tolerance_change=0.0, line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        finish.zero_grad()
        loss = objective(model(x), y)
        for group in groups:
            loss = loss + group["weight_decay"] / 2 * sum(own.square().sum() for own in group["params"])
        loss.backward()
        return loss

    finish.step(closure)
    return optimizer


def off_diagonal(cosines: object) -> np.ndarray:
    """The cosines between different classes."""
    return np.asarray(cosines)[~np.eye(CLASSES, dtype=bool)]


def main(arguments: list[str] | None = None) -> None:
    """Train, and print what was measured beside what was predicted."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lambda-b", type=float, default=DECAY, help="weight decay of the head's bias, inf for none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=4000, help="of L-BFGS")
    given = parser.parse_args(arguments)
    torch.manual_seed(given.seed)
    x, y = digits()
    model = network(bias=given.lambda_b < math.inf)
    optimizer = train(model, x, y, given.lambda_b, lbfgs=given.steps)

    run = lambdas(optimizer, model, samples=len(x), code_length=CLASSES, convention="paper")
    found = Probe(model, tail=TAIL).measure([(x, y)], stationarity_tolerance=STATIONARY, **run.arguments(TAIL))
    fitted = Probe(model).measure([(x, y)], **run.arguments())
    measured = off_diagonal(found.cosines)
    predicted = off_diagonal(ncsolve.geometry.cosine_matrix(found.predicted.gram))
    print(f"{'':16}{'measured':>12}{'predicted':>12}")
    for name, one, other in (
        ("loss", found.loss, found.minimum), ("mean cosine", measured.mean(), predicted.mean()),
        ("least", measured.min(), predicted.min()), ("largest", measured.max(), predicted.max()),
    ):
        print(f"{name:16}{one:12.6f}{other:12.6f}")
    print(f"relative gap {found.relative_gap:.2g}, cosines at most {np.abs(measured - predicted).max():.2g} apart")
    print(f"one lambda_H, fitted to the length of the features: relative gap {fitted.relative_gap:.2g}\n")
    print(found.summary())


if __name__ == "__main__":
    main()
