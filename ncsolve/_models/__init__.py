"""The models, one folder each: from a problem to the frame of its minimizer, and what changes along lambda_b.

``protocol.py`` is what a model answers, ``registry.py`` the list that is asked; a model is pure functions of a UFM and
stands on ``_frames`` and ``_bias``.  Theorems: T3 to T6 in ``plain``, T8 and T9 in ``layered``, T10 in ``relu``.
"""
