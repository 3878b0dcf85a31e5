"""lambda_V and lambda_c of a linear last hidden layer: what the optimizer's groups say, and where there are none."""

import math

import pytest

from ncsolve import ProblemError
from ncsolve.errors import UnknownNameError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations  # noqa: E402

from ncsolve.torch import Probe, lambdas  # noqa: E402

TAIL = "last hidden layer"
DECAYS = {"W": 0.01, "b": 0.2, "V": 0.03, "c": 0.04}


def network(*between, bias=True, hidden=None):
    torch.manual_seed(0)
    layer = nn.Linear(6, 5, bias=bias) if hidden is None else hidden
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), layer, *between, nn.Linear(5, 4))


def optimizer(model, kind=torch.optim.SGD, **decays):
    """Groups with a decay for each of W, b, V and c; None leaves a parameter out, as the body is."""
    chosen = {**DECAYS, **decays}
    held = {"W": model[-1].weight, "b": model[-1].bias, "V": model[2].weight, "c": model[2].bias}
    groups = [{"params": list(model[0].parameters()), "weight_decay": 0.5}]
    groups += [
        {"params": [own], "weight_decay": chosen[name]} for name, own in held.items()
        if own is not None and chosen[name] is not None
    ]
    return kind(groups, lr=0.1)


def read(model, decays=None, kind=torch.optim.SGD, **options):
    return lambdas(optimizer(model, kind, **(decays or {})), model, 100, 4, **options)


@pytest.mark.parametrize(("convention", "factor"), [("torch-mean", 2.0), ("paper", 1.0), ("sum", 0.01)])
def test_both_are_converted_as_that_of_the_head(convention, factor):
    found = read(network(), convention=convention)
    assert found.arguments(TAIL) == pytest.approx({
        "lambda_w": 0.01 * factor, "lambda_v": 0.03 * factor, "lambda_c": 0.04 * factor, "lambda_b": 0.2 * factor,
        "loss": "mse",
    })
    assert (found.lambda_v, found.lambda_c) == pytest.approx((0.03 * factor, 0.04 * factor))
    assert found.lambda_h == "norm"  # an estimate of another model, as before
    assert f"lambda_V = {0.03 * factor:g}, lambda_c = {0.04 * factor:g}, linear features" in str(found)
    assert "Probe(model, tail='last hidden layer').measure(loader, **found.arguments('last hidden layer'))" in (
        found.sentences[-1])


@pytest.mark.parametrize("bias", [True, False])
def test_the_probe_takes_them(bias):
    model = network(bias=bias)
    run = read(model)
    found = Probe(model, tail=TAIL).measure([(torch.randn(24, 4), torch.arange(24) % 4)], **run.arguments(TAIL))
    assert (found.problem.lambda_v, found.problem.lambda_c) == (run.lambda_v, run.lambda_c)


@pytest.mark.parametrize("between", [nn.Dropout(0.2), nn.Identity(), nn.Flatten()])
def test_what_changes_nothing_may_be_between(between):
    assert read(network(between)).lambda_v == 2 * DECAYS["V"]


def test_no_c():
    assert read(network(bias=False)).lambda_c == math.inf
    zero = network()
    nn.init.zeros_(zero[2].bias)
    found = read(zero, {"c": None})
    assert found.lambda_c == math.inf
    assert "lambda_c = inf: 2.bias is zero and no optimizer steps it" in found.sentences


class Own(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


OBSTACLES = {
    "free V": (network(), {"V": 0.0}, {}, "No lambda_V: weight_decay = 0 of SGD on 2.weight, .* no minimum"),
    "fixed V": (network(), {"V": None}, {}, "No lambda_V: 2.weight is fixed, as no optimizer steps it"),
    "free c": (network(), {"c": 0.0}, {}, "No lambda_c: weight_decay = 0 of SGD on 2.bias, and a free c is a bias"),
    "fixed c": (network(), {"c": None}, {}, "No lambda_c: 2.bias is fixed and not zero"),
    "free W": (network(), {"W": 0.0}, {}, "lambda_W = 0: "),
    "weight norm": (
        network(hidden=parametrizations.weight_norm(nn.Linear(6, 5))), {"V": None}, {},
        "No lambda_V: 2.weight is computed from other parameters"),
    "a forward of its own": (network(hidden=Own(6, 5)), {}, {}, r"No lambda_V: 2 \(Own\) has a forward function"),
    "ReLU": (network(nn.ReLU()), {}, {}, r"No lambda_V: the last two layers .*; got 2 \(Linear\), then ReLU"),
    "BatchNorm": (network(nn.BatchNorm1d(5)), {}, {}, r"No lambda_V: .*; got 3 \(BatchNorm1d\)"),
    "cross-entropy": (network(), {}, {"loss": "ce"}, "No lambda_V: .*, loss = 'cross-entropy'"),
    "a penalty": (network(), {}, {"penalty": 0.1}, "No lambda_V: .* without a penalty on features"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_where_there_are_none_the_error_says_why(name):
    model, decays, options, told = OBSTACLES[name]
    run = read(model, decays, **options)
    with pytest.raises(ProblemError, match=told) as caught:
        run.arguments(TAIL)
    assert "\n" not in str(caught.value)
    assert run.hidden_obstacles[0] == str(caught.value)


def test_decoupled_decay_has_no_lambda():
    found = read(network(), kind=torch.optim.AdamW)
    assert (found.lambda_v, found.lambda_c) == (None, None)
    assert [one.partition(":")[0] for one in found.hidden_obstacles] == [
        "No lambda_W", "No lambda_b", "No lambda_V", "No lambda_c"]


def test_other_networks_say_nothing_of_it():
    for between in (nn.ReLU(), nn.BatchNorm1d(5), nn.LayerNorm(5)):
        found = read(network(between))
        assert (found.lambda_v, found.lambda_c) == (None, None)
        assert "lambda_V" not in str(found)
    with pytest.raises(UnknownNameError, match="tail"):
        read(network()).arguments("features")
