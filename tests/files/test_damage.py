"""Damaged files, other packages that fail, and problems of which nothing is left: one line, or a result."""

import random

import cvxpy
import numpy as np
import pytest

import ncsolve
from ncsolve import plots, verify
from tests.public_calls import DEEP, PROBLEM

MINIMIZERS = [ncsolve.solve(problem) for problem in (PROBLEM, DEEP)]


@pytest.mark.parametrize("found", MINIMIZERS)
def test_a_minimizer_with_other_arrays_is_refused(found, tmp_path):
    found.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as data:
        arrays = dict(data)
    for name, array in arrays.items():
        if name in ("loss", "encoding_name", "class_names", "lambda_w"):  # not used, or any text will do
            continue
        for other in (
            np.full(array.shape, np.nan), np.full(array.shape, 1e308), np.array("x"), np.zeros((2, 2)),
            array[..., None], np.array([1j]), np.full((3, 3), True),
        ):
            np.savez(tmp_path / "n.npz", **{**arrays, name: other})
            with pytest.raises(ncsolve.FileError) as error:
                ncsolve.Minimizer.load(tmp_path / "n.npz")
            assert "\n" not in str(error.value)


def test_a_minimizer_with_other_bytes_is_refused_or_the_same(tmp_path):
    MINIMIZERS[0].save(tmp_path / "m.npz")
    data = (tmp_path / "m.npz").read_bytes()
    chance = random.Random(0)
    refused = 0
    for _ in range(200):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "n.npz").write_bytes(damaged[: chance.choice([len(data), chance.randrange(len(data))])])
        try:
            assert ncsolve.Minimizer.load(tmp_path / "n.npz").loss == MINIMIZERS[0].loss
        except ncsolve.FileError:
            refused += 1
    assert refused > 100


class PanicException(BaseException):
    """As Clarabel's, which is no Exception."""


@pytest.mark.parametrize("failure", [PanicException("index out of bounds"), IndexError("list"), ValueError("a\nb")])
def test_a_failure_of_the_convex_solver_is_said_to_be_one(failure, monkeypatch):
    def fail(*_arguments, **_options):
        raise failure

    monkeypatch.setattr(cvxpy.Problem, "solve", fail)
    with pytest.raises(ncsolve.NCSolveError, match=r"clarabel failed .*; try another of clarabel, scs") as error:
        verify.solve_convex(PROBLEM)
    assert "\n" not in str(error.value)
    assert any("the convex program" in text for text in verify.check(PROBLEM, starts=1).skipped)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_who_ends_the_program_ends_the_convex_solver_too(stop, monkeypatch):
    def end(*_arguments, **_options):
        raise stop

    monkeypatch.setattr(cvxpy.Problem, "solve", end)
    with pytest.raises(stop):
        verify.solve_convex(PROBLEM)


@pytest.mark.parametrize("depth", [1, 2])
def test_descents_on_labels_that_are_zero_are_drawn(depth, tmp_path):
    nothing = ncsolve.UFM(
        encoding=ncsolve.encodings.affine(3, 0, 0), counts=2, lambda_w=0.01, lambda_h=0.01, lambda_b=0.1, depth=depth,
    )
    figure = plots.problem_descents(nothing)
    plots.save_figure(figure, tmp_path / "a.svg")
    assert figure.axes[0].get_ylabel().endswith(("minimum", "found"))  # not relative to a loss of zero
