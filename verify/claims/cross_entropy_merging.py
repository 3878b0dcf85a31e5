"""Hong & Ling 2023 and T16: under cross-entropy the class means of small classes coincide, at zero or not."""

from __future__ import annotations

import math
from functools import partial
from itertools import combinations

import numpy as np
from ncsolve.verify._bench import Bench, bisect
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._fit import softmax
from ncsolve.verify._types import Array

import ncsolve
from ncsolve.encodings import smoothed

# At T = 1 and at T = sqrt(2) classes of one and of two samples are exactly at their threshold.
_THRESHOLDS = (0.5, 1.0, 1.3, math.sqrt(2.0))
_BIASES = (0.0, 0.5, math.inf)


@claim(
    name="cross-entropy-merging", sources=("hong2023", "ncsolve"), theorems=("cross-entropy-dual",),
    weight=2,
    statement="cross-entropy, one-hot and smoothed codes, any counts: two classes of n samples each have p_kk - p_kl = "
    "max(0, 1 - alpha - T/sqrt(n)) for every lambda_b and whatever the other classes are, T = N sqrt(lambda_w "
    "lambda_h); their class means coincide iff n <= T^2/(1 - alpha)^2, at zero or not",
    run="L-BFGS and Newton for several counts, lambdas and lambda_b; where class means coincide is bisected from "
    "descent alone",
)
def examine(size: Size) -> list[Figure]:
    """The probabilities and distances of classes of equal count, where they merge, and the geometry of all classes."""
    bench = Bench()
    margin = Worst("p_kk - p_kl of classes of equal count", tolerance=1e-6,
                   reason="a class exactly at its threshold is the root of a vanishing singular value")
    apart = Worst("distance of class means that coincide", tolerance=1e-4, reason="as the probabilities, its root")
    merging = Worst("T^2/(1 - alpha)^2 at which class means part, against n", tolerance=1e-3, reason="bisected to 2e-4")
    gram = Worst("Gram matrix, relative", tolerance=1e-6, reason="as the probabilities")
    bias = Worst("b", tolerance=1e-6, reason="as the probabilities")
    parted, common = [], []
    cases = [((6, 6, 2, 2, 1, 1), 0.0, 2.0), ((5, 2, 2), 0.2, 0.5)]
    if size == "full":
        cases += [((12, 4, 4, 1), 0.0, 1.0), ((3, 3, 3, 1, 1), 0.1, 3.0), ((9, 2, 2, 2), 0.3, 1.0)]
    for counts, alpha, ratio in cases:
        for threshold in _THRESHOLDS:
            for lambda_b in _BIASES:
                prediction, run = bench.compared(_problem(counts, alpha, threshold, ratio, lambda_b))
                gram.add(prediction.gram, run.gram)
                bias.add(prediction.bias, run.bias, size=1.0)
                means, unit = run.class_means, ratio**0.25
                chances = softmax(run.point.W @ means + run.bias[:, None])
                for k, l in _pairs(counts):
                    expected = max(0.0, 1 - alpha - threshold / math.sqrt(counts[k]))
                    margin.add(expected, chances[k, k] - chances[l, k], size=1.0)
                    distance = float(np.linalg.norm(means[:, k] - means[:, l])) / unit
                    if expected > 0.0:
                        parted.append(distance)
                    else:
                        apart.add(0.0, distance)
                        common.append(float(np.linalg.norm(means[:, k])) / unit)
        for k, l in _pairs(counts) if size == "full" else _pairs(counts)[-1:]:
            two = partial(_two, bench, counts, alpha, ratio, (k, l))
            found = bisect(two, 0.2, 3.0, relative=2e-4)
            merging.add(float(counts[k]), (found * (1 - alpha)) ** -2)
    return bench.figures(
        margin, apart, merging, gram, bias,
        at_least("distance of class means that do not coincide", 1e-2, parted, reason="far above that of the others"),
        at_least("largest length of class means that coincide", 0.1, max(common), reason="they merge, not only vanish"),
    )


def _pairs(counts: tuple[int, ...]) -> list[tuple[int, int]]:
    """Classes of equal count."""
    return [(k, l) for k, l in combinations(range(len(counts)), 2) if counts[k] == counts[l]]


def _problem(counts: tuple[int, ...], alpha: float, threshold: float, ratio: float, lambda_b: float) -> ncsolve.UFM:
    tau = threshold / sum(counts)
    return ncsolve.UFM(
        encoding=smoothed(len(counts), alpha), counts=list(counts), lambda_w=tau * math.sqrt(ratio),
        lambda_h=tau / math.sqrt(ratio), lambda_b=lambda_b, loss="cross-entropy",
    )


def _two(
    bench: Bench, counts: tuple[int, ...], alpha: float, ratio: float, pair: tuple[int, int], inverse: float
) -> bool:
    """Whether the class means of the pair differ at the threshold 1/inverse."""
    means: Array = bench.settle(_problem(counts, alpha, 1 / inverse, ratio, 0.5)).class_means
    apart = means[:, pair[0]] - means[:, pair[1]]
    return float(apart @ apart) > 1e-6 * math.sqrt(ratio)
