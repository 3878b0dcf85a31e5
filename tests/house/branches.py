"""Count the lines that branch on a model outside the models: ``python -m tests.house.branches [ROOT]``.

A line counts if it compares loss, features, depth or a theorem with a constant, asks whether the model is plain, has
MSE, one layer or nonnegative features, or asks of which class a frame is.
"""

import ast
import sys
from pathlib import Path

__all__ = ["branches", "count"]

ROOT = Path(__file__).parents[2]
# The models with their words, and the folders that are no part of the library.
MODELS = ("ncsolve/_models/", "ncsolve/_words/")
NAMES = {"features", "depth", "theorem"}
ASKED = {"plain", "squared", "one_layer", "nonnegative"}


def _name(node):
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _constant(node):
    return (isinstance(node, ast.Constant) and node.value is not None) or (
        isinstance(node, (ast.Tuple, ast.Set)) and all(map(_constant, node.elts))
    )


def _text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def branches(tree):
    """The numbers of the lines of a module that branch on a model."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            named = any(_name(side) in NAMES for side in sides) and any(map(_constant, sides))
            # "loss" is also what a number is called
            if named or (any(_name(side) == "loss" for side in sides) and any(map(_text, sides))):
                found.add(node.lineno)
        elif isinstance(node, ast.Attribute) and node.attr in ASKED:
            found.add(node.lineno)
        elif isinstance(node, ast.Call) and _name(node.func) == "isinstance" and len(node.args) == 2:
            kinds = [_name(part) for part in ast.walk(node.args[1])]
            if any(kind.endswith("Frame") and kind != "DataFrame" for kind in kinds):
                found.add(node.lineno)
    return found


def count(root=ROOT, folders=("ncsolve", "verify", "derivations", "benchmarks")):
    """How many such lines each file has: {path: lines}."""
    found = {}
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            lines = branches(ast.parse(path.read_text(encoding="utf-8")))
            if lines:
                found[path.relative_to(root).as_posix()] = len(lines)
    return found


if __name__ == "__main__":
    found = count(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    for path, lines in found.items():
        print(f"{lines:4d} {path}")
    outside = {path: lines for path, lines in found.items() if not path.startswith(MODELS)}
    print(
        f"{sum(found.values())} lines in {len(found)} files; {sum(outside.values())} in {len(outside)} outside "
        "the models and their words"
    )
