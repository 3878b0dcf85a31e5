"""L-BFGS, as scipy has it; it brings its own loop."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._types import Array
from ncsolve.verify.descent._loop import Ending, Landscape, Observer, Status, norm
from scipy.optimize import OptimizeResult, minimize

__all__ = ["run_lbfgs"]

_MEMORY = 20
_RESTARTS = 4


def run_lbfgs(f: Landscape, x: Array, *, target: float, max_steps: int, observer: Observer) -> Ending:
    """Minimize from x until the gradient norm is at most ``target``.

    scipy ends where its line search finds no lower loss; there the memory is dropped and the run goes on, a few times.
    """
    value, gradient = f.value_and_gradient(x)
    if observer.due(0):
        observer.see(0, x, value, norm(gradient))
    steps = 0

    def record(intermediate_result: OptimizeResult) -> None:
        nonlocal steps
        steps += 1
        if observer.due(steps):
            point = intermediate_result.x.copy()
            at, slope = f.value_and_gradient(point)
            observer.see(steps, point, at, norm(slope))

    for _ in range(_RESTARTS):
        before = steps
        result = minimize(
            f.value_and_gradient, x, jac=True, method="L-BFGS-B", callback=record,
            # scipy's test is on the largest entry of the gradient: this implies ours on the norm.
            options={
                "maxcor": _MEMORY, "ftol": 0.0, "gtol": target / np.sqrt(x.size), "maxiter": max(max_steps - steps, 1),
                "maxfun": 4 * max_steps + 100,
            },
        )
        x = result.x
        value, gradient = f.value_and_gradient(x)
        size = norm(gradient)
        if size <= target or steps >= max_steps or steps == before:
            break
    status = Status.CONVERGED if size <= target else Status.STEP_LIMIT if steps >= max_steps else Status.STALLED
    return Ending(x=x, value=value, gradient_norm=size, steps=steps, status=status)
