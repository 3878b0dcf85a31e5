"""The last two layers against their minimum: the gap is exactly the sum of its parts, and what is damaged is told."""

import dataclasses
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import ncsolve
from ncsolve._measure.metric_gap import metric_gap_parts
from ncsolve.errors import ProblemError
from tests.documents import fits

EPS = np.finfo(float).eps
DECAYS = {"lambda_w": 0.02, "lambda_v": 0.03, "lambda_b": 0.1}


def features(random, classes=3, dim=4, counts=None, apart=3.0):
    """z (N, p) of classes that are apart, with a mean, and labels (N,)."""
    counts = random.integers(1, 7, classes) if counts is None else np.full(classes, counts)
    labels = np.repeat(np.arange(classes), counts)
    mean = random.standard_normal(dim)
    return random.standard_normal((labels.size, dim)) + apart * np.eye(classes, dim)[labels] + mean, labels


def case(random, **change):
    """A problem of any codes, with every kind of lambda_b and lambda_c, its statistic, and (z, labels)."""
    classes, dim, m = int(random.integers(1, 5)), int(random.integers(1, 6)), int(random.integers(1, 5))
    z, labels = features(random, classes, dim)
    stats = ncsolve.FeatureStatistics(classes, dim).update(z, labels)
    decays = {
        "lambda_w": 10 ** random.uniform(-3, 0), "lambda_v": 10 ** random.uniform(-3, 0),
        "lambda_b": float(random.choice([0.0, math.inf, 10 ** random.uniform(-3, 1)])),
        "lambda_c": float(random.choice([math.inf, 10 ** random.uniform(-3, 1)])),
    } | change
    return stats.metric_problem(random.standard_normal((m, classes)), **decays), stats, z, labels


def layers(random, problem, found=None, distance=1.0, dim=None):
    """W, b, V, c at random, or at a minimizer and moved by that much."""
    dim = int(random.integers(1, 7)) if found is None else found.dim
    start = (0.0, 0.0, 0.0, 0.0) if found is None else (found.W, found.bias, found.V, found.c)
    m, p = problem.code_length, problem.dim
    shapes = ((m, dim), (m,), (dim, p), (dim,))
    w, b, v, c = (x + distance * random.standard_normal(shape) for x, shape in zip(start, shapes, strict=True))
    return w, None if math.isinf(problem.lambda_b) else b, v, None if math.isinf(problem.lambda_c) else c


def of_definition(problem, z, labels, w, b, v, c):
    """The objective, sample by sample."""
    h = z @ v.T + (0.0 if c is None else c)
    rest = h @ w.T + (0.0 if b is None else b) - problem.encoding.matrix.T[labels]
    terms = [np.sum(rest**2) / len(z), problem.lambda_w * np.sum(w**2), problem.lambda_v * np.sum(v**2)]
    terms += [] if c is None else [problem.lambda_c * np.sum(c**2)]
    terms += [] if b is None else [problem.lambda_b * np.sum(b**2)]
    return sum(terms) / 2


@settings(max_examples=120)
@given(st.integers(0, 2**32 - 1))
def test_the_gap_is_the_sum_of_its_parts(seed):
    """Of any point, with any d: exactly the loss less what the dual proves, and no part is negative."""
    random = np.random.default_rng(seed)
    problem, stats, z, labels = case(random)
    w, b, v, c = layers(random, problem)
    found = ncsolve.measure(stats, w, b, problem, hidden=(v, c))
    # Sums of at most 40 x 5 products of numbers of either sign, whose squares the loss is made of.
    assert found.loss == pytest.approx(of_definition(problem, z, labels, w, b, v, c), rel=1e4 * EPS)
    assert abs(found.gap - (found.loss - found.minimum)) <= 1e4 * EPS * found.loss
    parts = found.parts
    assert min(parts.fit, parts.bias, parts.dual, parts.feature) >= 0.0
    assert found.relative_gap > 0.0
    # The bound that the gap proves, beside the distance from a minimizer whose own gap is the second term.
    room = math.sqrt(2 * problem.samples) * (math.sqrt(found.gap) + math.sqrt(found.predicted.gap))
    assert found.distance.outputs <= room * (1 + 1e-9)
    if found.certificate.bias:
        more = math.sqrt(2 * found.predicted.gap / problem.lambda_b)
        assert found.distance.bias <= (found.certificate.bias + more) * (1 + 1e-9)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_nothing_is_left_at_the_minimum(seed):
    """In a turned basis and with spare dimensions of h; near it the gap is of second order."""
    random = np.random.default_rng(seed)
    problem, stats, *_ = case(random)
    best = ncsolve.solve(problem)
    spare = best.dim + 2
    turn = np.linalg.qr(random.standard_normal((spare, spare)))[0][:, : best.dim]
    bias = None if math.isinf(problem.lambda_b) else best.bias
    c = None if math.isinf(problem.lambda_c) else turn @ best.c
    found = ncsolve.measure(stats, best.W @ turn.T, bias, problem, hidden=(turn @ best.V, c))
    # The gap of the minimizer itself, which ``solve`` allows a billionth of the loss.
    assert found.gap <= best.gap + 1e4 * EPS * best.loss
    assert found.gap <= 1e-9 * best.loss or best.loss == 0.0
    np.testing.assert_allclose(found.gram, best.gram, atol=1e-10 * max(1.0, np.abs(best.gram).max()))
    if best.rank:
        # A gap of 1e-9 leaves its square root in the slope.
        assert max(found.stationarity, found.hidden_stationarity) <= 1e-4
        own, other = found.lambda_h_by_direction, found.predicted_lambda_h_by_direction
        assert (own is None) == (other is None)
        assert own is None or own == pytest.approx(other, rel=1e-9)
        for name in ("nc2_simplex", "nc2_orthogonal", "nc3"):
            assert getattr(found.nc, name) == pytest.approx(getattr(best.nc, name), abs=1e-7)
    gaps = []
    for distance in (1e-2, 1e-3):
        w, b, v, c = layers(np.random.default_rng(seed), problem, best, distance)
        gaps.append(ncsolve.measure(stats, w, b, problem, hidden=(v, c)).gap)
    assert gaps[1] <= gaps[0] / 10


def finished(random=None, **change):
    """Four balanced classes on regular previous features, at the minimum: z, labels, statistic, problem, minimizer."""
    z, labels = features(np.random.default_rng(3) if random is None else random, 4, 6, counts=20)
    stats = ncsolve.FeatureStatistics(4, 6).update(z, labels)
    problem = stats.metric_problem(**(DECAYS | change))
    return stats, problem, ncsolve.solve(problem)


def test_a_finished_network_collapsed_as_predicted():
    stats, problem, best = finished()
    found = ncsolve.measure(stats, best.W, best.bias, problem, hidden=(best.V, best.c))
    assert found.verdict.kind == "collapsed as predicted"
    assert found.verdict.remedies == found.verdict.exceptions == ()
    # Plain weight decay is no penalty on the features: what W implies differs by direction, as predicted.
    along, across = found.lambda_h_by_direction
    assert along < 0.8 * across
    assert found.relative_gap <= 1e-9
    assert "minimum of the last two layers" in str(found.verdict)
    fits(found.to_json(), "ncsolve.last-layers-measurement/1")
    fits(best.to_json(), "ncsolve.last-layers/1")
    assert "predicted" in found.summary()
    assert found.problem is problem
    # That of a UFM with the lambda_h that the head implies is off: no such penalty explains the network.
    h = ncsolve.FeatureStatistics(4, best.dim, (best.W, best.bias)).update((finished_z() @ best.V.T) + best.c, LABELS)
    other = ncsolve.measure(h, best.W, best.bias, h.problem(lambda_w=0.02, lambda_h=1e-4, lambda_b=0.1),
                            lambda_h="balance")
    assert other.relative_gap > 0.05
    assert "they differ: try --previous-features" in " ".join(other.summary().split())


def finished_z():
    return features(np.random.default_rng(3), 4, 6, counts=20)[0]


LABELS = np.repeat(np.arange(4), 20)


def test_equal_lambdas_by_direction_are_no_plain_decay():
    problem = ncsolve.UFM(encoding="onehot", classes=4, counts=5, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.5)
    best, labels = ncsolve.solve(problem), np.repeat(range(4), 5)
    h = ncsolve.FeatureStatistics(4, best.dim).update(best.class_means[:, labels].T, labels)
    text = ncsolve.measure(h, best.W, best.bias, problem).summary()
    assert "along the mean of the features" in text
    assert "--previous-features" not in text


def other_slope(frame):
    """Twice the residual: the dual would be met by what is not feasible."""
    return 2.0 * frame.slope


def uncentred_slope(frame):
    """Without the variation within the classes."""
    found = frame.slope.copy()
    found[:, :-1] += frame.product[:, :-1] @ frame.problem.within
    return found


@pytest.mark.parametrize("damage", [other_slope, uncentred_slope])
def test_a_damaged_identity_is_seen(damage):
    """With another slope the parts no longer add up to the gap."""
    stats, problem, best = finished()
    found = ncsolve.measure(stats, 1.3 * best.W, best.bias, problem, hidden=(best.V, best.c))
    assert abs(metric_gap_parts(best.frame, found.layers).total - (found.loss - best.lower_bound)) <= (
        1e4 * EPS * found.loss)
    damaged = dataclasses.replace(best.frame)
    vars(damaged)["slope"] = damage(best.frame)
    off = metric_gap_parts(damaged, found.layers).total - (found.loss - best.lower_bound)
    assert abs(off) > 1e-6 * found.loss


def wrong_v(best):
    return {"hidden": (1.2 * best.V, best.c)}


def no_c(best):
    return {"hidden": (best.V, 0.0 * best.c)}


def turned_head(best):
    return {"W": best.W[::-1]}


def wrong_bias(best):
    return {"b": -best.bias}


@pytest.mark.parametrize("damage", [wrong_v, no_c, turned_head, wrong_bias])
def test_damaged_layers_have_a_gap(damage):
    stats, problem, best = finished()
    own = {"W": best.W, "b": best.bias, "hidden": (best.V, best.c)} | damage(best)
    found = ncsolve.measure(stats, own["W"], own["b"], problem, hidden=own["hidden"])
    assert found.relative_gap > 1e-3
    assert found.verdict.kind != "collapsed as predicted"


@pytest.mark.parametrize("change", [
    {"lambda_c": 0.3}, {"lambda_w": 0.2, "lambda_v": 0.3}, {"lambda_v": 0.1}, {"lambda_b": 0.02}, {"lambda_b": 0.5},
])
def test_other_weight_decays_are_told(change):
    """The layers are stationary, at other decays than the ones given: the verdict says at which."""
    stats, problem, best = finished(**change)
    wrong = problem.replace(**{name: {**DECAYS, "lambda_c": 0.03}[name] for name in change} | (
        {"lambda_c": 0.03} if "lambda_v" in change else {}))
    found = ncsolve.measure(stats, best.W, best.bias, wrong, hidden=(best.V, best.c))
    assert max(found.stationarity, found.hidden_stationarity, found.bias_stationarity) > 0.05
    assert found.verdict.kind == "another model"
    told = str(found.verdict)
    assert "are the lambdas in another convention" in told
    for name, value in change.items():
        assert f"{name} = {value:g}" in told


def test_other_decays_are_told_at_a_lambda_c_of_its_own():
    """c is stationary at the right lambda_c also where it is not lambda_v: only lambda_w is told."""
    stats, problem, best = finished(lambda_c=0.3)
    found = ncsolve.measure(stats, best.W, best.bias, problem.replace(lambda_w=0.2), hidden=(best.V, best.c))
    assert "The layers are stationary at lambda_w = 0.02, and 0.2 was given: " in str(found.verdict)
    scaled = problem.replace(lambda_w=0.2, lambda_v=0.3, lambda_c=3.0, lambda_b=1.0)
    told = str(ncsolve.measure(stats, best.W, best.bias, scaled, hidden=(best.V, best.c)).verdict)
    assert "lambda_w = 0.02, lambda_v = 0.03, lambda_c = 0.3, lambda_b = 0.1, and 0.2, 0.3, 3, 1 was given" in told


@pytest.mark.parametrize("decay", [5e-4, 5e-2])
def test_a_wrong_weight_decay_of_the_bias_is_no_collapse(decay):
    """Its gap may be small.  A free bias is compared with what balances W."""
    stats, problem, best = finished(lambda_w=decay, lambda_v=decay, lambda_b=decay)
    for wrong in (0.0, decay / 10, 2 * decay, 10 * decay):
        found = ncsolve.measure(stats, best.W, best.bias, problem.replace(lambda_b=wrong), hidden=(best.V, best.c))
        assert max(found.stationarity, found.hidden_stationarity) < 1e-4
        assert found.bias_stationarity > 0.1
        assert found.verdict.kind == "another model"
        assert f"stationary at lambda_b = {decay:g}, and {wrong:g} was given" in str(found.verdict)
    free = ncsolve.solve(problem.replace(lambda_b=0.0))
    found = ncsolve.measure(stats, free.W, free.bias, free.problem, hidden=(free.V, free.c))
    assert found.bias_stationarity < 1e-4
    assert found.verdict.kind == "collapsed as predicted"


def test_a_bias_of_rounding_is_stationary():
    """Codes of mean 0: the predicted bias is what rounding leaves, and what a training leaves is no other model."""
    problem = ncsolve.MetricProblem.of_classes(
        np.eye(4) - 0.25, np.zeros((4, 4)), encoding=np.eye(4) - 0.25, counts=5, lambda_w=1e-3, lambda_v=1e-3,
        lambda_b=1e-3)
    best = ncsolve.solve(problem)
    z, labels = np.repeat(np.eye(4) - 0.25, 5, axis=0), np.repeat(range(4), 5)
    stats = ncsolve.FeatureStatistics(4, 4).update(z, labels)
    # Single precision leaves 1e-7; ten thousand times that is a bias that is not stationary, though its gap is small.
    for size, kind in ((0.0, "collapsed as predicted"), (1e-7, "collapsed as predicted"), (1e-3, "not finished")):
        bias = size * np.arange(4)
        found = ncsolve.measure(stats, best.W, bias, problem, hidden=(best.V, best.c))
        assert found.relative_gap < 0.01
        assert found.verdict.kind == kind


def test_no_parts_of_a_gap_of_rounding():
    """At the minimum the parts tell of rounding only; the share of each is told where there is a gap."""
    stats, problem, best = finished()
    perfect = ncsolve.measure(stats, best.W, best.bias, problem, hidden=(best.V, best.c))
    assert "not aligned" not in perfect.summary()
    apart = ncsolve.measure(stats, 1.001 * best.W, best.bias, problem, hidden=(best.V, best.c))
    assert "(head and layer below not aligned)" in apart.summary()


def test_rows_in_another_order_are_told():
    stats, problem, best = finished()
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((9, 9)))[0][:, : best.dim]
    for w, v, c, more in ((best.W, best.V, best.c, "and is W (m, d) and not its transpose?"),
                          (best.W @ turn.T, turn @ best.V, turn @ best.c, "rows of W (--order)?")):
        found = ncsolve.measure(stats, w[[1, 2, 3, 0]], best.bias, problem, hidden=(v, c))
        assert found.relative_gap > 1.0
        assert more in str(found.verdict)


def test_codes_in_another_order_are_another_model():
    stats, problem, best = finished()
    wrong = problem.replace(encoding=problem.encoding.matrix[::-1])
    found = ncsolve.measure(stats, best.W, best.bias, wrong, hidden=(best.V, best.c))
    assert found.relative_gap > 1.0


def test_too_few_dimensions_are_told():
    stats, problem, best = finished()
    found = ncsolve.measure(stats, best.W[:, :2], best.bias, problem, hidden=(best.V[:2], best.c[:2]))
    assert f"use {best.rank} dimensions and h has 2" in str(found.verdict)


def test_other_conventions():
    stats, problem, best = finished()
    found = ncsolve.measure(stats, 1.1 * best.W, best.bias, problem, hidden=(best.V, best.c))
    assert "lambda_W = 1.6, lambda_V = 2.4, lambda_c = 2.4, lambda_b = 8" in found.summary(convention="sum")


def test_mistakes():
    stats, problem, best = finished()
    w, b, hidden = best.W, best.bias, (best.V, best.c)

    def says(part, *given, statistics=stats, **options):
        with pytest.raises(ProblemError) as caught:
            ncsolve.measure(statistics, *given, **options)
        assert part in str(caught.value)
        assert "\n" not in str(caught.value)

    says("pass hidden = (V, c)", w, b, problem)
    says("pass hidden = (V, c)", w, b, problem, hidden=best.V)
    says("lambda_h is an option for a UFM", w, b, problem, hidden=hidden, lambda_h="norm")
    says("samples is an option for a UFM", w, b, problem, hidden=hidden, samples=1000)
    says("pass V.T", w, b, problem, hidden=(best.V.T, best.c))
    says("pass W.T", w[:, :3].T, b, problem, hidden=(best.V[:3], best.c[:3]))
    says("c must have 4 entries", w, b, problem, hidden=(best.V, best.c[:2]))
    says("b must have 4 entries", w, b[:2], problem, hidden=hidden)
    says("hidden layer without a bias has lambda_c = inf", w, b, problem, hidden=(best.V, None))
    says("got one of length", w, b, problem.replace(lambda_c=math.inf), hidden=hidden)
    says("got one of length", w, b, problem.replace(lambda_b=math.inf), hidden=hidden)
    says("must have weights V", w, b, problem, hidden=(None, best.c))
    says("below 1e+", w * 1e200, b, problem, hidden=hidden)
    says("hidden = (V, c) is for a MetricProblem", w, b,
         stats.problem(lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1), hidden=hidden)
    trace = ncsolve.FeatureStatistics(4, 6, scatter="trace").update(finished_z(), LABELS)
    says("gather with 'full'", w, b, problem, statistics=trace, hidden=hidden)
    more = ncsolve.FeatureStatistics(4, 6).update(finished_z()[1:], LABELS[1:])
    says("the counts of the statistic", w, b, problem, statistics=more, hidden=hidden)
    other = ncsolve.FeatureStatistics(4, 6).update(1.01 * finished_z(), LABELS)
    says("the moments of the statistic", w, b, problem, statistics=other, hidden=hidden)
    wider = ncsolve.FeatureStatistics(4, 7).update(np.pad(finished_z(), ((0, 0), (0, 1))), LABELS)
    says("of dimension 6; got 7", w, b, problem, statistics=wider, hidden=hidden)
