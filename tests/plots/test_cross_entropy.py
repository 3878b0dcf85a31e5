"""Figures under cross-entropy: what they show, and that nothing is drawn of what there is not."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
from matplotlib.figure import Figure  # noqa: E402

from ncsolve import plots  # noqa: E402
from ncsolve.report import report_html  # noqa: E402

GRID = np.array([0.0, 1e-2, 0.1, 1.0, math.inf])
SOFT = [[0.9, 0.1, 0.3, 0.2], [0.1, 0.6, 0.3, 0.1], [0.0, 0.3, 0.4, 0.7]]


def problem(codes, counts, decay=5e-3, **changes):
    return ncsolve.UFM(
        encoding=codes, counts=counts, lambda_w=decay, lambda_h=decay, lambda_b=0.1, loss="cross-entropy", **changes
    )


BALANCED = problem(encodings.onehot(4), 10)
IMBALANCED = problem(encodings.onehot(4), [40, 20, 5, 1])
RELU = BALANCED.replace(features="relu")
EDGES = {
    "soft labels": problem(SOFT, [5, 3, 8, 2], 0.01), "one class": problem(encodings.onehot(1), 5),
    "one class, relu": problem(encodings.onehot(1), 5, features="relu"), "two classes": problem(encodings.onehot(2), 5),
    "two classes, relu": problem(encodings.onehot(2), 5, features="relu"), "relu": RELU,
    "collapsed": BALANCED.replace(lambda_w=1.0, lambda_h=1.0), "collapsed, relu": RELU.replace(lambda_w=1, lambda_h=1),
    "collapsed soft labels": problem(SOFT, 5, 1.0),
}


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.mark.parametrize("asked", EDGES.values(), ids=EDGES)
def test_figures_of_edges(asked):
    path = ncsolve.path(asked, lambda_b=GRID)
    along = plots.path_figure(path)
    along.canvas.draw()
    for panel in [*along.axes, *plots.minimizer_figure(ncsolve.solve(asked)).axes]:
        assert np.ptp(panel.get_ylim()) > 1e-3  # no scale of rounding
    curves = [line for line in along.axes[0].lines if len(line.get_xdata()) == GRID.size]
    known = np.isfinite(path.cosines[:, 1]).any()
    assert known == any(np.isfinite(line.get_ydata()).any() for line in curves)


@pytest.mark.parametrize("asked", [BALANCED, IMBALANCED], ids=["balanced", "imbalanced"])
def test_of_the_bias_its_length_is_shown(ax, asked):
    path = ncsolve.path(asked, lambda_b=GRID)
    plots.bias_curves(path, ax=ax)
    (curve,) = ax.lines
    np.testing.assert_array_equal(curve.get_ydata(), path.bias_norm)
    assert "length of the bias" in ax.get_ylabel()
    low, high = ax.get_ylim()
    assert low < 0.0 < high
    assert high > path.bias_norm.max()


@pytest.mark.parametrize("asked", [BALANCED, IMBALANCED, EDGES["soft labels"], RELU], ids=repr)
def test_bars_are_singular_values_of_the_residual_and_of_the_outputs(ax, asked):
    minimizer = ncsolve.solve(asked)
    plots.spectrum(minimizer, ax=ax)
    residual, outputs = ([bar.get_height() for bar in bars] for bars in ax.containers)
    grown = np.exp(minimizer.W @ minimizer.class_means + minimizer.bias[:, None])
    lacking = (asked.encoding.matrix - grown / grown.sum(axis=0)) * np.sqrt(asked.counts.array)
    np.testing.assert_allclose(residual, np.linalg.svd(lacking, compute_uv=False), atol=1e-6)
    np.testing.assert_allclose(outputs, minimizer.singular_values, atol=1e-12)
    assert max(*residual, *outputs) < ax.get_ylim()[1]
    kept = [bar for bar, value in zip(residual, outputs, strict=True) if value > 0]
    name = ax.get_legend().get_texts()[0].get_text()
    assert ("where kept" in name) == (asked.features == "linear")
    if asked.features == "linear":
        np.testing.assert_allclose(kept, asked.threshold, rtol=1e-6)


def test_rows_of_a_comparison_name_their_loss():
    losses = ["cross-entropy", "mse"]
    found = ncsolve.compare(
        ["onehot", "smoothed:0.1"], counts=[20, 20, 5], lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.1, loss=losses
    )
    figure = plots.comparison_figure(found)
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == ["onehot, CE", "smoothed:0.1, CE", "onehot, MSE", "smoothed:0.1, MSE"]
    assert "cross-entropy" not in figure.get_suptitle()
    assert "each by its own" in figure.axes[3].get_xlabel()
    one = ncsolve.compare(
        ["onehot"], counts=[20, 20, 5], lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.1, loss="cross-entropy"
    )
    figure = plots.comparison_figure(one)
    assert "cross-entropy" in figure.get_suptitle()
    assert figure.axes[3].get_xlabel() == "loss"


@pytest.mark.parametrize(("asked", "end"), [(BALANCED, 1.0), (RELU, 0.75**0.5)], ids=["linear", "relu"])
def test_a_phase_diagram_of_one_cosine_shows_no_rounding(ax, asked, end):
    diagram = ncsolve.phase(asked, lambda_b=[0.01, 0.1, 1.0], against="t", values=[0.1, 0.5, 0.8, 1.2])
    plots.phase_diagram(diagram, ax=ax)
    (mesh,) = ax.collections
    assert mesh.get_clim() == pytest.approx((-1 / 3, 0.0), abs=1e-12)
    assert [line.get_ydata()[0] for line in ax.lines if "every class mean is zero" in str(line.get_label())] == [
        pytest.approx(end)
    ]
    assert {text.get_text() for text in ax.texts} == {
        "collapsed", "simplex ETF" if asked.features == "linear" else "orthogonal frame"
    }
    title = plots.phase_figure(diagram).get_suptitle()
    assert "onehot codes, K = 4, 10 samples per class, cross-entropy" in title


@pytest.mark.parametrize("name", ["imbalanced", "balanced", "relu"])
def test_a_report_says_what_its_figures_and_theorems_are_of(name):
    asked = {"imbalanced": IMBALANCED, "balanced": BALANCED, "relu": RELU}[name]
    text = report_html(asked, verify=False)
    assert "labels minus probabilities" in text
    assert "M - b u^T" not in text
    assert ("There is no closed form for this point. That no point has a lower loss" in text) == (name == "imbalanced")
    assert "copositive condition" not in text


def test_descents_name_the_loss():
    found = ncsolve.solve(problem(encodings.onehot(3), 4))
    runs = [ncsolve.verify.descend(found.problem, seed=0)]
    assert "onehot codes, K = 3, cross-entropy, " in plots.descent_figure(runs, found).get_suptitle()
    found = ncsolve.solve(found.problem.replace(loss="mse"))
    assert "onehot codes, K = 3, $" in plots.descent_figure(runs, found).get_suptitle()
