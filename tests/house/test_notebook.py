"""The notebook of the examples runs from top to bottom and shows what its cells print."""

import copy

import pytest

from tests import notebook


@pytest.fixture(scope="module")
def run():
    return notebook.executed(notebook.stored())


def test_it_shows_what_it_prints(run):
    old = notebook.stored()
    assert notebook.differences(old, run) == []
    code = [cell for cell in old["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in code)
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert sum(notebook.texts(cell) == "picture" for cell in code) == 3
    assert not any("stderr" in notebook.texts(cell) for cell in code)


def test_another_number_and_another_word_are_noticed(run):
    changed = copy.deepcopy(run)
    shown = [cell for cell in changed["cells"] if "simplex to intermediate" in notebook.texts(cell)]
    shown[0]["outputs"][0]["text"] = shown[0]["outputs"][0]["text"].replace("0.0526", "0.0527")
    assert len(notebook.differences(changed, run)) == 1
    shown[0]["outputs"][0]["text"] = "simplex to acute"
    assert len(notebook.differences(changed, run)) == 1


def test_what_is_printed_is_one_text_however_the_kernel_cuts_it():
    """Seen on a loaded machine: one message for the empty line, one for the table below it."""
    def stream(name, text):
        return {"output_type": "stream", "name": name, "text": text}

    picture = {"output_type": "display_data", "data": {"image/png": ""}}
    cut = [stream("stdout", "a\n"), stream("stdout", "\nb"), stream("stderr", "c"), picture, stream("stderr", "d")]
    assert notebook.joined(cut) == [stream("stdout", "a\n\nb"), stream("stderr", "c"), picture, stream("stderr", "d")]


def test_what_is_stored_is_the_same_each_time(run, tmp_path, monkeypatch):
    """Nothing of the time or the machine of the run."""
    for name in ("a", "b"):
        monkeypatch.setattr(notebook, "NOTEBOOK", tmp_path / name)
        notebook.written(copy.deepcopy(run))
    text = (tmp_path / "a").read_text()
    assert text == (tmp_path / "b").read_text()
    for word in ("iopub", "/tmp", "site-packages"):
        assert word not in text
    assert len(text) < 300_000
