"""The examples run, and what they print is what they are about."""

from __future__ import annotations

import re

import pytest

from tests.torch.example import example

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")


@pytest.mark.parametrize("tail", ["penalty", "bn"])
def test_the_digits(tail, capsys):
    pytest.importorskip("sklearn", reason="needs the digits of scikit-learn: pip install scikit-learn")
    example("torch_digits").main(["--tail", tail, "--per-class", "4", "--steps", "8", "--lambda-b", "0.3"])
    said = capsys.readouterr().out
    measured, predicted = map(float, re.search(r"^loss +([0-9.]+) +([0-9.]+)$", said, re.MULTILINE).groups())
    assert measured > predicted  # after so few steps
    assert float(re.search(r"relative gap (\S+);", said)[1]) == pytest.approx(measured / predicted - 1, rel=0.1)
    # t = 0.2: (0.133 - 0.8)/(0.133 + 7.2), T5
    assert re.search(r"^mean cosine +\S+ +-0\.090909$", said, re.MULTILINE)
    assert "N = 40 samples (4 per class), d = 16" in said


def test_the_resnet(capsys):
    example("torch_resnet").main(["--epochs", "2", "--images", "16"])
    said = capsys.readouterr().out
    assert "lambda_W = 0.04, lambda_H = norm, lambda_b = 0.04, relu features" in said  # weight decay 0.02 times m/2
    assert "ReLU features, H >= 0" in said
    assert "N = 16 samples (4 per class), d = 64" in said
