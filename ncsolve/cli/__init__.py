"""The command line: a thin layer over the library."""

from ncsolve.cli._app import main

__all__ = ["main"]
