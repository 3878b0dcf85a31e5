"""The same for features h >= 0, as after a ReLU (ncsolve.relu-certificate/1).  It continues checker.py, in one file:
    ncsolve check --source --features relu > checker.py && python -I -S checker.py cert.json

Upper bound: as there, with no class mean that has a negative coordinate.  Lower bound: for h >= 0 it is enough that
A = lambda_w lambda_h diag(n_k) - [n_k n_j <l_k, l_j>] is copositive, x^T A x >= 0 for x >= 0 in R^K, and it is if
A - R - F diag(s) F^T is diagonally dominant with s >= 0 and no negative entry in R = nonnegative.  For, completing the
square in W, lambda_w/2 |W|^2 + lambda_h/2 sum |h|^2 - sum <l, W h> is at least the sum of x^T A x/(2 lambda_w) over the
coordinates of the features, x_k their means over class k; the h of a class have at least the squares of their mean.
"""

import sys
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from ncsolve.certificates.checker import ARRAYS, Refuted, check, demand, dominant, dot, gram, integers, main, read

RELU = "ncsolve.relu-certificate/1"
RELU_ARRAYS = ARRAYS | {"psd_factor": "kq", "nonnegative": "kk"}


def read_relu(data: bytes) -> SimpleNamespace:
    return read(data, RELU, RELU_ARRAYS, ("classes",))


def copositive(c: SimpleNamespace) -> None:
    """H >= 0, R >= 0 and A - R - F diag(s) F^T is diagonally dominant, or Refuted."""
    for k, mean in enumerate(c.class_means):
        demand(min(mean, default=0) >= 0, Refuted(f"H >= 0: class mean {k} has a negative coordinate"))
    rest, den = integers(c.nonnegative, c.size)
    demand(all(min(row) >= 0 for row in rest), Refuted("R >= 0: an entry of nonnegative is negative"))
    demand(rest == [[*row] for row in zip(*rest, strict=True)], Refuted("R must be symmetric"))
    dual = [[n * x for x in l] for n, l in zip(c.n, c.dual, strict=True)]
    inner, added = gram(dual, [Fraction(1)] * len(c.bias), c.size), gram(c.psd_factor, c.psd_scales, c.size)
    dominant([c.lambda_w * c.lambda_h * n for n in c.n], inner, added, (rest, den))


def vanishing(c: SimpleNamespace) -> dict[str, Any]:
    """Which class means of the minimizer are zero?  The least weight decay that gives the outputs W h is convex in them
    (W and h of two of them side by side give their sum), so that, as in checker.py, objective - minimum is at least
    sum |change of W h + b|^2/(2N) + lambda_b/2 |change of b|^2.  A free bias may not be unique: no claim is made then.
    """
    gap, c.words = 2 * (c.upper - c.lower), []
    classes: list[str | None] = []
    for n, z in zip(c.n, c.z, strict=True):
        price = Fraction(c.total, n) + (Fraction(1, c.lambda_b) if c.lambda_b else 0)
        far = c.lambda_b != 0 and dot(z, z) > c.den**2 * gap * price
        classes.append("nonzero" if far else "zero" if gap == 0 != c.lambda_b else None)
    return {"classes": classes}


def check_either(data: bytes) -> list[str]:
    """What a certificate of either kind proves, in words; Malformed or Refuted."""
    if RELU.encode() not in data:
        return check(data)
    found, problem, *others = check(data, read_relu, copositive, vanishing)
    return [found, f"{problem}, none of them negative (ReLU)", *others]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], check_either))
