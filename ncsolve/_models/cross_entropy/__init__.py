"""Cross-entropy (T16): closed forms for balanced one-hot and smoothed codes, the convex core for all others.

``model.py`` chooses; ``balanced.py`` and ``relu.py`` evaluate the closed forms, ``grouped.py`` solves one-hot and
smoothed codes by distinct count, ``dense.py`` any other codes, and ``dual_bound.py`` proves each of their points.
"""
