"""The probe: the numbers are those of features taken by hand, and the training does not notice that it was there."""

import copy
import math
import random

import numpy as np
import pytest

import ncsolve
from ncsolve import ProblemError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, WeightedRandomSampler  # noqa: E402

from ncsolve.torch import Probe  # noqa: E402
from tests.torch.models import Called, Residual, Tagger  # noqa: E402

LAMBDAS = {"lambda_w": 1e-2, "lambda_h": 2e-3, "lambda_b": 0.1}


def mlp(dim=6, classes=3, bias=True):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, dim), nn.ReLU(), nn.Linear(dim, classes, bias=bias))


def data(samples=30, classes=3, kind=torch.float32):
    random = torch.Generator().manual_seed(1)
    return torch.randn(samples, 4, generator=random).to(kind), torch.arange(samples) % classes


def by_hand(model, x, y, *, W=None, b=None, **options):
    """The measurement of a Sequential whose last entry is the head, by numpy."""
    with torch.no_grad():
        features = model[:-1](x).double().numpy()
    head = model[-1]
    W = head.weight.detach().double().numpy()
    b = None if head.bias is None else head.bias.detach().double().numpy()
    loss = options.pop("loss", "mse")
    stats = ncsolve.FeatureStatistics(len(W), W.shape[1], (W, b), loss=loss).update(features, y.numpy())
    problem = stats.problem(options.pop("encoding", "onehot"), **options)
    return ncsolve.measure(stats, W, b, problem)


def same(found, wanted):
    """Both gather sums in double precision in another order, of terms of the size of one."""
    assert found.loss == pytest.approx(wanted.loss, rel=1e-13)
    assert found.gap == pytest.approx(wanted.gap, rel=1e-12)
    assert vars(found.parts) == pytest.approx(vars(wanted.parts), rel=1e-11)
    np.testing.assert_allclose(found.gram, wanted.gram, rtol=1e-12, atol=1e-13)
    assert found.nc.nc1 == pytest.approx(wanted.nc.nc1, rel=1e-10)
    assert found.head.accuracy == wanted.head.accuracy


@pytest.mark.parametrize("options", [
    {}, {"encoding": "smoothed:0.2"}, {"encoding": "signed"}, {"loss": "cross-entropy"}, {"convention": "torch-mean"},
    {"features": "relu"},
], ids=str)
@pytest.mark.parametrize("size", [30, 7])
def test_the_numbers_are_those_of_features_taken_by_hand(options, size):
    model, (x, y) = mlp(), data()
    found = Probe(model).measure(DataLoader(TensorDataset(x, y), batch_size=size, shuffle=True), **LAMBDAS, **options)
    same(found, by_hand(model, x, y, **LAMBDAS, **options))


def test_codes_of_another_length_decide_by_the_nearest():
    torch.manual_seed(0)
    model, (x, y) = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)), data(classes=4)
    codes = np.array([[1.0, 0, -1, 0], [0, 1, 0, -1]])
    found = Probe(model).measure([(x, y)], encoding=codes, **LAMBDAS)
    outputs = model(x).detach().double().numpy()
    nearest = np.argmin(((outputs[:, None] - codes.T) ** 2).sum(2), axis=1)
    assert found.head.accuracy == np.mean(nearest == y.numpy())
    with pytest.raises(ProblemError, match=r"codes must be as long as the head has outputs, 2; got .* length 4"):
        Probe(model).measure([(x, y)], encoding="onehot", classes=4, **LAMBDAS)
    named = Probe(model).measure([(x, y)], encoding="binary", classes=4, **LAMBDAS)
    assert named.problem.classes == 4


def test_a_head_without_bias_needs_no_lambda_b_and_one_with_a_bias_does():
    x, y = data()
    two = {"lambda_w": 1e-2, "lambda_h": "norm"}
    found = Probe(mlp(bias=False)).measure([(x, y)], **two)
    assert (found.problem.lambda_b, found.estimator) == (math.inf, "norm")
    with pytest.raises(ProblemError, match=r"a head with a bias needs its weight decay; got none, pass lambda_b"):
        Probe(mlp()).measure([(x, y)], **two)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_features_of_any_precision(kind):
    """W, b and the features of a model in half precision are taken as they are, and summed in double precision."""
    model, (x, y) = mlp().to(kind), data(kind=kind)
    same(Probe(model).measure([(x, y)], **LAMBDAS), by_hand(model, x, y, **LAMBDAS))


def test_under_autocast_the_features_are_those_that_the_head_sees():
    model, (x, y) = mlp(), data()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Probe(model).measure([(x, y)], **LAMBDAS)
        _, features = Probe(model)(x)
    assert features.dtype == torch.bfloat16
    stats = ncsolve.FeatureStatistics(3, 6).update(features, y)
    np.testing.assert_allclose(found.head.means, stats.class_means, rtol=1e-13)


def states(model):
    return [module.training for module in model.modules()], [copy.deepcopy(b) for b in model.buffers()]


@pytest.mark.parametrize("bn", ["eval", "recompute"])
@pytest.mark.parametrize("fails", [False, True])
def test_the_training_does_not_notice(bn, fails):
    """Modes (one layer is frozen), buffers, and every generator of random numbers are as if nothing had happened."""
    torch.manual_seed(0)
    model = Residual()
    model.norm.eval()
    model.register_buffer("calls", torch.zeros(()))
    model.register_forward_hook(lambda *_: (model.calls.add_(1), None)[1])
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(12) % 3 + (100 if fails else 0)
    loader = DataLoader(
        TensorDataset(torch.randn(12, 1, 5, 5), labels), batch_size=5, shuffle=True, generator=generator
    )
    noisy = [(x + random.random() + np.random.random(), y) for x, y in loader]  # noqa: NPY002
    before = states(model)
    kept = torch.get_rng_state(), generator.get_state(), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    if fails:
        with pytest.raises(ProblemError, match=r"labels must lie in 0 \.\. 2; got 10\d in batch 0"):
            Probe(model).measure(loader, bn=bn, **LAMBDAS)
    else:
        Probe(model).measure(loader, bn=bn, **LAMBDAS)
        Probe(model).measure(noisy, bn=bn, **LAMBDAS)
    after = states(model)
    assert after[0] == before[0]
    assert all(torch.equal(a, b) for a, b in zip(after[1], before[1], strict=True))
    assert model.other.running_mean is None
    assert torch.equal(torch.get_rng_state(), kept[0])
    assert torch.equal(generator.get_state(), kept[1])
    assert random.getstate() == kept[2]
    assert (np.random.get_state()[1] == kept[3]).all()  # noqa: NPY002
    assert not model.fc._forward_pre_hooks
    assert not model.fc._forward_hooks
    assert torch.is_grad_enabled()


def test_recomputed_statistics_are_those_of_the_full_batch():
    """In eval mode with them the model computes what it computes in training mode on all samples at once."""
    torch.manual_seed(0)
    model = Residual().double()
    model.drop.p = 0.0
    x, y = torch.randn(23, 1, 5, 5, dtype=torch.float64), torch.arange(23) % 3
    twin = copy.deepcopy(model).train()
    with torch.no_grad():
        _, wanted = Probe(twin)(x)
    found = torch.cat([h for h, _ in Probe(model).batches(DataLoader(TensorDataset(x, y), batch_size=4),
                                                          bn="recompute")])
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    (running, _), = Probe(model).batches([(x, y)])
    assert (running - wanted).abs().max() > 0.01  # the running averages of a new model are others


def test_a_batch_norm_that_is_called_twice_has_no_full_batch_statistics():
    model = Called(lambda parts, x: parts["fc"](parts["bn"](parts["bn"](x))), bn=nn.BatchNorm1d(4), fc=nn.Linear(4, 3))
    with pytest.raises(ProblemError, match=r"layers that are called once; got 'parts.bn', called 2 times"):
        Probe(model).measure([data()], bn="recompute", **LAMBDAS)


def test_every_sample_of_the_data_set_is_counted():
    """drop_last saw 960 of 1000."""
    x, y = data(1000)
    model, loader = mlp(), DataLoader(TensorDataset(x, y), batch_size=64, drop_last=True)
    with pytest.raises(ProblemError, match=r"it gave 960 of 1000 samples: drop_last=True .* pass samples=1000"):
        Probe(model).measure(loader, **LAMBDAS)
    part = Probe(model).measure(loader, samples=1000, **LAMBDAS)
    assert part.problem.samples == 960
    assert part.lambda_h == pytest.approx(LAMBDAS["lambda_h"] * 1000 / 960)
    weights = WeightedRandomSampler(torch.ones(1000), 1000)
    with pytest.raises(ProblemError, match="every sample must come once; got a loader whose WeightedRandomSampler"):
        Probe(model).measure(DataLoader(TensorDataset(x, y), sampler=weights), **LAMBDAS)
    half = torch.utils.data.SubsetRandomSampler(range(500))
    with pytest.raises(ProblemError, match="it gave 500 of 1000 samples: its SubsetRandomSampler takes a part"):
        Probe(model).measure(DataLoader(TensorDataset(x, y), batch_size=100, sampler=half), **LAMBDAS)


def test_a_stream_has_no_size_to_compare():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter(zip(*data(10), strict=True))

    assert Probe(mlp()).measure(DataLoader(Stream(), batch_size=4), **LAMBDAS).problem.samples == 10


def test_positions_of_sequences_are_samples_but_for_those_that_are_masked():
    torch.manual_seed(0)
    model = Tagger()
    ids = torch.randint(0, 11, (6, 4))
    labels = torch.randint(0, 3, (6, 4))
    mask = torch.ones(6, 4, dtype=torch.bool)
    mask[:, 3] = mask[2, 1] = False
    rows = [{"input_ids": ids, "attention_mask": mask, "labels": labels.where(mask, -100)}]
    by_label = Probe(model).measure(rows, ignore_index=-100, **LAMBDAS)
    by_mask = Probe(model).measure(
        [rows[0] | {"labels": labels}], unpack=lambda batch: (batch["input_ids"], batch["labels"],
                                                              batch["attention_mask"]), **LAMBDAS)
    plain = Probe(model).measure([(ids, labels)], **LAMBDAS)
    assert by_label.loss == by_mask.loss
    assert (by_mask.problem.samples, plain.problem.samples) == (17, 24)
    hidden = model.embedding(ids).tanh()[mask].detach().double().numpy()
    stats = ncsolve.FeatureStatistics(3, 5).update(hidden, labels[mask].numpy())
    np.testing.assert_allclose(by_mask.head.means, stats.class_means, rtol=1e-13)
    with pytest.raises(ProblemError, match="got -100 in batch 0, pass ignore_index if the loss leaves them out"):
        Probe(model).measure(rows, **LAMBDAS)
    with pytest.raises(ProblemError, match=r"a mask must have the shape of the labels, \(6, 4\); got \(6, 3\)"):
        Probe(model).measure([0], unpack=lambda _: (ids, labels, mask[:, 1:]), **LAMBDAS)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # which torch.compile itself calls
def test_wrapped_models_are_looked_through():
    model, (x, y) = mlp(), data()
    plain = Probe(model).measure([(x, y)], **LAMBDAS)
    compiled = torch.compile(model, backend="eager")
    compiled(x)
    in_part = nn.Sequential(torch.compile(model[0], backend="eager"), *model[1:])
    in_part(x)
    own = copy.deepcopy(model)
    own.compile(backend="eager")
    own(x)
    for wrapped in (nn.DataParallel(model), compiled, in_part, own, torch.compile(nn.DataParallel(model))):
        found = Probe(wrapped).measure([(x, y)], **LAMBDAS)
        assert (found.loss, Probe(wrapped).head_name) == (plain.loss, "2")
        outputs, features = Probe(wrapped)(x)
        assert features.shape == (30, 6)
        assert outputs.requires_grad
    assert own._compiled_call_impl is not None


def test_a_probe_called_in_training_leaves_the_exchange_of_gradients_to_the_wrapper(tmp_path):
    """DistributedDataParallel counts forward passes of its own; of the inner model it would see none."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        model, (x, y) = mlp(), data()
        wrapped = nn.parallel.DistributedDataParallel(model)
        probe, called = Probe(wrapped), []
        wrapped.register_forward_hook(lambda *_: called.append(True))
        outputs, features = probe(x)
        (outputs.square().sum() + features.square().sum()).backward()
        assert len(called) == 1
        assert probe.measure([(x, y)], **LAMBDAS).loss == Probe(model).measure([(x, y)], **LAMBDAS).loss
        assert len(called) == 1
    finally:
        torch.distributed.destroy_process_group()


def test_gradients_flow_through_what_the_probe_returns():
    model, (x, _) = mlp(), data()
    _, features = Probe(model)(x)
    features.square().sum().backward()
    twin = mlp()
    twin[:-1](x).square().sum().backward()
    assert torch.equal(model[0].weight.grad, twin[0].weight.grad)


@pytest.mark.parametrize(("model", "head", "told"), [
    (nn.Conv2d(1, 2, 3), None, r"the model must end in a linear layer; got Conv2d without any torch.nn.Linear"),
    (nn.Linear(2, 3), "fc", r"head must name a torch.nn.Linear of the model; got 'fc', linear layers are ''"),
    ("resnet", None, r"the model must be a torch.nn.Module; got 'resnet'"),
    (nn.Sequential(nn.LazyLinear(3)), None, r"the head '0' has no weights yet"),
    (nn.Linear(2, 3, device="meta"), None, r"the head '' has no weights yet"),
])
def test_models_without_a_last_layer(model, head, told):
    with pytest.raises(ProblemError, match=told):
        Probe(model, head)


def test_a_head_that_is_tied_is_refused_in_words():
    model = Tagger(words=3, classes=3)
    model.head.weight = model.embedding.weight
    with pytest.raises(ProblemError, match=r"got 'head' tied to 'embedding.weight', .* untie them"):
        Probe(model)
    model.head.weight = nn.Parameter(model.embedding.weight.data)  # two parameters of one memory
    with pytest.raises(ProblemError, match=r"tied to 'embedding.weight'"):
        Probe(model)
    model.head.weight = nn.Parameter(model.embedding.weight.detach().clone())
    assert Probe(model).head_name == "head"


def test_the_last_layer_is_that_whose_output_is_returned():
    """The head is registered first here; the last one that is registered is not what the model returns."""
    parts = {"fc": nn.Linear(4, 3), "aux": nn.Linear(4, 3)}
    model = Called(lambda parts, x: (parts["fc"](x), parts["aux"](x).sum())[0], **parts)
    with pytest.raises(ProblemError, match=r"must make what the model returns; 'parts.aux' does not .* name the head"):
        Probe(model).measure([data()], **LAMBDAS)
    x, y = data()
    found = Probe(model, "parts.fc").measure([(x, y)], **LAMBDAS)
    np.testing.assert_allclose(found.head.W, parts["fc"].weight.detach().numpy())
    softened = Called(lambda parts, x: parts["fc"](x).softmax(1), **parts)
    with pytest.raises(ProblemError, match=r"must make what the model returns; 'parts.aux'|was called 0 times"):
        Probe(softened).measure([(x, y)], **LAMBDAS)
    assert Probe(softened, "parts.fc").measure([(x, y)], loss="ce", **LAMBDAS).problem.samples == 30


def test_a_head_that_is_called_by_name_or_twice():
    named = Called(lambda parts, x: parts["fc"](input=x), fc=nn.Linear(4, 3))
    assert Probe(named).measure([data()], **LAMBDAS).problem.samples == 30
    twice = Called(lambda parts, x: parts["fc"](x) + parts["fc"](-x), fc=nn.Linear(4, 3))
    with pytest.raises(ProblemError, match=r"called once in a forward pass; 'parts.fc' was called 2 times"):
        Probe(twice).measure([data()], **LAMBDAS)
    attention = nn.MultiheadAttention(4, 2)
    with pytest.raises(ProblemError, match=r"without any torch.nn.Linear"):
        Probe(attention)  # whose own last layer is never called


X, Y = data()


@pytest.mark.parametrize(("loader", "options", "told"), [
    ([], {}, "a measurement needs samples; got a loader that gave no batch"),
    ((X, Y), {}, r"got two tensors, pass \[\(inputs, labels\)\] for one batch"),
    (7, {}, "the loader must give batches; got 7, pass a DataLoader or a list of batches"),
    ([X], {}, "a batch must be .* got a Tensor, pass unpack=lambda batch"),
    ([(X, Y, Y)], {}, "got a tuple of 3, pass unpack=lambda batch"),
    ([{"x": X}], {}, "a batch must have labels; got a dict of x, pass unpack"),
    ([(X, Y)], {"unpack": lambda batch: batch[0]}, "unpack must return"),
    ([(X, Y + 1)], {}, r"labels must lie in 0 \.\. 2; got 3 in batch 0"),
    ([(X, Y - 1)], {}, r"labels must lie in 0 \.\. 2; got -1 in batch 0"),
    ([(X, Y.double())], {}, r"labels must be class numbers; got torch.float64 .* pass labels.long\(\)"),
    ([(X, torch.eye(3)[Y])], {}, r"got torch.float32 of shape \(30, 3\) in batch 0, pass labels.argmax\(1\)"),
    ([(X, ["a"] * 30)], {}, "labels must be class numbers; got"),
    ([(X, Y[:, None])], {}, r"got labels \(30, 1\) for features \(30, 6\) in batch 0, pass labels.squeeze"),
    ([(X, Y[:-1])], {}, r"got labels \(29,\) for features \(30, 6\)"),
    ([(X * math.nan, Y)], {}, "features must be finite .* got nan in batch 0, row 0, .* has the training diverged"),
    (iter([(X, Y)]), {"bn": "recompute"}, None),
    ([(X, Y)], {"bn": "train"}, "unknown bn 'train'; choices: eval, recompute"),
    ([(X, Y)], {"loss": "focal"}, "focal loss is not convex"),
    ([(X, Y)], {"classes": 4}, "codes must be as long as the head has outputs, 3"),
    ([(X, Y)], {"samples": 20}, "samples must be an integer .* at least those of the statistic"),
    ([(X, Y)], {"lambda_w": 0.0}, "lambda_w must be"),
    ([(X, Y)], {"lambda_h": "mean"}, "lambda_h must be 'balance' or 'norm'"),
])
def test_bad_input_is_one_line_with_the_remedy(loader, options, told):
    model = mlp()
    if told is None:  # without BatchNorm there is nothing to recompute, and one pass is enough
        assert Probe(model).measure(loader, **LAMBDAS | options).problem.samples == 30
        return
    with pytest.raises(ncsolve.NCSolveError, match=told) as caught:
        Probe(model).measure(loader, **LAMBDAS | options)
    assert "\n" not in str(caught.value)
    assert model.training


def test_an_iterator_cannot_be_read_twice():
    torch.manual_seed(0)
    with pytest.raises(ProblemError, match="got an iterator, which can be read once"):
        Probe(Residual()).measure(iter([(torch.zeros(3, 1, 5, 5), torch.arange(3))]), bn="recompute", **LAMBDAS)


def test_a_head_that_diverged_is_told():
    model = mlp()
    model[2].weight.data[0, 0] = math.nan
    with pytest.raises(ProblemError, match="the head must be finite; got a weight that is nan or inf"):
        Probe(model).measure([data()], **LAMBDAS)


def test_test_data_and_networks_without_lambdas_have_a_statistic():
    found = Probe(mlp()).statistics([data()])
    assert found.counts.tolist() == [10, 10, 10]
    assert 0.0 <= found.accuracy <= 1.0
