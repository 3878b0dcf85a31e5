"""Every architecture of the suite takes images of any size, and ends with features and a head that the probe finds."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from experiments._networks import build  # noqa: E402
from experiments._run import ARCHITECTURES, TAILS, Run  # noqa: E402
from experiments._suite import SuiteError  # noqa: E402
from ncsolve.torch import Probe  # noqa: E402

SHAPES = {"8 x 8": (1, 8, 8), "28 x 28": (1, 28, 28), "3 channels, 9 x 13": (3, 9, 13)}


def run_of(network="mlp", tail="linear", **factors):
    return Run(network=network, tail=tail, decay=3e-3 if tail == "plain" else 0.0, dim=5, **factors)


def samples(shape, run, n=6):
    drawn = torch.randn(n, *shape, generator=torch.Generator().manual_seed(0))
    return drawn.double() if run.tail == "plain" else drawn


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("network", ARCHITECTURES)
def test_the_head_is_found_and_sees_features(network, tail, shape):
    run = run_of(network, tail)
    model = build(run, shape, 7)
    probe = Probe(model, tail="last hidden layer" if tail == "plain" else "head")
    assert probe.head is model[-1]
    x = samples(shape, run)
    outputs, seen = probe(x)
    assert outputs.shape == (6, 7)
    # under plain decay the probe gives what the last hidden layer sees, of which second moments are kept
    assert seen.shape == (6, 32 if tail == "plain" else 5)
    assert torch.equal(model(x), outputs)
    assert (model[:-1](x).min() >= 0).item() == tail.endswith("relu")


@pytest.mark.parametrize("tail", TAILS)
def test_an_mlp_takes_rows_of_numbers(tail):
    run = run_of("mlp", tail)
    assert build(run, (16,), 26)(samples((16,), run)).shape == (6, 26)


@pytest.mark.parametrize("shape", [(16,), (1, 3, 8)])
@pytest.mark.parametrize("network", [name for name in ARCHITECTURES if name != "mlp"])
def test_what_takes_images_refuses_other_samples(network, shape):
    with pytest.raises(SuiteError) as caught:
        build(run_of(network), shape, 7)
    assert str(caught.value) == (
        f"network = '{network}' takes images (channels, height, width) of at least 4 x 4 pixels; got samples of shape "
        f'{shape}, take network = "mlp"'
    )


@pytest.mark.parametrize("network", ARCHITECTURES)
def test_initial_weights_depend_on_the_seed_alone(network):
    def weights(seed):
        model = build(run_of(network, seed=seed), (1, 8, 8), 7)
        return torch.cat([own.detach().flatten() for own in model.parameters()])

    torch.manual_seed(5)
    first = weights(0)
    after = torch.rand(())
    torch.manual_seed(5)
    assert torch.rand(()) == after  # torch's random numbers are left as they were
    assert torch.equal(weights(0), first)
    assert not torch.equal(weights(1), first)


@pytest.mark.parametrize("network", ARCHITECTURES)
def test_no_bias_where_its_decay_is_infinite(network):
    assert build(run_of(network, lambda_b=math.inf), (1, 8, 8), 7)[-1].bias is None
    assert build(run_of(network, lambda_b=3.0), (1, 8, 8), 7)[-1].bias is not None


def test_every_patch_counts():
    """An image whose size is no multiple of a patch is padded, not cut."""
    model = build(run_of("vit"), (1, 9, 13), 7)
    x = samples((1, 9, 13), run_of("vit")).requires_grad_()
    model(x).square().sum().backward()
    assert (x.grad.abs().sum((0, 1)) > 0).all()
