"""Columns as a data frame of pandas, which is an extra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ncsolve.errors import MissingPackageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["data_frame"]


def data_frame(columns: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """One row for every point.  Raises MissingPackageError if pandas is not installed."""
    try:
        import pandas
    except ImportError:
        raise MissingPackageError("a data frame", "pandas", "ncsolve[tables]") from None
    return pandas.DataFrame(columns)
