"""Spectra of matrices and of their rank one updates; plain linear algebra that knows no problem.

Stands on numpy and the errors.  ``label_spectrum.py`` is what T3 needs of the weighted codes, and ``secular_roots.py``
the singular values that are left of them at a bias.
"""
