"""``ncsolve design``: proofs with the codes, and the dim of a problem file."""

import pytest

from tests.command import run


def test_a_certificate_is_of_the_lambdas_as_typed_and_no_codes_come_without_it(tmp_path):
    options = ("--counts", "50,10,5", "--convention", "torch-mean", "--certificate", "proof.json", "--out", "codes.csv")
    done = run("design", "-g", "path", "--code-length", "4", "--lambda-b", "0.3", *options, cwd=tmp_path)
    text = " ".join(done.stdout.split())
    assert "lambda_w = 1/1000 = 0.001, lambda_h = 1/1000 = 0.001, lambda_b = 3/5 = 0.6" in text  # times m/2
    assert "(lambdas and loss here are in the convention paper)" in text
    (tmp_path / "proof.json").unlink()
    (tmp_path / "codes.csv").unlink()
    deep = ("--lambda-b", "inf", "--depth", "2", "--lambda-w", "5e-4,1e-3", "--scale", "1")
    done = run("design", "-g", "orthogonal", *options, *deep, cwd=tmp_path)
    assert done.returncode == 2
    assert "heads of one layer" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("features", ["linear", "relu"])
def test_class_means_that_do_not_fit_into_the_dim_of_a_problem_file(features, tmp_path):
    (tmp_path / "problem.toml").write_text(f'classes = 5\nper_class = 4\ndim = 4\nfeatures = "{features}"\n')
    options = ("--problem", "problem.toml", "--lambda-b", "0.5")
    done = run("design", "-g", "orthogonal", *options, "--out", "codes.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "as many dimensions as the wanted class means, 5; got dim = 4" in done.stderr
    assert not (tmp_path / "codes.csv").exists()
    if features == "linear":
        assert run("design", "-g", "simplex", *options, cwd=tmp_path).returncode == 0
    (tmp_path / "problem.toml").write_text(f'classes = 5\nper_class = 4\ndim = 5\nfeatures = "{features}"\n')
    assert run("design", "-g", "orthogonal", *options, cwd=tmp_path).returncode == 0


def test_zero_is_printed_as_zero(tmp_path):
    """Inner products that are zero but for rounding, of codes longer than K."""
    (tmp_path / "gram.csv").write_text("1,0.2,0\n0.2,1,0.1\n0,0.1,0.5\n")
    done = run("design", "-g", "gram.csv", "--counts", "5000,500,50", "--lambda-b", "0.5", "--scale", "0.01", "-m", "5",
               cwd=tmp_path)
    assert "inner products 0 to 0.0024" in done.stdout
    assert "(cos 0.2 to 0, mean" in done.stdout
