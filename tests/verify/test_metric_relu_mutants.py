"""A wrong statement on the ReLU in the metric UFM, or a wrong solver beside it: the claim must fail each of them."""

from __future__ import annotations

import math

import pytest
from ncsolve.verify._two_layers import Layers
from ncsolve.verify.claims.metric_relu import Rectified, Regular

from ncsolve import _formulas, verify
from ncsolve._models.metric import frame
from tests.solver_mutants import Damage, scaled, silence
from tests.verify.test_network_mutants import closed_form_off, metric, metric_loss_off, scaled_property

_THRESHOLDS = Regular.thresholds.fget  # type: ignore[attr-defined]
_RESIDUAL = Regular.residual


def thresholds(monkeypatch: pytest.MonkeyPatch, alone: object) -> None:
    """Another square of the threshold of a neuron of one class, of K, that of the contrasts and that of the mean."""

    def damaged(self: Regular) -> tuple[float, float, float]:
        perp, t, _ = _THRESHOLDS(self)
        return perp, t, alone(self.K, perp, t)  # type: ignore[operator]

    monkeypatch.setattr(Regular, "thresholds", property(damaged))


def arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Obtuse previous class means as if negative pre-activations did not help."""
    thresholds(monkeypatch, lambda K, perp, t: ((K - 1) * perp**2 + t**2) / K)


def harmonic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acute previous class means as if negative pre-activations were free."""
    thresholds(monkeypatch, lambda K, perp, t: K / ((K - 1) / perp**2 + 1 / t**2))


def contrasts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A neuron of one class pays for the contrasts alone."""
    thresholds(monkeypatch, lambda K, perp, t: perp**2)


def never_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """An orthogonal frame for every lambda_b, as in the UFM with H >= 0."""

    def damaged(self: Regular) -> tuple[float, float]:
        perp, t, alone = self.thresholds
        xi, Xi = _RESIDUAL(self)
        return (math.sqrt(alone), math.sqrt(alone)) if (xi, Xi) == (perp, t) else (xi, Xi)

    monkeypatch.setattr(Regular, "residual", damaged)


def always_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """The linear layer's frame also before its right angle."""

    def damaged(self: Regular) -> tuple[float, float]:
        perp, t, _ = self.thresholds
        weight = 1.0 if math.isinf(self.lambda_b) else self.lambda_b / (1 + self.lambda_b)
        return min(abs(self.a), perp), min(abs(self.w) * weight, t)

    monkeypatch.setattr(Regular, "residual", damaged)


def no_relu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Descent whose end is measured without the ReLU."""
    monkeypatch.setattr(Rectified, "features", Layers.features)


MUTANTS: dict[str, Damage] = {
    "arithmetic mean of thresholds": arithmetic,
    "harmonic mean of thresholds": harmonic,
    "threshold of the contrasts": contrasts_only,
    "orthogonal for every lambda_b": never_linear,
    "linear for every lambda_b": always_linear,
    "no ReLU": no_relu,
    "closed form off": metric(closed_form_off),
    "minimum too high": metric(metric_loss_off),
    "mean as without a bias": metric(scaled(_formulas, "metric_mean_weight", 1.01)),
    "bias b": metric(scaled_property(frame.MetricFrame, "bias")),
    "UFM with H >= 0": scaled(_formulas, "relu_bias_equation", 0.0),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_claim_fails_the_mutant(monkeypatch: pytest.MonkeyPatch, mutant: str) -> None:
    silence(monkeypatch)
    MUTANTS[mutant](monkeypatch)
    report = verify.run_claims(verify.select(only=("metric-relu",)), size="quick", fail_fast=True)
    assert [verdict.state for verdict in report.verdicts] == ["disagrees"]
