"""Spectra of matrices and of their rank one updates; plain linear algebra that knows no problem."""
