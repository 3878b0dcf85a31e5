"""Which weight decays descent and a convex program can tell apart in floating point."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._samples import Samples

from ncsolve import UFM

__all__ = ["out_of_range"]

# N sqrt(lw lh) over the largest singular value of the labels.  Below, the decay is lost in the gradient of the fit:
# descent from random starts ends at the right loss with another geometry.  Above, that of b is lost in the decay.
_LEAST, _MOST = 1e-9, 1e6


def out_of_range(problem: UFM, samples: Samples) -> str:
    """Why no descent and no program is compared, or "" where they are."""
    largest = float(np.linalg.norm(samples.codes * np.sqrt(samples.counts), 2))
    if largest == 0.0 or _LEAST <= problem.threshold / largest <= _MOST:
        return ""
    return (
        f"descent and the convex program: N sqrt(lambda_w lambda_h) is {problem.threshold / largest:.1e} times the "
        f"largest singular value of the labels, and floats tell minimizers apart from {_LEAST:g} to {_MOST:g}"
    )
