"""The networks of the suite: a body of one of four architectures, a linear last hidden layer, a tail and the head."""

from __future__ import annotations

import math

import torch
from torch import nn

from experiments._blocks import EncoderBlock, Mean, Patches, ResidualBlock
from experiments._run import Run
from experiments._suite import SuiteError

__all__ = ["BN_EPS", "build"]

# With a large eps of BatchNorm a feature would be shorter than its scale says, and pay for what it has not.
BN_EPS = 1e-8
# Under plain decay every run keeps the second moments of the layer below the last hidden one, which is so small.
_PLAIN_WIDTH = 32
_GRID = 4  # places along each side at which a CNN or a ResNet ends; pixels along each side of a patch of a ViT


def build(run: Run, shape: tuple[int, ...], outputs: int) -> nn.Sequential:
    """The network of a run for samples of this shape, (channels, height, width) or (features,).

    Its last layer is the head, an ``nn.Linear`` of ``run.dim`` features and so many outputs, without a bias where
    lambda_b = inf; what the layers before it return are the features.  Initial weights depend on ``run.seed`` alone,
    and torch's random numbers are left as they were.  In double precision under the tail "plain", whose end L-BFGS
    finds only there.  Raises SuiteError for an architecture of images and samples that are none.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        body = _BODIES[run.network](shape, run.tail)
        model = nn.Sequential(
            *body, nn.LazyLinear(run.dim), *_tail(run), nn.Linear(run.dim, outputs, bias=run.lambda_b < math.inf),
        )
        with torch.no_grad():
            model.eval()(torch.zeros(1, *shape))  # tells the last hidden layer how wide the body is
    model.train()
    return model.double() if run.tail == "plain" else model


def _tail(run: Run) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.BatchNorm1d(run.dim, eps=BN_EPS)] if run.tail in ("bn", "bn-relu") else []
    return [*layers, nn.ReLU()] if run.tail in ("relu", "bn-relu") else layers


def _mlp(shape: tuple[int, ...], tail: str) -> list[nn.Module]:
    widths = {"plain": (_PLAIN_WIDTH,), "bn": (256, 256), "bn-relu": (256, 256)}.get(tail, (128, 128, 128))
    layers: list[nn.Module] = [nn.Flatten()]
    for inner, outer in zip((math.prod(shape), *widths), widths, strict=False):
        layers += [nn.Linear(inner, outer), nn.ReLU()]
    return layers


def _cnn(shape: tuple[int, ...], tail: str) -> list[nn.Module]:
    channels = _image(shape, "cnn")[0]
    layers: list[nn.Module] = []
    for inner, outer, stride in ((channels, 12, 1), (12, 24, 2)):
        layers += [nn.Conv2d(inner, outer, 3, stride=stride, padding=1), nn.ReLU()]
    return [*layers, *_pool(shape), nn.Flatten(), *_dense(tail, 24 * _GRID**2, 96)]


def _resnet(shape: tuple[int, ...], tail: str) -> list[nn.Module]:
    channels = _image(shape, "resnet")[0]
    return [
        nn.Conv2d(channels, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        ResidualBlock(8, 16, stride=2), ResidualBlock(16, 16),
        *_pool(shape), nn.Flatten(), *_dense(tail, 16 * _GRID**2, 0),
    ]


def _vit(shape: tuple[int, ...], tail: str) -> list[nn.Module]:
    channels, height, width = _image(shape, "vit")
    return [
        Patches(channels, (height, width), (_GRID, _GRID), 32), EncoderBlock(32, heads=4), EncoderBlock(32, heads=4),
        nn.LayerNorm(32), Mean(), *_dense(tail, 32, 0),
    ]


def _dense(tail: str, inner: int, outer: int) -> list[nn.Module]:
    """A ReLU layer below the last hidden layer, or none."""
    outer = _PLAIN_WIDTH if tail == "plain" else outer
    return [nn.Linear(inner, outer), nn.ReLU()] if outer else []


def _pool(shape: tuple[int, ...]) -> list[nn.Module]:
    """To a grid of 4 x 4 places, after one layer of stride 2."""
    there = [math.ceil(length / 2) for length in shape[1:]]
    return [] if there == [_GRID, _GRID] else [nn.AdaptiveAvgPool2d(_GRID)]


def _image(shape: tuple[int, ...], network: str) -> tuple[int, int, int]:
    if len(shape) != 3 or min(shape[1:]) < _GRID:
        raise SuiteError(
            f"network = {network!r} takes images (channels, height, width) of at least {_GRID} x {_GRID} pixels; got "
            f'samples of shape {shape}, take network = "mlp"'
        )
    channels, height, width = shape
    return channels, height, width


_BODIES = {"mlp": _mlp, "cnn": _cnn, "resnet": _resnet, "vit": _vit}
