"""Descent: every method reaches the minimum, says honestly when it has not, and shows the collapse on the way."""

import io
import math
import sys
import time

import numpy as np
import pytest
import threadpoolctl
from ncsolve.verify import Point, Status, descend, multi_start, peers
from ncsolve.verify.descent import METHODS

import ncsolve
from ncsolve import encodings
from ncsolve._problem.losses import LOSSES
from ncsolve.processes.threads import single_threaded
from ncsolve.progress import SlowProgress

PROBLEM = ncsolve.UFM(encoding=encodings.onehot(3), counts=3, lambda_w=0.05, lambda_h=0.02, lambda_b=0.5)
MINIMIZER = ncsolve.solve(PROBLEM)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lambda_b", [0.0, 0.05, 0.5, math.inf])
def test_every_method_reaches_the_minimum(method, lambda_b):
    asked = PROBLEM.replace(lambda_b=lambda_b)
    best = ncsolve.solve(asked)
    run = descend(asked, method=method, seed=7)
    assert run.converged
    assert run.loss == pytest.approx(best.loss, rel=1e-12)
    assert run.gram == pytest.approx(best.gram, abs=1e-5)
    assert run.bias == pytest.approx(best.bias, abs=1e-6)
    assert run.singular_values == pytest.approx(best.singular_values, abs=1e-5)


@pytest.mark.parametrize("lambda_b", [1e-9, 1e6, 1e10])
@pytest.mark.parametrize("ratio", [1e-4, 1e4])
def test_lambdas_of_very_different_size_do_not_hide_the_minimum(lambda_b, ratio):
    asked = ncsolve.UFM(encoding=np.eye(3), counts=[4, 2, 1], lambda_w=0.05 * ratio, lambda_h=0.05 / ratio,
                        lambda_b=lambda_b)
    run = descend(asked, method="newton", tolerance=1e-11)
    best = ncsolve.solve(asked)
    assert run.converged
    assert run.loss == pytest.approx(best.loss, rel=1e-12)
    assert run.gram / ratio == pytest.approx(best.gram / ratio, abs=1e-7)
    assert run.bias == pytest.approx(best.bias, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_run_that_stops_early_says_so_and_is_returned(method):
    run = descend(PROBLEM, method=method, max_steps=3, tolerance=1e-12)
    assert run.status is Status.STEP_LIMIT
    assert not run.converged
    assert run.steps == 3
    assert run.loss > MINIMIZER.loss
    assert "raise max_steps" in run.status.value


def test_a_tolerance_below_rounding_ends_as_stalled():
    for method in ("lbfgs", "newton"):
        run = descend(PROBLEM, method=method, tolerance=1e-30)
        assert run.status is Status.STALLED
        assert run.loss == pytest.approx(MINIMIZER.loss, rel=1e-12)


def test_gradient_descent_never_rises():
    run = descend(PROBLEM, method="gd", seed=1)
    assert np.all(np.diff(run.trajectory.column("loss")) <= 1e-15)


def test_multi_start_keeps_every_run():
    runs = multi_start(PROBLEM, seeds=range(3), method="gd", max_steps=5)
    assert [run.seed for run in runs] == [0, 1, 2]
    assert not any(run.converged for run in runs)
    assert len({run.loss for run in runs}) == 3


def test_seeds_repeat_and_differ():
    first, again, other = (descend(PROBLEM, seed=seed, trace=False) for seed in (1, 1, 2))
    assert np.array_equal(first.point.W, again.point.W)
    assert not np.allclose(first.point.W, other.point.W)


def test_the_trajectory_shows_the_collapse():
    run = descend(PROBLEM, method="gd", seed=3)
    history = run.trajectory
    steps = history.column("step")
    assert steps[0] == 0
    assert steps[-1] == run.steps
    assert np.all(np.diff(steps) > 0)
    assert len(history) < 80
    assert history.column("bias").shape == (len(history), 3)
    assert history.column("nc1")[0] > 0.1
    assert history.column("nc1")[-1] < 1e-6
    assert history.column("nc2_simplex")[-1] == pytest.approx(MINIMIZER.nc.nc2_simplex, abs=1e-6)
    assert history.column("nc2_orthogonal")[-1] == pytest.approx(MINIMIZER.nc.nc2_orthogonal, abs=1e-6)
    assert history.column("nc3")[0] > 0.1
    assert history.column("nc3")[-1] < 1e-6
    assert history.column("cosine_min")[-1] == pytest.approx(MINIMIZER.cosines.min, abs=1e-6)
    assert history.column("cosine_max")[-1] == pytest.approx(MINIMIZER.cosines.max, abs=1e-6)
    assert history.column("gradient_norm")[-1] == run.gradient_norm
    with pytest.raises(AttributeError):
        history.column("nc7")


def test_without_a_trace_only_the_end_is_kept():
    for method in METHODS:
        run = descend(PROBLEM, method=method, trace=False)
        assert [snapshot.step for snapshot in run.trajectory.snapshots] == [run.steps]


def test_a_run_can_start_where_it_is_told():
    best = Point(W=MINIMIZER.W, H=np.repeat(MINIMIZER.class_means, 3, axis=1), b=MINIMIZER.bias)
    run = descend(PROBLEM, start=best)
    assert run.steps == 0
    assert run.converged


def test_wider_features_change_nothing():
    run = descend(PROBLEM, method="newton", dim=6, tolerance=1e-11)
    assert run.point.W.shape == (3, 6)
    assert run.gram == pytest.approx(MINIMIZER.gram, abs=1e-8)


def test_merged_features_reach_the_same_minimum():
    run = descend(PROBLEM.replace(counts=[300, 200, 100]), merged=True, method="newton")
    assert run.point.H.shape == (3, 3)
    assert run.loss == pytest.approx(ncsolve.solve(PROBLEM.replace(counts=[300, 200, 100])).loss, rel=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "sgd"}, "unknown method 'sgd'"),
        ({"backend": "jax"}, "unknown backend 'jax'"),
        ({"tolerance": 0.0}, "tolerance, relative .*, must be a number between 0 and 1"),
        ({"tolerance": 2.0}, "tolerance, relative .*, must be a number between 0 and 1"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"dim": 0}, "dim must be an integer of at least 1"),
        ({"max_steps": 0}, "max_steps must be an integer of at least 1"),
        ({"device": "cuda"}, "the numpy backend runs on the cpu"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ncsolve.NCSolveError, match=message):
        descend(PROBLEM, **options)


def test_a_missing_torch_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ncsolve.NCSolveError, match=r"needs torch; install it with: .* 'ncsolve\[torch\]'"):
        descend(PROBLEM, backend="torch")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", LOSSES)
def test_torch_walks_the_same_way_by_automatic_differentiation(method, loss):
    pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    asked = PROBLEM.replace(loss=loss)
    ours, theirs = (descend(asked, method=method, backend=backend, device="cpu", seed=2, max_steps=30)
                    for backend in ("numpy", "torch"))
    assert (theirs.backend, theirs.device) == ("torch", "cpu")
    assert theirs.steps == ours.steps
    assert theirs.loss == pytest.approx(ours.loss, rel=1e-9)
    assert pytest.approx(ours.point.W, abs=1e-6) == theirs.point.W
    assert np.allclose(theirs.trajectory.column("loss"), ours.trajectory.column("loss"), rtol=1e-8)


def test_torch_finds_the_minimum_and_the_field_sees_the_collapse():
    pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    run = descend(PROBLEM.replace(lambda_b=math.inf), backend="torch", device="cpu", method="newton", tolerance=1e-11)
    assert run.converged
    assert run.loss == pytest.approx(ncsolve.solve(PROBLEM.replace(lambda_b=math.inf)).loss, rel=1e-12)
    assert peers.covariance_pinv(run.point.H, run.samples.labels, 3) < 1e-12


def test_torch_names_a_device_that_is_not_there():
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    missing = "cuda" if not torch.cuda.is_available() else "cuda:99"
    with pytest.raises(ncsolve.NCSolveError, match="torch cannot use device"):
        descend(PROBLEM, backend="torch", device=missing, max_steps=1)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "seconds", "shown"), [
    (Terminal(), 0.0, False), (Terminal(), 1.0, True), (io.StringIO(), 1.0, False),
])
def test_progress_appears_on_a_terminal_and_after_a_while_only(monkeypatch, stream, seconds, shown):
    """Without being told of any progress; on a file never."""
    monkeypatch.setattr("ncsolve.progress._PATIENCE", 0.2)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with SlowProgress("walking", total=10) as progress:
        progress.update(1)
        time.sleep(seconds)
        progress.update(2, "on")
    assert ("walking" in stream.getvalue()) is shown
    assert ("left" in stream.getvalue()) is shown


def test_one_bar_for_several_starts_and_none_when_not_wanted(monkeypatch):
    monkeypatch.setattr("ncsolve.progress._PATIENCE", 0.0)
    monkeypatch.setattr("ncsolve.verify.descent._lbfgs.norm", lambda a: time.sleep(0.002) or math.sqrt(float(a @ a)))
    for progress in (True, False):
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        multi_start(PROBLEM, seeds=range(3), progress=progress)
        assert ("lbfgs, starts" in stream.getvalue()) is progress
        assert "steps" not in stream.getvalue()


def test_small_runs_use_one_blas_thread_and_give_the_others_back():
    def threads():
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with single_threaded():
        assert set(threads()) == {1}
    assert threads() == before
