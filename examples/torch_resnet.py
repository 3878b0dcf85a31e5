"""A ResNet is trained as ResNets are, its lambdas are read from the optimizer, and its last layer is measured.

    pip install 'ncsolve[torch]'
    python examples/torch_resnet.py

The network has the names and the order of torchvision's ``resnet18`` with fewer channels, so that what is done here
after the training works for ``torchvision.models.resnet18()`` as well.  Images and labels are random, and the network
learns them by heart in seconds; it is not at the end of its training then, as the last lines say.

Its features, averages of what comes out of a ReLU, are not negative, so that the prediction is that of
``features="relu"``, and no weight decay is theirs alone: lambda_H is estimated from their length.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn

from ncsolve.torch import Probe, encode, lambdas

CLASSES = 4


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outer)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outer, outer, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer)
        self.downsample: nn.Module | None = None
        if (inner, stride) != (outer, 1):
            self.downsample = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Four stages of two blocks, ``width`` channels in the first, twice as many in every next one."""

    def __init__(self, width: int = 8, classes: int = CLASSES) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.layer1 = self._stage(width, width, 1)
        self.layer2 = self._stage(width, 2 * width, 2)
        self.layer3 = self._stage(2 * width, 4 * width, 2)
        self.layer4 = self._stage(4 * width, 8 * width, 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8 * width, classes)

    @staticmethod
    def _stage(inner: int, outer: int, stride: int) -> nn.Sequential:
        return nn.Sequential(BasicBlock(inner, outer, stride), BasicBlock(outer, outer, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def main(arguments: list[str] | None = None) -> None:
    """Train, and print which lambdas that was with, and what the last layer became."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--images", type=int, default=64)
    given = parser.parse_args(arguments)
    torch.manual_seed(0)
    images, labels = torch.randn(given.images, 3, 32, 32), torch.arange(given.images) % CLASSES
    codes = encode(labels, "onehot", classes=CLASSES)

    model, criterion = ResNet(), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, given.epochs)
    for epoch in range(given.epochs):
        loss = criterion(model(images), codes)  # of all in one batch: its BatchNorm statistics are of the training set
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if epoch == 0 or (epoch + 1) % 20 == 0:
            print(f"epoch {epoch + 1:3}: mean squared error {loss.item():.5f}")

    # MSELoss() is the mean over the outputs, too: lambdas knows, and gives those of the paper's convention.
    read = lambdas(optimizer, model, samples=given.images, code_length=CLASSES, loss="mse")
    print(f"\n{read}\n")
    # A DataLoader will do in place of the list of one batch.  In eval mode BatchNorm would normalize by running
    # averages: another network than was trained.
    print(Probe(model).measure([(images, labels)], bn="recompute", **read.arguments()).summary())


if __name__ == "__main__":
    main()
