"""Frames: what a minimizer's arrays are, by the symmetry of the problem, and what is measured of them.

A model makes a frame from singular values and a bias; ``protocol.py`` says what each answers, on demand and without the
N columns of H (T1).  W and H come from Z by T2; regimes are those of T5, NC3 and NC4 those of T7.
``columns.py`` and ``softmax_fit.py`` are labels and softmax of cross-entropy, for its frame and its solver.
"""
