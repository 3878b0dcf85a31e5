"""A result in sentences, one set for the command line, reports and pictures; prints nothing.

Stands on the results and on what their model says of itself (``_models/*/words.py``); evaluates no theorem, but names
the one that a result names.
"""
