"""Symbolic derivations of the minimizers (installed as ``ncsolve.derivations``)."""
