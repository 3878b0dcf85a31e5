"""Every case as a problem file of every command: the same minimizer, in words and as a document."""

import numpy as np
import pytest

import ncsolve
from tests.cases import CASES, every_case
from tests.command import document, run, said

BEST_FOUND = "best found, not known to be the global minimum"
PICTURED = {"law", "deep", "relu"}  # a report takes seconds
reported = pytest.mark.parametrize("case", [
    pytest.param(case, marks=[] if name in PICTURED else [pytest.mark.exhaustive], id=name)
    for name, case in CASES.items()
])


def says_what_is_known(text, case, *, is_global):
    """The model and the guarantee, of all but the paper's model."""
    parts = ("deep linear head", "bottleneck", "ReLU features", "cross-entropy")
    assert any(part in text for part in parts) == (not case.of_the_paper)
    assert (BEST_FOUND in text) == (not is_global)


@every_case
def test_minimizer(case, tmp_path):
    file, found = case.file(tmp_path), ncsolve.solve(case.problem)
    text = said("minimizer", "--problem", file, "--full")
    assert text.startswith(BEST_FOUND.capitalize()) == (not case.is_global)
    says_what_is_known(text, case, is_global=case.is_global)
    assert f"({case.theorem}" in text
    assert ("global minimum" in text) == (not case.of_the_paper)
    assert f"{found.loss:.15g}" in text
    shown = document("minimizer", "--problem", file)
    assert (shown["theorem"], shown["regime"]) == (case.theorem, found.regime)
    assert shown["loss"] == pytest.approx(found.loss, rel=1e-12)
    assert ("model" in shown) == (not case.of_the_paper)
    if case.unique == "Gram matrix":
        np.testing.assert_allclose(shown["gram"], found.gram, rtol=0, atol=1e-9)


@every_case
def test_path(case, tmp_path):
    """Between points so close that there is no change to be searched for."""
    arguments = ["path", "--problem", case.file(tmp_path), "--lambda-b", "0.1,0.101"]
    points = [ncsolve.solve(case.problem.replace(lambda_b=value)) for value in (0.1, 0.101)]
    text, all_global = said(*arguments), all(point.guarantee == "global" for point in points)
    says_what_is_known(text, case, is_global=all_global)
    assert ("global minimum at every point" in text) == (all_global and not case.of_the_paper)
    assert document(*arguments)["columns"]["loss"] == pytest.approx([point.loss for point in points], rel=1e-12)


@every_case
def test_compare(case, tmp_path):
    arguments = ["compare", "--problem", case.file(tmp_path), "--encodings", "onehot"]
    found = ncsolve.compare(["onehot"], **case.options).rows[0].minimizer
    told = "minimum: global where a theorem says so" in said(*arguments)
    assert told == (found.choice.theorem in ("T8", "T9", "T10", "T16"))
    (row,) = document(*arguments)["encodings"]
    assert row["loss"] == pytest.approx(found.loss, rel=1e-12)


@every_case
def test_verify(case, tmp_path):
    shown = document("verify", "--problem", case.file(tmp_path))
    assert shown["passed"]
    assert (BEST_FOUND in shown.get("note", "")) == (not case.is_global)


@every_case
def test_certify(case, tmp_path):
    """Every model but those without a convex penalty, and ReLU under cross-entropy; each says so in one line."""
    out = tmp_path / "certificate.json"
    done = run("certify", "--problem", case.file(tmp_path), "--out", out)
    without = case.model in ("layered", "cross-entropy over ReLU features")
    if without or not case.is_global:
        assert (done.stdout, done.stderr.count("\n"), out.exists()) == ("", 1, False)
        assert done.returncode == (2 if without else 1)
        reasons = ("heads of one layer", "below the rank", "leave --dim out", "are for linear features")
        assert any(part in done.stderr for part in reasons)
    else:
        assert "certified: loss in [" in done.stdout
        assert "certified: loss in [" in said("check", out)


@reported
def test_report(case, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    pytest.importorskip("latex2mathml", reason="latex2mathml is not installed")
    said("report", "--problem", case.file(tmp_path), "--no-verify", "--out", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    says_what_is_known(text, case, is_global=case.is_global)
    assert ("Best point found" in text) == (not case.is_global)
    assert f"{ncsolve.solve(case.problem).loss:.15g}" in text
