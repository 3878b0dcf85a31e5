"""The claims again, in exact arithmetic: certificates prove them on small problems with rational minimizers.

A certificate proves its problem, not the theorem; the theorem's proof is its derivation (``ncsolve derive``).
"""

from __future__ import annotations

from functools import partial

from ncsolve.verify._certified import CERTIFIED, certified
from ncsolve.verify._certified_problem import listing
from ncsolve.verify._claim import Claim, Size
from ncsolve.verify._figure import Figure

__all__ = ["CERTIFIED_CLAIMS"]


def examine(name: str, size: Size) -> list[Figure]:
    """Make and check the certificates, and compare fractions; both sizes are the same."""
    problems, proved = certified(name)
    return [
        Figure(
            what="problems certified with gap 0, and their exact minimizers as claimed", predicted=problems,
            found=proved, error=problems - proved, tolerance=0.0, reason="exact rational arithmetic",
            comparisons=problems,
        )
    ]


CERTIFIED_CLAIMS = tuple(
    Claim(
        name=f"{name}-certified",
        statement=f"on these {len(problems)} problems: {entry.statement}",
        sources=("ncsolve",),
        run="certificates of global optimality (T12), checked by the stand-alone checker, and comparison of fractions; "
        f"the problems are {listing(problems)}",
        examine=partial(examine, name),
        shows="proved",
    )
    for name, entry in CERTIFIED.items() for problems in (entry.problems(),)
)
