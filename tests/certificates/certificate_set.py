"""Problems to certify: every encoding, imbalanced, m < K and m > K, lambda_b in {0, small, lb*, large, inf}.

    python -m tests.certificates.certificate_set FOLDER   writes all their certificates; relu-*.json for h >= 0,
                                                          cross-entropy-*.json under cross-entropy
"""

from __future__ import annotations

import functools
import math
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

import ncsolve
from ncsolve import encodings
from ncsolve.certificates import Certificate, certify

__all__ = [
    "CODES", "ENTROPY", "INF", "PROBLEMS", "RELU", "SOFT", "certificate", "entropy", "entropy_certificate", "problem",
    "relu_certificate",
]

INF = math.inf
CODES = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
SOFT = [[0.8, 0.1, 0.0], [0.2, 0.6, 0.3], [0.0, 0.3, 0.7]]
RANK_ONE = np.outer([1.0, -2.0], [1, 2, 3, 4])
IMBALANCED = [400, 100, 9, 1]


def problem(encoding, counts, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5, **options):
    return ncsolve.UFM(
        encoding=encoding, counts=counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, **options
    )


def relu(*arguments, **options):
    return problem(*arguments, **options, features="relu")


def entropy(*arguments, **options):
    return problem(*arguments, **options, loss="cross-entropy")


# name: problem, digits, exact values, what must come out (gap zero; centring; numbers of zero class means)
PROBLEMS = {
    "onehot, lb = 0": (problem(encodings.onehot(10), 100, lambda_b=0.0), 10, {}, True, "complete", 0),
    "onehot, small lb": (problem(encodings.onehot(10), 100, lambda_b=5e-3), 10, {}, True, "complete", 0),
    "onehot, lb*": (
        problem(encodings.onehot(10), 100, lambda_b=float(Fraction(1, 19))), 10,
        {"lambda_w": "5e-4", "lambda_h": "5e-4", "lambda_b": Fraction(1, 19)}, True, "complete", 0,
    ),
    "onehot, just above lb*": (
        problem(encodings.onehot(10), 100, lambda_b=float(Fraction(1, 19))), 10,
        {"lambda_w": "5e-4", "lambda_h": "5e-4", "lambda_b": Fraction(1, 19) + Fraction(1, 10**30)}, True,
        "incomplete", 0,
    ),
    "onehot, lb = 0.5": (problem(encodings.onehot(10), 100), 10, {}, True, "incomplete", 0),
    "onehot, large lb": (problem(encodings.onehot(10), 100, lambda_b=50.0), 10, {}, True, "incomplete", 0),
    "onehot, lb = inf": (problem(encodings.onehot(10), 100, lambda_b=INF), 10, {}, True, "incomplete", 0),
    "onehot, irrational": (problem(encodings.onehot(5), 7, 1e-3, 2e-3, 0.3), 10, {}, False, "incomplete", 0),
    "onehot, irrational, lb = 0": (problem(encodings.onehot(5), 7, 1e-3, 2e-3, 0.0), 50, {}, False, "complete", 0),
    "onehot, irrational, lb = inf": (problem(encodings.onehot(5), 7, 1e-3, 2e-3, INF), 50, {}, False, "incomplete", 0),
    "onehot, all collapsed": (problem(encodings.onehot(3), 2, 1.0, 1.0, 0.7), 10, {}, True, "complete", 3),
    "onehot, t = 1": (problem(encodings.onehot(2), 4, 0.25, 0.25, 1.0), 10, {}, True, "complete", 2),
    "one class": (problem(encodings.onehot(1), 5, 1e-2, 1e-2, 1.0), 10, {}, False, "incomplete", 0),
    "smoothed": (problem(encodings.smoothed(10, 0.1), 100), 10, {}, True, "incomplete", 0),
    "smoothed, dyadic": (problem(encodings.smoothed(4, 0.5), 4, 2.0**-6, 2.0**-6, 0.25), 10, {}, True, "incomplete", 0),
    "smoothed, imbalanced": (problem(encodings.smoothed(3, 0.2), [5, 9, 30], lambda_b=0.2), 10, {}, False, None, 0),
    "signed": (problem(encodings.signed(10), 100), 10, {}, True, "incomplete", 0),
    "signed, two classes": (problem(encodings.signed(2), [3, 5], 1e-2, 1e-2, 0.1), 10, {}, False, None, 0),
    "simplex": (problem(encodings.simplex(6), 25, lambda_b=0.05), 10, {}, True, "complete", 0),
    "affine": (problem(encodings.affine(5, 1.5, -0.2), 9, 1e-2, 1e-3, 1.0), 10, {}, False, None, 0),
    "affine, lb = inf": (problem(encodings.affine(5, 1.5, -0.2), 9, 1e-2, 1e-3, INF), 30, {}, False, "incomplete", 0),
    "hadamard": (problem(encodings.hadamard(8), 2, 1e-2, 1e-2, 0.1), 10, {}, True, None, 0),
    "binary, m < K": (problem(encodings.binary(10), 100), 10, {}, False, None, None),
    "thermometer": (problem(encodings.thermometer(7), [3, 1, 4, 1, 5, 9, 2], lambda_b=0.0), 10, {}, False, None, 0),
    "ordinal, m = 1": (problem(encodings.ordinal(5), 3, 1e-3, 1e-3, 0.2), 10, {}, False, None, None),
    "ordinal, lb = 0": (problem(encodings.ordinal(5), 3, 1e-3, 1e-3, 0.0), 50, {}, False, "complete", 1),
    "ecoc, m > K": (problem(encodings.ecoc(6, 15, seed=1), [10, 20, 30, 40, 50, 60]), 10, {}, False, None, 0),
    "gaussian, m > K": (problem(encodings.gaussian(4, 9, 1), [3, 1, 4, 1], 1e-2, 1e-2, 2.0), 50, {}, False, None, 0),
    "gaussian, m < K": (problem(encodings.gaussian(9, 4, seed=2), 5, 1e-2, 1e-2, 1e-2), 10, {}, False, None, None),
    "gaussian, half active": (problem(encodings.gaussian(12, seed=3), 5, 3e-2, 3e-2, 0.1), 10, {}, False, None, None),
    "codes": (
        problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 0.1), 10,
        {"lambda_w": "1e-3", "lambda_h": "4e-3", "lambda_b": "0.1"}, False, "incomplete", 0,
    ),
    "codes, lb = 0": (problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 0.0), 10, {}, False, "complete", 0),
    "codes, lb = inf": (problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, INF), 10, {}, False, "incomplete", 0),
    "codes, 100 digits": (problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 0.1), 100, {}, False, "incomplete", 0),
    "codes, tiny lb": (problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 1e-12), 10, {}, False, None, None),
    "codes, huge lb": (problem(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 1e12), 10, {}, False, None, None),
    "codes, far away": (problem(np.add(CODES, 1e6), [5, 20, 1, 10], 1e-3, 4e-3, 0.1), 10, {}, False, None, None),
    "rank one": (problem(RANK_ONE, [5, 2, 1, 1], 1e-2, 1e-2, 0.1), 10, {}, False, None, None),
    "zero codes": (problem(np.zeros((2, 3)), [1, 2, 3], 1e-2, 1e-2, 0.1), 10, {}, True, "complete", 3),
    "imbalanced, lb = inf": (problem(encodings.onehot(4), IMBALANCED, 5e-3, 1e-3, INF), 10, {}, False, "incomplete", 1),
    "imbalanced, lb = inf, rational": (
        problem(encodings.onehot(4), IMBALANCED, 5e-3, 5e-3, INF), 10, {"lambda_w": "5e-3", "lambda_h": "5e-3"}, True,
        "incomplete", 1,
    ),
    "imbalanced": (problem(encodings.onehot(4), IMBALANCED, 5e-3, 1e-3, 0.05), 10, {}, False, None, 0),
    "imbalanced, lb = 0": (problem(encodings.onehot(4), IMBALANCED, 5e-3, 1e-3, 0.0), 50, {}, False, "complete", 0),
    "imbalanced, law of large bias": (
        problem(encodings.onehot(3), [100, 64, 25], 2.0**-9, 2.0**-9, 2.0), 10, {}, True, "incomplete", 0,
    ),
    "eigenvector mean": (problem([[3, 1, 2, 2], [0, 0, 1, -1]], 5, 1e-2, 1e-2, 0.2), 10, {}, False, "incomplete", None),
    "decimals": (
        problem(encodings.smoothed(10, 0.1), 100), 10,
        {"lambda_w": "5e-4", "lambda_h": "0.0005", "lambda_b": "1/2",
         "codes": [[str(Fraction(91 if i == k else 1, 100)) for k in range(10)] for i in range(10)]},
        True, "incomplete", 0,
    ),
}


EXACT = {"lambda_w": "5e-4", "lambda_h": "5e-4"}
# name: problem with features h >= 0, digits, exact values, gap zero, numbers of zero and of undecided class means
RELU = {
    "onehot": (relu(encodings.onehot(10), 100), 10, {}, False, 0, 0),
    "onehot, 100 digits": (relu(encodings.onehot(10), 100), 100, {}, False, 0, 0),
    "onehot, lb = 0": (relu(encodings.onehot(10), 100, lambda_b=0.0), 40, {}, False, 0, 10),
    "onehot, lb = 0, rational": (relu(encodings.onehot(10), 10, lambda_b=0.0), 10, EXACT, True, 0, 10),
    "onehot, lb = inf": (relu(encodings.onehot(10), 100, lambda_b=INF), 10, EXACT, True, 0, 0),
    "onehot, large lb": (relu(encodings.onehot(7), 3, 1e-3, 2e-3, 1e6), 50, {}, False, 0, 0),
    "one class": (relu(encodings.onehot(1), 5, 1e-2, 1e-2, 1.0), 30, {}, False, 0, 0),
    "two classes, free bias": (relu(encodings.onehot(2), 5, 1e-2, 1e-2, 0.0), 10, {}, False, 0, 2),
    "all collapsed": (relu(encodings.onehot(3), 2, 1.0, 1.0, 0.7), 10, {}, True, 3, 0),
    "all collapsed, acute": (relu(encodings.smoothed(4, 0.5), 2, 1.0, 1.0, 9.0), 10, {}, True, 4, 0),
    "all collapsed, acute and obtuse": (relu([[1, -1, 1]], 1, 0.5, 0.5, INF), 10, {}, True, 3, 0),  # not the linear
    "zero codes": (relu(np.zeros((2, 3)), [1, 2, 3], 1e-2, 1e-2, 0.1), 10, {}, True, 3, 0),
    "imbalanced": (relu(encodings.onehot(4), [9, 4, 2, 1], 5e-3, 5e-4, 1.0), 60, {}, False, 0, 0),
    "imbalanced, acute": (relu(encodings.onehot(4), [9, 4, 2, 1], 5e-3, 5e-4, 1e-3), 10, {}, False, 0, 0),
    "imbalanced, lb = inf, rational": (
        relu(encodings.onehot(4), IMBALANCED, 5e-3, 5e-3, INF), 10, {"lambda_w": "5e-3", "lambda_h": "5e-3"}, True,
        1, 0,
    ),
    "smoothed, orthogonal": (relu(encodings.smoothed(10, 0.3), 100, lambda_b=0.1), 30, {}, False, 0, 0),
    "smoothed, acute": (relu(encodings.smoothed(10, 0.3), 100), 10, {}, False, 0, 0),
    "signed": (relu(encodings.signed(6), 10, lambda_b=0.1), 10, {}, False, 0, 0),
    "hadamard": (relu(encodings.hadamard(8), 10, lambda_b=0.1), 10, {}, False, 0, 0),
    "simplex": (relu(encodings.simplex(5), [3, 1, 4, 1, 5], 1e-2, 1e-2, 0.1), 10, {}, False, None, None),
    "ordinal, m = 1": (relu(encodings.ordinal(5), 3, 1e-3, 1e-3, 0.2), 10, {}, False, None, None),
    "gaussian, m < K": (
        relu(encodings.gaussian(6, 4, seed=1), [3, 1, 4, 1, 5, 9], 1e-2, 1e-2, 0.2), 10, {}, False, 0, 0,
    ),
    "gaussian, m > K": (relu(encodings.gaussian(4, 9, seed=1), [3, 1, 4, 1], 1e-2, 1e-2, INF), 10, {}, False, 0, 0),
    "codes": (relu(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 0.1), 10, {}, False, 0, 0),
    "codes, lb = 0": (relu(CODES, [5, 20, 1, 10], 1e-3, 4e-3, 0.0), 10, {}, False, 0, 4),
}


# name: problem under cross-entropy, digits, exact values, the loss (T16: numbers of other programs; None: of solve),
# what must be said of the class means
ENTROPY = {
    "onehot": (entropy(encodings.onehot(4), 10, 1e-3, 2e-3, 0.01), 10, {}, 0.0859072818870843, (0, 1, 2, 3)),
    "onehot, lb = 0": (entropy(encodings.onehot(4), 10, 1e-3, 2e-3, 0.0), 10, {}, 0.0859072818870843, (0, 1, 2, 3)),
    "onehot, lb = inf": (entropy(encodings.onehot(4), 10, 1e-3, 2e-3, INF), 10, {}, 0.0859072818870843, (0, 1, 2, 3)),
    "onehot, 200 digits": (entropy(encodings.onehot(10), 100), 200, EXACT, None, tuple(range(10))),
    "smoothed": (
        entropy(encodings.smoothed(4, 0.1), 10, 1e-3, 2e-3, 1.0), 10, {}, 0.3959939296644478, (0, 1, 2, 3),
    ),
    "one class": (entropy(encodings.onehot(1), 5, 1e-2, 1e-2, 1.0), 10, {}, 0.0, ("zero",)),
    "two classes": (entropy(encodings.onehot(2), 5, 1e-2, 1e-2, 1e-3), 30, {}, None, (0, 1)),
    "all collapsed": (entropy(encodings.onehot(3), 2, 1.0, 1.0, 0.7), 10, {}, math.log(3), ("zero",) * 3),
    "t = 1": (entropy(encodings.onehot(2), 4, 0.25, 0.25, 1.0), 10, {}, math.log(2), (0, 0)),
    "all collapsed, imbalanced": (entropy(encodings.onehot(3), [2, 3, 4], 1.0, 1.0, 0.0), 10, {}, None, ("zero",) * 3),
    "imbalanced": (
        entropy(encodings.onehot(4), [200, 100, 50, 50]), 10, EXACT, 0.0912178490214, (0, 1, 2, 3),
    ),
    "imbalanced, 60 digits": (
        entropy(encodings.onehot(4), IMBALANCED, 5e-3, 1e-3, 0.05), 60,
        {"lambda_w": "5e-3", "lambda_h": "1e-3", "lambda_b": "0.05"}, 0.2669923424780, (0, 1, 2, 3),
    ),
    "imbalanced, lb = 0": (entropy(encodings.onehot(4), IMBALANCED, 5e-3, 1e-3, 0.0), 10, {}, None, (0, 1, 2, 3)),
    "imbalanced, lb = inf": (entropy(encodings.onehot(4), IMBALANCED, 5e-3, 1e-3, INF), 10, {}, None, (0, 1, 2, 3)),
    "minority, merged": (
        entropy(encodings.onehot(4), [400, 100, 1, 1], 5e-3, 5e-3, 0.05), 10, {}, None, (0, 1, 2, 2),
    ),
    "minority, merged at the threshold": (  # n = T^2/(1 - alpha)^2 = 4 exactly
        entropy(encodings.smoothed(3, 0.25), [88, 4, 4], 2.0**-6, 2.0**-6, 0.0), 10, {}, None, (0, 1, 1),
    ),
    "minority, smoothed": (
        entropy(encodings.smoothed(4, 0.1), [400, 100, 5, 5], 5e-3, 5e-3, 1.0), 10, {}, None, (0, 1, 2, 2),
    ),
    "three groups": (
        entropy(encodings.onehot(6), [60, 12, 12, 12, 5, 5], 2e-3, 3e-3, 0.05), 10, {}, 0.2562802841449,
        tuple(range(6)),
    ),
    "soft": (entropy(SOFT, [2, 1, 3], 0.02, 0.05, 0.1), 10, {}, 0.8131718473774, (0, 1, 2)),
    "soft, decimals": (
        entropy(SOFT, [2, 1, 3], 0.02, 0.05, 0.1), 100,
        {"lambda_w": "0.02", "lambda_h": "0.05", "lambda_b": "0.1",
         "codes": [["0.8", "0.1", "0"], ["0.2", "0.6", "0.3"], ["0", "0.3", "0.7"]]}, 0.8131718473774, (0, 1, 2),
    ),
    "soft, lb = 0": (entropy(SOFT, [2, 1, 3], 0.02, 0.05, 0.0), 10, {}, None, (0, 1, 2)),
    "soft, tiny lb": (entropy(SOFT, [2, 1, 3], 0.02, 0.05, 1e-12), 10, {}, None, (0, 1, 2)),
    "soft, huge lb": (entropy(SOFT, [2, 1, 3], 0.02, 0.05, 1e12), 30, {}, None, (0, 1, 2)),
    "soft, a code twice": (entropy([[1, 0, 1], [0, 1, 0]], [40, 10, 5], 5e-3, 5e-3, 0.1), 10, {}, None, (0, 1, 0)),
    "soft, m > K, no mass": (
        entropy([[0.5, 0.0], [0.5, 0.25], [0.0, 0.75], [0.0, 0.0]], [40, 5], 5e-3, 5e-3, INF), 10, {}, None, (0, 1),
    ),
    "soft, m < K": (
        entropy([[0.5, 0, 0.2, 1, 0.1], [0.5, 1, 0.8, 0, 0.9]], [40, 10, 5, 1, 1], 5e-3, 5e-3, 1.0), 10, {}, None,
        (0, 1, 2, 3, 4),
    ),
    "tiny lambdas": (entropy(encodings.onehot(3), [40, 10, 5], 1e-14, 1e-14, 0.0), 10, {}, None, (0, 1, 2)),
}


@functools.cache
def entropy_certificate(name: str) -> Certificate:
    """The certificate of a problem under cross-entropy, made once a session."""
    ufm, digits, exact, *_ = ENTROPY[name]
    return certify(ufm, digits=digits, **exact)


@functools.cache
def relu_certificate(name: str) -> Certificate:
    """The certificate of a problem with features h >= 0, made once a session."""
    ufm, digits, exact, *_ = RELU[name]
    return certify(ufm, digits=digits, **exact)


@functools.cache
def certificate(name: str) -> Certificate:
    """The certificate of a problem of the set, made once a session."""
    ufm, digits, exact, *_ = PROBLEMS[name]
    return certify(ufm, digits=digits, **exact)


def main(folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(PROBLEMS):
        certificate(name).save(Path(folder) / f"{number:02}.json")
    for number, name in enumerate(RELU):
        relu_certificate(name).save(Path(folder) / f"relu-{number:02}.json")
    for number, name in enumerate(ENTROPY):
        entropy_certificate(name).save(Path(folder) / f"cross-entropy-{number:02}.json")
    print(f"{len(PROBLEMS) + len(RELU) + len(ENTROPY)} certificates written")


if __name__ == "__main__":
    main(*sys.argv[1:])
