"""NC4 over all pairs of classes: the largest sine between the boundaries of nearest mean and nearest code."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from ncsolve._frames import pairs
from ncsolve._metrics import decision_boundaries
from tests.command import said
from tests.documents import fits

INF = math.inf


def by_hand(h, normal, code):
    """One pair after the other, from the definition: sine of the angle between two vectors."""
    scale = math.sqrt(float(np.sum(h * h)) / h.shape[1])
    worst = None
    for k in range(h.shape[1]):
        for j in range(k + 1, h.shape[1]):
            if np.linalg.norm(h[:, k] - h[:, j]) <= 1e-13 * scale:
                continue
            right = np.append(h[:, k] - h[:, j], (h[:, k] @ h[:, k] - h[:, j] @ h[:, j]) / (2 * scale))
            left = np.append(normal[:, k] - normal[:, j], (code[k] - code[j]) / (2 * scale))
            part = left - right * (left @ right) / (right @ right)
            sine = np.linalg.norm(part) / (np.linalg.norm(left) or 1.0)
            worst = sine if worst is None else max(worst, sine)
    return worst


@given(
    st.integers(2, 30), st.integers(1, 8), st.integers(0, 10**6), st.floats(-16, 1),
    st.sampled_from(["normal", "dead", "repeated", "integers", "clustered"]),
)
def test_the_worst_of_all_pairs_is_found_from_bounds(k, p, seed, apart, kind):
    """With chunks of one row, and every pair through the bounds that Gram matrices give."""
    rng = np.random.default_rng(seed)
    h = rng.standard_normal((p, k))
    if kind == "dead":
        h[:, rng.random(k) < 0.5] = 0.0
    if kind == "repeated":
        h = h[:, rng.integers(0, max(1, k // 3), k)]
    if kind == "integers":
        h = np.round(2 * h)
    if kind == "clustered":
        h = h.mean(axis=1)[:, None] + 1e-3 * h
    normal = 3 * h + 10**apart * rng.standard_normal((p, k))
    code = 3 * np.sum(h * h, axis=0) + (10**apart * rng.standard_normal(k) if seed % 2 else 0.0)
    expected = by_hand(h, normal, code) if h.any() else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decision_boundaries, "_CHUNK", 1)
        found = decision_boundaries.boundary_mismatch(h, normal, code)
    if expected is None:
        assert found is None
    else:
        # Differences of class means that are 1e-3 of their length are known to 1e-13, sines that are zero to that.
        assert found[0] == pytest.approx(min(expected, 1.0), rel=1e-8, abs=1e-11)


def code_of_one_longer_class(classes=401):
    codes = np.eye(classes)
    codes[1, 1] = 2.0
    return codes


def test_one_class_of_hundreds_is_not_overlooked():
    """Without a bias and with T near 0 the class means are e_k and sqrt(2) e_1 times one number: class 1
    has sigma 2, the others 1.  Against another class the normals are (sqrt(2), -1) and (2 sqrt(2), -1), offsets
    (2 - 1)/2s and (4 - 1)/2s with s^2 = (K + 1)/K."""
    k = 401
    s = math.sqrt((k + 1) / k)
    right = np.array([math.sqrt(2), -1, 1 / (2 * s)])
    left = np.array([2 * math.sqrt(2), -1, 3 / (2 * s)])
    sine = math.sqrt(1 - (left @ right) ** 2 / (left @ left) / (right @ right))
    problem = ncsolve.UFM(encoding=code_of_one_longer_class(), counts=1, lambda_w=1e-6, lambda_h=1e-6, lambda_b=INF)
    nc = ncsolve.solve(problem).nc
    assert sine == pytest.approx(0.309, abs=5e-4)
    assert nc.nc4 == pytest.approx(sine, rel=2e-3)  # T = 4e-4 shortens the class means by so much
    assert 1 in nc.nc4_classes
    assert nc.sampled_classes is None
    row = ncsolve.compare([code_of_one_longer_class()], counts=1, classes=k, lambda_w=1e-6, lambda_h=1e-6, lambda_b=INF)
    assert row.rows[0].minimizer.nc.nc4 == nc.nc4
    along = ncsolve.path(problem, lambda_b=[INF])
    assert along.columns()["nc4"] == [nc.nc4]


@pytest.mark.parametrize("lambda_b", [0.0, 0.3, INF])
def test_all_distinct_counts_are_compared(lambda_b):
    """Affine one-hot codes of 230 classes, 115 distinct counts, against the same codes without their symmetry."""
    counts = np.repeat(np.arange(1, 116) ** 2, 2)
    problem = ncsolve.UFM(encoding=encodings.smoothed(230, 0.1), counts=counts, lambda_w=1e-7, lambda_h=3e-7,
                          lambda_b=lambda_b)
    whole = ncsolve.solve(problem).nc
    dense = ncsolve.solve(problem.replace(encoding=np.array(problem.encoding.matrix))).nc
    assert whole.nc4 == pytest.approx(dense.nc4, rel=1e-7, abs=1e-10)


def test_what_is_sampled_is_said(monkeypatch, tmp_path):
    """With the limit at 300 classes the words and every document name the selection."""
    monkeypatch.setattr(pairs, "_MOST_PAIRED", 300)
    np.save(tmp_path / "codes.npy", code_of_one_longer_class())
    options = ["--encoding", tmp_path / "codes.npy", "--per-class", 1, "--lambda-w", 1e-6, "--lambda-h", 1e-6]
    words = said("minimizer", *options, "--lambda-b", "inf")
    assert "among the 300" in words
    assert "everywhere" not in words
    assert "compare 300 of the classes" in words
    problem = ncsolve.UFM(encoding=code_of_one_longer_class(), counts=1, lambda_w=1e-6, lambda_h=1e-6, lambda_b=INF)
    found = ncsolve.solve(problem)
    assert found.nc.sampled_classes == 300
    assert found.to_json()["sampled_classes"] == 300
    from ncsolve._documents.path import path_document

    along = ncsolve.path(problem, lambda_b=[INF])
    document = fits(path_document(along), "ncsolve.path/1")
    assert document["sampled_classes"] == 300 == along.sampled_classes
    assert "compare 300 of the classes" in said("path", *options, "--lambda-b", "1,inf")


def test_a_selection_of_three_classes_is_caught(monkeypatch):
    """A mutant: NC4 of few classes for that of all."""
    problem = ncsolve.UFM(encoding=code_of_one_longer_class(5), counts=[3, 1, 4, 1, 5], lambda_w=1e-4, lambda_h=1e-4,
                          lambda_b=INF)
    real = ncsolve.solve(problem).nc
    monkeypatch.setattr("ncsolve._frames.nc_metrics.choose_evenly", lambda size: (np.array([0, 2, 4]), None))
    damaged = ncsolve.solve(problem).nc
    kept = real.nc4_classes
    assert not set(kept) <= {0, 2, 4}
    assert damaged.nc4 != pytest.approx(real.nc4, rel=1e-6)
