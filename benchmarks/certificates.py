"""How long certificates take to make and to check: python -m benchmarks.certificates > benchmarks/certificates.md"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from operator import mul
from pathlib import Path

import numpy as np

import ncsolve
from benchmarks._common import machine, once, paired, table
from ncsolve import encodings
from ncsolve.certificates import Certificate, certify, checker


def random_problem(size: int, decay: float) -> ncsolve.UFM:
    """Gaussian codes of length K, counts uniform on 1 .. 100."""
    counts = np.random.default_rng(0).integers(1, 101, size)
    return ncsolve.UFM(encoding=encodings.gaussian(size, size, seed=1), counts=counts, lambda_w=decay, lambda_h=decay,
                       lambda_b=0.1)


def onehot(size: int, per_class: int) -> ncsolve.UFM:
    return ncsolve.UFM(encoding=encodings.onehot(size), counts=per_class, lambda_w=5e-4, lambda_h=1e-5, lambda_b=0.5)


def active(size: int) -> ncsolve.UFM:
    return random_problem(size, 1e-2 / size)


def half_active(size: int) -> ncsolve.UFM:
    return random_problem(size, 1e-1 / size)


def irrational(size: int) -> ncsolve.UFM:
    return onehot(size, 99)


PROBLEMS: dict[str, Callable[[int], ncsolve.UFM]] = {
    "random codes, most directions active": active,
    "random codes, half of them active": half_active,
    "one-hot, irrational": irrational,
}


def made(task: Callable[[], Certificate]) -> tuple[float, Certificate]:
    """Seconds that one call takes, and the certificate."""
    start = time.perf_counter()
    found = task()
    return time.perf_counter() - start, found


def making() -> list[list[str]]:
    """Certify and check, in this process."""
    rows = []
    for size, limit in ((10, 2.0), (100, 60.0)):
        for name, make in PROBLEMS.items():
            for digits in (10, 50):
                seconds, found = made(partial(certify, make(size), digits=digits))
                rows.append(row(name, size, digits, found, seconds, once(found.check), limit))
        rational = ncsolve.UFM(
            encoding=encodings.onehot(size), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5
        )
        seconds, found = made(partial(certify, rational, lambda_w="5e-4", lambda_h="5e-4"))
        rows.append(row("one-hot, rational", size, 10, found, seconds, once(found.check), limit))
    return rows


def row(
    name: str, size: int, digits: int, found: Certificate, seconds: float, checked: float, limit: float
) -> list[str]:
    gap = "0" if found.exact else f"{float(found.relative_gap):.0e}"
    met = "yes" if seconds + checked <= limit else "**no**"
    return [f"{name}, K = m = {size}, --digits {digits}", f"{seconds:.2f} s", f"{checked:.2f} s", gap,
            f"{len(found.to_bytes()) / 1000:.0f} kB", f"<= {limit:g} s", met]


def command_line() -> list[list[str]]:
    """The two commands of the README, end to end, interpreter and imports included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cert.json"

        def start(*arguments: str) -> None:
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

        certifying = ("-m", "ncsolve", "certify", "--encoding", "onehot", "--lambda-b", "0.5", "-o", str(path))
        seconds = once(partial(start, *certifying))
        checked = once(partial(start, "-I", "-S", checker.__file__, str(path)))
        met = "yes" if seconds + checked <= 2 else "**no**"
        return [["the commands certify and python -I -S checker.py, one-hot, K = m = 10", f"{seconds:.2f} s",
                 f"{checked:.2f} s", "0", f"{path.stat().st_size / 1000:.0f} kB", "<= 2 s", met]]


def checking() -> list[list[str]]:
    """The checker beside one exact product of two 100 x 100 matrices of numbers as long as the dual vectors'."""
    rows = []
    for name, make in PROBLEMS.items():
        for digits in (10, 50):
            found = certify(make(100), digits=digits)
            data = found.to_bytes()
            ints, _ = checker.integers(found.proof.dual, 100)
            bits = max(abs(x).bit_length() for row in ints for x in row)
            rng = random.Random(0)
            whole = [[rng.getrandbits(bits) for _ in range(100)] for _ in range(100)]
            exact = [[Fraction(x, 1 << bits) for x in row] for row in whole]
            check, product, ratio = paired(partial(checker.check, data), partial(multiply, whole, whole), 7)
            slow = once(partial(multiply, exact, exact))
            rows.append([
                f"{name}, K = m = 100, --digits {digits}", f"{check:.2f} s", f"{product:.2f} s", f"{ratio:.1f}",
                f"{slow:.1f} s", f"{check / slow:.2f}", "<= 5", "yes" if ratio <= 5 else "**no**", f"{bits} bits",
            ])
    return rows


def multiply(a: list[list[int]] | list[list[Fraction]], b: list[list[int]] | list[list[Fraction]]) -> object:
    """The exact product a b^T."""
    return [[sum(map(mul, row, column)) for column in b] for row in a]


def main() -> None:
    print("# Certificates\n\nMade by `python -m benchmarks.certificates`.\n")
    print(f"Machine: {machine()}.\n")
    print("## Making and checking\n")
    header = ["problem", "certify", "check", "relative gap", "size", "target (sum)", "met"]
    print(table(header, making() + command_line()))
    print(
        "## Checking, beside one exact matrix product\n\nThe product of two 100 x 100 matrices of random rationals as "
        "long as the numbers of the dual vectors, in the same interpreter: over a common denominator with Python's "
        "integers (the fastest way), and with `fractions.Fraction`. Ratios are medians of pairs measured in turn; the "
        "target is for the faster product.\n"
    )
    header = ["problem", "check", "product, integers", "ratio", "product, fractions", "ratio", "target", "met", "long"]
    print(table(header, checking()), end="")


if __name__ == "__main__":
    main()
