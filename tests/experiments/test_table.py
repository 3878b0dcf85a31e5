"""The committed table is the runs of the suite, rounded, and the same bytes for the same runs."""

import gzip
import json
import math

import numpy as np
import pytest

import ncsolve
from experiments import _table
from experiments._measuring import record_of
from experiments._run import Run
from experiments._suite import Suite, SuiteError, Variation
from tests.experiments import fake

RUNS = tuple(Run(seed=seed) for seed in range(4))
SUITE = Suite("small", (Variation("a", "first", RUNS[:3]), Variation("b", "second", RUNS[3:])))


def network(seed, **factors):
    """Features and a head at random, measured."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), (5, 2, 4))
    problem = ncsolve.UFM(encoding="onehot", counts=(5, 2, 4), lambda_w=0.02, lambda_h=0.03, **factors)
    w, h = random.standard_normal((3, 4)), random.standard_normal((4, labels.size))
    b = random.standard_normal(3) if math.isfinite(problem.lambda_b) else None
    statistics = ncsolve.FeatureStatistics(3, 4).update(h.T, labels)
    return ncsolve.measure(statistics, w, b, problem), w, h, labels, np.zeros(3) if b is None else b


def records():
    return {
        run.key: fake.record(run) | record_of(network(run.seed, lambda_b=0.1)[0]) | {"seconds": 1 / 3} for run in RUNS
    }


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, math.inf])
def test_what_is_kept_of_a_network_gives_its_loss_by_definition(lambda_b):
    found, w, h, labels, b = network(1, lambda_b=lambda_b)
    record = record_of(found)
    problem, kept = record["problem"], record["network"]
    apart = w @ h + b[:, None] - np.eye(3)[:, labels]
    means = np.stack([h[:, labels == k].mean(axis=1) for k in range(3)], axis=1)
    own = {
        "weights": np.sum(w**2), "features": np.sum(h**2), "within_features": np.sum((h - means[:, labels]) ** 2),
        "within_outputs": np.sum((w @ (h - means[:, labels])) ** 2), "fit": np.sum(apart**2) / 2 / labels.size,
    }
    for name, value in own.items():
        assert kept[name] == pytest.approx(value, rel=1e-12)  # sums in another order
    np.testing.assert_allclose(kept["class_outputs"], w @ means + b[:, None], rtol=1e-12)
    decay = 0.0 if problem["lambda_b"] == "inf" else problem["lambda_b"]
    whole = own["fit"] + (0.02 * own["weights"] + 0.03 * own["features"] + decay * float(b @ b)) / 2
    assert record["measured"]["loss"] == pytest.approx(whole, rel=1e-12)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_two_layers_are_kept_the_same_way():
    random = np.random.default_rng(0)
    z, labels = random.standard_normal((9, 5)), np.arange(9) % 3
    statistics = ncsolve.FeatureStatistics(3, 5).update(z, labels)
    problem = statistics.metric_problem(lambda_w=0.02, lambda_v=0.03, lambda_b=0.1, lambda_c=0.05)
    w, v, c, b = (random.standard_normal(shape) for shape in ((3, 4), (4, 5), 4, 3))
    record = record_of(ncsolve.measure(statistics, w, b, problem, hidden=(v, c)))
    h = v @ z.T + c[:, None]
    kept = record["network"]
    fit = np.sum((w @ h + b[:, None] - np.eye(3)[:, labels]) ** 2) / 18
    assert kept["fit"] == pytest.approx(fit, rel=1e-12)
    assert kept["features"] == pytest.approx(np.sum(h**2), rel=1e-12)
    whole = fit + (0.02 * np.sum(w**2) + 0.03 * np.sum(v**2) + 0.05 * np.sum(c**2) + 0.1 * np.sum(b**2)) / 2
    assert record["measured"]["loss"] == pytest.approx(whole, rel=1e-12)
    assert kept["hidden"] == pytest.approx(np.sum(v**2), rel=1e-12)
    assert kept["hidden_bias"] == pytest.approx(np.sum(c**2), rel=1e-12)


def test_the_table_has_all_runs_in_the_order_of_the_suite(tmp_path):
    there = records()
    del there[RUNS[1].key]
    table = _table.table_of(SUITE, dict(reversed(there.items())))
    _table.write(table, tmp_path / "table.json.gz")
    found = _table.read(tmp_path / "table.json.gz")
    assert found == table
    assert [row["run"]["seed"] for row in found["runs"]] == [0, 2, 3]
    assert [row["variation"] for row in found["runs"]] == ["a", "a", "b"]
    assert found["variations"] == [
        {"name": "a", "title": "first", "runs": 3, "done": 2}, {"name": "b", "title": "second", "runs": 1, "done": 1},
    ]
    assert found["machines"] == [fake.MACHINE]
    assert found["runs"][0]["seconds"] == 0.3333333333


def test_numbers_are_rounded_to_ten_digits_and_no_further():
    there = records()
    for row in _table.table_of(SUITE, there)["runs"]:
        whole = there[row["key"]]
        for name in ("loss", "minimum", "relative_gap"):
            exact, kept = whole["measured"][name], row["measured"][name]
            assert 0 < abs(kept / exact - 1) < 5e-10  # half a unit of the tenth digit
        np.testing.assert_allclose(row["measured"]["gram"], whole["measured"]["gram"], rtol=5e-10)


def test_the_same_runs_are_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        _table.write(_table.table_of(SUITE, records()), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    again = _table.read(tmp_path / "a")
    kept = {row["key"]: row | {"machine": again["machines"][row["machine"]]} for row in again["runs"]}
    assert _table.table_of(SUITE, kept) == again


@pytest.mark.parametrize("content", [
    "", "no gzip", "{}", '{"schema": "other/1"}', '{"schema": "ncsolve.networks/1"}', "[",
])
def test_what_is_no_table_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "table.json.gz"
    path.write_bytes(content.encode() if content in ("", "no gzip") else gzip.compress(content.encode()))
    with pytest.raises(SuiteError, match="no table of runs") as caught:
        _table.read(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(SuiteError, match="no table of runs"):
        _table.read(tmp_path / "missing.json.gz")
