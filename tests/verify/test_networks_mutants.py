"""The claim on trained networks: it agrees with a sound table, and fails each damage to one."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ncsolve.verify._claim import Verdict
from ncsolve.verify._networks import read_networks
from ncsolve.verify.claims import networks

import ncsolve
from ncsolve import verify
from ncsolve.errors import FileError
from tests.verify.network_records import table

Row = dict[str, Any]
Check = Callable[[dict[str, Any], str], Verdict]


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    return table()


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Check:
    """Runs the claim on a table."""

    def of(whole: dict[str, Any], size: str = "quick") -> Verdict:
        path = tmp_path / "networks.json.gz"
        path.write_bytes(gzip.compress(json.dumps(whole).encode()))
        monkeypatch.setattr(networks, "read_networks", lambda: read_networks(path))
        (verdict,) = verify.run_claims(verify.select(only=("networks",)), size=size).verdicts  # type: ignore[arg-type]
        return verdict

    return of


def row(whole: dict[str, Any], variation: str, kind: str) -> Row:
    """The first run of a variation with such a verdict."""
    return next(
        run for run in whole["runs"]
        if run["variation"] == variation and "measured" in run and run["measured"]["verdict"]["kind"] == kind
    )


def test_the_claim_agrees_with_networks_of_every_kind(sound: dict[str, Any], check: Check) -> None:
    kinds = {run["measured"]["verdict"]["kind"] for run in sound["runs"] if "measured" in run}
    assert kinds == {"collapsed as predicted", "not finished", "another model"}
    for size in ("quick", "full"):
        verdict = check(sound, size)
        assert verdict.state == "agrees", [figure for figure in verdict.figures if not figure.passed]
    assert sum("convex program" in figure.what for figure in verdict.figures) == 1


COLLAPSED, FAR = "collapsed as predicted", "not finished"
LINEAR, RELU, PLAIN, ENTROPY = "reference", "relu", "plain", "cross-entropy-smoothed"


def loss_below_the_minimum(run: Row) -> None:
    run["measured"]["loss"] = run["measured"]["minimum"] * (1 - 1e-6)


def smaller_network(run: Row) -> None:
    """All that the loss is made of, so that the loss is still that of its definition."""
    told, network = run["measured"], run["network"]
    away = told["loss"] - told["minimum"] * (1 - 1e-6)
    network["weights"] -= 2 * away / run["problem"]["lambda_w"]
    told["loss"] -= away


def training_below_the_minimum(run: Row) -> None:
    run["training"]["lowest"] = run["measured"]["minimum"] * (1 - 1e-5)


def minimum_lower(run: Row) -> None:
    """Of all that is told of it: loss minus minimum stays the gap."""
    told = run["measured"]
    told["minimum"] *= 1 - 1e-6
    told["gap"] = told["loss"] - told["minimum"]


def gap_alone(run: Row) -> None:
    run["measured"]["gap"] *= 1.01


def part(name: str) -> Callable[[Row], None]:
    def damage(run: Row) -> None:
        run["measured"]["parts"][name] *= 1.01

    return damage


def traded_parts(run: Row) -> None:
    """One part is negative, their sum is right."""
    parts = run["measured"]["parts"]
    parts["dual"] += 2 * parts["fit"]
    parts["fit"] = -parts["fit"]


def relative_gap(run: Row) -> None:
    run["measured"]["relative_gap"] *= 1.001


def told(kind: str) -> Callable[[Row], None]:
    def damage(run: Row) -> None:
        verdict = run["measured"]["verdict"]
        verdict["text"] = verdict["text"].lower().replace(verdict["kind"], kind, 1)
        verdict["kind"] = kind

    return damage


def lenient(name: str) -> Callable[[Row], None]:
    """A verdict by a tolerance that all networks meet."""

    def damage(run: Row) -> None:
        run["measured"]["verdict"][name] = 1e6
        if run["measured"]["relative_gap"] > 0.01 and name == "gap_tolerance":
            told(COLLAPSED)(run)

    return damage


def other_words(run: Row) -> None:
    verdict = run["measured"]["verdict"]
    verdict["text"] = verdict["text"].lower().replace(verdict["kind"], "another model", 1)


def bound_below(name: str) -> Callable[[Row], None]:
    """The bound is half of the distance."""

    def damage(run: Row) -> None:
        run["measured"]["certificate"][name] = run["measured"]["distance"][name] / 2

    return damage


def distance(name: str) -> Callable[[Row], None]:
    def damage(run: Row) -> None:
        run["measured"]["distance"][name] *= 1.001

    return damage


def gram_between(run: Row) -> None:
    run["measured"]["gram"][0][1] += 1e-3


def gram_length(run: Row) -> None:
    run["measured"]["gram"][2][2] *= 1 + 1e-6


def outputs(run: Row) -> None:
    run["network"]["class_outputs"][0][1] += 1e-5


def bias(run: Row) -> None:
    run["network"]["bias"][1] += 1e-3


def decay(run: Row) -> None:
    name = "lambda_v" if "lambda_v" in run["problem"] else "lambda_h"
    run["problem"][name] *= 1 + 1e-6


def factors(run: Row) -> None:
    run["run"]["steps"] += 1



def forgiven(run: Row) -> None:
    run["failure"] = "the loss is not finite"


DAMAGES: dict[str, tuple[str, str, Callable[[Row], None]]] = {
    **{f"{name}, {variation}": (variation, FAR, damage)
       for variation in (LINEAR, RELU, PLAIN, ENTROPY)
       for name, damage in {
           "loss below the minimum": loss_below_the_minimum, "smaller network": smaller_network,
           "lower minimum": minimum_lower, "gap": gap_alone, "relative gap": relative_gap,
           "negative part": traded_parts, "wrong Gram entry": gram_between, "wrong length": gram_length,
           "wrong output": outputs, "wrong bias": bias, "other decay": decay, "called collapsed": told(COLLAPSED),
           "failure of a run that did not fail": forgiven,
           **{f"part {part_name}": part(part_name) for part_name in ("fit", "dual", "feature")},
       }.items()},
    **{f"called {kind}, {variation}": (variation, COLLAPSED, told(kind))
       for variation in (LINEAR, RELU, PLAIN, ENTROPY) for kind in ("not finished", "another model", "geometry only")},
    **{f"training below the minimum, {variation}": (variation, FAR, training_below_the_minimum)
       for variation in (LINEAR, RELU, ENTROPY)},
    **{f"part within, {variation}": (variation, FAR, part("within")) for variation in (LINEAR, RELU, ENTROPY)},
    "called unfinished though stationary": (LINEAR, "another model", told("not finished")),
    "text of another verdict": (LINEAR, COLLAPSED, other_words),
    **{f"bound {name} below the distance, {variation}": (variation, FAR, bound_below(name))
       for variation, names in {
           LINEAR: ("gram", "outputs", "within"), "gaussian": ("gram", "outputs"), PLAIN: ("outputs",),
           ENTROPY: ("gram", "probabilities", "within"),
       }.items() for name in names},
    **{f"distance {name}, {variation}": (variation, FAR, distance(name))
       for variation, names in {LINEAR: ("gram", "outputs", "within"), RELU: ("outputs",), ENTROPY: ("gram",)}.items()
       for name in names},
    "any gap allowed": (LINEAR, "another model", lenient("gap_tolerance")),
    "any slope allowed": (PLAIN, COLLAPSED, lenient("stationarity_tolerance")),
    "other factors": (LINEAR, FAR, factors),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_the_claim_fails_the_damage(sound: dict[str, Any], check: Check, name: str) -> None:
    variation, kind, damage = DAMAGES[name]
    whole = copy.deepcopy(sound)
    damage(row(whole, variation, kind))
    assert check(whole).state == "disagrees"


@pytest.mark.parametrize("name", ["gram", "outputs", "bias"])
def test_a_certificate_of_a_collapsed_network_is_held_against_its_distance(
    sound: dict[str, Any], check: Check, name: str
) -> None:
    whole = copy.deepcopy(sound)
    run = next(run for run in whole["runs"] if run["run"]["lambda_b"] == 0.4 and run["variation"] == LINEAR)
    assert run["measured"]["verdict"]["kind"] == COLLAPSED
    assert run["measured"]["certificate"][name] > run["measured"]["distance"][name] > 0.0
    bound_below(name)(run)
    assert check(whole).state == "disagrees"


def unnamed(verdict: Verdict) -> bool:
    """Whether the claim says that a verdict doesn't name what is missed."""
    return any("which the verdict doesn't name" in figure.what for figure in verdict.figures if not figure.passed)


def shorten(run: Row, factor: float) -> None:
    """The mean of class 0, and with it the features."""
    gram, network = run["measured"]["gram"], run["network"]
    network["features"] -= run["problem"]["counts"][0] * (1 - factor) * gram[0][0]
    gram[0][0] *= factor


def test_a_collapsed_network_whose_class_mean_is_short_has_to_be_told(sound: dict[str, Any], check: Check) -> None:
    """Near a threshold a class mean costs nothing: the verdict may stay, but has to name it."""
    whole = copy.deepcopy(sound)
    run = row(whole, RELU, COLLAPSED)
    shorten(run, 0.85)
    assert not unnamed(check(whole))
    shorten(run, 0.85)
    assert unnamed(check(whole))
    run["measured"]["verdict"]["exceptions"] = ["the mean of class 0 has another length"]
    assert not unnamed(check(whole))


@pytest.mark.parametrize("variation", [LINEAR, RELU, PLAIN])
def test_a_class_mean_that_is_gone_has_to_be_told(sound: dict[str, Any], check: Check, variation: str) -> None:
    """As of ReLU features that are off for all samples of a class."""
    whole = copy.deepcopy(sound)
    run = row(whole, variation, FAR)
    assert not unnamed(check(whole))
    shorten(run, 1e-5)
    assert unnamed(check(whole))
    run["measured"]["verdict"]["text"] += " The mean of class 0 is below 1 % of the predicted length."
    assert not unnamed(check(whole))


@pytest.mark.parametrize("where", [0, 20, -1])
def test_a_run_that_is_dropped_or_there_twice_is_missed(sound: dict[str, Any], check: Check, where: int) -> None:
    dropped, twice = copy.deepcopy(sound), copy.deepcopy(sound)
    dropped["runs"].pop(where)
    twice["runs"].append(twice["runs"][where])
    assert check(dropped).state == "disagrees"
    assert check(twice).state == "disagrees"


@pytest.mark.parametrize("sentence", [None, "", " ", "ProblemError"])
def test_a_failure_has_a_sentence(sound: dict[str, Any], check: Check, sentence: str | None) -> None:
    whole = copy.deepcopy(sound)
    (run,) = (run for run in whole["runs"] if run["outcome"] == "failed")
    run["failure"] = sentence
    assert check(whole).state == "disagrees"


def test_a_solver_whose_minimum_is_wrong_disagrees(
    sound: dict[str, Any], check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weak duality gives less at any other point."""
    original = ncsolve.solve

    def damaged(problem: ncsolve.UFM) -> object:
        other = problem.replace(lambda_w=problem.lambda_w * 1.01) if isinstance(problem, ncsolve.UFM) else problem
        return original(other)

    monkeypatch.setattr(ncsolve, "solve", damaged)
    assert check(sound).state == "disagrees"


_SCHEMA = b'"schema": "ncsolve.networks/1"'


@pytest.mark.parametrize("content", [
    b"", b"no gzip", gzip.compress(b"[]"), gzip.compress(b"{}" * 99)[:-9], gzip.compress(b"{}")[:10] + b"0" * 20,
    gzip.compress(b'{"schema": "other/1"}'), gzip.compress(b'{%b, "runs": [{}], "variations": []}' % _SCHEMA),
    gzip.compress(b'{%b, "runs": 1, "variations": []}' % _SCHEMA),
], ids=["empty", "text", "list", "cut", "damaged", "schema", "row", "rows"])
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "networks.json.gz"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"networks\.json\.gz") as caught:
        read_networks(path)
    assert "\n" not in str(caught.value)


def test_a_table_that_is_missing_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(networks, "read_networks", lambda: read_networks(tmp_path / "nothing.json.gz"))
    (verdict,) = verify.run_claims(verify.select(only=("networks",)), size="quick").verdicts
    assert verdict.state == "error"
    assert verdict.error is not None
    assert "is missing" in verdict.error
    assert "--table" in verdict.error
