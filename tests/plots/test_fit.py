"""Panels in ordinary axes, two of 4 x 3 inches side by side: nothing of one is on the other, the legend is inside."""

import itertools
import math

import numpy as np
import pytest

import ncsolve
from tests.measure.samples import network, statistic
from tests.sweeps.diagrams import DEEP, drawn

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.transforms import Bbox  # noqa: E402

from ncsolve import plots  # noqa: E402
from ncsolve.plots import _fit  # noqa: E402

GRID = np.concatenate(([0.0], np.geomspace(1e-3, 10, 12), [math.inf]))
NAMES = ["aeroplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck", "a very long name"]
ONE_HOT = ncsolve.UFM(encoding="onehot", classes=11, counts=90, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
NAMED = ONE_HOT.replace(class_names=NAMES)
CASE = ncsolve.UFM(
    encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=[5, 20, 1, 10], lambda_w=0.1, lambda_h=0.04,
    lambda_b=0.1,
)


def measured(problem, distance=0.05):
    w, b, features = network(np.random.default_rng(0), problem, distance)
    return ncsolve.measure(statistic(problem, w, b, features), w, b, problem)


PANELS = {
    "numbers": lambda ax: ncsolve.solve(CASE).plot(ax),
    "classes": lambda ax: ncsolve.solve(ONE_HOT).plot(ax),
    "names": lambda ax: ncsolve.solve(NAMED).plot(ax),
    "spectrum": lambda ax: plots.spectrum(ncsolve.solve(CASE), ax=ax),
    "path": lambda ax: ncsolve.path(ONE_HOT, lambda_b=GRID).plot(ax),
    "range": lambda ax: ncsolve.path(CASE, lambda_b=GRID).plot(ax),
    "jump": lambda ax: ncsolve.path(DEEP, lambda_b=GRID).plot(ax),
    "bias": lambda ax: plots.bias_curves(ncsolve.path(ONE_HOT, lambda_w=GRID[1:-1]), ax=ax),
    "singular values": lambda ax: plots.singular_value_curves(ncsolve.path(CASE, lambda_b=GRID), ax=ax),
    "nc": lambda ax: plots.nc_curves(ncsolve.path(CASE, lambda_b=GRID), ax=ax),
    "count": lambda ax: ncsolve.path(NAMED, count=[1, 10, 100], of_class=10).plot(ax),
    "compared": lambda ax: plots.compared_cosines({"one-hot": ncsolve.path(ONE_HOT, lambda_b=GRID)}, ax=ax),
    "phase": lambda ax: drawn("one-hot")[0].plot(ax),
    "classes of a phase": lambda ax: drawn("classes in a bottleneck")[0].plot(ax),
    "measured": lambda ax: measured(NAMED).plot(ax),
    "lengths": lambda ax: plots.measured_lengths(measured(NAMED), ax=ax),
    "measured spectrum": lambda ax: plots.measured_spectrum(measured(CASE), ax=ax),
    "gap": lambda ax: plots.gap_bar(measured(CASE), ax=ax),
    "gaps": lambda ax: plots.gap_curves([measured(CASE, distance) for distance in (0.5, 0.1, 0.02)], ax=ax),
    "points": lambda ax: plots.cosine_curves(ncsolve.path(CASE, lambda_b=GRID), ax=ax, measured=[measured(CASE)]),
    "deep phase": lambda ax: drawn("deep")[0].plot(ax),
}
# Each is once on the left and once on the right.
PAIRS = list(zip(PANELS, [*list(PANELS)[1:], next(iter(PANELS))], strict=True))


def side_by_side(left, right, layout):
    figure = Figure(figsize=(8, 3), layout=layout)
    axes = figure.subplots(1, 2)
    others = []
    for name, ax in ((left, axes[0]), (right, axes[1])):
        before = set(figure.axes)
        assert PANELS[name](ax) is ax
        others.append([ax, *(set(figure.axes) - before)])
    figure.draw_without_rendering()
    return figure, others


def texts_of(axes):
    """Boxes of all that is written in axes, but for the legend."""
    found = {}
    for ax in axes:
        labels = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        labels += [t for axis in (ax.xaxis, ax.yaxis) for t in axis.get_ticklabels() if inside(ax, axis, t)]
        found |= {f"{text.get_text()!r} of {i}": text.get_window_extent() for i, text in enumerate(labels)
                  if text.get_text().strip() and text.get_visible()}
    return found


def inside(ax, axis, text):
    place = text.get_position()[0 if axis is ax.xaxis else 1]
    low, high = sorted(ax.get_xlim() if axis is ax.xaxis else ax.get_ylim())
    return low <= place <= high


def overlap(one, other):
    shared = Bbox.intersection(one, other)
    return shared is not None and shared.width > 1.0 and shared.height > 1.0


@pytest.mark.parametrize("layout", [None, "constrained", pytest.param("tight", marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_panels_side_by_side(left, right, layout):
    figure, (first, second) = side_by_side(left, right, layout)
    boxes = [ax.get_tightbbox() for ax in (*first, *second)]
    for one, other in itertools.product(boxes[: len(first)], boxes[len(first) :]):
        assert not overlap(one, other), (left, right)
    for axes in (first, second):
        found = texts_of(axes)
        for (name, one), (word, other) in itertools.combinations(found.items(), 2):
            assert not overlap(one, other), (name, word)
        legend = axes[0].get_legend()
        if legend is not None:
            box, panel = legend.get_window_extent(), axes[0].bbox
            assert panel.x0 - 1 <= box.x0
            assert box.x1 <= panel.x1 + 1
            assert panel.y0 <= box.y0
            assert box.y1 <= panel.y1 + 1
    for box in boxes:
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 >= -1
        assert box.y1 <= figure.bbox.y1 + 1


def test_rows_of_panels():
    """Two by two without a layout engine: neither the label below nor the one above is on another panel."""
    figure = Figure(figsize=(8, 6))
    axes = figure.subplots(2, 2)
    for name, ax in zip(("path", "range", "nc", "spectrum"), axes.ravel(), strict=True):
        PANELS[name](ax)
    boxes = [ax.get_tightbbox() for ax in axes.ravel()]
    for one, other in itertools.combinations(boxes, 2):
        assert not overlap(one, other)


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_axes_of_a_subfigure(layout):
    figure = Figure(figsize=(8, 3), layout=layout)
    parts = figure.subfigures(1, 2)
    for part, name in zip(parts, ("path", "classes"), strict=True):
        PANELS[name](part.subplots())
    figure.draw_without_rendering()
    first, second = ([ax.get_tightbbox() for ax in part.axes] for part in parts)
    for one, other in itertools.product(first, second):
        assert not overlap(one, other)


@pytest.mark.parametrize("name", ["path", "range", "bias", "nc", "spectrum", "phase", "lengths", "gaps", "points"])
def test_a_legend_hides_nothing(name):
    """All that is drawn is below it."""
    ax = Figure(figsize=(4, 3)).subplots()
    PANELS[name](ax)
    bottom = ax.get_legend().get_window_extent().y0
    for line in ax.lines:
        x, y = (np.asarray(value, dtype=np.float64) for value in line.get_data())
        if list(y) == [0, 1] and line.get_transform() != ax.transData:  # from the bottom to the top of the panel
            continue
        if list(x) == [0, 1] and line.get_transform() != ax.transData:
            x = np.full(2, ax.get_xlim()[0])
        known = np.isfinite(x) & np.isfinite(y)
        assert ax.transData.transform(np.stack((x, y), axis=1)[known])[:, 1].max() <= bottom + 1
    for bar in ax.patches:
        if bar.get_transform() == ax.transData:
            assert ax.transData.transform((0, bar.get_y() + bar.get_height()))[1] <= bottom + 1


def test_classes_have_their_names():
    ax = Figure(figsize=(4, 3)).subplots()
    ncsolve.solve(NAMED.replace(class_names=["$x$", *NAMES[1:]])).plot(ax)
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [text.get_text() for text in labels] == [r"\$x\$", *NAMES[1:-1], "a very lo…"]
    figure = plots.gram_figure([ncsolve.solve(NAMED), ncsolve.solve(NAMED.replace(lambda_b=math.inf))])
    for panel in figure.axes[:2]:
        assert [text.get_text() for text in panel.get_yticklabels()][:2] == NAMES[:2]


def test_classes_without_names_have_numbers():
    ax = Figure(figsize=(4, 3)).subplots()
    ncsolve.solve(ONE_HOT).plot(ax)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "2", "4", "6", "8", "10"]
    assert "class" in ax.get_xlabel()


def test_many_classes_are_named_at_equal_steps():
    names = [f"class {k}" for k in range(50)]
    problem = ncsolve.UFM(
        encoding="onehot", classes=50, counts=90, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5, class_names=names
    )
    ax = Figure(figsize=(4, 3)).subplots()
    ncsolve.solve(problem).plot(ax)
    assert [text.get_text() for text in ax.get_yticklabels()] == names[::3]


def test_the_class_whose_count_varies_is_named():
    ax = Figure(figsize=(4, 3)).subplots()
    PANELS["count"](ax)
    assert ax.get_xlabel() == "samples of a very long name $n_k$"


def test_long_labels_are_broken_between_words():
    ax = Figure(figsize=(2.5, 2.0)).subplots()
    ax.set_ylabel("one label that is longer than its axis, with $a \\, formula$ in it")
    _fit.fit_labels(ax)
    lines = ax.get_ylabel().split("\n")
    assert len(lines) > 1
    assert "$a \\, formula$" in " ".join(lines)
    assert ax.yaxis.label.get_window_extent().height <= 1.1 * ax.bbox.height


def test_a_legend_that_does_not_fit_is_put_where_it_hides_least():
    ax = Figure(figsize=(1.2, 1.0)).subplots()
    PANELS["nc"](ax)
    assert ax.get_legend()._loc == 0  # "best"
