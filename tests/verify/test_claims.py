"""The claims: all are registered, all agree, and the report says so in every form."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest
import rich.console
from ncsolve.verify import claims as registry
from ncsolve.verify._bench import Bench, bisect
from ncsolve.verify._certified import CERTIFIED
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify._format import measured, rounded

import ncsolve
from ncsolve import verify

FOLDER = Path(registry.__file__).parent


def render(table):
    console = rich.console.Console(width=110)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def claim(name, examine):
    return verify.Claim(name=name, statement="s", sources=("ncsolve",), run="r", examine=examine)


def good(size):
    return [Figure(what="x", predicted=1.0, found=1.0, error=0.0, tolerance=0.0, reason="none")]


def bad(size):
    return [Figure(what="x", predicted=1.0, found=2.0, error=1.0, tolerance=0.5, reason="none")]


def broken(size):
    raise ncsolve.ConvergenceError("stopped\nearly")


def interrupted(size):
    raise KeyboardInterrupt


def test_every_file_is_a_registered_claim():
    named = {"designs_layered_relu": "designs-beyond"}  # what people have typed stays
    files = {named.get(path.stem, path.stem.replace("_", "-")) for path in FOLDER.glob("*.py")} - {"--init--"}
    names = [entry.name for entry in verify.CLAIMS if entry.shows == "agrees"]
    assert sorted(names) == sorted(files)
    for entry in verify.CLAIMS:
        assert entry.sources
        assert set(entry.sources) <= set(verify.SOURCES)
        assert entry.statement
        assert entry.run


def test_every_source_has_a_claim():
    assert {source for entry in verify.CLAIMS for source in entry.sources} == set(verify.SOURCES)


# Half of the time of a quick run: descents on layers or nonnegative features from many starts.
LONG = (
    "bottleneck-exchange", "deep-without-bias", "relu-orthogonal-frame", "relu-any-codes", "designs-beyond",
    "convex-program", "large-bias-end",
)


@pytest.mark.parametrize("left_out", [LONG, pytest.param((), marks=pytest.mark.exhaustive)], ids=["most", "all"])
def test_the_quick_run_in_two_processes(left_out):
    """One test for all that is asked of it: the run is the longest thing that is tested here."""
    claims = [entry for entry in verify.CLAIMS if entry.name not in left_out]
    assert len(claims) == len(verify.CLAIMS) - len(left_out)
    quick = verify.run_claims(claims, size="quick", workers=2)
    every_claim_agrees(quick, claims)
    the_issue_asks_for_so_many_random_problems(quick)
    what_is_proved_is_proved_by_certificates(quick)
    the_table_the_json_and_the_markdown_tell_the_same(quick, claims)
    the_stable_report_hides_noise_and_time(quick)
    the_kept_table_is_the_current_one(quick, whole=not left_out)


def every_claim_agrees(quick, claims):
    assert quick.passed, quick.failures
    assert quick.failures == ()
    assert [verdict.claim.name for verdict in quick.verdicts] == [entry.name for entry in claims]
    for verdict in quick.verdicts:
        assert verdict.seconds > 0
        for figure in verdict.figures:
            assert figure.reason
            assert figure.comparisons > 0
            assert math.isfinite(figure.error)


def the_issue_asks_for_so_many_random_problems(quick):
    times = {(v.claim.name, f.what): f.comparisons for v in quick.verdicts for f in v.figures}
    assert times["free-bias", "b = mu"] >= 200
    assert times["large-bias-law", "b = (tau/lambda_b) O u"] >= 100
    assert times["cosine-curve", "cos(lambda_b)"] >= 40


def what_is_proved_is_proved_by_certificates(quick):
    proved = [verdict for verdict in quick.verdicts if verdict.claim.shows == "proved"]
    assert {verdict.claim.name.removesuffix("-certified") for verdict in proved} == set(CERTIFIED)
    assert {verdict.state for verdict in proved} == {"proved"}
    assert sum(figure.comparisons for verdict in proved for figure in verdict.figures) >= 100


def the_table_the_json_and_the_markdown_tell_the_same(quick, claims):
    text = render(quick.table())
    assert text.count("agrees") + text.count("proved") == len(claims)
    document = quick.to_json()
    assert document["passed"] is True
    assert document["schema"] == "ncsolve.verify/1"
    assert len(document["claims"]) == len(claims)
    markdown = quick.to_markdown()
    for entry in claims:
        assert entry.name in text
        assert f"## {entry.name}" in markdown
        assert entry.statement in markdown


def the_stable_report_hides_noise_and_time(quick):
    assert quick.summary not in quick.to_stable_markdown()
    for verdict in quick.verdicts:
        for figure in verdict.figures:
            predicted, found, _ = rounded(figure)
            if not isinstance(figure.predicted, str):
                assert float(found) == pytest.approx(float(predicted), abs=2e-3, rel=2e-2)


def the_kept_table_is_the_current_one(quick, *, whole):
    """The same claims, texts and comparisons; CI compares the digits too, on its own machine."""
    kept, current = (
        re.sub(r"-?\d[\d.]*(e-?\d+)?", "#", text).splitlines()
        for text in (
            (Path(__file__).parents[2] / "docs" / "verification.md").read_text(encoding="utf-8"),
            quick.to_stable_markdown(),
        )
    )
    assert kept == current if whole else set(current) <= set(kept), (
        "run: ncsolve verify --quick --stable --force --report docs/verification.md"
    )


def test_selection():
    assert [entry.name for entry in verify.select(only=("free-bias",))] == ["free-bias"]
    assert all("zhou2022" in entry.sources for entry in verify.select(source="zhou2022"))
    assert 0 < len(verify.select(source="zhou2022")) < len(verify.CLAIMS)
    with pytest.raises(ncsolve.UnknownNameError, match="free-bias"):
        verify.select(only=("free-bia",))
    with pytest.raises(ncsolve.UnknownNameError, match="zhou2022"):
        verify.select(source="zhou2021")


def test_a_claim_that_disagrees_or_breaks_fails_the_report_and_not_the_run():
    report = verify.run_claims([claim("a", good), claim("b", bad), claim("c", broken), claim("d", good)])
    assert [verdict.state for verdict in report.verdicts] == ["agrees", "disagrees", "error", "agrees"]
    assert not report.passed
    assert "2 of 4 claims agree, 1 disagree, 1 ended in an error" in report.summary
    assert report.failures[0].startswith("b: x: predicted 1, found 2, error 1, tolerance 5e-01")
    assert report.failures[1] == "c: ConvergenceError: stopped early"
    assert "DISAGREES" in render(report.table())
    assert "ERROR" in render(report.table())
    assert "DISAGREES" in render(report.details())
    assert "stopped early" in report.to_markdown()
    assert report.to_json()["passed"] is False


def test_a_claim_says_what_its_figures_show():
    proved = dataclasses.replace(claim("a", good), shows="proved")
    report = verify.run_claims([proved, claim("b", good), dataclasses.replace(claim("c", bad), shows="proved")])
    assert [verdict.state for verdict in report.verdicts] == ["proved", "agrees", "disagrees"]
    assert [verdict.passed for verdict in report.verdicts] == [True, True, False]
    assert "2 of 3 claims agree, 1 disagree" in report.summary


def test_a_claim_ends_at_its_first_disagreement_if_asked():
    reached = []

    def staged(size):
        worst = Worst("x", tolerance=0.5, reason="none")
        worst.add(1.0, 1.2)
        worst.add(1.0, 3.0)
        reached.append("the end")
        worst.add(1.0, 9.0)
        return [at_most("y", 1.0, 0.0, reason="none"), worst.figure()]

    def bounded(size):
        return [at_most("y", 1.0, 0.0, reason="none"), at_least("x", 1.0, 0.5, reason="none"), *staged(size)]

    claims = [claim("a", good), claim("b", staged), claim("c", bounded), claim("d", broken), claim("e", good)]
    states = ["agrees", "disagrees", "disagrees", "error", "agrees"]
    whole = verify.run_claims(claims)
    assert [verdict.state for verdict in whole.verdicts] == states
    assert [figure.found for figure in whole.verdicts[1].figures] == [0.0, 9.0]
    assert reached == ["the end", "the end"]
    reached.clear()
    ended = verify.run_claims(claims, fail_fast=True)
    assert reached == []
    assert [verdict.state for verdict in ended.verdicts] == states
    for verdict, found in ((ended.verdicts[1], 3.0), (ended.verdicts[2], 0.5)):
        (figure,) = verdict.figures
        assert (figure.what, figure.found, figure.passed) == ("x", found, False)
    assert ended.verdicts[0].figures == whole.verdicts[0].figures
    assert bad("quick")[0].error == 1.0  # a figure that disagrees is no error outside


def test_an_end_at_a_disagreement_changes_nothing_where_all_agrees():
    chosen = verify.select(only=("balancedness", "orthogonal-limit", "signed-codes", "free-bias-certified"))
    whole, ended = verify.run_claims(chosen), verify.run_claims(chosen, fail_fast=True)
    assert whole.passed
    assert [verdict.figures for verdict in ended.verdicts] == [verdict.figures for verdict in whole.verdicts]


def test_an_interrupt_keeps_the_finished_claims():
    report = verify.run_claims([claim("a", good), claim("b", interrupted), claim("c", good)])
    assert report.interrupted
    assert not report.passed
    assert [verdict.state for verdict in report.verdicts] == ["agrees", "not run", "not run"]
    assert "2 not run" in report.summary
    assert "interrupted" in report.summary
    assert "| not run |" in report.to_markdown()


def test_nothing_examined_is_not_agreement():
    assert not verify.run_claims([]).passed
    assert not verify.run_claims([claim("a", lambda size: [])]).passed


def test_verdicts_are_told_as_they_come():
    told = []
    verify.run_claims([claim("a", good), claim("b", bad)], on_verdict=lambda verdict: told.append(verdict.claim.name))
    assert told == ["a", "b"]


def test_workers_must_be_positive():
    with pytest.raises(ncsolve.NCSolveError, match="workers must be an integer of at least 1"):
        verify.run_claims(workers=0)


def test_figures_pass_only_with_a_comparison_and_a_number():
    worst = Worst("x", tolerance=1.0, reason="r")
    assert not worst.figure().passed
    for predicted, found in ((1.0, math.nan), (math.nan, 1.0), ([1.0, 2.0], [1.0]), ([], []), (1.0, math.inf)):
        worst = Worst("x", tolerance=1.0, reason="r")
        worst.add(1.0, 1.0)
        assert worst.figure().passed
        worst.add(predicted, found)
        worst.add(1.0, 1.0)
        assert not worst.figure().passed
        assert isinstance(worst.figure().to_json()["error"], str)


def test_the_worst_entry_is_kept_relative_to_the_largest():
    worst = Worst("x", tolerance=1e-3, reason="r")
    worst.add([100.0, 1.0], [100.0, 1.05])
    figure = worst.figure()
    assert (figure.predicted, figure.found) == (1.0, 1.05)
    assert figure.error == pytest.approx(5e-4)
    worst.add(0.0, 0.01)
    assert worst.figure().error == pytest.approx(0.01)
    assert not worst.figure().passed
    assert worst.figure().example == (100.0, 100.0)


def test_bounds():
    assert at_least("x", 1.0, [1.0, 2.0], reason="r").passed
    assert at_least("x", 1.0, [0.9, 2.0], reason="r").error == pytest.approx(0.1)
    assert at_most("x", 1.0, [1.0, 0.0], reason="r").passed
    assert not at_most("x", 1.0, [1.0, 1.1], reason="r").passed
    for bound in (at_least, at_most):
        assert not bound("x", 1.0, [], reason="r").passed
        assert not bound("x", 1.0, [1.0, math.nan], reason="r").passed


def test_rounding_leaves_the_digits_that_the_tolerance_allows():
    def figure(predicted, found, tolerance):
        error = abs(predicted - found)
        return Figure(what="x", predicted=predicted, found=found, error=error, tolerance=tolerance, reason="r")

    assert rounded(figure(0.428571428, 0.42856, 1e-3)) == ("0.428571", "0.429", "< 1e-03")
    assert rounded(figure(0.0, 3e-11, 1e-8)) == ("0", "0", "< 1e-08")
    assert rounded(figure(0.0, 3e-3, 1e-8)) == ("0", "0.003", "0.003")
    assert rounded(figure(0.0, 0.0, 0.0)) == ("0", "0", "0")
    assert rounded(at_least("x", 0.5, [0.123456], reason="r")) == (">= 0.5", "0.12", "0.4")
    assert measured(figure(0.5, 0.50000012345, 1e-3)) == ("0.5", "0.5", "1.2e-07")


def test_bisection_finds_the_turn_and_admits_when_there_is_none():
    assert bisect(lambda x: x > 0.3, 1e-3, 1e3, relative=1e-6) == pytest.approx(0.3, rel=1e-6)
    assert math.isnan(bisect(lambda x: True, 1.0, 2.0, relative=0.1))
    assert math.isnan(bisect(lambda x: False, 1.0, 2.0, relative=0.1))


def test_unconverged_runs_and_runs_below_the_optimum_are_figures():
    problem = ncsolve.UFM(encoding=np.eye(2), counts=2, lambda_w=0.05, lambda_h=0.05, lambda_b=1.0)
    bench = Bench()
    run = verify.descend(problem, max_steps=1, trace=False)
    bench.count([run])
    assert not bench.figures()[0].passed
    better = ncsolve.solve(problem.replace(lambda_w=0.051))
    bench = Bench()
    bench.settle(problem, prediction=better)
    assert [figure.passed for figure in bench.figures()] == [True, False]
