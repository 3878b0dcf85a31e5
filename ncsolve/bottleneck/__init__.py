"""A feature dimension below the rank of the minimizer (T8): exact where theory allows, else the best of many starts."""

from ncsolve.bottleneck._keep import KeptDirections, balanced_frame, keep
from ncsolve.bottleneck._spectral import best_of_starts, fixed_bias_frame

__all__ = ["KeptDirections", "balanced_frame", "best_of_starts", "fixed_bias_frame", "keep"]
