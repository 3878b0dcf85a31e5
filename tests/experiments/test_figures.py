"""Every figure is drawn from the table alone, leaves out what was not run, and is the same file for the same table."""

import math
import re

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'ncsolve[plot]'")

import ncsolve
from experiments import _figures, _gaps, _minority
from experiments._look import BiasAxis, look
from experiments._selected import Selected, isotropic_cosine
from experiments._summary import points_of
from experiments._tables import write_page
from tests.experiments import records


@pytest.fixture(scope="module")
def table():
    return records.small_table(failed=(records.SUITE.variations[0].runs[4].key,))


def means(ax, title):
    """The points of a legend's entry, x and y."""
    handles, labels = ax.get_legend_handles_labels()
    return handles[labels.index(title)].lines[0].get_xydata()


def test_all_figures_are_drawn_and_are_the_same_bytes_again(table, tmp_path):
    files = _figures.draw_all(table, tmp_path / "a")
    assert [file.name for file in files] == [f"networks_{name}.svg" for name in _figures.FIGURES]
    assert all(len(file.read_bytes()) < 300_000 for file in files)
    some = table | {"runs": [row for row in table["runs"] if row["variation"] in ("reference", "minority")]}
    once, twice = (_figures.draw_all(some, tmp_path / name) for name in ("b", "c"))
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in twice]


@pytest.mark.parametrize("name", _figures.FIGURES)
def test_the_page_shows_a_figure_iff_it_is_drawn(table, name):
    page = "<!-- networks: figure-NAME -->\n<!-- /networks -->".replace("NAME", name)
    assert page in re.sub(r"-->[^<]*<!-- /", "-->\n<!-- /", (records.ROOT / "docs" / "networks.md").read_text("utf-8"))
    assert f"](figures/networks_{name}.svg)" in write_page(table, page)
    lost = table | {"runs": [row | {"outcome": "failed"} for row in table["runs"]]}
    for none in (lost, table | {"runs": []}):
        assert "svg" not in write_page(none, page)
        assert _figures.FIGURES[name](none) is None


@pytest.mark.parametrize("kept", ["cnn", "minority", "plain-decay", "cross-entropy", "imbalance-10"])
def test_what_was_not_run_is_left_out(kept, tmp_path):
    suite = records.Suite("one", tuple(one for one in records.SUITE.variations if one.name == kept))
    names = [file.stem for file in _figures.draw_all(records.small_table(suite), tmp_path)]
    own = {"cnn": "cosines", "minority": "minority", "plain-decay": "plain_decay", "cross-entropy": "losses",
           "imbalance-10": "minority"}
    assert names == [f"networks_{own[kept]}", "networks_gaps"]


def test_without_runs_there_is_no_figure(tmp_path):
    empty = records.small_table(without=[one.name for one in records.SUITE.variations])
    assert _figures.draw_all(empty, tmp_path) == []


def test_networks_stand_on_the_exact_curve(table):
    with look():
        figure = _figures.FIGURES["cosines"](table)
    upper, lower = figure.axes
    exact = next(line for line in upper.lines if line.get_label() == "exact").get_xydata()
    rows = points_of(table)["reference"]
    points = means(upper, "MLP")
    np.testing.assert_allclose(points[:, 1], [row.cosine for row in rows], rtol=1e-12)
    for x, y in points[1:3]:  # 0.1 and 1: at the ends there is no curve, but a dash
        # Between its points the curve is a line: 160 of them on a range of 1.35 powers of ten.
        assert np.interp(x, *exact.T) == pytest.approx(y, abs=1e-3)
    worst = np.concatenate([line.get_ydata() for line in lower.lines if line.get_marker() == "o"])
    assert np.nanmax(worst) == max(row.apart for row in rows)


def test_the_axis_has_places_for_the_ends():
    axis = BiasAxis([0.0, 0.1, 1.0, math.inf])
    places = axis.place([0.0, 0.1, 1.0, math.inf])
    assert places[1:3].tolist() == [-1.0, 0.0]
    assert places[0] < -1.0 < 0.0 < places[3]
    assert axis.grid()[0] == 0.0
    assert axis.grid()[-1] == math.inf
    assert np.isfinite(BiasAxis([0.1, 1.0]).grid()).all()
    assert BiasAxis([math.inf]).grid()[-1] == math.inf


def test_the_bias_fraction_is_on_its_curve(table):
    with look():
        (ax,) = _figures.FIGURES["centring"](table).axes
    rows = points_of(table)["signed"]
    np.testing.assert_allclose(means(ax, "signed")[:, 1], [row.facts[0].predicted_centring for row in rows], rtol=1e-9)


def test_smaller_classes_die_where_the_curve_does(table):
    with look():
        left, right = _minority.minority(table).axes
    x, y = means(left, "one-hot codes").T
    assert [value > 0.1 for value in y] == [place < 1.0 for place in x]
    assert x == pytest.approx([t * math.sqrt(44 / 4 / 2) for t in (0.1, 0.3, 0.6)])  # N = 44, K = 4, n_min = 2
    longest = next(line for line in left.lines if len(line.get_xdata()) > 50).get_xydata()
    assert np.interp(x[0], *longest.T) == pytest.approx(y[0], abs=0.01)
    assert len(means(right, "one-hot, 10:1")) == 4


def test_the_isotropic_model_has_the_lambda_h_of_the_network(table):
    record = Selected(table, {"plain-decay": ""}).records["plain-decay"][-1]
    problem = record["problem"]
    across = ncsolve.UFM(encoding="onehot", counts=problem["counts"], lambda_w=problem["lambda_w"], lambda_b=math.inf,
                         lambda_h=record["measured"]["lambda_h"]["across_mean"])
    assert isotropic_cosine(record) == pytest.approx(ncsolve.solve(across).cosines.mean, abs=1e-12)
    assert isotropic_cosine(record) < 0.01 < record["measured"]["cosines"]["mean"]


def test_every_measured_run_is_a_dot(table):
    with look():
        left, right = _gaps.gaps(table).axes
    dots = sum(np.isfinite(line.get_xdata()).sum() for line in left.lines if line.get_linestyle() == "None")
    assert dots == sum(row["outcome"] == "measured" for row in table["runs"])
    ratios = np.concatenate([line.get_xdata() for line in right.lines if line.get_linestyle() == "None"])
    assert np.nanmin(ratios) > 1.0
