"""Trained networks against the prediction: the statistic of their features (T13).

Stands on the problem, encodings, checks and files; the command line and the reports stand on it.
"""
