"""What a gap under cross-entropy proves of class means (T16): bounds that are written out here once more."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._samples import Samples
from ncsolve.verify._types import Array

__all__ = ["certified_distances"]


def certified_distances(samples: Samples, chances: Array, means: Array, gap: float) -> tuple[float, float]:
    """Bounds on how far outputs and weighted Gram matrix of the class means ``means`` (d, K) are from the minimum's.

    ``chances`` (m, K) are the probabilities of the minimum for each class, ``gap`` that of the class means alone.
    Outputs are compared but for a constant for each class; rows and columns of the Gram matrix are weighted by the
    square roots of the counts.
    """
    n, lw, lb = samples.counts, samples.lambda_w, samples.lambda_b
    total, root = float(n.sum()), np.sqrt(n)
    tau = math.sqrt(lw * samples.lambda_h)
    least = chances.min(axis=0)
    z = total * gap / (n * least)
    worst = float(np.max((2 + z + np.sqrt(z * (z + 4))) / least))
    _, s, rows = np.linalg.svd((samples.codes - chances) * root / total, full_matrices=True)
    s = np.concatenate([s, np.zeros(n.size - s.size)])
    reach = float(np.linalg.norm(means * root, 2)) ** 2
    bound = math.inf
    for j in range(int(np.sum(s > tau * (1 - 1e-7))), n.size + 1):  # from what the minimum keeps at most
        if (j > 0 and s[j - 1] <= 1e-12) or (j < n.size and s[j] >= tau):
            continue
        mean = float(np.sum((rows[:j] @ root) ** 2)) / lb if 0 < lb < math.inf else 0.0
        along = 0.0 if j == 0 else lw / s[j - 1] * math.sqrt(gap * (total * worst + 2 * mean + 2 * reach / lw))
        across = 0.0 if j == n.size else 2 * gap * lw / (tau**2 - float(s[j]) ** 2)
        bound = min(bound, math.sqrt(along**2 + 2 * reach * across + across**2))
    return math.sqrt(total * worst * gap), bound
