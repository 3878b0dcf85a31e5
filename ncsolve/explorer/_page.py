"""The page: one file with its styles, its scripts, its data and plotly.js."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from string import Template

from ncsolve._files.write_whole import check_free, checked_path, write_whole
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve._text import html_json
from ncsolve._version import __version__
from ncsolve.errors import FileError, MissingPackageError
from ncsolve.explorer._data import page_data

__all__ = ["check_explorer_output", "explorer_page", "write_explorer"]

# In the order in which they use each other; the law of a model stands beside the Python that it mirrors.
_SCRIPTS = (
    "formulas.js", "scales.js", "_models/layered/shrinkage.js", "frame.js", "_models/plain/law.js",
    "_models/layered/law.js", "_models/relu/law.js", "_models/cross_entropy/law.js", "affine.js", "grid.js",
    "model_words.js", "words.js", "space.js", "heat.js", "cursor.js", "charts.js", "controls.js", "main.js",
)


def explorer_page(problem: UFM, *, progress: Callable[[float], None] | None = None) -> str:
    """The explorer of a problem as one HTML page that needs no network.

    Balanced codes a I + q J are evaluated in the page, by code that is generated from the derivations, with linear or
    ReLU features, any depth and any dim, and under cross-entropy where they are one-hot or smoothed; every other
    problem is solved here on a grid of weight decay and lambda_b, and the page shows the grid's points; of more than
    50 classes it draws 20, evenly chosen from the largest to the smallest.

    Parameters
    ----------
    problem : UFM
        Where the page starts.
    progress : function, optional
        Is told how many percent of a grid are solved.

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    SizeError
        If a problem that needs a grid has more than 200 classes or 1000 outputs.
    OpenProblemError
        For cross-entropy, ReLU features, a deep head or a bottleneck where no closed form holds for every lambda_b.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=100,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.05)
    >>> page = explorer_page(problem)
    >>> page.count("<html"), len(page) < 6e6
    (1, True)
    """
    check_problem(problem)
    plotly = _plotly()
    return Template(_read("page.html")).substitute(
        version=__version__,
        style=_read("style.css"),
        data=html_json(page_data(problem, progress)),
        scripts="\n".join(map(_read, _SCRIPTS)),
        plotly=plotly.replace("</script", "<\\/script"),
    )


def write_explorer(
    problem: UFM, path: str | Path, *, force: bool = False, progress: Callable[[float], None] | None = None
) -> int:
    """Write the page and return its size in bytes.

    Raises FileError for an ending other than .html, for a file that exists (unless ``force``), or one that cannot
    be written, and what ``explorer_page`` raises.
    """
    path = check_explorer_output(path, force=force)
    content = explorer_page(problem, progress=progress).encode("utf-8")
    write_whole(path, lambda stream: stream.write(content), force=force)
    return len(content)


def check_explorer_output(path: str | Path, *, force: bool = False) -> Path:
    """The path of a page, checked before the work begins.  Raises FileError."""
    path = checked_path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise FileError(f"{path}: the explorer is a page for a browser; name a file that ends in .html")
    return check_free(path, force=force)


def _read(name: str) -> str:
    folder = "" if name.startswith("_models/") else "explorer/page/"
    return resources.files("ncsolve").joinpath(folder + name).read_text(encoding="utf-8")


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise MissingPackageError("the explorer", "plotly", "ncsolve[explore]") from None
    return str(get_plotlyjs())
