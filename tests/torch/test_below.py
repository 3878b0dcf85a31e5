"""What is below the head: seen alike however it is written, and the model stays as it is."""

import operator
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from ncsolve.errors import ProblemError, UnknownNameError  # noqa: E402
from ncsolve.torch import lambdas  # noqa: E402
from ncsolve.torch._below import below_head, named_below  # noqa: E402
from ncsolve.torch._head import find_head  # noqa: E402


class Net(nn.Module):
    """Two convolutions and a head, with the tail that a function of (net, images) makes."""

    def __init__(self, tail, dim=6):
        super().__init__()
        self.conv, self.skip = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(3, 6, 1)
        self.bn, self.relu, self.pool = nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        self.norm = nn.LayerNorm(6)
        self.fc = nn.Linear(dim, 4)
        self.tail, self.calls = tail, 0

    def forward(self, x):
        self.calls += 1
        return self.fc(self.tail(self, x))


def found(model):
    name, head = find_head(model)
    return below_head(model, name, head)


def pooled(net, x):
    return torch.flatten(net.pool(x), 1)


RESIDUAL = [
    lambda net, x: pooled(net, F.relu(net.bn(net.conv(x)) + net.skip(x))),
    lambda net, x: pooled(net, torch.relu(net.bn(net.conv(x)).add(net.skip(x)))),
    lambda net, x: torch.relu_(net.bn(net.conv(x)) + net.skip(x)).mean([2, 3]),
    lambda net, x: F.adaptive_avg_pool2d((net.bn(net.conv(x)) + net.skip(x)).relu(), (1, 1)).view(x.size(0), -1),
    lambda net, x: net.relu(net.bn(net.conv(x)) + net.skip(x)).mean(dim=(-2, -1)),
    lambda net, x: torch.mean(F.relu(operator.add(net.bn(net.conv(x)), net.skip(x)), inplace=True), dim=(2, 3)),
]


@pytest.mark.parametrize("tail", RESIDUAL)
def test_a_residual_sum_and_relu_however_it_is_written(tail):
    below = found(Net(tail))
    assert (below.kind, below.module) == ("relu", None)
    assert [step for step in below.passed if step != "shape"] == ["average pooling", "ReLU"]


TAILS = {
    "batch-norm-relu": [
        lambda net, x: pooled(net, net.relu(net.bn(net.conv(x)))),
        lambda net, x: F.relu(F.dropout(net.pool(net.bn(net.conv(x))).flatten(1), 0.3, net.training)),
        lambda net, x: F.relu6(net.bn(net.conv(x))).mean((2, 3)),
    ],
    "batch-norm": [
        lambda net, x: pooled(net, net.bn(net.conv(x))),
        lambda net, x: F.silu(net.bn(net.conv(x))).amax((2, 3)),
        lambda net, x: net.bn(net.relu(net.conv(x))).reshape(x.shape[0], 6, -1)[:, :, 0],
    ],
    "relu": [
        lambda net, x: F.max_pool2d(net.relu(net.conv(x)), 8).flatten(1),
        lambda net, x: torch.relu(net.norm(pooled(net, net.conv(x)))),
    ],
    "layer-norm": [
        lambda net, x: net.norm(net.conv(x).flatten(2).transpose(1, 2))[:, 0],
        lambda net, x: F.layer_norm(pooled(net, net.conv(x)), (6,)),
    ],
    "linear": [
        lambda net, x: pooled(net, net.conv(x)),
        lambda net, x: net.conv(x).contiguous().mean((2, 3)).float(),
    ],
    "other": [
        lambda net, x: pooled(net, net.conv(x) + net.skip(x)),
        lambda net, x: F.gelu(pooled(net, net.conv(x))),
        lambda net, x: torch.sigmoid(pooled(net, net.conv(x))),
        lambda net, x: torch.cat([pooled(net, net.relu(net.conv(x)))], 1),
        lambda net, x: net.bn(net.conv(x)).mean((2, 3)) * 2.0,
        lambda net, x: F.alpha_dropout(pooled(net, net.bn(net.conv(x))), 0.1, True),
    ],
    "none": [lambda net, x: F.relu(x.mean((2, 3))), lambda net, x: F.gelu(x.mean((2, 3)).detach()),
             lambda net, x: x.mean((2, 3)).repeat(1, 2)[:, :6].detach(), lambda net, x: x.flatten(1)[:, :6]],
}


@pytest.mark.parametrize(("kind", "tail"), [(kind, tail) for kind, tails in TAILS.items() for tail in tails])
def test_every_kind_of_layer_is_found(kind, tail):
    assert found(Net(tail)).kind == kind


def test_the_walk_ends_at_the_layer_of_the_model_itself_and_not_of_a_copy():
    net = Net(lambda net, x: pooled(net, net.relu(net.bn(net.conv(x)))))
    below = found(net)
    assert below.module is net.bn
    assert str(below) == "bn (BatchNorm2d), then ReLU, then average pooling"


@pytest.mark.parametrize("training", [True, False])
def test_the_model_stays_as_it_is(training):
    net = Net(lambda net, x: pooled(net, net.relu(net.bn(net.conv(x))))).train(training)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    own = {name: value for name, value in net.named_parameters()}
    state = torch.random.get_rng_state()
    found(net)
    assert net.calls == 0
    assert {module.training for module in net.modules()} == {training}
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(value is own[name] for name, value in net.named_parameters())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_buffers_and_random_numbers_stay_as_they_are():
    def tail(net, x):
        net.steps += 1
        net.seen = net.steps + random.random() + np.random.rand() + torch.rand(())  # noqa: NPY002
        return pooled(net, net.bn(net.conv(x)))

    net = Net(tail)
    net.register_buffer("steps", torch.zeros(()))
    net.register_buffer("seen", torch.zeros(()))
    seen, states = net.seen, (torch.get_rng_state(), random.getstate(), str(np.random.get_state()))  # noqa: NPY002
    assert found(net).module is net.bn
    assert (net.steps, net.seen) == (0.0, 0.0)
    assert net.seen is seen
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert str(np.random.get_state()) == states[2]  # noqa: NPY002


def test_dropout_is_seen_in_the_mode_of_evaluation_and_only_if_it_drops():
    body = [nn.Linear(3, 6), nn.ReLU()]
    for layer, drops in [(nn.Dropout(0.5), True), (nn.Dropout(0.0), False), (nn.Identity(), False)]:
        assert ("dropout" in found(nn.Sequential(*body, layer, nn.Linear(6, 4)).eval()).passed) is drops
    for call, drops in [
        (lambda net, x: F.dropout(pooled(net, x), 0.2, net.training), True),
        (lambda net, x: F.dropout(pooled(net, x), p=0.0), False),
        (lambda net, x: F.dropout(pooled(net, x), training=False), False),
        (lambda net, x: torch.dropout(pooled(net, x), 0.2, net.training), True),
    ]:
        assert ("dropout" in found(Net(call, dim=3).eval()).passed) is drops


class Named(nn.BatchNorm1d):
    """A derived class that does what its base does."""


class Fivefold(nn.BatchNorm1d):
    def forward(self, x):
        return 5 * super().forward(x if x.ndim > 1 else x[None])  # cannot be traced


class Scaled(nn.ReLU):
    def forward(self, x):
        return 5 * torch.relu(x)


def test_only_derived_classes_without_a_forward_function_of_their_own_are_their_base():
    def with_body(layer, activation):
        body, head = nn.Sequential(nn.Linear(3, 6), layer), nn.Sequential(activation, nn.Sequential(nn.Linear(6, 4)))
        return nn.Sequential(body, head)

    assert found(with_body(Named(6), nn.ReLU())).kind == "batch-norm-relu"
    fivefold = found(with_body(Fivefold(6), nn.ReLU()))
    assert (fivefold.kind, fivefold.name) == ("relu", "0.1")
    scaled = with_body(nn.BatchNorm1d(6), Scaled())
    assert (found(scaled).kind, found(scaled).name) == ("other", "1.0")
    assert lambdas(sgd(scaled, weight_decay=0.1), scaled, 12, 4).lambda_h == "norm"
    instance = nn.BatchNorm1d(6)
    instance.forward = lambda x: 5 * x
    assert found(with_body(instance, nn.Identity())).kind == "other"
    hooked = nn.BatchNorm1d(6)
    handle = hooked.register_forward_hook(lambda module, args, output: 5 * output)
    assert found(with_body(hooked, nn.Identity())).kind == "other"
    handle.remove()
    assert found(with_body(hooked, nn.Identity())).kind == "batch-norm"


AS_RELU = [
    lambda x: x.clamp(min=0), lambda x: x.clamp(0), lambda x: x.clamp_(0.0),
    lambda x: torch.clamp(x, min=0, max=None), lambda x: torch.clip(x, 0), lambda x: torch.clamp_min(x, 0),
    lambda x: x.clamp_min(0), lambda x: F.threshold(x, 0, 0),
    lambda x: torch.threshold_(x, 0.0, 0.0), nn.Threshold(0, 0), lambda x: F.relu_(x),
]
NO_RELU = [
    lambda x: x.clamp(min=1), lambda x: x.clamp(max=0), lambda x: x.clamp(0, 6), lambda x: x.clamp(min=x.mean()),
    lambda x: torch.clamp_min(x, -1), lambda x: F.threshold(x, 0, 5),
    lambda x: F.threshold(x, 1, 0), nn.Threshold(0, 1), nn.Threshold(1, 0),
]


@pytest.mark.parametrize(("call", "kind"), [*((call, "batch-norm-relu") for call in AS_RELU),
                                            *((call, "other") for call in NO_RELU)])
def test_a_relu_by_another_name(call, kind):
    net = Net(lambda net, x: pooled(net, net.call(net.bn(net.conv(x)))))
    net.call = call
    assert found(net).kind == kind
    if kind == "batch-norm-relu":
        x = torch.randn(50)
        assert torch.equal(call(x.clone()), torch.relu(x))


def test_batch_normalization_at_rest_is_an_affine_map():
    net = Net(lambda net, x: pooled(net, net.bn(net.conv(x))))
    net.bn.eval()
    assert found(net).kind == "other"
    assert found(net.eval()).kind == "batch-norm"  # all of it rests: it says nothing of the training


def test_features_that_are_a_parameter():
    class Free(nn.Module):
        def __init__(self):
            super().__init__()
            self.features, self.fc = nn.Parameter(torch.randn(12, 5)), nn.Linear(5, 3)

        def forward(self, rows):
            return self.fc(self.features[rows])

    free = Free()
    below = found(free)
    assert (below.kind, below.name, below.passed) == ("parameter", "features", ("a choice of positions",))
    assert below.module is free.features


def two_views(net, x):
    z = net.bn(net.conv(x))
    view = z.flatten(2)
    view += 1.0
    return z.mean((2, 3))


def changing(change):
    """A tail that changes what batch normalization gives, and goes on with that."""
    def tail(net, x):
        z = net.bn(net.conv(x))
        change(net, z)
        return pooled(net, z)

    return tail


CHANGES = {
    "mul_": lambda net, z: z.mul_(3), "add_": lambda net, z: z.flatten(2)[:, :, 0].add_(1.0),
    "relu_": lambda net, z: torch.relu_(z), "relu": lambda net, z: F.relu(z, inplace=True),
    "hardswish": lambda net, z: F.hardswish(z, True), "dropout": lambda net, z: F.dropout(z, 0.5, True, True),
    "ReLU": lambda net, z: net.act(z), "imul": lambda net, z: operator.imul(z, 3.0),
    "exp": lambda net, z: torch.exp(z, out=z), "copy_": lambda net, z: z.data.copy_(z.detach()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_place_is_seen_off_the_path_to_the_head(name):
    net = Net(changing(CHANGES[name]))
    net.act = nn.ReLU(inplace=True)
    below = found(net)
    assert (below.kind, below.module) == ("other", None)
    assert below.name == f"bn, changed in place by {name}"
    assert lambdas(sgd(net, weight_decay=0.1), net, 12, 4).lambda_h == "norm"


def test_a_sum_in_place_changes_whoever_has_the_tensor():
    assert found(Net(two_views)).kind == "other"


@pytest.mark.parametrize("change", [
    lambda net, z: F.relu(z), lambda net, z: F.dropout(z, 0.5, True), lambda net, z: z.requires_grad_(),
    lambda net, z: operator.imul(z.size(0), 2), lambda net, z: operator.imul(z.shape[0], 2),
    lambda net, z: net.conv.weight.mul_(2.0),
])
def test_what_changes_no_features_is_none(change):
    assert found(Net(changing(change))).kind == "batch-norm"


def test_a_change_in_place_on_the_path_is_a_step_of_it_and_one_below_the_layer_is_none():
    assert found(Net(lambda net, x: pooled(net, net.bn(net.conv(x)).relu_()))).kind == "batch-norm-relu"

    def below_the_layer(net, x):
        z = net.conv(x)
        z.mul_(3.0)
        return pooled(net, net.bn(z))

    assert found(Net(below_the_layer)).kind == "batch-norm"


def test_a_body_without_gradient_does_not_move():
    def tail(net, x):
        with torch.no_grad():
            z = net.bn(net.conv(x))
        return pooled(net, z)

    below = found(Net(tail))
    assert (below.kind, below.passed) == ("none", ("shape", "average pooling"))
    net = Net(lambda net, x: pooled(net, net.bn(net.conv(x))))
    with torch.no_grad():  # that of the caller is not that of the training
        assert found(net).kind == "batch-norm"


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.bn, self.b = nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 4)

    def forward(self, x):
        return self.b(self.bn(self.a(x)) if x.sum() > 0 else self.a(x))


def sgd(model, **options):
    return torch.optim.SGD(model.parameters(), 0.1, **options)


def test_what_cannot_be_traced_is_to_be_named():
    net = Branching()
    with pytest.raises(ProblemError, match=r"which failed \(.*control flow\); say it: below = 'batch-norm', "):
        lambdas(sgd(net), net, 12, 4)
    named = lambdas(sgd(net, weight_decay=0.1), net, 12, 4, below="batch-norm")
    traced = nn.Sequential(net.a, net.bn, net.b)
    same = lambdas(sgd(traced, weight_decay=0.1), traced, 12, 4)
    assert (named.lambda_w, named.lambda_h, named.lambda_b) == (same.lambda_w, same.lambda_h, same.lambda_b)
    assert named.weight_decays == dict.fromkeys(("b.weight", "b.bias", "bn.weight", "bn.bias"), (0.1, "coupled"))
    assert "on scale and shift of bn (BatchNorm1d), as below = 'batch-norm' says" in named.sentences[1]
    assert named_below(net, net.b, "batch-norm").module is net.bn
    assert lambdas(sgd(net, weight_decay=0.1), net, 12, 4, below="relu").features == "relu"
    with pytest.raises(UnknownNameError, match="'batch_norm'; did you mean 'batch-norm'"):
        lambdas(sgd(net), net, 12, 4, below="batch_norm")
    plain = nn.Sequential(nn.Linear(3, 6), nn.Linear(6, 4))
    with pytest.raises(ProblemError, match="is for models with batch normalization before the head; got none"):
        lambdas(sgd(plain), plain, 12, 4, below="batch-norm-relu")


def test_a_head_that_is_not_called_is_refused():
    class Reads(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 6), nn.Linear(6, 4)

        def forward(self, x):
            return self.a(x) @ self.b.weight.T

    net = Reads()
    with pytest.raises(ProblemError, match="must call the head as a module; got b, "):
        lambdas(sgd(net), net, 12, 4)


def test_wrapped_models_are_looked_through():
    net = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 4))
    direct = lambdas(sgd(net, weight_decay=0.1), net, 12, 4)
    for wrapped in (nn.DataParallel(net), torch.compile(net, backend="eager")):
        assert lambdas(sgd(net, weight_decay=0.1), wrapped, 12, 4) == direct
