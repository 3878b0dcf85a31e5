"""What a training run regularizes: against the training loss itself, and against what optimizers do to a parameter."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from torch import nn  # noqa: E402

from ncsolve.errors import ProblemError  # noqa: E402
from ncsolve.torch import FeaturePenalty, lambdas  # noqa: E402
from ncsolve.torch._decays import Training  # noqa: E402


def sgd(model, **options):
    return torch.optim.SGD(model.parameters(), 0.1, **options)


def mlp(*middle, bias=True, out=4):
    return nn.Sequential(nn.Linear(3, 6), *middle, nn.Linear(6, out, bias=bias))


# What an optimizer does to a parameter.

# There the slope of |p - 2 p0|^2 / 2 is minus that of |p|^2 / 2: what is a penalty stays, whatever the step is.  Of
# entries that are all alike Adafactor, too, would stay: its step is as long as its shrinking.
START = [[1.0, 2.0], [3.0, -1.0]]
DECAYING = {"ASGD": {"weight_decay": 0.5, "lambd": 0.5}}
WITHOUT = {"LBFGS", "Rprop", "SparseAdam"}
CLASSES = [name for name in torch.optim.__all__ if isinstance(cls := getattr(torch.optim, name), type)
           and issubclass(cls, torch.optim.Optimizer) and name != "Optimizer"]
RUNS = [(name, {}) for name in CLASSES if name not in WITHOUT] + [
    ("SGD", {"momentum": 0.9, "nesterov": True}), ("SGD", {"momentum": 0.9, "dampening": 0.5}),
    ("Adam", {"amsgrad": True}), ("Adam", {"decoupled_weight_decay": True}),
    ("NAdam", {"decoupled_weight_decay": True}), ("RAdam", {"decoupled_weight_decay": True}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
]


def stays(cls, options):
    start = torch.tensor(START, dtype=torch.float64)
    point = nn.Parameter(start.clone())
    optimizer = cls([point], lr=0.01, **options)
    for _ in range(8):  # beyond the first steps of RAdam, which are not adaptive
        point.grad = point.detach() - 2.0 * start
        optimizer.step()
    return bool((point.detach() - start).abs().max() < 1e-12)  # rounding of the steps of ASGD


@pytest.mark.parametrize(("name", "options"), RUNS)
def test_coupled_is_what_stays_at_the_minimum_of_the_penalized_loss(name, options):
    cls = getattr(torch.optim, name)
    try:
        given = {**DECAYING.get(name, {"weight_decay": 1.0}), **options}
        coupled = stays(cls, given)
    except TypeError:
        pytest.skip(f"this torch has no {name} with {options}")
    model = nn.Sequential(nn.Linear(3, 6), nn.Linear(6, 4, bias=False))
    held = [parameter for parameter in model.parameters() if parameter.ndim == 2]  # Muon takes no others
    found = lambdas(cls(held, lr=0.01, **given), model, 12, 4)
    assert found.weight_decays["1.weight"] == (1.0, "coupled" if coupled else "decoupled")
    assert found.lambda_w == (2.0 if coupled else None)
    assert name in found.sentences[0]
    if coupled:
        assert found.arguments()["lambda_w"] == 2.0
    else:
        with pytest.raises(ProblemError, match=rf"No lambda_W: weight_decay = 1 of {name} on 1\.weight is decoupled"):
            found.arguments()


@pytest.mark.parametrize(("name", "kind"), [("Adam", "coupled"), ("AdamW", "decoupled"), ("NAdam", "coupled")])
def test_an_older_torch_has_no_word_for_it_in_the_group(name, kind):
    model = mlp()
    optimizer = getattr(torch.optim, name)(model.parameters(), weight_decay=0.1)
    for group in optimizer.param_groups:
        group.pop("decoupled_weight_decay", None)
    assert lambdas(optimizer, model, 12, 4).weight_decays["1.weight"] == (0.1, kind)


def test_optimizers_without_weight_decay():
    model = mlp()
    for name in sorted(WITHOUT):
        cls = getattr(torch.optim, name)
        assert "weight_decay" not in cls(model.parameters()).param_groups[0]
        found = lambdas(cls(model.parameters()), model, 12, 4)
        assert (found.lambda_w, found.lambda_b) == (0.0, 0.0)
        with pytest.raises(ProblemError, match=f"lambda_W = 0: weight_decay = 0 of {name} on 1.weight, .* no minimum"):
            found.arguments()


def test_each_parameter_group_and_a_list_of_optimizers():
    model = mlp(nn.BatchNorm1d(6))
    head = torch.optim.AdamW([{"params": [model[2].weight], "weight_decay": 0.1}, {"params": [model[2].bias]}],
                             weight_decay=0.0)
    body = torch.optim.SGD([*model[0].parameters(), *model[1].parameters()], 0.1, weight_decay=0.3)
    found = lambdas([head, body], model, 12, 4)
    assert found.weight_decays == {
        "2.weight": (0.1, "decoupled"), "2.bias": (0.0, "decoupled"), "1.weight": (0.3, "coupled"),
        "1.bias": (0.3, "coupled"),
    }
    assert (found.lambda_w, found.lambda_b) == (None, 0.0)  # no decay is none, whatever is not coupled
    assert found.lambda_h == pytest.approx(0.3 * 2 / 12, rel=1e-15)
    with pytest.raises(ProblemError, match=r"one of shape \(6, 3\) in SGD and SGD, give the optimizer that steps it"):
        lambdas([body, sgd(model)], mlp_of(model), 12, 4)


def mlp_of(model):
    """The head on the layer that two optimizers hold."""
    return nn.Sequential(model[0], nn.Linear(6, 4))


class Own(torch.optim.SGD):
    """An optimizer that torch.optim does not have: its step may be anything."""


@pytest.mark.parametrize(("make", "words"), [
    (lambda model: torch.optim.lr_scheduler.StepLR(sgd(model), 1), "got StepLR, give the optimizer itself"),
    (lambda model: [], "got NoneType, give the optimizer itself"),
    (lambda model: "sgd", "got str, give the optimizer itself"),
    (lambda model: sgd(mlp()), "must hold parameters of the model; got SGD with none of them"),
    (lambda model: sgd(model, maximize=True), "must minimize the loss; got SGD with maximize=True"),
    (lambda model: Own(model.parameters(), 0.1), "must be known; got Own, which torch.optim does not have"),
])
def test_what_is_no_optimizer_of_this_training(make, words):
    model = mlp()
    with pytest.raises(ProblemError, match=words):
        lambdas(make(model), model, 12, 4)


def test_an_optimizer_that_is_not_known_is_what_the_user_says():
    model = mlp()
    own = Own(model.parameters(), 0.1, weight_decay=0.5)
    assert lambdas(own, model, 12, 4, coupled=True).lambda_w == 1.0
    assert lambdas(own, model, 12, 4, coupled=False).lambda_w is None
    with pytest.raises(ProblemError, match=r"coupled is for optimizers that torch.optim does not have; got SGD"):
        lambdas(sgd(model), model, 12, 4, coupled=False)


class OwnAdamW(torch.optim.AdamW):
    """AdamW by another name."""


class OwnAdam(torch.optim.Adam):
    """Its step might shrink, whatever the groups have of Adam."""


class OtherWord(torch.optim.Optimizer):
    def __init__(self, params, wd):
        super().__init__(params, {"lr": 0.1, "wd": wd})


def test_an_optimizer_that_is_not_known_is_not_at_odds_with_its_groups():
    model = mlp()
    for coupled in (True, False):
        with pytest.raises(ProblemError, match=r"its weight_decay; got OtherWord with the options lr, wd, set"):
            lambdas(OtherWord(model.parameters(), 0.1), model, 12, 4, coupled=coupled)
    said = OtherWord(model.parameters(), 0.1)
    for group in said.param_groups:
        group["weight_decay"] = group["wd"]
    assert lambdas(said, model, 12, 4, coupled=True).lambda_w == 0.2
    own = OwnAdamW(model.parameters(), weight_decay=0.1)
    assert lambdas(own, model, 12, 4, coupled=False).lambda_w is None
    with pytest.raises(ProblemError, match=r"coupled=True must not deny .*; got OwnAdamW, whose"):
        lambdas(own, model, 12, 4, coupled=True)
    for group in own.param_groups:
        group.pop("decoupled_weight_decay", None)  # an older torch
    with pytest.raises(ProblemError, match=r"got OwnAdamW, whose weight decay is decoupled"):
        lambdas(own, model, 12, 4, coupled=True)
    own = OtherWord(model.parameters(), 0.1)
    own.param_groups[0]["weight_decay"] = None
    with pytest.raises(ProblemError, match="weight_decay of OtherWord must be a number"):
        lambdas(own, model, 12, 4, coupled=True)
    adam = OwnAdam(model.parameters(), weight_decay=0.1)
    assert lambdas(adam, model, 12, 4, coupled=True).lambda_w == 0.2
    assert lambdas(adam, model, 12, 4, coupled=False).lambda_w is None


@pytest.mark.parametrize(("change", "words"), [
    ({"samples": 0}, "samples must be an integer of at least 1"),
    ({"code_length": 5}, "number of outputs of the head, 4"),
    ({"penalty": -1.0}, "must not be negative; got -1"), ({"penalty": "0.1"}, "the penalty must be a number"),
    ({"penalty": FeaturePenalty(0.1, samples=13)}, "samples = 13 there, 12 here"),
])
def test_numbers_that_do_not_fit(change, words):
    model = mlp()
    own = {"samples": 12, "code_length": 4, **change}
    with pytest.raises(ProblemError, match=words):
        lambdas(sgd(model), model, own.pop("samples"), own.pop("code_length"), **own)


# Head.

def test_the_bias_is_free_fixed_or_none():
    free, without = mlp(), mlp(bias=False)
    optimizer = torch.optim.SGD(
        [{"params": [*free[0].parameters(), free[1].weight], "weight_decay": 0.1}, {"params": [free[1].bias]}], 0.1
    )
    assert lambdas(optimizer, free, 12, 4).lambda_b == 0.0
    assert lambdas(sgd(without, weight_decay=0.1), without, 12, 4).lambda_b == math.inf
    free[1].bias.requires_grad_(False)
    fixed = lambdas(optimizer, free, 12, 4)
    assert (fixed.lambda_b, "2.bias" in fixed.weight_decays) == (None, False)
    with pytest.raises(ProblemError, match=r"No lambda_b: 1\.bias is fixed and not zero"):
        fixed.arguments()
    free[1].bias.zero_()
    assert lambdas(optimizer, free, 12, 4).arguments()["lambda_b"] == math.inf


def test_a_weight_that_nothing_trains_or_that_is_computed():
    model = mlp()
    body = torch.optim.SGD(model[0].parameters(), 0.1, weight_decay=0.1)
    assert lambdas(body, model, 12, 4).lambda_w is None
    with pytest.raises(ProblemError, match=r"No lambda_W: 1\.weight is fixed"):
        lambdas(body, model, 12, 4).arguments()
    nn.utils.parametrizations.weight_norm(model[1])
    with pytest.raises(ProblemError, match=r"No lambda_W: 1\.weight is computed from other parameters"):
        lambdas(sgd(model, weight_decay=0.1), model, 12, 4, head="1").arguments()


class Cosine(nn.Linear):
    def forward(self, x):
        return nn.functional.linear(nn.functional.normalize(x), nn.functional.normalize(self.weight))


class Called(nn.Linear):
    """A derived class that does what its base does."""


def test_a_head_that_is_no_plain_linear_layer():
    model = nn.Sequential(nn.Linear(3, 6), Cosine(6, 4, bias=False))
    found = lambdas(sgd(model, weight_decay=0.1), model, 12, 4)
    assert found.lambda_w is None
    with pytest.raises(ProblemError, match=r"No lambda_W: 1 \(Cosine\) has a forward function or forward hooks"):
        found.arguments()
    model[1] = Called(6, 4)
    optimizer = sgd(model, weight_decay=0.1)
    assert lambdas(optimizer, model, 12, 4).arguments()["lambda_w"] == 0.2
    for hook in (model[1].register_forward_hook, model[1].register_forward_pre_hook):
        handle = hook(lambda module, *given: None)
        assert lambdas(optimizer, model, 12, 4).lambda_w is None
        handle.remove()
    assert lambdas(optimizer, model, 12, 4).lambda_w == 0.2


class Returns(nn.Module):
    def __init__(self, returned):
        super().__init__()
        self.body, self.fc, self.returned = nn.Linear(3, 6), nn.Linear(6, 4), returned
        self.soft, self.twice = nn.LogSoftmax(dim=-1), nn.Softplus()

    def forward(self, x):
        return self.returned(self, self.body(x))


def in_place(net, h):
    z = net.fc(h)
    z.div_(0.1)
    return z


def beside(net, h):
    z = net.fc(h)
    return {"logits": z, "best": z.argmax(-1), "soft": [torch.softmax(z, -1)]}


CHANGED = [
    (lambda net, h: net.fc(h) / 0.1, "makes truediv of it"), (lambda net, h: torch.sigmoid(net.fc(h)), "makes sigmoid"),
    (lambda net, h: net.twice(net.fc(h)).squeeze(), "makes Softplus of it"), (in_place, "in place by div_"),
    (lambda net, h: net.fc(h) + net.fc(2 * h), "calls it 2 times"), (lambda net, h: (net.fc(h), net.fc(-h)), "2 times"),
    (lambda net, h: net.fc(h).relu_(), "makes relu_ of it"), (lambda net, h: (net.fc(h), h)[1], "nothing of it"),
]


@pytest.mark.parametrize(("returned", "words"), CHANGED)
def test_the_loss_is_of_other_outputs_than_those_of_the_head(returned, words):
    model = Returns(returned)
    found = lambdas(sgd(model, weight_decay=0.1), model, 12, 4)
    assert found.lambda_w is None
    with pytest.raises(ProblemError, match=f"No lambda_W: the loss must be of the output of fc itself; .*{words}"):
        found.arguments()


@pytest.mark.parametrize("returned", [
    lambda net, h: net.fc(h), lambda net, h: (net.fc(h), h), lambda net, h: net.fc(h).view(-1, 4).float(),
    lambda net, h: net.soft(net.fc(h)), lambda net, h: nn.functional.log_softmax(net.fc(h), -1), beside,
    lambda net, h: net.fc(h[:, None]).transpose(1, 2), lambda net, h: nn.functional.mse_loss(net.fc(h), h),
])
def test_outputs_that_are_returned_as_they_are(returned):
    model = Returns(returned)
    assert lambdas(sgd(model, weight_decay=0.1), model, 12, 4).arguments()["lambda_w"] == 0.2


# Conventions: the training loss against the objective of the paper.

LOSSES = {
    ("mse", "torch-mean"): nn.MSELoss(), ("mse", "paper"): lambda out, y: ((out - y) ** 2).sum() / (2 * len(y)),
    ("mse", "sum"): lambda out, y: ((out - y) ** 2).sum() / 2,
    ("cross-entropy", "torch-mean"): nn.CrossEntropyLoss(),
    ("cross-entropy", "sum"): nn.CrossEntropyLoss(reduction="sum"),
}


def of_the_paper(found, W, H, b, Y, loss):
    """The objective of T0 and T16, from its definition."""
    outputs = H @ W.T + b
    squares = ((outputs - Y) ** 2).sum() / 2
    entropies = (np.log(np.exp(outputs).sum(axis=1)) - (outputs * Y).sum(axis=1)).sum()
    fit = {"mse": squares, "cross-entropy": entropies}[loss] / len(Y)
    return fit + (found.lambda_w * (W**2).sum() + found.lambda_h * (H**2).sum() + found.lambda_b * (b**2).sum()) / 2


class Free(nn.Module):
    """The model itself: features are a parameter."""

    def __init__(self, samples, dim, classes):
        super().__init__()
        self.features = nn.Parameter(torch.randn(samples, dim, dtype=torch.float64))
        self.fc = nn.Linear(dim, classes).double()

    def forward(self, rows):
        return self.fc(self.features)


def factor_error(samples, classes, loss, name, decays):
    """How far training loss and objective of the paper, over two points, are from one factor."""
    ratios = []
    w, h, b = decays
    for seed in range(2):
        torch.manual_seed(seed)
        model = Free(samples, 3, classes)
        groups = [{"params": [own], "weight_decay": decay} for own, decay in
                  [(model.fc.weight, w), (model.features, h), (model.fc.bias, b)]]
        found = lambdas(torch.optim.SGD(groups, 0.1), model, samples, classes, loss=loss, convention=name)
        targets = torch.eye(classes, dtype=torch.float64)[torch.arange(samples) % classes]
        training = LOSSES[loss, name](model(None), targets) + sum(
            group["weight_decay"] / 2 * (group["params"][0] ** 2).sum() for group in groups
        )
        arrays = [own.detach().numpy() for own in (model.fc.weight, model.features, model.fc.bias)]
        ratios.append(float(training.detach()) / of_the_paper(found, *arrays, targets.numpy(), loss))
    return abs(ratios[0] / ratios[1] - 1)


@pytest.mark.parametrize(("loss", "name"), LOSSES)
@settings(max_examples=15)
@given(samples=st.integers(1, 9), classes=st.integers(2, 6), decays=st.tuples(*[st.floats(1e-3, 10.0)] * 3))
def test_the_training_loss_is_the_objective_of_the_paper_but_for_a_factor(loss, name, samples, classes, decays):
    assert factor_error(samples, classes, loss, name, decays) < 1e-12  # rounding of a few sums


@pytest.mark.parametrize(("loss", "name"), [("mse", "torch-mean"), ("mse", "sum"), ("cross-entropy", "sum")])
def test_a_forgotten_factor_is_noticed(loss, name, monkeypatch):
    assert factor_error(6, 4, loss, name, (0.3, 0.2, 0.1)) < 1e-12
    monkeypatch.setattr(Training, "in_paper", lambda self, decay: decay)
    assert factor_error(6, 4, loss, name, (0.3, 0.2, 0.1)) > 1e-3
