"""The gallery: its scripts run, and the committed figures are the ones they draw."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "examples" / "figures"
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
VERSION = re.compile(r"Matplotlib v([\d.]+)")
# As in pyproject.toml; and pyparsing reports more of matplotlib's old grammar where it sees -W error.
OLD_NAMES = [f"-Wignore::DeprecationWarning:{module}"
             for module in ("matplotlib._fontconfig_pattern", "matplotlib._mathtext", "pyparsing.util", "pyparsing")]


def parts(text):
    """Tags and texts without their numbers, and the numbers; names that are hashes and embedded images are left out."""
    text = re.sub(r"data:image/png;base64,[^\"]*", "image", text)
    text = re.sub(r"(id=\"|href=\"#|url\(#)[a-z]+[0-9a-f]{10}", r"\1name", text)
    return NUMBER.sub("", text), [float(number) for number in NUMBER.findall(text)]


@pytest.mark.exhaustive
def test_figures_are_what_the_scripts_draw(tmp_path, tmp_path_factory):
    done = subprocess.run(
        [sys.executable, "-Werror", *OLD_NAMES, str(ROOT / "examples" / "gallery.py"), str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=300,
        # matplotlib's list of fonts of its own: one that an environment since deleted has left names missing fonts
        env=os.environ | {"MPLCONFIGDIR": str(tmp_path_factory.mktemp("matplotlib"))},
    )
    assert done.returncode == 0, done.stderr
    assert "lambda_b* = 0.0526315789474" in done.stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(file.name for file in FIGURES.iterdir())
    for file in FIGURES.iterdir():
        committed, drawn = file.read_text(), (tmp_path / file.name).read_text()
        assert len(committed) < 200_000
        if VERSION.search(committed)[1] != VERSION.search(drawn)[1]:
            continue  # another matplotlib lays out differently
        (words, numbers), (new_words, new_numbers) = parts(committed), parts(drawn)
        assert words == new_words, file.name
        assert numbers == pytest.approx(new_numbers, abs=2e-3, rel=1e-6), file.name


def test_every_figure_is_shown_on_a_page():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    link = re.compile(r"!\[[^\]]+\]\([./]*examples/figures/([^)]+)\)")
    shown = {name for page in pages for name in link.findall(page.read_text(encoding="utf-8"))}
    assert shown == {file.name for file in FIGURES.iterdir()}
