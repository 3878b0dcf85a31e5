"""Andriopoulos et al. 2024: regression targets, where W W^T follows from the target covariance."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst

import ncsolve


@claim(
    name="regression-targets", sources=("andriopoulos2024", "massion2026"), theorems=("centring",),
    statement="regression targets with a free bias: W W^T = sqrt(c_h/c_w) (Sigma^(1/2) - sqrt(c) I)_+ with Sigma the "
    "target covariance, c_h = N lambda_h, c = c_w c_h; eigenvalues below c vanish",
    run="L-BFGS and Newton on random targets, every sample its own feature",
)
def examine(size: Size) -> list[Figure]:
    """W W^T for random targets, one class per sample, with eigenvalues above and below the threshold."""
    bench = Bench()
    rng = np.random.default_rng(47)
    law = Worst("W W^T = sqrt(c_h/c_w) (Sigma^(1/2) - sqrt(c) I)_+", tolerance=1e-6, reason="a gradient of 1e-11")
    solver = Worst("W W^T, solver", tolerance=1e-6, reason="as the law")
    rank = Worst("rank of W", tolerance=0.0, reason="a count")
    for trial in range(6 if size == "quick" else 100):
        m, total = int(rng.integers(1, 4)), int(rng.integers(6, 13))
        mix = rng.standard_normal((m, m)) @ np.diag(np.geomspace(1.0, 0.2, m))
        targets = mix @ rng.standard_normal((m, total)) + rng.standard_normal((m, 1))
        covariance = np.cov(targets, bias=True).reshape(m, m)
        values, vectors = np.linalg.eigh(covariance)
        roots = np.sqrt(values)
        # Their c = c_w c_h, with c_h = N lambda_h since they average the decay of the features over the samples:
        # below all eigenvalues, or between the least and the next.
        root_c = 0.5 * roots[0] if trial % 2 == 0 or m == 1 else math.sqrt(roots[0] * roots[1])
        ratio = float(np.exp(rng.normal()))
        c_w, c_h = root_c * math.sqrt(ratio), root_c / math.sqrt(ratio)
        problem = ncsolve.UFM(encoding=targets, counts=1, lambda_w=c_w, lambda_h=c_h / total, lambda_b=0.0)
        prediction, run = bench.compared(problem)
        kept = np.maximum(roots - root_c, 0.0)
        found = run.point.W @ run.point.W.T
        law.add(math.sqrt(c_h / c_w) * (vectors * kept) @ vectors.T, found)
        solver.add(prediction.W @ prediction.W.T, found)
        spectrum = np.linalg.eigvalsh(found)
        rank.add(float(np.count_nonzero(kept)), float(np.count_nonzero(spectrum > 1e-6 * spectrum[-1])))
    return bench.figures(law, solver, rank)
