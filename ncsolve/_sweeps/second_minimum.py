"""The latent branch of a deep head (T9): the second local minimum, with the label mean on the other side of its jump.

Before the first-order transition that is the point with the label mean in the class means, from where on it exists;
after it the point without, which stays a local minimum for every lambda_b.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Mask
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import verified
from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.threshold_crossings import RegimeChange
from ncsolve.checks.arrays import Frozen

__all__ = ["LatentBranch", "latent_along", "latent_minimum"]

# The branch exists above its end only.
_INSIDE = 1e-12
_FIRST = 9


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentBranch(Frozen):
    """Stationary points that are not the minimizer, by ascending ``values`` (p,) of the parameter.

    ``mean_in`` (p,) says whether the label mean is in the class means; ``loss``, ``cosine`` and ``centring`` (p,),
    ``singular_values`` (p, K).  Beside the path's own values there are the places where the branch begins (along
    lambda_b) and where it changes places with the minimizer, twice: with either side.
    """

    values: Array
    mean_in: Mask
    loss: Array
    cosine: Array
    centring: Array
    singular_values: Array


def latent_minimum(problem: UFM) -> Minimizer | None:
    """The other local minimum of a balanced affine one-hot problem under a deep head, with a vanishing gradient; None
    where there is none.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=10, depth=2,
    ...                       lambda_w=5e-3, lambda_h=5e-4, lambda_b=0.05)
    >>> other = latent_minimum(problem)
    >>> other.regime, other.loss > ncsolve.solve(problem).loss
    ('simplex', True)
    """
    frame = model_of(problem).second_frame(problem)
    return None if frame is None else verified(problem, frame)


def latent_along(sweep: Sweep, changes: Sequence[RegimeChange]) -> LatentBranch | None:
    """The branch along a sweep with these changes, or None if there is none."""
    if sweep.name == "count":
        return None
    found = [
        (value, 0, other) for value in sorted(set(sweep.values.tolist()))
        if (other := latent_minimum(sweep.problem_at(value))) is not None
    ]
    if not found:
        return None
    found += _ends(sweep, changes)
    found.sort(key=lambda entry: entry[:2])  # by the value, and at equal values by the side
    points = [entry[2] for entry in found]
    empty = np.nan
    return LatentBranch(
        values=np.array([entry[0] for entry in found]),
        mean_in=np.array([bool(point.regime not in ("simplex", "collapsed")) for point in points]),
        loss=np.array([point.loss for point in points]),
        cosine=np.array([empty if point.cosines is None else point.cosines.mean for point in points]),
        centring=np.array([empty if point.centring is None else point.centring for point in points]),
        singular_values=np.array([point.singular_values for point in points]),
    )


def _ends(sweep: Sweep, changes: Sequence[RegimeChange]) -> Iterator[tuple[float, int, Minimizer]]:
    """(value, side, second minimum) where the branch changes places with the minimizer, and where it begins."""
    for change in changes:
        if change.before is None or change.after is None:
            continue
        sides: tuple[Minimizer | None, Minimizer | None] = change.after, change.before
        if _mean_in(change.before) == _mean_in(change.after):  # the contrasts jump, of both branches
            sides = latent_minimum(change.before.problem), latent_minimum(change.after.problem)
        for order, side in zip((-1, 1), sides, strict=True):
            if side is not None:
                yield change.value, order, side
    if sweep.name == "lambda_b":
        yield from _beginning(sweep)


def _beginning(sweep: Sweep) -> Iterator[tuple[float, int, Minimizer]]:
    """Where the branch begins, which it does like a square root, with a few points up to the tie."""
    transition = model_of(sweep.problem).transition(sweep.problem)
    if transition is None or transition.latent_from is None:
        return
    start = transition.latent_from * (1 + _INSIDE)
    for value in start + (transition.lambda_b - start) * np.linspace(0.0, 0.95, _FIRST) ** 2:
        if sweep.values.min() < value < sweep.values.max():
            other = latent_minimum(sweep.problem.replace(lambda_b=float(value)))
            if other is not None:
                yield float(value), 0, other


def _mean_in(found: Minimizer) -> bool:
    state = model_of(found.problem).state(found.problem)
    return state is not None and state.mean
