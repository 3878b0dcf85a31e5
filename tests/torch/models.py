"""Small models for the tests of the probe."""

from torch import nn


class Residual(nn.Module):
    """Convolution, BatchNorm and a residual sum before the features; the head is registered first."""

    def __init__(self, classes=3, dim=6):
        super().__init__()
        self.fc = nn.Linear(dim, classes)
        self.first = nn.Conv2d(1, dim, 3, padding=1)
        self.norm = nn.BatchNorm2d(dim)
        self.second = nn.Conv2d(dim, dim, 3, padding=1)
        self.other = nn.BatchNorm2d(dim, track_running_stats=False)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        x = self.norm(self.first(x)).relu()
        x = (x + self.other(self.second(x))).relu().mean((2, 3))
        return self.fc(self.drop(x))


class Tagger(nn.Module):
    """A sequence model: a class for every position; returns a dict, as those of transformers do."""

    def __init__(self, words=11, dim=5, classes=3):
        super().__init__()
        self.embedding = nn.Embedding(words, dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, input_ids, attention_mask=None):
        return {"logits": self.head(self.embedding(input_ids).tanh()), "loss": None}


class Called(nn.Module):
    """A model whose forward is a function of itself and the input."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self._forward = forward

    def forward(self, x):
        return self._forward(self.parts, x)
