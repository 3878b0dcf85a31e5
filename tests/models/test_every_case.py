"""``solve`` on every case: its theorem, its guarantee, its loss from outside, and what is unique."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve._models.registry import MODELS, model_of
from tests import by_hand
from tests.cases import CASES, cases_where, descents, every_case, reached
from tests.documents import fits
from tests.reference import certified_gap, loss_of


def test_every_model_has_cases():
    assert {model.name for model in MODELS} == {case.model for case in CASES.values()}


@every_case
def test_the_minimizer(case):
    """The theorem and the guarantee are those of the table; the loss is that of the definition, and none is lower."""
    found = ncsolve.solve(case.problem)
    assert (found.choice.theorem, found.guarantee) == (case.theorem, case.guarantee)
    assert model_of(case.problem, found.frame).name == case.model
    assert ncsolve.select_method(case.problem).theorem == case.theorem
    assert found.loss == pytest.approx(loss_of(found), rel=1e-12)
    assert found.lower_bound <= found.loss
    assert found.gap == found.loss - found.lower_bound
    assert (found.gap <= 1e-8 * found.loss) == case.is_global
    assert reached(case.name) == pytest.approx(found.loss, rel=1e-10)
    assert reached(case.name) >= found.loss * (1 - 1e-12)
    assert case.problem.features == "linear" or found.class_means.min() >= 0.0


@cases_where(lambda case: case.of_the_paper)
def test_weak_duality_leaves_no_gap(case):
    found = ncsolve.solve(case.problem)
    loss, bound = certified_gap(case.problem, found.W, found.class_means, found.bias)
    assert loss - bound <= 1e-12 * loss


def scalars_tell(case):
    """Whether the problem falls apart into scalar ones: balanced codes a I + q J and linear features."""
    affine = case.problem.encoding.affine is not None and case.problem.counts.balanced
    return case.squared and case.model != "relu" and affine


@cases_where(scalars_tell)
def test_no_choice_of_directions_and_branches_costs_less(case):
    assert ncsolve.solve(case.problem).loss == pytest.approx(by_hand.loss(case.problem), rel=1e-9)


@every_case
def test_what_is_unique(case):
    """All descents that end at the lowest loss share it, and what is not unique differs between two of them."""
    found = ncsolve.solve(case.problem)
    assert not case.is_global or (found.ties == "") == (case.unique == "Gram matrix")
    lowest = [run for run in descents(case.name) if run.loss <= reached(case.name) * (1 + 1e-10)]
    assert len(lowest) > 1

    def same(of_run, of_minimizer):
        # A loss that is right to 1e-10 leaves half of the digits to where it is reached.
        return [bool(np.allclose(of_run(run), of_minimizer, rtol=0, atol=1e-4)) for run in lowest]

    weight = np.sqrt(case.problem.counts.array)
    size = found.singular_values.size
    spectra = same(lambda run: np.linalg.svd(run.outputs * weight, compute_uv=False)[:size], found.singular_values)
    biases, grams = same(lambda run: run.bias, found.bias), same(lambda run: run.gram, found.gram)
    if case.unique == "loss":
        assert not case.is_global or not (all(spectra) or all(biases) or all(grams))
    else:
        assert all(spectra)
        assert all(biases)
        assert all(grams) == (case.unique == "Gram matrix")


@every_case
def test_classes_in_another_order_and_turned_codes(case):
    """The same problem to the definition, and another one to every formula that looks for a form of the codes."""
    problem = case.problem
    order = np.roll(np.arange(problem.classes), 1)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((problem.code_length,) * 2))[0]
    if not case.squared:  # whose codes stay probabilities; features that are ReLU's need theirs in order
        turn = np.roll(np.eye(problem.code_length), 1 if problem.features == "relu" else 2, axis=0)
    other = ncsolve.solve(problem.replace(
        encoding=turn @ problem.encoding.matrix[:, order], counts=problem.counts.array[order]
    ))
    found = ncsolve.solve(problem)
    assert other.loss == pytest.approx(found.loss, rel=1e-9 if case.model == "relu" else 1e-12)
    if case.unique != "loss":
        np.testing.assert_allclose(other.singular_values, found.singular_values, rtol=0, atol=1e-7)
        np.testing.assert_allclose(other.bias, turn @ found.bias, rtol=0, atol=1e-7)
    if case.unique == "Gram matrix":
        np.testing.assert_allclose(other.gram, found.gram[np.ix_(order, order)], rtol=0, atol=1e-6)


@every_case
def test_save_and_load(case, tmp_path):
    found = ncsolve.solve(case.problem)
    found.save(tmp_path / "m.npz")
    read = ncsolve.Minimizer.load(tmp_path / "m.npz")
    assert read.loss == pytest.approx(found.loss, rel=1e-14)
    np.testing.assert_allclose(read.gram, found.gram, rtol=1e-13, atol=1e-15)
    assert (read.guarantee, read.choice.theorem, read.ties) == (found.guarantee, found.choice.theorem, found.ties)
    for name in ("lambda_w_layers", "loss", "features", "depth", "feature_dim", "lambda_h", "lambda_b"):
        assert getattr(read.problem, name) == getattr(found.problem, name)


@every_case
def test_a_changed_layer_is_noticed(case, tmp_path):
    ncsolve.solve(case.problem).save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as data:
        arrays = dict(data)
    name = "W_1" if case.problem.depth > 1 else "W"
    np.savez(tmp_path / "changed.npz", **arrays | {name: arrays[name] * (1 + 1e-6)})
    with pytest.raises(ncsolve.FileError, match="not the minimizer of its problem"):
        ncsolve.Minimizer.load(tmp_path / "changed.npz")


@every_case
def test_the_document(case):
    """It fits its schema; the model, the guarantee and the bounds are there where the model is not the paper's."""
    found = ncsolve.solve(case.problem)
    document = fits(found.to_json(), "ncsolve.minimizer/1")
    assert document["theorem"] == case.theorem
    assert document["loss"] == pytest.approx(found.loss, rel=1e-14)
    if case.of_the_paper:
        assert not {"model", "guarantee", "lower_bound", "gap", "ties", "first_order"} & set(document)
    else:
        layers = pytest.approx(case.problem.lambda_w_layers)
        assert document["model"] == {
            "loss_function": case.problem.loss, "features": case.problem.features, "depth": case.problem.depth,
            "lambda_w_layers": layers,
        }
        assert (document["guarantee"], document.get("ties", "")) == (case.guarantee, found.ties)
        assert document["lower_bound"] <= document["loss"]
        assert document["gap"] == pytest.approx(found.gap, abs=1e-15)
    assert math.isfinite(document["stationarity"])
