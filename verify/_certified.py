"""Claims of the theory proved on instances: certificates of gap zero, and exact arithmetic on the minimizer they hold.

At gap zero the point of a certificate is a global minimizer, and its Gram matrix, bias and outputs are those of every
minimizer (T3).  What is said of them here is compared between rational numbers; nothing is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from ncsolve import UFM, solve
from ncsolve.certificates import Certificate, certify

__all__ = ["CERTIFIED", "certified"]

Table = Sequence[Sequence[Fraction]]

# K, n (a square), t = K sqrt(n lambda_w lambda_h), for which all of T5 is rational
_BALANCED = ((2, 1, Fraction(1, 3)), (3, 4, Fraction(1, 2)), (4, 9, Fraction(3, 7)), (10, 100, Fraction(1, 20)))


def certified(claim: str) -> tuple[int, int]:
    """How many problems of a claim are certified, and on how many of them the certificate has gap zero, passes its
    checker and holds the minimizer that is claimed.

    >>> certified("orthogonal-frame")
    (4, 4)
    """
    results = [made.exact and made.check().holds and holds for made, holds in CERTIFIED[claim][1]()]
    return len(results), sum(results)


def _affine(
    k: int, n: int, t: Fraction, lambda_b: Fraction | None, a: Fraction, q: Fraction, ratio: int = 1
) -> Certificate:
    """Balanced codes a I + q J with lambda_w/lambda_h the square of ``ratio``."""
    tau = t / (k * math.isqrt(n))
    codes = [[a * (i == j) + q for j in range(k)] for i in range(k)]
    lambda_w, lambda_h = tau * ratio, tau / ratio
    ufm = UFM(
        encoding=[[float(x) for x in row] for row in codes], counts=n, lambda_w=float(lambda_w),
        lambda_h=float(lambda_h), lambda_b=math.inf if lambda_b is None else float(lambda_b),
    )
    return certify(ufm, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, codes=codes)


def _onehot(k: int, n: int, t: Fraction, lambda_b: Fraction | None, ratio: int = 1) -> Certificate:
    return _affine(k, n, t, lambda_b, Fraction(1), Fraction(0), ratio)


def _gram(made: Certificate) -> Table:
    scales, means = made.proof.scales, made.proof.class_means
    return [
        [sum((s * x * y for s, x, y in zip(scales, left, right, strict=True)), Fraction(0)) for right in means]
        for left in means
    ]


def _regular(made: Certificate) -> tuple[Fraction, Fraction] | None:
    """Diagonal and inner products of a Gram matrix d I + o (J - I), or None if it is none."""
    gram = _gram(made)
    d, o = gram[0][0], gram[0][-1]
    k = len(gram)
    return (d, o) if gram == [[d if i == j else o for j in range(k)] for i in range(k)] else None


def _transition(t: Fraction, w: Fraction = Fraction(1)) -> Fraction:
    return t / (abs(w) - t)


def _simplex() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        for share in (Fraction(0), Fraction(1, 10), Fraction(1)):
            made = _onehot(k, n, t, _transition(t) * share, ratio=2)
            frame = _regular(made)
            yield made, frame is not None and 0 < frame[0] == -(k - 1) * frame[1] and made.centring == "complete"


def _orthogonal() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        made = _onehot(k, n, t, None, ratio=3)
        # squared length sqrt(lw/lh) (1 - t)/sqrt(n)
        yield made, _regular(made) == (3 * (1 - t) / math.isqrt(n), Fraction(0))


def _threshold() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        made = _onehot(k, n, t, Fraction(1))
        yield made, made.centred_up_to == (str(_transition(t)),) * 2


def _cosine() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        for factor in (Fraction(11, 10), Fraction(2), Fraction(100)):
            lambda_b = _transition(t) * factor
            made = _onehot(k, n, t, lambda_b)
            across, along = 1 - t, 1 - t / lambda_b - t
            frame = _regular(made)
            expected = (along - across) / (along + (k - 1) * across)
            yield made, frame is not None and frame[1] / frame[0] == expected and made.centring == "incomplete"


def _free_bias() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        for a, q in ((1, Fraction(0)), (2, Fraction(-1)), (Fraction(9, 10), Fraction(1, 10 * k))):
            made = _affine(k, n, t, Fraction(0), Fraction(a), q)
            yield made, made.proof.bias == made.problem.label_mean


def _centring() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        for share in (Fraction(1, 10), Fraction(1)):
            made = _onehot(k, n, t, _transition(t) * share)
            yield made, made.proof.bias == made.problem.centred_bias and made.centring == "complete"


def _law() -> Iterable[tuple[Certificate, bool]]:
    for codes, counts, tau in (
        ([[1, 0], [0, 1]], [4, 9], Fraction(1, 52)),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [100, 64, 25], Fraction(1, 512)),
        ([[1, 1], [1, -1], [0, 0]], [8, 8], Fraction(1, 64)),
        ([[3, 4], [4, -3], [0, 0]], [1, 1], Fraction(1, 8)),
    ):
        for lambda_b in (Fraction(1), Fraction(7, 2)):
            made, limit = (_codes(codes, counts, tau, value) for value in (lambda_b, None))
            lowered = [[x - made.problem.lambda_w / lambda_b for x in row] for row in _gram(limit)]
            loss = limit.lower - sum(counts) * tau * tau / (2 * lambda_b)
            yield made, limit.exact and limit.check().holds and _gram(made) == lowered and made.lower == loss


def _codes(codes: list[list[int]], counts: list[int], tau: Fraction, lambda_b: Fraction | None) -> Certificate:
    ufm = UFM(
        encoding=codes, counts=counts, lambda_w=float(tau), lambda_h=float(tau),
        lambda_b=math.inf if lambda_b is None else float(lambda_b),
    )
    return certify(ufm, lambda_w=tau, lambda_h=tau, lambda_b=lambda_b)


def _smoothing() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        for alpha in (Fraction(1, 10), Fraction(1, 4)):
            crossing = t / alpha
            for factor, sign in ((Fraction(1), 0), (Fraction(9, 10), -1), (Fraction(11, 10), 1)):
                made = _affine(k, n, t, crossing * factor, 1 - alpha, alpha / k)
                frame = _regular(made)
                yield made, frame is not None and (frame[1] > 0) - (frame[1] < 0) == sign


def _signed() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in ((3, 4, Fraction(1, 2)), (4, 9, Fraction(3, 7)), (10, 100, Fraction(1, 20))):
        made = _affine(k, n, t, None, Fraction(2), Fraction(-1))
        frame = _regular(made)
        sign = (k > 4) - (k < 4)
        yield made, frame is not None and (frame[1] > 0) - (frame[1] < 0) == sign and not _dual(made)


def _minority() -> Iterable[tuple[Certificate, bool]]:
    for counts, threshold in (([16, 9, 4, 1], Fraction(2)), ([25, 9, 9, 1], Fraction(5, 2)), ([4, 1], Fraction(1))):
        k = len(counts)
        identity = [[int(i == j) for j in range(k)] for i in range(k)]
        made = _codes(identity, counts, threshold / sum(counts), None)
        lengths = [max(math.isqrt(n) - threshold, Fraction(0)) / n for n in counts]
        gram = [[lengths[i] if i == j else Fraction(0) for j in range(k)] for i in range(k)]
        words = tuple("zero" if n <= threshold**2 else "nonzero" for n in counts)
        yield made, _gram(made) == gram and made.classes == words


def _dual(made: Certificate) -> bool:
    """W^T = c Hbar for the c with equal norms, in the coordinates of the file."""
    proof, problem = made.proof, made.problem
    kappa = problem.counts[0] * problem.lambda_h / problem.lambda_w  # c^2
    return all(
        w * w == kappa * h * h and w * h >= 0
        for row, mean in zip(proof.weights, proof.class_means, strict=True) for w, h in zip(row, mean, strict=True)
    )


def _self_duality() -> Iterable[tuple[Certificate, bool]]:
    for k, n, t in _BALANCED:
        for lambda_b in (Fraction(0), _transition(t) * 2, None):
            for a, q in ((Fraction(1), Fraction(0)), (Fraction(9, 10), Fraction(1, 10 * k))):
                made = _affine(k, n, t, lambda_b, a, q, ratio=4)
                yield made, _dual(made)


def _balancedness() -> Iterable[tuple[Certificate, bool]]:
    for make in (_cosine, _law, _minority):
        for made, _ in make():
            proof, problem = made.proof, made.problem
            d = range(len(proof.scales))
            left = [[problem.lambda_w * sum(row[i] * row[j] for row in proof.weights) for j in d] for i in d]
            right = [
                [problem.lambda_h * sum(n * h[i] * h[j] for n, h in zip(problem.counts, proof.class_means, strict=True))
                 for j in d]
                for i in d
            ]
            yield made, left == right


def _stationarity() -> Iterable[tuple[Certificate, bool]]:
    for make in (_cosine, _law):
        for made, _ in make():
            proof, problem = made.proof, made.problem
            mean_feature = [
                sum((n * h for n, h in zip(problem.counts, column, strict=True)), Fraction(0)) / problem.samples
                for column in zip(*proof.class_means, strict=True)
            ]
            outputs = [
                sum((s * w * h for s, w, h in zip(proof.scales, row, mean_feature, strict=True)), Fraction(0))
                for row in proof.weights
            ]
            lambda_b = problem.lambda_b or Fraction(0)
            left = [(1 + lambda_b) * b for b in proof.bias]
            yield made, left == [mu - z for mu, z in zip(problem.label_mean, outputs, strict=True)]


def _global_optimum() -> Iterable[tuple[Certificate, bool]]:
    for make in (_cosine, _smoothing, _law, _minority):
        for made, _ in make():
            problem = made.problem
            ufm = UFM(
                encoding=[[float(x) for x in row] for row in zip(*problem.codes, strict=True)], counts=problem.counts,
                lambda_w=float(problem.lambda_w), lambda_h=float(problem.lambda_h),
                lambda_b=math.inf if problem.lambda_b is None else float(problem.lambda_b),
            )
            yield made, abs(Fraction(solve(ufm).loss) - made.lower) * 10**12 <= made.lower


def _paper() -> Iterable[tuple[Certificate, bool]]:
    for lambda_b, loss in ((Fraction(0), "0.043875"), (Fraction(1, 2), "0.0485"), (None, "0.04875")):
        made = _onehot(10, 100, Fraction(1, 20), lambda_b)
        yield made, made.lower == Fraction(loss)


# Of which claim, what is proved of each problem, and the problems.
CERTIFIED: dict[str, tuple[str, Callable[[], Iterable[tuple[Certificate, bool]]]]] = {
    "orthogonal-frame": ("no bias: the Gram matrix is sqrt(lw/lh) (1 - t)/sqrt(n) I", _orthogonal),
    "simplex-etf": ("lambda_b <= lb*, equality included: the Gram matrix is that of a simplex ETF", _simplex),
    "transition-threshold": ("lb* = t/(1 - t) exactly", _threshold),
    "cosine-curve": ("cos = (s_mu - s_perp)/(s_mu + (K - 1) s_perp) above lb*", _cosine),
    "free-bias": ("lambda_b = 0: b = mu", _free_bias),
    "bias-centring": ("lambda_b <= lb*: b = mu/(1 + lambda_b), mean feature zero", _centring),
    "large-bias-law": ("Gram = Gram(inf) - lw/lambda_b, loss = loss(inf) - N lw lh/(2 lambda_b)", _law),
    "label-smoothing": ("orthogonal at lambda_b = t/alpha, obtuse below, acute above", _smoothing),
    "signed-codes": ("no bias: obtuse for K = 3, orthogonal for K = 4, acute for K = 10; never self-dual", _signed),
    "minority-collapse": ("no bias: squared lengths max(sqrt(n_k) - T, 0)/n_k, zero iff n_k <= T^2", _minority),
    "self-duality": ("balanced one-hot and smoothed codes: W^T = sqrt(n lh/lw) Hbar", _self_duality),
    "bias-stationarity": ("(1 + lambda_b) b = mean of Y - W H", _stationarity),
    "global-optimum": ("the loss that solve returns is the global minimum, to a relative 1e-12", _global_optimum),
    "balancedness": ("lambda_w W^T W = lambda_h H H^T", _balancedness),
    "paper-scale": ("K = 10, n = 100, lambdas 1/2000: the loss is 351/8000, 97/2000, 39/800", _paper),
}
