"""The areas of a phase diagram: what each is called, and which is the widest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ncsolve._sweeps.phase import Phase

__all__ = ["areas"]


def areas(phase: Phase) -> tuple[NDArray[np.object_], list[str]]:
    """The name of every point's area (p, n), and the names, the widest area first.

    It is the regime, or the rank where the regime of some point has no name.
    """
    names = np.array(phase.regimes, dtype=object)
    if (names == "general").any():
        names = "rank " + phase.rank.astype(str).astype(object)
    return names, sorted(set(names.ravel().tolist()), key=lambda name: (-np.mean(names == name), name))
