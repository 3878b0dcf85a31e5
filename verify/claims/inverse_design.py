"""Inverse design (T11): with the designed codes descent finds the wanted Gram matrix, whatever the counts."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, agreement, count
from ncsolve.verify._problems import random_counts
from ncsolve.verify._types import Array

import ncsolve
from ncsolve import design


@claim(
    name="inverse-design", sources=("ncsolve",), theorems=("inverse-design", "target-cosine"),
    weight=10,
    statement="for any positive semidefinite Q, any counts and lambda_b > 0 (lambda_b = 0: if Q n = 0) the designed "
    "encoding has a global minimizer whose class means have the Gram matrix Q",
    run="L-BFGS and Newton on the designed encodings of random targets of every rank, the named geometries, and counts "
    "where one-hot codes lose classes; and at the lambda_b, alpha and weight decay found for a cosine",
)
def examine(size: Size) -> list[Figure]:
    """Random targets of any rank, the named geometries, and single numbers for a cosine."""
    bench = Bench()
    gram = Worst("Gram matrix against the target", tolerance=1e-6, reason="Newton to a gradient of 1e-11")
    bias = Worst("b = (tau/lambda_b) U V^T u, its length", tolerance=1e-6, reason="as the Gram matrix")
    rng = np.random.default_rng(53)
    for _ in range(12 if size == "quick" else 100):
        target, counts = _random_target(rng)
        lambda_b = float(rng.choice([math.inf, float(np.exp(rng.normal()))]))
        _compare(bench, gram, bias, target, counts, lambda_b, int(rng.integers(0, 3)), float(np.exp(rng.normal())))
        _compare(bench, gram, bias, design.centred_gram(target, counts), counts, 0.0, 0, 1.0)
    named = [design.simplex_gram(4), design.orthogonal_gram(3), design.path_gram(4)]
    named.append(design.hierarchy_gram({"a": ["cat", "dog"], "b": ["car", ["bus", "van"]]})[1])
    for target in named:
        _compare(bench, gram, bias, target, random_counts(rng, target.shape[0], 5), 0.5, 1, 1.0)
    return bench.figures(gram, bias, *_lost_and_kept(bench), _cosines(bench))


def _random_target(rng: np.random.Generator) -> tuple[Array, list[int]]:
    k = int(rng.integers(2, 5))
    rank = int(rng.integers(1, k + 1))
    while True:
        factor = rng.standard_normal((rank, k))
        values = np.linalg.svd(factor, compute_uv=False)
        # Nearly dependent class means make every method slow, and test nothing new.
        if values[-1] > 0.3 * values[0]:
            return factor.T @ factor, random_counts(rng, k, 4)


def _compare(
    bench: Bench, gram: Worst, bias: Worst, target: Array, counts: list[int], lambda_b: float, longer: int, ratio: float
) -> None:
    """Design for the target, and descend from the definition on what came out."""
    size = float(np.trace(target)) / len(counts)
    tau = 0.3 * size / math.sqrt(sum(counts))
    made = design.encoding_for(
        target, counts=counts, lambda_w=tau * ratio, lambda_h=tau / ratio, lambda_b=lambda_b,
        code_length=len(counts) + longer,
    )
    run = bench.settle(made.minimizer.problem, prediction=made.minimizer)
    gram.add(target, run.gram)
    # V V^T u from the target alone: the projection of u on the row space of Q D^(1/2).
    root = np.sqrt(np.array(counts, dtype=float))
    row, *_ = np.linalg.lstsq((target * root).T, root, rcond=1e-9)
    share = float(np.linalg.norm((target * root).T @ row))
    length = 0.0 if lambda_b in (0.0, math.inf) else tau / lambda_b * share
    bias.add(length, float(np.linalg.norm(run.bias)), size=max(length, tau))


def _lost_and_kept(bench: Bench) -> list[Figure]:
    """One-hot codes lose the small classes where designed codes keep an exact simplex ETF."""
    counts = [16, 4, 1]
    tau = 2.5 / sum(counts)  # T^2 = 6.25 is above the counts of the two small classes
    plain = ncsolve.UFM(encoding=np.eye(3), counts=counts, lambda_w=tau, lambda_h=tau, lambda_b=math.inf)
    lengths = np.diag(bench.settle(plain).gram)
    made = design.encoding_for(
        design.simplex_gram(3), counts=counts, lambda_w=tau, lambda_h=tau, lambda_b=math.inf, code_length=2
    )
    found = bench.settle(made.minimizer.problem, prediction=made.minimizer).gram
    size = np.sqrt(np.diag(found))
    return [
        count("classes that one-hot codes lose, of 3", 2, float(np.sum(lengths < 1e-9 * lengths.max()))),
        agreement("cosines with designed codes", design.simplex_gram(3), found / np.outer(size, size), tolerance=1e-6,
                  reason="Newton to a gradient of 1e-11"),
    ]


def _cosines(bench: Bench) -> Figure:
    """The lambda_b, alpha and weight decay that are said to give a cosine."""
    cosine = Worst("cosine at the number found for it", tolerance=1e-6, reason="Newton to a gradient of 1e-11")
    problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(4), counts=3, lambda_w=0.02, lambda_h=0.03, lambda_b=1.0)
    for vary, target in (("lambda_b", -0.2), ("weight-decay", -0.1), ("alpha", 0.25)):
        found = design.for_cosine(problem, target, vary=vary)
        gram = bench.settle(found.problem, prediction=found.minimizer).gram
        size = np.sqrt(np.diag(gram))
        off = ~np.eye(4, dtype=bool)
        cosine.add(np.full(12, target), (gram / np.outer(size, size))[off], size=1.0)
    return cosine.figure()
