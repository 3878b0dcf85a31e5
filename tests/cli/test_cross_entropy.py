"""--loss cross-entropy on the command line: what is said, compared and refused."""

import pytest

from tests.command import document, refused, said


def words(*arguments):
    return " ".join(said(*arguments).split())


def test_minimizer():
    text = words("minimizer", "--loss", "ce", "--full")
    assert text.startswith("Simplex ETF: 96.4 degrees between any two class means; the bias is zero.")
    assert "under cross-entropy the class means are a simplex ETF for every lambda_b" in text
    assert "label mean" not in text
    assert "global minimum (T16)" in text


def test_a_free_bias_is_one_up_to_a_constant():
    text = words("minimizer", "--loss", "ce", "--counts", "40,20,5", "--lambda-b", "0")
    assert "up to a constant, which softmax does not see" in text
    assert "global minimum, to rounding: a lower bound" in text


def test_merged_minorities_are_named():
    text = words(
        "minimizer", "--loss", "ce", "--counts", "200,100,3,3,3", "--lambda-w", "1e-2", "--lambda-h", "5e-3",
        "--lambda-b", "0.1",
    )
    assert (
        "Class 2, class 3 and class 4 share one mean (minority merging: classes of one count share a mean up to T^2 = "
        "4.77405 samples)" in text
    )
    assert "nearest class mean and classifier differ most between class 2 and class 1" in text


def test_collapse_has_a_remedy():
    text = words("minimizer", "--loss", "ce", "-e", "smoothed:0.2", "--lambda-w", "0.1", "--lambda-h", "0.1")
    assert "t = 10 is not below 0.8; use sqrt(lambda_W lambda_H) < (1 - alpha)/(K sqrt(n)) = 0.008" in text
    text = words("minimizer", "--loss", "ce", "--features", "relu", "--lambda-w", "0.1", "--lambda-h", "0.1")
    assert "(1 - alpha) sqrt(n (K - 1)/K)" in text
    text = words("minimizer", "--loss", "ce", "--counts", "9,5,2", "--lambda-w", "1", "--lambda-h", "1")
    assert "the largest singular value s_1 of the labels minus softmax(b)" in text


def test_a_path_has_no_share_of_a_label_mean():
    """Under cross-entropy the bias is added to logits and takes nothing out of the labels."""
    arguments = ["path", "--classes", "4", "--lambda-b", "0.01,0.1,1"]
    assert "lambda_b loss |b| cosine rank regime" in said(*arguments, "--loss", "ce")
    assert "centring" in said(*arguments)


def test_compare_puts_both_losses_side_by_side():
    arguments = ["compare", "--loss", "mse,cross-entropy", "--counts", "40,20,5", "--encodings", "onehot,smoothed:0.1"]
    text = said(*arguments)
    assert all(name in text for name in ("onehot, MSE", "smoothed:0.1, MSE", "onehot, CE", "smoothed:0.1, CE"))
    shown = document(*arguments)
    assert shown["problem"]["losses"] == ["mse", "cross-entropy"]
    losses = {row["loss_function"]: row["loss"] for row in shown["encodings"] if row["encoding"] == "onehot"}
    for name, loss in losses.items():
        alone = document("minimizer", "--loss", name, "--counts", "40,20,5")
        assert alone["loss"] == pytest.approx(loss, rel=1e-12)


def test_compare_takes_codes_that_are_probabilities_by_default():
    names = [row["encoding"] for row in document("compare", "--loss", "ce", "--classes", "3")["encodings"]]
    assert names == ["onehot", "smoothed:0.1"]
    assert "must be a probability vector" in refused("compare", "--loss", "ce", "--encodings", "onehot,signed")


def test_designed_codes_are_those_of_mse():
    line = refused("design", "--geometry", "simplex", "--counts", "5000,500,50", "--loss", "ce")
    assert "wanted class means is not known; got --loss cross-entropy" in line


@pytest.mark.parametrize("command", ["minimizer", "path", "phase"])
@pytest.mark.parametrize(("options", "line"), [
    (("--loss", "focal"), "focal loss is not convex"),
    (("--loss", "hinge"), "unknown loss 'hinge'"),
    (("--loss", "nll"), "is cross-entropy: use --loss cross-entropy"),
    (("--loss", "bce"), "binary cross-entropy, of a sigmoid for every output, is not solved"),
    (("--loss", "label-smoothing"), "use --loss cross-entropy with the encoding smoothed:0.1"),
    (("--loss", "ce", "-e", "signed"), "must be a probability vector"),
    (("--loss", "ce", "--depth", "2"), "deep heads under cross-entropy are an open problem"),
])
def test_one_line_says_what_to_do(command, options, line):
    assert line in refused(command, *options)
