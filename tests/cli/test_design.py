"""``ncsolve design`` and ``ncsolve compare`` as a user runs them: output, files, mistakes."""

import numpy as np
import pytest

import ncsolve
from ncsolve.cli._compare import split_specs
from tests.command import ROOT, document, refused, run, said

IMBALANCED = ("--counts", "5000,500,50", "--lambda-w", "5e-3", "--lambda-h", "5e-3")
TREE = '{"animal": ["cat", "dog"], "vehicle": {"land": ["car", "truck"], "air": ["plane"]}}'


def test_the_designed_codes_keep_the_simplex(tmp_path):
    text = said("design", "--geometry", "simplex", *IMBALANCED, "--lambda-b", "inf", "--out", "codes.csv", cwd=tmp_path)
    for part in (
        "a simplex ETF", "rank 2", "2 is the shortest possible", "relative error", "120.0000 deg (cos -0.5)",
        "one-hot codes give class means that span 1 of 3 dimensions; 2 of them are zero", "inverse design (T11)",
        "nearest-code decoding is right", "saved codes.csv",
    ):
        assert part in text, part
    again = document("minimizer", "--encoding", tmp_path / "codes.csv", *IMBALANCED, "--lambda-b", "inf")
    assert again["nc"]["nc2_simplex"] < 1e-12


def test_files_of_both_kinds_hold_every_digit(tmp_path):
    found = document("design", "-g", "path", *IMBALANCED, "--lambda-b", "0.5", "--code-length", "4", "-o", "a.csv",
                     cwd=tmp_path)
    run("design", "-g", "path", *IMBALANCED, "--lambda-b", "0.5", "--code-length", "4", "-o", "a.npy", cwd=tmp_path)
    codes = np.array(found["encoding"])
    assert codes.shape == (4, 3)
    np.testing.assert_array_equal(ncsolve.encodings.from_file(tmp_path / "a.csv").matrix, codes)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), codes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.npy"]


def test_relu_features_and_deep_heads(tmp_path):
    """The codes written solve the forward problem with the same flags; layers keep their convention."""
    model = (*IMBALANCED, "--features", "relu", "--lambda-b", "0.5")
    found = document("design", "-g", "orthogonal", *model, "-o", "a.csv", cwd=tmp_path)
    assert found["error"] <= 1e-12
    assert found["minimizer"]["model"]["features"] == "relu"
    again = document("minimizer", "--encoding", "a.csv", *model, cwd=tmp_path)
    assert again["loss"] == pytest.approx(found["minimizer"]["loss"], rel=1e-13)
    deep = ("--counts", "50,20,5", "--depth", "2", "--lambda-w", "1e-2,2e-2", "--lambda-b", "inf", "--convention",
            "torch-mean")
    found = document("design", "-g", "simplex", *deep, "--code-length", "5", "--scale", "0.5", "-o", "b.csv",
                     cwd=tmp_path)
    assert found["error"] <= 1e-12
    again = document("minimizer", "--encoding", "b.csv", *deep, cwd=tmp_path)
    assert again["loss"] == pytest.approx(found["minimizer"]["loss"], rel=1e-13)
    np.testing.assert_allclose(again["gram"], found["target"]["gram"], atol=1e-12)
    text = said("design", "-g", "simplex", *deep, "--scale", "0.5")
    assert "weight decay 0.01, 0.02" in text
    assert "global minimum (T9)" in text


def test_a_file_is_not_overwritten(tmp_path):
    old = tmp_path / "codes.csv"
    old.write_text("1\n")
    arguments = ("design", "-g", "simplex", "--classes", "3", "--out", old)
    assert "exists already" in refused(*arguments)
    assert old.read_text() == "1\n"
    said(*arguments, "--force")
    assert ncsolve.encodings.from_file(old).classes == 3


def test_targets_from_files(tmp_path):
    (tmp_path / "gram.csv").write_text("# wanted\n2,1,0\n1,2,0\n0,0,1\n")
    found = document("design", "-g", tmp_path / "gram.csv", "--lambda-b", "0.5")
    assert found["target"]["gram"] == [[2, 1, 0], [1, 2, 0], [0, 0, 1]]  # as it stands in the file
    assert found["minimizer"]["problem"]["classes"] == 3
    assert found["error"] < 1e-12
    scaled = document("design", "-g", tmp_path / "gram.csv", "--lambda-b", "0.5", "--scale", "0.5")
    assert scaled["target"]["scale"] == pytest.approx(0.5)
    np.testing.assert_allclose(scaled["target"]["gram"], np.array(found["target"]["gram"]) * 0.3, atol=1e-15)


def test_a_hierarchy_follows_the_labels(tmp_path):
    (tmp_path / "tree.json").write_text(TREE)
    (tmp_path / "labels.txt").write_text("\n".join(["truck"] * 3 + ["cat"] * 5 + ["car"] * 2 + ["plane", "dog"]))
    found = document("design", "-g", f"hierarchy:{tmp_path / 'tree.json'}", "--labels", tmp_path / "labels.txt")
    names = found["minimizer"]["class_names"]
    assert names == ["car", "cat", "dog", "plane", "truck"]
    gram = np.array(found["target"]["gram"]) / found["target"]["scale"]
    at = {name: k for k, name in enumerate(names)}
    assert gram[at["car"], at["truck"]] == pytest.approx(2 / 3)
    assert gram[at["cat"], at["dog"]] == pytest.approx(1 / 3)
    assert gram[at["cat"], at["car"]] == pytest.approx(0.0, abs=1e-15)
    alone = document("design", "-g", f"hierarchy:{tmp_path / 'tree.json'}")
    assert alone["minimizer"]["class_names"] == ["cat", "dog", "car", "truck", "plane"]


def test_centre_makes_a_free_bias_possible():
    arguments = ("design", "-g", "orthogonal", "--counts", "5,3,2", "--lambda-b", "0")
    assert "Q n = 0" in refused(*arguments)
    assert document(*arguments, "--centre")["error"] < 1e-12


def test_one_number():
    found = document("design", "--target-cosine", "-0.05")
    assert found["value"] == pytest.approx(0.1105263157894737)
    assert found["achieved_cosine"] == pytest.approx(-0.05)
    torch = document("design", "--target-cosine", "-0.05", "--convention", "torch-mean", "--lambda-w", "1e-4",
                     "--lambda-h", "1e-4")
    assert torch["value"] * 10 / 2 == pytest.approx(0.1105263157894737)  # m lambda/2 of the paper
    assert torch["minimizer"]["problem"]["lambda_b"] == torch["value"]
    decay = document("design", "--target-cosine", "-0.05", "--vary", "weight-decay", "--lambda-b", "0.5")
    assert decay["minimizer"]["problem"]["lambda_w"] == pytest.approx(5e-4 * decay["value"])
    assert "alpha = 0.773423423423" in said("design", "--target-cosine", "0.3", "--vary", "alpha", "--lambda-b", "3")
    text = said("design", "--target-cosine", "0.2", "--vary", "alpha", "--features", "relu", "--lambda-b", "1")
    assert "ReLU features, H >= 0" in text
    assert "global minimum (T10)" in text


def test_comparison_table_and_json():
    arguments = ("compare", "--encodings", "onehot,smooth:0.1,signed,simplex,hadamard", "--counts", "400,100,9,1",
                 "--lambda-w", "5e-3", "--lambda-h", "1e-3", "--lambda-b", "inf")
    text = run(*arguments).stdout
    for part in ("encoding", "loss", "angles", "dist", "margin", "share", "collapsed", "NC3", "NC4",
                 "smoothed:0.1", "hadamard"):
        assert part in text, part
    assert not any(line != line.rstrip() for line in text.splitlines())
    found = document(*arguments)
    assert [row["encoding"] for row in found["encodings"]] == ["onehot", "smoothed:0.1", "signed", "simplex",
                                                               "hadamard"]
    assert found["encodings"][0]["vanished"] == [3]


def test_comparison_of_real_labels_names_the_classes(tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(["cat"] * 50 + ["dog"] * 5 + ["cow"] * 5))
    assert "cow=dog" in said("compare", "--encodings", "onehot", "--labels", tmp_path / "labels.txt", "--lambda-w",
                             "5e-2", "--lambda-h", "5e-2", "--lambda-b", "0.5")


def test_lists_of_encodings():
    assert split_specs("onehot,affine:1.5,-0.2, signed") == ["onehot", "affine:1.5,-0.2", "signed"]
    assert split_specs("codes.csv") == ["codes.csv"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["design"], "either --geometry"),
        (["design", "-g", "simplex", "--target-cosine", "-0.1"], "either --geometry"),
        (["design", "-g", "simplex", "--features", "relu"], "no negative inner product"),
        (["design", "-g", "simplex", "--counts", "9,4,2", "--depth", "2"], "use lambda_b = inf"),
        (["design", "-g", "simplex", "--depth", "2", "--scale", "1e-5"], "--scale) above"),
        (["design", "-g", "orthogonal", "--depth", "2", "--features", "relu"], "under a deep head are an open problem"),
        (["design", "-g", "simplx"], "did you mean 'simplex'"),
        (["design", "-g", "absent.csv"], "absent.csv: cannot be read"),
        (["design", "-g", "examples/codes.csv"], "square"),
        (["design", "-g", "hierarchy"], "needs a file"),
        (["design", "-g", "hierarchy:absent.json"], "absent.json: cannot be read"),
        (["design", "-g", "hierarchy:examples/codes.csv"], "is not JSON"),
        (["design", "-g", "simplex", "--code-length", "8"], "rank of the target Gram matrix, 9; got 8"),
        (["design", "-g", "simplex", "--scale", "-1"], "must be positive; got -1"),
        (["design", "-g", "simplex", "--classes", "1"], "at least 2"),
        (["design", "-g", "simplex", "--lambda-b", "0", "--counts", "3,2,1"], "Q n = 0"),
        (["design", "-g", "simplex", "--lambda-w", "0"], "--lambda-w must be positive"),
        (["design", "-g", "simplex", "--vary", "alpha"], "--vary goes with --target-cosine"),
        (["design", "-g", "simplex", "--encoding", "onehot"], "--encoding goes with --target-cosine"),
        (["design", "-g", "simplex", "--out", "codes.txt"], "unknown file ending '.txt'"),
        (["design", "-g", "simplex", "--out", "no/such/folder/codes.csv"], "cannot be written"),
        (["design", "-g", "simplex", "--tolerance", "0"], "--tolerance must be positive"),
        (["design", "--target-cosine", "-0.1", "--scale", "1"], "--scale goes with --geometry"),
        (["design", "--target-cosine", "0.5"], "reachable: from -0.1111111111"),
        (["design", "--target-cosine", "x"], "--target-cosine must be a number such as 0.25; got 'x'"),
        (["design", "--target-cosine", "nan"], "--target-cosine must be a number such as 0.25; got 'nan'"),
        (["design", "--target-cosine", "-0.05", "--vary", "beta"], "choices: alpha, lambda_b, weight-decay"),
        (["compare", "--encodings", "onehot,,signed"], "commas between"),
        (["compare", "--encodings", "onehot,nothot"], "did you mean"),
        (["design", "--target-cosine", "-0.1", "--vary", "weight-decay", "--depth", "2", "--lambda-b", "0.5"],
         "at 5.69992 times the given weight decay"),
        (["compare", "--encodings", "hadamard"], "power of two; got 10"),
        (["compare", "--encodings", "onehot", "--classes", "2001"], "up to 2000 classes"),
        (["compare", "--encodings", "examples/codes.csv"], "it has 4 columns (classes), but there are 10 classes"),
    ],
)
def test_mistakes_get_one_line(arguments, part):
    assert part in refused(*arguments)


def test_not_verified_is_exit_1():
    done = run("design", "-g", "simplex", "--classes", "3", "--scale", "1e-14")
    assert done.returncode == 1
    assert "must give the target back" in done.stderr


def test_a_certificate_on_request(tmp_path):
    """The proof is of the forward problem that was solved, and the stand-alone check accepts it."""
    arguments = ("design", "-g", "simplex", "--counts", "50,10,5", "--lambda-b", "0.5", "--certificate", "proof.json")
    assert "certified: loss in [" in said(*arguments, cwd=tmp_path)
    assert "certified: loss in [" in said("check", "proof.json", cwd=tmp_path)
    assert "exists already" in refused(*arguments, cwd=tmp_path)
    document(*arguments, "--force", cwd=tmp_path)  # stdout stays pure JSON


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_figures(tmp_path, ending):
    pytest.importorskip("matplotlib")
    arguments = ("compare", "--encodings", "onehot,signed,binary", "--counts", "400,100,9,1", "--lambda-w", "5e-3",
                 "--lambda-b", "inf", "--plot", f"c.{ending}")
    assert f"saved c.{ending}" in said(*arguments, cwd=tmp_path)
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert (tmp_path / f"c.{ending}").read_bytes().startswith(start)
    assert "exists already" in refused(*arguments, cwd=tmp_path)


def test_a_figure_with_another_ending_is_refused_before_the_work(tmp_path):
    told = refused("compare", "--encodings", "onehot", "--plot", "c.jpg", cwd=tmp_path)
    assert "unknown file ending '.jpg'" in told
    assert list(tmp_path.iterdir()) == []


def test_problem_files_give_the_counts_and_the_lambdas(tmp_path):
    (tmp_path / "problem.toml").write_text(
        'encoding = "smoothed:0.2"\ncounts = [50, 10, 5]\nlambda_w = 5e-3\nlambda_h = 5e-3\nlambda_b = 0.5\n'
    )
    options = ("--problem", "problem.toml")
    designed = document("design", "-g", "simplex", *options, cwd=tmp_path)["minimizer"]["problem"]
    assert (designed["counts"], designed["lambda_w"], designed["lambda_b"]) == ([50, 10, 5], 5e-3, 0.5)
    rows = document("compare", "--encodings", "onehot,signed", *options, cwd=tmp_path)
    assert rows["problem"]["counts"] == [50, 10, 5]
    assert [row["encoding"] for row in rows["encodings"]] == ["onehot", "signed"]
    one = document("design", "--target-cosine", "-0.2", *options, cwd=tmp_path)["minimizer"]["problem"]
    assert one["encoding"] == "smoothed:0.2"
    refused("design", "-g", ROOT / "examples" / "problem.toml", *options, cwd=tmp_path)


def test_a_certificate_is_of_the_lambdas_as_typed_and_no_codes_come_without_it(tmp_path):
    options = ("--counts", "50,10,5", "--convention", "torch-mean", "--certificate", "proof.json", "--out", "codes.csv")
    text = said("design", "-g", "path", "--code-length", "4", "--lambda-b", "0.3", *options, cwd=tmp_path)
    assert "lambda_w = 1/1000 = 0.001, lambda_h = 1/1000 = 0.001, lambda_b = 3/5 = 0.6" in text  # times m/2
    assert "(lambdas and loss here are in the convention paper)" in text
    (tmp_path / "proof.json").unlink()
    (tmp_path / "codes.csv").unlink()
    deep = ("--lambda-b", "inf", "--depth", "2", "--lambda-w", "5e-4,1e-3", "--scale", "1")
    assert "heads of one layer" in refused("design", "-g", "orthogonal", *options, *deep, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("features", ["linear", "relu"])
def test_class_means_that_do_not_fit_into_the_dim_of_a_problem_file(features, tmp_path):
    (tmp_path / "problem.toml").write_text(f'classes = 5\nper_class = 4\ndim = 4\nfeatures = "{features}"\n')
    options = ("--problem", "problem.toml", "--lambda-b", "0.5")
    told = refused("design", "-g", "orthogonal", *options, "--out", "codes.csv", cwd=tmp_path)
    assert "as many dimensions as the wanted class means, 5; problem.toml has dim: 4" in told
    assert not (tmp_path / "codes.csv").exists()
    if features == "linear":
        said("design", "-g", "simplex", *options, cwd=tmp_path)
    (tmp_path / "problem.toml").write_text(f'classes = 5\nper_class = 4\ndim = 5\nfeatures = "{features}"\n')
    said("design", "-g", "orthogonal", *options, cwd=tmp_path)


def test_zero_is_printed_as_zero(tmp_path):
    """Inner products that are zero but for rounding, of codes longer than K."""
    (tmp_path / "gram.csv").write_text("1,0.2,0\n0.2,1,0.1\n0,0.1,0.5\n")
    text = said("design", "-g", "gram.csv", "--counts", "5000,500,50", "--lambda-b", "0.5", "--scale", "0.01", "-m", 5,
                cwd=tmp_path)
    assert "inner products 0 to 0.0024" in text
    assert "(cos 0.2 to 0, mean" in text
