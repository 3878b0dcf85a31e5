"""The command line: a thin layer over the library."""

from ncsolve.cli._app import main
from ncsolve.cli._output import flushed, streams

__all__ = ["flushed", "main", "streams"]
