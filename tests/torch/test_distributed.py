"""The metric under DistributedDataParallel: two processes with a network of their own have the numbers of one."""

import multiprocessing

import numpy as np
import pytest

import ncsolve
from ncsolve.errors import ProblemError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
pytest.importorskip("torchmetrics", reason="needs torchmetrics: pip install 'ncsolve[torch]'")
if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
    pytest.skip("needs torch.distributed with gloo", allow_module_level=True)

import torch.multiprocessing  # noqa: E402

from ncsolve.torch import NeuralCollapse, Probe  # noqa: E402
from ncsolve.torch._moments import DeviceMoments  # noqa: E402

CLASSES, DIM = 3, 5
SCATTERS, LOSSES = ("full", "projected", "trace"), ("mse", "cross-entropy")
LAMBDAS = {"lambda_w": 2e-3, "lambda_h": 1e-2, "lambda_b": 0.1}
# Two sums of a few dozen doubles in another order.
NEAR = 1e-12
# The batches of each process: the first never sees class 2, and they have not the same number.
SIZES = ((9, 4), (5, 12, 8))


def samples(rank):
    random = torch.Generator().manual_seed(rank)
    for size in SIZES[rank]:
        labels = torch.randint(0, CLASSES - 1 + rank, (size,), generator=random)
        yield torch.randn(size, 4, generator=random) + labels[:, None], labels


def trained(rank):
    """A network after two steps of two processes, and features and labels of this one's batches."""
    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Linear(4, DIM), torch.nn.ReLU(), torch.nn.Linear(DIM, CLASSES))
    parallel = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
    for _, (x, y) in zip(range(2), samples(rank), strict=False):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(parallel(x), y).backward()
        optimizer.step()
    probe = Probe(parallel)
    with torch.no_grad():
        return probe.head, [(probe(x)[1], y) for x, y in samples(rank)]


def process(rank, folder):
    """What a process of a training does, which leaves its results in files."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    head, batches = trained(rank)
    found = {"W": head.weight.clone(), "b": head.bias.clone(), "x": torch.cat([x for x, _ in batches])}
    found["y"] = torch.cat([y for _, y in batches])
    for loss in LOSSES:
        for scatter in SCATTERS:
            metric = NeuralCollapse(CLASSES, DIM, head, scatter=scatter, loss=loss)
            for batch in batches:
                metric.update(*batch)
            metric.statistics().save(f"{folder}/{loss}-{scatter}-{rank}.npz")
            found |= {f"{loss}-{scatter}-{name}": value for name, value in metric.compute().items()}
            if scatter != "trace" or loss != "mse":
                found[f"{loss}-{scatter}-gap"] = torch.tensor(metric.measure(**LAMBDAS).gap)
            metric.update(*batches[0])  # it has its own samples again, and goes on
            with metric.sync_context():  # who synchronized already is not asked to do so again
                assert metric.statistics().samples == 13 + 25 + 9 + 5
            found[f"{loss}-{scatter}-more"] = torch.tensor(metric.statistics().samples)
    stepwise = NeuralCollapse(CLASSES, DIM, head, dist_sync_on_step=True)
    found["first"] = stepwise(*batches[0])["within_class_energy"]
    found["all"] = [stepwise(*batch) for batch in batches[1:2]] and stepwise.compute()["within_class_energy"]
    alone = NeuralCollapse(CLASSES, DIM, head)
    if rank == 1:  # the other one has no sample at all
        for batch in batches:
            alone.update(*batch)
        found["alone"] = alone.compute()["nc1"]
    else:
        with pytest.warns(UserWarning, match="before the ``update``"):
            found["alone"] = alone.compute()["nc1"]
    with torch.no_grad():
        head.weight += rank
    alone.reset()
    alone.update(*batches[0])
    with pytest.raises(ProblemError, match="processes whose weights differ"):
        alone.compute()
    head.weight.data -= rank
    alone.sync_on_compute = False
    found["own"] = torch.tensor(alone.statistics().samples)
    np.savez(f"{folder}/{rank}.npz", **{name: value.detach().numpy() for name, value in found.items()})
    torch.distributed.destroy_process_group()


def whole(own, loss="mse", scatter="full"):
    """The statistic of all samples in one process."""
    head = own[0]["W"].astype(float), own[0]["b"].astype(float)
    found = ncsolve.FeatureStatistics(CLASSES, DIM, head, scatter, loss=loss)
    return found.update(*(np.concatenate([one[name] for one in own]) for name in "xy"))


def apart(found, wanted):
    """The largest difference of two statistics, over the largest number of each array."""
    pairs = [(getattr(found, name), getattr(wanted, name)) for name in (
        "counts", "class_means", "class_energies", "within_scatter", "decisions", "lowest", "divergence",
        "class_probabilities", "probability_energy", "probability_products",
    )]
    if wanted.scatter == "projected":
        pairs.append((found.seen_by(wanted.head[0]), wanted.seen_by(wanted.head[0])))
    assert all((a is None) == (b is None) for a, b in pairs)
    return max(
        0.0 if np.array_equal(a, b) else float(np.max(np.abs(a - b)) / np.max(np.abs(b)))
        for a, b in pairs if b is not None
    )


def test_two_processes_are_one(tmp_path):
    """All in one test, so that the processes are started once, whichever worker runs what."""
    # what takes seconds to import is imported once for both; DistributedDataParallel needs the second
    multiprocessing.get_context("forkserver").set_forkserver_preload([__name__, "torch._dynamo"])
    torch.multiprocessing.start_processes(process, args=(str(tmp_path),), nprocs=2, start_method="forkserver")
    own = [dict(np.load(tmp_path / f"{rank}.npz")) for rank in (0, 1)]
    assert [len(one["y"]) for one in own] == [13, 25]
    assert [set(one["y"]) for one in own] == [{0, 1}, {0, 1, 2}]
    assert np.array_equal(own[0]["W"], own[1]["W"])
    for loss in LOSSES:
        for scatter in SCATTERS:
            check_whole(tmp_path, own, loss, scatter)
    for name, sizes in (("first", (9, 5)), ("all", (13, 17))):
        x, y = (np.concatenate([one[key][:n] for one, n in zip(own, sizes, strict=True)]) for key in "xy")
        wanted = ncsolve.FeatureStatistics(CLASSES, DIM).update(x, y)
        for one in own:
            assert one[name] == pytest.approx(wanted.within_class_energy, rel=NEAR)
    second = ncsolve.FeatureStatistics(CLASSES, DIM).update(own[1]["x"], own[1]["y"])
    for one, size in zip(own, (9, 5), strict=True):
        assert one["alone"] == pytest.approx(second.nc1, rel=1e-9)  # a pseudo-inverse takes three digits
        assert one["own"] == size


def check_whole(folder, own, loss, scatter):
    """That statistic, figures and gap of each process are those of all samples in one."""
    wanted, kind = whole(own, loss, scatter), f"{loss}-{scatter}"
    alone = NeuralCollapse(CLASSES, DIM, layer(own[0]), scatter=scatter, loss=loss)
    alone.update(*(torch.from_numpy(np.concatenate([one[name] for one in own])) for name in "xy"))
    figures = alone.compute()
    for rank, found in enumerate(own):
        assert apart(ncsolve.FeatureStatistics.load(folder / f"{kind}-{rank}.npz"), wanted) <= NEAR
        for name, value in figures.items():
            assert found[f"{kind}-{name}"] == pytest.approx(float(value), rel=NEAR, nan_ok=True), name
        if scatter != "trace" or loss != "mse":
            gap = ncsolve.measure(wanted, *wanted.head, wanted.problem("onehot", **LAMBDAS)).gap
            assert found[f"{kind}-gap"] == pytest.approx(gap, rel=NEAR)
        assert found[f"{kind}-more"] == 13 + 25 + 9 + 5


def layer(one):
    """The last layer whose W and b a process left."""
    head = torch.nn.Linear(DIM, CLASSES)
    head.weight.data, head.bias.data = (torch.from_numpy(one[name]) for name in "Wb")
    return head


@pytest.mark.parametrize("loss", LOSSES)
def test_a_merge_that_forgets_what_is_between_processes_is_noticed(monkeypatch, loss):
    """The comparison above fails for a merge without the steps between the class means of two processes."""
    random = np.random.default_rng(3)
    last = {"W": random.standard_normal((CLASSES, DIM)), "b": random.standard_normal(CLASSES)}
    own = [{**last, "x": random.standard_normal((20, DIM)), "y": np.arange(20) % CLASSES} for _ in range(2)]
    head, made = layer(own[0]), []
    for one in own:
        made.append(NeuralCollapse(CLASSES, DIM, head, loss=loss))
        made[-1].update(torch.from_numpy(one["x"]), torch.from_numpy(one["y"]))
    first, second = made
    damaged = first.clone()
    first.merge_state(second)
    assert apart(first.statistics(), whole(own, loss)) <= NEAR
    true = DeviceMoments._products
    monkeypatch.setattr(DeviceMoments, "_products", lambda self, apart: 0.0 * true(self, apart))
    damaged.merge_state(second)
    assert apart(damaged.statistics(), whole(own, loss)) > 1e-6
