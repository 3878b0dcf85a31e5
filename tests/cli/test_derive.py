"""``ncsolve derive`` and ``python -m ncsolve.derivations`` as a user meets them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ncsolve.derivations import __main__ as module
from ncsolve.derivations import _render
from ncsolve.derivations._framework import Theorem
from ncsolve.derivations._steps import Identity, Step

from ncsolve import derivations
from tests import command


@pytest.fixture(scope="module", autouse=True)
def _printed_once() -> Iterator[None]:
    """All formats show the same proofs: their steps are made once, and each formula is printed once in a notation."""
    proofs: dict[str, tuple[Theorem, list[Step]]] = {}
    steps = Theorem.steps

    def made_once(theorem: Theorem) -> Iterator[Step]:
        if proofs.get(theorem.name, (None,))[0] is not theorem:
            proofs[theorem.name] = theorem, list(steps(theorem))
        return iter(proofs[theorem.name][1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Theorem, "steps", made_once)
        for name in ("_sides", "_case", "latex", "line"):
            patch.setattr(_render, name, _remembered(getattr(_render, name)))
        yield


def _remembered(function: Callable[..., object]) -> Callable[..., object]:
    """A pure function that is asked once about the same objects, which are kept, so that no other gets their place."""
    known: dict[tuple[int, ...], tuple[object, object]] = {}

    def ask(*about: object) -> object:
        key = tuple(map(id, about))
        if key not in known:
            known[key] = about, function(*about)
        return known[key][1]

    return ask


def run(*arguments: str) -> str:
    done = command.run("derive", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_list_names_every_theorem() -> None:
    lines = run("--list").splitlines()
    assert [line.split()[0] for line in lines] == list(derivations.names())


def test_settings_specialise_exactly() -> None:
    data = json.loads(run("onehot", "--set", "K=3", "--set", "lambda_b=1/2", "--set", "t=3/50", "--format", "json"))
    assert data["schema"] == "ncsolve.derivation/1"
    assert data["set"] == {"K": "3", "lambda_b": "1/2", "t": "3/50"}
    assert data["result"]["cosine"]["expression"] == "-2/45"
    assert data["result"]["loss"]["expression"] == "57/1000"
    assert len(data["steps"]) == len(list(derivations.get("onehot").steps()))
    assert "Result for K = 3, lambda_b = 1/2" in run("onehot", "--set", "K=3", "--set", "lambda_b=1/2")


def test_simplify() -> None:
    assert run("onehot", "--simplify", "--set", "lambda_b=2", "--format", "json") != run(
        "onehot", "--set", "lambda_b=2", "--format", "json"
    )


def test_python_runs() -> None:
    space: dict[str, object] = {}
    exec(run("onehot", "--format", "python"), space)
    loss = space["onehot_loss"]
    assert callable(loss)
    assert loss(K=3.0, lambda_b=0.5, t=0.06) == pytest.approx(0.057, rel=1e-15)
    exec(run("onehot", "--format", "python", "--set", "K=3", "--set", "lambda_b=1/2", "--set", "t=3/50"), space)
    assert space["onehot_loss"]() == pytest.approx(0.057, rel=1e-15)  # type: ignore[operator]


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=[pytest.mark.exhaustive] if i % 4 else []) for i, x in enumerate(derivations.names())],
)
def test_every_format_of_every_theorem(name: str, tmp_path: Path) -> None:
    text = run(name)
    for part in ("Assumptions", "Statement", "Proof", "Result", "Symbols", "Source:", "File: derivations/"):
        assert part in text
    assert f"{len(list(derivations.get(name).steps())):3}. " in text
    assert "Piecewise" not in text
    formulas = [line for line in text.splitlines() if line.startswith(" " * 9)]
    assert not any("lambda_" in line or "sp." in line for line in formulas)
    json.loads(run(name, "--format", "json"))
    compile(run(name, "--format", "python"), name, "exec")
    markdown = run(name, "--format", "markdown")
    assert markdown.count("$$") % 2 == 0
    document = run(name, "--format", "latex", "--standalone")
    assert document.startswith(r"\documentclass")
    assert document.rstrip().endswith(r"\end{document}")
    # pdfLaTeX reads accented latin letters and nothing beyond.
    assert not {c for c in document if ord(c) > 0x17F}
    for opened, closed in ((r"\[", r"\]"), (r"\begin{", r"\end{"), (r"\left", r"\right")):
        assert document.count(opened) == document.count(closed) + document.count(r"\leftarrow")
    if shutil.which("pdflatex"):
        (tmp_path / "t.tex").write_text(document, encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "unknown theorem 'nope'"),
        ([], "needs the name of a theorem"),
        (["onehot", "--set", "zeta=1"], "choices: K"),
        (["onehot", "--set", "lambda_w=-1"], "lambda_w must be > 0"),
        (["onehot", "--standalone"], "--standalone goes with --format latex"),
    ],
)
def test_bad_input_is_one_error_for_the_application(arguments: list[str], message: str) -> None:
    done = command.run("derive", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_check_proves_first() -> None:
    done = command.run("derive", "simplex", "--check")
    assert done.returncode == 0
    assert "obligations proved" in done.stderr


def test_an_unproved_theorem_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def unproved(theorem: Theorem) -> object:
        Identity(text="wrong", left=theorem.result["loss"], right=theorem.result["beta"]).check()
        return None

    monkeypatch.setattr(Theorem, "check", unproved)
    done = command.run("derive", "onehot", "--check")
    assert done.returncode == 1
    assert done.stderr.startswith("not proved: wrong")
    assert module.main(["--check", "--only", "onehot"]) == 1


def test_module_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert module.main(["--check", "--only", "simplex"]) == 0
    assert "all proved" in capsys.readouterr().out
    assert module.main(["--check", "--only", "nope"]) == 2
    assert module.main(["--list"]) == 0
    assert module.main([]) == 2
