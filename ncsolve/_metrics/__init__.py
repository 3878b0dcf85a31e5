"""Metrics of neural collapse of any features and class means: ours, and the published ones (``ncsolve.metrics``).

Stands on ``checks`` alone: neither a problem nor a minimizer is known here.  What minimizers make of them: T1 and T7.
"""
