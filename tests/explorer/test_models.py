"""Deep heads (T9), ReLU features (T10), bottlenecks (T8) and cross-entropy (T16) on the explorer's page."""

import configparser
import math
import re
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import ncsolve
from ncsolve import deep, encodings
from ncsolve._models.registry import model_of
from ncsolve.explorer import write_explorer
from tests.cases import CASES
from tests.explorer.test_browser import CONTRAST
from tests.explorer.test_page import coarse_grids

PROBABILITIES = ("onehot", "smoothed:0.1", "smoothed:0.5")
SPECS = (*PROBABILITIES, "signed", "simplex")
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
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    starts = {
        "softmax": onehot(loss="cross-entropy"), "deep": onehot(depth=2), "relu": onehot(features="relu"),
        "narrow": onehot(encoding=encodings.onehot(5), dim=4, lambda_b=3.0),
        "spare": ncsolve.UFM(encoding=encodings.make("affine:1,-0.2", classes=4), counts=100, lambda_w=0.0125,
                             lambda_h=0.0125, lambda_b=1.0, dim=3),
        "own": ncsolve.UFM(encoding=encodings.onehot(3), counts=[5, 20, 1], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1),
    }
    with coarse_grids():
        for name, problem in starts.items():
            write_explorer(problem, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in starts}


@pytest.fixture
def page(window, files):
    return window.open(files["deep"])


@pytest.fixture
def scripts(window, files):
    """A page for tests that call its functions and leave it as it is."""
    return window.share(files["deep"])


def solved_by_page(page, problem, settings):
    code = problem.encoding.affine
    model = model_on_page(problem)
    balanced = [code.a, code.q, code.row_sum], problem.classes, problem.counts.values[0]
    return page.compute(SOLVE, [*balanced, model, settings])


def model_on_page(problem):
    return {"loss": problem.loss, "features": problem.features, "depth": problem.depth, "dim": problem.dim}


def setting_of(problem):
    return {"lambda_w": problem.lambda_w, "lambda_h": problem.lambda_h, "lambda_b": problem.lambda_b}


def random_problems(model, count, seed):
    """Balanced codes with weight decays around their thresholds, where something happens."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        classes = int(rng.choice([2, 3, 4, 5, 8, 20]))
        code = encodings.make(str(rng.choice(PROBABILITIES if "loss" in model else SPECS)), classes=classes)
        n = int(10 ** rng.uniform(0, 4))
        changes = dict(model)
        if "dim" in changes:
            changes["dim"] = classes - 1 if "loss" in model else int(rng.integers(1, classes))
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
    {"depth": 5, "dim": 0}, {"loss": "cross-entropy"}, {"loss": "cross-entropy", "dim": 0},
    {"loss": "cross-entropy", "features": "relu"},
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_the_page_solves_each_model_like_the_library(scripts, model):
    rng = np.random.default_rng(5)
    regimes = set()
    for problem in random_problems(model, 25, 17):
        lambdas = [0.0, math.inf, *10.0 ** rng.uniform(-4, 3, 4)]
        if problem.depth == 1 or problem.dim is None:
            star = ncsolve.solve(problem).transition
            lambdas += [] if star is None else [0.999 * star, 1.001 * star]
        settings = [{"lambda_w": problem.lambda_w, "lambda_h": problem.lambda_h, "lambda_b": x} for x in lambdas]
        for setting, state in zip(settings, solved_by_page(scripts, problem, settings), strict=True):
            minimizer = ncsolve.solve(problem.replace(**setting))
            same(state, minimizer)
            regimes.add(state["regime"])
    assert len(regimes) >= (2 if "loss" in model else 3)


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
        # where class means begin to live, digits cancel in K t^2 - (K - 1) a^2
        assert state["transition"] == pytest.approx(minimizer.transition, rel=1e-11)
    elif problem.features == "relu" or problem.loss == "cross-entropy":
        assert state["transition"] is None


@pytest.mark.parametrize("features", ["linear", "relu"])
def test_the_second_picture_shows_the_probabilities(scripts, features):
    for problem in random_problems({"loss": "cross-entropy", "features": features}, 12, 5):
        if problem.classes > 3:  # drawn as a projection
            continue
        (state,) = solved_by_page(scripts, problem, [setting_of(problem)])
        minimizer, points = ncsolve.solve(problem), np.array(state["labels"])
        grown = np.exp(minimizer.W @ minimizer.class_means + minimizer.bias[:, None])
        chances = grown / grown.sum(axis=0)
        np.testing.assert_allclose(points @ points.T, chances.T @ chances, rtol=0, atol=1e-12)
        assert state["bias"] == [0, 0, 0]


def test_extreme_weight_decays_and_biases(scripts):
    """Roots of the bias equation and of the branches keep their digits where one of the lambdas is huge or tiny."""
    cases = [
        onehot(features="relu", lambda_w=1e-12, lambda_h=1e-3), onehot(features="relu", lambda_w=1e-20, lambda_h=1e-20),
        onehot(features="relu", encoding=encodings.smoothed(5, 0.4), counts=10**6, lambda_w=1e-9, lambda_h=1e-9),
        onehot(features="relu", encoding=encodings.signed(50), counts=1, lambda_w=1e-8, lambda_h=1e4),
        onehot(depth=2, lambda_w=1e-12, lambda_h=1e-12), onehot(depth=6, counts=10**8, lambda_w=1e-9, lambda_h=1e-9),
        onehot(depth=40, lambda_w=1e-3, lambda_h=1e-3),
        onehot(loss="cross-entropy", lambda_w=1e-12, lambda_h=1e-3, counts=10**6),
        onehot(loss="cross-entropy", encoding=encodings.smoothed(50, 0.4), lambda_w=1e-20, lambda_h=1e-20),
        onehot(loss="cross-entropy", features="relu", lambda_w=1e-12, lambda_h=1e-12),
    ]
    for problem in cases:
        lambdas = [1e-90, 1e-30, 1e-9, 1e-3, 1.0, 1e6, 1e30, 1e90]
        settings = [{"lambda_w": problem.lambda_w, "lambda_h": problem.lambda_h, "lambda_b": x} for x in lambdas]
        for setting, state in zip(settings, solved_by_page(scripts, problem, settings), strict=True):
            minimizer = ncsolve.solve(problem.replace(**setting))
            same(state, minimizer)
            if problem.features == "relu" and problem.loss == "mse":  # a root by itself, relative to itself
                assert state["centring"] == pytest.approx(minimizer.centring, rel=1e-12)


def test_a_finite_lambda_b_is_never_orthogonal(scripts):
    for model in ({}, {"depth": 2}):
        problem = onehot(**model)
        settings = [{"lambda_w": 5e-3, "lambda_h": 5e-4, "lambda_b": lb} for lb in (1e12, 1e15, 1e99)]
        assert {s["regime"] for s in solved_by_page(scripts, problem, settings)} == {"intermediate"}
    codes = {"onehot": "orthogonal", "smoothed:0.1": "acute", "affine:1,-0.001": "intermediate"}
    for spec, regime in codes.items():
        code = encodings.make(spec, classes=3).affine
        numbers = [code.a, code.q, code.row_sum]
        asked = f"""new ncsolve.AffineProblem({numbers}, 3, 10, {{ features: "linear", depth: 1, dim: null }})
            .state({{ lambda_w: 5e-3, lambda_h: 5e-4, lambda_b: Infinity }}, "mean").regime"""
        assert scripts.js(asked) == regime


LAW = """([affine, K, n, model]) => new ncsolve.AffineProblem(affine, K, n, model).law.constructor.name"""
SHOWN = {
    name: case.problem for name, case in CASES.items() if case.problem.regular is not None and name != "narrow relu"
} | {"softmax": onehot(loss="cross-entropy"), "softmax, relu": onehot(loss="cross-entropy", features="relu")}


@pytest.mark.parametrize("problem", SHOWN.values(), ids=SHOWN)
def test_the_law_that_a_model_names_is_the_one_that_the_page_takes(scripts, problem):
    model, code = model_of(problem), problem.encoding.affine
    law = model.law(problem)
    asked = [[code.a, code.q, code.row_sum], problem.classes, problem.counts.values[0], model_on_page(problem)]
    assert scripts.js(LAW, asked) == law
    text = resources.files(type(model).__module__.rpartition(".")[0]).joinpath("law.js").read_text(encoding="utf-8")
    assert re.search(rf"^class {law}\b", text, re.MULTILINE)


def test_every_file_of_the_page_is_packaged():
    setup, root = configparser.ConfigParser(), Path(__file__).parents[2]
    setup.read(root / "setup.cfg")
    packaged = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, patterns in setup["options.package_data"].items() for pattern in patterns.split()
    ]
    endings = (".js", ".html", ".css")
    files = [str(path.relative_to(root)) for path in root.glob("ncsolve/**/*") if path.suffix in endings]
    assert [name for name in files if not any(fnmatch(name, pattern) for pattern in packaged)] == []
    assert len(files) > 15


PATH = """([affine, K, n, model, w, h]) => {
    const problem = new ncsolve.AffineProblem(affine, K, n, model);
    const star = problem.law.transition(w, h);
    const { before, after, jump } = problem.law.sides(w, h, star);
    const path = problem.path(w, h);
    return { star, jump, sides: [before, after].map((f) => ({ ...f, cosines: f.cosines, regime: f.regime })), path,
             latentFrom: problem.law.latentFrom(w, h),
             latent: problem.law.latent(w, h, star).map(({ from, to, at }) => ({ from, to, losses: [0.9, 1.1].map(
                 (x) => at(x * star).loss) })),
             trails: problem.trails({ lambda_w: w, lambda_h: h }, "mean") };
}"""


@pytest.mark.parametrize("depth", [2, 4])
def test_the_first_order_transition_is_drawn_as_a_jump(scripts, depth):
    problem = onehot(depth=depth, lambda_w=5e-3, lambda_h=5e-3)
    code = problem.encoding.affine
    model = {"features": "linear", "depth": depth, "dim": None}
    found = scripts.js(
        PATH, [[code.a, code.q, code.row_sum], 3, 10, model, problem.lambda_w, problem.lambda_h]
    )
    tie = deep.first_order_transition(problem)
    assert found["jump"]
    assert found["star"] == pytest.approx(tie.lambda_b, rel=1e-12)
    assert found["latentFrom"] == pytest.approx(tie.latent_from, rel=1e-12)
    for side, minimizer in zip(found["sides"], (tie.before, tie.after), strict=True):
        assert side["loss"] == pytest.approx(minimizer.loss, rel=1e-12)
        assert side["regime"] == minimizer.regime
        assert side["cosines"][1] == pytest.approx(minimizer.cosines.mean, abs=1e-12)
    assert found["sides"][0]["loss"] == pytest.approx(found["sides"][1]["loss"], rel=1e-13)
    # in the curve: both ends at one place, and a gap between them
    path = found["path"]
    gap = path["cosines"]["mean"].index(None)
    assert path["x"][gap - 1] == path["x"][gap] == path["x"][gap + 1]
    assert path["cosines"]["mean"][gap - 1] == pytest.approx(-0.5, abs=1e-12)
    assert path["cosines"]["mean"][gap + 1] == pytest.approx(tie.after.cosines.mean, abs=1e-12)
    assert path["cosines"]["mean"].count(None) == 1
    assert found["trails"].count(None) == 1
    # the dashed curves: local minima, above the global ones at the same lambda_b
    entered, stayed = found["latent"]
    assert entered["from"] == pytest.approx(tie.latent_from, rel=1e-8)
    assert entered["to"] == stayed["from"] == found["star"]
    for curve, i, x in ((entered, 0, 0.9), (stayed, 1, 1.1)):
        least = ncsolve.solve(problem.replace(lambda_b=x * found["star"])).loss
        assert least * (1 + 1e-6) < curve["losses"][i] < 1.1 * least


def test_the_jump_of_a_deep_bottleneck_is_where_the_library_changes(scripts):
    """No closed form is known for it; the page finds it as a root."""
    problem = onehot(encoding=encodings.signed(6), depth=2, dim=3, lambda_w=2e-2, lambda_h=2e-2)
    code = problem.encoding.affine
    model = {"features": "linear", "depth": 2, "dim": 3}
    star = scripts.js(PATH, [[code.a, code.q, code.row_sum], 6, 10, model, 2e-2, 2e-2])["star"]
    sides = [ncsolve.solve(problem.replace(lambda_b=star * (1 + step))) for step in (-1e-9, 1e-9)]
    assert sides[0].loss == pytest.approx(sides[1].loss, rel=1e-8)
    assert sides[0].centring - sides[1].centring > 0.1


# In the place of plotly.js: numbers need no charts.
NO_CHARTS = "window.Plotly = { react() {}, relayout() {} };"
# Damages to the scripts, each with a problem in which it must show.
MUTANTS = {
    "the largest root is taken, not compared with zero": (
        {"depth": 2}, 0.036,
        "return g > this.threshold * (1 + (tie ? -RANK_NOISE : RANK_NOISE)) ?", "return g > this.existence ?",
    ),
    "the bias does not weaken the fit of the label mean": (
        {"depth": 2}, 0.1, "if (lambda_b === Infinity) return this;", "return this;",
    ),
    "the bottleneck keeps the label mean": (
        {"dim": 2}, 0.5, "(gain > rival + TIE * scale", "(gain < rival + TIE * scale",
    ),
    "the ReLU bias is found for labels that no bias shortens": (
        {"features": "relu"}, 0.1, "(x, this.spread(x), n, K", "(x, this.spread(0), n, K",
    ),
    "cross-entropy is fitted with half the weight decay": (
        {"loss": "cross-entropy"}, 0.1, "cross_entropy_logit(1 - a, t, K)", "cross_entropy_logit(1 - a, t / 2, K)",
    ),
    "cross-entropy over ReLU features takes all outputs for the others": (
        {"loss": "cross-entropy", "features": "relu"}, 0.1, "cross_entropy_relu_logit(force, 1 - a, K);",
        "cross_entropy_relu_logit(force, 1 - a, K + 1);",
    ),
    "ReLU features stay orthogonal where they could be acute": (
        {"features": "relu", "encoding": encodings.smoothed(3, 0.4)}, 0.1, "lambda_b >= star;", "lambda_b >= 9 * star;",
    ),
}


def test_whole_scripts_agree_with_the_library_where_damages_must_show(scripts):
    for model, lambda_b, _, _ in MUTANTS.values():
        problem = onehot(**model, lambda_b=lambda_b)
        (state,) = solved_by_page(scripts, problem, [setting_of(problem)])
        assert state["loss"] == pytest.approx(ncsolve.solve(problem).loss, rel=1e-12)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] if i % 2 else []) for i, name in enumerate(MUTANTS)]
)
def test_damaged_scripts_do_not_agree_with_the_library(window, files, tmp_path, name):
    model, lambda_b, old, new = MUTANTS[name]
    problem = onehot(**model, lambda_b=lambda_b)
    text = files["deep"].read_text(encoding="utf-8")
    assert text.count(old) == 1
    damaged = tmp_path / "damaged.html"
    start, mark, _ = text.replace(old, new).partition('<script type="text/plain" id="plotly">')
    damaged.write_text(f"{start}{mark}{NO_CHARTS}</script></body></html>", encoding="utf-8")
    (state,) = solved_by_page(window.open(damaged), problem, [setting_of(problem)])
    assert abs(state["loss"] / ncsolve.solve(problem).loss - 1) > 1e-6


# The colours each is seen in, what its controls show, and what is said of dimensions.
STARTS = {
    "softmax": (
        "light", ["linear", "1", "3"], "Simplex ETF for every λb: 3 class means in 2 dimensions",
        "Deep heads and bottlenecks under it are open problems",
    ),
    "deep": ("dark", ["linear", "2", "3"], "", ""),
    "relu": ("light", ["relu", "1", "3"], "", ""),
    "narrow": (
        "dark", ["linear", "1", "4"], "Simplex ETF in 4 dimensions, for every finite λb: no dimension is left",
        "a bottleneck where the minimizer needs more",
    ),
    "spare": (
        "light", ["linear", "1", "3"], "Simplex ETF for every λb: 4 class means in 3 dimensions",
        "a bottleneck where the minimizer needs more",
    ),
    "own": ("light", ["linear", "1", "3"], "", ""),
}


def readable(page, width):
    """Without a horizontal scroll, and in a contrast that can be read."""
    for lambda_b in ("0", "0.036", "inf"):
        page.type("lambda-b-text", lambda_b)
        assert page.js("() => document.documentElement.scrollWidth") <= width
        assert [entry for entry in page.js(CONTRAST) if entry[0] < 4.5] == []


@pytest.mark.parametrize("name", STARTS)
def test_the_start_is_what_was_asked_for_and_can_be_read(window, files, name):
    scheme, values, story, note = STARTS[name]
    page = window.open(files[name], height=740, scheme=scheme)
    assert [page.tab.locator(f"#{control}").input_value() for control in ("model-features", "depth", "dim")] == values
    assert page.text("story").startswith(story)
    assert note in page.text("model-note")
    assert page.console == []
    readable(page, 1280)


@pytest.mark.parametrize("name", ["deep", *(pytest.param(x, marks=pytest.mark.exhaustive) for x in ("relu", "narrow"))])
def test_on_a_phone(window, files, name):
    readable(window.open(files[name], width=360, height=740, scheme=STARTS[name][0]), 360)


def test_a_dimension_more_opens_the_simplex(window, files):
    """The simplex ETF holds where one-hot codes with d >= K open."""
    page = window.open(files["narrow"])
    assert page.text("transition") == "none"
    page.choose("dim", "5")
    assert page.text("regime") == "orthogonal frame" or page.text("story").startswith("Simplex ETF up to λb*")


def test_controls_change_the_model_by_keyboard_too(page):
    def agrees(**changes):
        problem = onehot(**changes)
        minimizer = ncsolve.solve(problem)
        assert page.exact("loss") == pytest.approx(minimizer.loss, rel=1e-12)
        assert page.exact("cosine") == pytest.approx(minimizer.cosines.mean, abs=1e-12)

    agrees(depth=2)
    page.tab.locator("#depth").focus()
    page.tab.keyboard.press("ArrowDown")
    page.wait()
    agrees(depth=3)
    assert page.text("threshold-name") == "threshold g*"
    page.choose("dim", "2")
    agrees(depth=3, dim=2)
    page.choose("dim", "3")
    page.choose("model-features", "relu")
    agrees(features="relu")
    assert page.tab.locator("#depth").is_disabled()
    assert page.tab.locator("#dim").is_disabled()
    assert "ReLU features under a deep head are an open problem" in page.text("model-note")
    assert page.text("transition") == "none"
    assert page.tab.locator("#to-star").is_hidden()
    assert page.text("angle") == "90.00°"
    page.choose("model-features", "linear")
    agrees(depth=3)
    page.choose("classes", "10")
    agrees(encoding=encodings.onehot(10), depth=3)
    assert page.console == []


def test_without_a_closed_form_the_page_says_so_and_shows_the_papers_model(page):
    page.choose("model-features", "relu")
    page.tab.locator("#encoding").select_option(label="one-hot, imbalanced 200:70:30")
    page.wait()
    for control, value in (("model-features", "linear"), ("depth", "1"), ("dim", "3")):
        assert page.tab.locator(f"#{control}").is_disabled()
        assert page.tab.locator(f"#{control}").input_value() == value
    assert "beyond that no closed form holds for every λb" in page.text("model-note")
    page.tab.locator("#encoding").select_option(label="one-hot")
    page.wait()
    assert page.tab.locator("#model-features").input_value() == "relu"
    assert page.text("angle") == "90.00°"


def test_at_the_tie_the_page_says_that_two_minimizers_tie(page):
    page.tab.locator("#to-star").click()
    page.wait()
    assert page.text("story").startswith("Two global minimizers tie at λb* = 0.03928")
    assert page.text("regime") == "simplex ETF"
    page.type("lambda-b-text", "0.035")
    assert "a local minimum already (dashed)" in page.text("story")
    page.type("lambda-b-text", "0.05")
    assert "jumped into the class means" in page.text("story")
    drawn = page.js("""() => ({
        dashed: [...document.querySelectorAll("#cosines .shapelayer path")].filter(
            (p) => p.style.strokeDasharray === "5px, 4px").length,
        gaps: document.querySelector("#features .trail").getAttribute("d").split("M").length - 1,
    })""")
    assert drawn == {"dashed": 2, "gaps": 2}


def test_the_loss_is_switched_and_codes_that_are_no_probabilities_are_not_offered(window, files):
    page = window.open(files["softmax"])
    offered = page.tab.locator("#encoding option")
    assert offered.all_text_contents() == ["one-hot", "label smoothing, alpha = 0.1", "label smoothing, alpha = 0.5"]
    assert page.tab.locator("#dim option").all_text_contents() == ["3 (all)", "2"]
    assert page.tab.locator("#depth").is_disabled()
    assert not page.tab.locator("#centring").is_visible()
    star = ncsolve.solve(onehot()).transition
    assert f"Under MSE the label mean would enter them beyond λb* = {star:.4g}" in page.text("story")
    page.choose("dim", "2")
    assert "Under MSE" not in page.text("story")  # a bottleneck: another minimizer
    for lambda_b in ("0", "0.05", "inf"):
        page.type("lambda-b-text", lambda_b)
        minimizer = ncsolve.solve(onehot(loss="cross-entropy", dim=2, lambda_b=float(lambda_b)))
        assert page.exact("loss") == pytest.approx(minimizer.loss, rel=1e-12)
        assert page.exact("cosine") == pytest.approx(-0.5, abs=1e-12)
    assert page.text("story").endswith("There is no bias, and with one it would be zero.")
    page.choose("encoding", "1")
    page.choose("model-features", "relu")
    smoothed = onehot(loss="cross-entropy", features="relu", encoding=encodings.smoothed(3, 0.1), lambda_b=math.inf)
    assert page.exact("loss") == pytest.approx(ncsolve.solve(smoothed).loss, rel=1e-12)
    assert page.text("sigma-title") == "Length of the labels minus their mean"
    assert page.text("labels-title") == "Probabilities of the classes"
    page.choose("model-loss", "mse")
    assert page.exact("loss") == pytest.approx(ncsolve.solve(smoothed.replace(loss="mse")).loss, rel=1e-12)
    assert offered.count() == 8
    assert page.text("labels-title") == "Labels minus bias, ek − b"
    page.tab.locator("#encoding").select_option(label="signed, +1 and -1")
    page.wait()
    assert page.tab.locator("#model-loss").is_disabled()
    assert "Cross-entropy is for codes that are probabilities, which these are not" in page.text("model-note")
    assert page.tab.locator("#centring").is_visible()
    page.tab.locator("#encoding").select_option(label="one-hot, imbalanced 200:70:30")
    page.wait()
    assert page.tab.locator("#model-loss").is_disabled()
    assert page.console == []


def test_codes_of_its_own_are_offered_for_the_classes_of_which_they_are_probabilities(window, tmp_path):
    own = onehot(loss="cross-entropy", encoding=encodings.affine(3, 0.7, 0.1))
    write_explorer(own, tmp_path / "own.html")
    page = window.open(tmp_path / "own.html")
    assert page.exact("loss") == pytest.approx(ncsolve.solve(own).loss, rel=1e-12)
    assert page.tab.locator("#classes option").all_text_contents() == ["3"]
    page.choose("model-loss", "mse")
    assert page.tab.locator("#classes option").count() > 10
    page.choose("classes", "4")
    assert page.tab.locator("#model-loss").is_disabled()
