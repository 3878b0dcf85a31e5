"""What each figure of the page shows: variations with their words in the legend, and what the picture is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["SHOWN", "Shown"]


@dataclass(frozen=True)
class Shown:
    """``titles`` of variations by their names, empty for all; ``text`` describes the picture to who can't see it."""

    titles: Mapping[str, str]
    text: str


SHOWN = {
    "cosines": Shown(
        {"reference": "MLP", "cnn": "CNN", "resnet": "ResNet, BatchNorm", "vit": "small ViT"},
        "The mean cosine between class means over the weight decay of the bias: networks of several architectures on "
        "the exact curve, and below how far the worst pair of classes of each run is from it",
    ),
    "centring": Shown(
        {
            "reference": "one-hot", "smoothed": "label smoothing 0.1", "signed": "signed", "hadamard": "Hadamard",
            "gaussian-6": "Gaussian, m = 6", "gaussian-14": "Gaussian, m = 14",
        },
        "The part of the label mean that the bias serves over its weight decay, for several encodings, on the exact "
        "curves",
    ),
    "minority": Shown(
        {
            "minority": "one-hot codes", "minority-designed": "designed codes", "imbalance-10": "one-hot, 10:1",
            "imbalance-100": "one-hot, 100:1", "designed-10": "designed, 10:1", "designed-100": "designed, 100:1",
        },
        "The length of the smaller classes' means over the threshold and over the weight decay of the bias, for "
        "one-hot and for designed codes",
    ),
    "plain_decay": Shown(
        {"plain-decay": "networks"},
        "Networks with plain weight decay, the metric UFM's prediction for each, and the UFM with the same lambda_H "
        "across the mean of the features",
    ),
    "losses": Shown(
        {
            "reference": "mean squared error", "cross-entropy": "cross-entropy",
            "cross-entropy-smoothed": "cross-entropy, label smoothing 0.1",
        },
        "The mean cosine over the weight decay of the bias under the mean squared error and under cross-entropy",
    ),
    "gaps": Shown(
        {},
        "The relative gap of every run by variation, and the certified over the true distance from the predicted frame",
    ),
}
