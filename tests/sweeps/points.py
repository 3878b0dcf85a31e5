"""What a path or a diagram says of a point, against ``solve`` there."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ncsolve
from ncsolve._sweeps.second_parameter import second_parameter


def check_path(path: ncsolve.Path, tolerance: float = 1e-12) -> None:
    """Loss, bias, singular values, regime, theorem and guarantee of every point."""
    for i in range(len(path)):
        single = ncsolve.solve(path.problem_at(i))
        n = single.problem.counts.array
        zero = float(np.sum(single.problem.encoding.matrix**2 * n)) / n.sum()  # twice the loss of the zero point
        assert path.loss[i] == pytest.approx(single.loss, rel=tolerance, abs=1e-14 * zero)
        np.testing.assert_allclose(path.bias[i], single.bias, rtol=0, atol=tolerance * np.linalg.norm(single.bias))
        found = path.singular_values[i]
        np.testing.assert_allclose(found, single.singular_values, rtol=0, atol=tolerance * math.sqrt(zero * n.sum()))
        assert np.array_equal(found > 0, single.singular_values > 0)
        assert path.regimes[i] == single.regime
        assert (path.theorems[i], path.guarantees[i]) == (single.choice.theorem, single.guarantee)
        assert path.lower_bounds[i] == pytest.approx(single.lower_bound, rel=tolerance, abs=1e-14 * zero)
        assert path.lower_bounds[i] <= path.loss[i]


def check_changes(path: ncsolve.Path) -> None:
    """On either side of each change the minimizer is the other one, and a jump is where singular values jump."""
    for change in path.changes:
        beside = max(1e-8, 2 * change.accuracy)
        sides = [ncsolve.solve(path.sweep.problem_at(change.value * factor)) for factor in (1 - beside, 1 + beside)]
        assert [side.regime for side in sides] == [change.regime_before, change.regime_after]
        assert [side.rank for side in sides] == [change.rank_before, change.rank_after]
        apart = np.abs(sides[0].singular_values - sides[1].singular_values).max()
        assert change.jump == (apart > 1e-3)
        if change.jump:
            assert change.before.loss == pytest.approx(change.after.loss, rel=max(1e-11, change.accuracy))


def check_cells(diagram: ncsolve.Phase) -> None:
    """Regime, rank, mean cosine and guarantee of every cell."""
    second = second_parameter(diagram.problem, diagram.against, diagram.values)
    for i, value in enumerate(diagram.values.tolist()):
        for j, lambda_b in enumerate(diagram.lambda_b.tolist()):
            single = ncsolve.solve(second.problem_at(value).replace(lambda_b=lambda_b))
            assert (diagram.regimes[i][j], diagram.rank[i, j]) == (single.regime, single.rank)
            assert diagram.best_found[i, j] == (single.guarantee != "global")
            expected = math.nan if single.cosines is None else single.cosines.mean
            assert diagram.cosine[i, j] == pytest.approx(expected, abs=1e-9, nan_ok=True)
