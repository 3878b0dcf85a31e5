"""A feature dimension below the rank of the minimizer (T8): exact where theory allows, else the best of many starts."""

from ncsolve._models.layered.any_codes import best_of_starts, fixed_bias_frame
from ncsolve._models.layered.kept_directions import KeptDirections, balanced_frame, keep

__all__ = ["KeptDirections", "balanced_frame", "best_of_starts", "fixed_bias_frame", "keep"]
