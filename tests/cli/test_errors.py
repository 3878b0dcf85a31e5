"""Errors speak of options: what the library says to a Python programmer is said to whoever types a command."""

import re

import pytest

from ncsolve.cli._as_options import as_options
from tests.command import refused, run

# Python's words, and arguments that are options.
PYTHON = re.compile(
    r"=(True|False|None)\b|\bNone\b|\bncsolve\.[a-z]|\bdesign\.[a-z]|[a-z]\(\)|[a-z]=\)"
    r"|(?<![-\w])(dim|depth|features|digits|workers|per_class|code_length|tolerance) (=|must)"
    r"|^ncsolve: error: alpha must"
    r"|leave dim out"
)
BAD = """
minimizer --features relu --depth 2
minimizer --problem relu.toml
minimizer --dim 0
minimizer --dim x
minimizer --depth 0
minimizer --features tanh
minimizer --classes 0
minimizer --per-class 0
minimizer --counts 1,2,x
minimizer --counts 1,2 --classes 3
minimizer --counts 1,2 --per-class 3
minimizer --lambda-w 0
minimizer --lambda-w 1,2
minimizer --depth 2 --lambda-w 1,2,3
minimizer --lambda-b -1
minimizer --lambda-b 1e-3:1:5
minimizer --lambda-b 0.1,0.2
minimizer --convention sums
minimizer --encoding foo
minimizer --encoding onehot:1
minimizer --encoding smoothed:2
minimizer --encoding ecoc:0
minimizer --encoding gaussian:3 --seed -1
minimizer --encoding hadamard
minimizer --encoding codes.csv --classes 3
minimizer --encoding nofile.csv
minimizer --encoding words.txt
minimizer --encoding ordinal:values
minimizer --out there.npz
minimizer --out m.csv
minimizer --plot there.png
minimizer --plot a.bmp
minimizer --certify --depth 2
minimizer --certify --dim 3
minimizer --header
minimizer --labels words.txt
minimizer --order a,b
minimizer --classes 100000000000
certify --digits 0
certify --depth 2
check
check nofile.json
check codes.csv
check --features relu
path --lambda-b 1e-3:1:1
path --lambda-b 1:0.1:5
path --lambda-b 1e-3:inf:2
path --lambda-w 0:1:5
path --lambda-b 1e-3:1:5 --lambda-w 1e-3:1:5
path --lambda-b 0.5
path --count x=1:5:3
path --count 1=0:5:3 --lambda-b 1
path --alpha 0:2:5 --lambda-b 1
path --count 1=1:5:3 --convention sum --lambda-b 1
path --features relu --depth 2
path --out there.csv
phase --against foo
phase --against classes=2.5:10:5
phase --against t=0:1:5
phase --against imbalance=0.5:4:3
phase --convention sum
phase --workers 0
phase --counts 1,2,3 --against imbalance
phase --lambda-b 0:1:5
compare --encodings onehot,,signed
compare --depth 2 --features relu
compare --classes 5000
compare --plot there.png
design
design --geometry foo
design --geometry skew.csv
design --geometry codes.csv --classes 3
design --geometry hierarchy:
design --geometry simplex --code-length 1
design --geometry simplex --features relu
design --geometry simplex --lambda-b 0 --counts 5,3,2
design --geometry orthogonal --depth 2 --lambda-b 0.5
design --geometry simplex --scale 0
design --geometry simplex --tolerance 0
design --geometry simplex --vary alpha
design --geometry simplex --problem narrow.toml
design --geometry simplex --out there.csv
design --target-cosine 2
design --target-cosine -0.5
design --target-cosine 0.5 --vary foo
design --target-cosine 0.05 --vary alpha --encoding signed
verify --only foo
verify --only foo,bar
verify --only free-bias,
verify --source foo
verify --list --quick
verify --quick --classes 3
verify --workers 0 --only large-bias-law
explore --out there.html
explore --features relu --dim 2 -o y.html
explore --classes 300 --encoding gaussian -o y.html
report relu.toml -o r.html
report -o there.html
derive
derive foo
derive onehot --set K
derive onehot --set K=3,,n=2
derive onehot --standalone
""".strip().splitlines()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "codes.csv").write_text("1,0\n0,1\n")
    (tmp_path / "skew.csv").write_text("1,0.5\n-0.5,1\n")
    (tmp_path / "words.txt").write_text("a\nb\n\nc\n")
    (tmp_path / "relu.toml").write_text('features = "relu"\ndepth = 2\n')
    (tmp_path / "narrow.toml").write_text("classes = 3\ndim = 1\n")
    for ending in ("csv", "npz", "png", "html"):
        (tmp_path / f"there.{ending}").write_text("")
    return tmp_path


@pytest.mark.parametrize("command", BAD)
def test_no_error_speaks_python(command, folder):
    assert PYTHON.search(refused(*command.split(), cwd=folder)) is None


def test_what_the_library_says_is_recognised():
    """The pattern above finds what it is made for: the same errors before they are put into options."""
    for said in (
        "pass --force (force=True)", "--no-header (header=True or False)", "got dim = 3", "leave dim out",
        "a larger --tolerance (tolerance=)", "with ncsolve minimizer (ncsolve.solve)", "depth must be an integer",
        "with --centre (design.centred_gram)",
    ):
        assert PYTHON.search(said) is not None
        assert PYTHON.search(as_options(said)) is None


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("minimizer --features relu --depth 2",
         "got --features relu with --depth 2, set --depth 1 or --features linear"),
        ("minimizer --out there.npz", "choose another name or pass --force\n"),
        ("minimizer --encoding smoothed:2", "got 2 (alpha = 0 is one-hot)"),
        ("path --alpha 0:2:5 --lambda-b 1", "error: --alpha must be at least 0"),
        ("minimizer --dim 0", "--dim must be an integer of at least 1 and at most 2147483648; got 0 (left out, it is "
                              "min(outputs, classes))\n"),
        ("minimizer --certify --dim 3", "--dim 3 is below the rank of the minimizer; leave --dim out"),
        ("minimizer --lambda-b 1e-3:1:5",
         "--lambda-b must be one number; got '1e-3:1:5', and for values along a range there is 'ncsolve path'"),
        ("verify --lambda-h 0.1,0.2 --classes 3", "--lambda-h must be one number; got '0.1,0.2'"),
        ("phase --counts 1,2,3 --against imbalance", "give one with --per-class"),
        ("certify --digits 600", "--digits must be a whole number from 1 to 500"),
        ("design --geometry simplex --problem narrow.toml", "narrow.toml has dim: 1, write 2 or more there"),
    ],
)
def test_the_remedy_is_an_option(command, says, folder):
    assert says in refused(*command.split(), cwd=folder)


def test_what_the_user_named_stays_as_it_is(tmp_path):
    """A file called like an argument is no option."""
    assert "dim.csv: cannot be read" in refused("minimizer", "--encoding", "dim.csv", cwd=tmp_path)
    text = run("certify", "--features", "relu", "--classes", 30, "--encoding", "gaussian", cwd=tmp_path).stderr
    assert "ask for --digits " in text
