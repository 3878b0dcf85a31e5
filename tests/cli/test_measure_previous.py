"""``ncsolve measure --previous-features``: the numbers of the library, however V and c come, and mistakes."""

import numpy as np
import pytest

import ncsolve
from tests.command import document, refused, said

LAMBDAS = ["--lambda-w", "0.02", "--lambda-v", "0.03", "--lambda-b", "0.1"]
K, P, D, N = 3, 5, 4, 60


def statistic(a):
    return ncsolve.FeatureStatistics(K, P).update(a["z"], a["labels"])


def arrays(seed=0, distance=0.0, lambda_c=None):
    """Two layers at the minimum or so far from it, on previous features of which one dimension is dead."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(K), N // K))
    z = random.standard_normal((N, P)) + 3 * np.eye(K, P)[labels] + 1.0
    z[:, -1] = 0.0
    stats = ncsolve.FeatureStatistics(K, P).update(z, labels)
    found = ncsolve.solve(stats.metric_problem(lambda_w=0.02, lambda_v=0.03, lambda_b=0.1, lambda_c=lambda_c))
    turn = np.linalg.qr(random.standard_normal((D, D)))[0][:, : found.dim]
    w, v, c = found.W @ turn.T, turn @ found.V, turn @ found.c
    w, v, c = (x + distance * random.standard_normal(x.shape) for x in (w, v, c))
    v[:, -1] = 0.0
    return {"z": z, "labels": labels, "features": z @ v.T + c, "W": w, "b": np.array(found.bias), "V": v, "c": c}


def saved(folder, a, *, dtype=np.float64, fitted=True, labelled=False, **change):
    """The file of h with the head, and that of z, with V and c if they are not to be fitted."""
    a = a | change
    np.savez(folder / "h.npz", features=a["features"].astype(dtype), labels=a["labels"], W=a["W"], b=a["b"])
    more = {} if fitted else {key: a[key] for key in ("V", "c") if a[key] is not None}
    np.savez(folder / "z.npz", features=a["z"].astype(dtype), **more, **({"labels": a["labels"]} if labelled else {}))
    return ["measure", folder / "h.npz", "--previous-features", folder / "z.npz"]


@pytest.mark.parametrize("fitted", [True, False])
def test_the_numbers_are_those_of_the_library(tmp_path, fitted):
    """Also where V and c are fitted and one dimension of z is dead: V is then 0 there, as least weight decay has it."""
    a = arrays(distance=0.1)
    stats = statistic(a)
    problem = stats.metric_problem(lambda_w=0.02, lambda_v=0.03, lambda_b=0.1)
    wanted = ncsolve.measure(stats, a["W"], a["b"], problem, hidden=(a["V"], a["c"])).to_json()
    found = document(*saved(tmp_path, a, fitted=fitted, labelled=True), *LAMBDAS)
    assert found["schema"] == "ncsolve.last-layers-measurement/1"
    # Least squares by moments: as many digits as the ratio of the largest and least moments of z leaves.
    for key in ("loss", "minimum", "gap", "stationarity", "hidden_stationarity"):
        assert found[key] == pytest.approx(wanted[key], rel=1e-9), key
    assert found["parts"] == pytest.approx(wanted["parts"], rel=1e-7)
    assert found["lambda_h"] == pytest.approx(wanted["lambda_h"], rel=1e-8)
    assert found["verdict"]["kind"] == wanted["verdict"]["kind"] == "not finished"
    decided = np.argmax(a["features"] @ a["W"].T + a["b"], axis=1)
    assert found["accuracy"] == np.mean(decided == a["labels"])
    assert ("by least squares" in found["read"][-1]) == fitted


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_the_minimum_is_collapsed_in_any_precision(tmp_path, dtype):
    text = said(*saved(tmp_path, arrays(), dtype=dtype), *LAMBDAS)
    assert text.startswith("Collapsed as predicted: the loss is ")
    assert "lambda_W = 0.02, lambda_V = 0.03, lambda_c = 0.03, lambda_b = 0.1" in text


def test_lambdas_in_another_convention(tmp_path):
    args = saved(tmp_path, arrays(distance=0.05))
    paper = document(*args, *LAMBDAS)
    scaled = [str(float(x) * N) if x[0] != "-" else x for x in LAMBDAS]
    found = document(*args, *scaled, "--convention", "sum")
    assert found["loss"] == pytest.approx(N * paper["loss"], rel=1e-12)
    assert found["predicted"]["problem"]["lambda_v"] == pytest.approx(N * 0.03, rel=1e-12)
    assert found["lambda_h"]["along_mean"] == pytest.approx(N * paper["lambda_h"]["along_mean"], rel=1e-12)


def test_no_hidden_bias(tmp_path):
    """V without c in the file is a layer without a bias; --lambda-c inf says so where V is fitted."""
    a = arrays(lambda_c=float("inf"))
    assert not a["c"].any()
    own = document(*saved(tmp_path, a | {"c": None}, fitted=False), *LAMBDAS)
    fitted = document(*saved(tmp_path, a), *LAMBDAS, "--lambda-c", "inf")
    for found in (own, fitted):
        assert found["predicted"]["problem"]["lambda_c"] == "inf"
        assert found["verdict"]["kind"] == "collapsed as predicted"


def test_parts_and_files_of_other_lengths(tmp_path):
    """z in one .npy, h in three .npz, whose rows are joined in their order."""
    a, shards = arrays(distance=0.05), tmp_path / "h"
    shards.mkdir()
    for k, rows in enumerate(np.split(np.arange(N), [7, 40])):
        np.savez(shards / f"part{k}.npz", features=a["features"][rows], labels=a["labels"][rows], W=a["W"], b=a["b"])
    np.save(tmp_path / "z.npy", a["z"])
    found = document("measure", shards, "--previous-features", tmp_path / "z.npy", *LAMBDAS)
    wanted = document(*saved(tmp_path, a), *LAMBDAS)
    assert found["loss"] == pytest.approx(wanted["loss"], rel=1e-12)
    assert found["gap"] == pytest.approx(wanted["gap"], rel=1e-9)


def test_what_is_no_linear_layer_is_refused(tmp_path):
    """A ReLU between the two, other V, rows in another order, and a layer whose bias is denied."""
    a = arrays(distance=0.3)
    rectified = refused(*saved(tmp_path, a, features=np.maximum(a["features"], 0.0)), *LAMBDAS)
    assert "must be h = V z + c, z of z.npz; got a residual of " in rectified
    assert "is there a ReLU" in rectified
    assert "with the V and c of the files" in refused(*saved(tmp_path, a, fitted=False, V=1.1 * a["V"]), *LAMBDAS)
    order = np.random.default_rng(1).permutation(N)
    assert "another order of rows?" in refused(*saved(tmp_path, a, z=a["z"][order]), *LAMBDAS)
    denied = refused(*saved(tmp_path, a), *LAMBDAS, "--lambda-c", "inf")
    assert "V z without a bias c" in denied
    assert "is there a bias c, a ReLU" in denied
    a["c"] = None
    assert "is there a bias c (save it beside V), a ReLU" in refused(*saved(tmp_path, a, fitted=False), *LAMBDAS)
    assert "the files have V without c; got 0.03, save c" in refused(
        *saved(tmp_path, a, fitted=False), *LAMBDAS, "--lambda-c", "0.03")
    a = arrays(distance=0.3)
    assert "lambda_c = inf means that there is no bias c" in refused(
        *saved(tmp_path, a, fitted=False), *LAMBDAS, "--lambda-c", "inf")


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("mean", [10.0, 1e4])
def test_a_large_mean_hides_no_other_order(tmp_path, fitted, mean):
    """What is left of h is compared with its variation: a mean that is larger is no reason to let it pass."""
    a = arrays(distance=0.3)
    a |= {"c": a["c"] + mean, "features": a["features"] + mean}
    order = np.random.default_rng(1).permutation(N)
    for dtype in (np.float64, np.float32):
        assert "another order of rows?" in refused(
            *saved(tmp_path, a, dtype=dtype, fitted=fitted, z=a["z"][order]), *LAMBDAS)
        # Numbers of a mean of 1e4 are rounded to 5e-4 in single precision, which is no residual of the layer.
        document(*saved(tmp_path, a, dtype=dtype, fitted=fitted), *LAMBDAS)


def test_too_few_samples_fit_any_layer(tmp_path):
    """A ReLU in between, which a fit of as many numbers as samples does not see; V and c in the files do."""
    random = np.random.default_rng(0)
    z, labels, v = random.standard_normal((6, 5)), np.repeat(range(3), 2), random.standard_normal((D, 5))
    a = {"labels": labels, "z": z, "features": np.maximum(z @ v.T, 0.0), "W": np.ones((K, D)), "b": np.zeros(K),
         "V": v, "c": np.zeros(D)}
    line = refused(*saved(tmp_path, a), *LAMBDAS)
    assert "takes more samples than the 6 numbers that are fitted for each dimension of h; got 6 samples" in line
    assert "save V and c beside z" in line
    few = {key: a[key][:5] for key in ("z", "labels", "features")}
    assert "got 5 samples" in refused(*saved(tmp_path, a | few), *LAMBDAS, "--lambda-c", "inf")
    assert "is there a ReLU" in refused(*saved(tmp_path, a, fitted=False), *LAMBDAS)
    document(*saved(tmp_path, a, fitted=False, features=z @ v.T), *LAMBDAS)


@pytest.mark.parametrize("lambda_c", ["0.03", "1e-12", "1e12"])
def test_a_fit_depends_on_no_decay_and_on_no_scale(tmp_path, lambda_c):
    """Columns of z of sizes from 1e-4 to 1e4: W V z is what it is, and so the residual."""
    a, scale = arrays(distance=0.3), 10.0 ** np.array([-4, 4, 0, 2, 0])
    found = document(*saved(tmp_path, a, z=a["z"] * scale), *LAMBDAS, "--lambda-c", lambda_c)
    held = document(*saved(tmp_path, a, z=a["z"] * scale, fitted=False, V=a["V"] / scale), *LAMBDAS,
                    "--lambda-c", lambda_c)
    assert found["loss"] == pytest.approx(held["loss"], rel=1e-8)
    assert found["gap"] == pytest.approx(held["gap"], rel=1e-6)


def test_what_z_leaves_open_is_of_least_decay(tmp_path):
    """A constant column of z does what c does: they share, by their decays."""
    a, v, c = arrays(distance=0.3), 2.0, 0.5
    a["z"][:, -1] = v
    decays = [*LAMBDAS, "--lambda-c", str(c)]
    found = document(*saved(tmp_path, a), *decays)
    # x and y with v x + y = c, of least 0.03 x^2 + 0.5 y^2.
    x = a["c"] * v * c / (v**2 * c + 0.03)
    shared = {"V": np.column_stack((a["V"][:, :-1], x)), "c": a["c"] - v * x}
    held = document(*saved(tmp_path, a | shared, fitted=False), *decays)
    assert found["loss"] == pytest.approx(held["loss"], rel=1e-9)
    assert held["loss"] < document(*saved(tmp_path, a, fitted=False), *decays)["loss"]


def test_half_precision_is_named_where_it_is_in_the_way(tmp_path):
    """At a smaller weight decay than half precision can show."""
    small = ["--lambda-w", "2e-5", "--lambda-v", "3e-5", "--lambda-b", "1e-4"]
    a = arrays()
    best = ncsolve.solve(statistic(a).metric_problem(lambda_w=2e-5, lambda_v=3e-5, lambda_b=1e-4))
    a |= {"features": a["z"] @ best.V.T + best.c, "W": best.W, "b": best.bias}
    text = " ".join(said(*saved(tmp_path, a, dtype=np.float16), *small).split())
    assert text.startswith("Not finished")
    assert "Features in half precision can be rounded too much" in text
    assert said(*saved(tmp_path, a, dtype=np.float32), *small).startswith("Collapsed as predicted")


def test_one_file_for_both_and_two_for_one_are_refused(tmp_path):
    args = saved(tmp_path, arrays())
    both = refused("measure", args[1], "--previous-features", args[1], *LAMBDAS)
    assert "is named both as features and with --previous-features" in both
    assert "--previous-features is one file or folder; got 2" in refused(
        *args, "--previous-features", tmp_path / "h.npz", *LAMBDAS)


def test_layers_that_are_not_finite(tmp_path):
    a = arrays()
    a["V"][1, 1] = np.nan
    line = refused(*saved(tmp_path, a, fitted=False), *LAMBDAS)
    assert "V must be finite; got nan, save it of a network whose training did not diverge" in line


def test_other_samples_are_refused(tmp_path):
    a = arrays()
    assert "got 59 rows for 60 of the features" in refused(*saved(tmp_path, a, z=a["z"][1:]), *LAMBDAS)
    args = saved(tmp_path, a)
    np.savez(tmp_path / "z.npz", features=a["z"], labels=np.roll(a["labels"], 1))
    assert "its labels must be those of the features; got another in row " in refused(*args, *LAMBDAS)
    np.save(tmp_path / "y.npy", a["labels"])
    assert "its labels must be those of the features; got another in row " in refused(
        *args, *LAMBDAS, "--labels", tmp_path / "y.npy")
    np.savez(tmp_path / "z.npz", features=a["z"], labels=a["labels"])
    document(*args, *LAMBDAS, "--labels", tmp_path / "y.npy")
    broken = a["z"].copy()
    broken[50, 2] = np.nan
    assert "got nan in row 50 of all" in refused(*saved(tmp_path, a, z=broken), *LAMBDAS)


@pytest.mark.parametrize("option", [
    ["--lambda-h", "1e-3"], ["--features", "relu"], ["--loss", "ce"], ["--samples", "100"], ["--merge"],
    ["--scatter", "trace"], ["--held-out"], ["--nc4"], ["--dask", "threads"], ["--save", "state.npz"],
    ["--plot", "picture.png"], ["--report", "page.html"],
])
def test_options_of_one_layer_are_refused(tmp_path, option):
    line = refused(*saved(tmp_path, arrays()), *LAMBDAS, *option, cwd=tmp_path)
    assert option[0] in line
    assert "--previous-features" in line


def test_what_is_missing_is_named(tmp_path):
    args = saved(tmp_path, arrays())
    assert "got no --lambda-v" in refused(*args, "--lambda-w", "0.02", "--lambda-b", "0.1")
    assert "got no --lambda-w and no --lambda-v" in refused(*args)
    assert "got no --lambda-b" in refused(*args, "--lambda-w", "0.02", "--lambda-v", "0.03")
    assert "--lambda-c must be positive, or inf for no bias; got 0" in refused(*args, *LAMBDAS, "--lambda-c", "0")
    for option in ("--lambda-v", "--lambda-c"):
        assert "add --previous-features FILE" in refused(*args[:2], "--lambda-w", "0.02", option, "0.03")
    np.savez(tmp_path / "h.npz", features=arrays()["features"], labels=arrays()["labels"])
    assert "the last one is missing" in refused(*args, *LAMBDAS)
    assert "has a bias c without V" in refused(*saved(tmp_path, arrays())[:2], "--previous-features",
                                               bias_alone(tmp_path), *LAMBDAS)


def bias_alone(folder):
    np.savez(folder / "c.npz", features=arrays()["z"], c=arrays()["c"])
    return folder / "c.npz"
