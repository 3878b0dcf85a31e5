"""What a figure takes from the table: the variations that it shows, as far as they were run, and their problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ncsolve
from experiments._look import BiasAxis
from experiments._summary import FAILED, Row, points_of

__all__ = ["Selected", "isotropic_cosine", "problem_of"]


class Selected:
    """The variations of a figure that have a measured run, with the words of the legend for each."""

    def __init__(self, table: dict[str, Any], wanted: Mapping[str, str]) -> None:
        points = points_of(table)
        self.rows: dict[str, tuple[Row, ...]] = {
            name: own for name in wanted if (own := tuple(filter(_measured, points.get(name, ()))))
        }
        self.titles = {name: wanted[name] for name in self.rows}
        self.records = {
            name: [one for one in table["runs"] if one["variation"] == name and one["outcome"] == "measured"]
            for name in self.rows
        }

    def __bool__(self) -> bool:
        return bool(self.rows)

    def axis(self) -> BiasAxis:
        """An axis with all values of lambda_b."""
        return BiasAxis([row.lambda_b for own in self.rows.values() for row in own])

    def problem(self, name: str) -> ncsolve.UFM:
        """The problem of a variation's first run, for the exact curve over lambda_b."""
        return problem_of(self.records[name][0]["problem"])


def problem_of(kept: dict[str, Any]) -> ncsolve.UFM:
    """The problem that a record has kept, of the features of the last layer."""
    return ncsolve.UFM(
        encoding=kept["codes"], counts=kept["counts"], lambda_w=kept["lambda_w"], lambda_h=kept["lambda_h"],
        lambda_b=float(kept["lambda_b"]), features=kept["features"], loss=kept["loss"],
    )


def isotropic_cosine(record: dict[str, Any]) -> float:
    """The mean cosine of the UFM whose lambda_h is the one that plain decay makes across the mean of the features."""
    kept, measured = record["problem"], record["measured"]["lambda_h"]
    cosines = ncsolve.solve(problem_of(kept | {"lambda_h": measured["across_mean"]})).cosines
    return cosines.mean if cosines is not None else float("nan")


def _measured(row: Row) -> bool:
    return row.verdicts[FAILED] < len(row.facts)
