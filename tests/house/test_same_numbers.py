"""The comparison by which CI decides that a committed table is up to date."""

import pytest

from tests.house.same_numbers import difference

TABLE = "| lb* | 0.429 | < 1e-03 | agrees |\n| cos | -0.333 | 0 | agrees |\n"


@pytest.mark.parametrize(("old", "new"), [("0.429", "0.428"), ("| 0 |", "| 1e-06 |")])
def test_rounding_may_fall_to_the_other_side(old, new):
    assert difference(TABLE, TABLE.replace(old, new)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.429", "0.40"), ("agrees", "fails"), ("-0.333", "0.333"), ("| cos", "| sin"), ("| 0 |", "| - |")],
)
def test_changes_are_seen(old, new):
    assert difference(TABLE, TABLE.replace(old, new, 1)) is not None


def test_missing_lines_are_seen():
    assert difference(TABLE, TABLE + "| one more |\n") is not None
    assert difference(TABLE, TABLE.splitlines()[0]) is not None
