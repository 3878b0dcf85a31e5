"""Rows say of the seeds what their records say, and nothing of what is not there."""

import math
import statistics

import numpy as np
import pytest

from experiments._run import Run
from experiments._summary import facts_of, interval, points_of, rows_of, shares, smaller_length
from tests.experiments import records

LOST = records.SUITE.variations[0].runs[4]


@pytest.fixture(scope="module")
def table():
    return records.small_table(without=("cnn",), failed=(LOST.key,))


def row_of(run, noise=1e-3, **changed):
    row = records.record(run, noise) | {"variation": "a"}
    return row | {"measured": row["measured"] | changed}


def test_students_interval():
    values = [0.3, 0.1, 0.4, 0.1, 0.5]
    mean, half = interval([*values, math.nan])
    assert mean == pytest.approx(statistics.mean(values), rel=1e-14)
    # 2.7764 is the 97.5 % quantile of Student's distribution with four degrees of freedom, from a printed table.
    assert half == pytest.approx(2.7764 * statistics.stdev(values) / math.sqrt(5), rel=1e-4)


def test_one_seed_has_no_interval():
    assert interval([0.5, math.nan])[0] == 0.5
    assert math.isnan(interval([0.5])[1])
    assert all(math.isnan(value) for value in interval([math.nan]))


@pytest.mark.parametrize("factors", [{}, {"tail": "relu"}, {"encoding": "signed"}, {"loss": "cross-entropy"}])
def test_cosines_are_those_of_the_document(factors):
    row = row_of(Run(per_class=20, lambda_b=1.0, **factors))
    fact = facts_of(row)
    assert fact.cosine == pytest.approx(row["measured"]["cosines"]["mean"], abs=1e-12)
    worst = max(abs(row["measured"]["cosines"][end] - fact.predicted) for end in ("min", "max"))
    assert fact.apart == pytest.approx(worst, abs=1e-12)  # all predicted cosines are the same


def test_classes_that_the_prediction_lets_die_have_no_cosine():
    row = row_of(Run(per_class=20, imbalance=10, threshold=0.6, lambda_b=math.inf))
    fact = facts_of(row)
    assert [round(value, 6) > 0 for value in fact.predicted_squares] == [True, True, False, False]
    gram = np.array(row["measured"]["gram"])
    assert fact.cosine == pytest.approx(gram[0, 1] / math.sqrt(gram[0, 0] * gram[1, 1]), abs=1e-14)


def test_a_class_mean_that_died_against_the_prediction_is_infinitely_far():
    run = Run(per_class=20, tail="relu", lambda_b=1.0)
    gram = np.array(row_of(run)["measured"]["gram"])
    gram[0] = gram[:, 0] = 0.0
    fact = facts_of(row_of(run, gram=gram.tolist()))
    assert fact.apart == math.inf
    assert math.isnan(fact.cosine)


def test_distances_are_parts_of_the_predicted_frame():
    row = row_of(Run(per_class=20, imbalance=10, lambda_b=0.3))
    counts = np.array(row["problem"]["counts"])
    size = np.linalg.norm(np.sqrt(np.outer(counts, counts)) * np.array(row["measured"]["predicted"]["gram"]))
    fact = facts_of(row)
    assert fact.distance * size == pytest.approx(row["measured"]["distance"]["gram"], rel=1e-12)
    assert fact.certified * size == pytest.approx(row["measured"]["certificate"]["gram"], rel=1e-12)
    assert fact.distance < fact.certified


def test_what_a_run_does_not_have_is_not_a_number():
    fact = facts_of(row_of(Run(per_class=20, tail="plain", decay=3e-3, lambda_b=0.3)))
    assert math.isnan(fact.certified)  # no theorem gives it for two layers
    assert fact.distance > 0
    assert math.isnan(facts_of(row_of(Run(per_class=20), certificate=None)).certified)


def test_the_bias_fraction_is_the_projection_on_the_label_mean():
    row = row_of(Run(per_class=20, imbalance=10, lambda_b=0.3))
    mean = np.array(row["problem"]["counts"]) / sum(row["problem"]["counts"])
    fact = facts_of(row)
    assert fact.centring == pytest.approx(np.array(row["network"]["bias"]) @ mean / (mean @ mean), rel=1e-12)
    assert fact.predicted_centring == pytest.approx(fact.centring, rel=1e-12)  # the noise is on the features alone
    assert 0 < fact.centring < 1


def test_the_length_of_smaller_classes_is_over_the_predicted_one_of_the_larger():
    assert smaller_length([9.0, 1.0, 4.0, 16.0], [4.0, 4.0, 0.0, 0.0]) == (2.0 + 4.0) / 2 / 2.0
    assert smaller_length([9.0, 9.0, 4.0], [1.0, 9.0, 4.0]) == 2.0 / 2.0  # the first two of three have more
    assert math.isnan(smaller_length([1.0, 1.0], [0.0, 1.0]))  # all of the larger are zero
    assert math.isnan(smaller_length((), ()))  # of a run that failed


def test_a_row_is_the_seeds_of_one_design(table):
    rows = points_of(table)["reference"]
    assert [row.lambda_b for row in rows] == [0.0, 0.1, 1.0, math.inf]
    assert [len(row.facts) for row in rows] == [3, 3, 3, 3]
    assert rows[1].verdicts == {"collapsed as predicted": 2, "failed": 1}
    assert rows[1].gaps.size == 2
    assert rows[2].apart == max(fact.apart for fact in rows[2].facts)
    assert rows[2].off == pytest.approx(abs(rows[2].cosine - rows[2].predicted), abs=1e-15)
    assert 0 < rows[2].half < 0.01  # the noise of a thousandth moves a mean cosine by less than itself


def test_variations_that_were_not_run_have_no_rows(table):
    points = points_of(table)
    assert "cnn" not in points
    assert [row.threshold for row in points["minority"]] == [0.1, 0.3, 0.6]
    assert rows_of([], variation="minority") == ()


def test_the_parts_of_a_gap_are_its_whole(table):
    for name, rows in points_of(table).items():
        for row in rows:
            found = dict(row.shares)
            within = found.pop("within", 0.0)
            assert sum(found.values()) == pytest.approx(1.0, rel=1e-9), name  # of numbers with ten digits
            assert within <= found["fit"] + found["feature"] + 1e-9
    assert shares([]) == {}
