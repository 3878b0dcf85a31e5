"""The loss that a training ends at is that of the measurement, and it is never below the minimum."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from experiments._networks import build  # noqa: E402
from experiments._problem import lambda_h_of  # noqa: E402
from experiments._run import ARCHITECTURES, TAILS, Run  # noqa: E402
from experiments._training import train  # noqa: E402
from ncsolve.errors import ProblemError  # noqa: E402
from ncsolve.torch import Probe  # noqa: E402

CLASSES, SAMPLES = 4, 6
# Losses of 24 samples in single precision are sums that round at 6e-8 each; the measurement is in double precision.
# What eps = 1e-8 of BatchNorm leaves of the penalty is below that, as variances of features are not small here.
ROUNDING = 1e-5


def run_of(tail="linear", **factors):
    usual = {"decay": 3e-3 if tail == "plain" else 0.0, "optimizer": "adam", "steps": 40, "dim": 12, "lambda_b": 0.5}
    return Run(per_class=SAMPLES, tail=tail, **(usual | factors))


def images(shape=(1, 8, 8)):
    drawn = torch.randn(CLASSES * SAMPLES, *shape, generator=torch.Generator().manual_seed(1))
    return drawn, torch.arange(CLASSES).repeat_interleave(SAMPLES)


def trained(run, encoding=None):
    x, y = images()
    codes, lambda_h = np.eye(CLASSES) if encoding is None else encoding, lambda_h_of(run, (SAMPLES,) * CLASSES)
    model = build(run, tuple(x.shape[1:]), len(codes))
    losses = train(run, model, x, y, codes, lambda_h)
    lambdas = {"lambda_w": run.lambda_w, "lambda_h": lambda_h, "lambda_b": run.lambda_b}
    probe = Probe(model)
    if run.tail == "plain":
        lambdas = {"lambda_w": run.decay, "lambda_v": run.decay, "lambda_b": run.lambda_b}
        probe = Probe(model, tail="last hidden layer")
    x = x.to(next(model.parameters()).dtype)
    found = probe.measure(
        [(x, y)], encoding=codes, loss=run.loss, bn="recompute",
        features="relu" if run.tail.endswith("relu") else "linear", **lambdas,
    )
    return losses, found, not_of_the_tail(run, model.train(), x, lambda_h)


def not_of_the_tail(run, model, x, lambda_h):
    """The part of the training loss that the measured layers don't have."""
    if run.tail == "plain":
        hidden = Probe(model, tail="last hidden layer").hidden
        below = [own for layer in model[:-1] if layer is not hidden for own in layer.parameters()]
        return run.decay / 2 * sum(own.square().sum().item() for own in below)
    if run.tail == "bn-relu":  # features that the ReLU makes zero are paid for, as scale and shift know of no ReLU
        scale = next(layer for layer in model if isinstance(layer, torch.nn.BatchNorm1d))
        squared = scale.weight.square().sum() + scale.bias.square().sum()
        return lambda_h / 2 * (len(x) * squared - model[:-1](x).square().sum()).item()
    return 0.0


@pytest.mark.parametrize("lambda_b", [0.0, 0.5, math.inf])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("tail", TAILS)
def test_the_last_loss_is_the_measured_one(tail, optimizer, lambda_b):
    losses, found, other = trained(run_of(tail, optimizer=optimizer, lambda_b=lambda_b))
    assert losses[-1] == pytest.approx(found.loss + other, rel=ROUNDING)


@pytest.mark.parametrize("network", [name for name in ARCHITECTURES if name != "mlp"])
def test_so_it_is_of_every_architecture(network):
    losses, found, _ = trained(run_of(network=network))
    assert losses[-1] == pytest.approx(found.loss, rel=ROUNDING)


def test_so_it_is_of_cross_entropy_and_of_other_codes():
    losses, found, _ = trained(run_of(loss="cross-entropy"))
    assert losses[-1] == pytest.approx(found.loss, rel=ROUNDING)
    losses, found, _ = trained(run_of(), encoding=np.arange(12.0).reshape(3, 4) % 5)
    assert losses[-1] == pytest.approx(found.loss, rel=ROUNDING)


@pytest.mark.parametrize(("tail", "optimizer", "steps"), [
    ("linear", "adam", 400), ("relu", "adam", 400), ("bn", "lbfgs", 200), ("bn-relu", "lbfgs", 200),
    ("plain", "lbfgs", 1000),
])
def test_training_comes_to_the_minimum_and_not_below(tail, optimizer, steps):
    losses, found, other = trained(run_of(tail, optimizer=optimizer, steps=steps, dim=32))
    assert found.verdict.kind == "collapsed as predicted"
    # of a few samples far less than the 1e-3 that the suite asks for
    assert 0.0 <= found.relative_gap < 1e-3
    assert losses[0] > 1.1 * losses[-1]
    # the minimum under plain decay is that of the last previous features, so that earlier losses may be below
    reached = losses[-1] - other if tail == "plain" else min(losses)
    assert reached >= found.minimum * (1 - ROUNDING)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("network", ARCHITECTURES)
def test_one_seed_gives_one_training(network, optimizer):
    """Bit for bit: a run that is made again is the same run."""
    first, again, other = (
        trained(run_of(network=network, optimizer=optimizer, steps=5, seed=seed))[0] for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("tail", TAILS)
def test_a_loss_is_kept_at_every_step_and_at_the_end(tail):
    losses = trained(run_of(tail, steps=3))[0]
    assert len(losses) == 3 + 1
    assert len(set(losses)) == 4


def test_a_loss_that_is_not_finite_is_an_error():
    with pytest.raises(ProblemError, match="the loss must be finite"):
        trained(run_of(learning_rate=1e25))
