"""The same for cross-entropy (ncsolve.cross-entropy-certificate/1).  It continues checker.py, in one file:
    ncsolve check --source --loss cross-entropy > checker.py && python -I -S checker.py cert.json

The codes are probabilities, and the first term of the objective is 1/N sum [log sum_j exp(o_j) - <e, o>] with outputs
o = W h + b.  Lower bound: for p >= 0 of sum one, log sum exp(o) >= <p, o> + sum p log(1/p), so that with dual vectors
l_k = (e_k - p_k)/N, as in checker.py, objective >= 1/N sum n_k sum p_k log(1/p_k) - |sum n_k l_k|^2/(2 lambda_b).
Upper bound: log sum exp(o) <= c - 1 + sum exp(o - c) for every c (a logarithm is below its tangents): c = levels[k].

What is rounded is rounded to the safe side, to multiples of 2^-bits, and no remainder is left to be estimated: sums of
positive terms that are cut off, or rounded down, only get smaller.  Logarithms are wanted from below, as such sums;
exp(-u) from above, as 1/exp(u) with exp(u) from below.
"""

import sys
from fractions import Fraction
from math import isqrt
from types import SimpleNamespace
from typing import Any

from ncsolve.certificates.checker import (
    ARRAYS,
    Malformed,
    Refuted,
    check,
    demand,
    dominant,
    dot,
    gram,
    integers,
    main,
    number,
    objective,
    read,
    semidefinite,
)

ENTROPY = "ncsolve.cross-entropy-certificate/1"
ENTROPY_ARRAYS, MAX_BITS, MAX_STEPS = ARRAYS | {"levels": "k"}, 4096, 1 << 35


def read_entropy(data: bytes) -> SimpleNamespace:
    c = read(data, ENTROPY, ENTROPY_ARRAYS, ("bits", "classes"))
    whole = number(c.bits, "bits")
    demand(whole.denominator == 1 <= whole <= MAX_BITS, Malformed(f"bits must be whole, from 1 to {MAX_BITS}"))
    c.bits = int(whole)
    demand(len(c.n) * len(c.bias) * c.bits**2 <= MAX_STEPS, Malformed("too many bits for so many classes and outputs"))
    for k, code in enumerate(c.e):
        demand(min(code) >= 0 and sum(code) == c.p, Malformed(f"code {k} must be probabilities: >= 0, of sum 1"))
    live = all(any(row) for row in zip(*c.e, strict=True))
    demand(c.lambda_b != 0 or live, Malformed("lambda_b = 0 has no minimum where an output is 0 in every code"))
    return c


def artanh_below(top: int, bottom: int, bits: int) -> int:
    """At most 2^bits artanh(x), x = top/bottom in [0, 1): x + x^3/3 + x^5/5 + ..., rounded down."""
    power, square, total, odd = (top << bits) // bottom, (top * top << bits) // (bottom * bottom), 0, 1
    while power:
        total, power, odd = total + power // odd, power * square >> bits, odd + 2
    return total


def log_below(top: int, bottom: int, bits: int, log2: int) -> int:
    """At most 2^bits log(2^i y), 2^i y = top/bottom >= 1, y in [1, 2): i log 2 + 2 artanh((y - 1)/(y + 1))."""
    i = top.bit_length() - bottom.bit_length()
    i -= bottom << i > top
    bottom <<= i
    return i * log2 + 2 * artanh_below(top - bottom, top + bottom, bits)


def exp_above(u: int, bits: int) -> int:
    """At least 2^bits exp(-u/2^bits), u >= 0.  Where u/2^bits > bits one will do; else, with t = u/2^(bits + r) < 1/64,
    exp(-u/2^bits) is the 2^r-th power of 1/exp(t), and exp(t) = 1 + t + t^2/2 + t^3/6 + ..., rounded down.
    """
    if u >> bits > bits:
        return 1
    r = max(0, u.bit_length() - bits + 6)
    t, term, total, i = u >> r, 1 << bits, 0, 0
    while term:
        total, i = total + term, i + 1
        term = (term * t >> bits) // i
    power = -((-1 << 2 * bits) // total)
    for _ in range(r):
        power = -(-power * power >> bits)
    return power


def entropy_objective(c: SimpleNamespace) -> Fraction:
    """The objective at the point, rounded up.  With the outputs for codes squares vanish, and the decay is left."""
    objective(c)
    ((bias,), q), ((levels,), r), sums = integers([c.bias], c.size), integers([c.levels], c.size), []
    outputs, den = [[q * x + c.den * b for x, b in zip(z, bias, strict=True)] for z in c.z], c.den * q
    decay = objective(SimpleNamespace(**vars(c) | {"e": outputs, "p": den}))
    for row, level in zip(outputs, levels, strict=True):
        down = [(level * den - x * r << c.bits) // (r * den) for x in row]
        demand(min(down) >= 0, Refuted("levels: an output is above the level of its class"))
        sums.append(sum(exp_above(u, c.bits) for u in down))
    linear = Fraction(dot(c.n, levels), r) - Fraction(dot(c.n, map(dot, c.e, outputs)), c.p * den)
    return Fraction(linear + Fraction(dot(c.n, sums), 1 << c.bits) - c.total, c.total) + decay


def entropy_bound(c: SimpleNamespace) -> Fraction:
    (dual, den), log2, total = integers(c.dual, c.size), 2 * artanh_below(1, 3, c.bits), 0
    c.weight, c.probabilities = den * c.p, []
    for k, (n, l, code) in enumerate(zip(c.n, dual, c.e, strict=True)):
        p = [den * x - c.total * c.p * y for x, y in zip(code, l, strict=True)]
        demand(min(p) >= 0, Refuted(f"p >= 0: a probability e_k - N l_k of class {k} is negative"))
        demand(sum(l) == 0, Refuted(f"sum p = 1: the entries of dual vector {k} do not add up to zero"))
        total += n * sum(x * log_below(c.weight, x, c.bits, log2) for x in p if x)
        c.probabilities.append(p)
    drift = [dot(c.n, column) for column in zip(*dual, strict=True)]
    demand(c.lambda_b != 0 or not any(drift), Refuted("lambda_b = 0 needs sum n_k l_k = 0"))
    price = Fraction(dot(drift, drift), 2 * den * den * c.lambda_b) if c.lambda_b else 0
    return Fraction(total, c.total * c.weight << c.bits) - price


def all_zero(c: SimpleNamespace) -> bool:
    """Are all class means zero?  They are if sum n_k l_k l_k^T stays below lambda_w lambda_h I for p* of the minimizer,
    too.  The bound is concave in p, so that sum n_k KL(p_k, p*_k)/N <= gap = upper - lower, and KL is at least half the
    square of sum |p_k - p*_k| (Pinsker): the two sums differ by at most sqrt(2 gap/N) in the root of their norms.
    """
    a, far = c.lambda_w * c.lambda_h, 2 * (c.upper - c.lower) / c.total
    product = 4 * a * far * 4**c.bits
    room = Fraction(isqrt(product.numerator * product.denominator) + 1, product.denominator << c.bits) - far
    try:  # room + far > 2 sqrt(a far) and far < a: sqrt(a - room) + sqrt(far) < sqrt(a)
        outer, added = gram([*zip(*c.dual, strict=True)], c.counts, c.size), gram(c.psd_factor, c.psd_scales, c.size)
        dominant([a - max(room, Fraction(0))] * len(c.bias), outer, added)
    except Refuted:
        return False
    return bool(far < a)


def groups(c: SimpleNamespace) -> dict[str, Any]:
    """Which class means of the minimizer coincide?  Those of one number do, those of two numbers do not."""
    found: list[int] = []
    classes: list[str | None] = []
    if all_zero(c):
        c.words = ["class means: all zero"]
        return {"classes": ["zero"] * len(c.n)}
    for k in range(len(c.n)):
        facts = [same(c, k, other) for other in found]
        name = facts.index(True) if True in facts else None if None in facts else len(found)
        found += [k] if name == len(found) else []
        classes.append(None if name is None else str(name))
    open_ones = classes.count(None)
    c.words = [f"class means: {'at least ' * (open_ones > 0)}{len(found)} different, {open_ones} undecided"]
    return {"classes": classes}


def same(c: SimpleNamespace, k: int, j: int) -> bool | None:
    """Do the means of two classes coincide?  Those of equal codes do.  If exchanging the classes k, j of n samples and
    two outputs changes nothing, p* does not change: x = p*_k - p*_j is a multiple of e_k - e_j, along which the matrix
    of the sqrt(n_k) l*_k has a singular vector, of value sqrt(n) |e_k - e_j - x|/(N sqrt 2).  It is at most T/N, the
    root of lambda_w lambda_h, and T/N unless x = 0; so x = 0 iff n |e_k - e_j|^2/2 <= T^2.  Else the gap decides.
    """
    left, right = c.e[k], c.e[j]
    apart = [i for i, (x, y) in enumerate(zip(left, right, strict=True)) if x != y]
    if not apart:
        return True
    first, last = apart[0], apart[-1]
    equal = all(code[first] == code[last] for i, code in enumerate(c.e) if i not in (k, j))
    if len(apart) == 2 and c.n[k] == c.n[j] and left[first] == right[last] and equal:
        return bool(c.n[k] * (left[first] - left[last]) ** 2 <= c.total**2 * c.lambda_w * c.lambda_h * c.p**2)
    far = sum(abs(x - y) for x, y in zip(c.probabilities[k], c.probabilities[j], strict=True))
    least = 2 * (c.upper - c.lower) * (Fraction(c.total, c.n[k]) + Fraction(c.total, c.n[j]))
    return False if far * far > least * c.weight * c.weight else None


def check_entropy(data: bytes) -> list[str]:
    """What a certificate of either loss proves, in words; Malformed or Refuted."""
    if b"cross-entropy-certificate" not in data:  # without the rest, of which JSON may escape the slash
        return check(data)
    rules = read_entropy, semidefinite, groups, entropy_objective, entropy_bound
    found, problem, lambdas, means, _ = check(data, *rules)
    return [found, f"{problem}, cross-entropy", lambdas, means]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], check_entropy))
