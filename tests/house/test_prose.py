"""What README and documentation say in words, where the program can tell whether it is so."""

import json
import math
import re

import numpy as np
import pytest
from ncsolve.verify.claims import CLAIMS

import ncsolve
from ncsolve import encodings
from ncsolve.schemas import schema
from tests.command import said
from tests.readme import ROOT
from tests.reference import exact_bias

INF = math.inf


def page(name):
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def one_hot(counts, lambda_b, lam=5e-3, **model):
    code = encodings.onehot(len(counts))
    return ncsolve.UFM(encoding=code, counts=counts, lambda_w=lam, lambda_h=lam, lambda_b=lambda_b, **model)


def test_the_numbers_of_claims_are_those_of_the_program():
    certified = [claim.name for claim in CLAIMS if claim.shows == "proved"]
    for name in ("README.md", "docs/howto/verify.md"):
        found = re.search(r"(\d+) claims of the theory[,;] of (\d+) of (?:them|which) certificates prove", page(name))
        assert found is not None
        assert [int(number) for number in found.groups()] == [len(CLAIMS), len(certified)]
    kept = page("docs/verification.md")
    assert f"{len(CLAIMS)} of {len(CLAIMS)} claims agree" in kept
    assert f"{len(certified)} of them say something of single problems only" in kept
    assert all(name.endswith("-certified") for name in certified)  # as the schema says
    assert "the claims whose name ends with -certified" in json.dumps(schema("ncsolve.verify/1"))
    assert not [claim.name for claim in CLAIMS if claim.name.endswith("-certified") and claim.shows != "proved"]


# THEORY T15: loss, squared lengths and largest inner product, found by descent on the problem itself.
@pytest.mark.parametrize(
    ("lambda_b", "loss", "lengths", "inner"),
    [
        (0.0, 0.018333286934, (0.0, 0.77428, 1.26881), 0.259761),
        (0.01, 0.022186569893, (0.14772, 0.58096, 1.04355), 0.053821),
        (0.05, 0.025137960693, None, 0.0),
    ],
)
def test_imbalanced_classes_under_relu_features(lambda_b, loss, lengths, inner):
    found = ncsolve.solve(one_hot([8, 3, 1], lambda_b, features="relu"))
    assert found.loss == pytest.approx(loss, rel=1e-9)  # as many digits as the value has
    gram = np.array(found.gram)
    if lengths is not None:
        assert np.diag(gram) == pytest.approx(lengths, abs=1e-5)  # as it has
    assert np.max(gram - np.diag(np.diag(gram))) == pytest.approx(inner, abs=1e-5)


def test_counts_that_differ_little_stay_orthogonal_under_relu_features():
    for lambda_b in (0.0, 1e-3, 1.0, INF):
        gram = np.array(ncsolve.solve(one_hot([5, 5, 2], lambda_b, features="relu")).gram)
        assert np.max(np.abs(gram - np.diag(np.diag(gram)))) < 1e-9  # ten digits of a loss of 0.02
        assert np.diag(gram).min() > 0.3


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, 1.0])
def test_small_classes_merge_and_do_not_vanish_with_a_bias(lambda_b):
    """T^2 between the counts: the means of the small classes are one vector, zero only without a bias."""
    counts = [1000, 1000, 50, 50]
    lam = math.sqrt(55) / sum(counts)
    gram = np.array(ncsolve.solve(one_hot(counts, lambda_b, lam)).gram)
    assert gram[2, 3] == pytest.approx(gram[2, 2], rel=1e-9)
    assert gram[2, 2] > 1e-4
    assert np.array(ncsolve.solve(one_hot(counts, INF, lam)).gram)[2, 2] == 0.0


def test_a_phase_diagram_says_that_small_classes_merge():
    text = said("phase", "--per-class", 1000, "--classes", 4, "--lambda-w", "3e-3", "--lambda-h", "3e-3", "--against",
                "imbalance=1:1000:5", "--lambda-b", "1e-2:10:5")
    assert "at imbalance = 25.73892612 the means of all classes of n_k = T^2 samples merge into one" in text
    assert "vanish" not in text


def test_a_bias_under_relu_features_is_not_called_the_label_mean(tmp_path):
    """With H >= 0 a free bias serves the large class, and labels of zero mean may have a bias."""
    (tmp_path / "zero.csv").write_text("1,1,-2\n0,0,0\n")
    decays = ["--lambda-w", "5e-3", "--lambda-h", "5e-3"]
    texts = {}
    for name, options in {
        "free": ["--counts", "8,3,1", "--lambda-b", "0"], "zero": ["-e", "zero.csv", "-n", "10", "--lambda-b", "0.01"],
        "balanced": ["--classes", "3", "--per-class", "2", "--lambda-b", "0"],
    }.items():
        texts[name] = said("minimizer", "--features", "relu", *options, *decays, cwd=tmp_path)
    found = ncsolve.solve(one_hot([8, 3, 1], 0.0, features="relu"))
    away = float(np.linalg.norm(found.bias - found.problem.label_mean))
    assert away > 0.4
    assert f"with H >= 0 the free bias is not the label mean but {away:.4g} away from it" in texts["free"]
    assert "the label mean is zero, and with H >= 0 the bias is not" in texts["zero"]
    assert "the free bias takes out all of the label mean" in texts["balanced"]


@pytest.mark.parametrize("name", ["README.md", "docs/explanation/layered.md"])
def test_the_minimum_of_linear_layers_that_relu_between_them_goes_below(name):
    lam = 0.004
    linear = ncsolve.solve(ncsolve.UFM(
        encoding=encodings.onehot(10), counts=1, depth=4, lambda_w=lam, lambda_h=lam, lambda_b=INF,
    ))
    assert linear.guarantee == "global"
    assert f"minimum {'for linear layers is ' if name.startswith('docs') else ''}{linear.loss:.6g}" in page(name)
    assert "a loss of 0.0870797" in page(name)


def random_codes(rng):
    """Codes of low rank and a small rest: nearly dependent ones."""
    m, k = rng.integers(2, 6, 2)
    rank = int(rng.integers(1, min(m, k) + 1))
    low = rng.standard_normal((m, rank)) @ rng.standard_normal((rank, k))
    return low + 10 ** rng.uniform(-9, -1) * rng.standard_normal((m, k))


def test_how_right_the_bias_is():
    """The page on computation: to a few roundings of the label mean, and to kappa roundings of its own length (3.1
    kappa was seen in 520 such problems, and 3e-15 of the label mean)."""
    rng = np.random.default_rng(5)
    worst = 0.0
    for _ in range(40):
        codes = random_codes(rng)
        problem = ncsolve.UFM(
            encoding=codes, counts=np.exp(rng.uniform(0, 5, codes.shape[1])).round().astype(int),
            lambda_w=10 ** rng.uniform(-12, -1), lambda_h=10 ** rng.uniform(-12, -1), lambda_b=10 ** rng.uniform(-4, 4),
        )
        bias = ncsolve.solve(problem).bias
        exact = exact_bias(problem, bias)
        error = float(np.linalg.norm(bias - exact))
        singular = np.linalg.svd((codes - exact[:, None]) * np.sqrt(problem.counts.array), compute_uv=False)
        kappa = singular[0] / max(singular[-1], problem.threshold)
        assert error <= 8 * np.finfo(float).eps * kappa * np.linalg.norm(exact)
        assert error <= 1e-14 * np.linalg.norm(problem.label_mean)
        worst = max(worst, error / float(np.linalg.norm(exact)))
    assert worst > 1e-11  # else the bound would not have been tried
