"""The README and the pages of the documentation show what the commands print."""

import pytest

from tests import readme


def test_transcripts_are_true(capsys):
    failures = readme.check()
    assert failures == 0, capsys.readouterr().out


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.stem)
def test_transcripts_of_the_documentation_are_true(page, capsys):
    for package in readme.needs(page):
        pytest.importorskip(package, reason=f"needs {package}: pip install 'ncsolve[torch]'")
    failures = readme.check(page=page)
    assert failures == 0, capsys.readouterr().out


def test_a_wrong_transcript_of_a_page_is_noticed(tmp_path, capsys):
    """Run in this process, whole and cut; errors, which go to the other stream, are part of it."""
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ ncsolve --version | sed -n 1,1p\nncsolve 9.9.9\n```\n\n"
        "```console\n$ ncsolve minimizer --depth 0\nncsolve: error: --depth must be an integer from 1 to 100; got 0 (1 "
        "is a single layer)\n```\n"
    )
    assert readme.check(page=page) == 1
    assert "9.9.9" in capsys.readouterr().out


def test_a_wrong_transcript_is_noticed(tmp_path, monkeypatch, capsys):
    wrong = tmp_path / "README.md"
    wrong.write_text("```console\n$ ncsolve --version\nncsolve 9.9.9\n```\n\n```pycon\n>>> 1 + 1\n3\n\n```\n")
    monkeypatch.setattr(readme, "README", wrong)
    assert readme.check() == 2
    assert "9.9.9" in capsys.readouterr().out
