"""Wrong measurements of networks, and wrong minima: the claims of T13 to T16 must fail each of them."""

from __future__ import annotations

import dataclasses
import inspect
import math
from types import ModuleType

import pytest
from ncsolve.verify.claims import batch_norm

import ncsolve
from ncsolve import _formulas, verify
from ncsolve._measure import certificate, head, measure, measurement, metric_measurement
from ncsolve._minimizer import metric_minimizer
from ncsolve._models.metric import frame, minimize, newton, reduced
from tests.solver_mutants import Damage, scaled, silence


def part_off(name: str, home: ModuleType = measurement, function: str = "gap_parts") -> Damage:
    """A wrong factor in one part of the gap."""

    def damage(monkeypatch: pytest.MonkeyPatch) -> None:
        original = getattr(home, function)

        def damaged(*args: object) -> object:
            parts = original(*args)
            return dataclasses.replace(parts, **{name: 1.01 * getattr(parts, name)})

        monkeypatch.setattr(home, function, damaged)

    return damage


def bound_halved(name: str, bounds: str = "certified") -> Damage:
    """One bound of the certificate is half of what is proved."""

    def damage(monkeypatch: pytest.MonkeyPatch) -> None:
        original = getattr(measurement, bounds)

        def damaged(*args: object) -> object:
            found = original(*args)
            return dataclasses.replace(found, **{name: getattr(found, name) / 2})

        monkeypatch.setattr(measurement, bounds, damaged)

    return damage


def retyped(old: str, new: str) -> Damage:
    """The certificate with another text in its source."""

    def damage(monkeypatch: pytest.MonkeyPatch) -> None:
        source = inspect.getsource(certificate)
        assert source.count(old) == 1, f"nothing to damage: {old!r}"
        module = ModuleType(certificate.__name__)
        exec(compile(source.replace(old, new), "damaged", "exec"), module.__dict__)
        monkeypatch.setattr(measurement, "certified", module.certified)

    return damage


def scaled_property(thing: type, name: str) -> Damage:
    """A property is wrong by one percent."""

    def damage(monkeypatch: pytest.MonkeyPatch) -> None:
        original = getattr(thing, name)
        get = original.func if hasattr(original, "func") else original.fget
        monkeypatch.setattr(thing, name, property(lambda self: 1.01 * get(self)))

    return damage


def decay_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    """lambda_h would be twice the decay over N."""
    original = batch_norm._Network.__init__

    def damaged(self: object, *args: object) -> None:
        original(self, *args)
        self.decay /= 2

    monkeypatch.setattr(batch_norm._Network, "__init__", damaged)


def loss_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minimum is one in a million too high."""
    original = ncsolve.solve
    monkeypatch.setattr(ncsolve, "solve", lambda problem: _raised(original(problem)))


def metric(damage: Damage) -> Damage:
    """In the metric UFM, whose solver takes what it finds for the minimum."""

    def damaged(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(metric_minimizer, "_GAP", math.inf)
        monkeypatch.setattr(metric_minimizer, "_AGREES", math.inf)
        damage(monkeypatch)

    return damaged


def closed_form_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Singular values of aligned moments are one in a million too large."""
    original = minimize.aligned

    def damaged(problem: reduced.Reduced) -> object:
        found = original(problem)
        return None if found is None else (found[0], found[1] * (1 + 1e-6), found[2])

    monkeypatch.setattr(minimize, "aligned", damaged)
    monkeypatch.setattr(minimize, "_CLOSED", math.inf)  # nor does it look at what the closed form proves


def metric_loss_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minimum is one in a million too high."""
    get = ncsolve.MetricMinimizer.loss.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(ncsolve.MetricMinimizer, "loss", property(lambda self: (1 + 1e-6) * get(self)))


METRIC: dict[str, Damage] = {
    "closed form off": closed_form_off,
    "Newton's method stopped early": lambda monkeypatch: monkeypatch.setattr(newton, "_STEPS", 1),
    "mean as without a bias": scaled(_formulas, "metric_mean_weight", 1.01),
    "bias c decayed as if it were more": scaled_property(ncsolve.MetricProblem, "hidden_unit"),
    "bias b": scaled_property(frame.MetricFrame, "bias"),
    "transition": scaled(_formulas, "affine_threshold", 1 + 1e-6),
    "threshold of the mean": scaled(_formulas, "metric_threshold", 1 + 1e-6),
    "simplex for every lambda_b": scaled(_formulas, "metric_mean_singular_value", 0.0),
    "lambda_h by direction": scaled_property(ncsolve.MetricMinimizer, "feature_decays"),
    "minimum too high, metric": metric_loss_off,
    **{f"part {name} off by 1 %, metric": part_off(name, metric_measurement, "metric_gap_parts")
       for name in ("fit", "bias", "dual", "feature")},
}


def _raised(found: ncsolve.Minimizer) -> ncsolve.Minimizer:
    kind = type("Raised", (ncsolve.Minimizer,), {"loss": property(lambda self: found.loss * (1 + 1e-6))})
    return kind(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})


MUTANTS: dict[str, tuple[str, Damage]] = {
    **{f"part {name} off by 1 %": ("network-gap", part_off(name))
       for name in ("fit", "bias", "dual", "feature", "within")},
    **{f"bound {name} halved": ("network-gap", bound_halved(name)) for name in ("gram", "outputs", "bias", "within")},
    **{f"part {name} off by 1 %, cross-entropy": ("cross-entropy-gap", part_off(name))
       for name in ("fit", "bias", "dual", "feature", "within")},
    **{f"bound {name} halved, cross-entropy": ("cross-entropy-gap", bound_halved(name, "certified_softmax"))
       for name in ("gram", "probabilities", "bias", "within")},
    "the outputs' part left out of p": ("network-gap", retyped("outputs * problem.samples + bias + 2", "bias + 2")),
    "the head's part left out of p": ("network-gap", retyped(" + 2 * x / lw", "")),
    "p left out": ("network-gap", retyped("p**2 + ", "")),
    "mean feature left out of the bias": ("network-gap", retyped(" + size * math.sqrt(2 * eps / (lh * samples))", "")),
    "within counted twice": ("network-gap", retyped("point, max(eps - ", "point, max(eps - parts.within - ")),
    "minimum too high": ("network-gap", loss_off),
    "balance": ("implied-decay", scaled_property(head.MeasuredHead, "balance")),
    "lambda_w of a stationary head": ("implied-decay", scaled_property(head.MeasuredHead, "implied_lambda_w")),
    "lambda_b of a stationary head": ("implied-decay", scaled_property(head.MeasuredHead, "implied_lambda_b")),
    "norm of the features": ("implied-decay", scaled_property(head.MeasuredHead, "feature_energy")),
    "lambda_h of equal norms": ("implied-decay", scaled(measure, "of_equal_norm", 1.1)),
    "bound of batch normalization": ("batch-norm", decay_halved),
    "bound of batch normalization too high": ("batch-norm", loss_off),
    **{name: ("metric-ufm", metric(damage)) for name, damage in METRIC.items()},
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_claim_fails_the_mutant(monkeypatch: pytest.MonkeyPatch, mutant: str) -> None:
    silence(monkeypatch)
    name, damage = MUTANTS[mutant]
    damage(monkeypatch)
    report = verify.run_claims(verify.select(only=(name,)), size="quick", fail_fast=True)
    assert [verdict.state for verdict in report.verdicts] == ["disagrees"]
