"""Inverse design (T11): the label encoding whose global minimizer has a wanted geometry of class means.

Stands on ``solve``, which has to find what was designed.  ``_closed.py`` is T11, ``_deep_codes.py`` its form for deep
heads, ``_reach.py`` what ReLU features can have, and ``_inverse.py`` one number for a wanted cosine.

>>> import numpy as np
>>> from ncsolve import design
>>> found = design.encoding_for(design.simplex_gram(3), counts=[50, 10, 5], lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.5)
>>> found.encoding.shape, found.error < 1e-12
((3, 3), True)
>>> np.round(np.diag(found.achieved), 12)
array([1., 1., 1.])
"""

from ncsolve.design._design import Design, encoding_for
from ncsolve.design._hierarchy import Hierarchy, hierarchy_gram, read_hierarchy
from ncsolve.design._inverse import VARIED, Inverse, for_cosine
from ncsolve.design._targets import centred_gram, natural_scale, orthogonal_gram, path_gram, scaled_gram, simplex_gram

__all__ = [
    "VARIED",
    "Design",
    "Hierarchy",
    "Inverse",
    "centred_gram",
    "encoding_for",
    "for_cosine",
    "hierarchy_gram",
    "natural_scale",
    "orthogonal_gram",
    "path_gram",
    "read_hierarchy",
    "scaled_gram",
    "simplex_gram",
]
