"""``ncsolve certify`` and ``ncsolve check`` as commands: files, exit codes, numbers as they were typed."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

import ncsolve
from ncsolve import CONVENTIONS
from ncsolve.certificates import checker
from ncsolve.cli import _certify, main
from ncsolve.schemas import schema

ROOT = Path(__file__).parents[2]
ONEHOT = ["certify", "--encoding", "onehot", "--lambda-b", "0.5"]


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command; (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, arguments)))
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return call


def test_make_check_and_tamper(run, tmp_path):
    code, out, _ = run(*ONEHOT, "-o", "cert.json")
    assert code == 0
    assert out.splitlines()[0] == "proved: the minimum is 97/2000 = 0.0485"
    assert out.splitlines()[-1] == "saved cert.json; check it with: ncsolve check cert.json"
    assert run("check", "cert.json") == (0, "\n".join(out.splitlines()[:-1]) + "\n", "")
    text = (tmp_path / "cert.json").read_text()
    (tmp_path / "forged.json").write_text(text.replace("97/2000", "97/2001"))
    code, out, err = run("check", "forged.json")
    assert (code, out) == (1, "")
    assert err == "refuted: the objective at the point is above the claimed upper bound\n"
    (tmp_path / "broken.json").write_text(text[:100])
    code, out, err = run("check", "broken.json")
    assert (code, out) == (2, "")
    assert err.startswith("ncsolve: error: broken.json: not a certificate: the file is not JSON")


def test_to_standard_output(run, tmp_path):
    code, out, err = run(*ONEHOT)
    assert code == 0
    assert json.loads(out)["lower"] == "97/2000"
    assert err.startswith("proved: the minimum is 97/2000")
    (tmp_path / "cert.json").write_text(out)
    assert run("check", "cert.json")[0] == 0


def test_the_checker_hands_itself_out(run, tmp_path):
    run(*ONEHOT, "-o", "cert.json")
    code, out, _ = run("check", "--source")
    assert code == 0
    assert out == Path(checker.__file__).read_text()
    (tmp_path / "checker.py").write_text(out)
    command = [sys.executable, "-I", "-S", "checker.py", "cert.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("proved: the minimum is 97/2000")


def test_relu_features_from_the_command_line(run, tmp_path):
    code, out, _ = run(*ONEHOT, "--features", "relu", "-k", "3", "--digits", "20", "-o", "relu.json")
    assert code == 0
    lines = out.splitlines()[:-1]
    assert lines[1].endswith("none of them negative (ReLU)")
    assert run("check", "relu.json") == (0, "\n".join(lines) + "\n", "")
    code, out, _ = run("check", "--source", "--features", "relu")
    (tmp_path / "checker.py").write_text(out)
    command = [sys.executable, "-I", "-S", "checker.py", "relu.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == lines
    text = (tmp_path / "relu.json").read_text()
    lower, upper = (str(Fraction(json.loads(text)[key]) * 999 / 1000) for key in ("lower", "upper"))
    (tmp_path / "forged.json").write_text(json.dumps(json.loads(text) | {"lower": lower, "upper": upper}))
    assert run("check", "forged.json")[0] == 1
    for wrong, words in (
        (("relu.json", "--features", "relu"), "says which checker --source prints"),
        (("relu.json", "--source"), "prints the checker and checks nothing; got relu.json"),
        (("--source", "--features", "tanh"), "unknown features 'tanh'; choices: linear, relu"),
    ):
        code, out, err = run("check", *wrong)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err


def test_files_are_not_overwritten(run):
    assert run(*ONEHOT, "-o", "cert.json")[0] == 0
    code, out, err = run(*ONEHOT, "-o", "cert.json")
    assert (code, out) == (2, "")
    assert "exists already" in err
    assert run(*ONEHOT, "-o", "cert.json", "--force")[0] == 0
    assert "cannot be written" in run(*ONEHOT, "-o", "no/such/cert.json")[2]


def document(run, *arguments):
    code, out, err = run("certify", *arguments)
    assert code == 0, err
    return json.loads(out)


def test_decimals_mean_what_they_say(run, tmp_path):
    made = document(run, "--lambda-w", "5e-4", "--lambda-h", "0.0005", "--lambda-b", "0.1")
    assert (made["lambda_w"], made["lambda_h"], made["lambda_b"]) == ("1/2000", "1/2000", "1/10")
    made = document(run, "--encoding", "smoothed:0.1", "--lambda-b", "inf")
    assert made["codes"][0][:2] == ["91/100", "1/100"]
    assert made["lambda_b"] == "inf"
    assert document(run, "--encoding", "smoothed")["codes"] == made["codes"]
    assert document(run, "--encoding", "affine:1.5,-0.2", "-k", "2")["codes"] == [["13/10", "-1/5"], ["-1/5", "13/10"]]
    (tmp_path / "codes.csv").write_text("# two outputs\n0.1, 0.2, 1e-3\n\n1,0,\t-2.50\n")
    made = document(run, "--encoding", "codes.csv", "--counts", "1,2,3")
    assert made["codes"] == [["1/10", "1"], ["1/5", "0"], ["1/1000", "-5/2"]]
    assert made["counts"] == [1, 2, 3]
    assert document(run, "--encoding", "ecoc:4", "-k", "3", "--seed", "1")["codes"][0][0] in ("1", "-1")


def test_digits(run):
    made = document(run, "--counts", "5,20,1", "--lambda-b", "0.1", "--digits", "50")
    lower, upper = Fraction(made["lower"]), Fraction(made["upper"])
    assert 0 < upper - lower <= upper / 10**50


def test_fractions_as_typed(run):
    code, _, err = run("certify", "--lambda-w", "1/2000", "--lambda-h", "1/2000", "--lambda-b", "1/19")
    assert code == 0
    assert "lambdas: lambda_w = 1/2000 = 0.0005, lambda_h = 1/2000 = 0.0005, lambda_b = 1/19 = 0.05263" in err
    assert "centring: complete; complete up to lambda_b = 1/19\n" in err  # the float nearest to 1/19 is not lb*
    made = document(run, "--convention", "sum", "--lambda-w", "1/3", "--lambda-b", "1e-1/7")
    assert (made["lambda_w"], made["lambda_b"]) == ("1/3000", "1/70000")
    assert run("minimizer", "--lambda-w", "1/2000", "--json") == run("minimizer", "--lambda-w", "5e-4", "--json")


def test_an_existing_file_is_refused_before_the_work(run, tmp_path, monkeypatch):
    (tmp_path / "cert.json").write_text("mine")
    monkeypatch.setattr(_certify, "certificate_as_typed", lambda *_, **__: pytest.fail("worked first"))
    code, _, err = run(*ONEHOT, "-o", "cert.json")
    assert (code, (tmp_path / "cert.json").read_text()) == (2, "mine")
    assert "exists already" in err


@pytest.mark.parametrize("stand_alone", [True, False])
@pytest.mark.parametrize(("old", "new", "code"), [("x", "x", 0), ("97/2000", "97/2001", 1), ("schema", "scheme", 2)])
def test_a_reader_that_goes_away(run, tmp_path, stand_alone, old, new, code):
    """The exit code is the verdict, whoever reads the words; nothing is printed about pipes."""
    assert run(*ONEHOT, "-o", "cert.json")[0] == 0
    (tmp_path / "cert.json").write_text((tmp_path / "cert.json").read_text().replace(old, new))
    command = [checker.__file__] if stand_alone else ["-m", "ncsolve", "check"]
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stderr" if code else "stdout": writer, "stdout" if code else "stderr": subprocess.PIPE}
    done = subprocess.run([sys.executable, *command, "cert.json"], cwd=tmp_path, check=False, **streams)
    os.close(writer)
    assert done.returncode == code
    assert not done.stdout
    assert not done.stderr


@pytest.mark.parametrize("name", CONVENTIONS)
def test_conventions_are_exact(run, name):
    lambdas = ("--lambda-w", "0.1", "--lambda-h", "0.2", "--lambda-b", "0.3")
    made = document(run, "--convention", name, "--counts", "3,9,5", *lambdas)
    floats = CONVENTIONS[name].to_paper(17, 3, 0.1, 0.2, 0.3)
    exact = [Fraction(made[key]) for key in ("lambda_w", "lambda_h", "lambda_b")]
    assert [float(x) for x in exact] == pytest.approx(floats, rel=1e-15)
    assert all((3 * 17 * 100) % x.denominator == 0 for x in exact)
    factors = CONVENTIONS[name].factors(Fraction(17), Fraction(3))
    assert all(isinstance(x, (int, Fraction)) for x in factors)
    assert [float(x) for x in factors] == pytest.approx(CONVENTIONS[name].factors(17, 3), rel=1e-15)


def test_convention_of_the_loss(run):
    note = "numbers are in the convention paper; the loss in sum is 1000 times as large"
    assert note in run(*ONEHOT, "--convention", "sum", "-o", "cert.json")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["certify", "--classes", "300"], "at most 256 classes and outputs; got 300; fewer classes are another problem "
         "with another minimum: 'ncsolve verify' checks this one numerically"),
        (["certify", "--digits", "0"], "digits must be a whole number from 1 to 500; got 0"),
        (["certify", "--lambda-w", "1/0"], "--lambda-w must be a number whose denominator is not zero; got '1/0'"),
        (["minimizer", "--lambda-b", "0/0"], "--lambda-b must be a number whose denominator is not zero; got '0/0'"),
        (["certify", "--lambda-b", "1e-200/1e200"], "--lambda-b must be between 1e-300 and 1e300"),
        (["certify", "--lambda-w", "one/two"], "--lambda-w must be a number such as 5e-4 or 1/2000"),
        (["certify", "--lambda-w", "half"], "--lambda-w must be a number"),
        (["certify", "--lambda-b", "0." + "1" * 1001], "--lambda-b must be between 1e-300 and 1e300 and"),
        (["certify", "--encoding", "onehto"], "did you mean 'onehot'?"),
        (["certify", "--encoding", "absent.csv"], "absent.csv: cannot be read"),
        (["certify", "--loss", "ce", "--features", "relu"], "certificates under cross-entropy are for linear features"),
        (["certify", "--loss", "ce", "--depth", "2"], "set --depth 1"),
        (["certify", "--loss", "ce", "--dim", "2"], "leave --dim out"),
        (["certify", "--loss", "ce", "--counts", "9,5", "--digits", "501"], "from 1 to 500; got 501"),
        (["check", "cert.json", "--loss", "ce"], "--loss says which checker --source prints; a file says what it is"),
        (["check", "--source", "--loss", "focal"], "focal loss is not convex"),
        (["check", "--source", "--loss", "ce", "--features", "relu"], "got --features relu beside --loss cross"),
        (["check"], "name the certificate to check, as in 'ncsolve check cert.json'"),
        (["check", "absent.json"], "absent.json: cannot be read: No such file"),
    ],
)
def test_mistakes(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_minimizer_with_a_certificate(run, tmp_path):
    code, out, _ = run("minimizer", "--lambda-b", "0.5", "--certify")
    assert code == 0
    assert "certificate  proved: the minimum is 97/2000 = 0.0485" in out
    assert "certificate" not in run("minimizer", "--lambda-b", "0.5")[1]
    assert run("minimizer", "--lambda-b", "1/2", "--certify")[:2] == (0, out)
    code, out, _ = run("minimizer", "--lambda-b", "0.5", "--convention", "sum", "--json", "--certify")
    document = json.loads(out)
    jsonschema.validate(document, schema("ncsolve.minimizer/1"))
    jsonschema.validate(document["certificate"], schema("ncsolve.certificate/1"))
    assert document["certificate"]["lambda_b"] == "1/2000"
    (tmp_path / "cert.json").write_text(json.dumps(document["certificate"]))
    assert run("check", "cert.json")[0] == 0
    assert "at most 256 classes" in run("minimizer", "--classes", "300", "--certify")[2]


def test_cross_entropy(run, tmp_path):
    asked = [
        "--loss", "ce", "--counts", "400,100,9,1", "--lambda-w", "5e-3", "--lambda-h", "1e-3", "--lambda-b", "0.05",
    ]
    code, out, err = run("certify", *asked, "-o", "cert.json")
    assert (code, err) == (0, "")
    first, about, lambdas, means, _ = out.splitlines()
    assert first.startswith("certified: loss in [0.2669923424")
    assert about == "problem: 4 classes, 4 outputs, 510 samples, at least 3 features, cross-entropy"
    assert lambdas == "lambdas: lambda_w = 1/200 = 0.005, lambda_h = 1/1000 = 0.001, lambda_b = 1/20 = 0.05"
    assert means == "class means: 4 different, 0 undecided"
    assert run("check", "cert.json") == (0, "\n".join(out.splitlines()[:-1]) + "\n", "")
    code, source, _ = run("check", "--source", "--loss", "cross-entropy")
    (tmp_path / "alone.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "alone.py", "cert.json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == out.splitlines()[:-1]
    made = json.loads((tmp_path / "cert.json").read_text())
    (tmp_path / "forged.json").write_text(json.dumps(made | {"upper": made["lower"]}))
    assert run("check", "forged.json") == (
        1, "", "refuted: the objective at the point is above the claimed upper bound\n"
    )
    code, out, _ = run("minimizer", *asked, "--certify", "--json")
    certified = json.loads(out)["certificate"]
    jsonschema.validate(certified, schema("ncsolve.cross-entropy-certificate/1"))
    assert certified == made


def test_cross_entropy_in_exact_decimals_and_other_conventions(run):
    made = document(run, "--loss", "ce", "-e", "smoothed:0.1", "-k", "3", "--convention", "sum", "--lambda-b", "1/7")
    assert made["codes"][0] == ["14/15", "1/30", "1/30"]
    assert (made["lambda_w"], made["lambda_b"]) == ("1/600000", "1/2100")


def test_minimizers_certify():
    ufm = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
    made = ncsolve.solve(ufm).certify(lambda_w="5e-4", lambda_h="5e-4")
    assert made.lower == made.upper == Fraction(97, 2000)
    assert ncsolve.solve(ufm).certify(digits=40).relative_gap <= Fraction(1, 10**40)


def test_checking_loads_neither_numpy_nor_the_solver(run):
    assert run(*ONEHOT, "-o", "cert.json")[0] == 0
    program = (
        "import sys\n"
        "from ncsolve.cli import main\n"
        "try: main(['check', 'cert.json'])\n"
        "except SystemExit as ended: assert not ended.code\n"
        "heavy = {'numpy', 'scipy', 'flint', 'sympy', 'cvxpy'}\n"
        "heavy |= {'ncsolve._minimizer.solve', 'ncsolve.certificates._certify'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
