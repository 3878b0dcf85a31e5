"""The command line: a thin layer over the library.

Each command is a file that parses, calls and prints; ``_lazy.py`` lists them and imports one when it is called.  Stands
on all else; knows no theorem.
"""

from ncsolve.cli._app import main
from ncsolve.cli._output import flushed, streams

__all__ = ["flushed", "main", "streams"]
