"""One metrics module: older names are the same functions, published definitions are ours where they agree, and the
page says whose each is."""

import math
import re

import numpy as np
import pytest
from ncsolve.verify import metrics as checked
from ncsolve.verify import peers

import ncsolve
from ncsolve import geometry, metrics
from tests.readme import ROOT

PAGE = (ROOT / "docs" / "explanation" / "metrics.md").read_text(encoding="utf-8")


def test_older_names_are_the_same_functions():
    for name in geometry.__all__:
        assert getattr(geometry, name) is getattr(metrics, name)
    for name in peers.__all__:
        renamed = {"self_duality_error": "package_self_duality_error"}.get(name, name)
        assert getattr(peers, name) is getattr(metrics, renamed)
    kept = {*geometry.__all__, *peers.__all__}
    assert {*metrics.__all__} - kept == {"PUBLISHED", "Variant", "package_self_duality_error"}


def test_every_published_function_has_its_source_and_no_other_has():
    named = {variant.function for variant in metrics.PUBLISHED}
    assert named == {getattr(peers, name) for name in peers.__all__ if name != "ShapeError"}
    for variant in metrics.PUBLISHED:
        assert variant.nc in {"NC1", "NC2", "NC3", "NC4", "bias"}
        assert set(variant.centring) <= {"classes", "samples", "none"}
        assert variant.function.__name__ in metrics.__all__


def row_of(name):
    """The row of the page's table that names the function."""
    found = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[2]]
    assert len(found) == 1, name
    return found[0]


@pytest.mark.parametrize("variant", metrics.PUBLISHED, ids=lambda one: f"{one.function.__name__}, {one.source}")
def test_the_page_names_every_variant_and_every_version(variant):
    author = variant.source.split(" ")[0]
    assert author in row_of(variant.function.__name__)
    if variant.version != "paper":
        versions = [line for line in PAGE.splitlines() if line.startswith(f"| {variant.source} |")]
        assert len(versions) == 1
        assert variant.version in versions[0]


def test_the_page_names_no_function_that_is_not_there():
    names = re.findall(r"^\| [^|]+ \| ((?:`\w+`(?:, )?)+) \|", PAGE, re.M)
    assert len(names) > 15
    for name in re.findall(r"\w+", " ".join(names)):
        assert hasattr(metrics, name) or hasattr(checked, name), name


@pytest.mark.parametrize("seed", range(8))
def test_where_definitions_agree_numbers_do(seed):
    """Ours, the published ones and the second computation of verify, of the same features."""
    random = np.random.default_rng(seed)
    classes, dim = int(random.integers(2, 6)), int(random.integers(1, 9))
    y = np.repeat(np.arange(classes), 7)  # balanced: the two global means are one
    h = random.standard_normal((dim, y.size)) + 3 * random.standard_normal((dim, classes))[:, y]
    means = metrics.class_means_of(h, y, classes)
    nc1 = metrics.nc1(h, y, classes)
    for centring in ("classes", "samples"):
        assert metrics.covariance_pinv(h, y, classes, centring=centring) == pytest.approx(nc1, rel=1e-9)
    energy = metrics.within_class_energy(h, y, classes)
    assert checked.within_class_variation(h, y, classes) ** 2 == pytest.approx(energy, rel=1e-12)
    gram = means.T @ means
    simplex = pytest.approx(metrics.distance_to_simplex_etf(gram), abs=1e-14)
    assert checked.simplex_distance(class_means=means) == simplex
    assert metrics.simplex_etf_error(means, centring="none") == simplex
    assert checked.orthogonal_distance(class_means=means) == pytest.approx(
        metrics.distance_to_orthogonal_frame(gram), abs=1e-14)
    other = random.standard_normal(means.shape)
    assert checked.self_duality(other, means) == pytest.approx(metrics.self_duality_error(other, means), abs=1e-14)
    middle = means - means.mean(axis=1, keepdims=True)
    assert metrics.papyan_self_duality(other.T, means) == pytest.approx(
        metrics.self_duality_error(other, middle) ** 2, abs=1e-13)


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_agreement_of_nearest_means_and_largest_outputs(scale):
    random = np.random.default_rng(3)
    w, means, features = (random.standard_normal(shape) for shape in ((4, 3), (3, 4), (3, 200)))
    nearest = np.array([np.argmin(np.linalg.norm(means - one[:, None], axis=0)) for one in features.T])
    wanted = np.mean(np.argmax(w @ features, axis=0) == nearest)
    assert 0.1 < wanted < 0.9
    assert metrics.ncc_agreement(w, scale * means, scale * features) == wanted


def test_both_self_duality_errors_are_0_where_they_should_be():
    frame = np.eye(3)
    etf = np.eye(3) - 1 / 3
    assert metrics.self_duality_error(frame, frame) == 0.0
    assert metrics.package_self_duality_error(frame, frame, centring="none") > 0.5
    assert metrics.package_self_duality_error(etf, etf) < 1e-15
    assert math.isnan(metrics.package_self_duality_error(etf, np.ones((3, 3))))
    with pytest.raises(ncsolve.NCSolveError, match="as many rows"):
        metrics.package_self_duality_error(etf[:2], etf)
