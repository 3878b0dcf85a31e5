"""Comparison of encodings: every figure against its definition, by brute force."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given

import ncsolve
from ncsolve import encodings
from ncsolve._minimizer import decoding
from tests.documents import fits
from tests.strategies import problems

LAMBDAS = {"lambda_w": 5e-3, "lambda_h": 1e-3, "lambda_b": math.inf}
COUNTS = [400, 100, 9, 1]
IMBALANCED = {"counts": [9, 4, 2, 1], "lambda_w": 5e-3, "lambda_h": 5e-4, "lambda_b": 0.05}


def brute_force(minimizer):
    """(least distance of class means, least decoding margin), pair by pair from W, b and the class means."""
    means, codes = minimizer.class_means, np.asarray(minimizer.problem.encoding.matrix)
    outputs = minimizer.W @ means + minimizer.bias[:, None]
    k = codes.shape[1]
    distance, margin = math.inf, math.inf
    for i in range(k):
        for j in range(k):
            if i == j:
                continue
            distance = min(distance, float(np.linalg.norm(means[:, i] - means[:, j])))
            gap = codes[:, i] - codes[:, j]
            middle = (codes[:, i] + codes[:, j]) / 2
            length = float(np.linalg.norm(gap))
            margin = math.nan if length < 1e-9 else min(margin, float((outputs[:, i] - middle) @ gap) / length)
    return distance, margin


@given(problem=problems())
def test_figures_are_those_of_the_definition(problem):
    found = ncsolve.solve(problem)
    if problem.classes < 2:
        assert decoding.decoding_of(found).min_distance is None
        return
    figures = decoding.decoding_of(found)
    distance, margin = brute_force(found)
    size = float(np.abs(found.class_means).max(initial=0.0)) + 1e-300
    assert figures.min_distance == pytest.approx(distance, abs=1e-9 * size)
    if figures.margin is None:
        assert math.isnan(margin) or margin < 1e-6 * np.abs(problem.encoding.matrix).max()
    elif not math.isnan(margin):
        assert figures.margin == pytest.approx(margin, abs=1e-9 * float(np.abs(problem.encoding.matrix).max()))
        decoded = found.predict(found.class_means)
        # A margin that is clearly positive or negative says whether every class is decoded as itself.
        if abs(figures.margin) > 1e-9:
            assert (figures.margin > 0) == (decoded.tolist() == list(range(problem.classes)))
        assert figures.margin_share <= 1 + 1e-9


def test_minority_collapse_is_named():
    found = ncsolve.compare(["onehot", "signed", "simplex"], counts=COUNTS, **LAMBDAS)
    onehot = found.rows[0].decoding
    assert onehot.vanished == (3,)  # T^2 = 1.3
    assert onehot.merged == ()
    shared = ncsolve.compare(["onehot"], counts=[5000, 500, 50, 50], lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.5)
    assert shared.rows[0].decoding.merged == ((2, 3),)  # with a bias the small classes share a mean that is not zero
    assert shared.rows[0].decoding.min_distance == 0.0
    everything = ncsolve.compare(["onehot"], counts=COUNTS, lambda_w=5.0, lambda_h=5.0, lambda_b=0.5)
    assert everything.rows[0].decoding.vanished == (0, 1, 2, 3)
    assert everything.rows[0].cosines is None


def test_rows_are_the_minimizers():
    names = ["onehot", "smooth:0.1", "signed", "simplex", "hadamard"]
    found = ncsolve.compare(names, counts=100, classes=8, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
    assert [row.name for row in found.rows] == ["onehot", "smoothed:0.1", "signed", "simplex", "hadamard"]
    for row in found.rows:
        direct = ncsolve.solve(row.minimizer.problem)
        assert row.minimizer.loss == direct.loss
        assert row.cosines == direct.cosines
    # Balanced one-hot codes: |h_k - h_l|^2 is twice (diagonal - off-diagonal).
    gram = found.rows[0].minimizer.gram
    assert found.rows[0].decoding.min_distance == pytest.approx(math.sqrt(2 * (gram[0, 0] - gram[0, 1])), rel=1e-12)


def test_encodings_of_every_kind(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("1,0,0\n0,1,1\n")
    found = ncsolve.compare(
        [str(path), np.eye(3), encodings.ordinal(3), "ecoc:7"], counts=[3, 2, 1], lambda_w=1e-2, lambda_h=1e-2,
        lambda_b=1.0, seed=3,
    )
    assert [row.minimizer.problem.code_length for row in found.rows] == [2, 3, 1, 7]
    assert found.rows[0].decoding.margin is None  # classes 1 and 2 have the same code
    assert found.rows[0].decoding.margin_share is None
    assert found.rows[2].decoding.min_distance > 0


def test_conventions():
    """The lambdas of a convention that depends on the code length are converted for each encoding by itself."""
    plain = {"counts": [5, 3, 2], "lambda_w": 0.01, "lambda_h": 0.02, "lambda_b": 0.3}
    found = ncsolve.compare(["onehot", "ordinal"], convention="torch-mean", **plain)
    for row in found.rows:
        m = row.minimizer.problem.code_length
        assert row.minimizer.problem.lambda_w == pytest.approx(0.01 * m / 2)
    document = fits(found.to_json(), "ncsolve.comparison/1")
    assert document["encodings"][1]["loss"] == pytest.approx(found.rows[1].minimizer.loss * 2)
    assert document["problem"]["lambda_w"] == 0.01


@pytest.mark.parametrize(
    ("names", "options", "part"),
    [
        ("onehot", {}, "a sequence of encodings"),
        ([], {}, "at least one"),
        (["onehot", "smoth"], {}, "did you mean 'smooth'"),
        ([np.eye(4)], {}, "4 codes for 3 classes"),
        (["hadamard"], {}, "power of two; got 3"),
        (["onehot"], {"counts": 5}, "need the number of classes"),
        (["onehot"], {"counts": 5, "classes": 2001}, "up to 2000 classes"),
        (["onehot"], {"lambda_w": -1.0}, "lambda_w must be positive"),
        (["onehot"], {"convention": "mine"}, "unknown convention"),
        (["onehot"], {"depth": 2.5}, "depth must be an integer"),
        (["onehot"], {"depth": 0}, "depth must be an integer"),
        (["onehot"], {"features": "gelu"}, "unknown features"),
        (["onehot"], {"dim": 0}, "dim must be an integer"),
        (["onehot"], {"lambda_w": [1e-3] * 3, "depth": 2}, "one per layer"),
    ],
)
def test_bad_input(names, options, part):
    given_options = {"counts": [3, 2, 1], "lambda_w": 0.1, "lambda_h": 0.1, "lambda_b": 0.1} | options
    with pytest.raises(ncsolve.NCSolveError, match=part):
        ncsolve.compare(names, **given_options)


def wrong_margin_sign(figures):
    return dataclasses.replace(figures, margin=-figures.margin)


def wrong_distance(figures):
    return dataclasses.replace(figures, min_distance=figures.min_distance * (1 + 1e-6))


@pytest.mark.parametrize("damage", [wrong_margin_sign, wrong_distance])
def test_the_brute_force_notices_damage(damage):
    found = ncsolve.solve(
        ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=(5, 20, 1, 10), lambda_w=1e-3,
                    lambda_h=4e-3, lambda_b=0.1)
    )
    distance, margin = brute_force(found)
    right = decoding.decoding_of(found)
    assert (right.min_distance, right.margin) == pytest.approx((distance, margin), rel=1e-9)
    wrong = damage(right)
    assert (wrong.min_distance, wrong.margin) != pytest.approx((distance, margin), rel=1e-9)


def test_close_class_means_keep_their_distance():
    """Two means 1e-9 apart: their distance comes from differences, not from squares that cancel."""
    points = np.array([[1.0, 1.0, 0.0], [0.0, 1e-9, 1.0]])
    assert decoding._distances(points)[0, 1] == pytest.approx(1e-9, rel=1e-6)
    assert np.sqrt(max(0.0, points[:, 0] @ points[:, 0] + points[:, 1] @ points[:, 1]
                       - 2 * points[:, 0] @ points[:, 1])) != pytest.approx(1e-9, rel=1e-6)


def test_the_figure_shows_the_numbers():
    pytest.importorskip("matplotlib")
    from ncsolve.plots import comparison_figure

    found = ncsolve.compare(["onehot", "signed", "hadamard"], counts=[400, 100, 9, 1], lambda_w=5e-2, lambda_h=5e-2,
                            lambda_b=math.inf)
    figure = comparison_figure(found)
    angles, distance, margin, loss = figure.axes
    names = [label.get_text() for label in angles.get_yticklabels()]
    assert [name.split("\n")[0] for name in names] == ["onehot", "signed", "hadamard"]
    gone = len(found.rows[0].decoding.vanished)
    assert gone > 0
    assert f"({gone} collapsed)" in names[0]
    dots = {ax: [tuple(line.get_xydata()[0]) for line in ax.lines if line.get_marker() == "o"] for ax in figure.axes}
    assert [x for x, _ in dots[loss]] == [row.minimizer.loss for row in found.rows]
    assert [x for x, _ in dots[distance]] == [row.decoding.min_distance for row in found.rows]
    assert [x for x, _ in dots[margin]] == [100 * row.decoding.margin_share for row in found.rows]
    means = [math.degrees(math.acos(row.cosines.mean)) for row in found.rows if row.cosines is not None]
    assert [x for x, _ in dots[angles]] == pytest.approx(means)
    with pytest.raises(ncsolve.ProblemError, match="up to 40"):
        comparison_figure(dataclasses.replace(found, rows=found.rows * 14))


def test_a_dim_that_holds_every_minimizer_changes_nothing():
    names = ["onehot", "signed", "gaussian:3"]
    wide, usual = ncsolve.compare(names, **IMBALANCED, dim=7), ncsolve.compare(names, **IMBALANCED)
    assert not wide.beyond
    assert [row.minimizer.loss for row in wide.rows] == [row.minimizer.loss for row in usual.rows]


def test_layers_are_converted_with_the_convention():
    options = {"counts": [5, 3, 2], "lambda_w": [0.01, 0.04], "lambda_h": 0.02, "lambda_b": math.inf, "depth": 2}
    found = ncsolve.compare(["onehot", "ordinal"], convention="torch-mean", **options)
    for row in found.rows:
        m = row.minimizer.problem.code_length
        np.testing.assert_allclose(row.minimizer.problem.lambda_w_layers, [0.01 * m / 2, 0.04 * m / 2])
    document = found.to_json()
    assert document["problem"]["model"]["lambda_w_layers"] == [0.01, 0.04]
    assert document["problem"]["lambda_w"] == pytest.approx(0.02)
    for shown, row in zip(document["encodings"], found.rows, strict=True):
        assert shown["loss"] == pytest.approx(row.minimizer.loss * 2 / row.minimizer.problem.code_length)
        assert shown["lower_bound"] == pytest.approx(shown["loss"])


def test_other_minimizers_of_the_same_loss_are_mentioned():
    found = ncsolve.compare(["onehot"], counts=10, classes=5, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.1, dim=2)
    assert found.to_json()["encodings"][0]["ties"] == found.rows[0].minimizer.ties != ""


def test_the_figure_shows_the_lower_bound():
    pytest.importorskip("matplotlib")
    from ncsolve.plots import comparison_figure

    names = ["simplex", encodings.make("gaussian:3", classes=4)]
    found = ncsolve.compare(names, **(IMBALANCED | {"counts": [4] * 4, "dim": 2}))
    assert [row.minimizer.guarantee for row in found.rows] == ["global", "best found"]
    figure = comparison_figure(found)
    angles, *_, loss = figure.axes
    names = [label.get_text() for label in angles.get_yticklabels()]
    assert "best found" in names[1]
    assert "best found" not in names[0]
    lines = [line for line in loss.lines if line.get_marker() == "|"]
    assert len(lines) == 1
    best = found.rows[1].minimizer
    np.testing.assert_allclose(lines[0].get_xdata(), [best.lower_bound, best.loss])
    assert "2 dimensions" in figure.get_suptitle()
