"""The statistic of Dask arrays is that of the features themselves, in any chunks, and also where a worker dies."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import ncsolve
from ncsolve.errors import MissingPackageError, ProblemError

dask = pytest.importorskip("dask", reason="needs dask: pip install 'ncsolve[dask]'")
distributed = pytest.importorskip("distributed", reason="needs distributed: pip install 'ncsolve[dask]'")
array = pytest.importorskip("dask.array", reason="needs dask: pip install 'ncsolve[dask]'")

NAMES = ("counts", "class_means", "class_energies", "within_scatter", "decisions", "lowest", "accuracy",
         "class_probabilities", "probability_energy", "divergence", "probability_products")


def same(found, wanted):
    """To 1e-12 of the largest entry."""
    assert repr(found) == repr(wanted)
    for name in NAMES:
        own, its = getattr(found, name), getattr(wanted, name)
        assert (own is None) == (its is None)
        if its is not None:
            size = np.nanmax(np.abs(its), initial=0.0)
            np.testing.assert_allclose(own, its, rtol=0, atol=1e-12 * size, err_msg=name)


def samples(count, dim, classes):
    random = np.random.default_rng(count)
    y = random.integers(0, classes, count)
    return (10 + random.standard_normal((count, dim)) + random.standard_normal((classes, dim))[y]).astype(np.float32), y


@pytest.mark.parametrize(("scatter", "loss"), [
    ("full", "mse"), ("projected", "mse"), ("trace", "mse"), ("full", "cross-entropy"), ("trace", "cross-entropy"),
])
@pytest.mark.parametrize(("rows", "columns", "labelled"), [(7, 5, 100), (500, 2, 3), (64, 3, 64), (1, 5, 500)])
def test_any_chunks_give_the_same_numbers(scatter, loss, rows, columns, labelled):
    x, y = samples(500, 5, 3)
    w = np.random.default_rng(0).standard_normal((3, 5))
    wanted = ncsolve.FeatureStatistics(3, 5, (w, None), scatter, loss=loss).update(x, y)
    with dask.config.set(scheduler="synchronous"):
        found = ncsolve.FeatureStatistics.from_dask(
            array.from_array(x, chunks=(rows, columns)), array.from_array(y, chunks=labelled), 3, (w, None), scatter,
            loss=loss)
    same(found, wanted)
    if scatter == "projected":
        assert np.allclose(found.seen_by(w), wanted.seen_by(w), rtol=1e-12, atol=1e-9)


def test_names_of_classes_codes_and_labels_that_are_no_dask_array():
    x, y = samples(90, 4, 2)
    names, codes = np.array(["cat", "dog"]), np.array([[1.0, -1.0], [0.0, 2.0], [1.0, 1.0]])
    arguments = (["cat", "dog"], (np.ones((3, 4)), [1.0, 2.0, 3.0]))
    found = ncsolve.FeatureStatistics.from_dask(array.from_array(x, chunks=20), names[y], *arguments, codes=codes)
    same(found, ncsolve.FeatureStatistics(arguments[0], 4, arguments[1], codes=codes).update(x, names[y]))
    assert found.class_names == ("cat", "dog")


def test_a_task_takes_chunks_until_its_state_is_smaller_than_they_are():
    """From 600 chunks of 10 rows at d = 100 come 15 states of 400 rows, and not 600 of 100 x 100 doubles."""
    from ncsolve._measure.dask import _blocks

    blocks = list(_blocks((10,) * 600, 400))
    assert [block.stop - block.start for block in blocks] == [40] * 15
    assert [block.start for block in blocks] == list(range(0, 600, 40))
    assert list(_blocks((500, 1, 1), 400)) == [slice(0, 1), slice(1, 3)]
    assert list(_blocks((0,), 400)) == [slice(0, 1)]


def chunk(i, folder, killed):
    """Chunk ``i`` of the samples; the first worker that is to load chunk ``killed`` dies of it."""
    mark = Path(folder, "killed")
    if i == killed and not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    with Path(folder, f"loaded-{i}").open("a") as file:
        file.write("x")
    return samples(4000, 8, 5)[0][i * 100 : (i + 1) * 100]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_worker_that_is_killed_loses_nothing(tmp_path):
    x, y = samples(4000, 8, 5)
    load = dask.delayed(chunk, pure=False)
    features = array.concatenate([
        array.from_delayed(load(i, str(tmp_path), 33), (100, 8), dtype=np.float32) for i in range(40)])
    quiet = dask.config.set({"logging.distributed": "critical", "distributed.comm.timeouts.connect": "60s"})
    with quiet, distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
    ) as cluster, distributed.Client(cluster) as client:
        workers = set(client.run(os.getpid).values())
        found = ncsolve.FeatureStatistics.from_dask(features, y, 5, client=client)
        client.wait_for_workers(2)
        left = set(client.run(os.getpid).values())
    assert int((tmp_path / "killed").read_text()) in workers - left
    assert len(list(tmp_path.glob("loaded-*"))) == 40
    same(found, ncsolve.FeatureStatistics(5, 8).update(x, y))


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (np.ones((6, 2)), np.zeros(5, dtype=int), r"got \(6, 2\) and \(5,\), a row for every label"),
        (np.ones(6), np.zeros(6, dtype=int), r"with d = 1, and labels \(N,\); got \(6,\)"),
        (np.array([[1.0]] * 4 + [[np.nan]] * 2), np.zeros(6, dtype=int), "chunk from row 4 on: .*got nan in row 0"),
        (np.ones((6, 2)), np.array([0, 0, 0, 0, 0, 7]), "chunk from row 4 on: .*7"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(features, labels, message):
    given = array.from_array(features, chunks=2)
    with dask.config.set(scheduler="synchronous"), pytest.raises(ProblemError, match=message) as caught:
        ncsolve.FeatureStatistics.from_dask(given, array.from_array(labels, chunks=2), 2)
    assert "\n" not in str(caught.value)


def test_features_must_be_chunked():
    with pytest.raises(ProblemError, match=r"must be a Dask array; got ndarray, pass others to .*update"):
        ncsolve.FeatureStatistics.from_dask(np.ones((2, 2)), [0, 1], 2)


def test_chunks_of_unknown_size_are_told_to_be_computed():
    x, y = (array.from_array(one, chunks=5) for one in samples(20, 2, 2))
    known = y > -1
    with pytest.raises(ProblemError, match="compute_chunk_sizes"):
        ncsolve.FeatureStatistics.from_dask(x[known], y[known], 2)


def test_a_missing_dask_is_named(monkeypatch):
    for name in ("dask", "dask.array", "dask.delayed"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackageError, match=r"needs dask; install it with: .*'ncsolve\[dask\]'"):
        ncsolve.FeatureStatistics.from_dask(np.ones((2, 2)), [0, 1], 2)
