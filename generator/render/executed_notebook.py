"""A post with what its code produced -> an `.ipynb` that readers can open, nbformat 4.5.

What the page leaves out of a cell's outputs is left out here too: an author who removed it does
not find it published. Code that the page does not show is there, for the notebook to run.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Bundle, Code, ExecutedPost, Failure, Omission, Output, Prose, Stream
from .outputs import omission_text

ATTACHMENT_TYPES = {
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
"""Ending of a file's name -> MIME type, for what a notebook keeps inside a cell."""

JSON_TYPE = re.compile(r"application/(.*\+)?json")
"""MIME types whose content nbformat keeps as JSON; that of all others is text."""

INTERPRETER = re.compile(r"(?P<name>\D+) (?P<version>\d\S*)")
"""`Python 3.11.7`."""


def executed_notebook(executed: ExecutedPost, strings: Mapping[str, str]) -> bytes:
    """The post as a notebook file: front matter, prose, code and outputs.

    `strings` are the theme's texts in the post's language.
    """
    notebook = executed.post.notebook
    cells: list[dict[str, Any]] = [
        {"cell_type": "raw", "source": _lines(f"---\n{notebook.front_matter}\n---")}
    ]
    outputs = iter(executed.results.outputs)
    count = 0
    for cell in notebook.cells:
        if isinstance(cell, Prose):
            cells.append(_prose(cell))
            continue
        count += _has_run(cell)
        cells.append(_code(cell, next(outputs), count if _has_run(cell) else None, strings))
    for number, filled in enumerate(cells, start=1):
        filled["id"] = f"cell-{number}"
        filled.setdefault("metadata", {})
    document = {
        "cells": cells,
        "metadata": _metadata(executed),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    # Without line breaks between the parts: most of it is figures, which are no lines either.
    text = json.dumps(document, ensure_ascii=False, sort_keys=True) + "\n"
    # Half a surrogate pair, which a program may print, is written as JSON's own escape.
    return text.encode("utf-8", "backslashreplace")


def _metadata(executed: ExecutedPost) -> dict[str, Any]:
    language = executed.post.notebook.code_language
    provenance = executed.results.provenance
    interpreter = INTERPRETER.fullmatch(provenance.interpreter) if provenance else None
    version = interpreter["version"] if interpreter else ""
    return {
        "kernelspec": {
            "display_name": interpreter["name"] if interpreter else language.capitalize(),
            "language": language,
            "name": executed.post.meta.kernel,
        },
        "language_info": {"name": language, **({"version": version} if version else {})},
    }


def _prose(cell: Prose) -> dict[str, Any]:
    filled: dict[str, Any] = {"cell_type": "markdown", "source": _lines(cell.text)}
    if cell.attachments:
        filled["attachments"] = {
            name: {_attachment_type(name): base64.b64encode(content).decode()}
            for name, content in cell.attachments.items()
        }
    return filled


def _attachment_type(name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    return ATTACHMENT_TYPES.get(ending, "application/octet-stream")


def _has_run(cell: Code) -> bool:
    return cell.runs and bool(cell.source.strip())


def _code(
    cell: Code, outputs: Sequence[Output], count: int | None, strings: Mapping[str, str]
) -> dict[str, Any]:
    # nbformat wants each tag once, and no comma in it.
    tags = [tag for tag in dict.fromkeys(cell.tags) if tag and "," not in tag]
    return {
        "cell_type": "code",
        "execution_count": count,
        "metadata": {"tags": tags} if tags else {},
        "outputs": [_output(item, strings) for item in outputs if _is_published(item, cell)],
        "source": _lines("\n".join(part for part in (cell.options, cell.source) if part)),
    }


def _is_published(output: Output, cell: Code) -> bool:
    display = cell.display
    if display.output == "absent":
        return False
    if isinstance(output, Stream):
        return display.stdout if output.name == "stdout" else display.stderr
    return True


def _output(output: Output, strings: Mapping[str, str]) -> dict[str, Any]:
    match output:
        case Stream(name, text):
            return {"output_type": "stream", "name": name, "text": _lines(text)}
        case Bundle(data, metadata):
            return {
                "output_type": "display_data",
                "data": {mime: _content(mime, value) for mime, value in data.items()},
                "metadata": dict(metadata),
            }
        case Failure(name, value, traceback):
            return {
                "output_type": "error",
                "ename": name,
                "evalue": value,
                "traceback": traceback.split("\n"),
            }
        case Omission(size):
            text = f"[{omission_text(size, strings)}]\n"
            return {"output_type": "stream", "name": "stdout", "text": _lines(text)}


def _content(mime: str, value: str) -> Any:
    return json.loads(value) if JSON_TYPE.fullmatch(mime) else value


def _lines(text: str) -> list[str]:
    """A text as Jupyter writes it, a line an item."""
    return text.splitlines(keepends=True)
