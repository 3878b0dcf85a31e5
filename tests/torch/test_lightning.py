"""The metric in a LightningModule: what is logged is what a plain pass over the same data gives."""

import numpy as np
import pytest

import ncsolve

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
pytest.importorskip("torchmetrics", reason="needs torchmetrics: pip install 'ncsolve[torch]'")
lightning = pytest.importorskip("lightning", reason="needs lightning: pip install lightning")

from ncsolve.torch import NeuralCollapse, Probe  # noqa: E402

CLASSES, DIM = 3, 6


class Classifier(lightning.LightningModule):
    """Logs the figures of its validation data after every epoch, and keeps the weights that they are of."""

    def __init__(self):
        super().__init__()
        self.model = torch.nn.Sequential(torch.nn.Linear(4, DIM), torch.nn.ReLU(), torch.nn.Linear(DIM, CLASSES))
        self.probe = Probe(self.model)
        self.collapse = NeuralCollapse(CLASSES, DIM, self.probe.head, loss="cross-entropy")
        self.epochs = []

    def training_step(self, batch):
        outputs, _ = self.probe(batch[0])
        return torch.nn.functional.cross_entropy(outputs, batch[1])

    def validation_step(self, batch):
        _, features = self.probe(batch[0])
        self.collapse.update(features, batch[1])

    def on_validation_epoch_end(self):
        self.log_dict(self.collapse.compute())
        gap = self.collapse.measure(lambda_w=1e-2, lambda_h="balance", lambda_b=1e-2).gap
        self.epochs.append(({name: tensor.clone() for name, tensor in self.model.state_dict().items()}, gap))
        self.collapse.reset()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1, weight_decay=1e-2)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
# of lightning 2.6 with torch 2.13, and of the loaders, which need no workers
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*does not have many workers:UserWarning")
def test_the_logged_values_are_those_of_a_plain_pass(tmp_path, precision):
    torch.manual_seed(0)
    labels = torch.arange(30) % CLASSES
    inputs = torch.randn(30, 4) + labels[:, None]
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, labels), batch_size=8)
    module = Classifier()
    trainer = lightning.Trainer(
        max_epochs=2, logger=False, enable_checkpointing=False, accelerator="cpu", devices=1, precision=precision,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
    )
    trainer.fit(module, loader, loader)
    assert len(module.epochs) == 3  # the first is of the batches of Lightning's check before the training
    assert not any(name.startswith("collapse") for name in module.state_dict())
    weights, gap = module.epochs[-1]
    module.model.load_state_dict(weights)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"):
        features = torch.cat([module.probe(x)[1] for x, _ in loader])
    head = module.probe.head
    last = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
    plain = ncsolve.FeatureStatistics(CLASSES, DIM, last, loss="cross-entropy")
    plain.update(features.double().numpy(), labels.numpy())
    logged = trainer.logged_metrics
    assert len(logged) == 10
    # the same features in the same batches; sums of doubles in another order, of which nc1 makes a pseudo-inverse
    assert float(logged["nc1"]) == pytest.approx(plain.nc1, rel=1e-9)
    assert float(logged["cdnv"]) == pytest.approx(plain.cdnv, rel=1e-9)
    assert float(logged["accuracy"]) == pytest.approx(plain.accuracy, rel=1e-12)
    means = np.array(plain.class_means)
    wanted = ncsolve.metrics.distance_to_simplex_etf(means.T @ means)
    assert float(logged["nc2_simplex"]) == pytest.approx(wanted, rel=1e-9)
    problem = plain.problem("onehot", lambda_w=1e-2, lambda_h=1.0, lambda_b=1e-2)
    assert gap == pytest.approx(ncsolve.measure(plain, *last, problem, lambda_h="balance").gap, rel=1e-9)
