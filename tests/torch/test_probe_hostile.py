"""The probe on models and loaders that a training may have and that no measurement is to damage or to misread."""

import copy
import math

import pytest

from ncsolve import ProblemError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.nn.utils import parametrizations, weight_norm  # noqa: E402
from torch.utils.data import BatchSampler, DataLoader, TensorDataset, WeightedRandomSampler  # noqa: E402

from ncsolve.torch import Probe  # noqa: E402
from tests.torch.models import Called, Residual  # noqa: E402

LAMBDAS = {"lambda_w": 1e-2, "lambda_h": 2e-3, "lambda_b": 0.1}


def data(samples=24):
    random = torch.Generator().manual_seed(1)
    return torch.randn(samples, 4, generator=random), torch.arange(samples) % 3


X, Y = data()


def body():
    torch.manual_seed(0)
    return [nn.Linear(4, 6), nn.ReLU()]


class Cosine(nn.Linear):
    def forward(self, x):
        return 10 * functional.linear(functional.normalize(x, dim=1), functional.normalize(self.weight, dim=1))


class Lora(nn.Linear):
    """Merges what it trains into its weight when it is told to evaluate, as loralib's layers do."""

    def __init__(self, inner, outer):
        super().__init__(inner, outer)
        self.A, self.B, self.merged = nn.Parameter(torch.ones(1, inner)), nn.Parameter(torch.ones(outer, 1)), False

    def train(self, mode=True):
        if mode == self.merged:
            with torch.no_grad():
                self.weight += (-1 if mode else 1) * self.B @ self.A
            self.merged = not mode
        return super().train(mode)

    def forward(self, x):
        return super().forward(x) + (0 if self.merged else x @ self.A.T @ self.B.T)


@pytest.mark.parametrize("head", [Cosine(6, 3, bias=False), "hook"])
def test_a_head_that_does_not_compute_w_h_plus_b_is_refused(head):
    model = nn.Sequential(*body(), nn.Linear(6, 3) if head == "hook" else head)
    if head == "hook":
        model[2].register_forward_hook(lambda module, inputs, output: 1.01 * output)
    decays = LAMBDAS if head == "hook" else {**LAMBDAS, "lambda_b": None}
    for probe in (Probe(model), Probe(model, "2")):
        with pytest.raises(ProblemError, match=r"the head must compute W h \+ b; '2' gives outputs .* from that"):
            probe.measure([(X, Y)], **decays)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32])
def test_rounding_of_a_wide_head_is_no_other_head(kind):
    torch.manual_seed(0)
    model = nn.Linear(4096, 3).to(kind)
    x = 30 * torch.randn(24, 4096).to(kind)
    assert Probe(model).measure([(x, Y)], **LAMBDAS).problem.samples == 24


def test_methods_that_are_called_eval_do_not_run():
    torch.manual_seed(0)
    model = nn.Sequential(Lora(4, 6), nn.Linear(6, 3))
    before = copy.deepcopy(model.state_dict())
    found = Probe(model).measure([(X, Y)], **LAMBDAS)
    assert not model[0].merged
    assert all(torch.equal(own, before[name]) for name, own in model.state_dict().items())
    with torch.no_grad():
        assert found.head.means == pytest.approx(
            torch.stack([model[0](X[k == Y]).mean(0) for k in range(3)], 1).numpy(), rel=1e-5, abs=1e-6)


def test_a_model_that_writes_its_parameters_is_told():
    def forward(parts, x):
        with torch.no_grad():
            parts["fc"].bias.copy_(x.mean())
        return parts["fc"](x)

    with pytest.raises(ProblemError, match=r"must not write parameters; 'parts.fc.bias' was"):
        Probe(Called(forward, fc=nn.Linear(4, 3))).measure([(X, Y)], **LAMBDAS)


@pytest.mark.parametrize("wrap", [parametrizations.spectral_norm, parametrizations.weight_norm])
def test_a_parametrized_head_trains_as_if_nobody_had_looked(wrap):
    def weights(look):
        model = nn.Sequential(*body(), wrap(nn.Linear(6, 3)))
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for _ in range(4):
            if look:
                found = Probe(model).measure([(X, Y)], **LAMBDAS, loss="ce")
                assert found.head.accuracy is not None
            optimizer.zero_grad()
            functional.cross_entropy(model(X), Y).backward()
            optimizer.step()
        return model.state_dict()

    bare, watched = weights(False), weights(True)
    assert all(torch.equal(bare[name], watched[name]) for name in bare)


def test_a_head_whose_weight_a_hook_makes_is_refused():
    with pytest.warns(FutureWarning, match="parametrizations"):
        head = weight_norm(nn.Linear(6, 3))
    with pytest.raises(ProblemError, match=r"up to date whenever it is read; got '2' with 'weight_g'"):
        Probe(nn.Sequential(*body(), head))


def test_loaders_that_cannot_be_read_beside_a_training_are_refused():
    data = TensorDataset(X, Y)
    with pytest.raises(ProblemError, match="got one with persistent_workers, which would end the epoch"):
        Probe(nn.Linear(4, 3)).measure(DataLoader(data, num_workers=1, persistent_workers=True), **LAMBDAS)
    weighted = BatchSampler(WeightedRandomSampler(torch.ones(24), 24), 8, drop_last=False)
    for loader in (DataLoader(data, sampler=[0] * 24), DataLoader(data, batch_sampler=weighted)):
        with pytest.raises(ProblemError, match="every sample must come once; got a loader whose"):
            Probe(nn.Linear(4, 3)).measure(loader, **LAMBDAS)


def test_a_data_set_of_whole_batches_is_counted_by_nobody():
    batches = [(X[:16], Y[:16]), (X[16:], Y[16:])]
    assert Probe(nn.Linear(4, 3)).measure(DataLoader(batches, batch_size=None), **LAMBDAS).problem.samples == 24


def test_two_measurements_of_one_model_do_not_mix():
    model = nn.Sequential(*body(), nn.Linear(6, 3))
    probe, batches = Probe(model), [(X, Y), (X, Y)]
    left = probe.batches(batches)
    next(left)
    assert torch.is_grad_enabled()  # of the training that goes on meanwhile
    with pytest.raises(ProblemError, match="one measurement of a model must end before the next"):
        probe.measure(batches, **LAMBDAS)
    left.close()
    assert model.training
    with pytest.raises(ProblemError, match="one measurement of a model"):
        list(zip(probe.batches(batches), probe.batches(batches), strict=True))
    assert model.training
    assert probe.measure(batches, **LAMBDAS).problem.samples == 48


def test_a_frozen_batch_norm_keeps_its_running_averages():
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 3))
    model[1].running_mean.fill_(3.0)
    trained = Probe(model).measure([(X, Y)], bn="recompute", **LAMBDAS)
    model[1].eval()
    frozen, running = (Probe(model).measure([(X, Y)], bn=bn, **LAMBDAS) for bn in ("recompute", "eval"))
    assert frozen.loss == running.loss != trained.loss
    model.eval()  # a model at rest has trained with all of them
    assert Probe(model).measure([(X, Y)], bn="recompute", **LAMBDAS).loss == trained.loss


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_statistics_are_recomputed_in_any_precision(kind):
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3)).to(kind)
    found = Probe(model).measure([(X.to(kind), Y)], bn="recompute", **LAMBDAS)
    with torch.no_grad():
        features = model[:3](X.to(kind))  # in the mode of training, on all samples
    digits = {torch.float64: 1e-10}.get(kind, 0.05)  # of half precision statistics have three digits
    assert found.head.means == pytest.approx(
        torch.stack([features[k == Y].double().mean(0) for k in range(3)], 1).numpy(), rel=digits, abs=digits)


def test_empty_batches_and_layers_that_are_called_by_name():
    model = Called(lambda parts, x: parts["fc"](parts["bn"](input=x)), bn=nn.BatchNorm1d(4), fc=nn.Linear(4, 3))
    whole = Probe(model).measure([(X, Y)], bn="recompute", **LAMBDAS)
    parted = Probe(model).measure([(X[:9], Y[:9]), (X[9:], Y[9:]), (X[:0], Y[:0])], bn="recompute", **LAMBDAS)
    assert parted.loss == pytest.approx(whole.loss, rel=1e-6)  # statistics of single precision


def test_sparse_buffers_and_inference_tensors_come_back():
    model = nn.Sequential(*body(), nn.Linear(6, 3))
    model.register_buffer("adjacency", torch.eye(6).to_sparse())
    with torch.inference_mode():
        model.register_buffer("table", torch.ones(3))
    before = torch.get_rng_state()
    loader = DataLoader(TensorDataset(X, Y), batch_size=8, shuffle=True)
    assert Probe(model).measure(loader, **LAMBDAS).problem.samples == 24
    assert torch.equal(torch.get_rng_state(), before)


def test_labels_of_every_integer_type():
    for kind in (torch.uint8, torch.int8, torch.int32, torch.uint16, torch.uint32):
        found = Probe(nn.Linear(4, 200)).statistics([(X, (Y + 100).to(kind))], ignore_index=-100)
        assert found.counts[100:103].tolist() == [8, 8, 8]
    many = (torch.arange(24) + 140).to(torch.uint8)  # of which -100 would be 156
    assert Probe(nn.Linear(4, 200)).statistics([(X, many)], ignore_index=-100).samples == 24


def test_outputs_that_are_cast_or_not_finite_are_still_the_last_ones():
    model = Called(lambda parts, x: parts["fc"](x).double()[:], fc=nn.Linear(4, 3))
    assert Probe(model).measure([(X, Y)], **LAMBDAS).problem.samples == 24
    with pytest.raises(ProblemError, match=r"features must be finite .* has the training diverged"):
        Probe(model).measure([(X * math.nan, Y)], **LAMBDAS)


@pytest.mark.parametrize(("batch", "options", "told"), [
    ((X.numpy(), Y), {}, "the model must run on every batch; Sequential raised TypeError: linear"),
    ((X.double(), Y), {}, r"the model must run on every batch; Sequential raised RuntimeError: .*, or pass unpack="),
    ((X[:, :3], Y), {}, "the model must run on every batch; Sequential raised RuntimeError"),
    ({"inputs": X, "more": X, "labels": Y}, {}, "the model must run on every batch; Sequential raised TypeError"),
    ((X, Y), {"unpack": 3}, "unpack must be a function of a batch; got 3"),
    ((X, Y), {"unpack": lambda batch: (*batch, "yes")}, "a mask must be a tensor of truth values; got 'yes'"),
    ((X, Y), {"ignore_index": 1.5}, "ignore_index must be an integer"),
    ((X, Y), {"ignore_index": "a"}, "ignore_index must be an integer"),
    ((X, Y), {"scatter": "trace"}, "the loss takes the scatter of the features; got scatter = 'trace'"),
])
def test_mistakes_are_one_line(batch, options, told):
    model = nn.Sequential(*body(), nn.Linear(6, 3))
    with pytest.raises(ProblemError, match=told) as caught:
        Probe(model).measure([batch], **LAMBDAS, **options)
    assert "\n" not in str(caught.value)
    assert model.training


def test_lazy_layers_stay_lazy():
    model = nn.Sequential(nn.LazyLinear(6), nn.Linear(6, 3))
    with pytest.raises(ProblemError, match="the model must have all of its parameters; got lazy ones"):
        Probe(model).measure([(X, Y)], **LAMBDAS)
    assert isinstance(model[0].weight, nn.parameter.UninitializedParameter)


def test_convolutions_recompute_layer_by_layer_in_batches():
    """As on the full batch, where each layer's statistics hang on those before it."""
    torch.manual_seed(0)
    model = Residual().double()
    x = torch.randn(12, 1, 5, 5, dtype=torch.float64)
    batches = [(x[:5], Y[:5]), (x[5:], Y[5:12])]
    one, two = (Probe(model).measure(loader, bn="recompute", **LAMBDAS) for loader in ([(x, Y[:12])], batches))
    assert two.loss == pytest.approx(one.loss, rel=1e-12)
