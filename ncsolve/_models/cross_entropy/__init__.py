"""Cross-entropy (T16).

``dense.py`` and ``grouped.py`` solve the convex core, ``dual_bound.py`` bounds it from below.
"""
