"""A table like the committed one in no time: networks that are the minimum with noise on it, measured and kept."""

import math
from pathlib import Path

import numpy as np

import ncsolve
from experiments._measuring import record_of
from experiments._problem import codes_of, counts_of, lambda_h_of
from experiments._run import Run
from experiments._suite import Suite, Variation
from experiments._table import table_of
from tests.experiments.fake import MACHINE

ROOT = Path(__file__).parents[2]
CLASSES = 4
LAMBDAS = (0.0, 0.1, 1.0, math.inf)
SEEDS = (0, 1, 2)


def variation(name, title, *, thresholds=(0.2,), lambdas=LAMBDAS, **factors):
    runs = tuple(Run(lambda_b=lambda_b, threshold=threshold, seed=seed, **{"per_class": 20} | factors)
                 for lambda_b in lambdas for threshold in thresholds for seed in SEEDS)
    return Variation(name, title, runs)


SUITE = Suite("small", (
    variation("reference", "MLP"),
    variation("cnn", "CNN", network="cnn"),
    variation("signed", "signed codes", encoding="signed"),
    variation("relu", "features after a ReLU", tail="relu"),
    variation("plain-decay", "plain weight decay", tail="plain", decay=3e-3),
    variation("cross-entropy", "cross-entropy", loss="cross-entropy"),
    variation("imbalance-10", "imbalance 10:1", imbalance=10),
    variation("minority", "imbalance 10:1, over t", imbalance=10, thresholds=(0.1, 0.3, 0.6), lambdas=(math.inf,)),
    variation("unfinished", "stopped early", steps=3),
))
NOISE = {"unfinished": 0.3}


def record(run, noise=1e-3):
    """The record of a network that is the minimum of its problem with noise on the features, which the seed decides."""
    random = np.random.default_rng(run.seed)
    counts = counts_of(run, CLASSES)
    labels = np.repeat(np.arange(CLASSES), counts)
    if run.tail == "plain":
        found = two_layers(run, random, labels, noise)
    else:
        features = "relu" if run.tail in ("relu", "bn-relu") else "linear"
        problem = ncsolve.UFM(
            encoding=codes_of(run, counts), counts=counts, lambda_w=run.lambda_w, lambda_h=lambda_h_of(run, counts),
            lambda_b=run.lambda_b, features=features, loss=run.loss,
        )
        best = ncsolve.solve(problem)
        h = best.class_means[:, labels]
        h = h + noise * np.abs(h).max() * random.standard_normal(h.shape)
        if features == "relu":
            h = np.abs(h)
        statistics = ncsolve.FeatureStatistics(
            CLASSES, len(h), head=(best.W, best.bias), loss=run.loss, codes=problem.encoding.matrix,
        )
        statistics.update(h.T, labels)
        bias = None if math.isinf(run.lambda_b) else best.bias
        found = ncsolve.measure(statistics, best.W, bias, problem)
    return {
        "key": run.key, "run": run.to_json(), "outcome": "measured", "failure": None,
        "training": {"first": 1.0, "last": 0.1, "lowest": 0.1}, "seconds": 2.0, "machine": MACHINE,
    } | record_of(found)


def two_layers(run, random, labels, noise):
    z = 1.0 + np.eye(CLASSES)[labels] + 0.1 * random.standard_normal((labels.size, CLASSES))
    statistics = ncsolve.FeatureStatistics(CLASSES, CLASSES).update(z, labels)
    problem = statistics.metric_problem(lambda_w=run.decay, lambda_v=run.decay, lambda_b=run.lambda_b)
    best = ncsolve.solve(problem)
    apart = best.V * (1 + noise * random.standard_normal(best.V.shape))
    bias = None if math.isinf(run.lambda_b) else best.bias
    return ncsolve.measure(statistics, best.W, bias, problem, hidden=(apart, best.c))


def small_table(suite=SUITE, *, without=(), failed=()):
    """The table of a suite, without the runs of these variations, and with these runs (their keys) failed."""
    made = {}
    for one in suite.variations:
        for run in () if one.name in without else one.runs:
            made[run.key] = record(run, NOISE.get(one.name, 1e-3))
            if run.key in failed:
                kept = {key: value for key, value in made[run.key].items()
                        if key not in ("problem", "network", "measured")}
                made[run.key] = kept | {"outcome": "failed", "failure": "the loss is infinite", "training": None}
    return table_of(suite, made)
