"""Pictures of measured networks: what is drawn is what was measured, and what is predicted of it."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve.errors import ProblemError, UnknownNameError
from tests.measure.samples import labels_of, network, statistic

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
from matplotlib.figure import Figure  # noqa: E402

from ncsolve import plots  # noqa: E402

NAMES = ["cat", "dog", "$x$", "a very long name indeed"]
ONE_HOT = ncsolve.UFM(encoding="onehot", classes=4, counts=10, lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.3)
MINORITIES = ONE_HOT.replace(counts=[40, 20, 10, 5], class_names=NAMES)
RELU = ncsolve.UFM(
    encoding=[[1, 0, 0, 2, 1, 0], [0, 1, -1, 0.5, 0.3, 1], [0.5, 0.5, 2, 0, -1, 1]], counts=[5, 20, 1, 10, 4, 2],
    lambda_w=0.01, lambda_h=0.004, lambda_b=0.1, features="relu", dim=3,
)


def measured(problem, distance=0.05, seed=0, **options):
    w, b, features = network(np.random.default_rng(seed), problem, distance)
    features = np.maximum(features, 0.0) if problem.spec.nonnegative else features
    return ncsolve.measure(statistic(problem, w, b, features), w, b, problem, **options)


@pytest.fixture
def ax():
    return Figure().subplots()


def line(ax, label):
    return next(one for one in ax.lines if one.get_label() == label)


def heights(ax, label):
    return np.asarray(line(ax, label).get_ydata(), dtype=np.float64)


def legend(ax):
    return [text.get_text().replace("\n", " ") for text in ax.get_legend().get_texts()]


def cosines(gram):
    length = np.sqrt(np.diag(gram))
    return (gram / np.outer(length, length))[np.triu_indices(len(gram), 1)]


@pytest.mark.parametrize("problem", [ONE_HOT, MINORITIES])
def test_cosines_stand_over_their_prediction(ax, problem):
    found = measured(problem)
    assert found.plot(ax) is ax
    own, other = cosines(found.gram), cosines(found.predicted.gram)
    drawn, predicted = heights(ax, "measured"), heights(ax, "predicted")
    np.testing.assert_allclose(predicted, np.sort(other), atol=1e-9)
    np.testing.assert_allclose(np.sort(drawn), np.sort(own), rtol=1e-12)
    np.testing.assert_allclose(np.sort(drawn - predicted), np.sort(own - other), atol=1e-9)  # pair by pair
    assert found.cosines.flat[1] == pytest.approx(own[0])


def test_equal_predictions_are_in_the_order_of_what_was_measured(ax):
    measured(ONE_HOT).plot(ax)
    assert (np.diff(heights(ax, "measured")) >= 0).all()
    assert np.ptp(heights(ax, "predicted")) < 1e-12


def test_the_title_names_the_pair_that_is_the_furthest_off(ax):
    found = measured(MINORITIES)
    found.plot(ax)
    apart = np.abs(cosines(found.gram) - cosines(found.predicted.gram))
    first, second = (int(which[np.argmax(apart)]) for which in np.triu_indices(4, 1))
    shown = ["cat", "dog", r"\$x\$", "a very long…"]
    assert ax.get_title().replace("\n", " ") == f"furthest off by {apart.max():.2g}: {shown[first]}, {shown[second]}"


def test_classes_without_samples_keep_their_numbers(ax):
    labels = labels_of(ONE_HOT) * 2  # 0, 2, 4 and 6 of seven classes
    w, _, features = network(np.random.default_rng(0), ONE_HOT, 0.1)
    wide = np.zeros((7, 4))
    wide[::2] = w
    stats = ncsolve.FeatureStatistics(7, 4).update(features, labels)
    problem = stats.problem("onehot", lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.3)
    found = ncsolve.measure(stats, wide, np.zeros(7), problem)
    plots.measured_lengths(found, ax=ax)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "2", "4", "6"]
    pair = found.plot(Figure().subplots()).get_title().rpartition(": ")[2].split(", ")
    assert set(pair) <= {"0", "2", "4", "6"}
    panels = [ax for row in plots.measurement_figure(found).subfigs for ax in row.axes]
    assert [text.get_text() for text in panels[0].get_yticklabels()] == ["0", "2", "4", "6"]


def test_pairs_without_a_cosine_are_counted(ax):
    """The minority is predicted to be zero: T^2 > n."""
    problem = ncsolve.UFM(encoding="onehot", classes=3, counts=[50, 50, 1], lambda_w=2e-2, lambda_h=2e-2, lambda_b=0.1)
    found = measured(problem)
    assert found.predicted.gram[2, 2] == 0.0
    found.plot(ax)
    assert heights(ax, "measured").size == 1
    assert "2 of 3 pairs have no cosine" in ax.get_title().replace("\n", " ")
    np.testing.assert_allclose(heights(plots.measured_lengths(found, ax=Figure().subplots()), "predicted")[2], 0.0)


@pytest.mark.parametrize("lambda_w", [0.5, 0.05])
def test_nothing_to_compare(ax, lambda_w):
    """All is collapsed; or there is one class."""
    problem = ONE_HOT.replace(lambda_w=lambda_w, lambda_h=0.5)
    found = measured(problem) if lambda_w == 0.5 else measured(
        ncsolve.UFM(encoding=[[1.0], [0.0]], counts=[9], lambda_w=lambda_w, lambda_h=0.01, lambda_b=0.1)
    )
    found.plot(ax)
    assert "no two class means are nonzero" in ax.get_title().replace("\n", " ")
    assert plots.measurement_figure(found).subfigs


def test_many_pairs_are_a_band(ax):
    problem = ncsolve.UFM(encoding="onehot", classes=70, counts=2, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.3)
    found = measured(problem, 0.02)
    found.plot(ax)
    assert legend(ax) == ["measured", "nine in ten of them", "predicted"]
    all_of_them, most = (np.concatenate([path.vertices for path in band.get_paths()])[:, 1] for band in ax.collections)
    own = cosines(found.gram)
    assert (all_of_them.min(), all_of_them.max()) == pytest.approx((own.min(), own.max()))
    assert own.min() < most.min() < most.max() < own.max()
    assert ax.get_ylim()[0] < own.min()


def test_lengths(ax):
    found = measured(MINORITIES)
    plots.measured_lengths(found, ax=ax)
    np.testing.assert_allclose(heights(ax, "measured"), np.sqrt(np.diag(found.gram)))
    np.testing.assert_allclose(heights(ax, "predicted"), np.sqrt(np.diag(found.predicted.gram)))
    assert ax.get_ylim()[0] == 0.0
    assert [text.get_text() for text in ax.get_xticklabels()] == ["cat", "dog", r"\$x\$", "a very lo…"]


def test_lengths_of_many_classes_begin_with_the_largest(ax):
    counts = np.random.default_rng(0).permutation(np.arange(1, 31))
    problem = ncsolve.UFM(encoding="onehot", classes=30, counts=counts, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.3)
    found = measured(problem)
    plots.measured_lengths(found, ax=ax)
    lengths = np.sqrt(np.diag(found.gram))
    np.testing.assert_allclose(heights(ax, "measured"), lengths[np.argsort(-counts)])
    assert "from the largest to the smallest" in ax.get_xlabel().replace("\n", " ")


@pytest.mark.parametrize(("problem", "level"), [(MINORITIES, MINORITIES.threshold), (RELU, 0.0)])
def test_measured_singular_values_stand_on_the_threshold(ax, problem, level):
    found = measured(problem)
    plots.measured_spectrum(found, ax=ax)
    outputs = found.head.W @ found.head.means * np.sqrt(problem.counts.array)
    points = next(one for one in ax.lines if str(one.get_label()).startswith("measured"))
    np.testing.assert_allclose(points.get_ydata(), level + np.linalg.svd(outputs, compute_uv=False), rtol=1e-12)
    assert max(points.get_ydata()) < ax.get_ylim()[1]


def test_the_parts_of_the_gap_fill_one_bar(ax):
    found = measured(MINORITIES)
    plots.gap_bar(found, ax=ax)
    shares = [100 * getattr(found.parts, name) / found.gap for name in ("fit", "bias", "dual", "feature")]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(shares)
    assert ax.patches[-1].get_x() + ax.patches[-1].get_width() == pytest.approx(100.0)
    assert legend(ax)[2] == f"dual (NC3): {shares[2]:.3g} %"
    written = {text.get_text() for text in ax.texts}
    assert written == {name for name, share in zip(("fit", "bias", "dual", "feature"), shares, strict=True)
                       if share >= 5}
    within = 100 * found.parts.within / found.gap
    title = ax.get_title().replace("\n", " ")
    assert title.startswith(f"gap: {100 * found.relative_gap:.3g} % of the minimum")
    assert f"{within:.3g} % of it is within the classes (NC1)" in title


def test_a_gap_without_parts(ax):
    exact = plots.gap_bar(measured(ONE_HOT, 0.0), ax=ax)
    assert [text.get_text() for text in exact.texts] == ["no parts: the gap is rounding"]
    found = measured(RELU)
    assert found.guarantee == "best found"
    bounded = plots.gap_bar(found, ax=Figure().subplots())
    assert [text.get_text() for text in bounded.texts] == ["no parts: only a lower bound of the minimum is known"]
    assert "of a lower bound of the minimum" in bounded.get_title().replace("\n", " ")
    assert not bounded.patches


def test_the_figure_has_everything():
    found = measured(MINORITIES)
    figure = plots.measurement_figure(found)
    grams = [ax for ax in figure.subfigs[0].axes if ax.images]
    own, other, apart = (np.asarray(ax.images[0].get_array()) for ax in grams)
    np.testing.assert_array_equal(own, found.gram)
    np.testing.assert_array_equal(other, found.predicted.gram)
    np.testing.assert_array_equal(apart, found.gram - found.predicted.gram)
    assert grams[0].images[0].get_clim() == grams[1].images[0].get_clim()
    low, high = grams[2].images[0].get_clim()
    assert -low == high == np.abs(apart).max()
    assert [len(row.axes) for row in figure.subfigs[1:]] == [3, 1]
    assert figure.get_suptitle() == "Not finished: " + found.verdict.reasons[0]


def test_the_figure_of_the_minimum_shows_no_rounding():
    figure = plots.measurement_figure(measured(ONE_HOT, 0.0))
    image = [ax for ax in figure.subfigs[0].axes if ax.images][2].images[0]
    shade = image.to_rgba(image.get_array())
    assert np.ptp(shade[..., :3]) < 0.02  # one colour, that of 0
    assert figure.get_suptitle().startswith("Collapsed as predicted")


def test_curves_of_the_gap(ax):
    run = [measured(ONE_HOT, distance, seed=1) for distance in (0.5, 0.1, 0.02)]
    plots.gap_curves(run, x=[30, 10, 20], ax=ax)
    order = [run[1], run[2], run[0]]
    np.testing.assert_array_equal(line(ax, "gap").get_xdata(), [10, 20, 30])
    np.testing.assert_allclose(heights(ax, "gap"), [one.relative_gap for one in order])
    for name, text in (("fit", "fit"), ("bias", "bias"), ("dual", "dual (NC3)"), ("feature", "feature"),
                       ("within", "within classes (NC1)")):
        np.testing.assert_allclose(heights(ax, text), [getattr(one.parts, name) / one.minimum for one in order])
    assert "allowed, 0.01" in legend(ax)
    assert (ax.get_xlabel(), ax.get_yscale()) == ("epoch", "log")
    other = plots.gap_curves(run, ax=Figure().subplots())
    np.testing.assert_array_equal(line(other, "gap").get_xdata(), [0, 1, 2])
    assert other.get_xlabel() == "number of the measurement"


def test_curves_along_a_weight_decay_are_in_its_convention(ax):
    run = [measured(ONE_HOT.replace(lambda_b=value)) for value in (0.0, 0.1, 2.0, math.inf)]
    plots.gap_curves(run, x="lambda_b", ax=ax, convention=ncsolve.convention("torch-mean"))
    place = line(ax, "gap").get_xdata()
    assert place[1:3] == pytest.approx([0.05, 1.0])  # m/2 = 2
    texts = [text.get_text() for text in ax.get_xticklabels()]
    assert (texts[0], texts[-1]) == ("0", "∞")
    assert np.isnan(heights(ax, "bias")[-1])  # no bias at infinity


def test_curves_without_parts_or_tolerance(ax):
    run = [measured(RELU), measured(RELU, gap_tolerance=0.1)]
    plots.gap_curves(run, ax=ax)
    assert legend(ax) == ["gap"]
    exact = plots.gap_curves([measured(ONE_HOT, 0.0)], ax=Figure().subplots())
    assert all(1e-14 <= limit < math.inf for limit in exact.get_ylim())


@pytest.mark.parametrize(("measurements", "x", "error", "words"), [
    ([], None, ProblemError, "curves need measurements; got none"),
    ([ONE_HOT], None, ProblemError, "the measurement must be of type Measurement; got UFM"),
    (3, None, ProblemError, "measurements must be a sequence; got 3"),
    (None, [1, 2], ProblemError, "x must have a value for each of the 1 measurements; got 2"),
    (None, [math.nan], ProblemError, "x must be finite"),
    (None, "epoch", UnknownNameError, "lambda_b"),
])
def test_curves_refuse(measurements, x, error, words):
    given = [measured(ONE_HOT)] if measurements is None else measurements
    with pytest.raises(error, match=words):
        plots.gap_curves(given, x=x, ax=Figure().subplots())


@pytest.mark.parametrize("draw", [
    plots.measured_cosines, plots.measured_lengths, plots.measured_spectrum, plots.gap_bar, plots.measurement_figure,
])
def test_pictures_refuse_what_is_no_measurement(draw):
    with pytest.raises(ProblemError, match=r"the measurement must be of type Measurement; got UFM, make one with"):
        draw(ONE_HOT)


@pytest.mark.parametrize("problem", [ONE_HOT, MINORITIES])
def test_measured_points_on_the_exact_curve(ax, problem):
    found = [measured(problem.replace(lambda_b=value), seed=i) for i, value in enumerate((0.0, 0.05, 20.0, math.inf))]
    path = ncsolve.path(problem, lambda_b=np.concatenate(([0.0], np.geomspace(1e-3, 10, 20), [math.inf])))
    plots.cosine_curves(path, ax=ax, measured=found)
    (bars,) = ax.containers
    points, _, (sticks,) = bars.lines
    own = [cosines(one.gram) for one in found]
    np.testing.assert_allclose(points.get_ydata(), [one.mean() for one in own])
    assert list(points.get_xdata()[1:3]) == [0.05, 20.0]
    ends = np.array([stick[:, 1] for stick in sticks.get_segments()])
    np.testing.assert_allclose(ends, [[one.min(), one.max()] for one in own])
    low, high = ax.get_xlim()
    assert all(low <= x <= high for x in points.get_xdata())  # also beyond the last point of the path
    assert "measured: smallest, mean, largest" in legend(ax)


def test_measured_points_are_in_the_convention(ax):
    found = [measured(ONE_HOT.replace(lambda_b=0.2))]
    path = ncsolve.path(ONE_HOT, lambda_b=[0.01, 0.1, 1.0])
    plots.cosine_curves(path, ax=ax, measured=found, convention=ncsolve.convention("torch-mean"))
    assert ax.containers[0].lines[0].get_xdata() == pytest.approx([0.1])


def test_the_figure_of_a_path_has_the_points():
    path = ncsolve.path(ONE_HOT, lambda_b=[0.01, 0.1, 1.0])
    figure = plots.path_figure(path, measured=[measured(ONE_HOT)])
    assert [len(ax.containers) for ax in figure.axes] == [1, 0, 0, 0]


@pytest.mark.parametrize(("other", "words"), [
    (ONE_HOT.replace(lambda_h=1e-3), r"lambda_h \(0.001 for 0.005\)"),
    (ONE_HOT.replace(counts=11), "counts"),
    (ONE_HOT.replace(encoding=ncsolve.encodings.make("signed", classes=4)), "codes"),
    (ncsolve.UFM(encoding="onehot", classes=5, counts=8, lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.3), "classes"),
    (ONE_HOT.replace(features="relu"), "features, depth or dim"),
])
def test_a_point_of_another_problem_is_refused(other, words):
    path = ncsolve.path(ONE_HOT, lambda_b=[0.01, 0.1, 1.0])
    with pytest.raises(ProblemError, match=f"but for lambda_b; got other {words}"):
        plots.cosine_curves(path, measured=[measured(other)], ax=Figure().subplots())


def test_points_need_a_weight_decay():
    path = ncsolve.path(ONE_HOT, count=[5, 10, 20], of_class=0)
    with pytest.raises(ProblemError, match="got one along count, leave them out"):
        plots.cosine_curves(path, measured=[measured(ONE_HOT)], ax=Figure().subplots())


def test_the_curve_of_another_weight_decay(ax):
    found = [measured(ONE_HOT.replace(lambda_h=value)) for value in (2e-3, 2e-2)]
    plots.cosine_curves(ncsolve.path(ONE_HOT, lambda_h=np.geomspace(1e-3, 1e-1, 9)), ax=ax, measured=found)
    assert list(ax.containers[0].lines[0].get_xdata()) == [2e-3, 2e-2]
