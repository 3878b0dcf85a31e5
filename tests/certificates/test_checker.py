"""The stand-alone checker: what it is made of, and that no input makes it crash, hang or fill the memory."""

import ast
import json
import math
import resource
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncsolve.certificates import check_file, checker
from ncsolve.certificates._source import checker_source
from ncsolve.errors import FileError
from tests.certificates.certificate_set import certificate
from tests.certificates.test_checked_alone import CHECKER, run_checker

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
SOURCE = CHECKER.read_text(encoding="utf-8")
SOURCES = {"linear": SOURCE, "relu": checker_source(relu=True)}


def good():
    return json.loads(certificate("codes").to_bytes())


def outcome(data):
    """0, 1 or 2, as the exit code would be; anything but the checker's own exceptions is an error."""
    code = 0
    try:
        lines = checker.check(data)
    except checker.Refuted as error:
        code, lines = 1, [str(error)]
    except checker.Malformed as error:
        code, lines = 2, [str(error)]
    assert all(line.isprintable() and len(line) < 5000 for line in lines)
    return code


def test_a_sceptic_can_read_it_in_ten_minutes():
    assert len(SOURCE.splitlines()) < 250
    assert len(SOURCES["relu"].splitlines()) < 330  # the same, and what h >= 0 needs beside it
    assert max(map(len, SOURCES["relu"].splitlines())) <= 120


@pytest.mark.parametrize("kind", SOURCES)
def test_it_uses_the_standard_library_only(kind):
    allowed = {"fractions", "json", "math", "operator", "os", "sys", "types", "typing"}
    for node in ast.walk(ast.parse(SOURCES[kind])):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module in allowed
            if node.module == "math":
                assert {alias.name for alias in node.names} <= {"gcd", "isqrt", "lcm"}  # integers in, integers out


@pytest.mark.parametrize("kind", SOURCES)
def test_there_is_no_floating_point_in_it(kind):
    """No float literal, no name or attribute of a float, no division sign, no rounding, no power but of integers."""
    floats = {"float", "complex", "round", "inf", "nan", "pow", "sqrt", "log", "exp", "hex", "fromhex", "is_integer",
              "as_integer_ratio", "limit_denominator", "Decimal", "numpy", "statistics", "time"}
    for node in ast.walk(ast.parse(SOURCES[kind])):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, (float, complex)), ast.dump(node)
        elif isinstance(node, (ast.BinOp, ast.AugAssign)):
            assert not isinstance(node.op, ast.Div), f"line {node.lineno}"
            if isinstance(node.op, ast.Pow):  # of an integer, to an exponent that is not negative
                assert ast.unparse(node.right) in {"2", "3", "digits", "i", "n"}, f"line {node.lineno}"
        elif isinstance(node, ast.Name):
            assert node.id not in floats, f"line {node.lineno}"
        elif isinstance(node, ast.Attribute):
            assert node.attr not in floats, f"line {node.lineno}"
    # json makes floats unless it is told not to
    calls = [node for node in ast.walk(ast.parse(SOURCES[kind])) if isinstance(node, ast.Call)]
    loads = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "loads"]
    assert [sorted(word.arg for word in call.keywords) for call in loads] == [
        ["object_pairs_hook", "parse_constant", "parse_float", "parse_int"]
    ]


def test_no_float_is_made_while_it_runs(monkeypatch):
    """Every value that a function of the checker returns or binds is looked at while three certificates are checked."""
    found = []

    def look(frame, event, _):
        if frame.f_code.co_filename == str(CHECKER):
            found.extend(x for x in frame.f_locals.values() if isinstance(x, (float, complex)))
            return look
        return None

    for name in ("codes", "onehot, lb = 0.5", "imbalanced, lb = inf"):
        data = certificate(name).to_bytes()
        sys.settrace(look)
        try:
            checker.check(data)
        finally:
            sys.settrace(None)
    assert found == []


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_hostile_file(path, capsys):
    start = time.perf_counter()
    assert checker.main([str(path)]) == 2
    assert time.perf_counter() - start < 5
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("malformed: ")
    assert printed.err.count("\n") == 1
    with pytest.raises(FileError, match="not a certificate"):
        check_file(path)


def test_the_corpus_is_worth_the_name():
    assert len(CORPUS) >= 80
    reasons = set()
    for path in CORPUS:
        with pytest.raises(checker.Malformed) as error:
            checker.check(path.read_bytes())
        reasons.add(str(error.value).split("'")[0])
    assert len(reasons) >= 15


def limited():
    """One minute of processor, one gigabyte of memory."""
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))


def primes(count):
    found, x = [], 2
    while len(found) < count:
        if all(x % p for p in found):
            found.append(x)
        x += 1
    return found


def bombs():
    """Files that are small or well-formed, but that a careless checker would choke on."""
    base = good()
    row = primes(256)
    size = 100
    zeros = [["0"] * size for _ in range(size)]

    def square(**entries):
        document = {
            "schema": checker.SCHEMA, "codes": zeros, "counts": [1] * size, "lambda_w": "1", "lambda_h": "1",
            "lambda_b": "inf", "lower": "0", "upper": "0", "gap": "0", "centring": None, "centred_up_to": None,
            "classes": [None] * size, "scales": [], "weights": [[]] * size, "class_means": [[]] * size,
            "bias": ["0"] * size, "dual": zeros, "psd_scales": [], "psd_factor": [[]] * size,
        }
        return json.dumps(document | entries).encode()

    long = "7" * 1999
    distinct = [[f"1/{10**1990 + 2 * (size * i + j) + 1}" for j in range(size)] for i in range(size)]
    harmonic = [[f"1/{row[(i * 7 + j) % 256]}" for j in range(size)] for i in range(size)]
    yield "a gigabyte's worth of nothing", b"[" + b"1," * 2**26
    yield "many numbers", b"[" + b"1," * 500_000 + b"1]"
    yield "a number of megabytes", json.dumps(base | {"lambda_w": "1" * 10**7}).encode()
    yield "a bare number of megabytes", b'{"schema": ' + b"1" * 10**7 + b"}"
    yield "an exponent", json.dumps(base).replace('"lambda_w": "1/1000"', '"lambda_w": 1e999999999').encode()
    yield "a long text", json.dumps(base | {"schema": "\U0001f600" * 10**6}, ensure_ascii=False).encode()
    yield "long numbers", square(codes=[[long] * size for _ in range(size)])
    yield "long fractions", square(dual=[[f"1/{long}"] * size for _ in range(size)])
    yield "distinct denominators", square(dual=distinct)
    yield "distinct denominators of codes", square(codes=distinct)
    yield "prime denominators", square(dual=harmonic)
    yield "prime denominators of codes", square(codes=harmonic, lambda_b="1/2", upper="1", gap="1")
    yield "long counts", square(counts=[long] * size)
    yield "long lambdas", square(lambda_w=f"{long}/{long[:-1]}1", lambda_h=f"1/{long}", lambda_b=f"{long[:-1]}3/{long}")
    # twenty denominators that share nothing: vectors that become long only over a common denominator
    lengthy = [f"1/{10**1990 + 2 * i + 1}" if i < 20 else "0" for i in range(size)]
    ones = [["1"] * size for _ in range(size)]
    yield "long scales", square(weights=ones, class_means=ones, scales=lengthy, upper="9" * 9, gap="9" * 9)
    yield "long scales of the evidence", square(psd_factor=ones, psd_scales=lengthy, lambda_w="9999")
    yield "a long bias", square(bias=lengthy, lambda_b="1", upper="9" * 9, gap="9" * 9)
    yield "long codes and counts", square(codes=[lengthy, *zeros[1:]], counts=["7" * 600] * size, upper="9" * 9)
    yield "a gap of nothing", json.dumps(base | {"gap": f"1/{10**1999}"}).encode()
    yield "a gap of everything", json.dumps(base | {"gap": "9" * 2000, "upper": "9" * 2000}).encode()
    yield "a loss below everything", json.dumps(base | {"gap": "9" * 2000, "lower": "-" + "9" * 1999}).encode()


@pytest.mark.parametrize(("name", "data"), [pytest.param(*bomb, id=bomb[0]) for bomb in bombs()])
def test_bounded_time_and_memory(name, data, tmp_path):
    path = tmp_path / "bomb.json"
    path.write_bytes(data)
    done = run_checker(path, preexec_fn=limited)
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 1
    assert len(done.stdout) + len(done.stderr) < 20_000


def test_its_own_mistakes():
    for arguments in ([], ["one.json", "two.json"], ["absent.json"], ["/"]):
        done = run_checker(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith("malformed: " if len(arguments) != 1 else "cannot read: ")
        assert done.stderr.count("\n") == 1


def test_a_wrong_key_is_named():
    text = certificate("codes").to_bytes()
    for old, new, said in (
        (b'"ncsolve.certificate/1"', b'"ncsolve.certificate/2"',
         "schema must be 'ncsolve.certificate/1'; got 'ncsolve.certificate/2'"),
        (b'"gap": ', b'"gap": "1", "gap": ', "repeated key 'gap'"),
        (b'"gap": ', b'"gap": "1", "gab": ', "unknown key 'gab'"),
        (b'"gap": ', b'"gab": ', "missing key 'gap'"),
    ):
        with pytest.raises(checker.Malformed) as error:
            checker.check(text.replace(old, new))
        assert str(error.value) == said


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(0), "0"), (Fraction(20), "20"), (Fraction(97, 2000), "97/2000 = 0.0485"),
        (Fraction(1, 3), "1/3 = 0.3333333333333333..."), (Fraction(1, 8), "1/8 = 0.125"),
        (None, "inf"), (Fraction(10**1999), "1000000000000000... (2000 digits)"),
        (Fraction(10**2000 + 1, 3 * 10**2000), "0.3333333333333333..."),
    ],
)
def test_numbers_in_words(number, text):
    """Every decimal that is printed is right, and what is left out is marked."""
    assert checker.short(number) == text


def test_it_can_be_copied_anywhere_and_run_as_a_module(tmp_path):
    copy = tmp_path / "sceptic.py"
    copy.write_text(SOURCE)
    path = tmp_path / "cert.json"
    certificate("onehot, lb = 0.5").save(path)
    done = subprocess.run([sys.executable, "-I", "-S", copy, path], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("proved: the minimum is ")
    module = [sys.executable, "-m", "ncsolve.certificates.checker", path]
    assert subprocess.run(module, capture_output=True, text=True, check=True).stdout == done.stdout


small = st.fractions(-2, 2, max_denominator=12)


@st.composite
def documents(draw):
    """Certificates of random small rational problems with random points and dual vectors, true or not."""
    k, m, d, q = (draw(st.integers(low, 3)) for low in (1, 1, 0, 0))

    def rows(count, length, values=small):
        return [[str(draw(values)) for _ in range(length)] for _ in range(count)]

    positive = st.fractions(Fraction(1, 12), 2, max_denominator=12)
    lambda_b = draw(st.one_of(positive, st.sampled_from([0, "inf"])))
    return {
        "schema": checker.SCHEMA, "codes": rows(k, m), "counts": [draw(st.integers(1, 4)) for _ in range(k)],
        "lambda_w": str(draw(positive)), "lambda_h": str(draw(positive)), "lambda_b": str(lambda_b),
        "lower": "-1000", "upper": "1000", "gap": "2000", "centring": None, "centred_up_to": None, "classes": [],
        "scales": rows(1, d, positive)[0], "weights": rows(m, d), "class_means": rows(k, d),
        "bias": ["0"] * m if lambda_b == "inf" else rows(1, m)[0], "dual": rows(k, m, small.map(lambda x: x / 8)),
        "psd_scales": rows(1, q, positive)[0], "psd_factor": rows(m, q),
    }


@given(documents())
@settings(max_examples=100)
def test_objective_and_bound_are_those_of_the_definition(document):
    """Beside a second implementation: floats, one column a sample, every formula as it stands in the theory."""
    c = checker.read(json.dumps(document).encode())
    n = document["counts"]
    codes, dual, means = (np.array([[float(Fraction(x)) for x in row] for row in document[key]]).reshape(len(n), -1)
                          for key in ("codes", "dual", "class_means"))
    root = np.sqrt([float(Fraction(x)) for x in document["scales"]])
    W = np.array([[float(Fraction(x)) for x in row] for row in document["weights"]]).reshape(codes.shape[1], -1) * root
    H = np.repeat(means * root, n, axis=0).T
    Y, L = np.repeat(codes, n, axis=0).T, np.repeat(dual, n, axis=0).T
    b = np.array([float(Fraction(x)) for x in document["bias"]])
    w, h = float(c.lambda_w), float(c.lambda_h)
    lb = float(c.lambda_b) if c.lambda_b is not None else 0.0
    total = sum(n)
    loss = np.sum((W @ H + b[:, None] - Y) ** 2) / (2 * total) + w / 2 * np.sum(W**2) + h / 2 * np.sum(H**2)
    assert float(checker.objective(c)) == pytest.approx(loss + lb / 2 * b @ b, rel=1e-12)
    bound = np.sum(L * Y) - total / 2 * np.sum(L**2)
    pull = L.sum(axis=1)
    if c.lambda_b == 0 and any(checker.dot(c.n, column) for column in zip(*c.dual, strict=True)):
        with pytest.raises(checker.Refuted, match="lambda_b = 0 needs"):
            checker.bound(c)
        return
    bound -= pull @ pull / (2 * lb) if lb else 0.0
    assert float(checker.bound(c)) == pytest.approx(bound, rel=1e-12, abs=1e-14)
    matrix = w * h * np.eye(len(b)) - L @ L.T
    factor = np.array([[float(Fraction(x)) for x in row] for row in document["psd_factor"]]).reshape(len(b), -1)
    rest = matrix - factor * [float(x) for x in c.psd_scales] @ factor.T
    slack = 2 * np.diag(rest) - np.abs(rest).sum(axis=1)
    try:
        checker.semidefinite(c)
    except checker.Refuted:
        assert slack.min() < 1e-12
        return
    assert slack.min() > -1e-12
    assert np.linalg.eigvalsh(matrix).min() > -1e-12
    assert checker.bound(c) <= checker.objective(c)  # weak duality, at a point that has nothing to do with the vectors


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_fuzz_bytes(data):
    assert outcome(data) == 2


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.from_regex(r"-?[0-9]{1,6}(/[0-9]{1,6})?", fullmatch=True),
)
values = st.recursive(leaves, lambda inner: st.one_of(
    st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=4), inner, max_size=3)), max_leaves=20)


@given(values)
@settings(max_examples=200)
def test_fuzz_json(value):
    assert outcome(json.dumps(value).encode()) == 2


@given(st.sampled_from(sorted(good())), values)
@settings(max_examples=400)
def test_fuzz_an_entry(key, value):
    """Any JSON in the place of one entry of a valid certificate: refused, unless it is the same claim."""
    document = good()
    possible = (0, 1, 2) if key in ("gap", "upper", "lower") or value == document[key] else (1, 2)
    assert outcome(json.dumps(document | {key: value}).encode()) in possible


@given(st.data())
@settings(max_examples=400)
def test_fuzz_a_number(data):
    """Any number in the place of one number: the checker decides, and never accepts a bound that is false."""
    document = good()
    key = data.draw(st.sampled_from([k for k in sorted(document) if k not in ("schema", "centring", "classes")]))
    new = data.draw(st.one_of(leaves, st.fractions(-2, 2).map(str)))
    entry = document[key]
    if not isinstance(entry, list):
        document[key] = new
    elif entry:
        i = data.draw(st.integers(0, len(entry) - 1))
        if isinstance(entry[i], list) and entry[i]:
            entry[i][data.draw(st.integers(0, len(entry[i]) - 1))] = new
        else:
            entry[i] = new
    if outcome(json.dumps(document).encode()) == 0:
        truth = certificate("codes")
        assert key in ("lower", "upper", "gap") or document[key] is not None
        assert Fraction(document["lower"]) <= truth.upper
        assert Fraction(document["upper"]) >= truth.lower


@given(st.binary(min_size=1, max_size=30), st.floats(0, 1), st.booleans())
@settings(max_examples=300)
def test_fuzz_a_splice(junk, where, insert):
    """Bytes inserted or overwritten anywhere in a valid file."""
    data = certificate("onehot, lb = 0.5").to_bytes()
    at = math.floor(where * (len(data) - 1))
    mutant = data[:at] + junk + data[at if insert else at + len(junk):]
    if outcome(mutant) == 0:  # then it still is JSON for the same statement
        text = json.loads(mutant, parse_int=str)
        assert Fraction(text["lower"]) <= certificate("onehot, lb = 0.5").upper
