"""The distribution: every folder is packaged, the version and the public names stand in one place."""

import ast
import configparser
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import ncsolve
from tests.house.lowest import lowest

ROOT = Path(__file__).parents[2]
USERS = ("plot", "tables", "report", "safetensors", "explore", "dask")


def setup():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_every_package_is_listed():
    """setup.cfg lists packages by hand, because automatic discovery does not follow the mapping of folders."""
    listed = set(setup()["options"]["packages"].split())
    found = set()
    for top, name in (("ncsolve", "ncsolve"), ("derivations", "ncsolve.derivations"), ("verify", "ncsolve.verify")):
        for init in (ROOT / top).rglob("__init__.py"):
            found.add(".".join([name, *init.parent.relative_to(ROOT / top).parts]))
    assert listed == found


def test_public_names_exist_and_are_documented():
    assert sorted(set(ncsolve.__all__)) == sorted(ncsolve.__all__)
    for name in ncsolve.__all__:
        thing = getattr(ncsolve, name)
        if callable(thing):
            assert thing.__doc__, name


def test_errors_are_one_family():
    for name in ncsolve.__all__:
        thing = getattr(ncsolve, name)
        if isinstance(thing, type) and issubclass(thing, Exception):
            assert issubclass(thing, ncsolve.NCSolveError)
            assert issubclass(thing, ValueError)


def test_dependencies_point_one_way():
    """The numeric core imports neither the derivations, nor the verifier, nor their libraries, when it is imported."""
    forbidden = ("ncsolve.derivations", "ncsolve.verify", "sympy", "cvxpy", "matplotlib", "torch")
    for path in (ROOT / "ncsolve").rglob("*.py"):
        if path.parent == ROOT / "ncsolve/torch":  # whose reason to be it is; the floors say that nothing imports it
            continue
        for node in ast.parse(path.read_text()).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.startswith(forbidden) for name in names), path


def test_a_checkout_that_hides_the_installed_package_says_so():
    """Without an editable install ``ncsolve/`` is found first in a checkout, and has neither verify nor derivations."""
    code = (
        "import sys; sys.meta_path[:] = [finder for finder in sys.meta_path if isinstance(finder, type)"
        " and 'editable' not in finder.__module__.lower()]\n"
        "try: from ncsolve import verify\n"
        "except ImportError as error: print(error)\n"
        "from ncsolve.cli import main; main(['derive', '--list'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    told = "ncsolve.{} needs an editable install, as the folder {}/ncsolve hides the installed package; install it with"
    command = ": " + shlex.join([sys.executable, "-m", "pip", "install", "-e", str(ROOT)])
    assert done.returncode == 2
    assert done.stdout == told.format("verify", ROOT) + command + "\n"
    assert done.stderr == "ncsolve: error: " + told.format("derivations", ROOT) + command + "\n"


def test_the_change_log_has_the_version():
    assert f"## {ncsolve.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_lowest_versions_are_the_bounds_of_every_extra_that_is_tested():
    pins = lowest((ROOT / "setup.cfg").read_text())
    assert "numpy == 1.26" in pins
    extras = setup()["options.extras_require"]
    assert set(extras) == {*USERS, "all", "test", "torch", "docs"}
    for extra in USERS:
        for bound in extras[extra].strip().splitlines():
            assert bound.replace(">=", "==") in pins


def test_all_is_every_extra_that_a_user_may_need():
    """All but torch, whose size is beyond that of the rest together, and what only developers need."""
    extras = {name: set(text.strip().splitlines()) for name, text in setup()["options.extras_require"].items()}
    assert extras["all"] == set().union(*(extras[name] for name in USERS))


@pytest.mark.parametrize("line", ["numpy", "numpy == 1.26", "numpy >= 1.26, < 3", "numpy>=1.26", "pytest >= 8"])
def test_a_requirement_whose_lowest_version_is_not_one_number_is_refused(line):
    text = "[options]\ninstall_requires =\n    {}\n[options.extras_require]\ntest =\n    pytest >= 7\n"
    assert lowest(text.format("numpy >= 1.26")) == ["numpy == 1.26", "pytest == 7"]
    with pytest.raises(ValueError, match=r"setup\.cfg (must state|states two)"):
        lowest(text.format(line))
