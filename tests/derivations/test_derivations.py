"""Every theorem is proved, the formulas are regenerated, the results are the known values."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from ncsolve.derivations._codegen import formulas_module
from ncsolve.derivations._framework import Theorem
from ncsolve.derivations._prove import at_point, branch, carried_out, is_nonnegative, is_positive, is_zero
from ncsolve.derivations._specialise import parse_settings, specialise
from ncsolve.derivations._steps import AtLeast, DerivationError, Identity, Limit, Positive, Solution, Stationary
from ncsolve.derivations._words import Words, norm2, tr

import ncsolve
from ncsolve import UFM, _formulas, derivations, encodings
from ncsolve.errors import NCSolveError

ROOT = Path(__file__).parents[2]
NAMES = derivations.names()
x, y = sp.symbols("x y", positive=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_proved(name: str) -> None:
    report = derivations.get(name).check()
    assert report.theorem == name
    assert report.obligations >= 7


def test_formulas_are_regenerated_byte_for_byte() -> None:
    path = Path(_formulas.__file__)
    assert path.read_text(encoding="utf-8") == formulas_module(map(derivations.get, NAMES)), (
        "run python -m ncsolve.derivations --write"
    )


def test_numeric_path_does_not_import_sympy() -> None:
    code = (
        "import sys, ncsolve; from ncsolve import _formulas; "
        "ncsolve.solve(ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=4, lambda_w=1e-2, lambda_h=1e-2, "
        "lambda_b=0.5)); sys.exit('sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_results_are_documented(name: str) -> None:
    theorem = derivations.get(name)
    for key, formula in theorem.formulas.items():
        assert formula.meaning, key
    assert all(theorem.symbols.values())
    assert (ROOT / theorem.file).is_file()
    assert theorem.source
    assert theorem.assumptions


@pytest.mark.parametrize("path", sorted((ROOT / "derivations").glob("*.py")), ids=lambda p: p.name)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


# ---------------------------------------------------------------- the known values, exactly

TABLE = [  # K = 10, n = 100, lambda_w = lambda_h = 5e-4: theorem, lambda_b, loss, b_1, Gram diagonal, off-diagonal
    ("onehot", "0", "0.043875", "1/10", "0.0855", "-0.0095"),
    ("onehot", "1/2", "0.0485", "1/100", "0.094", "-0.001"),
    ("onehot", "inf", "0.04875", "0", "0.095", "0"),
    ("smoothing", "1/2", "0.044", "1/100", "0.085", "0"),
    ("signed", "1/2", "0.1285", "-1/100", "0.254", "0.059"),
]


@pytest.mark.parametrize(("name", "lambda_b", "loss", "bias", "diagonal", "off"), TABLE)
def test_known_values(name: str, lambda_b: str, loss: str, bias: str, diagonal: str, off: str) -> None:
    settings = ["K=10", "n=100", "lambda_w=5e-4", "lambda_h=5e-4", f"lambda_b={lambda_b}"]
    if name == "smoothing":
        settings.append("alpha=0.1")
    result = specialise(derivations.get(name), parse_settings(settings))
    for key, expected in (("loss", loss), ("bias", bias), ("gram_diagonal", diagonal), ("gram_off_diagonal", off)):
        assert result[key] == sp.Rational(expected), key


def test_results_agree_with_the_solver() -> None:
    rng = np.random.default_rng(7)
    affine = derivations.get("affine")
    loss_alone = replace(affine, formulas={"loss": affine.formulas["loss"]})
    for _ in range(6):
        K = int(rng.integers(2, 7))
        a, q = (round(float(v), 3) for v in rng.normal(size=2))
        lambda_b = round(float(10 ** rng.uniform(-2, 2)), 4)
        problem = UFM(encoding=encodings.affine(K, a, q), counts=5, lambda_w=0.01, lambda_h=0.003, lambda_b=lambda_b)
        values = {"K": K, "n": 5, "a": a, "q": q, "lambda_w": 0.01, "lambda_h": 0.003, "lambda_b": lambda_b}
        exact = {name: sp.Rational(str(value)) for name, value in values.items()}
        loss = specialise(loss_alone, exact)["loss"]
        assert float(loss) == pytest.approx(ncsolve.solve(problem).loss, rel=1e-12)


def test_large_bias_law_for_dependent_codes() -> None:
    """T5b with the row space hypothesis: label distributions of length 3 for 5 classes, and its sharp end."""
    rng = np.random.default_rng(3)
    law = derivations.get("large-bias").result
    for _ in range(5):
        E = rng.dirichlet(np.full(3, 0.3), size=5).T
        n = rng.integers(40, 90, size=5)
        lw, lh = 2e-4, 1e-3
        N, tau = n.sum(), math.sqrt(lw * lh)
        u = np.sqrt(n)
        U, sigma, Vt = np.linalg.svd(E * u, full_matrices=False)
        assert sigma.min() > N * tau
        kappa = float(np.sum((U.T @ (U @ Vt @ u)) ** 2 / (sigma - N * tau)))
        start = float(
            law["threshold"].subs({s: {"tau": tau, "kappa": kappa}[s.name] for s in law["threshold"].free_symbols})
        )
        bare = ncsolve.solve(UFM(encoding=E, counts=n, lambda_w=lw, lambda_h=lh, lambda_b=math.inf))
        for factor in (1.0001, 3.0, 50.0):
            found = ncsolve.solve(UFM(encoding=E, counts=n, lambda_w=lw, lambda_h=lh, lambda_b=start * factor))
            np.testing.assert_allclose(found.bias, tau / (start * factor) * (U @ (Vt @ u)), rtol=1e-9)
            assert bare.loss - found.loss == pytest.approx(N * lw * lh / (2 * start * factor), rel=1e-9)
        below = ncsolve.solve(UFM(encoding=E, counts=n, lambda_w=lw, lambda_h=lh, lambda_b=start * 0.9))
        assert np.linalg.norm(below.bias - tau / (start * 0.9) * (U @ (Vt @ u))) > 1e-6


# ---------------------------------------------------------------- the steps can fail


@pytest.mark.parametrize(
    "step",
    [
        Identity(text="wrong identity", left=(x + y) ** 2, right=x**2 + y**2),
        Identity(text="the same object", left=x + y, right=x + y),
        AtLeast(text="not manifestly nonnegative", left=x - y),
        Positive(text="only nonnegative", left=(x - x) * y),
        Solution(text="wrong solution", equation=x * y - 1, unknown=x, value=y),
        Solution(text="two solutions", equation=sp.Symbol("z") ** 2 - 4, unknown=sp.Symbol("z"), value=sp.Integer(2)),
        Stationary(text="not stationary", function=x**2 + y, variables=(x,), at={x: y}),
        Stationary(text="independent", function=y**2, variables=(x,), at={x: y}),
        Limit(text="wrong limit", left=1 / x, variable=x, to=sp.oo, right=sp.S.One),
        Identity(
            text="wrong determinant", left=sp.Determinant(sp.ImmutableMatrix([[x, y], [y, x / y]])), right=x**2 - y**2
        ),
        Identity(text="not real", left=sp.sqrt(-x - 1), right=sp.sqrt(-x)),
        Identity(text="undecided case", left=sp.Piecewise((1, x > y), (2, True)), right=sp.S.One, given={x: 2 * y - 1}),
    ],
    ids=lambda step: step.text,
)
def test_a_false_step_is_refused(step: Identity) -> None:
    with pytest.raises(DerivationError, match=step.text):
        step.check()


def test_what_is_carried_out_or_put_in_quickly_is_what_sympy_says() -> None:
    matrices = ([[x, y], [1, x]], [[x / y, 1], [y, x]], [[sp.sqrt(x), y], [sp.exp(y), x + y]], [[x]])
    for entries in matrices:
        determinant = sp.Determinant(sp.ImmutableMatrix(entries))
        assert sp.simplify(carried_out(1 + determinant) - 1 - determinant.doit()) == 0
    letter = sp.Determinant(sp.MatrixSymbol("A", 2, 2))
    assert carried_out(letter) == letter.doit()
    assert carried_out(sp.Derivative(x**2, x)) == 2 * x
    swap = {x: y, y: x}
    for expr in (x - y**2, sp.Integral(x * y, (x, 0, y)), sp.Subs(sp.Derivative(x * y, x), x, y)):
        assert at_point(expr, swap) == expr.subs(swap, simultaneous=True)
    assert at_point(x - y**2, swap) == y - x**2


def test_a_theorem_without_steps_proves_nothing() -> None:
    empty = Theorem(
        name="empty",
        label="T",
        title="",
        assumptions=(),
        statement="",
        formulas={},
        prove=lambda r: iter(()),
        source="",
    )
    with pytest.raises(DerivationError, match="no step"):
        empty.check()


def test_provers_do_not_claim_what_is_false() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        c = [int(v) for v in rng.integers(-3, 4, size=4)]
        expr = c[0] * x**2 + c[1] * x * y + c[2] * y + c[3]
        values = [expr.subs({x: p, y: q}) for p in (sp.Rational(1, 9), 1, 7) for q in (sp.Rational(1, 5), 2, 8)]
        if is_positive(expr):
            assert min(values) > 0
        if is_nonnegative(expr):
            assert min(values) >= 0
        if is_zero(expr):
            assert not any(c)
    assert branch(sp.Piecewise((1, x > y), (2, True)), {x: y / 2}) == 2


def test_words_know_traces_and_refuse_misfits() -> None:
    words = Words()
    A, B = words.matrix("A", "m", "n"), words.matrix("B", "n", "m")
    assert words.equal(tr(A * B), tr(B * A))
    assert words.equal(tr(A * B), tr(words.t(A) * words.t(B)))
    assert not words.equal(tr(A * B * A * B), tr(A * B) ** 2)
    assert words.equal(norm2(A + words.t(B)), norm2(A) + norm2(B) + 2 * tr(A * B))
    with pytest.raises(ValueError, match="does not fit"):
        words.normal(A * A)
    with pytest.raises(ValueError, match="no letter"):
        words.t(sp.Symbol("Q", commutative=False))


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("onehot", ["K=1"], "K must be integer >= 2"),
        ("onehot", ["lambda_w=-1"], "lambda_w must be > 0"),
        ("onehot", ["lambda_w=inf"], "lambda_w must be > 0 and finite"),
        ("onehot", ["lambda_b=-1/2"], "lambda_b must be >= 0"),
        ("onehot", ["zeta=1"], "choices: K, lambda_b"),
        ("onehot", ["K"], "SYMBOL=VALUE"),
        ("onehot", ["K=three"], "must be a finite number.*; got 'three'"),
        ("onehot", ["K=3", "K=4"], "twice"),
        ("onehot", ["t=2"], "assumes t < 1"),
        ("onehot", ["K=3", "n=10000", "lambda_w=1", "lambda_h=1"], "assumes t < 1; got t = 300"),
        ("onehot", ["K=3", "n=1", "lambda_w=0.01", "lambda_h=0.01", "t=1/2"], "t follows from the other values"),
        ("smoothing", ["alpha=1"], "alpha must be >= 0 and < 1"),
        ("affine", ["a=0"], "a must be real, not 0"),
        ("large-bias", ["kappa=-1"], "kappa must be positive"),
    ],
)
def test_bad_settings_name_the_assumption(name: str, settings: list[str], message: str) -> None:
    with pytest.raises(NCSolveError, match=message):
        specialise(derivations.get(name), parse_settings(settings))


def test_unknown_theorem_lists_the_choices() -> None:
    with pytest.raises(NCSolveError, match="certificate"):
        derivations.get("no such theorem")


def test_settings_are_exact() -> None:
    result = specialise(derivations.get("onehot"), parse_settings(["K=3", "lambda_b=0.5", "t=0.06"]))
    assert result["cosine"] == sp.Rational(-2, 45)
    assert result["loss"] == sp.Rational(57, 1000)
    assert not any(value.atoms(sp.Float) for value in result.values())
    unbiased = specialise(derivations.get("onehot"), parse_settings(["lambda_b=inf", "t=1/4"]))
    assert unbiased["cosine"] == 0
    assert unbiased["beta"] == 0
