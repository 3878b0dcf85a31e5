"""Under plain weight decay the last two layers end at their minimum, and what is damaged does not pass for that."""

from __future__ import annotations

import copy
import math
import re

import numpy as np
import pytest

import ncsolve
from tests.torch.example import example

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
pytest.importorskip("sklearn", reason="needs the digits of scikit-learn: pip install scikit-learn")

from ncsolve.torch import Probe, lambdas  # noqa: E402

plain = example("torch_plain_decay")
TAIL, K, STATIONARY = plain.TAIL, plain.CLASSES, plain.STATIONARY
# With the seeds 0 and 1 training leaves a relative gap of 1e-5 and cosines that are 8e-4 apart.
RELATIVE_GAP, COSINE = 1e-4, 2e-3


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Matrices are small, and the other core has tests of its own."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def images():
    return plain.digits()


@pytest.fixture(scope="module", params=[plain.DECAY, 0.1, math.inf], ids=str)
def trained(request, images):
    """One decay for all weights and biases, a larger one for the head's bias, and a head without a bias."""
    torch.manual_seed(0)
    model = plain.network(bias=request.param < math.inf)
    optimizer = plain.train(model, *images, request.param)
    return model, lambdas(optimizer, model, len(images[0]), K, convention="paper"), request.param


def measure(model, images, run, **changes):
    options = {**run.arguments(TAIL), "stationarity_tolerance": STATIONARY, **changes}
    return Probe(model, tail=TAIL).measure([images], **options)


def apart(found):
    """The largest difference between a measured and a predicted cosine of two classes."""
    return np.abs(
        plain.off_diagonal(found.cosines) - plain.off_diagonal(ncsolve.geometry.cosine_matrix(found.predicted.gram))
    ).max()


def test_the_last_two_layers_end_at_their_minimum(trained, images):
    model, run, lambda_b = trained
    found = measure(model, images, run)
    assert found.problem.lambda_b == lambda_b
    assert 0 < found.relative_gap < RELATIVE_GAP
    assert apart(found) < COSINE
    assert found.verdict.kind == "collapsed as predicted"
    # neither a simplex ETF nor an orthogonal frame has such cosines, nor has what another decay predicts
    cosines = plain.off_diagonal(found.cosines)
    assert np.ptp(cosines) > 0.1
    for other in (0.5 * plain.DECAY, 2 * plain.DECAY):
        assert measure(model, images, run, lambda_v=other, lambda_c=other).relative_gap > 10 * RELATIVE_GAP


def test_one_lambda_h_for_the_features_is_no_model_of_it(trained, images):
    model, run, _ = trained
    assert Probe(model).measure([images], **run.arguments()).relative_gap > 0.1


def test_the_loss_is_that_of_the_two_layers_by_its_definition(trained, images):
    model, run, lambda_b = trained
    x, y = images
    hidden, head = model[-2:]
    with torch.no_grad():
        residual = model(x) - torch.eye(K, dtype=x.dtype)[y]
        loss = residual.square().sum() / (2 * len(x)) + plain.DECAY / 2 * (
            head.weight.square().sum() + hidden.weight.square().sum() + hidden.bias.square().sum()
        )
        if head.bias is not None:
            loss += lambda_b / 2 * head.bias.square().sum()
    # sums of second moments beside those over samples, both in double precision
    assert measure(model, images, run).loss == pytest.approx(loss.item(), rel=1e-11)


DAMAGES = {
    # of its square part, as axes that are mixed up
    "V transposed": lambda hidden, head: hidden.weight[:, :plain.DIM].copy_(hidden.weight[:, :plain.DIM].T.clone()),
    "V smaller": lambda hidden, head: hidden.weight.mul_(0.9),
    "c turned": lambda hidden, head: hidden.bias.copy_(hidden.bias.flip(0)),
    "W turned": lambda hidden, head: head.weight.copy_(head.weight.flip(1)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_layers_miss_the_target(trained, images, damage):
    model, run, _ = trained
    model = copy.deepcopy(model)
    with torch.no_grad():
        DAMAGES[damage](model[-2], model[-1])
    found = measure(model, images, run)
    assert found.relative_gap > 10 * RELATIVE_GAP
    assert found.verdict.kind != "collapsed as predicted"


def by_hand(model, run, z, y):
    """The measurement with features z (N, p) that somebody took."""
    stats = ncsolve.FeatureStatistics(K, z.shape[1]).update(z.detach().numpy(), y.numpy())
    problem = stats.metric_problem(**{name: value for name, value in run.arguments(TAIL).items() if name != "loss"})
    head, hidden = (dict(layer.named_parameters()) for layer in (model[-1], model[-2]))
    return ncsolve.measure(
        stats, head["weight"].detach(), head["bias"].detach() if "bias" in head else None, problem,
        hidden=(hidden["weight"].detach(), hidden["bias"].detach()), stationarity_tolerance=STATIONARY,
    )


def test_the_input_of_another_layer_misses_the_target_or_is_refused(trained, images):
    model, run, _ = trained
    x, y = images
    right = by_hand(model, run, model[:-2](x), y)
    assert right.relative_gap < RELATIVE_GAP
    before = by_hand(model, run, model[:-3](x), y)  # without the ReLU, and of the same size
    assert before.relative_gap > 10 * RELATIVE_GAP
    assert before.verdict.kind != right.verdict.kind == "collapsed as predicted"
    with pytest.raises(ncsolve.ProblemError, match=r"V must be \(d, p\) with p = 64"):
        by_hand(model, run, x, y)


def test_the_example_prints_what_it_is_about(capsys):
    plain.main(["--lambda-b", "0.1", "--steps", "60"])
    said = capsys.readouterr().out
    measured, predicted = map(float, re.search(r"^loss +([0-9.]+) +([0-9.]+)$", said, re.MULTILINE).groups())
    assert measured > predicted  # after so few steps
    gap, fitted = (float(one.rstrip(",")) for one in re.findall(r"relative gap (\S+)", said)[:2])
    assert gap == pytest.approx(measured / predicted - 1, rel=0.1)
    assert fitted > 10 * gap
