"""A minimizer in words: the verdict of every kind of problem, the table of the classes, text, notebook and document."""

import math
import os
import re
from html.parser import HTMLParser
from unittest import mock

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._problem.convention import CONVENTIONS
from ncsolve._words.class_means import figures_of
from ncsolve._words.summary import summary
from tests.cases import CASES, every_case
from tests.command import run

INF = math.inf
PAPER = CONVENTIONS["paper"]


def solved(encoding, counts=100, lambda_b=0.5, decay=5e-4, **more):
    return ncsolve.solve(ncsolve.UFM(
        encoding=encoding, counts=counts, lambda_w=decay, lambda_h=decay, lambda_b=lambda_b, **more,
    ))


ONEHOT = encodings.onehot(10)
MERGED = [[1, 1, 0], [0, 0, 1]]
NAMES = ["cat", "dog", "<b>", "猫"]
# Whole verdicts, each number of which is in THEORY's closed form: t = 0.05, lambda_b* = t/(1 - t), cos = -t/(K lambda_b
# (1 - t)) + ..., share = t/lambda_b beyond the transition and 1/(1 + lambda_b) up to it.
VERDICTS = {
    "intermediate": (
        solved(ONEHOT),
        "Between simplex ETF and orthogonal frame: 90.6 degrees between any two class means; the bias takes out 10 % "
        "of the label mean. The simplex ETF ends at lambda_b* = 0.05263158 (lambda_b = 0.5 is a factor 9.5 above it).",
    ),
    "simplex": (
        solved(ONEHOT, lambda_b=0.0),
        "Simplex ETF: 96.4 degrees between any two class means; the free bias takes out all of the label mean. The "
        "simplex ETF ends at lambda_b* = 0.05263158 (lambda_b = 0 is below it).",
    ),
    "orthogonal": (
        solved(ONEHOT, lambda_b=INF),
        "Orthogonal frame: 90 degrees between any two class means; there is no bias. The simplex ETF ends at lambda_b* "
        "= 0.05263158 (lambda_b = inf is above it).",
    ),
    "acute": (
        solved(encodings.smoothed(10, 0.1), lambda_b=5.0),
        "Acute frame: 89.4 degrees between any two class means; the bias takes out 1 % of the label mean. The simplex "
        "ETF ends at lambda_b* = 0.05263158 (lambda_b = 5 is a factor 95 above it).",
    ),
    "collapsed": (
        solved(ONEHOT, decay=0.1),
        "Collapsed: weight decay takes every class mean: t = 10 is not below 1; use sqrt(lambda_W lambda_H) < 1/(K "
        "sqrt(n)) = 0.01; the bias takes out 66.67 % of the label mean.",
    ),
    "one vector": (
        solved(encodings.affine(3, 0.2, 1.0), decay=0.01, lambda_b=INF),
        "No two class means differ: t = 0.3 is not below 0.2; use sqrt(lambda_W lambda_H) < |a|/(K sqrt(n)) = "
        "0.006666667; there is no bias. Class means cease to be zero at lambda_b* = 0.1034483 (lambda_b = inf is above "
        "it).",
    ),
    "nothing to learn": (
        solved(encodings.onehot(1), lambda_b=0.0),
        "Collapsed: every class mean is zero, for the labels are fitted without them; the free bias takes out all of "
        "the label mean.",
    ),
    "one alone": (
        solved(encodings.onehot(3), counts=[400, 3, 1], decay=5e-3, lambda_b=INF),
        "Only class 0 has a class mean that is not zero; there is no bias. 2 of 3 class means are zero (minority "
        "collapse: classes of at most T^2 = 4.0804 samples vanish).",
    ),
    "no label mean": (
        solved(encodings.simplex(10)),
        "Simplex ETF: 96.4 degrees between any two class means; the label mean is zero, and so is the bias.",
    ),
    "one class": (
        solved(encodings.onehot(1), lambda_b=INF),
        "One class, whose mean has length 0.31544; there is no bias. The class mean ceases to be zero at lambda_b* = "
        "0.005025126 (lambda_b = inf is above it).",
    ),
    "minority": (
        ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(4), counts=[400, 100, 9, 1], lambda_w=5e-3, lambda_h=1e-3,
                                  lambda_b=INF, class_names=NAMES)),
        "Orthogonal class means of different lengths: 90 degrees between any two class means that are not zero; there "
        "is no bias. The mean of '猫' is zero (minority collapse: classes of at most T^2 = 1.3005 samples vanish).",
    ),
    "a line": (
        solved(encodings.ordinal(5), counts=3, lambda_b=0.0),
        "The class means lie on one line, on both sides of zero; the free bias takes out all of the label mean. The "
        "mean of class 2 is zero.",
    ),
    "merged": (
        solved(MERGED, lambda_b=INF),
        "0 to 90 degrees between class means, whose lengths differ by a factor 1.19, neither near an orthogonal frame "
        "nor near a simplex ETF (NC2 distances 0.625 and 1.04); there is no bias. Class 0 and class 1 share one mean. "
        "The law of large bias regularization holds from lambda_b+ = 0.01222301 on (lambda_b = inf is above it).",
    ),
    "no transition": (
        solved(ONEHOT, dim=9, lambda_b=5.0),
        "Simplex ETF: 96.4 degrees between any two class means; the bias takes out 16.67 % of the label mean. There is "
        "no dimension left for the label mean: the simplex ETF holds for every finite lambda_b.",
    ),
    "not unique": (
        solved(encodings.smoothed(5, 0.2), lambda_b=1.0, dim=3),
        "Not unique: any 3 of the 4 contrast directions are a global minimizer; what follows is one of them. 109.5 "
        "degrees between any two class means that are not zero, neither near a simplex ETF nor near an orthogonal "
        "frame (NC2 distances 0.518 and 0.671); the bias takes out 50 % of the label mean. 1 of 5 class means is zero. "
        "Transition at lambda_b = 1.854394, first order: from there on the label mean takes one of the 3 dimensions "
        "(lambda_b = 1 is a factor 1.85 below it).",
    ),
    "jump": (
        ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=0.05,
                                  depth=2)),
        "Between simplex ETF and orthogonal frame: 95.3 degrees between any two class means; the bias takes out 34.94 "
        "% of the label mean. Transition at lambda_b = 0.03928241, first order: the label mean's singular value jumps "
        "from 0 to 0.5 sqrt(n) (lambda_b = 0.05 is a factor 1.27 above it).",
    ),
    "relu": (
        solved(encodings.onehot(4), features="relu"),
        "Orthogonal frame: 90 degrees between any two class means; the bias takes out 3.882 % of the label mean. With "
        "ReLU features and balanced counts the frame is orthogonal for every lambda_b.",
    ),
    "best found": (
        ncsolve.solve(ncsolve.UFM(encoding=encodings.gaussian(5, 3, seed=0), counts=100, lambda_w=5e-4, lambda_h=5e-4,
                                  lambda_b=0.1, dim=2)),
        None,
    ),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_verdict(name):
    found, text = VERDICTS[name]
    if text is not None:
        assert found.verdict() == text
    else:
        assert found.verdict().startswith("Best found, not known to be the global minimum: at most ")


@every_case
def test_every_case_has_a_verdict_that_claims_no_more_than_is_known(case):
    found = ncsolve.solve(case.problem)
    text = found.verdict()
    assert text.endswith(".")
    assert "\n" not in text
    assert text.startswith("Best found") == (found.guarantee != "global")
    assert "None" not in text
    said = re.search(r"(?:^|\. |: )([0-9.]+)(?: to ([0-9.]+))? degrees", text)
    if said is not None:
        angles = [math.degrees(math.acos(cosine)) for cosine in (found.cosines.max, found.cosines.min)]
        shown = [float(said[1]), float(said[2] or said[1])]
        assert shown == pytest.approx(angles, abs=0.051)


def test_an_angle_near_that_of_a_frame_is_not_rounded_to_it():
    at = 0.05 / 0.95
    assert ": 96.3794 degrees" in solved(ONEHOT, lambda_b=at * (1 + 1e-9)).verdict()
    assert ": 96.4 degrees" in solved(ONEHOT, lambda_b=at * (1 - 1e-9)).verdict()
    assert "is just above it" in solved(ONEHOT, lambda_b=at * (1 + 1e-9)).verdict()


def test_a_bias_beyond_the_label_mean_takes_out_no_more_than_all():
    """With H >= 0 the bias serves the large class."""
    found = solved(encodings.onehot(4), counts=[400, 100, 9, 1], lambda_b=0.02, decay=5e-3, features="relu")
    assert found.centring > 1.1
    text = f"; the bias goes beyond the label mean: along it, it is {100 * found.centring:.4g} % of that."
    assert text in found.verdict()


def test_a_share_is_not_rounded_to_all():
    assert "takes out more than 99.99 % of" in solved(ONEHOT, lambda_b=1e-7).verdict()


def test_a_convention_is_that_of_the_problem_and_the_loss():
    lambdas = CONVENTIONS["torch-mean"].to_paper(1000, 10, 5e-4, 5e-4, 0.5)
    found = solved(ONEHOT, decay=lambdas[0], lambda_b=lambdas[2])
    text = found.summary(convention="torch-mean")
    assert "lambda_W = 0.0005, lambda_H = 0.0005, lambda_b = 0.5" in text
    assert text == run("minimizer", "--lambda-b", 0.5, "--convention", "torch-mean").stdout.rstrip("\n")
    assert "lambda_b* = 0.06666667 (lambda_b = 0.5" in found.verdict(convention="torch-mean").replace("\n", " ")
    with pytest.raises(ncsolve.UnknownNameError, match="unknown convention 'sums'; did you mean 'sum'"):
        found.summary(convention="sums")


@pytest.mark.parametrize("full", [False, True])
def test_the_summary_is_what_the_command_prints(full):
    """At 100 columns, and whatever a terminal or a notebook asks of rich."""
    command = run("minimizer", "--counts", "5,3,2", "--lambda-b", "0.1", *(["--full"] if full else []))
    with mock.patch.dict(os.environ, {"FORCE_COLOR": "1", "COLUMNS": "40", "DATABRICKS_RUNTIME_VERSION": "1"}):
        text = solved(encodings.onehot(3), counts=[5, 3, 2], lambda_b=0.1).summary(full=full)
    assert text + "\n" == command.stdout
    assert max(map(len, text.split("\n"))) <= 100
    assert ("\nspectrum " in text) == full


def test_a_document_has_the_verdict():
    found = solved(ONEHOT)
    assert found.to_json()["verdict"] == found.verdict()


class Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_a_notebook_shows_the_same_words():
    found = VERDICTS["minority"][0]
    html, parser = found._repr_html_(), Parser()
    parser.feed(html)
    assert parser.open == []
    assert parser.tags == {"div", "p", "strong", "table", "tr", "th", "td", "br"}
    assert "color" not in html  # those of the notebook, light or dark
    said = summary(found, PAPER)
    assert said.verdict in parser.text
    for _, text in said.essentials:
        assert set(text.split("\n")) <= set(parser.text)
    assert "<b>" in parser.text  # a name of a class, and no tag
    assert {"400", "zero"} <= set(parser.text)


def test_names_cannot_move_the_cursor():
    found = solved(encodings.onehot(3), counts=[5, 3, 2], class_names=["a\x1b[2J", "b", "c\u202e"])
    for text in (found.summary(full=True), found._repr_html_()):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert r"a\x1b[2J" in text


def classes_of(found):
    return summary(found, PAPER).classes


def rows_of(found):
    made = classes_of(found)
    return None if made is None else [row[:2] for row in made.rows]


@every_case
def test_lengths_are_those_of_the_class_means(case):
    found = ncsolve.solve(case.problem)
    expected = np.linalg.norm(found.class_means, axis=0)
    np.testing.assert_allclose(figures_of(found).lengths, expected, rtol=1e-9, atol=1e-12 * expected.max())


def test_classes_are_listed_where_they_differ_or_have_names():
    assert classes_of(solved(ONEHOT)) is None
    few = solved(encodings.onehot(3), counts=[5, 3, 2])
    assert rows_of(few) == [("0", "5"), ("1", "3"), ("2", "2")]
    lengths = [float(row[2]) for row in classes_of(few).rows]
    assert lengths == pytest.approx(np.linalg.norm(few.class_means, axis=0), rel=1e-6)
    assert classes_of(few).note == ""
    assert rows_of(solved(encodings.onehot(3), counts=5, class_names=["a", "b", "c"]))[1] == ("b", "5")
    assert classes_of(solved(ONEHOT, class_names=[str(k) for k in range(10)])) is None  # many, and all alike
    assert classes_of(solved(ONEHOT, decay=1.0, class_names=[str(k) for k in range(10)])) is None  # all zero
    assert classes_of(VERDICTS["not unique"][0]) is None  # of the one that was computed


def test_of_many_classes_the_extremes_are_listed():
    counts = [3, 1, 400, 20, 30, 40, 50, 1, 90, 300, 2, 350]
    made = classes_of(solved(encodings.onehot(12), counts=counts, lambda_b=INF, decay=2e-3))
    assert [row[:2] for row in made.rows] == [
        ("1", "1"), ("7", "1"), ("10", "2"), ("9", "300"), ("11", "350"), ("2", "400"),
    ]
    assert [row[2] for row in made.rows][:3] == ["zero", "zero", "zero"]
    assert made.note == (
        "the 3 lowest and the 3 highest of 12 classes by number of samples; 4 class means are zero"
    )


def test_a_million_classes_have_a_summary():
    counts = np.full(10**6, 50)
    counts[7] = 90
    made = summary(solved(encodings.onehot(10**6), counts=counts, decay=1e-8), PAPER)
    assert [row[0] for row in made.classes.rows] == ["0", "1", "2", "999998", "999999", "7"]
    assert "span 1000000 dimensions" in dict(made.essentials)["length"] or "999999" in dict(made.essentials)["length"]


def test_no_row_says_what_cannot_be_said():
    for case in CASES.values():
        made = summary(ncsolve.solve(case.problem), PAPER)
        text = " ".join(value for _, value in made.rows(full=True))
        assert "no regime" not in text
        assert "say nothing" not in text
        assert [name for name, value in made.rows(full=True) if not value] == []
