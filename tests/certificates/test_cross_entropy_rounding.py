"""Logarithms from below and exponentials from above, with integers, beside python-flint's balls; and damaged ones."""

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from ncsolve.certificates import cross_entropy_checker
from tests.certificates.certificate_mutants import damaged


@given(top=st.integers(1, 2**200), more=st.integers(0, 2**220), bits=st.integers(1, 300))
def test_logarithms_are_from_below_and_near(top, more, bits):
    log2 = 2 * cross_entropy_checker.artanh_below(1, 3, bits)
    found = cross_entropy_checker.log_below(top + more, top, bits, log2)
    with ctx.workprec(800):
        true = arb(fmpq(top + more, top)).log() * arb(2) ** bits
        assert found <= true.upper()
        assert true - found < 1000 + 300 * bits  # units of 2^-bits: one for each term, in every factor of 2


@given(numerator=st.integers(0, 2**320), bits=st.integers(1, 300))
def test_exponentials_are_from_above_and_near(numerator, bits):
    found = cross_entropy_checker.exp_above(numerator, bits)
    with ctx.workprec(800):
        true = (-arb(numerator) / arb(2) ** bits).exp() * arb(2) ** bits
        assert found >= true.lower()
        assert found - true < 2**20


@pytest.mark.parametrize("bits", [1, 2, 60])
def test_what_needs_no_rounding_is_exact(bits):
    assert cross_entropy_checker.exp_above(0, bits) == 1 << bits
    assert cross_entropy_checker.log_below(7, 7, bits, 0) == 0
    assert cross_entropy_checker.exp_above((bits + 1) << bits, bits) == 1


SERIES = {
    "a remainder added": ("    return total\n\n\n", "    return total + 2\n\n\n"),
    "artanh with terms x^j, not x^j/j": ("total + power // odd", "total + power"),
    "artanh rounded up": ("(top << bits) // bottom, (", "-((-top << bits) // bottom), ("),
    "another quotient": ("(top - bottom, top + bottom, bits)", "(top - bottom, bottom, bits)"),
    "one power of two too many": ("return i * log2", "return (i + 1) * log2"),
}
EXPONENTIALS = {
    "terms rounded up": ("term = (term * t >> bits) // i\n", "term = (term * t >> bits) // i + (term > 1)\n"),
    "powers rounded down": ("power = -(-power * power >> bits)", "power = power * power >> bits"),
    "reciprocal rounded down": ("power = -((-1 << 2 * bits) // total)", "power = (1 << 2 * bits) // total"),
    "u rounded up": ("t, term, total, i = u >> r,", "t, term, total, i = (u >> r) + 1,"),
    "one power too many": ("for _ in range(r):", "for _ in range(r + 1):"),
    "nothing far away": ("        return 1\n", "        return 0\n"),
}


@pytest.mark.parametrize("name", SERIES)
def test_damaged_logarithms_are_caught(name):
    module = damaged(*SERIES[name])
    with ctx.workprec(800):
        true = (arb(2) ** -64 + 1).log(), arb(fmpq(3, 2)).log(), arb(5).log()
        found = [module.log_below(a, b, 90, 2 * module.artanh_below(1, 3, 90)) for a, b in (
            (2**64 + 1, 2**64), (3, 2), (5, 1))]
        assert any(x > y * arb(2) ** 90 for x, y in zip(found, true, strict=True))


@pytest.mark.parametrize("name", EXPONENTIALS)
def test_damaged_exponentials_are_caught(name):
    module = damaged(*EXPONENTIALS[name])
    numbers = [1, 3, 2**60 // 3, 50 * 2**60, 100 * 2**60, *(k * 2**54 + 12345 * k for k in range(1, 300))]
    with ctx.workprec(800):
        true = [(-arb(u) / arb(2) ** 60).exp() * arb(2) ** 60 for u in numbers]
        assert any(module.exp_above(u, 60) < x for u, x in zip(numbers, true, strict=True))
