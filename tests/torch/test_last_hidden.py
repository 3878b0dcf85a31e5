"""The last two layers by a probe: found, measured as by hand, and refused in one line where they are none."""

import copy
import math

import numpy as np
import pytest

import ncsolve
from ncsolve import ProblemError
from ncsolve.errors import UnknownNameError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations, weight_norm  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from ncsolve.torch import Probe, Recorder  # noqa: E402
from tests.torch.models import Called  # noqa: E402

TAIL = "last hidden layer"
LAMBDAS = {"lambda_w": 1e-2, "lambda_v": 2e-2, "lambda_c": 3e-2, "lambda_b": 0.1}
GENERATOR = torch.Generator().manual_seed(1)
X, Y = torch.randn(24, 4, generator=GENERATOR), torch.arange(24) % 3


def mlp(*between, bias=True, hidden_bias=True):
    """4 inputs, z of 6, h of 5 and 3 outputs."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5, bias=hidden_bias), *between, nn.Linear(5, 3, bias=bias),
    )


def arrays(layer):
    return [None if part is None else part.detach().double().numpy() for part in (layer.weight, layer.bias)]


def statistics(z, y=Y):
    return ncsolve.FeatureStatistics(3, z.shape[1]).update(z.detach().double().numpy(), y.numpy())


def by_hand(model, x=X, y=Y, **options):
    """The measurement of ``mlp``, by numpy."""
    stats = statistics(model[:2](x), y)
    problem = stats.metric_problem("onehot", **options)
    return ncsolve.measure(stats, *arrays(model[-1]), problem, hidden=tuple(arrays(model[2])))


def same(found, wanted):
    """Both gather sums in double precision, of terms of the size of one, in another order."""
    assert found.loss == pytest.approx(wanted.loss, rel=1e-12)
    # the minimum is solved for to a billionth
    assert found.minimum == pytest.approx(wanted.minimum, rel=1e-8)
    assert found.gap == pytest.approx(wanted.gap, rel=1e-6)
    np.testing.assert_allclose(found.gram, wanted.gram, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"convention": "torch-mean"}, {"convention": "sum"}, {"lambda_c": None}],
                         ids=str)
@pytest.mark.parametrize("size", [24, 7])
def test_the_numbers_are_those_of_features_taken_by_hand(options, size):
    model = mlp()
    loader = DataLoader(TensorDataset(X, Y), batch_size=size, shuffle=True)
    chosen = {**LAMBDAS, **options}
    found = Probe(model, tail=TAIL).measure(loader, **chosen)
    same(found, by_hand(model, **chosen))
    assert isinstance(found, ncsolve.MetricMeasurement)
    assert found.gap > 0


def test_a_part_of_the_training_set_counts_as_all_of_it():
    """A loss that is a sum over N has weight decays over N, which is that of the training."""
    part = Probe(mlp(), tail=TAIL).measure([(X, Y)], samples=48, convention="sum", **LAMBDAS)
    same(part, by_hand(mlp(), **{name: value / 48 for name, value in LAMBDAS.items()}))
    with pytest.raises(ProblemError, match=r"samples must be .*24.*; got 23"):
        Probe(mlp(), tail=TAIL).measure([(X, Y)], samples=23, **LAMBDAS)


def test_layers_without_a_bias():
    model = mlp(bias=False, hidden_bias=False)
    found = Probe(model, tail=TAIL).measure([(X, Y)], lambda_w=1e-2, lambda_v=2e-2)
    assert (found.problem.lambda_c, found.problem.lambda_b) == (math.inf, math.inf)
    same(found, by_hand(model, lambda_w=1e-2, lambda_v=2e-2, lambda_c=math.inf, lambda_b=math.inf))
    with pytest.raises(ProblemError, match=r"lambda_c is the weight decay of c, which .* does not have; got 0.1"):
        Probe(model, tail=TAIL).measure([(X, Y)], lambda_w=1e-2, lambda_v=2e-2, lambda_c=0.1)
    with pytest.raises(ProblemError, match="a head with a bias needs its weight decay"):
        Probe(mlp(), tail=TAIL).measure([(X, Y)], lambda_w=1e-2, lambda_v=2e-2)


def test_the_features_of_the_tail_are_those_that_it_sees():
    model = mlp()
    probe = Probe(model, tail=TAIL)
    assert (probe.head_name, probe.hidden_name, probe.hidden) == ("3", "2", model[2])
    assert Probe(model).hidden is None
    z = model[:2](X)
    outputs, seen = probe(X)
    assert torch.equal(seen, z)
    assert outputs.requires_grad
    (given, _), = probe.batches([(X, Y)])
    assert torch.equal(given, z)
    stats = probe.statistics([(X, Y)])
    np.testing.assert_allclose(stats.class_means, statistics(z).class_means, rtol=1e-13)
    # its head is what the two layers make together
    assert stats.accuracy == np.mean(model(X).argmax(1).numpy() == Y.numpy())
    assert TAIL in repr(probe)


CALLED = {
    "identity": lambda parts, x: parts["fc"](parts["id"](parts["v"](x))),
    "a view of more dimensions": lambda parts, x: parts["fc"](parts["v"](x).unsqueeze(1).flatten(1)),
    "another precision": lambda parts, x: parts["fc"](parts["v"](x).double().float()),
    "branches on data": lambda parts, x: parts["fc"](parts["v"](x)) if x.sum() < 1e9 else x,
}


@pytest.mark.parametrize("name", CALLED)
def test_what_changes_no_number_may_be_between(name):
    torch.manual_seed(0)
    model = Called(CALLED[name], id=nn.Identity(), v=nn.Linear(4, 5), fc=nn.Linear(5, 3))
    probe = Probe(model, tail=TAIL)
    assert probe.hidden_name == "parts.v"
    stats = statistics(X)
    parts = model.parts
    wanted = ncsolve.measure(
        stats, *arrays(parts["fc"]), stats.metric_problem(**LAMBDAS), hidden=tuple(arrays(parts["v"]))
    )
    same(probe.measure([(X, Y)], **LAMBDAS), wanted)


@pytest.mark.parametrize("between", [nn.Dropout(0.5), nn.Identity(), nn.Flatten()])
def test_dropout_rests_and_shapes_stay(between):
    found = Probe(mlp(between).train(), tail=TAIL).measure([(X, Y)], **LAMBDAS)
    same(found, by_hand(mlp(), **LAMBDAS))


OTHERS = {
    "ReLU": (mlp(nn.ReLU()), r"2 \(Linear\), then ReLU"),
    "BatchNorm": (mlp(nn.BatchNorm1d(5)), r"3 \(BatchNorm1d\)"),
    "LayerNorm": (mlp(nn.LayerNorm(5)), r"3 \(LayerNorm\)"),
    "GELU": (mlp(nn.GELU()), r"2 \(Linear\), then activation"),
    "no layer at all": (nn.Sequential(nn.ReLU(), nn.Linear(4, 3)), "the input 'input', then ReLU"),
    "a convolution": (
        nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3)),
        r"0 \(Conv2d\), then average pooling"),
    "positions": (
        nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Linear(2, 3), nn.Flatten(), nn.Linear(6, 3)), r"1 \(Linear\)"),
    "without gradient": (
        Called(lambda parts, x: parts["fc"](parts["v"](x).detach()), v=nn.Linear(4, 5), fc=nn.Linear(5, 3)),
        "the result of detach"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_is_below_the_head_is_told(name):
    model, told = OTHERS[name]
    with pytest.raises(ProblemError, match=rf"the head must see the output of a .*; got {told}") as caught:
        Probe(model, tail=TAIL)
    assert "\n" not in str(caught.value)


def forward(step):
    """A forward function that no trace follows, with a step between the two layers."""
    return lambda parts, x: parts["fc"](step(parts["v"](x))) if x.sum() < 1e9 else x


@pytest.mark.parametrize("step", [
    torch.relu, torch.relu_, lambda h: h * 1.0001, lambda h: h.clamp(min=-50.0), lambda h: h[:, [1, 0, 2, 3, 4]],
    lambda h: h.add_(0.0),
])
def test_without_a_trace_a_forward_pass_shows_it(step):
    """Also where the numbers are the same, as of a ReLU whose inputs are all positive."""
    model = Called(forward(step), v=nn.Linear(4, 5), fc=nn.Linear(5, 3))
    with torch.no_grad():
        model.parts["v"].bias += 20.0
    with pytest.raises(ProblemError, match=r"got 'parts.v', and something between the two that changes it"):
        Probe(model, tail=TAIL).measure([(X, Y)], **LAMBDAS)


def test_without_a_trace_it_is_the_last_layer_registered_before():
    outside = Called(lambda parts, x: parts["fc"](x) if x.sum() < 1e9 else x, fc=nn.Linear(4, 3), v=nn.Linear(3, 4))
    with pytest.raises(ProblemError, match="got a model without one"):
        Probe(outside, "parts.fc", tail=TAIL)
    other = Called(lambda parts, x: parts["fc"](x) if x.sum() < 1e9 else x, v=nn.Linear(3, 2), fc=nn.Linear(4, 3))
    with pytest.raises(ProblemError, match=r"got parts.v \(Linear\) with outputs of another size"):
        Probe(other, tail=TAIL)


def test_a_layer_that_is_called_twice_or_tied_is_refused():
    twice = Called(lambda parts, x: parts["fc"](parts["v"](parts["v"](x))), v=nn.Linear(4, 4), fc=nn.Linear(4, 3))
    with pytest.raises(ProblemError, match=r"last hidden layer must be called once .*; 'parts.v' was called 2 times"):
        Probe(twice, tail=TAIL).measure([(X, Y)], **LAMBDAS)
    tied = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 3))
    tied[2].weight = tied[0].weight
    with pytest.raises(ProblemError, match=r"the last hidden layer's weight .* got '2' tied to '0.weight', .* count V"):
        Probe(tied, tail=TAIL)
    square = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    square[0].weight = square[1].weight
    with pytest.raises(ProblemError, match="the head's weight must be a variable of its own"):
        Probe(square, tail=TAIL)


class Turned(nn.Linear):
    def forward(self, x):
        return x @ self.weight + self.bias


def test_a_layer_that_does_not_compute_v_z_plus_c_is_refused():
    for layer in (Turned(6, 6), nn.Linear(6, 6)):
        model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), layer, nn.Linear(6, 3))
        if not isinstance(layer, Turned):
            layer.register_forward_hook(lambda module, inputs, output: 1.01 * output)
        with pytest.raises(ProblemError, match=r"last hidden layer must compute V z \+ c; '2' gives outputs .* from"):
            Probe(model, tail=TAIL).measure([(X, Y)], **LAMBDAS)


def test_weights_that_are_made_of_others():
    model = mlp()
    parametrizations.weight_norm(model[2])
    same(Probe(model, tail=TAIL).measure([(X, Y)], **LAMBDAS), by_hand(model, **LAMBDAS))
    hooked = mlp()
    with pytest.warns(FutureWarning, match="parametrizations"):
        weight_norm(hooked[2])
    with pytest.raises(ProblemError, match="the last hidden layer's weight must be up to date"):
        Probe(hooked, tail=TAIL)
    broken = mlp()
    with torch.no_grad():
        broken[2].weight[0, 0] = math.nan
    with pytest.raises(ProblemError, match="the last hidden layer must be finite"):
        Probe(broken, tail=TAIL).measure([(X, Y)], **LAMBDAS)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_features_of_any_precision(kind):
    """Both layers and z are taken as they are, in whatever type the model computes, and summed in double precision."""
    model, x = mlp().to(kind), X.to(kind)
    same(Probe(model, tail=TAIL).measure([(x, Y)], **LAMBDAS), by_hand(model, x, **LAMBDAS))


def test_under_autocast_z_is_what_the_layer_sees():
    model = mlp()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Probe(model, tail=TAIL).measure([(X, Y)], **LAMBDAS)
        z = model[:2](X)
    assert z.dtype == torch.bfloat16
    np.testing.assert_allclose(found.problem.class_means, statistics(z).class_means, rtol=1e-12, atol=1e-13)


def test_positions_that_count_are_samples():
    torch.manual_seed(0)
    x, y = torch.randn(6, 4, 4), torch.arange(24).reshape(6, 4) % 3
    model, y[2, 1] = mlp(), -100
    found = Probe(model, tail=TAIL).measure([(x, y)], ignore_index=-100, **LAMBDAS)
    counted = y.flatten() >= 0
    same(found, by_hand(model, x.reshape(24, 4)[counted], y.flatten()[counted], **LAMBDAS))
    assert found.problem.samples == 23


def test_classes_without_samples_are_left_out():
    found = Probe(mlp(), tail=TAIL).measure([(X[Y < 2], Y[Y < 2])], **LAMBDAS)
    assert (found.problem.classes, found.problem.code_length) == (2, 3)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # which torch.compile itself calls
def test_wrapped_models_are_looked_through():
    model = mlp()
    plain = Probe(model, tail=TAIL).measure([(X, Y)], **LAMBDAS)
    compiled = torch.compile(model, backend="eager")
    compiled(X)
    in_part = nn.Sequential(*model[:2], torch.compile(model[2], backend="eager"), model[3])
    with torch.no_grad():
        in_part(X)
    own = copy.deepcopy(model)
    own.compile(backend="eager")
    own(X)
    for wrapped in (nn.DataParallel(model), compiled, in_part, own, torch.compile(nn.DataParallel(model))):
        probe = Probe(wrapped, tail=TAIL)
        assert (probe.measure([(X, Y)], **LAMBDAS).loss, probe.hidden_name) == (plain.loss, "2")
        assert probe(X)[1].shape == (24, 6)


def test_the_training_does_not_notice():
    model = mlp(nn.Dropout(0.3)).train()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    Probe(model, tail=TAIL).measure([(X, Y)], **LAMBDAS)
    assert all(torch.equal(own, before[name]) for name, own in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert model[3].training
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in model)


def test_recomputed_statistics_of_batch_norm_below():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 5), nn.Linear(5, 3)).double()
    x = X.double()
    wanted = by_hand(model.train(), x, **LAMBDAS)  # in the mode of training, on all samples
    model[1].reset_running_stats()
    same(Probe(model, tail=TAIL).measure([(x[:9], Y[:9]), (x[9:], Y[9:])], bn="recompute", **LAMBDAS), wanted)


@pytest.mark.parametrize(("options", "told"), [
    ({"lambda_h": 0.1}, r"takes the place of it; got lambda_h = 0.1, pass lambda_v"),
    ({"lambda_h": "norm"}, r"got lambda_h = 'norm', pass lambda_v"),
    ({"lambda_v": None}, r"the weight decay of that layer is needed; got none, pass lambda_v"),
    ({"loss": "ce"}, r"is known for loss = 'mse'; got 'cross-entropy'"),
    ({"features": "relu"}, r"is known for features = 'linear'; got 'relu'"),
    ({"scatter": "projected"}, r"is known for scatter = 'full'; got 'projected'"),
    ({"lambda_v": -1.0}, r"lambda_v"),
    ({"encoding": np.eye(4)}, r"codes must be as long as the head has outputs, 3"),
])
def test_options_of_another_tail_are_one_line(options, told):
    with pytest.raises(ProblemError, match=told) as caught:
        Probe(mlp(), tail=TAIL).measure([(X, Y)], **{**LAMBDAS, **options})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("options", "told"), [
    ({"lambda_h": 0.1, "lambda_v": 0.2}, r"lambda_v is a weight decay of the last hidden layer, .*; got 0.2, make it"),
    ({"lambda_h": 0.1, "lambda_c": 0.3}, r"lambda_c is a weight decay of the last hidden layer, .*; got 0.3, make it"),
    ({}, "the features need a penalty or what stands for it; got no lambda_h"),
])
def test_the_head_alone_takes_lambda_h(options, told):
    with pytest.raises(ProblemError, match=told):
        Probe(mlp()).measure([(X, Y)], lambda_w=0.1, lambda_b=0.1, **options)


def test_other_tails_and_recorders():
    with pytest.raises(UnknownNameError, match="tail"):
        Probe(mlp(), tail="last two layers")
    with pytest.raises(ProblemError, match=r"got a probe with tail='last hidden layer', record with Probe\(model\)"):
        Recorder(Probe(mlp(), tail=TAIL), [(X, Y)], "run.npz", lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1)
