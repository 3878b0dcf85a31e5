"""The statistic as a metric: the numbers of FeatureStatistics through all that torchmetrics does to a metric."""

import copy
import math
import pickle
import warnings

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings, metrics
from ncsolve.errors import NCSolveError, ProblemError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
torchmetrics = pytest.importorskip("torchmetrics", reason="needs torchmetrics: pip install 'ncsolve[torch]'")

from torch.nn.utils import prune  # noqa: E402

from ncsolve.torch import NeuralCollapse, _metric_state  # noqa: E402
from ncsolve.torch._moments import DeviceMoments  # noqa: E402

CLASSES, DIM = 3, 5
# Sums of some ten doubles in another order.
NEAR = 1e-12


@pytest.fixture
def head():
    torch.manual_seed(0)
    return torch.nn.Linear(DIM, CLASSES)


def batches(seed=1, number=4):
    """Features about class means, as a network has them, in batches of several sizes."""
    random = torch.Generator().manual_seed(seed)
    means = torch.randn(CLASSES, DIM, generator=random)
    found = []
    for i in range(number):
        labels = torch.randint(0, CLASSES, (7 + 3 * i,), generator=random)
        found.append((means[labels] + 0.3 * torch.randn(len(labels), DIM, generator=random), labels))
    return found


def arrays(given):
    return torch.cat([x for x, _ in given]).double().numpy(), torch.cat([y for _, y in given]).numpy()


def weights(head):
    return head.weight.detach().double().numpy(), head.bias.detach().double().numpy()


def near(metric, statistics):
    """Whether a metric has the numbers of a statistic."""
    found = metric.statistics()
    pairs = [(getattr(found, name), getattr(statistics, name)) for name in (
        "counts", "class_means", "class_energies", "within_scatter", "decisions", "lowest", "divergence",
        "class_probabilities", "probability_products",
    )]
    return repr(found) == repr(statistics) and all(
        a is b is None or np.allclose(a, b, rtol=NEAR, atol=1e-15, equal_nan=True) for a, b in pairs
    )


@pytest.mark.parametrize("scatter", ["full", "projected", "trace"])
@pytest.mark.parametrize("loss", ["mse", "ce"])
def test_a_metric_has_the_numbers_of_the_statistic(head, scatter, loss):
    metric = NeuralCollapse(CLASSES, DIM, head, scatter=scatter, loss=loss)
    for x, y in batches():
        metric.update(x, y)
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head), scatter, loss=loss).update(*arrays(batches()))
    assert near(metric, plain)
    x, y = arrays(batches())
    outputs = x @ weights(head)[0].T + weights(head)[1]
    found = metric.compute()
    assert {value.dtype for value in found.values()} == {torch.float64}
    assert {value.shape for value in found.values()} == {()}
    assert float(found["accuracy"]) == pytest.approx(np.mean(outputs.argmax(axis=1) == y), rel=NEAR)
    assert math.isnan(found["nc1"]) == (scatter != "full")


def test_the_figures_are_those_of_all_features_by_their_definition(head):
    metric = NeuralCollapse(CLASSES, DIM, head)
    for x, y in batches():
        metric.update(x, y)
    x, y = arrays(batches())
    means = np.stack([x[y == k].mean(axis=0) for k in range(CLASSES)], axis=1)
    cosines = metrics.cosine_matrix(means.T @ means)[np.triu_indices(CLASSES, 1)]
    wanted = {
        "nc1": metrics.nc1(x.T, y), "cdnv": metrics.cdnv(x.T, y, CLASSES),
        "within_class_energy": ((x - means.T[y]) ** 2).sum() / (x**2).sum(),
        "nc2_simplex": metrics.distance_to_simplex_etf(means.T @ means),
        "nc2_orthogonal": metrics.distance_to_orthogonal_frame(means.T @ means),
        "mean_cosine": cosines.mean(), "cosine_spread": cosines.std(),
        "nc3": metrics.self_duality_error(weights(head)[0].T, means),
    }
    found = metric.compute()
    assert set(found) == {*wanted, "nc4", "accuracy"}
    for name, value in wanted.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-9), name  # a pseudo-inverse takes three digits
    without = NeuralCollapse(CLASSES, DIM)
    for x, y in batches():
        without.update(x, y)
    found = without.compute()
    assert set(found) == set(wanted) - {"nc3"}
    assert float(found["nc1"]) == pytest.approx(wanted["nc1"], rel=1e-9)


def test_a_network_at_the_minimum_has_collapsed():
    problem = ncsolve.UFM(encoding="onehot", classes=CLASSES, counts=4, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
    minimizer = ncsolve.solve(problem)
    layer = torch.nn.Linear(minimizer.dim, CLASSES).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(minimizer.W)))
        layer.bias.copy_(torch.from_numpy(np.array(minimizer.bias)))
    labels = torch.arange(12) % CLASSES
    metric = NeuralCollapse(["cat", "dog", "eel"], minimizer.dim, layer)
    metric.update(torch.from_numpy(np.array(minimizer.class_means.T))[labels], labels)
    found = metric.compute()
    for name in ("nc1", "cdnv", "within_class_energy", "nc2_simplex", "nc3", "nc4", "cosine_spread"):
        assert abs(float(found[name])) < 1e-12, name
    assert float(found["mean_cosine"]) == pytest.approx(-0.5, abs=1e-12)
    assert float(found["accuracy"]) == 1.0
    measured = metric.measure(lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
    assert measured.verdict.kind == "collapsed as predicted"
    assert measured.problem.class_names == ("cat", "dog", "eel")
    assert abs(measured.gap) < 1e-12 * measured.loss
    estimated = metric.measure(lambda_w=1e-2, lambda_h="balance", lambda_b=0, samples=24)
    assert estimated.lambda_h == pytest.approx(1e-2, rel=1e-9)


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_measure_is_that_of_the_statistic(head, loss):
    metric = NeuralCollapse(CLASSES, DIM, head, loss=loss)
    for x, y in batches():
        metric.update(x, y)
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head), loss=loss).update(*arrays(batches()))
    for encoding in (None, "onehot", "smoothed:0.1"):
        name = encoding or "onehot"
        problem = plain.problem(name, lambda_w=2e-3, lambda_h=1e-2, lambda_b=0.1, convention="torch-mean")
        wanted = ncsolve.measure(plain, *weights(head), problem)
        found = metric.measure(encoding=encoding, lambda_w=2e-3, lambda_h=1e-2, lambda_b=0.1, convention="torch-mean")
        assert found.gap == pytest.approx(wanted.gap, rel=1e-10)
        assert found.problem == wanted.problem


def test_codes_decide_samples_and_are_what_is_measured():
    torch.manual_seed(3)
    layer = torch.nn.Linear(DIM, 4)
    codes = np.random.default_rng(5).standard_normal((4, CLASSES))
    metric = NeuralCollapse(CLASSES, DIM, layer, codes=codes)
    for x, y in batches():
        metric.update(x, y)
    x, y = arrays(batches())
    outputs = x @ weights(layer)[0].T + weights(layer)[1]
    decided = ((outputs[:, :, None] - codes) ** 2).sum(axis=1).argmin(axis=1)
    found = metric.compute()
    assert float(found["accuracy"]) == pytest.approx(np.mean(decided == y), rel=NEAR)
    lambdas = {"lambda_w": 1e-2, "lambda_h": 1e-2, "lambda_b": 0.1}
    measured = metric.measure(**lambdas)
    assert np.array_equal(measured.problem.encoding.matrix, codes)
    assert measured.gap == metric.measure(encoding=codes, **lambdas).gap
    with pytest.raises(ProblemError, match=r"decided by the encoding that is measured.*make it with codes="):
        metric.measure(encoding=2 * codes, **lambdas)


# -- what torchmetrics does to a metric ---------------------------------------------------------------------------


def test_forward_is_the_batch_and_compute_all_of_them(head):
    metric = NeuralCollapse(CLASSES, DIM, head)
    for x, y in batches():
        alone = NeuralCollapse(CLASSES, DIM, head)
        alone.update(x, y)
        found, wanted = metric(x, y), alone.compute()
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches()))
    assert near(metric, plain)


def test_reset_and_a_new_pass(head):
    metric = NeuralCollapse(CLASSES, DIM, head)
    for seed in (1, 2):
        for x, y in batches(seed):
            metric.update(x, y)
        plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches(seed)))
        assert near(metric, plain)
        assert float(metric.compute()["nc1"]) == pytest.approx(plain.nc1, rel=1e-9)
        metric.reset()
        with torch.no_grad():
            head.weight += 0.1


@pytest.mark.parametrize("copied", [lambda metric: metric.clone(), lambda metric: pickle.loads(pickle.dumps(metric))])
def test_copies_go_on_by_themselves(head, copied):
    first, *others = batches()
    metric = NeuralCollapse(CLASSES, DIM, head, loss="ce")
    metric.update(*first)
    second = copied(metric)
    for x, y in others:
        second.update(x, y)
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head), loss="ce")
    assert near(metric, plain.update(*arrays([first])))
    assert near(second, plain.update(*arrays(others)))


def test_a_copy_reads_the_head_of_the_model_that_it_is_in(head):
    metric = NeuralCollapse(CLASSES, DIM, head)
    assert not list(metric.parameters())
    assert not metric.state_dict()
    assert metric.clone().head is head
    model = torch.nn.ModuleDict({"head": head, "metric": metric})
    assert list(model.state_dict()) == ["head.weight", "head.bias"]
    for made in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert made["metric"].head is made["head"]
        assert made["metric"].head is not head


def test_metrics_of_parts_are_merged(head):
    made = []
    for one in batches():
        metric = NeuralCollapse(CLASSES, DIM, head, loss="ce")
        metric.update(*one)
        made.append(metric)
    empty = NeuralCollapse(CLASSES, DIM, head, loss="ce")
    first = made[0]
    for other in (*made[1:], empty):
        first.merge_state(other)
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head), loss="ce")
    assert near(first, plain.update(*arrays(batches())))
    empty.merge_state(first.metric_state)
    assert near(empty, plain)
    with torch.no_grad():
        head.weight += 1.0
    other = NeuralCollapse(CLASSES, DIM, head, loss="ce")
    other.update(*batches()[0])
    with pytest.raises(ProblemError, match="merged must be of one head"):
        first.merge_state(other)
    assert near(first, plain)


def test_a_merge_that_forgets_the_step_between_batches_is_noticed(head, monkeypatch):
    def without_between(layout, stack):
        found = DeviceMoments.merged(layout, stack)
        DeviceMoments(layout, "cpu", found)._parts["scatter"].copy_(
            sum(DeviceMoments(layout, "cpu", flat)._parts["scatter"] for flat in stack)
        )
        return found

    class Damaged(DeviceMoments):
        merged = staticmethod(without_between)

    monkeypatch.setattr(_metric_state, "DeviceMoments", Damaged)
    metric = NeuralCollapse(CLASSES, DIM, head)
    for x, y in batches():
        metric(x, y)
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches()))
    assert not near(metric, plain)


def test_a_checkpoint_keeps_what_is_persistent(head):
    first, *others = batches()
    metric = NeuralCollapse(CLASSES, DIM, head)
    metric.persistent(True)
    metric.update(*first)
    saved = metric.state_dict()
    before = saved["moments"].clone()
    for _ in range(2):  # twice, since going on must not change what was saved
        fresh = NeuralCollapse(CLASSES, DIM, head)
        fresh.load_state_dict(saved | {})
        for x, y in others:
            fresh.update(x, y)
        assert near(fresh, ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches())))
        assert torch.equal(saved["moments"], before)
    with pytest.raises(ProblemError, match="make the metric as it was"):
        NeuralCollapse(CLASSES, DIM).load_state_dict(saved)


def test_precision_and_places_leave_the_state_in_doubles(head):
    metric = NeuralCollapse(CLASSES, DIM, head, compute_on_cpu=True)
    first, *others = batches()
    metric.update(*first)
    for change in ("half", "float", "bfloat16", "double", "cpu"):
        getattr(metric, change)()
    torch.nn.ModuleList([metric]).to(torch.bfloat16)  # as Lightning casts a module of precision "bf16-true"
    metric.set_dtype(torch.float32)
    for x, y in others:
        metric.update(x, y)
    assert metric.moments.dtype == torch.float64
    assert head.weight.dtype == torch.float32
    assert near(metric, ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches())))


def test_a_device_without_doubles_leaves_the_state_where_it_is(head):
    def put(tensor):
        if tensor.dtype == torch.float64:
            raise TypeError("no float64 here")
        return tensor.to("meta")

    metric = NeuralCollapse(CLASSES, DIM, head)
    metric._apply(put)
    assert (metric.device.type, metric.moments.device.type) == ("meta", "cpu")
    metric._device = torch.device("cpu")  # where the features of this test are
    metric.update(*batches()[0])
    assert near(metric, ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches()[:1])))


def test_a_metric_that_was_reset_in_inference_mode_goes_on(head):
    metric = NeuralCollapse(CLASSES, DIM, head)
    with torch.inference_mode():  # as Lightning validates
        metric.update(*batches()[0])
        metric.reset()
        metric.update(*batches()[1])
        metric.compute()
    metric.update(*batches()[2])
    assert near(metric, ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches()[1:3])))


def test_in_a_collection_with_others(head):
    collection = torchmetrics.MetricCollection({
        "collapse": NeuralCollapse(CLASSES, DIM, head), "again": NeuralCollapse(CLASSES, DIM, head),
        "geometry": NeuralCollapse(CLASSES, DIM),
    })
    other = collection.clone(prefix="val_")
    for x, y in batches():
        collection.update(features=x, labels=y)
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches()))
    assert len(collection.compute_groups) == 2  # of equal states one is gathered
    found = collection.compute()
    assert float(found["collapse_nc1"]) == float(found["again_nc1"]) == pytest.approx(plain.nc1, rel=1e-9)
    assert float(found["again_accuracy"]) == pytest.approx(plain.accuracy, rel=NEAR)
    assert other["val_collapse"].head is head
    assert not other["val_collapse"].moments[: CLASSES].any()


OPTIONS = {
    "ignore_index": {"ignore_index": 2}, "another ignore_index": {"ignore_index": -100},
    "codes": {"codes": np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.0], [0.0, 0.3, 1.0]])},
    "projected": {"scatter": "projected"}, "plain": {},
}


def test_in_a_collection_metrics_of_other_options_stay_apart():
    """On a first batch that tells none of them apart, and with as many outputs as dimensions."""
    torch.manual_seed(0)
    head = torch.nn.Linear(CLASSES, CLASSES)
    collection = torchmetrics.MetricCollection({
        name: NeuralCollapse(CLASSES, CLASSES, head, **options) for name, options in OPTIONS.items()
    })
    empty = torch.zeros(0, CLASSES), torch.zeros(0, dtype=torch.long)
    x, y = torch.randn(20, CLASSES), torch.arange(20) % CLASSES
    for features, labels in (empty, (x[y < 2], y[y < 2]), (x, y)):
        collection.update(features=features, labels=labels)
    for name, options in OPTIONS.items():
        alone = NeuralCollapse(CLASSES, CLASSES, head, **options)
        alone.update(x[y < 2], y[y < 2])
        alone.update(x, y)
        assert near(collection[name], alone.statistics()), name
    assert collection["ignore_index"].statistics().samples == 28
    assert len(collection.compute_groups) == len(OPTIONS)


@pytest.mark.parametrize("name", list(OPTIONS)[:-1])
def test_metrics_of_other_options_are_not_merged_nor_loaded(head, name):
    one, other = NeuralCollapse(CLASSES, DIM, head), NeuralCollapse(CLASSES, DIM, head, **OPTIONS[name])
    one.persistent(True)
    for metric in (one, other):
        metric.update(*[part[:1] for part in batches()[0]])
    before = other.moments.clone()
    with pytest.raises(ProblemError, match="make the metric as it was"):
        other.load_state_dict(one.state_dict())
    if one.moments.shape == other.moments.shape:  # torch stacks what is merged, and refuses others
        with pytest.raises(ProblemError, match=r"of the same classes, .* ignore_index"):
            other.merge_state(one)
    assert torch.equal(other.moments, before)


def test_half_precision_and_sequences_with_ignored_labels(head):
    x, y = (torch.cat(part) for part in zip(*batches(), strict=True))
    x = x[:40].to(torch.bfloat16).reshape(5, 8, DIM)
    y = y[:40].reshape(5, 8).clone()
    y[2:4, 3:] = -100
    metric = NeuralCollapse(CLASSES, DIM, head, ignore_index=-100)
    metric.update(x, y)
    kept = (y != -100).numpy()
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, weights(head))
    assert near(metric, plain.update(x.double().numpy()[kept], y.numpy()[kept]))
    assert plain.samples == 30


@pytest.mark.parametrize("make", [
    torch.nn.utils.parametrizations.spectral_norm, torch.nn.utils.parametrizations.weight_norm,
    torch.nn.utils.parametrizations.orthogonal,
])
def test_a_head_that_is_parametrized_is_read_without_a_trace(head, make):
    with torch.no_grad():  # of near singular values, between which a power iteration is slow
        head.weight.copy_(torch.diag(torch.tensor([1.0, 0.99, 0.98, 0.97, 0.96]))[:CLASSES] + 0.01)
    make(head)
    before = copy.deepcopy(head.state_dict())
    metric = NeuralCollapse(CLASSES, DIM, head)
    for x, y in batches():
        metric.update(x, y)
    metric.compute()
    metric.measure(lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
    assert head.training
    assert all(part.training for part in head.modules())
    assert all(torch.equal(value, before[name]) for name, value in head.state_dict().items())
    head.eval()
    assert near(metric, ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays(batches())))


class Cosine(torch.nn.Linear):
    def forward(self, x):
        return torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(self.weight).T


def patched():
    head = torch.nn.Linear(DIM, CLASSES)
    head.forward = lambda x: 2 * torch.nn.functional.linear(x, head.weight)
    return head


def by_hooks(make, **options):
    # of the older functions, which torch calls deprecated
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return make(torch.nn.Linear(DIM, CLASSES), **options)


# -- extremes and mistakes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["mse", "ce"])
@pytest.mark.parametrize(
    ("x", "y", "undefined"),
    [
        (torch.ones(4, DIM), torch.ones(4, dtype=torch.long),  # one class of three
         {"nc1", "cdnv", "nc2_simplex", "mean_cosine", "cosine_spread", "nc4"}),
        (torch.zeros(3, DIM), torch.arange(3),
         {"nc1", "within_class_energy", "nc2_simplex", "nc2_orthogonal", "mean_cosine", "cosine_spread", "nc3", "nc4"}),
        (torch.eye(3, DIM), torch.arange(3), set()),  # a sample a class
    ],
)
def test_what_is_not_defined_is_nan(head, loss, x, y, undefined):
    metric = NeuralCollapse(CLASSES, DIM, head, loss=loss)
    metric.update(x, y)
    found = metric.compute()
    assert {name for name, value in found.items() if torch.isnan(value)} == undefined


def test_a_single_class_and_empty_batches():
    metric = NeuralCollapse(1, 2)
    metric.update(torch.zeros(0, 2), torch.zeros(0, dtype=torch.long))
    metric.update(torch.ones(2, 2), torch.zeros(2, dtype=torch.uint8))
    assert float(metric.compute()["within_class_energy"]) == 0.0
    assert math.isnan(metric.compute()["nc2_simplex"])


def test_the_head_may_not_change_between_two_updates(head):
    metric = NeuralCollapse(CLASSES, DIM, head)
    first, second, *_ = batches()
    metric.update(*first)
    before = metric.moments.clone()
    for part in (head.bias, head.weight):
        with torch.no_grad():
            part[0] += 1e-3
        with pytest.raises(ProblemError, match=r"changed since the first update, call reset\(\)"):
            metric.update(*second)
        with pytest.raises(ProblemError, match=r"call reset\(\)"):
            metric.measure(lambda_w=1e-2, lambda_h=1e-2, lambda_b=0)
        assert torch.equal(metric.moments, before)
    metric.reset()
    metric.update(*second)
    assert near(metric, ncsolve.FeatureStatistics(CLASSES, DIM, weights(head)).update(*arrays([second])))


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (torch.ones(2, DIM, requires_grad=True), [0, 1], r"pass features\.detach\(\)"),
        (torch.ones(2, DIM), [0, CLASSES], r"labels must lie in 0 \.\. 2; got 3"),
        (torch.ones(2, DIM), [0, -100], r"0 \.\. 2; got -100, pass ignore_index"),
        (torch.tensor([[0.0] * DIM, [float("nan")] * DIM]), [0, 1], "must be finite.* got nan, row 1"),
        (torch.full((2, DIM), float("inf")), [0, 1], "got inf, row 0"),
        (torch.ones(DIM, 2), [0, 1], r"with d = 5; got \(5, 2\), pass features\.T"),
        (torch.ones(2, DIM + 1), [0, 1], r"with d = 5; got \(2, 6\)$"),
        (torch.ones(DIM), 0, r"with d = 5; got \(5,\)$"),
        (torch.ones(2, DIM), [0, 1, 2], r"got labels \(3,\) for features \(2, 5\)"),
        (torch.ones(2, DIM), [[0], [1]], r"pass labels\.squeeze\(-1\)"),
        (torch.ones(2, DIM), [0.0, 1.0], r"pass labels\.long\(\)"),
        (torch.ones(2, DIM), [[1.0, 0.0, 0.0]] * 2, r"argmax"),
        (torch.ones(2, DIM, dtype=torch.complex64), [0, 1], "must be real numbers; got torch.complex64"),
        (torch.ones(2, DIM, dtype=torch.bool), [0, 1], "must be real numbers; got torch.bool"),
        (torch.ones(2, DIM, device="meta"), [0, 1], r"features must be where the metric is, on cpu; got meta"),
        (torch.ones(2, DIM), torch.zeros(2, dtype=torch.long, device="meta"), "labels must be where the metric is"),
        ([[1.0] * DIM] * 2, [0, 1], r"features must be a tensor; got .*pass torch\.as_tensor\(features\)"),
        (torch.ones(2, DIM), "ab", "labels must be a tensor"),
    ],
)
def test_a_batch_that_does_not_fit_is_told_in_a_line(head, features, labels, message):
    metric = NeuralCollapse(CLASSES, DIM, head)
    metric.update(*batches()[0])
    before = metric.moments.clone()
    with pytest.raises(ProblemError, match=message) as caught:
        metric.update(features, torch.tensor(labels) if isinstance(labels, (list, int)) else labels)
    assert "\n" not in str(caught.value)
    assert torch.equal(metric.moments, before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NeuralCollapse(0, DIM), "classes"),
        (lambda: NeuralCollapse(["a", "a"], DIM), "twice"),
        (lambda: NeuralCollapse(CLASSES, 0), "dim"),
        (lambda: NeuralCollapse(CLASSES, DIM, scatter="projected"), "needs the last layer"),
        (lambda: NeuralCollapse(CLASSES, DIM, scatter="diagonal"), "diagonal"),
        (lambda: NeuralCollapse(CLASSES, DIM, loss="ce"), "got no head"),
        (lambda: NeuralCollapse(CLASSES, DIM, loss="hinge"), "hinge"),
        (lambda: NeuralCollapse(CLASSES, DIM, codes=np.eye(3)), "codes without a head"),
        (lambda: NeuralCollapse(CLASSES, DIM, torch.nn.Conv2d(1, 1, 1)), r"must be a torch\.nn\.Linear; got Conv2d"),
        (lambda: NeuralCollapse(CLASSES, DIM, Cosine(DIM, CLASSES)), r"must compute W h \+ b; got a Cosine"),
        (lambda: NeuralCollapse(CLASSES, DIM, patched()), r"must compute W h \+ b; got a Linear"),
        (lambda: NeuralCollapse(CLASSES, DIM, by_hooks(torch.nn.utils.weight_norm)), "up to date .*'weight_g'"),
        (lambda: NeuralCollapse(CLASSES, DIM, by_hooks(torch.nn.utils.spectral_norm)), "'weight_orig'.*parametrizati"),
        (lambda: NeuralCollapse(CLASSES, DIM, by_hooks(
            prune.random_unstructured, name="weight", amount=1)), "'weight_orig'.*prune.remove"),
        (lambda: NeuralCollapse(CLASSES, DIM, torch.nn.Linear(4, CLASSES)), "with d = 5; got "),
        (lambda: NeuralCollapse(CLASSES, DIM, torch.nn.Linear(DIM, 4)), "as long as the head has outputs, 4"),
        (lambda: NeuralCollapse(CLASSES, DIM, torch.nn.Linear(DIM, 3), codes=np.ones((3, 4))), "got 4"),
        (lambda: NeuralCollapse(3, DIM, torch.nn.Linear(DIM, 3), codes="signed", loss="ce"), "probability vector"),
        (lambda: NeuralCollapse(CLASSES, DIM).measure(lambda_w=1, lambda_h=1), "got a metric without one"),
        (lambda: NeuralCollapse(CLASSES, DIM).statistics(), "needs samples; got none"),
    ],
)
def test_a_metric_that_does_not_fit_is_told_in_a_line(make, message):
    with pytest.raises(NCSolveError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_other_options_are_refused_and_compute_needs_samples(head):
    with pytest.raises(ValueError, match="Unexpected keyword arguments: `scater`"):
        NeuralCollapse(CLASSES, DIM, scater="full")
    with pytest.warns(UserWarning, match="before the ``update``"), pytest.raises(ProblemError, match="needs samples"):
        NeuralCollapse(CLASSES, DIM, head).compute()
    with torch.no_grad():
        head.weight[0, 0] = float("nan")
    with pytest.raises(ProblemError, match="the head must be finite"):
        NeuralCollapse(CLASSES, DIM, head).update(*batches()[0])
    biased = torch.nn.Linear(DIM, CLASSES)
    metric = NeuralCollapse(CLASSES, DIM, biased, codes=encodings.onehot(CLASSES))
    metric.update(*batches()[0])
    with pytest.raises(ProblemError, match="pass lambda_b"):
        metric.measure(lambda_w=1e-2, lambda_h=1e-2)
