"""The notebook of the examples: execute it and compare what its cells print, or store it: `python -m tests.notebook
--write`.

Pictures are stored and not compared.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.readme import same

NOTEBOOK = Path(__file__).parents[1] / "examples" / "tutorial.ipynb"
# What an output holds besides its text.
_KEPT = {"text/plain", "text/html", "image/png"}


def stored() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def executed(notebook: Any) -> Any:
    """The same notebook with the outputs of today.  Raises CellExecutionError for a cell that fails."""
    with tempfile.TemporaryDirectory() as name:  # the kernel's own files
        folders = {"JUPYTER_RUNTIME_DIR": f"{name}/runtime", "IPYTHONDIR": f"{name}/ipython", "MPLBACKEND": ""}
        client = NotebookClient(
            nbformat.from_dict(notebook), timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
        )
        run = client.execute(env=os.environ | folders)
    for cell in run["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = joined(cell["outputs"])
    return run


def joined(outputs: list[Any]) -> list[Any]:
    """The same outputs with each stretch of one stream in one piece: a kernel cuts it wherever the clock has it."""
    found: list[Any] = []
    for output in outputs:
        if found and output["output_type"] == "stream" and output["name"] == found[-1].get("name"):
            found[-1]["text"] += output["text"]
        else:
            found.append(output)
    return found


def texts(cell: Any) -> str:
    """What a cell prints and shows, as text; a picture is its size."""
    parts = []
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            parts.append(f"{output['name']}: {output['text']}")
        else:
            parts.append("picture" if "image/png" in output["data"] else output["data"]["text/plain"])
    return "\n".join(parts)


def differences(old: Any, new: Any) -> list[str]:
    """The cells that print something else, with both."""
    found = []
    for i, (before, after) in enumerate(zip(old["cells"], new["cells"], strict=True)):
        if before["cell_type"] == "code" and not same(texts(before), texts(after)):
            found.append(f"cell {i} shows\n{texts(before)}\nbut prints\n{texts(after)}")
    return found


def written(notebook: Any) -> None:
    """Store the notebook without what changes from run to run."""
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        for output in cell.get("outputs", []):
            if "data" in output:
                output["data"] = {kind: value for kind, value in output["data"].items() if kind in _KEPT}
                output["metadata"] = {}
    notebook["metadata"] = {key: notebook["metadata"][key] for key in ("kernelspec",)}
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    old = stored()
    new = executed(old)
    if "--write" in sys.argv:
        written(new)
        print(f"{NOTEBOOK.name}: executed and stored")
        sys.exit(0)
    wrong = differences(old, new)
    print(*wrong, f"{NOTEBOOK.name}: {len(wrong)} cells differ", sep="\n")
    sys.exit(1 if wrong else 0)
