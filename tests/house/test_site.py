"""The site as its readers get it: complete against commands, schemas and modules, and nothing wider than the page."""

import re
import subprocess
import sys
import zlib
from functools import cache
from importlib import import_module
from importlib.resources import files
from urllib.parse import unquote

import pytest

from ncsolve.cli._lazy import COMMANDS
from ncsolve.schemas import schema
from tests.command import run
from tests.readme import ROOT

for package in ("sphinx", "myst_parser", "furo"):
    pytest.importorskip(package, reason="the site needs: pip install 'ncsolve[docs]'")

bs4 = pytest.importorskip("bs4")  # comes with furo
SCHEMAS = sorted(entry.name for entry in files("ncsolve.schemas").iterdir() if entry.name.endswith(".json"))
MODULES = (
    "ncsolve", "ncsolve.encodings", "ncsolve.design", "ncsolve.deep", "ncsolve.certificates", "ncsolve.metrics",
    "ncsolve.geometry", "ncsolve.plots", "ncsolve.report", "ncsolve.explorer", "ncsolve.torch", "ncsolve.verify",
    "ncsolve.verify.metrics", "ncsolve.verify.peers", "ncsolve.errors", "ncsolve.derivations", "ncsolve.schemas",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site, which has no warnings."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(ROOT / "docs"), str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def pages(site):
    return [path for path in sorted(site.rglob("*.html")) if not path.relative_to(site).parts[0].startswith("_")]


@cache
def soup(path):
    return bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def squeezed(text):
    """Without what columns and markup change: spaces, quotes of commands, the sign between two names of an option."""
    return re.sub(r"[\s,/'¶]", "", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_says_what_its_help_says(site, name):
    page = soup(site / "reference" / "cli" / f"{name}.html")
    usage, _, rest = run(name, "--help").stdout.partition("Examples:")
    examples, _, rest = rest.partition("\n\n")
    arguments, _, options = rest.rpartition("Options:")
    described = usage.replace("Usage:", "") + examples + arguments.replace("Arguments:", "Arguments") + options
    shown = page.select_one("article section").get_text()
    for title in (page.h1.get_text(), "Examples¶", "Options¶"):
        assert title in shown
        shown = shown.replace(title, "", 1)
    assert squeezed(shown) == squeezed(described)
    assert len(page.select("dl.std.option > dt")) >= 2


def test_every_command_is_on_the_list_of_commands(site):
    page = soup(site / "reference" / "cli" / "index.html")
    assert [link["href"] for link in page.select("section#commands li a")] == [f"{name}.html" for name in COMMANDS]


def named(part):
    """Every key that a schema names."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if key == "properties":
            yield from value
        yield from named(value)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_of_a_schema_is_on_its_page(site, name):
    page = soup(site / "reference" / "json" / f"{name.removesuffix('.json')}.html")
    document = schema("ncsolve." + "/".join(name.removesuffix(".json").rsplit("-", 1)))
    shown = {key for cell in page.select("td:first-child code") for key in re.split(r"[.\[\]]+", cell.get_text())}
    assert set(named(document)) <= shown
    assert all(row.select("td")[2].get_text().strip() for row in page.select("tbody tr"))


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_in_the_reference(site, module):
    listing = zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    known = {line.split(" ")[0] for line in listing.splitlines() if " py:" in line}
    found = import_module(module)
    if module == "ncsolve.torch":
        pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    for name in found.__all__:
        value = getattr(found, name)
        homes = {f"{module}.{name}", f"{getattr(value, '__module__', '')}.{name}"}
        assert homes & known, f"{module}.{name} is on no page of docs/reference/api"


def test_examples_are_shown_as_examples(site):
    """Not as a part of what is raised, nor as running text; and nothing is marked as not understood."""
    examples = 0
    for path in pages(site):
        page = soup(path)
        assert not page.select(".system-message, .problematic"), path
        assert not [field for field in page.select("dl.field-list dd") if ">>>" in field.get_text()], path
        assert not [text for text in page.select("article p") if ">>>" in text.get_text()], path
        examples += len(page.select("div.doctest, div.highlight-pycon"))
    assert examples > 80


def test_what_is_described_as_a_parameter_is_one(site):
    described = 0
    for path in sorted((site / "reference" / "api").glob("*.html")):
        for entry in soup(path).select("dl.py"):
            signature = {re.split("[=:]", name.get_text())[0].lstrip("*") for name in entry.dt.select("em.sig-param")}
            for field in entry.select(":scope > dd > dl.field-list > dt"):
                title = field.get_text().strip(" :")
                assert title in ("Parameters", "Raises", "Returns", "Return type"), f"{path.name}: {entry.dt['id']}"
                if title == "Parameters":
                    names = [name.get_text() for name in field.find_next("dd").select("li > p > strong:first-child")]
                    assert set(names) <= signature, f"{path.name}: {entry.dt['id']}"
                    described += len(names)
    assert described > 50


def test_formulas_are_formulas(site):
    """A dollar sign that is none, or a line that markdown reads as a list, makes a formula of the words after it."""
    words = re.compile(r"(?:\b[A-Za-z]{2,},? ){3}")
    formulas = [formula for path in pages(site) for formula in soup(path).select("article .math")]
    assert [text for formula in formulas if words.search(text := formula.get_text())] == []
    assert len(formulas) > 2000


def test_every_link_within_the_site_leads_somewhere(site):
    anchors = {path: {tag["id"] for tag in soup(path).select("[id]")} for path in pages(site)}
    followed = 0
    for path in anchors:
        for link in soup(path).select("article a[href]"):
            place, _, anchor = unquote(link["href"]).partition("#")
            if re.match(r"[a-z]+:", place):
                continue
            target = (path.parent / place).resolve() if place else path
            assert target.exists(), f"{path.relative_to(site)}: {link['href']}"
            assert not anchor or target not in anchors or anchor in anchors[target], f"{path}: {link['href']}"
            followed += 1
    assert followed > 1000


# Elements beyond the right edge that no box around them scrolls.
TOO_WIDE = """() => {
    const boxed = (element) => element.tagName !== "ARTICLE"
        && (getComputedStyle(element).overflowX !== "visible" || boxed(element.parentElement));
    const edge = document.documentElement.clientWidth + 1;
    const wide = [...document.querySelectorAll("article *")].filter((element) =>
        element.getBoundingClientRect().right > edge && !element.closest("mjx-assistive-mml") && !boxed(element));
    return wide.slice(0, 3).map((element) => `${element.tagName} ${element.textContent.slice(0, 60)}`);
}"""


@pytest.fixture(scope="module")
def tab(window):
    """In the browser of the other tests of this process: playwright can't have two."""
    tab = window.new_tab()
    yield tab
    tab.close()


def show(tab, path, width, scheme="light"):
    """Opens a page with everything unfolded and its formulas drawn; what it asked of a network."""
    asked = []

    def note(request):
        asked.append(request.url)

    tab.on("request", note)
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)
    tab.goto(path.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.evaluate("typeof MathJax === 'undefined' ? null : MathJax.startup.promise.then(() => null)")
    tab.remove_listener("request", note)
    return [url for url in asked if not url.startswith(("file:", "data:"))]


def problems(tab, path, width, scheme="light"):
    found = [f"asks for {url}" for url in show(tab, path, width, scheme)]
    found += [f"is too wide at {width}: {text}" for text in tab.evaluate(TOO_WIDE)]
    shown, errors, known = (
        tab.evaluate(f"document.querySelectorAll('{what}').length")
        for what in ("article mjx-container", "mjx-merror", "article .math")
    )
    if errors or shown < known:
        found.append(f"has {known} formulas, of which {shown} are drawn and {errors} are wrong")
    return found


CHECKED = ("theory.html", "theory/deep.html", "verification.html", "reference/json/minimizer-1.html")


@pytest.mark.parametrize("page", CHECKED)
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_and_their_formulas_are_drawn(site, tab, page, width):
    assert problems(tab, site / page, width) == []


@pytest.mark.exhaustive
def test_every_page_fits_and_its_formulas_are_drawn(site, tab):
    found = {
        f"{path.relative_to(site)}: {problem}"
        for path in pages(site) for width, scheme in ((1280, "light"), (390, "dark"))
        for problem in problems(tab, path, width, scheme)
    }
    assert found == set()


def test_what_is_too_wide_or_not_a_formula_is_noticed(site, tab):
    text = (site / "theory.html").read_text(encoding="utf-8")
    broken = site / "broken.html"
    broken.write_text(text.replace("</h1>", "</h1><div style='width: 2000px'>x</div><p>\\(\\frac{1\\)</p>", 1))
    try:
        assert "is too wide at 1280: DIV x" in problems(tab, broken, 1280)
    finally:
        broken.unlink()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_verdicts_are_seen_without_scrolling(site, tab, width):
    show(tab, site / "verification.html", width)
    edges = tab.evaluate("""() => [...document.querySelectorAll("section#verification > .table-wrapper tbody tr")].map(
        (row) => [row.cells[0].textContent, row.cells[0].getBoundingClientRect().right])""")
    assert {verdict for verdict, _ in edges} == {"agrees", "proved"}
    assert len(edges) > 50
    assert max(right for _, right in edges) < width
