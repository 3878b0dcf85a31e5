"""Check a certificate of global optimality (ncsolve.certificate/1) with integers and fractions; needs no other file:
    python -I -S checker.py cert.json      exit 0: it holds; 1: the evidence does not hold; 2: not a certificate

Given codes e_k in R^m, counts n_k (N in all), lambda_w, lambda_h > 0 and 0 <= lambda_b <= inf, the file bounds the
minimum over every W (m x d), every bias b and a feature h of every sample, for every d >= len(scales), of

    1/(2N) sum |W h + b - e|^2 + lambda_w/2 |W|^2 + lambda_h/2 sum |h|^2 + lambda_b/2 |b|^2     (inf: b = 0).

Upper bound: the objective where every sample of class k has the feature h_k, with coordinate j of the feature space
in units of the root of s_j = scales[j]: |W|^2 is a sum of s_j w_ij^2.  Lower bound: take l_k = dual[k] in R^m such
that A = lambda_w lambda_h I - sum n_k l_k l_k^T is positive semidefinite: A - F diag(s) F^T is diagonally dominant,
s >= 0.  Then lambda_w/2 |W|^2 + lambda_h/2 sum |h|^2 >= sum <l, W h>.  With r = e - W h - b the first term is at
least sum <l, r> - N/2 sum |l|^2, and lambda_b/2 |b|^2 - <sum l, b> >= -|sum l|^2/(2 lambda_b), where lambda_b = 0
needs sum l = 0.  So objective >= sum n_k <l_k, e_k> - N/2 sum n_k |l_k|^2 - |sum n_k l_k|^2/(2 lambda_b).
"""

import json
import os
import sys
from fractions import Fraction
from math import isqrt, lcm
from operator import mul
from types import SimpleNamespace
from typing import Any

SCHEMA = "ncsolve.certificate/1"
NUMBERS, REGIME = ("lambda_w", "lambda_h", "lower", "upper", "gap"), ("centring", "centred_up_to", "classes")
VECTORS = {"counts": "k", "scales": "d", "bias": "m", "psd_scales": "q"}
ARRAYS = VECTORS | {"codes": "km", "weights": "md", "class_means": "kd", "dual": "km", "psd_factor": "mq"}  # shapes
MAX_BYTES, MAX_DIGITS, MAX_SIZE, MAX_WORK = 1 << 25, 2000, 256, 1 << 42


class Malformed(Exception):
    """The text is not a certificate."""


class Refuted(Exception):
    """The evidence does not prove what is claimed."""


def demand(holds: bool, fault: Exception) -> None:
    if not holds:
        raise fault


def read(data: bytes, schema: str = SCHEMA, arrays: Any = ARRAYS, regime: Any = REGIME) -> SimpleNamespace:
    """Take the file apart; refuse whatever is not as documented."""
    much = len(data) > MAX_BYTES or data.count(b"[") > 4096 or data.count(b"{") > 1 or data.count(b",") > 1 << 19
    demand(not much, Malformed("the file has more bytes, lists or objects than a certificate can have"))
    try:
        pairs = json.loads(data, object_pairs_hook=tuple, parse_float=str, parse_constant=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the file is not JSON, or nested too deeply: {str(error)!a:.60}") from None
    demand(isinstance(pairs, tuple), Malformed("the file must be one JSON object"))
    top, given, names = dict(pairs), [name for name, _ in pairs], ("schema", *NUMBERS, "lambda_b", *arrays, *regime)
    demand(top.get("schema", schema) == schema, Malformed(f"schema must be {schema!r}; got {top.get('schema')!a:.60}"))
    for name in (*names, *top):
        fault = "missing" if name not in top else "unknown" if name not in names else "repeated"
        demand(given.count(name) == names.count(name), Malformed(f"{fault} key {name!a:.60}"))
    size = {letter: len(entries(top[name], name)) for name, letter in VECTORS.items()}
    c = SimpleNamespace(**top | {name: number(top[name], name) for name in NUMBERS})
    for name, shape in arrays.items():
        rows = entries(top[name], name, size[shape[0]]) if shape[1:] else [top[name]]
        rows = [[number(x, name) for x in entries(row, name, size[shape[-1]])] for row in rows]
        setattr(c, name, rows if shape[1:] else rows[0])
    c.lambda_b = None if c.lambda_b == "inf" else number(c.lambda_b, "lambda_b")
    whole = size["m"] * size["k"] > 0 and all(n.denominator == 1 <= n for n in c.counts)
    if not whole or min(c.lambda_w, c.lambda_h) <= 0 or min(c.lambda_b or 0, 0, *c.scales, *c.psd_scales) < 0:
        raise Malformed("there must be codes, whole counts from 1 on, lambda_w, lambda_h > 0, lambda_b and scales >= 0")
    c.size, c.n, c.total = max(size.values()), [int(n) for n in c.counts], int(sum(c.counts))
    c.e, c.p = integers(c.codes, c.size)
    return c


def entries(thing: Any, where: str, size: int | None = None) -> list[Any]:
    if not isinstance(thing, list) or len(thing) > MAX_SIZE or size not in (None, len(thing)):
        raise Malformed(f"{where} must be a list of {f'at most {MAX_SIZE}' if size is None else size} entries")
    return thing


def number(thing: Any, where: str) -> Fraction:
    top, _, bottom = (thing if "/" in thing else thing + "/1").partition("/") if isinstance(thing, str) else "..."
    parts = (top.removeprefix("-"), bottom)
    if not all(x.isascii() and x.isdigit() and len(x) <= MAX_DIGITS for x in parts) or int(bottom) == 0:
        raise Malformed(f'{where}: must be "p" or "p/q" of at most {MAX_DIGITS} digits, q not zero; got {thing!a:.60}')
    return Fraction(int(top), int(bottom))


def integers(rows: Any, size: int) -> tuple[list[list[int]], int]:
    """The same numbers over one denominator; Malformed if size^3 products of numbers so long would take too long."""
    den, longest = 1, max((x.numerator.bit_length() for row in rows for x in row), default=0)
    for q in {x.denominator for row in rows for x in row}:
        demand(size**3 * ((den := lcm(den, q)).bit_length() + longest) ** 2 <= MAX_WORK, Malformed("too long numbers"))
    return [[x.numerator * (den // x.denominator) for x in row] for row in rows], den


def dot(x: Any, y: Any) -> Any:
    return sum(map(mul, x, y))


def gram(rows: Any, weights: Any, size: int) -> tuple[list[list[int]], int]:
    """The lower triangle of rows diag(weights) rows^T, over its denominator."""
    (ints, a), ((scales,), b) = integers(rows, size), integers([weights], size)
    scaled = [list(map(mul, row, scales)) for row in ints]
    return [[dot(scaled[i], ints[j]) for j in range(i + 1)] for i in range(len(ints))], a * a * b


def objective(c: SimpleNamespace) -> Fraction:
    """The objective at the point; it leaves the W h_k in c.z, over c.den."""
    point = (c.weights, c.class_means, [c.scales], [c.bias])
    (w, x), (h, y), ((s,), z), ((b,), q) = (integers(rows, c.size) for rows in point)
    demand(c.lambda_b is not None or not any(b), Refuted("lambda_b = inf needs the bias zero"))
    c.z, c.den = [[dot(row, f) for row in w] for f in [list(map(mul, s, mean)) for mean in h]], x * y * z
    den = lcm(c.den, c.p, q)
    i, j, k, trios = den // c.den, den // q, den // c.p, zip(c.z, [b] * len(h), c.e, strict=True)
    rests = [[i * u + j * v - k * e for u, v, e in zip(*trio, strict=True)] for trio in trios]
    fit = Fraction(dot(c.n, map(dot, rests, rests)), c.total * den * den)
    weights = Fraction(sum(dot(s, map(mul, row, row)) for row in w), x * x * z)
    means = Fraction(dot(c.n, [dot(s, map(mul, mean, mean)) for mean in h]), y * y * z)
    return Fraction(fit + c.lambda_w * weights + c.lambda_h * means + (c.lambda_b or 0) * Fraction(dot(b, b), q * q), 2)


def bound(c: SimpleNamespace) -> Fraction:
    dual, den = integers(c.dual, c.size)
    total = [dot(c.n, column) for column in zip(*dual, strict=True)]
    demand(c.lambda_b != 0 or not any(total), Refuted("lambda_b = 0 needs sum n_k l_k = 0"))
    linear, square = dot(c.n, map(dot, dual, c.e)), dot(c.n, map(dot, dual, dual))
    price = Fraction(dot(total, total), c.lambda_b) if c.lambda_b else 0
    return Fraction(linear, den * c.p) - Fraction(c.total * square + price, 2 * den * den)


def semidefinite(c: SimpleNamespace) -> None:
    """lambda_w lambda_h I - sum n_k l_k l_k^T - F diag(s) F^T is diagonally dominant, or Refuted."""
    outer, added = gram([*zip(*c.dual, strict=True)], c.counts, c.size), gram(c.psd_factor, c.psd_scales, c.size)
    dominant([c.lambda_w * c.lambda_h] * len(c.bias), outer, added)


def dominant(level: list[Fraction], *parts: tuple[list[list[int]], int]) -> None:
    """diag(level) less the parts, lower triangles over their denominators, is diagonally dominant, or Refuted."""
    den, size = lcm(*(x.denominator for x in level), *(d for _, d in parts)), range(len(level))
    rest = [[sum(den // d * x[max(i, j)][min(i, j)] for x, d in parts) for j in size] for i in size]
    slack = [int(level[i] * den) - rest[i][i] - sum(abs(rest[i][j]) for j in size if j != i) for i in size]
    demand(min(slack) >= 0, Refuted(f"A >= 0: row {slack.index(min(slack))} of the rest is not diagonally dominant"))


def margin(c: SimpleNamespace, rows: list[list[int]], den: int, x: list[int]) -> Fraction | None:
    """T^2 - x^T G x/|x|^2 for G = sum n_k f_k f_k^T; None if it is not negative and x is no eigenvector of G."""
    along = [n * dot(f, x) for n, f in zip(c.n, rows, strict=True)]
    image = [dot(along, row) for row in zip(*rows, strict=True)]
    top, square = dot(image, x), dot(x, x)
    room = Fraction(c.total * c.total * c.lambda_w * c.lambda_h) - Fraction(top, (square or 1) * den * den)
    return room if room < 0 or all(a * square == top * b for a, b in zip(image, x, strict=True)) else None


def regime(c: SimpleNamespace) -> dict[str, Any]:
    """Is the mean feature of the minimizer zero (complete centring, b = mu/(1 + lambda_b)), and which class means are?
    T3: h_k = 0 iff x = e_k - b is a sum of eigenvectors of G = sum n_k (e_k - b)(e_k - b)^T with eigenvalues up to
    T^2 = N^2 lambda_w lambda_h (not if x^T G x > T^2 |x|^2), and the mean iff x = mu - b is, at b = mu/(1 + lambda_b).
    Else: as objective - minimum >= sum |change of W h + b|^2/(2N) + lambda_b/2 |change of b|^2, a point near enough to
    the minimum and far enough from h_k = 0 shows that the minimizer is not there.
    """
    sums, den = [dot(c.n, column) for column in zip(*c.e, strict=True)], c.p * c.total
    moved = [Fraction(dot(c.n, column), c.total * c.den) for column in zip(*c.z, strict=True)]
    inverse, gap = Fraction(0 if c.lambda_b is None else 1, 1 + (c.lambda_b or 0)), 2 * (c.upper - c.lower)
    rows = [[c.total * x - y for x, y in zip(e, sums, strict=True)] for e in c.e]
    room, centred = margin(c, rows, den, sums), [inverse * Fraction(x, den) for x in sums]
    ratio = Fraction(room * den * den, c.total * dot(sums, sums)) if room is not None and any(sums) else Fraction(1)
    complete = c.lambda_b == 0 or (gap == 0 and not any(moved)) or (room is not None and (1 - inverse) ** 2 <= ratio)
    far = sum((x + b - y) ** 2 for x, b, y in zip(moved, c.bias, centred, strict=True)) > gap
    centring = "complete" if complete else "incomplete" if room is not None or far else None
    known = c.bias if c.lambda_b is None or gap == 0 else centred if complete else None
    if known:
        (shift,), q = integers([known], 2 * c.size)
        rows, den = [[q * x - c.p * y for x, y in zip(e, shift, strict=True)] for e in c.e], c.p * q
    (drift,), q = integers([[x - y for x, y in zip(c.bias, known or c.bias, strict=True)]], c.size)
    classes: list[str | None] = []
    for n, z, f in zip(c.n, c.z, rows, strict=True):
        away = [q * x + c.den * y for x, y in zip(z, drift, strict=True)]
        far = dot(away, away) > (c.den * q) ** 2 * gap * (Fraction(c.total, n) + Fraction(not known, c.lambda_b or 1))
        left = Fraction(-1) if far else None if not known else margin(c, rows, den, f) if gap else Fraction(0)
        classes.append(None if left is None else "zero" if left >= 0 else "nonzero")
    ends = None if room is None else bracket(ratio)
    up_to = " .. ".join(dict.fromkeys(ends or ["undecided"]))
    c.words = [f"centring: {centring or 'undecided'}; complete up to lambda_b = {up_to}"]
    return {"centring": centring, "centred_up_to": ends, "classes": classes}


def bracket(ratio: Fraction) -> list[str]:
    """Around the lambda_b with (lambda_b/(1 + lambda_b))^2 = ratio, two rationals, equal if it is rational itself."""
    if not 0 < ratio < 1:
        return ["0" if ratio <= 0 else "inf"] * 2
    root, unit = Fraction(isqrt(ratio.numerator), isqrt(ratio.denominator)), 1 << 64
    low = isqrt(ratio.numerator * unit * unit // ratio.denominator)
    ends = [root] * 2 if root * root == ratio and root.denominator < unit else [Fraction(low + i, unit) for i in (0, 1)]
    return [str(Fraction(x, 1 - x)) if x < 1 else "inf" for x in ends]


def decimal(x: Fraction, digits: int, up: bool) -> str:
    n = (x.numerator * 10**digits + (x.denominator - 1 if up else 0)) // x.denominator
    whole, rest = divmod(abs(n), 10**digits)
    return f"{'-' * (n < 0)}{whole}.{rest:0{digits}d}"


def short(x: Fraction | None) -> str:
    """p/q = its decimals; "..." stands for those that are left out, and a long p/q is left out itself."""
    if x is None or len(whole := str(x // 1)) > 60:
        return "inf" if x is None else f"{whole[:16]}... ({len(whole)} digits)"
    n = next((i for i in range(120) if x * 10**i >= 1 << 50), 120)
    text = decimal(x, n, False) + "..." if x * 10**n % 1 else decimal(x, n, False).rstrip("0").rstrip(".")
    return text if len(str(x)) > 80 or text == str(x) else f"{x} = {text}"


def check(data: bytes, *rules: Any, left: Any = (read, semidefinite, regime, objective, bound)) -> list[str]:
    """What is proved, in words; Malformed or Refuted."""
    take, evidence, regime_of, above, below = *rules, *tuple(left[len(rules) :])
    evidence(c := take(data))
    demand(above(c) <= c.upper, Refuted("the objective at the point is above the claimed upper bound"))
    demand(below(c) >= c.lower, Refuted("the bound that the dual vectors give is below the claimed lower bound"))
    demand(c.upper - c.lower <= c.gap, Refuted("the claimed bounds are further apart than the claimed gap"))
    for name, found in regime_of(c).items():
        demand(vars(c)[name] == found, Refuted(f"{name}: {found!a:.60} can be shown, not {vars(c)[name]!a:.60}"))
    n = next(i for i in range(9999) if c.gap * 10**i >= 10 or c.gap == 0)
    size = -(-c.gap.numerator * 10**n // c.gap.denominator)
    loss = f"[{decimal(c.lower, n, False)}, {decimal(c.upper, n, True)}], gap <= {size // 10}.{size % 10}e{1 - n}"
    numbers = ", ".join(f"{c.classes.count(word)} {word or 'undecided'}" for word in ("zero", "nonzero", None))
    return [
        f"proved: the minimum is {short(c.lower)}" if c.lower == c.upper else f"certified: loss in {loss}",
        f"problem: {len(c.codes)} classes, {len(c.bias)} outputs, {c.total} samples, at least {len(c.scales)} features",
        "lambdas: " + ", ".join(f"{name} = {short(vars(c)[name])}" for name in ("lambda_w", "lambda_h", "lambda_b")),
        *c.words, f"class means: {numbers}"]


def main(arguments: list[str], check: Any = check) -> int:
    try:
        demand(len(arguments) == 1, Malformed("name one certificate, as in checker.py cert.json"))
        with open(arguments[0], "rb") as file:
            code, text = 0, "\n".join(check(file.read(MAX_BYTES + 1)))
    except (Refuted, Malformed, OSError, MemoryError, RecursionError, ValueError) as error:
        code, word = (1, "refuted") if isinstance(error, Refuted) else (2, "malformed")
        text = f"{'cannot read' if isinstance(error, OSError) else word}: {error}"
    try:
        print(text, file=sys.stderr if code else sys.stdout, flush=True)
    except OSError as error:  # if the reader went away, as `| head` does, the exit code is still the verdict
        os._exit(code if isinstance(error, BrokenPipeError) else 2)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
