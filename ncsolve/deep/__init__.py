"""Deep linear heads W = W_L ... W_1 (T9): hard thresholds and a first-order transition.

The public face of ``_models/layered``, and the two minimizers that tie at the transition, for which it stands on
``_minimizer`` too.
"""

from ncsolve._models.layered.head import shrinkage_of
from ncsolve._models.layered.shrinkage import Branch, Shrinkage
from ncsolve._models.layered.thresholds import class_thresholds
from ncsolve.deep._first_order import FirstOrderTransition, first_order_transition

__all__ = ["Branch", "FirstOrderTransition", "Shrinkage", "class_thresholds", "first_order_transition", "shrinkage_of"]
