"""A toy fourth model, "features are fixed to zero", in one class: registered, it goes through every level.

Its minimizer is the bias alone, b = mu/(1 + lambda_b), and its loss is known.
"""

import json
import math

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._bias.theorems import MethodChoice
from ncsolve._documents.path import path_document
from ncsolve._documents.phase import phase_document
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models import registry
from ncsolve._models.protocol import Model
from ncsolve._problem.model_spec import FEATURES, FeatureKind
from ncsolve.schemas import schema
from tests.command import refused, said

CHOICE = MethodChoice(method="closed-form", theorem="T3", reason="no features: the bias alone fits the codes")
LAMBDAS = {"lambda_w": 1e-2, "lambda_h": 2e-2}


class Zero(Model):
    name = "zero"

    def owns(self, problem):
        return problem.features == "zero"

    def frame(self, problem, *, spectral=False):
        m, k = problem.code_length, problem.classes
        return FactoredFrame(
            problem=problem, choice=CHOICE, stack=(np.zeros((m, 1)),), means=np.zeros((1, k)),
            bias=problem.label_mean / (1.0 + problem.lambda_b), values=np.zeros(min(m, k)),
        )

    def words(self, problem, *, narrow, scale=None):
        return ("features fixed to zero",)


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setattr(registry, "MODELS", [*registry.MODELS, Zero()])
    monkeypatch.setitem(FEATURES, "zero", FeatureKind(nonnegative=False, default_dim=lambda m, k, regular: 1))


def loss(problem):
    """By hand: the scatter of the codes, and what weight decay of the bias leaves of the label mean."""
    n, codes = problem.counts.array, problem.encoding.matrix
    mean, lb = codes @ n / n.sum(), problem.lambda_b
    scatter = float(np.sum(n * (codes - mean[:, None]) ** 2)) / n.sum()
    return (scatter + float(mean @ mean) * (1.0 if lb == math.inf else lb / (1 + lb))) / 2


def problem(lambda_b=0.5, **other):
    given = {"encoding": encodings.onehot(3), "counts": 4, "features": "zero"} | LAMBDAS | other
    return ncsolve.UFM(lambda_b=lambda_b, **given)


def fits(document, name):
    """A document against the schema, to whose features the table adds those of the registered model."""
    text = json.dumps(schema(name))
    enum = json.dumps(["linear", "relu"])
    assert enum in text
    found = json.loads(json.dumps(document, allow_nan=False))
    with pytest.raises(jsonschema.ValidationError):  # the schemas of the models that are built in stay closed
        jsonschema.validate(found, schema(name))
    jsonschema.validate(found, json.loads(text.replace(enum, json.dumps(list(FEATURES)))))
    return found


@pytest.mark.parametrize("lambda_b", [0.0, 0.5, math.inf])
@pytest.mark.parametrize("other", [{}, {"encoding": [[1.0, 0.0, 2.0]], "counts": [3, 1, 2]}])
def test_solve(lambda_b, other, tmp_path):
    found = ncsolve.solve(problem(lambda_b, **other))
    assert found.loss == pytest.approx(loss(found.problem), rel=1e-14)
    assert (found.regime, found.rank, found.guarantee, found.transition) == ("collapsed", 0, "global", None)
    assert found.loss == pytest.approx(
        ncsolve.objective(found.problem, found.W, found.class_means, found.bias), rel=1e-14
    )
    found.save(tmp_path / "zero.npz")
    again = ncsolve.Minimizer.load(tmp_path / "zero.npz")
    assert (again.loss, again.problem.features) == (found.loss, "zero")
    assert fits(found.to_json(), "ncsolve.minimizer/1")["model"]["features"] == "zero"


def test_path():
    along = ncsolve.path(problem(), lambda_b=[0.0, 0.1, 1.0, math.inf])
    np.testing.assert_allclose(along.loss, [loss(along.problem_at(i)) for i in range(4)], rtol=1e-14)
    assert along.beyond
    assert along.latent is None
    assert along.changes == ()
    assert fits(path_document(along), "ncsolve.path/1")["model"]["features"] == "zero"


def test_phase():
    diagram = ncsolve.phase(problem(), lambda_b=[0.1, 1.0], against="t", values=[0.1, 0.5])
    assert {regime for row in diagram.regimes for regime in row} == {"collapsed"}
    assert (diagram.boundaries, diagram.collapse) == ((), ())
    assert fits(phase_document(diagram), "ncsolve.phase/1")["model"]["features"] == "zero"


def test_compare():
    found = ncsolve.compare(["onehot", "signed"], counts=4, classes=3, lambda_b=0.5, features="zero", **LAMBDAS)
    for row in found.rows:
        assert row.minimizer.loss == pytest.approx(loss(row.minimizer.problem), rel=1e-14)
    assert fits(found.to_json(), "ncsolve.comparison/1")["problem"]["model"]["features"] == "zero"


@pytest.mark.parametrize("command", ["minimizer", "path --lambda-b 0.1,1", "compare --encodings onehot,signed",
                                     "phase --against t=0.1:0.5:3 --lambda-b 0.1:1:3"])
def test_words(command):
    assert "features fixed to zero" in said(*command.split(), "--features", "zero", "--classes", "3")


def test_a_problem_file_and_pictures(tmp_path):
    file = tmp_path / "zero.toml"
    file.write_text('classes = 3\nfeatures = "zero"\n')
    picture = tmp_path / "zero.svg"
    assert "features fixed to zero" in said("minimizer", "--problem", str(file), "--plot", str(picture))
    assert picture.stat().st_size > 0


@pytest.mark.parametrize(("command", "part"), [
    ("certify", "no certificate is known for the model 'zero'"),
    ("explore --out page.html", "the explorer has no formulas for the model 'zero'"),
    ("design --geometry orthogonal", "the model 'zero'"),
])
def test_what_the_model_does_not_say_is_refused_in_a_sentence(command, part):
    assert part in refused(*command.split(), "--features", "zero", "--classes", "3")


def test_without_the_registration_the_choices_are_listed(monkeypatch):
    monkeypatch.delitem(FEATURES, "zero")
    with pytest.raises(ncsolve.UnknownNameError, match="linear"):
        problem()


def test_a_model_without_its_three_answers_is_none():
    with pytest.raises(TypeError, match=r"frame.*owns.*words"):
        Model()
