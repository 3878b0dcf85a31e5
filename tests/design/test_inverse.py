"""One number for a wanted cosine: closed forms against the solver, bracketed roots, and what is out of reach."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import ncsolve
from ncsolve import _formulas, design, encodings

ONEHOT = ncsolve.UFM(encoding=encodings.onehot(10), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=5e-4)
UNEVEN = ncsolve.UFM(encoding=encodings.onehot(3), counts=[500, 100, 20], lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.5)

DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=1.0, depth=2)


@st.composite
def balanced(draw):
    """A balanced affine one-hot problem with living contrasts: t between 0.01 and 0.9 of |a|."""
    k = draw(st.integers(2, 12))
    kind = draw(st.sampled_from(["onehot", "smoothed", "signed", "affine"]))
    code = {
        "onehot": lambda: encodings.onehot(k),
        "smoothed": lambda: encodings.smoothed(k, draw(st.floats(0.0, 0.8))),
        "signed": lambda: encodings.signed(k),
        "affine": lambda: encodings.affine(k, draw(st.sampled_from([-1.5, 0.7, 1.0])), draw(st.floats(-1.0, 1.0))),
    }[kind]()
    n = draw(st.integers(1, 50))
    t = draw(st.floats(0.01, 0.9)) * abs(code.a)
    tau, ratio = t / (k * math.sqrt(n)), 10.0 ** draw(st.floats(-2, 2))
    return ncsolve.UFM(
        encoding=code, counts=n, lambda_w=tau * ratio, lambda_h=tau / ratio, lambda_b=10.0 ** draw(st.floats(-2, 2))
    )


@given(problem=balanced(), share=st.floats(0.01, 0.99), vary=st.sampled_from(sorted(design.VARIED)))
def test_reachable_cosines_are_reached(problem, share, vary):
    """Between the cosines of two values of the varied number each is taken, and found in closed form."""
    if vary == "lambda_b":
        ends = [problem.replace(lambda_b=x) for x in (0.0, math.inf)]
    elif vary == "alpha":
        k = problem.classes
        t = problem.threshold / math.sqrt(problem.counts.values[0])
        assume(t < 0.9)
        ends = [problem.replace(encoding=encodings.smoothed(k, x)) for x in (0.0, 0.95 * (1.0 - t))]
        problem = ends[0]
    else:
        ends = [problem.replace(lambda_w=problem.lambda_w * x, lambda_h=problem.lambda_h * x) for x in (1e-3, 1.0)]
    low, high = (ncsolve.solve(end).cosines.mean for end in ends)
    assume(abs(high - low) > 1e-6)
    wanted = low + share * (high - low)
    found = design.for_cosine(problem, wanted, vary=vary)
    assert found.method == "closed-form"
    assert found.achieved == pytest.approx(wanted, abs=1e-11)
    assert found.minimizer.problem is found.problem
    changed = {"lambda_b": "lambda_b", "alpha": "encoding", "weight-decay": "lambda_w"}[vary]
    for name in ("lambda_w", "lambda_h", "lambda_b"):
        if name != changed and not (vary == "weight-decay" and name == "lambda_h"):
            assert getattr(found.problem, name) == getattr(problem, name)
    ratio = problem.lambda_w / problem.lambda_h
    assert found.problem.lambda_w / found.problem.lambda_h == pytest.approx(ratio)


def test_known_values():
    """cos = -t/(K lb (1 - t) - t) above lb* for one-hot codes: -0.05 at lb = t (1 + 1/0.05)/(K (1 - t)), t = 0.05."""
    assert design.for_cosine(ONEHOT, -0.05).value == pytest.approx(0.05 * 21 / (10 * 0.95), rel=1e-13)
    # Smoothing crosses the orthogonal frame at lb = t/alpha (T5).
    crossing = design.for_cosine(ONEHOT.replace(lambda_b=0.5), 0.0, vary="alpha")
    assert crossing.value == pytest.approx(0.1, rel=1e-12)
    assert crossing.problem.encoding.name.startswith("smoothed:0.")


def test_the_ends():
    simplex = design.for_cosine(ONEHOT, -1 / 9)
    assert simplex.value == pytest.approx(0.0526315789473684, rel=1e-12)
    assert "simplex ETF for every smaller" in simplex.note
    assert design.for_cosine(ONEHOT, 0.0).value == math.inf
    assert design.for_cosine(ONEHOT.replace(lambda_b=0.5), -0.010638297872340425, vary="alpha").value == 0.0
    # A free bias keeps the simplex ETF, whatever the weight decay: the given one will do.
    free = design.for_cosine(ONEHOT.replace(lambda_b=0.0), -1 / 9, vary="weight-decay")
    assert free.value == pytest.approx(1.0)
    etf = design.for_cosine(ONEHOT.replace(lambda_b=0.5), -1 / 9, vary="weight-decay")
    assert etf.minimizer.regime == "simplex"
    assert etf.value == pytest.approx((0.5 / 1.5) / 0.05)  # t = lb/(1 + lb) over t


@pytest.mark.parametrize(
    ("problem", "cosine", "vary", "part"),
    [
        (ONEHOT, 0.3, "lambda_b", r"from -0.1111111111 \(a simplex ETF, lambda_b up to 0.05263158\) to 0 \(lambda_b"),
        (ONEHOT, -0.5, "lambda_b", "out of reach of lambda_b"),
        (ONEHOT, 2.0, "lambda_b", "a number between .* and 1; got 2.0"),
        (ONEHOT.replace(encoding=encodings.simplex(10)), 0.0, "lambda_b", "only -0.1111111111, a simplex ETF, for"),
        (ONEHOT.replace(lambda_w=1.0), -0.05, "lambda_b", "so strong that class means do not differ"),
        (ONEHOT, 0.5, "alpha", r"at most lambda_b\* = 0.05263158; take a larger lambda_b"),
        (ONEHOT.replace(lambda_b=0.5), -0.05, "alpha", r"from -0.0106382978\d* \(one-hot\) up to, but not, 1"),
        (ONEHOT.replace(lambda_w=1.0), 0.5, "alpha", "all class means are zero"),
        (ONEHOT.replace(encoding=encodings.signed(10)), 0.5, "alpha", "goes with onehot or smoothed"),
        (ONEHOT.replace(lambda_b=0.0), 0.0, "weight-decay", "with a free bias"),
        (ONEHOT.replace(lambda_b=0.5), 0.1, "weight-decay", r"between 0 \(as it vanishes\) and -0.1111111111"),
        (ONEHOT.replace(lambda_b=math.inf), -0.05, "weight-decay", "does not depend on the weight decay"),
        (ONEHOT.replace(encoding=encodings.affine(10, 0.0, 1.0)), 0.1, "weight-decay", "all codes are equal"),
        (UNEVEN, 0.9, "lambda_b", r"mean cosine 0.9 is out of reach of lambda_b; reachable: from -"),
        (ONEHOT.replace(features="relu"), 0.3, "lambda_b", "out of reach of lambda_b: it is 0 whatever lambda_b is"),
        (DEEP, -0.4, "lambda_b", r"it jumps from -0.5 to -0.137927106\d at lambda_b = 0.03928241; take"),
        (UNEVEN.replace(encoding=encodings.ordinal(3)), 0.5, "alpha", "goes with onehot or smoothed"),
        (ONEHOT.replace(encoding=encodings.onehot(1), counts=100), 0.5, "lambda_b", "at least two classes"),
        (ONEHOT, math.nan, "lambda_b", "must be a number between"),
    ],
)
def test_what_is_out_of_reach_is_said(problem, cosine, vary, part):
    with pytest.raises(ncsolve.ProblemError, match=part):
        design.for_cosine(problem, cosine, vary=vary)


def test_unknown_names_list_the_choices():
    with pytest.raises(ncsolve.UnknownNameError, match="alpha, lambda_b, weight-decay"):
        design.for_cosine(ONEHOT, -0.05, vary="lambda-w")


@pytest.mark.parametrize(
    ("problem", "cosine", "vary"),
    [
        (UNEVEN, -0.1, "lambda_b"),
        (UNEVEN, -0.02, "weight-decay"),
        (UNEVEN, 0.2, "alpha"),
        (UNEVEN.replace(encoding=[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]]), 0.05, "lambda_b"),
        (UNEVEN.replace(lambda_b=0.0), ncsolve.solve(UNEVEN.replace(lambda_b=0.0)).cosines.mean, "lambda_b"),
        (UNEVEN.replace(lambda_b=math.inf), 0.0, "lambda_b"),
    ],
)
def test_bracketed_roots(problem, cosine, vary):
    found = design.for_cosine(problem, cosine, vary=vary)
    assert found.method == "bracketed"
    assert found.achieved == pytest.approx(cosine, abs=1e-11)


def test_the_closed_form_and_the_bracketed_root_agree(monkeypatch):
    for vary, cosine in (("lambda_b", -0.05), ("alpha", 0.2), ("weight-decay", -0.05)):
        problem = ONEHOT.replace(lambda_b=0.5)
        closed = design.for_cosine(problem, cosine, vary=vary).value
        searched, _ = design._search.value_for(
            lambda x, p=problem, v=vary: design._inverse._varied(p, v, x), cosine, vary
        )
        assert searched == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "vary", "cosine"),
    [
        ("target_mean_singular_value", "lambda_b", -0.05),
        ("target_lambda_b", "lambda_b", -0.05),
        ("target_alpha", "alpha", 0.2),
        ("target_t", "weight-decay", -0.05),
    ],
)
def test_wrong_formulas_are_refused(monkeypatch, name, vary, cosine):
    problem = ONEHOT.replace(lambda_b=0.5)
    original = getattr(_formulas, name)
    assert design.for_cosine(problem, cosine, vary=vary).method == "closed-form"
    monkeypatch.setattr(_formulas, name, lambda *args: original(*args) * (1 + 1e-6))
    with pytest.raises(ncsolve.ConvergenceError, match="must give the cosine"):
        design.for_cosine(problem, cosine, vary=vary)


def test_the_closed_forms_are_not_used_for_deep_heads():
    problem = ncsolve.UFM(
        encoding=encodings.onehot(3), counts=10, depth=2, lambda_w=5e-3, lambda_h=5e-4, lambda_b=0.05
    )
    found = design.for_cosine(problem, -0.05)
    assert found.method == "bracketed"
    assert found.achieved == pytest.approx(-0.05, abs=1e-11)


@pytest.mark.parametrize("change", [{"features": "relu"}, {"dim": 2}])
def test_a_cosine_that_relu_features_or_a_bottleneck_cannot_have_is_refused(change):
    problem = ncsolve.UFM(
        encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=0.05, **change
    )
    with pytest.raises(ncsolve.ProblemError, match="out of reach"):
        design.for_cosine(problem, -0.05)
