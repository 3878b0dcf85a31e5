"""The pages that are written by hand: where they lead, and that README and landing page answer the same questions."""

import importlib
import re
import shlex
import subprocess
import sys

import pytest

import ncsolve
from tests import command
from tests.readme import README, ROOT

DOCS = ROOT / "docs"
KINDS = ("tutorials", "howto", "explanation")
WRITTEN = sorted(page for kind in KINDS for page in (DOCS / kind).glob("*.md"))
OTHERS = [README, ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md", DOCS / "index.md", DOCS / "references.md"]
PAGES = [*OTHERS, *WRITTEN]
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| ([^|]+\?) \| (.+) \|$", re.M)


def text_of(page):
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """Of its headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.M)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading).lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def dead(page):
    """Links to files that are not there and, in written pages, to headings that are not."""
    found = []
    for target in LINK.findall(text_of(page)):
        if target.startswith("https:"):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.is_file() or (anchor and file in PAGES and anchor not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    assert dead(page) == []


def test_a_dead_link_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"[a](https://a.b) [b](gone.md) [c]({README}#start) [d](#nothing)\n")
    assert dead(page) == ["gone.md"]  # the heading of a page that is not in the list is not looked for
    assert "relu-between-the-layers-no-lower-bound" in anchors(DOCS / "explanation" / "layered.md")
    assert "nothing" not in anchors(README)


def test_the_landing_page_lists_every_written_page():
    listed = set(re.findall(r"^(\w[\w/-]+)$", (DOCS / "index.md").read_text(encoding="utf-8"), re.M))
    assert {str(page.relative_to(DOCS).with_suffix("")) for page in WRITTEN} <= listed


def answers(page):
    """Question, and the cells beside it."""
    return [(question, cells.split(" | ")) for question, cells in ROW.findall(page.read_text(encoding="utf-8"))]


def test_readme_and_landing_page_lead_to_the_same_pages():
    readme, landing = answers(README), answers(DOCS / "index.md")
    assert min(len(readme), len(landing)) >= 10
    here = {page.removeprefix("docs/") for _, cells in readme for page in LINK.findall(cells[-1])}
    there = {page for _, cells in landing for page in LINK.findall(cells[-1])}
    assert {page.partition("#")[0] for page in here} <= {page.partition("#")[0] for page in there}


def trained(answer):
    """What an answer on a training script takes for granted: a network and its data."""
    if "(model)" not in answer:
        return {}
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    importlib.import_module("ncsolve.torch")
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 3, bias=False))
    return {"model": model, "loader": [(torch.randn(6, 4), torch.arange(6) % 3)]}


@pytest.mark.parametrize("answer", [cells[0].strip("`") for _, cells in answers(README)])
def test_the_commands_of_the_readme_run(answer, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    if answer.startswith("python -m "):
        done = subprocess.run([sys.executable, *answer.split()[1:]], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return
    if not answer.startswith("ncsolve "):
        assert eval(answer, {"ncsolve": ncsolve} | trained(answer)) is not None  # the rows for Python
        return
    words = shlex.split(answer)[1:]
    done = command.run(*words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_readme_fits_one_screen_and_a_half():
    assert len(README.read_bytes()) <= 12_000


@pytest.mark.parametrize("block", ["install", "test"])
def test_each_of_the_two_blocks_of_ci_is_one_command(block):
    """Found as .ci/run finds it."""
    lines = README.read_text(encoding="utf-8").splitlines()
    at = lines.index(f"<!-- ci: {block} -->")
    assert lines[at + 1] == "```bash"
    assert lines[at + 2].startswith("python3 -m venv .venv && ")
    assert lines[at + 3] == "```"


def test_the_citation_is_of_this_version_and_of_the_paper():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    references = (DOCS / "references.md").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", citation, re.M) == [ncsolve.__version__]
    assert f"version = {{{ncsolve.__version__}}}" in references
    title = re.search(r'^title: "(.+)"$', citation, re.M)[1]
    assert f"{{{title}}}" in references
    for said in (citation, references, README.read_text(encoding="utf-8")):
        assert "arXiv:2606.00344" in said
        assert "The role of class encoding in neural collapse" in said
