"""What the layer below the head makes of lambda_H, against the loss of networks in the mode of training."""

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import ncsolve  # noqa: E402
from ncsolve.errors import ProblemError  # noqa: E402
from ncsolve.torch import FeaturePenalty, Probe, lambdas  # noqa: E402
from ncsolve.torch._decays import Training  # noqa: E402

COUNTS = [5, 4, 3]
LABELS = np.repeat(range(3), COUNTS)
N, M, DIM = LABELS.size, 3, 4
# Weight decays of head and bias in the convention of torch; that of batch normalization is given by every test.
W_DECAY, B_DECAY = 0.01, 0.2
# So small that v / (v + eps) is one but for rounding.
EPS = 1e-14


class Tail(nn.Module):
    """Rows that are free, batch normalization, what is above it, and a head."""

    def __init__(self, channels, above, *, positions=None):
        super().__init__()
        shape = (N, channels) if positions is None else (N, channels, positions)
        self.rows = nn.Parameter(torch.randn(shape, dtype=torch.float64))
        self.bn = nn.BatchNorm1d(channels, eps=EPS).double()
        self.above, self.fc = above, nn.Linear(DIM, M).double()

    def forward(self, index):
        return self.fc(self.above(self.bn(self.rows[index])))

    def optimizer(self, scale, shift, w=W_DECAY, b=B_DECAY):
        decays = {self.rows: 0.0, self.bn.weight: scale, self.bn.bias: shift, self.fc.weight: w, self.fc.bias: b}
        return torch.optim.SGD([{"params": [own], "weight_decay": decay} for own, decay in decays.items()], 0.1)

    def give(self, features, W, b):
        """Take features (N, channels * positions) for the layer's own, and a head; what is above changes none."""
        with torch.no_grad():
            samples, channels, *positions = self.rows.shape
            rows = torch.as_tensor(np.array(features)).reshape(samples, channels, -1)
            rows = rows.expand(samples, channels, *(positions or [1]))
            scale, shift = rows.std(dim=(0, 2), correction=0), rows.mean(dim=(0, 2))
            # a row that does not vary is the shift alone, whatever is below
            flat = scale < 1e-9
            self.rows.copy_(rows.reshape(self.rows.shape))
            self.rows[:, flat] += torch.randn_like(self.rows[:, flat])
            self.bn.weight.copy_(torch.where(flat, 0.0, scale))
            self.bn.bias.copy_(shift)
            self.fc.weight.copy_(torch.as_tensor(np.array(W)))
            self.fc.bias.copy_(torch.as_tensor(np.array(b)))

    def move(self, distance):
        with torch.no_grad():
            for own in self.parameters():
                own += distance * torch.randn_like(own)


def training_loss(model, optimizer):
    """The loss of torch, with the penalties that the optimizer adds to its gradient."""
    with torch.no_grad():
        targets = torch.eye(M, dtype=torch.float64)[LABELS]
        fit = nn.MSELoss()(model(torch.arange(N)), targets)
        return float(fit + sum(
            group["weight_decay"] / 2 * (own**2).sum() for group in optimizer.param_groups for own in group["params"]
        ))


def minimum(found, **change):
    values = {"lambda_w": found.lambda_w, "lambda_h": found.lambda_h, "lambda_b": found.lambda_b,
              "features": found.features, **change}
    return ncsolve.solve(ncsolve.UFM(encoding="onehot", classes=M, counts=COUNTS, **values))


def wide(found):
    """Class means in as many dimensions as the network has, and the head."""
    means, W = np.zeros((DIM, M)), np.zeros((M, DIM))
    d = min(found.dim, DIM)
    means[:d], W[:, :d] = np.array(found.class_means)[:d], np.array(found.W)[:, :d]
    return means[:, LABELS].T, W, np.array(found.bias)


TAILS = {
    "batch-norm": lambda: Tail(DIM, nn.Identity()),
    "batch-norm-relu": lambda: Tail(DIM, nn.ReLU()),
    "average": lambda: Tail(DIM, nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten()), positions=3),
    "flatten": lambda: Tail(2, nn.Flatten(), positions=2),
}
DIVIDED_BY = {"flatten": 2 * N}


@pytest.mark.parametrize("name", TAILS)
@pytest.mark.parametrize("b", [0.0, 0.02, B_DECAY])
def test_the_minimum_bounds_the_training_loss_and_is_reached(name, b):
    torch.manual_seed(3)
    model, decay = TAILS[name](), 0.12
    optimizer = model.optimizer(decay, decay, b=b)
    found = lambdas(optimizer, model, N, M)
    # by hand: torch's mean is over m outputs, without a half
    assert found.lambda_w == pytest.approx(W_DECAY * M / 2, rel=1e-15)
    assert found.lambda_b == pytest.approx(b * M / 2, rel=1e-15)
    assert found.lambda_h == pytest.approx(decay * M / 2 / DIVIDED_BY.get(name, N), rel=1e-15)
    assert (found.features == "relu") is (name in ("batch-norm-relu", "average"))
    solved = minimum(found)
    least = solved.loss * 2 / M
    model.give(*wide(solved))
    assert training_loss(model, optimizer) == pytest.approx(least, rel=1e-10)  # EPS against the least variance
    for distance in (1e-3, 0.1, 1.0):
        for _ in range(5):
            model.give(*wide(solved))
            model.move(distance)
            assert training_loss(model, optimizer) > least


def test_a_forgotten_factor_is_noticed(monkeypatch):
    torch.manual_seed(3)
    monkeypatch.setattr(Training, "in_paper", lambda self, decay: decay)
    model = TAILS["batch-norm"]()
    optimizer = model.optimizer(0.12, 0.12)
    solved = minimum(lambdas(optimizer, model, N, M))
    model.give(*wide(solved))
    assert training_loss(model, optimizer) != pytest.approx(solved.loss * 2 / M, rel=0.1)


@pytest.mark.parametrize("above", [nn.SiLU, nn.GELU, nn.Mish, nn.Hardswish, nn.Tanh, nn.ReLU6])
def test_activations_that_make_nothing_longer_keep_the_bound(above):
    torch.manual_seed(5)
    model = Tail(DIM, above())
    optimizer = model.optimizer(0.12, 0.12)
    found = lambdas(optimizer, model, N, M)
    assert found.lambda_h == pytest.approx(0.12 * M / 2 / N, rel=1e-15)
    assert (found.features == "relu") is (above is nn.ReLU6)
    solved = minimum(found)
    for distance in (0.0, 1e-3, 0.1, 1.0):
        model.give(*wide(solved))
        model.move(distance)
        assert training_loss(model, optimizer) > solved.loss * 2 / M - 1e-12


class Masked(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.mask = mask

    def forward(self, features):
        return features * self.mask


def test_dropout_adds_to_the_mean_training_loss():
    """Over all draws at p = 1/2: a mask of the features doubles what it keeps."""
    torch.manual_seed(7)
    model = Tail(DIM, nn.Dropout(0.5))
    optimizer = model.optimizer(0.12, 0.12)
    found = lambdas(optimizer, model, N, M)
    assert found.lambda_h == pytest.approx(0.12 * M / 2 / N, rel=1e-15)
    assert any("Dropout" in sentence for sentence in found.sentences)
    assert "is not reached" in found.sentences[1]
    solved = minimum(found)
    masks = [2.0 * torch.tensor(kept, dtype=torch.float64) for kept in itertools.product((0, 1), repeat=DIM)]
    for distance in (0.0, 1e-3, 0.1):
        model.give(*wide(solved))
        model.move(distance)
        losses = []
        for mask in masks:
            model.above = Masked(mask)
            losses.append(training_loss(model, optimizer))
        assert np.mean(losses) > 1.05 * solved.loss * 2 / M


@pytest.mark.parametrize("above", [nn.Identity, nn.ReLU])
def test_decay_on_the_scale_only_is_a_free_bias(above):
    """The shift lifts all features above zero, where a ReLU does nothing: the bound is that of linear features."""
    torch.manual_seed(11)
    model = Tail(DIM, above())
    optimizer = model.optimizer(0.12, 0.0, b=0.0)
    found = lambdas(optimizer, model, N, M)
    assert (found.lambda_b, found.features) == (0.0, "linear")
    assert found.lambda_h == pytest.approx(0.12 * M / 2 / N, rel=1e-15)
    solved = minimum(found)
    features, W, b = wide(solved)
    model.give(features + 10.0, W, b - W @ np.full(DIM, 10.0))
    assert training_loss(model, optimizer) == pytest.approx(solved.loss * 2 / M, rel=1e-10)
    # with a decay of the head's bias it stays the bound
    penalized = model.optimizer(0.12, 0.0, b=B_DECAY)
    assert lambdas(penalized, model, N, M).lambda_b == 0.0
    for distance in (1e-3, 0.1, 1.0):
        model.give(features + 10.0, W, b - W @ np.full(DIM, 10.0))
        model.move(distance)
        assert training_loss(model, optimizer) > solved.loss * 2 / M
        assert training_loss(model, penalized) > solved.loss * 2 / M
    with pytest.raises(ProblemError, match="give the shift the same weight decay, or measure the features less"):
        found.arguments()


@pytest.mark.parametrize(("scale", "shift"), [(0.3, 0.1), (0.1, 0.3)])
def test_of_two_decays_the_smaller_is_a_bound(scale, shift):
    torch.manual_seed(13)
    model = Tail(DIM, nn.Identity())
    optimizer = model.optimizer(scale, shift)
    found = lambdas(optimizer, model, N, M)
    assert found.lambda_h == pytest.approx(0.1 * M / 2 / N, rel=1e-15)
    solved = minimum(found)
    for distance in (0.0, 1e-3, 0.1, 1.0):
        model.give(*wide(solved))
        model.move(distance)
        assert training_loss(model, optimizer) > solved.loss * 2 / M
    with pytest.raises(ProblemError, match=r"the smaller of 0\.\d on the scale and 0\.\d on the shift of bn"):
        found.arguments()


def test_without_decay_larger_features_let_the_loss_fall_for_ever():
    torch.manual_seed(17)
    model = Tail(DIM, nn.Identity())
    optimizer = model.optimizer(0.0, 0.12)
    found = lambdas(optimizer, model, N, M)
    assert found.lambda_h == 0.0
    with pytest.raises(ProblemError, match=r"lambda_H = 0: the scale of bn \(BatchNorm1d\) has no weight decay"):
        found.arguments()
    model.give(np.eye(M)[LABELS] @ np.eye(M, DIM), np.eye(M, DIM), np.zeros(M))
    with torch.no_grad():
        model.bn.bias.zero_()
        losses = []
        for _ in range(3):
            losses.append(training_loss(model, optimizer))
            model.bn.weight *= 10.0
            model.fc.weight /= 10.0
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("penalty", [0.03, FeaturePenalty(0.03), FeaturePenalty(0.03, samples=N)])
def test_a_penalty_in_the_loss_and_the_layer_below_add_up(penalty):
    torch.manual_seed(19)
    model = Tail(DIM, nn.ReLU())
    optimizer = model.optimizer(0.12, 0.12)
    found = lambdas(optimizer, model, N, M, penalty=penalty)
    assert found.lambda_h == pytest.approx((0.03 + 0.12 / N) * M / 2, rel=1e-15)
    solved = minimum(found)

    def loss():
        with torch.no_grad():
            features = model.above(model.bn(model.rows))
            return training_loss(model, optimizer) + float(FeaturePenalty(0.03)(features))

    model.give(*wide(solved))
    assert loss() == pytest.approx(solved.loss * 2 / M, rel=1e-10)
    for distance in (1e-3, 0.1):
        model.give(*wide(solved))
        model.move(distance)
        assert loss() > solved.loss * 2 / M


def test_the_arguments_are_those_of_the_probe():
    torch.manual_seed(23)
    model = Tail(DIM, nn.ReLU())
    found = lambdas(model.optimizer(0.12, 0.12), model, N, M)
    model.give(*wide(minimum(found)))
    loader = [(torch.arange(N), torch.as_tensor(LABELS))]
    measured = Probe(model).measure(loader, bn="recompute", **found.arguments())
    assert 0.0 <= measured.relative_gap < 1e-9
    assert measured.verdict.kind == "collapsed as predicted"


class FreeFeatures(nn.Module):
    """The model itself, as papers train it: the features are a parameter."""

    def __init__(self, activation):
        super().__init__()
        self.features, self.activation = nn.Parameter(torch.randn(N, DIM)), activation
        self.fc = nn.Linear(DIM, M)

    def forward(self, index):
        return self.fc(self.activation(self.features[index]))


@pytest.mark.parametrize(("activation", "kind"), [(nn.Identity(), "linear"), (nn.ReLU(), "relu")])
def test_free_features_pay_their_own_decay(activation, kind):
    model = FreeFeatures(activation)
    own = {"params": [model.features], "weight_decay": 0.02}
    groups = [{"params": model.fc.parameters(), "weight_decay": 0.1}, own]
    found = lambdas(torch.optim.SGD(groups, 0.1), model, N, M)
    assert (found.lambda_h, found.features) == (pytest.approx(0.03, rel=1e-15), kind)
    assert found.weight_decays["features"] == (0.02, "coupled")
    own["weight_decay"] = 0.0
    with pytest.raises(ProblemError, match="lambda_H = 0: features has no weight decay"):
        lambdas(torch.optim.SGD(groups, 0.1), model, N, M).arguments()
    with pytest.raises(ProblemError, match=r"No lambda_H: the features are .*, which the training does not move"):
        lambdas(torch.optim.SGD(groups[:1], 0.1), model, N, M).arguments()


def sequence(*middle, dim=6):
    return nn.Sequential(nn.Linear(3, 6), *middle, nn.Linear(dim, M))


WORDS = {
    "another model": sequence(), "not negative": sequence(nn.ReLU()),
    "how long each of its outputs is": sequence(nn.LayerNorm(6)), "no lambda_H of it is known": sequence(nn.GELU()),
    "leaves no bound on the norms": sequence(
        nn.Unflatten(1, (3, 2)), nn.BatchNorm1d(3), nn.MaxPool1d(2), nn.Flatten(), dim=3
    ),
}


WINDOWS = [
    nn.AvgPool2d(4), nn.AvgPool2d(7, divisor_override=1), nn.AvgPool2d(1, stride=8), nn.AvgPool2d(7, padding=3),
    nn.Sequential(nn.AdaptiveAvgPool2d((3, 4)), nn.AdaptiveAvgPool2d(1)), nn.AdaptiveAvgPool2d((1, None)),
]
WHOLE = [nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((1, 1))]


class Pooled(nn.Module):
    """What pools is a function of images, in the forward function."""

    def __init__(self, pool):
        super().__init__()
        self.conv, self.bn, self.pool, self.fc = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), pool, nn.Linear(4, M)

    def forward(self, x):
        return self.fc(self.pool(self.bn(self.conv(x))).flatten(1))


CALLED = [
    lambda x: F.avg_pool2d(x, 4), lambda x: F.avg_pool2d(x, kernel_size=7, divisor_override=1),
    lambda x: F.adaptive_avg_pool2d(x, (3, 3)).mean((2, 3)), lambda x: F.adaptive_avg_pool2d(x, output_size=(1, None)),
    lambda x: torch.avg_pool1d(x.flatten(2), 4),
]
CALLED_WHOLE = [
    lambda x: F.adaptive_avg_pool2d(x, 1), lambda x: F.adaptive_avg_pool2d(x, output_size=(1, 1)),
    lambda x: x.mean((2, 3)), lambda x: x.flatten(2).mean(2),
]


@pytest.mark.parametrize(("pool", "known"), [*((pool, False) for pool in [*WINDOWS, *CALLED]),
                                             *((pool, True) for pool in [*WHOLE, *CALLED_WHOLE])])
def test_only_an_average_over_all_positions_has_a_bound(pool, known):
    model = Pooled(pool)
    found = lambdas(torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1), model, N, M)
    assert found.lambda_h == (pytest.approx(0.1 * M / 2 / N, rel=1e-15) if known else "norm")
    assert ("leaves no bound on the norms" in found.sentences[1]) is not known


def test_windows_that_leave_positions_out_go_below_what_would_be_the_bound():
    """Features in one of two positions, and their negative in the other, which the window does not see."""
    torch.manual_seed(29)
    model = Tail(DIM, nn.Sequential(nn.AvgPool1d(1, stride=2), nn.Flatten()), positions=2)
    optimizer = model.optimizer(0.12, 0.12)
    assert lambdas(optimizer, model, N, M).lambda_h == "norm"
    whole = Tail(DIM, nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten()), positions=2)
    solved = minimum(lambdas(whole.optimizer(0.12, 0.12), whole, N, M))
    features, W, b = wide(solved)
    model.give(features, W, b)
    scale = float(np.sqrt(2.0))  # so much longer is what the window sees where the other position is the mean
    with torch.no_grad():
        rows = torch.as_tensor(features)
        centered = rows - rows.mean(0)
        model.rows.copy_(torch.stack([scale * centered, 0.0 * centered], 2))
        model.bn.weight.div_(scale)
        model.bn.bias.copy_(rows.mean(0))
    assert training_loss(model, optimizer) < solved.loss * 2 / M


class Transposed(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


class OfTheFirst(Tail):
    """Of a head at every position the outputs that the loss is of."""

    def forward(self, index):
        return super().forward(index)[:, 0]


def test_of_a_head_at_every_position_n_counts_masked_ones_too():
    """The loss is of the first of two positions; the other lies at the mean, and batch normalization sees it."""
    torch.manual_seed(31)
    model, decay = OfTheFirst(DIM, Transposed(), positions=2), 0.12
    optimizer = model.optimizer(decay, decay)
    counted = lambdas(optimizer, model, 2 * N, M)
    assert counted.lambda_h == pytest.approx(decay * M / 2 / (2 * N), rel=1e-15)
    words = "The head is applied at every position, as it seems: give samples in positions, as N counts all positions"
    assert words in counted.sentences[1]
    average = TAILS["average"]()
    assert words not in lambdas(average.optimizer(decay, decay), average, N, M).sentences[1]
    of_samples, of_positions = (minimum(lambdas(optimizer, model, n, M)) for n in (N, 2 * N))

    features, W, b = wide(of_positions)
    rows = torch.as_tensor(features)
    model.give(features, W, b)
    with torch.no_grad():
        model.rows.copy_(torch.stack([rows, rows.mean(0).expand_as(rows)], 2))
        model.bn.weight.div_(np.sqrt(2.0))  # half of the positions do not vary
    assert of_positions.loss * 2 / M <= training_loss(model, optimizer) < of_samples.loss * 2 / M
    for distance in (1e-3, 0.1):
        model.move(distance)
        assert training_loss(model, optimizer) > of_positions.loss * 2 / M


def test_the_text_has_the_condition_of_the_positions():
    model = sequence(nn.BatchNorm1d(6))
    found = lambdas(torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1), model, N, M)
    assert "Of a head that is applied at every position N counts all positions" in found.sentences[1]


@pytest.mark.parametrize("words", WORDS)
def test_where_no_number_is_known_it_is_an_estimate(words):
    model = WORDS[words]
    found = lambdas(torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1), model, N, M)
    assert found.arguments()["lambda_h"] == "norm"
    assert words in " ".join(found.sentences)


@pytest.mark.parametrize("middle", [(), (nn.ReLU(),), (nn.ReLU(), nn.Dropout()), (nn.LayerNorm(6),)])
def test_layers_without_decay_below_have_no_minimum(middle):
    model = sequence(*middle)
    head = {"params": model[-1].parameters(), "weight_decay": 0.1}
    body = {"params": [own for layer in model[:-1] for own in layer.parameters()]}
    found = lambdas(torch.optim.SGD([head, body], 0.1), model, N, M)
    assert found.lambda_h == 0.0
    with pytest.raises(ProblemError, match="so that larger features let W shrink for nothing"):
        found.arguments()
    assert lambdas(torch.optim.SGD([head, body], 0.1), model, N, M, penalty=0.5).lambda_h == 0.75


@pytest.mark.parametrize("case", ["no affine", "no shift", "fixed scale", "decoupled", "fixed body", "inputs"])
def test_where_there_is_no_lambda_of_the_features(case):
    layer = {"no affine": nn.BatchNorm1d(6, affine=False)}.get(case, nn.BatchNorm1d(6))
    model = nn.Sequential(nn.Linear(6, M)) if case == "inputs" else sequence(layer)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1)
    if case == "no shift":
        layer.register_parameter("bias", None)
    elif case == "fixed scale":
        layer.weight.requires_grad_(False)
    elif case == "decoupled":
        head = torch.optim.SGD(model[2].parameters(), 0.1, weight_decay=0.1)
        optimizer = [head, torch.optim.AdamW(layer.parameters())]
    elif case == "fixed body":
        optimizer = torch.optim.SGD(model[2].parameters(), 0.1, weight_decay=0.1)
    found = lambdas(optimizer, model, N, M)
    assert (found.lambda_w, found.lambda_h) == (pytest.approx(0.15), None)
    with pytest.raises(ProblemError, match="No lambda_H: "):
        found.arguments()


def test_the_text_says_it_in_numbers_and_in_words():
    model = sequence(nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.1))
    text = str(lambdas(torch.optim.SGD(model.parameters(), 0.1, weight_decay=5e-4), model, 100, M))
    lines = text.splitlines()
    assert lines[0] == (
        "lambda_W = 0.00075, lambda_H = 7.5e-06, lambda_b = 0.00075, relu features, in the convention of the paper."
    )
    assert "- lambda_W = 0.00075: weight_decay = 0.0005 of SGD on 4.weight, coupled (times m/2 = 1.5)." in lines
    assert "1 (BatchNorm1d), then ReLU, then dropout" in " ".join(text.split())
    assert all(len(line) <= 100 for line in lines[1:])
    nothing = str(lambdas(torch.optim.AdamW(model.parameters()), model, 100, M))
    assert nothing.startswith("lambda_W = none, lambda_H = none, lambda_b = none, relu features")
    assert math.isinf(lambdas(torch.optim.AdamW(model.parameters()), sequence_without_bias(model), 100, M).lambda_b)


def sequence_without_bias(model):
    return nn.Sequential(*model[:-1], nn.Linear(6, M, bias=False))
