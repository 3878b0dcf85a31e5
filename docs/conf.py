"""Sphinx: `python -m sphinx -W --keep-going docs site` builds the pages; nothing is fetched when they are viewed."""

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
autodoc_typehints = "none"
autodoc_member_order = "bysource"
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"ncsolve {version}"
