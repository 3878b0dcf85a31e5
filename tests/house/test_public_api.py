"""The public names of ncsolve, and what can be passed to them, change only on purpose."""

import json

import pytest

import ncsolve
from ncsolve import geometry
from tests.house import public_api


def test_the_public_api_is_the_committed_one():
    changed = public_api.difference()
    assert not changed, (
        f"the public API has changed; undo it, or say so in CHANGELOG.md and run: python -m tests.house.public_api "
        f"--write\n{changed}"
    )


def test_that_of_torch_is_the_committed_one():
    pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    assert not public_api.difference(public_api.OF_TORCH), "as above"


def another_name(monkeypatch):
    monkeypatch.setattr(ncsolve, "solve", lambda problem, *, how="auto": None)


def another_default(monkeypatch):
    monkeypatch.setattr(ncsolve, "solve", lambda problem, *, method="spectral": None)


def by_position(monkeypatch):
    monkeypatch.setattr(ncsolve, "solve", lambda problem, method="auto": None)


def a_method_gone(monkeypatch):
    monkeypatch.delattr(ncsolve.Minimizer, "save")


def a_new_name(monkeypatch):
    monkeypatch.setattr(geometry, "__all__", [*geometry.__all__, "__doc__"])


def an_option_gone(monkeypatch):
    from ncsolve.cli._minimizer import minimizer

    monkeypatch.setattr(minimizer, "params", [one for one in minimizer.params if one.name != "dim"])


def a_document_that_takes_more(monkeypatch):
    loads = json.loads

    def damaged(text):
        return loads(text.replace('["linear", "relu"]', '["linear", "relu", 0]') if "ncsolve.path/1" in text else text)

    monkeypatch.setattr(json, "loads", damaged)


@pytest.mark.parametrize("damage", [
    another_name, another_default, by_position, a_method_gone, a_new_name, an_option_gone, a_document_that_takes_more,
])
def test_each_change_is_noticed(damage, monkeypatch):
    damage(monkeypatch)
    lines = public_api.difference().splitlines()
    assert 1 <= len([line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]) <= 2
