"""Bottlenecks (T8) and deep linear heads (T9): a penalty on each singular value, and which of them are kept.

``shrinkage.py`` is the scalar problem of T9, ``kept_directions.py`` T8 for balanced codes a I + q J, ``any_codes.py``
both for other codes; of models it stands on ``plain`` alone.  ``law.js`` is the explorer's copy.
"""
