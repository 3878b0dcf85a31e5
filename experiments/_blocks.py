"""Blocks of the larger networks: of a ResNet, and of a vision transformer."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["EncoderBlock", "Mean", "Patches", "ResidualBlock"]


class ResidualBlock(nn.Module):
    """The basic block of a ResNet: two convolutions with BatchNorm beside a shortcut (He et al. 2016)."""

    def __init__(self, inner: int, outer: int, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(inner, outer, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(),
            nn.Conv2d(outer, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inner != outer:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inner, outer, 1, stride=stride, bias=False), nn.BatchNorm2d(outer),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(n, inner, h, w) to (n, outer, h/stride, w/stride)."""
        return torch.relu(self.residual(x) + self.shortcut(x))


class Patches(nn.Module):
    """Tokens (n, patches, width) of an image: a linear map of each patch, and where it is, which is learned."""

    def __init__(self, channels: int, image: tuple[int, int], patch: tuple[int, int], width: int) -> None:
        super().__init__()
        places = math.prod(math.ceil(length / step) for length, step in zip(image, patch, strict=True))
        bottom, right = (-length % step for length, step in zip(image, patch, strict=True))
        self.pad = nn.ZeroPad2d((0, right, 0, bottom))
        self.embed = nn.Conv2d(channels, width, patch, stride=patch)
        self.places = nn.Parameter(0.1 * torch.randn(places, width))

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, patches, width)."""
        tokens: Tensor = self.embed(self.pad(x)).flatten(2).transpose(1, 2)
        return tokens + self.places


class EncoderBlock(nn.Module):
    """A layer of a transformer's encoder, LayerNorm first: attention among the tokens, then an MLP on each.

    Attention is written out, as fused ones add gradients in an order that changes from run to run.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.looked_at, self.mixed = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(n, tokens, width) to the same shape."""
        n, tokens, width = x.shape
        parts = self.looked_at(self.norms[0](x)).view(n, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        weights = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(width // self.heads), dim=-1)
        x = x + self.mixed((weights @ value).transpose(1, 2).reshape(n, tokens, width))
        return x + self.mlp(self.norms[1](x))


class Mean(nn.Module):
    """The mean of all tokens (n, tokens, width), (n, width)."""

    def forward(self, x: Tensor) -> Tensor:
        """Mean pooling."""
        return x.mean(1)
