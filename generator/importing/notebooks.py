"""Jupyter notebooks: what stands in their cells, and the same with front matter in the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import NotebookError
from ..parse.notebook import notebook_of
from .front_text import FrontText, read_front_text
from .old_blog import OldBlog, text_of

ChangeCell = Callable[[str, str, int], str]
"""(kind of the cell, its text, its number in the new notebook) -> its new text."""


def read_old_notebook(text: str) -> dict[str, Any]:
    """A notebook, each cell of which has a known kind.

    Raises:
        NotebookError: it is none.
    """
    notebook = notebook_of(text)
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise NotebookError("the notebook has no cells").at(
            hint="open it in Jupyter and save it again"
        )
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise NotebookError("a cell of the notebook is damaged").at(
                cell=number, hint="open it in Jupyter and save it again"
            )
    return notebook


def front_and_notebook(path: str, blog: OldBlog) -> tuple[FrontText, dict[str, Any] | None]:
    """What stands above a post, and the notebook that it is, if it is one."""
    text = text_of(blog, path)
    if not path.endswith(".ipynb"):
        return read_front_text(text), None
    notebook = read_old_notebook(text)
    return front_of_notebook(notebook), notebook


def cell_text(cell: Mapping[str, Any]) -> str:
    """The text of a cell, which may be a list of its lines."""
    source = cell.get("source", "")
    return ("".join(source) if isinstance(source, list) else str(source)).replace("\r\n", "\n")


def front_of_notebook(notebook: Mapping[str, Any]) -> FrontText:
    """Front matter in the first cell, as Quarto and jupytext have it; it may have none."""
    if not notebook["cells"]:
        return FrontText({}, {}, "")
    first = notebook["cells"][0]
    text = cell_text(first)
    if first["cell_type"] in ("raw", "markdown") and text.lstrip().startswith("---\n"):
        found = read_front_text(text.strip())
        return FrontText(found.values, found.lines, "")
    return FrontText({}, {}, "")


def has_front_matter(notebook: Mapping[str, Any]) -> bool:
    """Whether the first cell is front matter, and nothing else."""
    if not notebook["cells"]:
        return False
    text = cell_text(notebook["cells"][0]).strip()
    return (
        notebook["cells"][0]["cell_type"] in ("raw", "markdown")
        and text.startswith("---\n")
        and text.endswith("\n---")
    )


def write_notebook(notebook: Mapping[str, Any], front: str, change: ChangeCell) -> str:
    """The text of an `.ipynb`: front matter in a first cell, the others changed, outputs kept."""
    old = notebook["cells"][1:] if has_front_matter(notebook) else notebook["cells"]
    first: dict[str, Any] = {"cell_type": "raw", "metadata": {}, "source": f"---\n{front}---"}
    if notebook.get("nbformat_minor", 0) >= 5:
        first["id"] = hashlib.sha256(front.encode()).hexdigest()[:8]
    cells = [first]
    for number, cell in enumerate(old, start=2):
        text = change(cell["cell_type"], cell_text(cell), number)
        cells.append({**cell, "source": text.splitlines(keepends=True)})
    document = {**notebook, "cells": cells}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
