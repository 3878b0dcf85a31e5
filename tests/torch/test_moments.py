"""Moments gathered on the device against those of numpy: any batches, any precision, near and far from collapse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve._measure.made_of import checked_layout
from ncsolve.errors import ProblemError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from ncsolve.torch import _host_moments  # noqa: E402
from ncsolve.torch._moments import DeviceMoments  # noqa: E402

KINDS = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.uint8]
ARRAYS = ("counts", "means", "energies", "scatter", "decisions")
SOFT = ("probabilities", "chance_energies", "divergences", "products")
# The two sum the same doubles in another order.  A sum of n terms is rounded by n EPS of their sizes, which is 1e-14
# for the 60 samples of these tests, and outputs are sums of products of W and features: two digits are left for that.
NEAR = 1e-12


def drawn(seed):
    """Classes, dimension, head and codes of any shapes: (classes, dim, W, b, codes)."""
    random = np.random.default_rng(seed)
    classes, dim = int(random.integers(1, 6)), int(random.integers(1, 7))
    outputs = classes if random.random() < 0.5 else int(random.integers(1, 6))
    codes = None
    if outputs != classes or random.random() < 0.3:
        codes = random.standard_normal((outputs, classes))  # of which no two decide alike
    return random, classes, dim, random.standard_normal((outputs, dim)), random.standard_normal(outputs), codes


def both(classes, dim, head, codes, scatter, loss):
    """The two ways to gather one statistic."""
    plain = ncsolve.FeatureStatistics(classes, dim, head, scatter, codes=codes, loss=loss)
    return plain, DeviceMoments(checked_layout(classes, dim, head, scatter, codes, loss)[0])


def fixed():
    """More outputs than classes, and codes."""
    random = np.random.default_rng(11)
    return random, 3, 4, random.standard_normal((5, 4)), random.standard_normal(5), random.dirichlet(np.ones(5), 3).T


def differences(plain, moments, largest=0.0):
    """How far apart every array is, over the largest entry of both.

    With the ``largest`` entry of any feature nothing is compared more exactly than to 1e-15 of its square: what varies
    in a class of one sample is nothing, and what is left of it rounding.
    """
    ours, its = plain._moments, moments.moments()
    pairs = [(name, getattr(ours, name), getattr(its, name)) for name in (*ARRAYS, "lowest")]
    if ours.softmax is not None:
        pairs += [(name, getattr(ours.softmax, name), getattr(its.softmax, name)) for name in SOFT]
    found = {}
    for name, a, b in pairs:
        assert np.shape(a) == np.shape(b)
        size = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0), 1e-3 * largest**2)
        with np.errstate(invalid="ignore"):
            found[name] = 0.0 if np.array_equal(a, b) else float(np.abs(a - b).max() / size)
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32), st.sampled_from(KINDS), st.sampled_from([None, "mse", "ce"]),
    st.sampled_from(["full", "projected", "trace"]),
)
def test_any_batches_have_the_numbers_of_numpy(seed, kind, loss, scatter):
    random, classes, dim, w, b, codes = drawn(seed)
    if loss is None:
        scatter = "trace" if scatter == "projected" else scatter
    head = None if loss is None else (w, b)
    plain, moments = both(classes, dim, head, None if head is None else codes, scatter, loss or "mse")
    samples = int(random.integers(1, 60))
    x = torch.from_numpy(3 * random.standard_normal((samples, dim)) + 5 * random.standard_normal(dim))
    x = (x.abs() if kind == torch.uint8 else x).to(kind)
    y = torch.from_numpy(random.integers(0, classes, samples))
    for rows in np.array_split(random.permutation(samples), random.integers(1, 5)):
        moments.update(x[rows], y[rows])
        if rows.size:
            plain.update(x[rows].double().numpy(), y[rows].numpy())
    apart = differences(plain, moments, float(x.double().abs().max()))
    assert max(apart.values()) <= NEAR, apart


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["mse", "ce"]), st.sampled_from(["full", "projected", "trace"]))
def test_merged_parts_are_the_whole(seed, loss, scatter):
    random, classes, dim, w, b, codes = drawn(seed)
    plain, whole = both(classes, dim, (w, b), codes, scatter, loss)
    samples, processes = int(random.integers(1, 40)), int(random.integers(1, 5))
    x, y = random.standard_normal((samples, dim)), random.integers(0, classes, samples)
    plain.update(x, y)
    parts = []
    for rows in np.array_split(random.permutation(samples), processes):  # some may have no sample
        part = DeviceMoments(whole.layout)
        part.update(torch.from_numpy(x[rows]), torch.from_numpy(y[rows]))
        parts.append(part.flat)
    before = [flat.clone() for flat in parts]
    merged = DeviceMoments(whole.layout, "cpu", DeviceMoments.merged(whole.layout, torch.stack(parts)))
    assert all(torch.equal(a, b) for a, b in zip(before, parts, strict=True))
    apart = differences(plain, merged, float(np.abs(x).max()))
    assert max(apart.values()) <= NEAR, apart


def test_equal_features_have_no_energy_at_all():
    random = np.random.default_rng(1)
    w = random.standard_normal((2, 3))
    _, moments = both(2, 3, (w, np.ones(2)), None, "full", "ce")
    x = torch.tensor([[0.1, 1e6 / 3, -7.7], [1e-3, 0.3, 2.2]])
    for n in (100, 1, 37):
        y = torch.arange(n) % 2
        moments.update(x[y], y)
    found = moments.moments()
    assert not found.energies.any()
    assert not found.scatter.any()
    assert not found.softmax.divergences.any()
    assert found.counts.tolist() == [70, 68]
    assert np.array_equal(found.means, x.double().numpy().T)


@pytest.mark.parametrize(("offset", "spread"), [(1e6, 1e-6), (1.0, 1e-6), (1e3, 1e-3)])
def test_a_scatter_far_below_the_means_keeps_its_digits(offset, spread):
    random = np.random.default_rng(2)
    x = offset + spread * random.standard_normal((400, 3))
    y = np.arange(400) % 2
    _, moments = both(2, 3, None, None, "full", "mse")
    for rows in np.array_split(np.arange(400), 7):
        moments.update(torch.from_numpy(x[rows]), torch.from_numpy(y[rows]))
    wide = x.astype(np.longdouble)
    apart = np.concatenate([wide[y == k] - wide[y == k].mean(axis=0) for k in (0, 1)])
    true = (apart.T @ apart).astype(float)
    # class means are known to EPS of the offset, and so is how far those of two batches are apart, which is about as
    # far as the spread
    wanted = 1e-12 + np.finfo(float).eps * offset / spread
    assert np.abs(moments.moments().scatter - true).max() <= wanted * np.abs(true).max()
    naive = x.T @ x - sum(np.outer(x[y == k].mean(axis=0), x[y == k].sum(axis=0)) for k in (0, 1))
    assert np.abs(naive - true).max() > 100 * wanted * np.abs(true).max()  # by the formula in one pass


@pytest.mark.parametrize("scatter", ["full", "projected", "trace"])
def test_a_batch_is_taken_in_blocks(monkeypatch, scatter):
    random, classes, dim, w, b, codes = fixed()
    plain, moments = both(classes, dim, (w, b), codes, scatter, "ce")
    x, y = random.standard_normal((500, dim)), random.integers(0, classes, 500)
    plain.update(x, y)
    taken, take = [], DeviceMoments._take
    monkeypatch.setattr(_host_moments, "_BLOCK", 30 * dim)
    monkeypatch.setattr(DeviceMoments, "_take", lambda self, x, y: (taken.append(len(x)), take(self, x, y))[1])
    moments.update(torch.from_numpy(x), torch.from_numpy(y))
    assert (max(taken), sum(taken)) == (30, 500)
    assert max(differences(plain, moments).values()) <= NEAR


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e3])
def test_outputs_near_and_far_under_cross_entropy(size):
    """Small steps, whose divergence is their square, and outputs of thousands, whose exponentials no float holds."""
    random = np.random.default_rng(4)
    w, b = random.standard_normal((3, 4)), random.standard_normal(3)
    plain, moments = both(3, 4, (w, b), None, "full", "ce")
    y = np.repeat(np.arange(3), 20)
    x = random.standard_normal((3, 4))[y] + size * random.standard_normal((60, 4))
    for rows in np.array_split(random.permutation(60), 4):
        plain.update(x[rows], y[rows])
        moments.update(torch.from_numpy(x[rows]), torch.from_numpy(y[rows]))
    assert np.isfinite(moments.flat.numpy()).all()
    apart = differences(plain, moments)
    # energies and divergences of deviations of 1e-9 are squares of numbers that are known to EPS of the features
    assert max(apart.values()) <= max(NEAR, 10 * np.finfo(float).eps / size)
    middle = w @ plain.class_means[:, y] + b[:, None]
    logs = [o - o.max(axis=0) - np.log(np.exp(o - o.max(axis=0)).sum(axis=0)) for o in (middle, w @ x.T + b[:, None])]
    if size >= 1.0:  # from its definition, which cancels for what is near
        wanted = float(np.sum(np.exp(logs[0]) * (logs[0] - logs[1])))
        assert float(moments.moments().softmax.divergences.sum()) == pytest.approx(wanted, rel=1e-11)


def test_all_of_a_batch_or_none():
    _, moments = both(2, 2, None, None, "full", "mse")
    moments.update(torch.eye(2), torch.tensor([0, 1]))
    before = moments.flat.clone()
    bad = torch.ones(3, 2)
    bad[2, 1] = float("nan")
    for features, labels, message in (
        (bad, [0, 1, 1], r"got nan in batch 4, row 2, dimension 1: has the training diverged"),
        (torch.full((1, 2), 1e200, dtype=torch.float64), [0], r"finite and below 1e\+100; got 1e\+200"),
        (torch.full((1, 2), float("inf"), dtype=torch.float16), [0], "got inf"),
        (torch.ones(2, 2), [0, 2], r"labels must lie in 0 \.\. 1; got 2 in batch 4$"),
        (torch.ones(2, 2), [0, -100], "got -100 in batch 4, pass ignore_index"),
    ):
        with pytest.raises(ProblemError, match=message) as caught:
            moments.update(features, torch.tensor(labels), " in batch 4")
        assert "\n" not in str(caught.value)
        assert torch.equal(moments.flat, before)
    assert moments.counts.tolist() == [1.0, 1.0]


PARTS = ("counts", "means", "energies", "scatter", "decisions", "lowest", *SOFT)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_damaged_is_noticed(part):
    """The comparison of these tests sees a change of every part by one in a billion, or of one sample."""
    random, classes, dim, w, b, codes = fixed()
    plain, moments = both(classes, dim, (w, b), codes, "full", "ce")
    x, y = random.standard_normal((50, dim)), random.integers(0, classes, 50)
    plain.update(x, y)
    moments.update(torch.from_numpy(x), torch.from_numpy(y))
    assert max(differences(plain, moments).values()) <= NEAR
    own = moments._parts[part]
    own += 1.0 if part in ("counts", "decisions") else 1e-9 * own.abs().max()
    apart = differences(plain, moments)
    assert apart.pop(part) > 100 * NEAR
    assert max(apart.values()) <= NEAR


@pytest.mark.parametrize(("name", "part"), [("_products", "scatter"), ("_add_chances", "divergences")])
def test_a_merge_without_what_is_between_is_noticed(monkeypatch, name, part):
    """The terms of Chan, Golub and LeVeque, left out one by one."""
    random, classes, dim, w, b, codes = fixed()
    plain, moments = both(classes, dim, (w, b), codes, "full", "ce")
    x, y = torch.from_numpy(random.standard_normal((50, dim))), torch.from_numpy(random.integers(0, classes, 50))
    plain.update(x.numpy(), y.numpy())
    true = getattr(DeviceMoments, name)

    def without_products(self, apart):
        return true(self, apart) * (len(apart) > classes)  # steps of class means have a row a class

    def without_chances(self, met, own, new, before, step, other):
        true(self, met, own, new, before, 0.0 * step, other)

    monkeypatch.setattr(DeviceMoments, name, {"_products": without_products, "_add_chances": without_chances}[name])
    for rows in torch.arange(50).chunk(2):
        moments.update(x[rows], y[rows])
    assert differences(plain, moments)[part] > 1e-6
