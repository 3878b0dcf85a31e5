"""The explorer's page beyond the paper's model: deep heads (T9), ReLU features (T10) and bottlenecks (T8)."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import deep, encodings
from ncsolve.explorer import write_explorer
from tests.browser import chromium, opened

SPECS = ("onehot", "smoothed:0.1", "smoothed:0.5", "signed", "simplex")
SOLVE = """([affine, K, n, model, settings]) => {
    const problem = new ncsolve.AffineProblem(affine, K, n, model);
    return settings.map((setting) => {
        const s = problem.state(setting, "mean");
        const gram = Array.from({ length: K }, (_, i) => Array.from({ length: K }, (_, j) => s.gram(i, j)));
        return { ...s, gram, kept: s.kept };
    });
}"""


def onehot(**changes):
    fields = {"encoding": encodings.onehot(3), "counts": 10, "lambda_w": 5e-3, "lambda_h": 5e-4, "lambda_b": 0.05}
    return ncsolve.UFM(**(fields | changes))


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    starts = {
        "deep": onehot(depth=2), "relu": onehot(features="relu"),
        "narrow": onehot(encoding=encodings.onehot(5), dim=4, lambda_b=3.0),
        "own": ncsolve.UFM(encoding=encodings.onehot(3), counts=[5, 20, 1], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1),
    }
    for name, problem in starts.items():
        write_explorer(problem, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in starts}


@pytest.fixture
def page(browser, files):
    with opened(browser, files["deep"]) as found:
        yield found


def solved_by_page(page, problem, settings):
    code = problem.encoding.affine
    model = {"features": problem.features, "depth": problem.depth, "dim": problem.dim}
    return page.js(SOLVE, [[code.a, code.q, code.row_sum], problem.classes, problem.counts.values[0], model, settings])


def random_problems(model, count, seed):
    """Balanced codes with weight decays around their thresholds, where something happens."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        classes = int(rng.choice([2, 3, 4, 5, 8, 20]))
        code = encodings.make(str(rng.choice(SPECS)), classes=classes)
        n = int(10 ** rng.uniform(0, 4))
        changes = dict(model)
        if "dim" in changes:
            changes["dim"] = int(rng.integers(1, classes))
        depth = changes.get("depth", 1)
        # C = N (product of all lambdas)^(1/P) against the least threshold, sqrt(n)^((2P-2)/P) times a constant
        p = depth + 1
        size = float(rng.choice([0.01, 0.2, 0.45, 0.8, 1.2])) * n ** ((p - 1) / p) / (n * classes)
        skew = 10 ** rng.uniform(-3, 3)
        yield ncsolve.UFM(
            encoding=code, counts=n, lambda_w=size * skew, lambda_h=size / skew**depth, lambda_b=1.0, **changes
        )


MODELS = [
    {"depth": 2}, {"depth": 3}, {"depth": 6}, {"features": "relu"}, {"dim": 0}, {"depth": 2, "dim": 0},
    {"depth": 5, "dim": 0},
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_the_page_solves_each_model_like_the_library(page, model):
    rng = np.random.default_rng(5)
    regimes = set()
    for problem in random_problems(model, 25, 17):
        lambdas = [0.0, math.inf, *10.0 ** rng.uniform(-4, 3, 4)]
        if problem.depth == 1 or problem.dim is None:
            star = ncsolve.solve(problem).transition
            lambdas += [] if star is None else [0.999 * star, 1.001 * star]
        settings = [{"lambda_w": problem.lambda_w, "lambda_h": problem.lambda_h, "lambda_b": x} for x in lambdas]
        for setting, state in zip(settings, solved_by_page(page, problem, settings), strict=True):
            minimizer = ncsolve.solve(problem.replace(**setting))
            same(state, minimizer)
            regimes.add(state["regime"])
    assert len(regimes) >= 3


def same(state, minimizer):
    problem = minimizer.problem
    assert state["regime"] == minimizer.regime
    # the page shows what the class means span, Minimizer.rank is that of W H: fewer where ReLU features need more room
    spanned = 0 if minimizer.rank == 0 else np.linalg.matrix_rank(minimizer.gram)
    assert state["rank"] == (minimizer.rank if problem.features == "linear" else spanned)
    assert state["loss"] == pytest.approx(minimizer.loss, rel=1e-12)
    size = max(float(np.abs(minimizer.gram).max()), 1e-300)
    np.testing.assert_allclose(state["gram"], minimizer.gram, rtol=0, atol=1e-12 * size)
    label = max(float(np.linalg.norm(problem.label_mean)), 1e-300)
    assert state["biasNorm"] == pytest.approx(np.linalg.norm(minimizer.bias), rel=1e-12, abs=1e-13 * label)
    expected = minimizer.cosines
    if expected is None:
        assert math.isnan(state["cosines"][1])
    else:
        np.testing.assert_allclose(state["cosines"], [expected.min, expected.mean, expected.max], rtol=0, atol=1e-12)
    if minimizer.transition is not None:
        assert state["transition"] == pytest.approx(minimizer.transition, rel=1e-11)
