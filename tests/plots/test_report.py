"""Reports of bottlenecks, deep heads and ReLU features, and descents in figures."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve.errors import ProblemError

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
pytest.importorskip("latex2mathml", reason="latex2mathml is not installed")
from ncsolve import plots
from ncsolve.report import report_html, write_report
from tests.cases import CASES
from tests.command import said
from tests.measure.samples import network, statistic

DEEP, BEST, RELU = (CASES[name].problem for name in ("deep", "bottleneck by descent", "relu"))


class Page(HTMLParser):
    """Tags, headings and the cells of the tables, row by row."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.rows, self._inside = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._inside = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag in ("h1", "h2", "h3"):
            self.headings.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside in ("td", "th"):
            self.rows[-1][-1] += data
        elif self._inside in ("h1", "h2", "h3"):
            self.headings[-1] += data

    def row(self, name):
        return next(row for row in self.rows if row and row[0] == name)


def test_a_report_begins_its_answer_with_the_verdict():
    problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=[5, 3, 2], lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.5,
                          class_names=["<i>", "dog", "cat"])
    text = report_html(problem, verify=False)
    found = ncsolve.solve(problem)
    assert f"<p><strong>{found.verdict()}</strong></p>" in text
    page = Page(text)
    assert "Classes" in page.headings
    assert page.row("dog") == ["dog", "3", f"{np.linalg.norm(found.class_means[:, 1]):.7g}"]
    assert "&lt;i&gt;" in text
    assert "<i>" not in text
    assert page.row("loss terms")[1].startswith("fit ")  # all of --full


NAMED = ncsolve.UFM(encoding="onehot", classes=3, counts=[9, 6, 3], lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1,
                    class_names=["<i>", "dog", "cat"])


def measured(problem, distance):
    w, b, features = network(np.random.default_rng(0), problem, distance)
    return ncsolve.measure(statistic(problem, w, b, features), w, b, problem)


def part_of(page, name):
    """Loss and share in the table of the parts, whose rows have four cells."""
    return next(row[1:3] for row in page.rows if row[0] == name and len(row) == 4)


def test_report_of_a_measured_network(tmp_path):
    found = measured(NAMED, 0.05)
    write_report(found, tmp_path / "a.html", verify=False)
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.headings[0] == "Neural collapse of onehot codes, K = 3: a measured network"
    assert page.headings[1:4] == ["Measured network", "Parts of the gap", "Distance from the prediction"]
    assert f"<p><strong>{found.verdict}</strong></p>" in text
    for name in ("fit", "bias", "dual", "feature", "within"):
        loss, share = map(float, part_of(page, name))
        assert loss == pytest.approx(getattr(found.parts, name), rel=1e-6)
        assert share == pytest.approx(100 * getattr(found.parts, name) / found.gap, rel=1e-3)
    distances = page.row("outputs, all samples")
    assert [float(cell) for cell in distances[1:]] == pytest.approx(
        [found.distance.outputs, found.certificate.outputs], rel=1e-4
    )
    assert "<i>" not in text
    assert re.findall(r"<figcaption>Figure (\d)", text) == ["1", "2", "3"]
    assert "The measured network is a point" in text
    # its minimizer is that of its problem
    minimizer = Page(report_html(NAMED, verify=False))
    at = page.headings.index("Problem")
    assert page.headings[at:] == minimizer.headings[1:]
    assert page.row("dog") == minimizer.row("dog")


def test_a_measurement_is_reported_in_a_convention():
    found = measured(NAMED, 0.05)
    page = Page(report_html(found, verify=False, convention=ncsolve.convention("torch-mean")))
    assert float(part_of(page, "fit")[0]) == pytest.approx(found.parts.fit * 2 / 3, rel=1e-6)
    assert "λ_W = 0.00666667" in page.row("weight decay")[1]


def test_a_measurement_against_a_bound_has_no_parts_in_its_report():
    problem = ncsolve.UFM(encoding=[[1, 0, 0, 2, 1, 0], [0, 1, -1, 0.5, 0.3, 1], [0.5, 0.5, 2, 0, -1, 1]],
                          counts=[5, 20, 1, 10, 4, 2], lambda_w=0.01, lambda_h=0.004, lambda_b=0.1, features="relu",
                          dim=3)
    w, b, features = network(np.random.default_rng(0), problem, 0.05)
    features = np.maximum(features, 0.0)
    page = Page(report_html(ncsolve.measure(statistic(problem, w, b, features), w, b, problem), verify=False))
    assert "Parts of the gap" not in page.headings
    assert page.row("outputs, all samples")[1:] == page.row("outputs, all samples")[1:2]  # a distance, no bound
    assert "lower bound of the minimum" in page.row("loss")[1]


def test_a_report_is_of_a_problem_or_of_a_measurement():
    with pytest.raises(ProblemError, match="the problem must be a UFM; got int"):
        report_html(3)


@pytest.mark.exhaustive
def test_report_of_a_deep_head():
    text = report_html(DEEP)
    page, found = Page(text), ncsolve.solve(DEEP)
    assert page.headings[0] == "Neural collapse of onehot codes, K = 3, deep linear head of 2 layers"
    assert "Global minimizer" in page.headings
    assert page.row("guarantee")[1] == "global minimum (T9)"
    assert "λ_1 = 0.01, λ_2 = 0.005" in page.row("head")[1]
    for i, layer in enumerate(found.layers, start=1):
        row = page.row(f"W_{i}")
        assert float(row[3]) == pytest.approx(np.sum(layer**2), rel=1e-6)
        assert int(row[5]) == found.rank
    shown = np.array([[float(x) for x in page.row(f"dimension {i}")[1:]] for i in range(3)])
    np.testing.assert_allclose(shown.T @ shown, found.gram, atol=1e-6)
    assert r"\sum_{l=1}^{2} \frac{\lambda_l}{2}" in text
    assert page.tags.count("svg") == 3  # Gram matrix and spectrum, along lambda_b, descents
    assert "Deep linear heads" in text
    assert re.search(r"agrees: (\d+) of \1 figures agree", text)
    assert "DISAGREES" not in text
    assert "convex program" not in text


@pytest.mark.exhaustive
def test_report_of_a_point_that_is_only_the_best_found():
    text = report_html(BEST)
    page = Page(text)
    assert "Best point found" in page.headings
    assert "Global minimizer" not in page.headings
    assert "best found, not known to be the global minimum" in page.row("guarantee")[1]
    assert page.row("bottleneck")[1] == "W H has a rank of at most 2"
    assert "no theorem says that the point found here is the global minimum" in text
    assert "Bottleneck: fewer dimensions" in text
    assert re.search(r"agrees: (\d+) of \1 figures agree", text)


@pytest.mark.exhaustive
def test_report_of_relu_features():
    text = report_html(RELU)
    page = Page(text)
    assert page.headings[0].endswith("ReLU features, H >= 0")
    assert page.row("features")[1] == "ReLU, H ≥ 0"
    assert r"H \ge 0" in text
    assert "T10: ReLU features" in text
    assert re.search(r"agrees: (\d+) of \1 figures agree", text)


def test_report_without_what_takes_minutes():
    many = RELU.replace(encoding=encodings.onehot(7), counts=[5, 4, 3, 2, 2, 1, 1])
    text = report_html(many, verify=False)
    assert Page(text).tags.count("svg") == 1
    assert "The picture along the weight decay of the bias is left out" in text


def test_a_dim_below_the_rank_has_a_report(tmp_path):
    """It was refused, with the advice to leave dim out."""
    out = str(tmp_path / "a.html")
    said("report", "--classes", "4", "--dim", "3", "--lambda-b", "5", "--no-verify", "-o", out)
    assert "the simplex ETF holds for every finite lambda_b" in (tmp_path / "a.html").read_text()


def test_runs_that_did_not_converge_are_marked():
    from ncsolve.verify.descent import descend

    problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=2, lambda_w=0.02, lambda_h=0.02, lambda_b=0.5)
    short = descend(problem, method="adam", seed=0, max_steps=20)
    whole = descend(problem, method="lbfgs", seed=0)
    assert (short.converged, whole.converged) == (False, True)
    figure = plots.descent_figure([short, whole], ncsolve.solve(problem))
    for ax in figure.axes:
        crosses = [line for line in ax.lines if line.get_marker() == "x"]
        assert len(crosses) == 1
        assert crosses[0].get_xdata()[0] == 20
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["adam, seed 0 (not converged)", "lbfgs, seed 0"]


def test_the_descents_of_a_deep_head_end_at_the_prediction_or_above():
    figure = plots.problem_descents(DEEP)
    (ax,) = figure.axes
    ends = [float(line.get_ydata()[-1]) for line in ax.lines]
    assert len(ends) == 5
    assert min(ends) <= 1e-9
    assert all(end >= 1e-16 for end in ends)
    assert "head of 2 layers" in figure.get_suptitle()
