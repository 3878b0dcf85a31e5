"""A deep linear head: the label mean enters the class means by a jump (T9)."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Lowest
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify.descent import LayeredRun, descend_layered

import ncsolve
from ncsolve import UFM, deep, encodings


def _along(run: LayeredRun) -> float:
    """Length of the label mean's image in W H, in units of sqrt(n)."""
    means = run.outputs - run.bias[:, None]
    return float(np.linalg.norm(means.mean(axis=1))) * math.sqrt(means.shape[1])


@claim(
    name="deep-transition", sources=("ncsolve",), theorems=("deep",),
    weight=3,
    statement="one-hot codes, balanced classes, two or more linear layers: at the predicted lambda_b two minimizers "
    "tie and the label mean jumps into the class means",
    run="L-BFGS on all layers, features and bias from random starts and from ones that fit the labels, half a percent "
    "below and above the transition",
)
def examine(size: Size) -> list[Figure]:
    """Just below and just above the tie, and both minimizers at it."""
    loss = Lowest("loss beside the transition", tolerance=1e-9, reason="L-BFGS to a gradient of 1e-11")
    tie = Worst("loss of the two minimizers at the transition", tolerance=1e-12, reason="rounding")
    jump = Worst("singular value of the label mean beside the transition", tolerance=5e-3,
                 reason="it moves a little within the half percent to the transition")
    other = []
    cases = [(3, 5, 2)] if size == "quick" else [(3, 5, 2), (4, 3, 3), (2, 6, 2), (3, 4, 4)]
    for k, n, depth in cases:
        problem = UFM(encoding=encodings.onehot(k), counts=n, lambda_w=5e-3, lambda_h=2e-3, lambda_b=1.0, depth=depth)
        found = deep.first_order_transition(problem)
        assert found is not None
        tie.add(found.before.loss, found.after.loss)
        for factor, along in ((0.995, 0.0), (1.005, found.jump)):
            at = problem.replace(lambda_b=found.lambda_b * factor)
            best = loss.of(ncsolve.solve(at), (
                descend_layered(at, seed=seed, size=0.1 if labels else 0.7, from_labels=labels)
                for seed in range(2 if size == "quick" else 6) for labels in (False, True)
            ))
            jump.add(along, _along(best), size=1.0)
        other.append(found.jump)
    return [
        loss.figure(), tie.figure(), jump.figure(),
        at_least("the jump, unit sqrt(n)", 0.05, other, reason="the transition is of first order"),
        at_most("descent below the optimum, relative", 1e-12, loss.below, reason="no point can be below the minimum"),
    ]
