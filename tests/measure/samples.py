"""Features of random networks, near the minimum and far from it, and what they are worth by the definition."""

from __future__ import annotations

import math

import numpy as np

import ncsolve


def random_problem(random, **model):
    """Any codes, counts and lambdas; every lambda_b comes up."""
    classes, outputs = int(random.integers(1, 6)), int(random.integers(1, 6))
    codes = random.standard_normal((outputs, classes))
    if random.random() < 0.2:
        codes[:, -1] = codes[:, 0]
    lambda_b = random.choice([0.0, math.inf, 10 ** random.uniform(-3, 1), 10 ** random.uniform(-3, 1)])
    return ncsolve.UFM(
        encoding=codes, counts=random.integers(1, 9, classes), lambda_w=10 ** random.uniform(-4, -1),
        lambda_h=10 ** random.uniform(-4, -1), lambda_b=float(lambda_b), **model,
    )


def labels_of(problem):
    """Class numbers (N,), one class after the other."""
    return np.repeat(np.arange(problem.classes), problem.counts.array)


def network(random, problem, distance):
    """W, b and features (N, d): those of the minimum, moved at random by about ``distance`` of their size."""
    found = ncsolve.solve(problem)
    w, h = np.array(found.W), np.array(found.class_means)[:, labels_of(problem)]
    size = max(float(np.abs(w).max()), float(np.abs(h).max()), 0.1)
    w = w + distance * size * random.standard_normal(w.shape)
    h = h + distance * size * random.standard_normal(h.shape)
    b = np.array(found.bias)
    if math.isfinite(problem.lambda_b):
        b = b + distance * size * random.standard_normal(b.shape)
    return w, b, h.T


def statistic(problem, w, b, features, scatter="full"):
    """In three batches of a random order."""
    y = labels_of(problem)
    order = np.random.default_rng(y.size).permutation(y.size)
    codes = problem.encoding.matrix
    found = ncsolve.FeatureStatistics(problem.classes, features.shape[1], (w, b), scatter, codes=codes)
    for part in np.array_split(order, min(3, y.size)):
        found.update(features[part], y[part])
    return found


def random_softmax_problem(random, **model):
    """One-hot, smoothed or soft codes, balanced or not; every lambda_b comes up."""
    classes = int(random.integers(2, 6))
    kind = random.integers(3)
    codes = (
        "onehot" if kind == 0 else "smoothed:0.2" if kind == 1 else
        random.dirichlet(np.full(int(random.integers(2, 6)), 0.7), classes).T
    )
    counts = random.integers(1, 9, classes) if random.random() < 0.7 else np.full(classes, int(random.integers(1, 9)))
    lambda_b = random.choice([0.0, math.inf, 10 ** random.uniform(-3, 1), 10 ** random.uniform(-3, 1)])
    return ncsolve.UFM(
        encoding=codes, classes=classes if kind < 2 else None, counts=counts, lambda_w=10 ** random.uniform(-4, -1),
        lambda_h=10 ** random.uniform(-4, -1), lambda_b=float(lambda_b), loss="cross-entropy", **model,
    )


def softmax_statistic(problem, w, b, features, scatter="full", order=None):
    """In three batches, with what the loss of the problem needs."""
    y = labels_of(problem)
    order = np.random.default_rng(y.size).permutation(y.size) if order is None else order
    found = ncsolve.FeatureStatistics(
        problem.classes, features.shape[1], (w, b), scatter, codes=problem.encoding, loss=problem.loss
    )
    for part in np.array_split(order, min(3, y.size)):
        found.update(features[part], y[part])
    return found


def softmax(outputs):
    """Probabilities of outputs (m, n)."""
    grown = np.exp(outputs - outputs.max(axis=0))
    return grown / grown.sum(axis=0)


def one_hot_softmax(**other):
    """Four classes of ten samples, if nothing else is said."""
    return ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(4), loss="cross-entropy",
        **({"counts": 10, "lambda_w": 5e-3, "lambda_h": 2e-3, "lambda_b": 0.3} | other),
    )
