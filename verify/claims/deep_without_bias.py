"""The direct optimisation experiments of Dang et al. 2023: imbalanced classes, one, three and six layers, no bias."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Lowest
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify.descent import descend_layered

import ncsolve
from ncsolve import UFM, deep, encodings


@claim(
    name="deep-without-bias", sources=("dang2023", "ncsolve"), theorems=("deep",),
    weight=3,
    statement="one-hot codes, imbalanced classes, deep linear heads without a bias: orthogonal class means, and a "
    "class below a threshold vanishes although a stationary point keeps it",
    run="L-BFGS on all layers and features from many starts: K = 4, counts 200, 100, 50, 50, lambdas 5e-4, depth 1, 3 "
    "and 6",
)
def examine(size: Size) -> list[Figure]:
    """K = 4, counts 200, 100, 50, 50, all lambdas 5e-4; and classes between the two thresholds."""
    loss = Lowest("loss, absolute", tolerance=1e-8, reason="what direct optimisation is asked to reach")
    lengths = Worst("squared lengths of class means, relative", tolerance=1e-4, reason="to half the digits of the loss")
    for depth in (1, 3, 6):
        problem = UFM(
            encoding=encodings.onehot(4), counts=[200, 100, 50, 50], lambda_w=5e-4, lambda_h=5e-4, lambda_b=math.inf,
            depth=depth,
        )
        prediction = ncsolve.solve(problem)
        # Six random layers of a small start sink to zero: half of the starts fit the labels.
        best = loss.of(prediction, (
            descend_layered(
                problem, seed=seed, merged=size == "quick" or seed % 2 == 0, from_labels=labels,
                size=0.1 if labels else 0.7,
            )
            for seed in range(2 if size == "quick" else 6) for labels in (False, True)
        ), size=1.0)
        lengths.add(np.diag(prediction.gram), np.sum(best.class_means**2, axis=0))
    # A class below the threshold whose stationary branch exists: a large start keeps it, and pays for it.
    small = UFM(
        encoding=encodings.onehot(4), counts=[200, 100, 9, 5], lambda_w=2e-2, lambda_h=5e-4, lambda_b=math.inf, depth=2
    )
    prediction = ncsolve.solve(small)
    gone, latent = deep.class_thresholds(small)
    dead = prediction.gram[2, 2] == 0.0 and latent < 9 < gone
    runs = [descend_layered(small, seed=seed, merged=True, size=scale) for seed in range(3 if size == "quick" else 6)
            for scale in (0.3, 2.0)]
    kept = [run.loss - prediction.loss for run in runs if np.sum(run.class_means[:, 2] ** 2) > 1e-3]
    below = loss.below + [(prediction.loss - run.loss) / prediction.loss for run in runs]
    return [
        loss.figure(), lengths.figure(),
        at_least("class of 9 samples is gone, though its branch exists", 1.0, float(dead), reason="a yes or no"),
        at_least("excess of the descents that keep it", 1e-9, kept, reason="the stationary branch is not the minimum"),
        at_most("descent below the optimum, relative", 1e-12, below, reason="no point can be below the minimum"),
    ]
