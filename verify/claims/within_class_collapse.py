"""NC1: within-class collapse, for every encoding."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._definition import Definition
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import random_problem, scaled_problem
from ncsolve.verify._samples import Samples

from ncsolve import encodings

_PER_CLASS = 3


@claim(
    name="within-class-collapse", sources=("papyan2020", "zhou2022", "massion2026"), theorems=("collapse",),
    statement="at every global minimizer all samples of a class have the same feature, whatever the encoding (NC1)",
    run="L-BFGS and Newton with one free feature per sample: all registered encodings and random imbalanced ones",
)
def examine(size: Size) -> list[Figure]:
    """Every registered encoding at three values of lambda_b, and random imbalanced problems."""
    bench = Bench()
    rng = np.random.default_rng(11)
    start = []
    collapse = Worst(
        "|H - class means| / |H|", tolerance=1e-8,
        reason="gradient tolerance 1e-11 over the curvature lambda_h that a single feature sees",
    )
    problems = [
        scaled_problem(
            np.array(encodings.make(name, classes=4, seed=1).matrix), [_PER_CLASS] * 4, strength=0.3, ratio=2.0,
            lambda_b=lambda_b,
        )
        for name in encodings.names() if name != "affine"
        for lambda_b in (0.0, 0.3, math.inf)
    ]
    shapes = [(m, k) for k in (2, 3, 4) for m in (1, k - 1, k, k + 1)]
    problems += [
        random_problem(rng, code_length=m, classes=k, most=4, lambda_b=float(rng.exponential()))
        for m, k in shapes * (1 if size == "quick" else 10)
    ]
    for problem in problems:
        run = bench.settle(problem)
        y, k = run.samples.labels, run.samples.classes
        f = Definition(Samples.of(problem))
        if problem.samples > problem.classes:
            start.append(metrics.within_class_variation(f.point(f.start(0)).H, y, k))
        if float(np.abs(run.gram).max()) > 1e-9:  # where all features vanish they coincide anyway
            collapse.add(0.0, metrics.within_class_variation(run.point.H, y, k) or 0.0)
    return bench.figures(
        collapse,
        at_least(
            "the same at the random start", 0.05, [value or 0.0 for value in start],
            reason="descent started far from collapse, else the agreement would say nothing",
        ),
    )
