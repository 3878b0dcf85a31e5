"""``ncsolve encodings``."""

from __future__ import annotations

from ncsolve.cli._options import command, flag
from ncsolve.cli._output import say_json

__all__ = ["list_encodings"]


@command()
@flag("--json", "as_json", help="Print JSON.")
def list_encodings(*, as_json: bool) -> None:
    """List the label encodings, with an example of each.

    \b
    Examples:
      ncsolve encodings
      ncsolve minimizer --encoding ecoc:15 --seed 1
    """
    from ncsolve import encodings

    entries = [encodings.get(name) for name in encodings.names()]
    if as_json:
        rows = [
            {"name": e.name, "summary": e.summary, "example": e.example, "aliases": list(e.aliases)} for e in entries
        ]
        say_json({"schema": "ncsolve.encodings/1", "encodings": rows})
        return
    from ncsolve.cli._tables import show, table

    shown = table("encoding", "codes (K classes)", "example")
    for entry in entries:
        shown.add_row(entry.name, entry.summary, f"--encoding {entry.example}")
    shown.add_row(
        "FILE", "a .csv, .tsv, .txt, .npy or .npz file: a row per output, a column per class", "--encoding codes.csv"
    )
    show(shown)
