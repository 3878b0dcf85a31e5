"""No run is lost or made twice, whatever ends the program and whenever."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("filelock", reason="needs torch: pip install 'ncsolve[torch]'")

from experiments._run import Run
from experiments._runner import run_missing
from experiments._store import Store
from experiments._suite import SuiteError
from tests.experiments import fake

ROOT = Path(__file__).parents[2]
RUNS = [Run(seed=seed) for seed in range(6)]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_that_is_there_is_not_made_again(tmp_path):
    path, said = tmp_path / "deep" / "runs.jsonl", []
    run_missing(RUNS[:2], path, workers=1, execute=fake.record, say=said.append)
    run_missing(RUNS, path, workers=2, execute=fake.slow, say=said.append)
    assert sorted(line["run"]["seed"] for line in lines(path)) == list(range(6))
    assert said[0] == "0 of 2 runs are there, 2 to make"
    assert said[3] == "2 of 6 runs are there, 4 to make"
    before = path.read_bytes()
    run_missing(RUNS, path, workers=2, execute=fake.broken, say=said.append)
    assert path.read_bytes() == before


def test_a_run_without_a_relative_gap_is_told_and_kept(tmp_path):
    """Where the minimum is 0 a gap is relative to nothing, and null in the document."""
    said = []
    run_missing(RUNS[:1], tmp_path / "runs.jsonl", workers=1, execute=fake.no_gap, say=said.append)
    assert "no relative gap, collapsed as predicted" in said[1]
    assert len(Store(tmp_path / "runs.jsonl").records) == 1


def test_the_first_seed_of_everything_comes_first(tmp_path):
    runs = [Run(network=network, seed=seed) for network in ("mlp", "cnn") for seed in (0, 1)]
    run_missing(runs, tmp_path / "runs.jsonl", workers=1, execute=fake.record, say=print)
    made = [(line["run"]["seed"], line["run"]["network"]) for line in lines(tmp_path / "runs.jsonl")]
    assert made == [(0, "mlp"), (0, "cnn"), (1, "mlp"), (1, "cnn")]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("workers", [1, 3])
def test_after_a_kill_the_rest_is_made(tmp_path, workers):
    path = tmp_path / "runs.jsonl"
    program = textwrap.dedent(f"""
        from pathlib import Path
        from experiments._run import Run
        from experiments._runner import run_missing
        from tests.experiments import fake
        if __name__ == "__main__":
            run_missing([Run(seed=seed) for seed in range(6)], Path({str(path)!r}), workers={workers},
                        execute=fake.killed, say=print)
    """)
    script = tmp_path / "program.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, script], env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, timeout=60, text=True,
    )
    assert done.returncode == -9, done.stderr
    kept = {line["run"]["seed"] for line in lines(path)} if path.exists() else set()
    assert 3 not in kept
    assert kept if workers == 1 else True
    run_missing(RUNS, path, workers=2, execute=fake.record, say=print)
    assert sorted(line["run"]["seed"] for line in lines(path)) == list(range(6))


@settings(max_examples=100, deadline=None)  # each example writes a file
@given(cut=st.integers(min_value=1, max_value=10_000))
def test_a_line_that_a_kill_cut_off_is_no_run(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("store") / "runs.jsonl"
    whole = "".join(json.dumps(fake.record(run)) + "\n" for run in RUNS[:3])
    last = json.dumps(fake.record(RUNS[3]))
    path.write_text(whole + last[: min(cut, len(last) - 1)])
    store = Store(path)
    assert store.cut
    assert [record["run"]["seed"] for record in store.records.values()] == [0, 1, 2]
    for run in RUNS[3:]:
        store.add(fake.record(run))
    assert lines(path) == [fake.record(run) for run in RUNS]
    assert not Store(path).cut


def test_a_line_that_was_cut_off_is_told(tmp_path):
    path, said = tmp_path / "runs.jsonl", []
    path.write_text(json.dumps(fake.record(RUNS[0])) + '\n{"key"')
    run_missing(RUNS[:2], path, workers=1, execute=fake.record, say=said.append)
    assert "cut off" in said[0]
    assert [line["run"]["seed"] for line in lines(path)] == [0, 1]


def test_a_fault_of_the_program_ends_it_and_keeps_what_was_made(tmp_path):
    path = tmp_path / "runs.jsonl"
    with pytest.raises(ZeroDivisionError):
        run_missing(RUNS, path, workers=1, execute=fake.broken, say=print)
    assert [line["run"]["seed"] for line in lines(path)] == [0, 1, 2]


@pytest.mark.parametrize("line", [
    "{}", "no json", '{"key": "0", "run": {"seed": 0}, "outcome": "measured"}', '{"key": 1, "run": [], "outcome": 1}',
    json.dumps(fake.record(RUNS[0]) | {"outcome": "lost"}), json.dumps(fake.record(RUNS[0]) | {"measured": None}),
    json.dumps(fake.record(RUNS[0]) | {"outcome": "failed"}), json.dumps(fake.record(RUNS[0]) | {"machine": 3}),
    json.dumps(fake.record(RUNS[0]) | {"run": {"speed": 1}}),
    "",
])
def test_a_line_that_is_no_run_is_named(tmp_path, line):
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps(fake.record(RUNS[0])) + f"\n{line}\n")
    with pytest.raises(SuiteError, match=r"line 2 is no run of a suite .*delete it") as caught:
        Store(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("end", ['{"some": "json"}', "name,age", "{", '{"key": "x"}'])
def test_another_file_is_not_taken_for_a_store(tmp_path, end):
    path = tmp_path / "precious.json"
    path.write_text(end)
    if end == "{":
        assert Store(path).cut  # a run begins so
        return
    with pytest.raises(SuiteError, match="no run of a suite"):
        Store(path)
    assert path.read_text() == end


def test_a_last_line_without_its_end_is_a_run(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(json.dumps(fake.record(run)) for run in RUNS[:2]))
    store = Store(path)
    assert not store.cut
    assert len(store.records) == 2
    store.add(fake.record(RUNS[2]))
    store.add(fake.record(RUNS[3]))
    assert lines(path) == [fake.record(run) for run in RUNS[:4]]


def test_a_store_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SuiteError, match="runs can't be kept there"):
        run_missing(RUNS, tmp_path / "file" / "runs.jsonl", workers=1, execute=fake.record, say=print)


def test_two_programs_do_not_write_one_store(tmp_path):
    from filelock import FileLock

    path = tmp_path / "runs.jsonl"
    with FileLock(f"{path}.lock"), pytest.raises(SuiteError, match="another program"):
        run_missing(RUNS, path, workers=1, execute=fake.record, say=print)
    assert not path.exists()
