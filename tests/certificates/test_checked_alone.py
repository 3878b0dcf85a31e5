"""Certificates for a set of problems of every kind, each checked by the stand-alone checker in a bare interpreter."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve.certificates import checker
from ncsolve.schemas import schema
from tests.certificates.certificate_set import PROBLEMS, certificate

CHECKER = Path(checker.__file__)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


def run_checker(*arguments, **options):
    """``python -I -S checker.py``: no site-packages, no environment, so neither numpy nor ncsolve."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(CHECKER), *map(str, arguments)], capture_output=True, text=True, timeout=120,
        check=False, **options,
    )


def test_the_set_is_as_large_as_promised():
    assert len(PROBLEMS) >= 30
    kinds = {ufm.encoding.name.partition(":")[0] for ufm, *_ in PROBLEMS.values()}
    assert kinds >= set(encodings.names())
    assert any(ufm.code_length > ufm.classes for ufm, *_ in PROBLEMS.values())
    assert any(ufm.code_length < ufm.classes for ufm, *_ in PROBLEMS.values())


@pytest.mark.parametrize("name", PROBLEMS)
def test_certified_and_checked_by_the_bare_checker(name, folder):
    ufm, digits, _, exact, centring, zero = PROBLEMS[name]
    made = certificate(name)
    assert made.relative_gap <= Fraction(1, 10**digits)
    assert made.exact == exact
    assert float(made.upper) == pytest.approx(ncsolve.solve(ufm).loss, rel=1e-9, abs=1e-25)
    if centring is not None:
        assert made.centring == centring
    if zero is not None:
        assert (made.classes.count("zero"), made.classes.count(None)) == (zero, 0)
    path = folder / f"{len(list(folder.iterdir()))}.json"
    made.save(path)
    done = run_checker(path)
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith(f"proved: the minimum is {checker.short(made.upper)}" if exact else "certified: loss in [")
    assert done.stdout.splitlines() == list(made.check().lines)
    jsonschema.validate(made.to_json(), schema("ncsolve.certificate/1"))


def test_schema_is_strict():
    """It refuses what the checker calls malformed, as far as a schema can tell."""
    validator = jsonschema.Draft202012Validator(schema("ncsolve.certificate/1"))
    jsonschema.Draft202012Validator.check_schema(schema("ncsolve.certificate/1"))
    good = certificate("codes").to_json()
    keys = {"schema", "lambda_b", *checker.NUMBERS, *checker.ARRAYS, *checker.REGIME}
    assert set(good) == set(schema("ncsolve.certificate/1")["required"]) == keys
    for key in good:
        assert not validator.is_valid({k: v for k, v in good.items() if k != key})
        for wrong in (0.5, "0.5", "1/-2", [["half"]], {}, True):
            assert not validator.is_valid(good | {key: wrong})
    assert not validator.is_valid(good | {"extra": "1"})
