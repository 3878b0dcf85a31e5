"""The cells of phase diagrams: they fill the diagram, and none lies on both sides of a boundary."""

import numpy as np
import pytest

from ncsolve._sweeps.areas import areas
from tests.sweeps.diagrams import PLANES, drawn

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from ncsolve.plots._cells import Steps, cells_of, names_on

QUICK = [name for name in PLANES if name not in ("deep smoothed", "deep layers")]


def logarithmic(diagram):
    return diagram.against != "t"


def in_logarithms(diagram, corners):
    flat = corners.copy()
    flat[..., 0] = np.log(flat[..., 0])
    if logarithmic(diagram):
        flat[..., 1] = np.log(flat[..., 1])
    return flat


def found(cells, diagram, x, y):
    """The row and column of the cell at a point, by its corners."""
    corners = in_logarithms(diagram, cells.corners)
    u, v = np.log(x), np.log(y) if logarithmic(diagram) else y
    low, high = corners[:, 0, 1], corners[:, 2, 1]
    share = np.divide(v - low, high - low)
    left = corners[:, 0, 0] + share * (corners[:, 3, 0] - corners[:, 0, 0])
    right = corners[:, 1, 0] + share * (corners[:, 2, 0] - corners[:, 1, 0])
    (inside,) = np.nonzero((low <= v) & (v < high) & (left <= u) & (u < right))
    assert inside.size == 1
    return cells.rows[inside[0]], cells.columns[inside[0]]


@pytest.mark.parametrize("name", QUICK)
def test_cells_fill_the_diagram(name):
    diagram = drawn(name)[0]
    corners = in_logarithms(diagram, cells_of(diagram, log=logarithmic(diagram)).corners)
    widths = (corners[:, 1, 0] - corners[:, 0, 0], corners[:, 2, 0] - corners[:, 3, 0])
    assert all((width >= -1e-12).all() for width in widths)
    size = np.sum((widths[0] + widths[1]) / 2 * (corners[:, 2, 1] - corners[:, 0, 1]))
    low, high = (
        np.log(Steps(diagram.values).edges[[0, -1]]) if diagram.against == "classes"
        else np.log(diagram.values[[0, -1]]) if logarithmic(diagram) else diagram.values[[0, -1]]
    )
    assert size == pytest.approx(np.log(diagram.lambda_b[-1] / diagram.lambda_b[0]) * (high - low), rel=1e-12)


@pytest.mark.parametrize("name", QUICK)
def test_every_point_is_in_a_cell_of_its_own_area(name):
    diagram = drawn(name)[0]
    cells, names = cells_of(diagram, log=logarithmic(diagram)), areas(diagram)[0]
    for i, value in enumerate(diagram.values[1:-1].tolist(), start=1):
        for j, lambda_b in enumerate(diagram.lambda_b[:-1].tolist()):
            row, column = found(cells, diagram, lambda_b * (1 + 1e-9), value * (1 + 1e-9))
            assert names[row, column] == names[i, j]
            assert diagram.cosine[row, column] == pytest.approx(diagram.cosine[i, j], nan_ok=True)


@pytest.mark.parametrize("name", QUICK)
def test_colours_change_at_the_boundaries(name):
    """A little to the left and to the right of every boundary is a point of the area that it says."""
    diagram = drawn(name)[0]
    cells, (names, kinds) = cells_of(diagram, log=logarithmic(diagram)), areas(diagram)
    ranks = kinds[0].startswith("rank ")
    for boundary in diagram.boundaries:
        before, after = boundary.regime_before, boundary.regime_after
        if ranks:
            before, after = f"rank {boundary.rank_before}", f"rank {boundary.rank_after}"
        for i in range(boundary.values.size // 10, boundary.values.size, max(1, boundary.values.size // 9)):
            y, x = float(boundary.values[i]), float(boundary.lambda_b[i])
            others = [abs(np.log(other / x)) for curve in diagram.boundaries if curve is not boundary
                      for other in curve.lambda_b[np.isclose(curve.values, y, rtol=1e-3)].tolist()]
            inside = diagram.lambda_b[0] * 1.05 < x < diagram.lambda_b[-1] / 1.05
            across = diagram.values[0] * 1.001 < y < diagram.values[-1] / 1.001 or diagram.against == "classes"
            if not (inside and across) or min(others, default=1.0) < 0.05:
                continue
            for factor, area in ((1 - 2e-2, before), (1 + 2e-2, after)):
                row, column = found(cells, diagram, x * factor, y)
                assert row < 0 or names[row, column] == area, (boundary, y)


def test_colours_change_at_the_collapse():
    """Though no row of the diagram is at it."""
    diagram = drawn("one-hot")[0]
    cells = cells_of(diagram, log=False)
    (collapse,) = diagram.collapse
    for factor, name in ((1 - 1e-6, "simplex"), (1 + 1e-6, "collapsed")):
        row, column = found(cells, diagram, 0.02, collapse * factor)
        assert diagram.regimes[row][column] == name


def test_an_area_without_a_point_has_no_colour():
    """Of smoothed codes with ReLU features, above the collapse on the right, between two rows."""
    diagram = drawn("relu")[0]
    cells = cells_of(diagram, log=False)
    assert found(cells, diagram, 2.95, 0.71) == (-1, -1)
    assert found(cells, diagram, 1.0, 0.71)[0] >= 0
    assert np.mean(cells.rows < 0) < 0.05


def test_cells_of_the_nearest_points_would_be_noticed(monkeypatch):
    """As they were once: each point's rectangle, across all boundaries."""
    monkeypatch.setattr(
        "ncsolve.plots._cells._Plane._points",
        lambda plane, v, left, right: (int(np.argmin(np.abs(plane.v - v))), np.arange(plane.u.size)),
    )
    with pytest.raises(AssertionError):
        test_colours_change_at_the_boundaries("one-hot")
    with pytest.raises(AssertionError):
        test_colours_change_at_the_collapse()


@pytest.mark.parametrize("name", QUICK)
def test_names_are_those_of_the_points(name):
    diagram = drawn(name)[0]
    names, lambda_b, values = names_on(diagram, log=logarithmic(diagram), across=40, up=30)
    assert names.shape == (30, 40) == (values.size, lambda_b.size)
    assert set(names.ravel()) <= set(areas(diagram)[0].ravel()) | {""}
    assert np.mean(names == "") < 0.05
