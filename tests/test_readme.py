"""The README shows what the commands print."""

from tests import readme


def test_transcripts_are_true(capsys):
    failures = readme.check()
    assert failures == 0, capsys.readouterr().out


def test_a_wrong_transcript_is_noticed(tmp_path, monkeypatch, capsys):
    wrong = tmp_path / "README.md"
    wrong.write_text("```console\n$ ncsolve --version\nncsolve 9.9.9\n```\n\n```pycon\n>>> 1 + 1\n3\n\n```\n")
    monkeypatch.setattr(readme, "README", wrong)
    assert readme.check() == 2
    assert "9.9.9" in capsys.readouterr().out
