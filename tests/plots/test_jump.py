"""A jump is drawn as one: no line goes across it."""

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings

DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=1, depth=2)
GRID = np.concatenate(([0.0], np.geomspace(1e-3, 10, 30), [np.inf]))


def continuous(line, jump, size):
    """Whether no drawn segment of a line crosses the jump by more than a part of its size."""
    y = np.asarray(line.get_ydata(), dtype=float)
    x = np.asarray(line.get_xdata(), dtype=float)
    crossing = (x[:-1] <= jump) & (x[1:] >= jump)
    return not np.any(np.abs(np.diff(y))[crossing] > 0.2 * size)  # NaN: nothing is drawn


def test_a_jump_is_drawn_as_a_jump():
    pytest.importorskip("matplotlib")
    from ncsolve import plots

    path = ncsolve.path(DEEP, lambda_b=GRID)
    (change,) = path.changes
    before, after = change.before.cosines.mean, change.after.cosines.mean
    _, (ax, other) = plots.new_figure(1, 2, (9.0, 4.0))
    plots.cosine_curves(path, ax=ax)
    (curve,) = [line for line in ax.lines if line.get_label() == "all pairs"]
    assert continuous(curve, change.value, after - before)
    x, y = np.asarray(curve.get_xdata(), dtype=float), np.asarray(curve.get_ydata(), dtype=float)
    np.testing.assert_allclose(y[x == change.value], [before, np.nan, after])
    (latent,) = [line for line in ax.lines if line.get_gid() == "latent"]
    x, y = np.asarray(latent.get_xdata(), dtype=float), np.asarray(latent.get_ydata(), dtype=float)
    np.testing.assert_allclose(y[x == change.value], [after, before])
    assert continuous(latent, change.value, after - before)
    plots.singular_value_curves(path, ax=other)
    # z_1 and z_2 are equal and drawn once each with a name; z_3 jumps
    moving = [line for line in other.lines if line.get_label() == "$z_{3}$"]
    assert len(moving) == 1
    assert continuous(moving[0], change.value, change.after.singular_values[2])
    assert plots.path_figure(path)._suptitle.get_text().endswith("head of 2 layers")
    # the damage that this is to notice: a line straight across
    curve.set_data(GRID[1:-1], path.cosines[1:-1, 1])
    assert not continuous(curve, change.value, after - before)
