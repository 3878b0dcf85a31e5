"""Figures by their structure: axes, labels, levels, artists and files; no pixels."""

import builtins
import math
import re
from dataclasses import replace

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._sweeps.areas import areas
from ncsolve.errors import FileError, MissingPackageError, ProblemError

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
from matplotlib.figure import Figure  # noqa: E402

from ncsolve import plots  # noqa: E402
from ncsolve.plots import _style  # noqa: E402

GRID = np.concatenate(([0.0], np.geomspace(1e-3, 10, 20), [math.inf]))
ONE_HOT = ncsolve.UFM(encoding=encodings.onehot(10), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
CASE = ncsolve.UFM(
    encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=[5, 20, 1, 10], lambda_w=0.1, lambda_h=0.04,
    lambda_b=0.1,
)


@pytest.fixture
def ax():
    return Figure().subplots()


def horizontal(ax):
    """Heights of the lines across the panel."""
    return sorted(float(line.get_ydata()[0]) for line in ax.lines if len(line.get_xdata()) == 2
                  and line.get_xdata()[0] == 0 and line.get_xdata()[1] == 1)


def vertical(ax):
    return sorted(float(line.get_xdata()[0]) for line in ax.lines if len(line.get_ydata()) == 2
                  and list(line.get_ydata()) == [0, 1])


def test_cosine_curve_levels_and_transition(ax):
    path = ncsolve.path(ONE_HOT, lambda_b=GRID)
    assert path.plot(ax) is ax
    assert horizontal(ax) == pytest.approx([-1 / 9, 0.0])
    assert vertical(ax) == pytest.approx([0.05 / 0.95])
    curve = next(line for line in ax.lines if len(line.get_xdata()) == GRID.size)
    np.testing.assert_array_equal(curve.get_ydata(), path.cosines[:, 1])
    assert "weight decay of the bias" in ax.get_xlabel()
    assert "lambda_b" in ax.get_xlabel()
    assert "cosine" in ax.get_ylabel()
    texts = [text.get_text() for text in ax.get_xticklabels()]
    assert texts[0] == "0"
    assert texts[-1] == "∞"
    x = curve.get_xdata()
    assert (np.diff(x) > 0).all()
    assert np.isfinite(x).all()


def test_a_change_beyond_the_points_is_drawn_beside_them(ax):
    path = ncsolve.path(ONE_HOT, lambda_b=[0.0, 1.0, 2.0, math.inf])
    path.plot(ax)
    (place,) = vertical(ax)
    assert ax.get_xlim()[0] < place < 1.0
    assert "change of regime,\n0.05263, towards 0" in [text.get_text() for text in ax.get_legend().get_texts()]
    curve = next(line for line in ax.lines if len(line.get_xdata()) == 4)
    assert curve.get_marker() == "o"  # few points are shown as such


def test_range_of_cosines_where_pairs_differ(ax):
    path = ncsolve.path(CASE, lambda_b=GRID)
    path.plot(ax)
    (band,) = (c for c in ax.collections if c.get_label() == "all pairs")
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(path.cosines[:, 0].min())
    assert heights.max() == pytest.approx(path.cosines[:, 2].max())


def test_curves_can_be_told_apart_in_grey(ax):
    plots.nc_curves(ncsolve.path(CASE, lambda_b=GRID), ax=ax)
    curves = [line for line in ax.lines if len(line.get_xdata()) == GRID.size]
    assert len(curves) == 4
    assert len({str(line._dash_pattern) for line in curves}) == 4
    assert len({line.get_marker() for line in curves}) == 4
    assert len({line.get_color() for line in curves}) == 4


def test_singular_values_equal_ones_are_one_curve(ax):
    plots.singular_value_curves(ncsolve.path(ONE_HOT, lambda_b=GRID), ax=ax)
    names = [line.get_label() for line in ax.lines if len(line.get_xdata()) == GRID.size]
    assert names == ["$z_{1}$ (9 times)", "$z_{10}$"]


def test_path_figure_of_every_parameter():
    for path in (
        ncsolve.path(ONE_HOT, lambda_w=np.geomspace(1e-5, 1, 9)),
        ncsolve.path(ONE_HOT, alpha=np.linspace(0, 0.9, 9)),
        ncsolve.path(CASE, count=[1, 10, 100], of_class=2),
        ncsolve.path(CASE, lambda_b=[1.0]),
        ncsolve.path(ONE_HOT.replace(lambda_w=10.0), lambda_b=GRID),  # collapsed: nothing to draw but the levels
        ncsolve.path(ONE_HOT.replace(encoding=encodings.simplex(10)), lambda_b=GRID),  # no label mean
    ):
        figure = plots.path_figure(path)
        assert len(figure.axes) == 4
        assert all(panel.get_xlabel() and panel.get_ylabel() for panel in figure.axes)
        figure.canvas.draw()


def test_convention_scales_the_axis(ax):
    path = ncsolve.path(ONE_HOT, lambda_b=GRID)
    plots.cosine_curves(path, ax=ax, convention=ncsolve.convention("torch-mean"))
    assert vertical(ax) == pytest.approx([0.05 / 0.95 / 5])


def test_gram_matrix(ax):
    minimizer = ncsolve.solve(CASE)
    assert minimizer.plot(ax) is ax
    np.testing.assert_allclose(ax.images[0].get_array(), minimizer.gram, atol=1e-12)
    assert len(ax.texts) == 16  # few classes: the numbers are written
    assert ax.get_xlabel() == "class $l$"
    assert ax.images[0].get_cmap().name == "cividis"


def test_gram_matrix_of_a_million_classes(ax):
    minimizer = ncsolve.solve(ncsolve.UFM(
        encoding=encodings.onehot(10**6), counts=3, lambda_w=1e-9, lambda_h=1e-9, lambda_b=1
    ))
    minimizer.plot(ax)
    assert ax.images[0].get_array().shape == (100, 100)
    assert "100 of 1000000" in ax.get_xlabel()


def test_gram_matrices_side_by_side_share_their_colours():
    figure = plots.gram_figure([ncsolve.solve(ONE_HOT.replace(lambda_b=value)) for value in (0.0, 0.1, math.inf)])
    limits = {panel.images[0].get_clim() for panel in figure.axes if panel.images}
    assert len(limits) == 1
    assert [panel.get_title().splitlines()[0] for panel in figure.axes[:3]] == [
        "$\\lambda_b$ = 0: simplex", "$\\lambda_b$ = 0.1: intermediate", "$\\lambda_b = \\infty$: orthogonal"
    ]
    with pytest.raises(ProblemError, match="one to six"):
        plots.gram_figure([])


def test_spectrum_bars_stand_on_the_threshold(ax):
    minimizer = ncsolve.solve(CASE)
    plots.spectrum(minimizer, ax=ax)
    below, above = ax.containers
    heights = np.array([bar.get_height() for bar in above])
    np.testing.assert_allclose(heights, minimizer.singular_values, atol=1e-12)
    assert max(bar.get_height() for bar in below) == pytest.approx(CASE.threshold)
    assert {bar.get_hatch() for bar in above} == {"///"}


def test_phase_diagram(ax):
    phase = ncsolve.phase(ONE_HOT, lambda_b=np.geomspace(1e-2, 10, 12), against="t", values=np.linspace(0.1, 1.2, 12))
    assert phase.plot(ax) is ax
    (mesh,) = ax.collections
    heights = np.array([path.vertices[:4, 1].mean() for path in mesh.get_paths()])
    hidden = np.ma.getmaskarray(mesh.get_array())
    np.testing.assert_array_equal(hidden, heights > 1)  # collapsed: no cosine, no colour
    assert hidden.any()
    names = {text.get_text() for text in ax.texts}
    assert names == {"simplex ETF", "intermediate", "collapsed"}
    boundary = next(line for line in ax.lines if "t/(1 - t)" in str(line.get_label()))
    x, y = boundary.get_data()
    np.testing.assert_allclose(x, y / (1 - y), rtol=1e-12)
    assert 1.0 in horizontal(ax)
    assert "threshold" in ax.get_ylabel()


def test_areas_of_the_same_width_come_in_the_order_of_their_names():
    phase = ncsolve.phase(ONE_HOT, lambda_b=[0.1, 1.0, 2.0], against="t", values=[0.1, 0.2])
    rows = (("simplex", "simplex", "acute"), ("orthogonal", "simplex", "intermediate"))
    assert areas(replace(phase, regimes=rows))[1] == ["simplex", "acute", "intermediate", "orthogonal"]
    unnamed = replace(phase, regimes=(("general", "simplex", "acute"), rows[1]), rank=np.array([[3, 1, 2], [2, 1, 2]]))
    names, kinds = areas(unnamed)
    assert names.tolist() == [["rank 3", "rank 1", "rank 2"], ["rank 2", "rank 1", "rank 2"]]
    assert kinds == ["rank 2", "rank 1", "rank 3"]


@pytest.mark.exhaustive
def test_phase_diagram_of_imbalanced_classes(ax):
    case = ONE_HOT.replace(lambda_w=3e-3, lambda_h=3e-3)
    phase = ncsolve.phase(case, lambda_b=np.geomspace(1e-2, 10, 8), against="imbalance", values=np.geomspace(1, 100, 9))
    phase.plot(ax)
    assert len(phase.collapse) == 1
    assert set(horizontal(ax)) == set(phase.collapse)
    assert all(text.get_text().startswith("rank ") for text in ax.texts)
    figure = plots.phase_figure(phase)
    assert "100 samples in each of the 5 large classes" in figure.get_suptitle()


def test_descents_over_the_prediction():
    from ncsolve.verify.descent import descend

    problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=4, lambda_w=0.01, lambda_h=0.01, lambda_b=0.5)
    minimizer = ncsolve.solve(problem)
    runs = [descend(problem, method=method, seed=seed) for seed, method in enumerate(("momentum", "lbfgs"))]
    figure = plots.descent_figure(runs, minimizer)
    loss, cosine, bias, frames = figure.axes
    assert [len(line.get_xdata()) for line in loss.lines] == [len(run.trajectory) for run in runs]
    assert horizontal(cosine) == [minimizer.cosines.mean]
    assert horizontal(bias) == pytest.approx([np.linalg.norm(minimizer.bias)])
    assert horizontal(frames) == [minimizer.nc.nc2_simplex]
    assert loss.get_yscale() == "log"
    assert loss.lines[0].get_ydata()[-1] < 1e-9
    for panel in (cosine, bias, frames):
        for line in panel.lines[:2]:
            assert line.get_ydata()[-1] == pytest.approx(horizontal(panel)[0], abs=1e-3)


def test_compared_encodings(ax):
    paths = {
        "one-hot": ncsolve.path(ONE_HOT, lambda_b=GRID),
        "signed": ncsolve.path(ONE_HOT.replace(encoding=encodings.signed(10)), lambda_b=GRID[:5]),
    }
    plots.compared_cosines(paths, ax=ax)
    assert {"one-hot", "signed"} < {line.get_label() for line in ax.lines}
    for wrong in ({}, paths | {"other": ncsolve.path(ONE_HOT, lambda_w=[1e-3])}):
        with pytest.raises(ProblemError, match="one parameter"):
            plots.compared_cosines(wrong)


def test_new_axes_come_from_pyplot():
    import matplotlib.pyplot as plt

    before = dict(matplotlib.rcParams)
    axes = ncsolve.solve(CASE).plot()
    assert plt.get_fignums() != []
    plt.close(axes.figure)
    assert dict(matplotlib.rcParams) == before  # the user's settings are left alone


@pytest.mark.parametrize("ending", [".png", ".svg", pytest.param(".pdf", marks=pytest.mark.exhaustive)])
def test_files_are_the_same_each_time_and_hold_their_fonts(tmp_path, ending):
    for name in ("a", "b"):
        plots.save_figure(plots.minimizer_figure(ncsolve.solve(CASE)), tmp_path / f"{name}{ending}")
    data = (tmp_path / f"a{ending}").read_bytes()
    assert data == (tmp_path / f"b{ending}").read_bytes()
    if ending == ".svg":
        assert b"<text" not in data  # letters are drawn: no font is needed where it is read
        assert b"<dc:date>" not in data
    if ending == ".pdf":
        assert b"/FontFile2" in data  # TrueType, embedded
        assert b"/Type3" not in data


def test_outputs_are_checked_before_the_work(tmp_path):
    (tmp_path / "there.png").write_text("mine")
    for name, words in (("a.jpg", r"use one of .png, .svg, .pdf"), ("there.png", "exists already"),
                        ("nowhere/a.png", "no folder")):
        with pytest.raises(FileError, match=words):
            plots.check_figure_output(tmp_path / name)
    assert (tmp_path / "there.png").read_text() == "mine"


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    original = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for draw in (ncsolve.solve(CASE).plot, ncsolve.path(CASE, lambda_b=[1.0]).plot):
        with pytest.raises(MissingPackageError, match=r"matplotlib.*pip install 'ncsolve\[plot\]'"):
            draw()


def test_every_parameter_has_a_symbol_and_a_name():
    from ncsolve._problem.sweep import VARIED
    from ncsolve._sweeps.second_parameter import AGAINST

    assert set(_style.SYMBOLS) == {*VARIED, *AGAINST}
    for name in _style.SYMBOLS:
        assert re.search(r"\$.+\$", _style.label(name))
        assert _style.label(name).split("$")[0].strip()
