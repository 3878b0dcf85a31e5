"""ReLU features, H >= 0 (T10): orthogonal frames where a theorem gives them, best points and bounds elsewhere.

``orthogonal_frame.py`` evaluates T10, ``best_found.py`` has the convex programme and descents, ``dual_bound.py`` their
bound (T12); it stands on ``plain`` and ``layered``, whose minima bound its own.  ``law.js`` is the explorer's copy.
"""
