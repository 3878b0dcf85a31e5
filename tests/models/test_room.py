"""A feature dimension below K is a bottleneck only where the minimizer needs more: one answer from whoever is asked."""

import dataclasses
import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._documents.path import path_document
from ncsolve._documents.phase import phase_document
from ncsolve._problem.sweep import Sweep
from ncsolve._sweeps.shared_spectrum import convex_along
from tests.command import said

# The third row is the sum of the others: four codes in a plane.
PLANE = np.array([[1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, -1.0], [1.0, 1.0, 2.0, 1.0]])
CODES = {
    # (problem, lambda_b around it): does it bind?
    "plane": (ncsolve.UFM(encoding=PLANE, counts=5, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.3, dim=2), False),
    "line": (ncsolve.UFM(encoding=PLANE, counts=5, lambda_w=1e-3, lambda_h=1e-3, lambda_b=math.inf, dim=1), True),
    # One-hot codes with d = K - 1: the label mean needs a dimension from lb* = 0.0204 on.
    "simplex": (ncsolve.UFM(encoding=encodings.onehot(4), counts=25, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.01,
                            dim=3), False),
    "above lb*": (ncsolve.UFM(encoding=encodings.onehot(4), counts=25, lambda_w=1e-3, lambda_h=1e-3, lambda_b=1.0,
                               dim=3), True),
    # Two of the four classes vanish.
    "collapsed": (ncsolve.UFM(encoding=encodings.onehot(4), counts=[400, 100, 2, 2], lambda_w=2e-2, lambda_h=1e-3,
                              lambda_b=math.inf, dim=2), False),
}


def answers(problem, tmp_path):
    """What everybody says of one problem: whether there is a bottleneck."""
    found = ncsolve.solve(problem)
    around = [problem.lambda_b] if problem.lambda_b == math.inf else [0.9 * problem.lambda_b, 1.1 * problem.lambda_b]
    along = ncsolve.path(problem, lambda_b=around)
    row = ncsolve.compare(
        [problem.encoding], counts=problem.counts, lambda_w=problem.lambda_w, lambda_h=problem.lambda_h,
        lambda_b=problem.lambda_b, dim=problem.dim,
    )
    answer = {
        "theorem": found.choice.theorem == "T8", "document": "model" in found.to_json(), "path": along.beyond,
        "path document": "model" in path_document(along), "comparison": row.beyond,
        "comparison document": "model" in row.to_json()["problem"],
        "select_method": ncsolve.select_method(problem).theorem == "T8",
    }
    if len(around) > 1:
        diagram = ncsolve.phase(problem, lambda_b=around, against="weight_decay", values=[9e-4, 1.1e-3])
        answer |= {"phase": diagram.beyond, "phase document": "model" in phase_document(diagram)}
    file = tmp_path / "codes.npy"
    np.save(file, problem.encoding.matrix)
    counts = ",".join(map(str, problem.counts.array.tolist()))
    options = ["--encoding", str(file), "--counts", counts, "--lambda-w", str(problem.lambda_w), "--lambda-h",
               str(problem.lambda_h), "--dim", str(problem.dim)]
    for command, values in (("minimizer", str(problem.lambda_b)), ("path", ",".join(map(str, [*around, around[-1]])))):
        answer[f"{command} in words"] = "bottleneck" in said(command, *options, "--lambda-b", values)
    return answer


@pytest.mark.parametrize("name", CODES)
def test_one_answer(name, tmp_path):
    problem, expected = CODES[name]
    rank = ncsolve.solve(problem.replace(dim=None)).rank
    assert (rank > problem.dim) == expected
    found = answers(problem, tmp_path)
    assert found == dict.fromkeys(found, expected)


def test_a_dimension_that_binds_nothing_changes_nothing():
    problem, _ = CODES["plane"]
    wide = problem.replace(dim=None)
    narrow, other = (ncsolve.path(p, lambda_b=[0.1, 1.0, 10.0]) for p in (problem, wide))
    assert narrow.loss.tolist() == other.loss.tolist()
    assert narrow.changes == other.changes


def test_what_binds_between_the_values_counts():
    """One-hot codes from lambda_b = 0 to above lb*: at 0 there is room, from lb* on there is not."""
    problem, _ = CODES["simplex"]
    transition = ncsolve.solve(problem.replace(dim=None)).transition
    sweep = Sweep(problem=problem, name="lambda_b", values=np.array([0.1, 0.9]) * transition)
    assert convex_along(sweep) is not None
    assert convex_along(dataclasses.replace(sweep, values=np.array([0.1, 1.1]) * transition)) is None


def test_what_binds_only_between_the_values_counts():
    """Three classes live between two weight decays of which each has room for two, in a copy of the ranks."""
    problem, _ = CODES["collapsed"]
    sweep = Sweep(problem=problem, name="lambda_w", values=np.array([1.5e-2, 2e-2]))
    assert convex_along(sweep) is not None
    with pytest.MonkeyPatch.context() as patch:
        change = ncsolve.RegimeChange(
            value=1.7e-2, kind="rank", regime_before="general", regime_after="general", rank_before=2, rank_after=3
        )
        patch.setattr("ncsolve._sweeps.shared_spectrum.regime_changes", lambda sweep: (change,))
        assert convex_along(sweep) is None


@pytest.mark.parametrize(("dim", "narrow"), [(1, True), (2, False), (3, False)])
def test_deep_heads_ask_the_rank_of_the_codes(dim, narrow):
    from ncsolve._models.words import model_words
    from ncsolve._words.model import model

    problem = CODES["plane"][0].replace(dim=dim, depth=2, lambda_b=0.0)
    found = ncsolve.solve(problem)
    from ncsolve._problem.convention import CONVENTIONS

    assert ("bottleneck" in model(found, CONVENTIONS["paper"])) is narrow
    assert ("bottleneck" in model_words(problem)) is narrow


@pytest.mark.parametrize(("lambda_b", "guarantee"), [(math.inf, "global"), (1.0, "best found")])
def test_room_is_asked_of_the_minimizer_not_of_rounded_codes(lambda_b, guarantee):
    """The third code is rounding beside the others, but its class is large and the weight decay tiny."""
    found = ncsolve.solve(ncsolve.UFM(
        encoding=np.diag([1, 1, 5e-16]), counts=[1, 2, 10**9], lambda_w=1e-30, lambda_h=1e-30, lambda_b=lambda_b, dim=2
    ))
    assert (found.choice.theorem, found.rank, found.guarantee, found.W.shape) == ("T8", 2, guarantee, (3, 2))
