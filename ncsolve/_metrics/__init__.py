"""Metrics of neural collapse (NC1, NC4) on features as they are, of any network.

Stands on ``checks`` alone: neither a problem nor a minimizer is known here.  What minimizers make of them: T1 and T7.
"""
