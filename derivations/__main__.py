"""``python -m ncsolve.derivations``: prove every step, write the formulas, write the pages of the theorems."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ncsolve.derivations import check_all, get, names
from ncsolve.derivations._codegen import formulas_module
from ncsolve.derivations._docs import theory_pages
from ncsolve.derivations._javascript import formulas_script
from ncsolve.derivations._steps import DerivationError

from ncsolve.cli import flushed, streams
from ncsolve.errors import NCSolveError

__all__ = ["main", "write_pages"]


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 a step is not proved, 2 bad input."""
    parser = argparse.ArgumentParser(prog="python -m ncsolve.derivations", description=__doc__)
    parser.add_argument("--check", action="store_true", help="prove every step of every theorem and report")
    parser.add_argument("--write", action="store_true", help="write the formulas in Python and JavaScript")
    parser.add_argument("--docs", action="store_true", help="write docs/theory.md and docs/theory/ from the theorems")
    parser.add_argument("--list", action="store_true", help="list the theorems")
    parser.add_argument("--only", metavar="NAME", action="append", help="with --check: only this theorem (repeatable)")
    args = parser.parse_args(argv)
    if not (args.check or args.write or args.docs or args.list):
        parser.print_usage(sys.stderr)
        return 2
    try:
        if args.list:
            for name in names():
                print(f"{name:14} {get(name).label:12} {get(name).title}")
        if args.check:
            _report(args.only or names())
        if args.write:
            import ncsolve

            package = Path(ncsolve.__file__).parent
            _write(package / "_formulas.py", formulas_module(map(get, names())))
            _write(package / "explorer" / "page" / "formulas.js", formulas_script(map(get, names())))
        if args.docs:
            write_pages(_docs_folder(), theory_pages(map(get, names())))
    except DerivationError as error:
        print(f"not proved: {error}", file=sys.stderr)
        return 1
    except NCSolveError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _report(chosen: list[str] | tuple[str, ...]) -> None:
    print(f"{'theorem':14} {'obligations':>11} {'seconds':>8}")
    total = seconds = 0.0
    for checked in check_all(chosen):
        print(f"{checked.theorem:14} {checked.obligations:11d} {checked.seconds:8.1f}", flush=True)
        total += checked.obligations
        seconds += checked.seconds
    print(f"{'all proved':14} {int(total):11d} {seconds:8.1f}")


def _write(path: Path, text: str) -> None:
    same = path.exists() and path.read_text(encoding="utf-8") == text
    if not same:
        path.write_text(text, encoding="utf-8")
    print(f"{path}: {'unchanged' if same else 'written'}")


def write_pages(docs: Path, pages: dict[str, str]) -> None:
    """Write the pages, and delete those of theorems that are no more."""
    folder = docs / "theory"
    folder.mkdir(exist_ok=True)
    for stale in sorted({*folder.glob("*.md")} - {docs / place for place in pages}):
        stale.unlink()
        print(f"{stale}: deleted")
    for place, text in pages.items():
        _write(docs / place, text)


def _docs_folder() -> Path:
    """docs/ of the checkout; the pages belong to the sources, so an installed package has nowhere to write them."""
    folder = Path(__file__).resolve().parent.parent / "docs"
    if not folder.is_dir():
        raise NCSolveError(
            f"no folder docs beside {Path(__file__).parent}; run --docs from an editable install of a checkout"
        )
    return folder


if __name__ == "__main__":
    with streams():
        code = main()
        flushed()
        sys.exit(code)
