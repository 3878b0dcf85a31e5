"""The house: a package imports only from floors below its own, there is no way round, and the floors are few."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from ncsolve._outlets import OUTLETS
from tests.house import branches

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
# From the bottom; what stands on one floor knows nothing of its neighbours.
FLOORS = [layer.split(" | ") for layer in reversed(CONTRACTS["floors"]["layers"])]
FLOOR = {room: number for number, rooms in enumerate(FLOORS, start=1) for room in rooms}
FLAT = 12
# The public names, the commands and the named door are tables of strings that stand for imports from above.
TABLES = {"ncsolve", "ncsolve.cli._lazy", "ncsolve._outlets"}


def modules():
    found = {}
    for path in (ROOT / "ncsolve").rglob("*.py"):
        found[".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()
HOMES = {name: home or f"ncsolve.{name}" for name, home in import_module("ncsolve")._HOMES.items()}
HOMES["__version__"] = "ncsolve._version"


def typing_only(tree):
    return {
        id(inside) for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for part in node.body for inside in ast.walk(part)
    }


def imported(tree, name, *, strings=True):
    """What a module of ncsolve imports of it, wherever in the file, also by a string that names a module."""
    left_out = typing_only(tree) | {
        id(node.body[0].value) for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert alias.name != "ncsolve", f"{name}: imports name what they take"  # an attribute would not be seen
                if alias.name.startswith("ncsolve."):
                    yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
            if node.module == "ncsolve":
                yield from (HOMES.get(alias.name, f"ncsolve.{alias.name}") for alias in node.names)
            elif (node.module or "").startswith("ncsolve."):
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    yield full if full in MODULES else node.module
        elif strings and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from {node.value.partition(":")[0]} & (MODULES.keys() - {"ncsolve"})


def room(name):
    return name.split(".")[1]


def climbs(text, name):
    """Imports of a module that do not go down."""
    wrong = []
    for target in imported(ast.parse(text), name, strings=name not in TABLES):
        part = room(target)
        if part in ("verify", "derivations"):
            if room(name) not in ("cli", "report", "plots"):
                wrong.append(target)
        elif part != room(name) and FLOOR[part] >= FLOOR[room(name)]:
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_down(name):
    if name == "ncsolve":
        return
    assert climbs(MODULES[name].read_text(encoding="utf-8"), name) == []


def test_within_a_room_there_is_no_way_round():
    """Files of one package do not import each other in a circle, whether at their head or in a function."""
    below = {
        name: {target for target in imported(ast.parse(path.read_text(encoding="utf-8")), name) if target in MODULES}
        for name, path in MODULES.items() if name not in TABLES
    }
    left = {name: below[name] - {name} for name in below}
    while left:
        free = {name for name, targets in left.items() if not targets & left.keys()}
        assert free, f"a circle of imports: {sorted(left)}"
        left = {name: targets for name, targets in left.items() if name not in free}


# One breach for each "never" of the house.
BREACHES = [
    ("ncsolve._spectrum.workspace", "from ncsolve._problem.ufm import UFM"),
    ("ncsolve._spectrum.secular_step", "import ncsolve.encodings"),
    ("ncsolve._bias.start", "from ncsolve._problem import ufm"),
    ("ncsolve._bias.jacobian", "from ncsolve.encodings import onehot"),
    ("ncsolve._frames.dense", "def f():\n    from ncsolve._models.registry import model_of"),
    ("ncsolve._models.room", "from ncsolve._minimizer.solve import solve"),
    ("ncsolve._minimizer.minimizer", "from ncsolve._sweeps.path import path"),
    ("ncsolve._minimizer.minimizer", "from ncsolve._documents.npz import save"),
    ("ncsolve._minimizer.solve", "from ncsolve.plots import gram_matrix"),
    ("ncsolve._minimizer.solve", "from ncsolve.certificates import certify"),
    ("ncsolve.plots._frame", "from ncsolve._words import minimizer"),
    ("ncsolve.plots._phase", "from ncsolve._documents.phase import phase_document"),
    ("ncsolve.plots._axis", "from ncsolve.cli._output import say"),
    ("ncsolve._documents.path", "from ncsolve.plots import path_figure"),
    ("ncsolve._documents.phase", "from ncsolve._words import path"),
    ("ncsolve._documents.design", "from ncsolve.cli._output import say"),
    ("ncsolve._words.path", "from ncsolve.plots import path_figure"),
    ("ncsolve._words.bias", "from ncsolve._documents.npz import save"),
    ("ncsolve._words.model", "from ncsolve.cli._output import say"),
    ("ncsolve.report._page", "from ncsolve.cli._output import say"),
]
# What the contract alone sees, within a package or of three importers,
OF_MODELS = [
    ("ncsolve._models.plain.frames", "from ncsolve._models.layered.room import is_narrow"),
    ("ncsolve._models.plain.frames", "from ncsolve._models.relu.ridge import Ridge"),
    ("ncsolve._models.layered.head", "from ncsolve._models.relu.ridge import Ridge"),
    ("ncsolve._models.protocol", "from ncsolve._models.plain.model import PLAIN"),
    ("ncsolve._sweeps.path", "from ncsolve._models.relu.model import RELU"),
]
# and what it does not: names of the whole package, names in strings, and folders that an editable install maps.
UNSEEN = [
    ("ncsolve._models.room", "from ncsolve import solve"),
    ("ncsolve._minimizer.minimizer", "WHERE = 'ncsolve.plots:gram_matrix'"),
    ("ncsolve._bias.start", "from ncsolve import encodings"),
    ("ncsolve._sweeps.path", "import ncsolve.verify"),
    ("ncsolve._words.path", "def f():\n    from ncsolve.verify import check"),
    ("ncsolve.certificates._check", "from ncsolve.derivations import get"),
]


@pytest.mark.parametrize(("name", "line"), BREACHES + UNSEEN)
def test_each_way_up_is_noticed(name, line):
    assert name in MODULES
    text = MODULES[name].read_text(encoding="utf-8")
    assert climbs(text, name) == []
    assert len(climbs(f"{text}\n{line}\n", name)) == 1


def lint(folder):
    """The contracts, kept or broken by the package in a folder."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"COLUMNS": "400", "PYTHONUTF8": "1"},
    )


def test_the_contracts_are_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in done.stdout


def test_the_contracts_notice_each_breach(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "ncsolve", tmp_path / "ncsolve", ignore=shutil.ignore_patterns("__pycache__"))
    wanted = set()
    for name, line in BREACHES + OF_MODELS:
        assert name in MODULES
        with (tmp_path / MODULES[name].relative_to(ROOT)).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
        wanted |= {(name, target) for target in imported(ast.parse(line), name)}
    done = lint(tmp_path)
    assert done.returncode == 1
    assert f"Contracts: 0 kept, {len(CONTRACTS)} broken." in done.stdout
    assert wanted - set(re.findall(r"(ncsolve[\w.]*) -> (ncsolve[\w.]*)", done.stdout)) == set()
    assert len(wanted) == len(BREACHES + OF_MODELS)


def test_the_whole_package_is_not_imported():
    with pytest.raises(AssertionError, match="name what they take"):
        climbs("import ncsolve", "ncsolve._spectrum.workspace")


def test_every_room_has_a_floor_and_few_modules_are_flat():
    assert {room(name) for name in MODULES if name != "ncsolve"} == set(FLOOR)
    assert len(FLOORS) <= 12
    assert len([path for path in (ROOT / "ncsolve").glob("*.py") if path.name != "__init__.py"]) <= FLAT


def leans_on(text):
    """What a file imports that Python does not bring along."""
    tree = ast.parse(text)
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}


def test_the_checkers_stand_alone():
    text = MODULES["ncsolve.certificates.checker"].read_text(encoding="utf-8")
    assert leans_on(text) == set()
    for line in ("import numpy", "def f():\n    from ncsolve.errors import NCSolveError", "from . import _proof"):
        assert len(leans_on(f"{text}\n{line}\n")) == 1
    for name in ("relu_checker", "cross_entropy_checker"):
        own = MODULES[f"ncsolve.certificates.{name}"].read_text(encoding="utf-8")
        assert leans_on(own) == {"ncsolve.certificates.checker"}  # which --source prints with it


def test_the_floors_of_the_guide_are_these():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = {int(number): set(re.findall(r"`(\w+)`", rooms)) for number, rooms in
            re.findall(r"^\| (\d+) \| ([^|]*) \|", text, re.MULTILINE)}
    assert rows == {number: set(rooms) for number, rooms in enumerate(FLOORS, start=1)}


def test_the_files_that_the_guide_names_are_there():
    named = set(re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    places = (ROOT, ROOT / "ncsolve", ROOT / "ncsolve/_models", ROOT / "ncsolve/explorer")
    assert {name for name in named if not any((place / name).exists() for place in places)} == set()
    assert len(named) > 40


def test_the_named_door_has_few_entries_and_all_of_them_open():
    assert len(OUTLETS) <= 17
    for method, entry in OUTLETS.items():
        module, _, function = entry.partition(":")
        assert callable(getattr(import_module(module), function))
        kind, _, name = method.partition(".")
        home = {"Design": "ncsolve.design", "Inverse": "ncsolve.design"}.get(kind, "ncsolve")
        assert callable(getattr(getattr(import_module(home), kind), name))


# Folders that look at the library from outside: what they import of it is public.
TOPS = ("verify", "derivations", "benchmarks", "experiments")
OUTSIDE = [path for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))]
PRIVATE = re.compile(r"\bncsolve(?:\.\w+)*\._[a-z]\w*")


def private(text, top):
    """Private modules and names of ncsolve that a file imports, reaches as an attribute or names in a string."""
    named = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            named |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            named.add(ast.unparse(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named.add(node.value)
    found = {match[0] for name in named for match in PRIVATE.finditer(name)}
    return {name for name in found if not name.startswith(f"ncsolve.{top}.")}


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_looks_from_outside_takes_public_names(path):
    assert private(path.read_text(encoding="utf-8"), path.relative_to(ROOT).parts[0]) == set()


@pytest.mark.parametrize(("file", "line"), [
    ("verify/_samples.py", "from ncsolve._problem.ufm import check_problem"),
    ("verify/convex.py", "from ncsolve import _formulas"),
    ("verify/peers.py", "from ncsolve.derivations._exact import tidy"),
    ("verify/claims/regimes.py", "def f():\n    import ncsolve._frames.dense"),
    ("derivations/_exact.py", "import ncsolve\nncsolve._formulas"),
    ("derivations/__main__.py", "from ncsolve.cli._output import flushed"),
    ("derivations/_docs.py", "WHERE = 'ncsolve._words.model'"),
    ("benchmarks/files.py", "READER = 'from ncsolve._files.reading.labels import read_labels'"),
    ("benchmarks/scale.py", "from ncsolve.verify._samples import Samples"),
])
def test_each_private_name_is_noticed(file, line):
    assert ROOT / file in OUTSIDE
    text = (ROOT / file).read_text(encoding="utf-8")
    assert len(private(f"{text}\n{line}\n", Path(file).parts[0])) == 1


# Besides the models and their words: what the objective is, in its own folder, in frames and in looks from outside;
# what a loss takes of the samples of a network; and two that ask which checker or which descents are wanted.
BRANCHES = (
    "ncsolve/_models/", "ncsolve/_words/", "ncsolve/_problem/", "ncsolve/_frames/", "ncsolve/certificates/", "verify/",
    "derivations/", "ncsolve/_measure/", "ncsolve/cli/_measure", "ncsolve/cli/_certify.py", "ncsolve/plots/_descent.py",
)


def test_models_are_asked_and_not_recognised():
    assert [path for path in branches.count() if not path.startswith(BRANCHES)] == []


@pytest.mark.parametrize("line", [
    'x = problem.features == "relu"', "x = problem.depth > 1", 'x = found.choice.theorem in ("T8", "T9")',
    "x = problem.plain", "x = isinstance(found.frame, FactoredFrame)", "x = problem.spec.one_layer",
])
def test_each_branch_on_a_model_counts(line):
    assert branches.branches(ast.parse(line)) == {1}
