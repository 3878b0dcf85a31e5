"""A network on the digits of scikit-learn is trained until its features collapse, and measured against the prediction.

    pip install 'ncsolve[torch]' scikit-learn
    python examples/torch_digits.py                       # a penalty on the features, lambda_b = 0.5
    python examples/torch_digits.py --lambda-b inf        # a head without a bias
    python examples/torch_digits.py --tail bn             # BatchNorm with weight decay in place of the penalty

With a penalty lambda_H/2 ||H||^2 in it the training loss is the objective of the unconstrained features model, and
training can't get below the minimum of that, whatever the layers below are.  Those here can give every image any
feature, and training ends at the minimum, with the features that it predicts.

Networks seldom have such a penalty.  With BatchNorm as the last layer before the head its weight decay w on scale and
shift takes that role: over the full batch a feature's squared length is at most N (scale^2 + shift^2), so that
lambda_H = w/N.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import torch
from torch import Tensor, nn

import ncsolve
from ncsolve.torch import Objective, Probe

CLASSES, DIM = 10, 16
# How much of the labels the regularization takes: t = K sqrt(n lambda_W lambda_H) for n samples a class.  The simplex
# ETF of balanced classes ends at lambda_b* = t/(1 - t) = 0.25.
THRESHOLD = 0.2


def body(widths: tuple[int, ...]) -> list[nn.Module]:
    """Layers from 64 pixels to the features: a ReLU after each but the last, so that features may have any sign."""
    layers: list[nn.Module] = []
    for inner, outer in zip((64, *widths), (*widths, DIM), strict=True):
        layers += [nn.Linear(inner, outer), nn.ReLU()]
    return layers[:-1]


def feature_decay(samples: int, lambda_w: float) -> float:
    """The lambda_H that has the threshold t with this lambda_W.

    Which of the two is the larger changes no cosine; a head with a small lambda_W takes long to become stationary.
    """
    return THRESHOLD**2 / (CLASSES * samples * lambda_w)


def train_penalty(
    x: Tensor, y: Tensor, lambda_b: float, *, widths: tuple[int, ...] = (128, 128, 128), steps: int = 800,
    lambda_w: float = 0.03, seed: int = 0,
) -> tuple[ncsolve.Measurement, list[float]]:
    """Train with a penalty on the features, by Adam; gives the measurement, and the training loss at every step."""
    torch.manual_seed(seed)
    model = nn.Sequential(*body(widths), nn.Linear(DIM, CLASSES, bias=lambda_b < math.inf))
    probe = Probe(model)  # the last linear layer, and what it sees
    lambdas = {"lambda_w": lambda_w, "lambda_h": feature_decay(len(x), lambda_w), "lambda_b": lambda_b}
    objective = Objective("onehot", classes=CLASSES, head=probe.head, **lambdas)
    # The weight decays are in the objective, none in the optimizer.  The full batch has no noise to average over, and a
    # second moment that forgets within 20 steps follows the loss as it gets small.
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    for _ in range(steps):
        outputs, features = probe(x)  # as model(x), with the features as well
        loss = objective(outputs, y, features)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return probe.measure([(x, y)], **lambdas), losses


def train_batch_norm(
    x: Tensor, y: Tensor, lambda_b: float, *, widths: tuple[int, ...] = (256, 256), steps: int = 400,
    lambda_w: float = 0.06, seed: int = 0,
) -> tuple[ncsolve.Measurement, list[float]]:
    """Train with BatchNorm below the head, by L-BFGS; gives the measurement, and the training loss at every step."""
    torch.manual_seed(seed)
    # A small eps: with a large one a feature would be shorter than its scale says, and pay for what it has not.
    tail = nn.BatchNorm1d(DIM, eps=1e-8)
    model = nn.Sequential(*body(widths), tail, nn.Linear(DIM, CLASSES, bias=lambda_b < math.inf))
    probe = Probe(model)
    lambda_h = feature_decay(len(x), lambda_w)
    decay = len(x) * lambda_h  # w on scale and shift, of which lambda_H = w/N; none on the layers below
    objective = Objective("onehot", classes=CLASSES, head=probe.head, lambda_w=lambda_w, lambda_b=lambda_b)
    optimizer = torch.optim.LBFGS(
        model.parameters(), max_iter=steps, history_size=20, tolerance_grad=0.0, tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )
    losses = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective(model(x), y) + decay / 2 * (tail.weight.square().sum() + tail.bias.square().sum())
        loss.backward()
        losses.append(loss.item())
        return loss

    optimizer.step(closure)
    # The theory is of full-batch statistics; running averages would lag behind them.
    measured = probe.measure([(x, y)], lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, bn="recompute")
    return measured, losses


TAILS = {"penalty": train_penalty, "bn": train_batch_norm}


def digits(per_class: int | None = None) -> tuple[Tensor, Tensor]:
    """Images (N, 64) with pixels from -1 to 1, and their digits (N,): all, or the first so many of every class."""
    from sklearn.datasets import load_digits

    data = load_digits()
    x, y = torch.tensor((data.data - 8) / 8, dtype=torch.float32), torch.tensor(data.target)
    if per_class is not None:
        keep = torch.cat([torch.nonzero(y == digit)[:per_class, 0] for digit in range(CLASSES)])
        x, y = x[keep], y[keep]
    return x, y


def mean_cosine(gram: object) -> float:
    """The mean cosine between different class means."""
    cosines = ncsolve.geometry.cosine_matrix(gram)
    return float((cosines.sum() - CLASSES) / (CLASSES * (CLASSES - 1)))


def main(arguments: list[str] | None = None) -> None:
    """Train, and print what was measured beside what was predicted."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lambda-b", type=float, default=0.5, help="weight decay of the bias, inf for none")
    parser.add_argument("--tail", choices=TAILS, default="penalty", help="what limits the features")
    parser.add_argument("--per-class", type=int, help="so many images of every class only")
    parser.add_argument("--steps", type=int, help="of the optimizer")
    given = parser.parse_args(arguments)
    options = {} if given.steps is None else {"steps": given.steps}
    found, losses = TAILS[given.tail](*digits(given.per_class), given.lambda_b, **options)
    predicted = found.predicted
    print(f"{'':16}{'measured':>12}{'predicted':>12}")
    for name, measured, expected in (
        ("loss", found.loss, found.minimum),
        ("mean cosine", mean_cosine(found.gram), mean_cosine(predicted.gram)),
        ("length of bias", np.linalg.norm(found.head.b), np.linalg.norm(predicted.bias)),
    ):
        print(f"{name:16}{measured:12.6f}{expected:12.6f}")
    print(f"relative gap {found.relative_gap:.2g}; the lowest training loss was {min(losses):.6f}\n")
    print(found.summary())


if __name__ == "__main__":
    main()
