"""Losses to train on are the objective of the theory, value and gradient, whole and in batches; mistakes get a line."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from ncsolve.errors import NCSolveError, ProblemError, UnknownNameError
from tests.strategies import arrays, counts

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

from ncsolve.torch import FeaturePenalty, Objective, encode  # noqa: E402

INF = math.inf
# A few roundings of double precision, summed over at most some hundred terms.
EXACT = 1e-12


def point(problem, seed, dim=3):
    """A head and features of any size, and labels in a random order, in double precision."""
    random = np.random.default_rng(seed)
    head = torch.nn.Linear(dim, problem.code_length, bias=math.isfinite(problem.lambda_b), dtype=torch.float64)
    with torch.no_grad():
        for own in head.parameters():
            own.copy_(torch.from_numpy(random.standard_normal(own.shape)))
    labels = torch.from_numpy(random.permutation(np.repeat(np.arange(problem.classes), problem.counts.array)))
    features = torch.from_numpy(random.standard_normal((problem.samples, dim))).requires_grad_()
    return head, features, labels


def objective_of(problem, head, encoding=None, **options):
    return Objective(
        problem.encoding if encoding is None else encoding, loss=problem.loss, head=head, lambda_w=problem.lambda_w,
        lambda_h=problem.lambda_h, lambda_b=problem.lambda_b, **options,
    )


def by_definition(function, problem, head, features, labels):
    """``ncsolve.objective`` or ``ncsolve.gradient`` of the same numbers, which know nothing of torch."""
    b = np.zeros(problem.code_length) if head.bias is None else head.bias.detach().numpy()
    w, h = head.weight.detach().numpy(), features.detach().numpy().T
    return function(problem, w, h, b, labels=labels.numpy())


@st.composite
def problems(draw):
    loss = draw(st.sampled_from(["mse", "cross-entropy"]))
    codes = draw(arrays())
    if loss == "cross-entropy":  # of probabilities
        codes = np.abs(codes) + 0.1
        codes = codes / codes.sum(axis=0)
    return ncsolve.UFM(
        encoding=codes, counts=draw(counts(codes.shape[1], 8)), lambda_w=0.03, lambda_h=0.02,
        lambda_b=draw(st.sampled_from([0.0, 0.3, INF])), loss=loss,
    )


@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_value_and_gradient_are_those_of_the_definition(problem, seed):
    head, features, labels = point(problem, seed)
    loss = objective_of(problem, head)(head(features), labels, features)
    assert loss.item() == pytest.approx(by_definition(ncsolve.objective, problem, head, features, labels), rel=EXACT)
    loss.backward()
    for_w, for_h, for_b = by_definition(ncsolve.gradient, problem, head, features, labels)
    own = [head.weight.grad, features.grad.T, *([] if head.bias is None else [head.bias.grad])]
    for ours, expected in zip(own, (for_w, for_h, for_b)[: len(own)], strict=True):
        # a sum of terms as large as the largest slope, in which they may cancel
        np.testing.assert_allclose(ours.numpy(), expected, rtol=EXACT, atol=EXACT * np.abs(expected).max(initial=1.0))


@given(problem=problems(), seed=st.integers(0, 2**32 - 1), size=st.integers(1, 12))
@settings(max_examples=20)
def test_the_mean_over_batches_is_the_value_of_all(problem, seed, size):
    head, features, labels = point(problem, seed)
    whole = by_definition(ncsolve.objective, problem, head, features, labels)
    assert mean_over_batches(objective_of(problem, head, samples=problem.samples), head, features, labels, size) == (
        pytest.approx(whole, rel=EXACT)
    )


def mean_over_batches(objective, head, features, labels, size):
    return sum(
        len(y) * objective(head(h), y, h).item() for h, y in zip(features.split(size), labels.split(size), strict=True)
    ) / len(labels)


class Unscaled(FeaturePenalty):
    """Damaged: a batch counts as it is, which is what a training loop without N/n does."""

    def forward(self, features):
        return super().forward(features) * features.shape[0] / self.samples


def test_a_penalty_that_is_not_of_all_samples_is_noticed():
    problem = ncsolve.UFM(encoding="onehot", counts=[3, 4, 5], lambda_w=0.1, lambda_h=0.1, lambda_b=0)
    head, features, labels = point(problem, 0)
    objective = objective_of(problem, head, samples=12)
    objective.penalty = Unscaled(0.1, samples=12)
    whole = by_definition(ncsolve.objective, problem, head, features, labels)
    assert mean_over_batches(objective, head, features, labels, 4) != pytest.approx(whole, rel=1e-3)


@pytest.mark.parametrize(
    ("encoding", "loss"),
    [("onehot", "mse"), ("smoothed:0.3", "ce"), ("hadamard", "mse"), ("ecoc:7", "mse"), ("ordinal", "mse"),
     (encodings.signed(4), "mse"), ([[0.2, 0.5, 1, 0], [0.8, 0.5, 0, 1]], "ce"), (np.eye(4)[:3], "mse"),
     (torch.eye(4)[:3], "mse")],
)
def test_every_way_to_give_codes(encoding, loss):
    codes = encoding.numpy() if isinstance(encoding, torch.Tensor) else encoding
    problem = ncsolve.UFM(
        encoding=codes, counts=[1, 2, 3, 4], lambda_w=0.01, lambda_h=0.02, lambda_b=0.5, loss=loss, seed=3
    )
    head, features, labels = point(problem, 1)
    loss = objective_of(problem, head, encoding, classes=4, seed=3)(head(features), labels, features).item()
    assert loss == pytest.approx(by_definition(ncsolve.objective, problem, head, features, labels), rel=EXACT)
    rows = encode(labels, encoding, classes=4, dtype=torch.float64, seed=3)
    np.testing.assert_array_equal(rows.numpy(), problem.encoding.matrix.T[labels.numpy()])


def test_sequences_are_as_many_samples_as_they_have_positions():
    problem = ncsolve.UFM(encoding="onehot", counts=[4, 4, 4], lambda_w=0.1, lambda_h=0.1, lambda_b=0.2)
    head, features, labels = point(problem, 2)
    objective = objective_of(problem, head)
    flat, deep = features, features.reshape(3, 4, 3)
    assert objective(head(deep), labels.reshape(3, 4), deep).item() == pytest.approx(
        objective(head(flat), labels, flat).item(), rel=EXACT
    )


@pytest.mark.parametrize("size", [10.0, 800.0, 1e30])
def test_cross_entropy_of_large_outputs(size):
    outputs = torch.tensor([[size, 0.0, -size]], dtype=torch.float64, requires_grad=True)
    soft = [[0.5, 0.0], [0.25, 1.0], [0.25, 0.0]]
    # logsumexp(o) = size up to exp(-10), less <e, o> = size/2 - size/4 and 0
    for label, expected in ((0, 0.75 * size), (1, size)):
        loss = Objective(soft, loss="ce")(outputs, torch.tensor([label]))
        assert loss.item() == pytest.approx(expected, rel=1e-5)
        (slope,) = torch.autograd.grad(loss, outputs)
        np.testing.assert_allclose(slope[0], [1 - soft[0][label], -soft[1][label], -soft[2][label]], atol=1e-4)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_is_taken_in_single(kind):
    outputs = torch.full((4, 3), 200.0, dtype=kind)  # its squares, summed, are beyond float16
    outputs[:, 0] = 1.0
    labels, features = torch.tensor([0, 1, 2, 0]), torch.full((4, 2), 300.0, dtype=kind, requires_grad=True)
    objective = Objective("smoothed:0.1", classes=3, lambda_h=1e-3)
    found = objective(outputs, labels, features)
    assert found.dtype == torch.float32
    single = objective(outputs.float(), labels, features.float())
    assert found.item() == single.item()
    # the codes keep their digits when a whole training module is turned to half precision
    assert objective.half()(outputs, labels, features).item() == single.item()


def test_outputs_that_change_in_type_are_compared_with_exact_codes():
    objective, labels = Objective([[0.1, 0.7]]), torch.tensor([0, 1])
    objective(torch.zeros(2, 1), labels)  # single precision first
    exact = objective(torch.zeros(2, 1, dtype=torch.float64), labels).item()
    assert exact == pytest.approx((0.1**2 + 0.7**2) / 4, rel=EXACT)


def test_it_has_nothing_to_save_and_nothing_to_train():
    head = torch.nn.Linear(3, 4)
    objective = Objective(classes=4, head=head, lambda_w=0.1, lambda_h=0.1, lambda_b=0.1, samples=9)
    assert not list(objective.parameters())
    assert not objective.state_dict()
    features = torch.ones(2, 3, requires_grad=True)
    arguments = head(features), torch.tensor([0, 3]), features
    for other in (copy.deepcopy(objective), pickle.loads(pickle.dumps(objective))):
        assert other(*arguments).item() == objective(*arguments).item()
    assert "onehot, loss=mse, lambda_w=0.1" in repr(objective)
    assert "lambda_h=0.1, samples=9" in repr(objective)


def test_a_compiled_step_has_no_break_in_its_graph():
    head = torch.nn.Linear(3, 4, dtype=torch.float64)
    objective = Objective(classes=4, loss="ce", head=head, lambda_w=0.1, lambda_h=0.1, lambda_b=0.1)
    features, labels = torch.ones(2, 3, dtype=torch.float64, requires_grad=True), torch.tensor([0, 3])

    def step(h):
        return objective(head(h), labels, h)

    compiled = torch.compile(step, backend="eager", fullgraph=True)
    assert compiled(features).item() == pytest.approx(step(features).item(), rel=EXACT)


def test_what_is_only_looked_at_needs_no_gradient():
    with torch.no_grad():
        assert FeaturePenalty(0.5)(torch.ones(4, 3)).item() == 3.0
    frozen = Objective(classes=2)(torch.zeros(2, 2), torch.tensor([0, 1]), torch.zeros(2, 3))  # no lambda_h: no penalty
    assert frozen.item() == 0.5


@pytest.mark.parametrize("samples", [None, 8])
@pytest.mark.parametrize("without", [torch.no_grad, torch.inference_mode])
def test_validation_data_may_be_of_any_size(samples, without):
    problem = ncsolve.UFM(encoding="onehot", counts=[2, 3, 3], lambda_w=0.1, lambda_h=0.1, lambda_b=0.1)
    head, features, labels = point(problem, 0)
    objective = objective_of(problem, head, samples=samples)
    for n in (8, 7, 24):
        h, y = features.repeat(3, 1)[:n], labels.repeat(3)[:n]
        with without():
            found = objective(head(h), y, h).item()
        counts = torch.bincount(y, minlength=3).tolist()
        expected = by_definition(ncsolve.objective, problem.replace(counts=counts), head, h, y)
        share = 1.0 if samples is None else samples / n
        penalty = 0.05 * (h**2).sum().item()
        assert found == pytest.approx(expected + (share - 1.0) * penalty, rel=EXACT)
        if n == 8:
            objective(head(h), y, h)
    with pytest.raises(ProblemError, match="batch"):  # which is still refused where it trains
        objective(head(h), y, h)


def test_beside_the_mean_squared_error_of_torch_the_penalty_is_of_its_convention():
    given = {"encoding": "onehot", "counts": [2, 3, 3], "lambda_w": 0.1, "lambda_h": 0.2, "lambda_b": 0}
    problem = ncsolve.UFM(**given, convention="torch-mean")
    assert problem.lambda_h == pytest.approx(0.2 * 3 / 2, rel=EXACT)
    head, features, labels = point(problem, 0)
    loss = torch.nn.MSELoss()(head(features), encode(labels, problem.encoding, dtype=torch.float64))
    loss = loss + FeaturePenalty(0.2)(features) + 0.1 / 2 * (head.weight**2).sum()
    assert 3 / 2 * loss.item() == pytest.approx(
        by_definition(ncsolve.objective, problem, head, features, labels), rel=EXACT)


def test_a_head_without_a_bias_may_have_the_lambda_b_of_none():
    head = torch.nn.Linear(3, 4, bias=False)
    assert Objective(classes=4, head=head, lambda_b=INF)(head(torch.zeros(1, 3)), torch.tensor([0])).item() == 0.5


@pytest.mark.parametrize("kind", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_labels_of_any_integer_type(kind):
    codes = encode(torch.tensor([1, 0], dtype=kind), classes=2)
    assert codes.dtype == torch.get_default_dtype()
    assert codes.tolist() == [[0.0, 1.0], [1.0, 0.0]]


H = torch.ones(2, 3)
ONE_HOT, LABELS, OUTPUTS = torch.eye(4)[:2], torch.tensor([0, 3]), torch.zeros(2, 4)


def linear(bias=True):
    return torch.nn.Linear(3, 4, bias=bias)


def two_sizes():
    penalty = FeaturePenalty(0.1)
    penalty(H.clone().requires_grad_())
    penalty(H[:1].clone().requires_grad_())


REFUSED = {
    "a label too large": (
        lambda: encode(torch.tensor([10, 0]), classes=10), r"labels must lie in 0 \.\. 9; got 10, number the classes"),
    "a label of none": (lambda: encode(torch.tensor([-100]), classes=10), r"in 0 \.\. 9; got -100, .* leave out"),
    "one-hot rows": (lambda: encode(ONE_HOT.long(), classes=4), r"got shape \(2, 4\) .* pass labels.argmax\(dim=-1\)"),
    "soft rows": (lambda: Objective(classes=4)(OUTPUTS, ONE_HOT), "pass labels.argmax.*smoothed:0.1"),
    "a column of labels": (lambda: encode(LABELS[:, None], classes=4), r"shape \(2, 1\) .*, pass labels.flatten\(\)"),
    "labels of reals": (lambda: encode(LABELS.double(), classes=4), r"got .* of torch.float64, pass labels.long\(\)"),
    "labels of truth": (lambda: encode(LABELS > 1, classes=4), r"of torch.bool, pass labels.long\(\)"),
    "labels in a list": (lambda: encode([0, 1], classes=4), r"got list, pass torch.as_tensor\(labels\)"),
    "no labels": (lambda: encode(LABELS[:0], classes=4), "not empty"),
    "too few labels": (lambda: Objective(classes=4)(OUTPUTS, LABELS[:1]), r"numbers \(2,\), one per output.*\(1,\)"),
    "codes of whole numbers": (lambda: encode(LABELS, classes=4, dtype=torch.int64), "dtype must be .*torch.int64"),
    "a name without a number": (lambda: encode(LABELS, "signed"), "got 'signed', pass classes="),
    "another number of classes": (lambda: encode(LABELS, np.eye(4), classes=5), "number of codes, 4; got 5"),
    "an unknown encoding": (lambda: Objective("one_hat", classes=4), "unknown encoding 'one_hat'"),
    "an unknown loss": (lambda: Objective(classes=4, loss="mae"), "unknown loss 'mae'"),
    "a loss that is not solved": (lambda: Objective(classes=4, loss="focal"), "focal loss is not convex"),
    "codes that are no probabilities": (lambda: Objective("signed", classes=4, loss="ce"), "must be a probability"),
    "too few outputs": (lambda: Objective(classes=5)(OUTPUTS, LABELS), r"long, 5 \(onehot\); got shape \(2, 4\)"),
    "outputs of whole numbers": (lambda: Objective(classes=4)(OUTPUTS.long(), LABELS), "outputs must be floating"),
    "outputs of one sample": (lambda: Objective(classes=4)(OUTPUTS[0], LABELS[0]), r"\(n, m\), .* got shape \(4,\)"),
    "outputs of none": (lambda: Objective(classes=4)(OUTPUTS[:0], LABELS[:0]), "outputs .* not empty"),
    "outputs of numpy": (lambda: Objective(classes=4)(OUTPUTS.numpy(), LABELS), "outputs must be of type Tensor"),
    "nan": (lambda: Objective(classes=4)(OUTPUTS * math.nan, LABELS), "it is nan at the fit of the outputs: lower the"),
    "inf": (lambda: Objective(classes=4)(OUTPUTS + 1e38, LABELS), "it is inf at the fit"),
    "weights of nan": (
        lambda: Objective(classes=4, head=nan_head(), lambda_w=0.1)(OUTPUTS, LABELS), r"is nan at lambda_w/2 "),
    "detached features": (lambda: FeaturePenalty(0.1)(H), "no effect: .* was it detached"),
    "batches of two sizes": (two_sizes, "got batches of 2 and 1 samples, pass samples=N"),
    "a batch of too many": (
        lambda: FeaturePenalty(0.1, samples=1)(H.clone().requires_grad_()), "got samples = 1 and a batch of 2"),
    "one feature": (lambda: FeaturePenalty(0.1)(H[0]), r"features must be .* \(n, d\)"),
    "no features": (lambda: Objective(classes=4, lambda_h=0.1)(OUTPUTS, LABELS), "lambda_h = 0.1 is of the features"),
    "features of other samples": (
        lambda: Objective(classes=4, lambda_h=0.1)(OUTPUTS, LABELS, H[:1]), r"per output, 2; got shape \(1, 3\)"),
    "lambda_h below 0": (lambda: FeaturePenalty(-0.1), "lambda_h must be a nonnegative number; got -0.1"),
    "lambda_h of nan": (lambda: FeaturePenalty(math.nan), "lambda_h must be a nonnegative number"),
    "samples of none": (lambda: FeaturePenalty(0.1, samples=0), "samples must be an integer of at least 1; got 0"),
    "lambda_w below 0": (lambda: Objective(classes=4, head=linear(), lambda_w=-1), "lambda_w must be a nonnegative"),
    "lambda_w of nothing": (lambda: Objective(classes=4, lambda_w=0.1), "lambda_w = 0.1 is of the last layer; got no"),
    "lambda_b of nothing": (lambda: Objective(classes=4, lambda_b=0.1), "lambda_b = 0.1 is of the last layer; got no"),
    "lambda_b of no bias": (
        lambda: Objective(classes=4, head=linear(False), lambda_b=0.1), "lambda_b = 0.1 is of the bias; got a head"),
    "no bias that is there": (lambda: Objective(classes=4, head=linear(), lambda_b=INF), "got a head with one"),
    "a head of another width": (lambda: Objective(classes=5, head=linear()), r"long, 5 \(onehot\); got Linear"),
    "a head that is none": (lambda: Objective(classes=4, head=H), "head must be of type Linear; got Tensor"),
}


def nan_head():
    head = linear()
    torch.nn.init.constant_(head.weight, math.nan)
    return head


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_one_line_with_its_remedy(case):
    call, words = REFUSED[case]
    with pytest.raises(NCSolveError, match=words) as caught:
        call()
    assert isinstance(caught.value, (ProblemError, UnknownNameError))
    assert "\n" not in str(caught.value)
