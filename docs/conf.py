"""Sphinx: `python -m sphinx -W --keep-going docs site` builds the pages; nothing is fetched when they are viewed.

The pages in reference/cli and reference/json are written before they are read, from the commands and the schemas.
"""

import re
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "_ext"))

from commands import command_pages
from prose import write_folder
from schema_pages import schema_pages

from ncsolve import __version__

project = "ncsolve"
author = "The ncsolve developers"
copyright = "2026, the ncsolve developers"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
smartquotes_action = "D"  # a dash between words is one; quotes stay those of the program
autodoc_mock_imports = [name for name in ("torch", "torchmetrics") if find_spec(name) is None]
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
exclude_patterns = ["_build", "_ext"]
mathjax3_config = {"tex": {"maxBuffer": 100_000}}  # the longest formula of a proof has 40,000 characters, not 5,000
html_theme = "furo"
html_title = f"ncsolve {version}"
html_static_path = ["_static"]
html_css_files = ["ncsolve.css"]


def for_readers(app, what, name, obj, options, lines):
    """Docstrings as readers of the site need them, before napoleon looks at them."""
    if what == "module":  # its first paragraph and its examples: the rest is on its files, for who changes them
        first, *others = "\n".join(lines).strip().split("\n\n")
        lines[:] = "\n\n".join([first, *(part for part in others if part.startswith(">>>"))]).splitlines()
    lines[:] = [re.sub(r"(?<![`\w/])docs/([\w/-]+)\.md", r":doc:`docs/\1.md </\1>`", line) for line in lines]


def without_types(app, what, name, obj, options, lines):
    """Of a property napoleon has taken what stands before a colon in its first line for its type: put it back."""
    types = [line for line in lines if line.startswith(":type: ")]
    if what in ("property", "attribute", "data") and types:
        lines[:] = [f"{types[0].removeprefix(':type: ')}: {lines[0]}", *lines[1 : lines.index(types[0])]]


def setup(app):
    app.connect("autodoc-process-docstring", for_readers, priority=400)
    app.connect("autodoc-process-docstring", without_types, priority=600)
    reference = Path(app.srcdir) / "reference"
    write_folder(reference / "cli", command_pages())
    write_folder(reference / "json", schema_pages())
