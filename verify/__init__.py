"""Independent numerical checks of the minimizers (installed as ``ncsolve.verify``)."""
