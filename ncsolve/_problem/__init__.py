"""The problem: codes, counts, lambdas, conventions, and the ways to describe one; knows no theorem.

``UFM``, the problem at the head of docs/theory.md (T0), is checked once, when it is made; ``objective.py`` is its
definition, ``regular.py`` the five numbers that T5, T8, T9 and T10 need of balanced affine codes.  Stands on
``encodings`` and ``_files``.
"""
