"""The JSON document of a measurement: by its schema, in every convention, and the same numbers as the object's."""

import json

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve._documents.measurement import geometry_document, measurement_document
from ncsolve._measure.feature_geometry import feature_geometry
from ncsolve.schemas import schema
from tests.measure.samples import network, random_problem, random_softmax_problem, softmax_statistic, statistic


@pytest.mark.parametrize("seed", range(30))
def test_documents_keep_their_schema(seed):
    random = np.random.default_rng(seed)
    problem = random_problem(random, **({"features": "relu"} if seed % 5 == 4 else {}))
    w, b, features = network(random, problem, 0.2)
    if seed % 5 == 4:
        features = np.maximum(features, 0.0)
    found = ncsolve.measure(statistic(problem, w, b, features, ("full", "projected")[seed % 2]), w, b, problem)
    document = measurement_document(found)
    jsonschema.validate(document, schema("ncsolve.measurement/1"))
    jsonschema.validate(document["predicted"], schema("ncsolve.minimizer/1"))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["loss"] == found.loss
    if found.parts is not None:
        assert sum(document["parts"][name] for name in ("fit", "bias", "dual", "feature")) == pytest.approx(
            document["gap"], rel=1e-12
        )
    other = measurement_document(found, convention=ncsolve.convention("torch-mean"))
    factor = 2 / problem.code_length
    for name in ("loss", "minimum", "gap"):
        assert other[name] == pytest.approx(factor * document[name], rel=1e-12)
    assert other["lambda_h"]["used"] == pytest.approx(factor * found.lambda_h, rel=1e-12)
    assert other["relative_gap"] == document["relative_gap"]


@pytest.mark.parametrize("seed", range(12))
def test_documents_of_cross_entropy_keep_their_schema(seed):
    """Losses of which only the sum over samples has another factor: the convention of torch is the paper's."""
    random = np.random.default_rng(seed)
    problem = random_softmax_problem(random)
    w, b, features = network(random, problem, 0.2)
    found = ncsolve.measure(softmax_statistic(problem, w, b, features), w, b, problem)
    document = measurement_document(found)
    jsonschema.validate(document, schema("ncsolve.measurement/1"))
    jsonschema.validate(document["predicted"], schema("ncsolve.minimizer/1"))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["distance"]["outputs"] is document["certificate"]["outputs"] is None
    assert document["distance"]["probabilities"] == found.distance.probabilities
    mean, total = (
        measurement_document(found, convention=ncsolve.convention(name, "cross-entropy"))
        for name in ("torch-mean", "sum")
    )
    for name in ("loss", "minimum", "gap"):
        assert mean[name] == document[name]
        assert total[name] == pytest.approx(problem.samples * document[name], rel=1e-12)
    assert total["relative_gap"] == document["relative_gap"]


@pytest.mark.parametrize("why", ["held out", "no head", "no scatter", "no lambdas"])
def test_documents_of_features_alone(why):
    random = np.random.default_rng(3)
    problem = random_problem(random)
    w, b, features = network(random, problem, 0.2)
    stats = statistic(problem, w, b, features, "trace" if why == "no scatter" else "full")
    found = feature_geometry(stats, None if why == "no head" else (w, b), problem.encoding, why=why)
    document = geometry_document(found, convention=ncsolve.convention("sum"))
    jsonschema.validate(document, schema("ncsolve.measurement/1"))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert (document["implied"] is not None) == (why == "no lambdas")
    assert (document["nc"]["nc3"] is None) == (why == "no head")
    whole = measurement_document(ncsolve.measure(statistic(problem, w, b, features), w, b, problem))
    assert set(document) == set(whole)
    assert document["gram"] == whole["gram"]
    assert document["cosines"] == whole["cosines"]
