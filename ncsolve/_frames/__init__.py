"""Frames: what a minimizer's arrays are, by the symmetry of the problem, and what is measured of them."""
