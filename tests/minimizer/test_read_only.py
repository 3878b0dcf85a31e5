"""Results cannot be changed by whoever holds them: what is saved, compared and drawn is what was solved."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

import ncsolve
from ncsolve import design, encodings, verify
from ncsolve.checks.arrays import Frozen, array_property, read_only

CODES = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]


def ufm(encoding=CODES, counts=(5, 20, 1, 10), **changes):
    given = {"lambda_w": 1e-3, "lambda_h": 4e-3, "lambda_b": 0.1} | changes
    return ncsolve.UFM(encoding=encoding, counts=list(counts), **given)


def balanced(**changes):
    return ufm(encodings.onehot(3), (4, 4, 4), **changes)


def results() -> dict[str, object]:
    """One of every kind of public result, of every model."""
    path, deep = ncsolve.path(ufm(), lambda_b=[0, 0.1, np.inf]), balanced(depth=2)
    labels = np.repeat([0, 1, 2, 3], [5, 20, 1, 10])
    statistics = ncsolve.LabelStatistics.from_labels(labels, CODES)
    run = verify.descend(balanced(), seed=0, max_steps=50)
    phase = ncsolve.phase(balanced(), lambda_b=[0.1, 1.0], against="imbalance", values=[1.0, 2.0])
    return {
        "dense": ncsolve.solve(ufm()),
        "symmetric": ncsolve.solve(ufm(encodings.onehot(4))),
        "balanced": ncsolve.solve(balanced()),
        "deep": ncsolve.solve(deep),
        "relu": ncsolve.solve(balanced(features="relu")),
        "bottleneck": ncsolve.solve(balanced(dim=1)),
        "statistics": ncsolve.solve_statistics(statistics, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.1),
        "path": path,
        "measured path": ncsolve.path(ufm(), lambda_w=[1e-4, 1e-3]).measure(),
        "path of counts": ncsolve.path(ufm(), count=[1, 5], of_class=2),
        "deep path": ncsolve.path(deep, lambda_b=np.geomspace(1e-2, 10, 4)),
        "phase": phase,
        "phase of t": ncsolve.phase(balanced(), lambda_b=[0.1, 1.0], against="t", values=[0.1, 0.3]),
        "comparison": ncsolve.compare(
            ["onehot", "signed"], counts=[5, 3, 2], lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.1
        ),
        "design": design.encoding_for(
            design.simplex_gram(3), counts=[5, 3, 2], lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.5
        ),
        "inverse": design.for_cosine(balanced(), -0.4, vary="lambda_b"),
        "run": run,
        "critical": verify.examine(balanced(), verify.zero_point(balanced())),
        "convex": verify.solve_convex(balanced()),
        "matrix": encodings.gaussian(3, 4),
        "affine matrix": encodings.smoothed(3, 0.1),
    }


def arrays(thing: object, name: str, seen: set[int]) -> Iterator[tuple[str, np.ndarray]]:
    """All arrays that can be reached through public attributes, of tuples and mappings too."""
    if isinstance(thing, np.ndarray):
        yield name, thing
    elif isinstance(thing, (tuple, list)):
        for i, entry in enumerate(thing):
            yield from arrays(entry, f"{name}[{i}]", seen)
    elif isinstance(thing, Mapping):
        for key, entry in thing.items():
            yield from arrays(entry, f"{name}[{key!r}]", seen)
    elif type(thing).__module__.startswith("ncsolve") and id(thing) not in seen:
        seen.add(id(thing))
        for attribute in dir(thing):
            if attribute.startswith("_") or attribute == "frame":  # the solver's own
                continue
            value = getattr(thing, attribute)
            if not callable(value) or dataclasses.is_dataclass(value):
                yield from arrays(value, f"{name}.{attribute}", seen)


def test_no_array_of_a_result_can_be_changed():
    keep = results()  # alive, so that no two have the same id
    found = dict(pair for name, result in keep.items() for pair in arrays(result, name, set()))
    writable = [name for name, array in found.items() if array.flags.writeable]
    assert writable == []
    for name in ("dense.W", "deep.layers[0]", "path.loss", "path.bias", "path.nc", "phase.rank", "design.target",
                 "statistics.weight_gram", "run.point.H", "run.samples.targets", "matrix.matrix", "design.encoding",
                 "run.trajectory.snapshots[0].bias", "convex.bias", "critical.point.W",
                 "phase of t.boundaries[0].values",
                 "dense.problem.counts.array", "dense.problem.label_mean", "deep path.points[0].bias",
                 "comparison.rows[1].minimizer.W", "inverse.minimizer.gram"):
        assert name in found  # the walk comes so far


def test_a_minimizer_is_saved_as_it_was_solved(tmp_path):
    minimizer = ncsolve.solve(ufm())
    for array in (minimizer.W, minimizer.class_means, minimizer.bias, minimizer.gram):
        with pytest.raises(ValueError, match="read-only"):
            array.flat[0] = 99
    minimizer.save(tmp_path / "m.npz")
    assert ncsolve.Minimizer.load(tmp_path / "m.npz").loss == minimizer.loss


def test_the_users_own_arrays_stay_theirs():
    values, w = np.array([0.1, 1.0]), np.ones((3, 2))
    path = ncsolve.path(ufm(), lambda_b=values)
    point = verify.Point(W=w, H=np.ones((2, 4)), b=np.ones(3))
    values[0], w[0, 0] = 5.0, 7.0  # theirs to change
    assert path.values.tolist() == [0.1, 1.0]
    assert np.array(ufm().counts).flags.writeable  # a copy is nobody else's
    assert not point.W.flags.writeable
    assert point.W[0, 0] == 1.0


def test_read_only():
    class Owner(Frozen):
        def __init__(self) -> None:
            self.a, self.b, self.c = np.zeros(2), (np.zeros(1), None), "x"

        @array_property
        def d(self):
            """Its text."""
            return np.zeros(3)

    owner = Owner()
    mine = owner.a
    owner.__post_init__()
    mine[0] = 1.0
    assert (owner.a[0], owner.b[1], owner.c) == (1.0, None, "x")
    assert not any(array.flags.writeable for array in (owner.a, owner.b[0], owner.d))
    assert owner.d is owner.d
    assert Owner.d.__doc__ == "Its text."
    assert read_only(owner.a) is owner.a


def test_copies_are_as_read_only_as_what_they_are_copies_of():
    """numpy forgets it in pickles and deep copies, and what comes from a worker process is a pickle."""
    kept = results() | {"counts": ufm().counts, "encoding": encodings.smoothed(3, 0.1)}
    for name, result in kept.items():
        before = dict(arrays(result, name, set()))  # asked for, so that what is cached is copied
        for way in (copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))):
            twin = way(result)
            found = dict(arrays(twin, name, set()))
            assert found.keys() == before.keys()
            assert [path for path, array in found.items() if array.flags.writeable] == []


def test_conventions_can_be_pickled():
    for name in ("paper", "torch-mean"):
        assert pickle.loads(pickle.dumps(ncsolve.convention(name))) is ncsolve.convention(name)
