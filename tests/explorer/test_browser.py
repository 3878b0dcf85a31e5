"""The explorer in a real browser, opened from disk: its numbers are the library's, and people can use it."""

import functools
import inspect
import math

import numpy as np
import pytest

import ncsolve
from ncsolve import _formulas, encodings
from ncsolve.explorer import write_explorer

CODES = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
LAMBDA_B = [0.0, 1e-6, 1e-3, 0.0152, 0.05, 0.3, 1.0, 7.5, 300.0, math.inf]


def onehot(lambda_b=0.05, classes=3, weight=5e-4):
    return ncsolve.UFM(
        encoding=encodings.onehot(classes), counts=100, lambda_w=weight, lambda_h=weight, lambda_b=lambda_b
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorer")
    write_explorer(onehot(), folder / "explorer.html")
    own = ncsolve.UFM(encoding=CODES, counts=[5, 20, 1, 10], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1)
    write_explorer(own, folder / "own.html")
    return {"explorer": folder / "explorer.html", "own": folder / "own.html", "own problem": own}


@pytest.fixture
def page(window, files):
    return window.open(files["explorer"])


@pytest.fixture
def scripts(window, files):
    """A page for tests that call its functions and leave it as it is, but for the focus."""
    return window.share(files["explorer"])


@pytest.fixture
def own(window, files):
    return window.open(files["own"])


@functools.cache
def formula_points():
    """Every generated function with arguments over its range, lambda_b at both ends among them."""
    rng = np.random.default_rng(11)
    functions = {
        name: function for name, function in inspect.getmembers(_formulas, inspect.isfunction)
        if function.__module__ == _formulas.__name__
    }
    calls = []
    for name, function in functions.items():
        arguments = list(inspect.signature(function).parameters)
        for i in range(200):
            values = {}
            for argument in arguments:
                size = float(10.0 ** rng.uniform(-4, 2))
                if argument == "K":
                    size = float(rng.integers(2, 1000))
                elif argument == "P":
                    size = float(rng.integers(2, 7))
                elif argument == "alpha":
                    size = float(rng.uniform(0, 1))
                elif argument in ("a", "w", "gap"):
                    size *= float(rng.choice([-1, 1]))
                elif argument == "lambda_b" and "also for lambda_b = inf" in function.__doc__:
                    size = [0.0, math.inf, size][i % 3 if i < 60 else 2]
                values[argument] = size
            if "force" in values:  # cross-entropy: what keeps a probability above 1/K
                values["force"] = min(values["force"], (1 - values["alpha"]) * (values["K"] - 1) / values["K"])
            try:
                expected = float(function(**values))
            except (ZeroDivisionError, ValueError):  # a pole, or no such lambda_b
                continue
            calls.append((name, list(values.values()), expected))
    return calls


FORMULAS = "(calls) => calls.map(([name, values]) => ncsolve.formulas[name](...values))"
DAMAGED_FORMULAS = f"""(calls) => {{
    const right = ncsolve.formulas.affine_threshold;
    ncsolve.formulas.affine_threshold = (w, t) => right(w, t) * (1 + 1e-11);
    try {{
        return ({FORMULAS})(calls);
    }} finally {{
        ncsolve.formulas.affine_threshold = right;
    }}
}}"""


def differing(page, calls, code=FORMULAS, rtol=1e-12):
    """The calls whose result in the page is not Python's to 1e-12 of its size."""
    found = page.compute(code, [call[:2] for call in calls])
    return [
        (call, value) for call, value in zip(calls, found, strict=True)
        if not (math.isclose(value, call[2], rel_tol=rtol, abs_tol=0.0) or (math.isnan(value) and math.isnan(call[2])))
    ]


def test_the_generated_formulas_equal_pythons(scripts):
    calls = formula_points()
    assert len({name for name, _, _ in calls}) >= 25
    assert len(calls) > 4000
    assert differing(scripts, calls) == []


def test_a_damaged_formula_is_noticed(scripts):
    calls = formula_points()
    assert {call[0] for call, _ in differing(scripts, calls, DAMAGED_FORMULAS)} == {"affine_threshold"}


@pytest.mark.parametrize("spec", ["onehot", "smoothed:0.1", "smoothed:0.5", "signed", "simplex"])
def test_the_page_solves_balanced_codes_like_the_library(scripts, spec):
    for classes in (2, 3, 4, 10, 50):
        code = encodings.make(spec, classes=classes)
        affine = [code.a, code.q, code.row_sum]
        for lambda_w, lambda_h in ((5e-4, 5e-4), (1e-5, 3e-3), (0.02, 0.02), (0.2, 0.2)):
            settings = [{"lambda_w": lambda_w, "lambda_h": lambda_h, "lambda_b": x} for x in LAMBDA_B]
            found = scripts.compute(
                """([affine, K, settings]) => {
                    const problem = new ncsolve.AffineProblem(affine, K, 100);
                    return settings.map((setting) => {
                        const s = problem.state(setting, "mean");
                        return { ...s, gram: [s.gram(0, 0), s.gram(0, 1)] };
                    });
                }""",
                [affine, classes, settings],
            )
            for setting, state in zip(settings, found, strict=True):
                minimizer = ncsolve.solve(ncsolve.UFM(encoding=code, counts=100, **setting))
                same_state(state, minimizer)


def same_state(state, minimizer):
    problem = minimizer.problem
    assert state["regime"] == minimizer.regime
    assert state["rank"] == minimizer.rank
    assert state["loss"] == pytest.approx(minimizer.loss, rel=1e-12)
    assert state["threshold"] == pytest.approx(problem.threshold, rel=1e-12)
    gram = minimizer.gram
    np.testing.assert_allclose(state["gram"], gram[0, :2], rtol=1e-12, atol=1e-12 * gram[0, 0])
    assert state["biasNorm"] == pytest.approx(np.linalg.norm(minimizer.bias), rel=1e-12, abs=1e-15)
    if minimizer.cosines is None:
        assert math.isnan(state["cosines"][1])
    else:
        assert state["cosines"][1] == pytest.approx(minimizer.cosines.mean, abs=1e-12)
    if minimizer.transition is None:
        assert state["transition"] is None
    else:
        assert state["transition"] == pytest.approx(minimizer.transition, rel=1e-12)
    u = np.sqrt(np.asarray(problem.counts, dtype=float))
    shifted = problem.encoding.matrix * u - np.outer(minimizer.bias, u)
    sigma = np.linalg.svd(shifted, compute_uv=False)
    np.testing.assert_allclose(sorted(state["sigma"]), [sigma.min(), sigma.max()], rtol=1e-10, atol=1e-12 * sigma.max())
    points = np.array(state["means"])
    if problem.classes <= 3:  # drawn without a projection
        np.testing.assert_allclose(points @ points.T, gram, rtol=0, atol=1e-12 * gram[0, 0])
    elif gram[0, 0] > 0:
        kept = np.sum(points**2) / np.trace(gram)
        assert state["kept"] == pytest.approx(kept, rel=1e-9)
        assert kept <= 1 + 1e-12


def test_nothing_is_asked_of_a_network_and_nothing_is_complained_of(scripts):
    """Not while it opens and computes; tests that use a page for long say so at their end too."""
    assert scripts.asked == [scripts.address]
    assert scripts.console == []


def test_every_control_is_reached_by_tab_named_and_visibly_focused(scripts):
    names = []
    for _ in range(30):
        scripts.tab.keyboard.press("Tab")
        focused = scripts.js("""() => { const e = document.activeElement; const s = getComputedStyle(e);
            return { id: e.id, name: e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText,
                     outline: parseFloat(s.outlineWidth) * (s.outlineStyle !== "none") }; }""")
        if focused["id"] == "" or focused["id"] in names:
            break
        names.append(focused["id"])
        assert focused["name"].strip(), focused
        assert focused["outline"] >= 2, focused
    assert {"theme", "lambda-b", "lambda-b-text", "to-zero", "to-star", "to-inf", "decay", "decay-text", "encoding",
            "classes", "per-class", "turn", "tilt"} <= set(names)


def test_sliders_and_fields_show_the_librarys_numbers(page):
    """As a person does it: typing, choosing, and the numbers as they are displayed."""
    for classes in (3, 10):
        page.choose("classes", str(classes))
        for lambda_b in ("0", "0.005", "0.0526", "0.5", "20", "inf"):
            page.type("lambda-b-text", lambda_b)
            for weight in ("0.0005", "0.002"):
                page.type("decay-text", weight)
                minimizer = ncsolve.solve(onehot(float(lambda_b), classes, float(weight)))
                # ten digits are displayed, so they are off by half a unit of the tenth at most
                assert page.number("cosine") == pytest.approx(minimizer.cosines.mean, rel=5.1e-10, abs=1e-12)
                assert page.number("loss") == pytest.approx(minimizer.loss, rel=5.1e-10)
                assert page.exact("cosine") == pytest.approx(minimizer.cosines.mean, abs=1e-12)
                assert page.exact("loss") == pytest.approx(minimizer.loss, rel=1e-12)
                assert page.exact("transition") == pytest.approx(minimizer.transition, rel=1e-12)
    assert page.asked == [page.address]
    assert page.console == []


def test_the_slider_works_by_keyboard_and_its_ends_are_exact(page):
    slider = page.tab.locator("#lambda-b")
    slider.focus()
    for key, lambda_b in (("Home", 0.0), ("End", math.inf), ("Home", 0.0)):
        slider.press(key)
        page.wait()
        assert page.js("() => ncsolve.state.lambda_b") == lambda_b
        minimizer = ncsolve.solve(onehot(lambda_b))
        assert page.exact("loss") == pytest.approx(minimizer.loss, rel=1e-12)
        assert page.exact("cosine") == pytest.approx(minimizer.cosines.mean, abs=1e-12)
    seen = set()
    for key in ["PageUp"] * 4 + ["ArrowRight"] * 3 + ["ArrowLeft"]:
        slider.press(key)
        page.wait()
        lambda_b = float(page.tab.locator("#lambda-b-text").input_value())
        minimizer = ncsolve.solve(onehot(lambda_b))
        assert page.exact("cosine") == pytest.approx(minimizer.cosines.mean, abs=1e-12)
        assert page.exact("loss") == pytest.approx(minimizer.loss, rel=1e-12)
        seen.add(lambda_b)
    assert len(seen) == 7  # the last step goes back to a value that was seen


def test_wrong_entries_are_explained_and_change_nothing(page):
    before = page.exact("loss")
    for field, entry, part, right in (
        ("lambda-b-text", "-1", "must be a number from 0 to inf", "0.05"),
        ("lambda-b-text", "much", "got “much”", "0.05"),
        ("decay-text", "0", "must be a positive number", "0.0005"),
        ("per-class", "2.5", "a whole number of at least 1", "100"),
    ):
        page.type(field, entry)
        assert part in page.text("complaint")
        assert page.tab.locator(f"#{field}").get_attribute("aria-invalid") == "true"
        assert page.exact("loss") == before
        page.type(field, right)
        assert page.text("complaint") == ""
        assert page.tab.locator(f"#{field}").get_attribute("aria-invalid") == "false"
        assert page.exact("loss") == before


def test_the_button_goes_to_the_transition(page):
    page.tab.locator("#to-star").click()
    page.wait()
    assert page.text("regime") == "simplex ETF"
    star = ncsolve.solve(onehot()).transition
    assert page.js("() => ncsolve.state.lambda_b") == pytest.approx(star, rel=1e-15)
    page.type("lambda-b-text", repr(1.001 * star))
    assert page.text("regime") == "between simplex ETF and orthogonal frame"
    assert page.tab.locator("#regime").is_visible()


def test_classes_without_names_are_numbers_from_0(page):
    """As in every other output."""
    for where in ("features", "labels"):
        assert page.tab.locator(f"#{where} .point-name").all_text_contents() == ["0", "1", "2"]


def test_the_story_names_regime_and_transition(page):
    page.choose("classes", "10")
    page.type("lambda-b-text", "0.01")
    assert page.text("story").startswith("Simplex ETF up to λb* = 0.05263: 10 class means in 9 dimensions")
    page.type("lambda-b-text", "0.5")
    assert "here λb is 9.5 times that" in page.text("story")
    page.type("lambda-b-text", "inf")
    assert page.text("story").startswith("Orthogonal frame")
    page.type("decay-text", "1")
    assert "every class mean is zero" in page.text("story")
    assert page.text("cosine") == "undefined"
    assert page.console == []


def test_projections_say_so(page):
    assert page.text("features-note") == "Exact: all 3 dimensions are drawn."
    page.choose("classes", "10")
    page.type("lambda-b-text", "0.01")
    note = page.text("features-note")
    # the two axes drawn across the mean keep 2 of 9 equal dimensions
    assert "10 dimensions, projected on the mean direction" in note
    assert "keeps 22.2 % of the variance" in note
    page.choose("view", "principal")
    assert "three leading principal axes; keeps 33.3 %" in page.text("features-note")
    page.choose("classes", "4")
    assert "keeps 100 %" in page.text("features-note")


def test_the_pictures_move(page):
    """The frame opens, the arrow of the bias shrinks, the cursors of the charts follow: seen in what is drawn."""
    def drawn():
        return page.js("""() => ({
            dot: document.querySelectorAll("#features .dot")[0].getAttribute("cy"),
            arrow: document.querySelector("#labels .arrow").getAttribute("d"),
            shapes: [...document.querySelectorAll("#cosines .shapelayer path")].map((p) => p.getAttribute("d")),
            cursors: ["cosines", "sigma"].map((id) => {
                const line = document.querySelector(`#${id} ~ .cursor line`).getBoundingClientRect();
                return line.x - document.getElementById(id).getBoundingClientRect().x;
            }),
            dots: document.querySelectorAll("#sigma ~ .cursor circle[visibility=visible]").length,
            traces: document.querySelectorAll("#sigma .scatterlayer path.js-line").length,
        })""")

    page.type("lambda-b-text", "0")
    flat = drawn()
    page.type("lambda-b-text", "inf")
    open_ = drawn()
    assert float(open_["dot"]) < float(flat["dot"]) - 20  # upwards, in units of a picture of 340
    assert len(flat["arrow"]) > 20
    assert open_["arrow"] == ""
    assert all(a + 100 < b for a, b in zip(flat["cursors"], open_["cursors"], strict=True))
    assert open_["dots"] == 2
    assert max(map(len, flat["shapes"])) > 1000  # the curve itself
    assert flat["traces"] == 2
    turned = page.js("() => { const e = document.getElementById('turn'); e.value = 90; "
                     "e.dispatchEvent(new Event('input')); "
                     "return document.querySelectorAll('#features .dot')[0].getAttribute('cx'); }")
    assert turned != page.js("() => { ncsolve.camera.move(0, 0.4); "
                             "return document.querySelectorAll('#features .dot')[0].getAttribute('cx'); }")


def test_dragging_turns_both_pictures(page):
    def places():
        return [page.tab.locator(f"#{name} .dot").first.get_attribute("cx") for name in ("features", "labels")]

    before = places()
    box = page.tab.locator("#features").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.tab.mouse.move(x, y)
    page.tab.mouse.down()
    page.tab.mouse.move(x + 60, y + 10, steps=3)
    page.tab.mouse.up()
    assert all(a != b for a, b in zip(before, places(), strict=True))
    assert int(page.tab.locator("#turn").input_value()) != -20


def test_the_users_own_problem_on_its_grid(own, files):
    """Numbers at grid points are the library's to the last bit, wherever the sliders stand."""
    asked = files["own problem"]
    assert "solved by ncsolve" in own.text("grid-note")
    assert own.exact("loss") == ncsolve.solve(asked).loss
    slider, decay = own.tab.locator("#lambda-b"), own.tab.locator("#decay")
    for press in (
        lambda: slider.press("Home"), lambda: slider.press("End"), lambda: slider.press("ArrowLeft"),
        lambda: slider.press("PageDown"), lambda: decay.press("ArrowRight"), lambda: decay.press("Home"),
        lambda: decay.press("End"), lambda: slider.press("PageDown"),
    ):
        press()
        own.wait()
        setting = own.js("() => ({ lambda_w: ncsolve.state.lambda_w, lambda_h: ncsolve.state.lambda_h, "
                         "lambda_b: ncsolve.state.lambda_b })")
        minimizer = ncsolve.solve(asked.replace(**setting))
        assert own.exact("loss") == minimizer.loss
        assert own.exact("bias") == np.linalg.norm(minimizer.bias)
        assert own.exact("rank") == minimizer.rank
        if minimizer.cosines is None:
            assert own.text("cosine") == "undefined"
        else:
            assert own.exact("cosine") == minimizer.cosines.mean
            assert own.number("cosine") == pytest.approx(minimizer.cosines.mean, rel=1e-9)
        gram = own.js("() => [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => ncsolve.state.gram(i, j)))")
        np.testing.assert_array_equal(np.triu(gram), np.triu(minimizer.gram))
        points = np.array(own.js("() => ncsolve.state.means"))  # three outputs: drawn without a projection
        np.testing.assert_allclose(points @ points.T, minimizer.gram, atol=1e-12 * np.trace(minimizer.gram))
    own.type("lambda-b-text", "0.11")  # snaps to the user's own 0.1, the nearest point
    assert own.tab.locator("#lambda-b-text").input_value() == "0.1"
    assert own.asked == [own.address]
    assert own.console == []


def test_of_many_classes_the_page_draws_some_and_says_so(window, tmp_path):
    counts = list(range(10, 70))
    asked = ncsolve.UFM(
        encoding=encodings.onehot(60), counts=counts, lambda_w=1e-5, lambda_h=1e-5, lambda_b=0.1,
        class_names=[f"c{i}" for i in range(60)],
    )
    assert write_explorer(asked, tmp_path / "many.html") < 6_000_000
    minimizer = ncsolve.solve(asked)
    page = window.open(tmp_path / "many.html")
    note = page.text("grid-note")
    for words in (
        "60 classes of 10 to 69 samples",
        "20 of 60 classes are drawn, evenly chosen from the largest to the smallest",
        "20 of 60 singular values", "Loss, cosines and all other numbers are those of all",
    ):
        assert words in note
    assert page.exact("loss") == minimizer.loss
    assert page.exact("cosine") == minimizer.cosines.mean
    assert "60 class means span 60" in page.text("story")
    assert not page.tab.locator("#regime").is_visible()  # where none has a name nothing is said
    names = page.tab.locator("#features .point-name").all_text_contents()
    assert len(names) == 20
    assert (names[0], names[-1]) == ("c59", "c0")
    state = "window.ncsolve.state"
    assert page.tab.evaluate(f"{state}.gram(0, 19)") == minimizer.gram[59, 0]
    assert page.tab.evaluate(f"{state}.gram(19, 19)") == minimizer.gram[0, 0]
    before = page.exact("loss")
    page.tab.locator("#lambda-b").press("End")
    page.wait()
    assert page.exact("loss") == ncsolve.solve(asked.replace(lambda_b=math.inf)).loss > before
    assert page.console == []


def test_other_encodings_on_the_page(page):
    for name in page.js("() => ncsolve.data.choices.map((choice) => choice.name)"):
        page.tab.locator("#encoding").select_option(label=name)
        page.wait()
        for key in ("Home", "End"):
            page.tab.locator("#lambda-b").press(key)
            page.wait()
            assert math.isfinite(page.exact("loss"))
        page.tab.locator("#view").select_option("principal", force=True)
        page.wait()
    assert page.console == []


CONTRAST = """() => {
    const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
    const light = ([r, g, b]) => { const f = (x) => { x /= 255; return x <= 0.04045 ? x / 12.92
        : ((x + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
    const over = (top, under) => top.slice(0, 3).map((x, i) => x * top[3] + under[i] * (1 - top[3]));
    const behind = (e) => {
        const layers = [];
        for (let at = e; at; at = at.parentElement) {
            const c = parse(getComputedStyle(at).backgroundColor);
            layers.push(c);
            if (c[3] === 1) break;
        }
        return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
    };
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const e = walk.currentNode.parentElement;
        const box = e.getBoundingClientRect();
        if (!walk.currentNode.textContent.trim() || !box.width || e.closest("script, option")) continue;
        const style = getComputedStyle(e);
        const ink = parse(e instanceof SVGElement ? style.fill : style.color);
        const paper = behind(e);
        const [a, b] = [light(over(ink, paper)), light(paper)].sort((p, q) => q - p);
        found.push([(a + 0.05) / (b + 0.05), walk.currentNode.textContent.trim(), e.tagName]);
    }
    document.querySelectorAll("input:not([type=range]), select").forEach((e) => {
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((p, q) => q - p);
        found.push([(a + 0.05) / (b + 0.05), e.id, e.tagName]);
    });
    return found;
}"""


def legible(page):
    """Every text, SVG and charts included, has a contrast of at least 4.5 to what is behind it."""
    for lambda_b in ("0", "0.05", "inf"):
        page.type("lambda-b-text", lambda_b)
        measured = page.js(CONTRAST)
        assert len(measured) > 80
        assert [entry for entry in measured if entry[0] < 4.5] == []


def fits(page, width):
    """No horizontal scroll, with few classes and many."""
    for k in page.js("() => [...document.getElementById('classes').options].map((o) => o.value)")[::6]:
        page.choose("classes", k)
        assert page.js("() => document.documentElement.scrollWidth") <= width
        wide = """(width) => [...document.querySelectorAll("body *")].filter((e) =>
            e.checkVisibility() && e.getBoundingClientRect().right > width + 1).map((e) => e.outerHTML)"""
        assert page.js(wide, width) == []


def pictured(page, folder):
    """Pictures for people, and the assurance that something is drawn where pictures should be."""
    for element in ("features", "labels", "cosines", "sigma", "heat"):
        assert len(page.tab.locator(f"#{element}").screenshot(path=folder / f"{element}.png")) > 1000
    page.tab.screenshot(path=folder / "page.png", full_page=True)
    assert (folder / "page.png").stat().st_size > 30_000


@pytest.mark.parametrize(("name", "scheme"), [
    ("explorer", "light"), ("own", "dark"), pytest.param("explorer", "dark", marks=pytest.mark.exhaustive),
    pytest.param("own", "light", marks=pytest.mark.exhaustive),
])
def test_on_a_wide_screen(window, files, tmp_path, name, scheme):
    page = window.open(files[name], width=1280, height=740, scheme=scheme)
    assert page.js("() => document.documentElement.dataset.theme") == scheme
    pictured(page, tmp_path)
    legible(page)
    fits(page, 1280)


@pytest.mark.parametrize("name", ["explorer", pytest.param("own", marks=pytest.mark.exhaustive)])
def test_on_a_tablet(window, files, name):
    fits(window.open(files[name], width=768, height=740), 768)


@pytest.mark.parametrize("name", ["own", pytest.param("explorer", marks=pytest.mark.exhaustive)])
def test_on_a_phone(window, files, tmp_path, name):
    page = window.open(files[name], width=360, height=740)
    pictured(page, tmp_path)
    page.tab.locator("#sigma").scroll_into_view_if_needed()
    box = page.tab.locator("#lambda-b").bounding_box()
    assert 0 <= box["y"] < 740  # the slider stays in sight
    fits(page, 360)


def test_the_theme_can_be_changed_by_hand(page):
    colour = "() => getComputedStyle(document.body).backgroundColor"
    axis = "() => getComputedStyle(document.querySelector('#cosines .xtick text')).fill"
    before = page.js(colour), page.js(axis)
    page.tab.locator("#theme").click()
    page.wait()
    assert page.tab.locator("#theme").get_attribute("aria-pressed") == "true"
    assert page.js(colour) != before[0]
    assert page.js(axis) != before[1]
