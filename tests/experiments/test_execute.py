"""A run from its factors to its record, also where it can't be made."""

import json
import math

import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
pytest.importorskip("sklearn", reason="digits are scikit-learn's")

from experiments._execute import execute
from experiments._run import Run


@pytest.mark.parametrize("run", [
    Run(per_class=5, steps=20), Run(per_class=5, steps=20, lambda_b=math.inf, loss="cross-entropy"),
    Run(per_class=5, steps=3, tail="plain", decay=3e-3, optimizer="lbfgs"),
    Run(per_class=5, steps=3, tail="bn-relu", optimizer="lbfgs", network="resnet"),
])
def test_the_record_is_of_the_network_that_was_trained(run):
    found = execute(run)
    assert found["outcome"] == "measured"
    assert Run.from_json(found["run"]) == run
    assert found["key"] == run.key
    assert found["measured"]["gap"] > 0
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    again = execute(run)
    assert {**again, "seconds": 0} == {**found, "seconds": 0}


@pytest.mark.parametrize(("run", "words"), [
    (Run(per_class=5, steps=20, learning_rate=1e300), "Error: "),
    (Run(per_class=5, steps=20, learning_rate=1e4), "ProblemError: "),
    (Run(per_class=5, steps=20, threshold=1e200), "OverflowError: "),
    (Run(per_class=5, steps=20, loss="cross-entropy", encoding="signed"), "ProblemError: "),
    (Run(per_class=5, steps=20, seed=2**64), "Error: "),
    (Run(per_class=5, steps=20, imbalance=5, encoding="designed:simplex"), "ProblemError: "),
])
def test_a_run_that_cannot_be_made_says_why_in_one_line(run, words):
    found = execute(run)
    assert found["outcome"] == "failed"
    assert words in found["failure"]
    assert "\n" not in found["failure"]
    assert "measured" not in found


def test_an_error_without_words_is_a_failed_run(monkeypatch):
    def speechless(*_):
        raise ValueError

    monkeypatch.setattr("experiments._execute.train", speechless)
    assert execute(Run(per_class=5))["failure"] == "ValueError: no reason is given"
