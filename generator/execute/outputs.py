"""nbformat's outputs -> ours, the same on every machine and in every run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
from nbformat.validator import isvalid

from ..model import Bundle, Failure, Output, Stream
from .widgets import VIEW, States, caught_outputs, widget_text

CELL_FILE = re.compile(r"(?<![^\s'\"(<])[^\s'\"(<]*[/\\]ipykernel_\d+[/\\]\d+\.py")
"""How ipykernel names the file of a cell: with the kernel's process id."""
WORD = re.compile(r"[^\s'\"()<>\x1b]+")
"""What may be a path."""
BEGINNING = re.compile(r"~|/|[A-Za-z]:\\")
INSTALLED = re.compile(r"[/\\](?:python3(?:\.\d+)?|Lib)[/\\](?:(?:site|dist)-packages[/\\])?")
"""The folder in which the files of packages and of Python itself lie."""


def outputs_of(
    raw: list[Any], root: Path, widgets: States = MappingProxyType({})
) -> tuple[Output, ...]:
    """nbformat's outputs as ours, in an order that does not depend on timing.

    What a cell writes to its two streams between two displays arrives in pieces and in no
    fixed order: it is joined, standard output first. Warnings and tracebacks do not tell where
    the blog in the folder `root`, and what its code imports, lie on this machine.
    """
    outputs: list[Output] = []
    pending: dict[str, str] = {}

    def flush() -> None:
        if "stdout" in pending:
            outputs.append(Stream("stdout", pending["stdout"]))
        if "stderr" in pending:
            outputs.append(Stream("stderr", _anywhere(pending["stderr"], root)))
        pending.clear()

    for output in _unwrapped(raw, widgets):
        if output.output_type == "stream":
            pending[output.name] = pending.get(output.name, "") + _unnamed(output.text)
            continue
        flush()
        if output.output_type == "error":
            traceback = _anywhere("\n".join(output.traceback), root)
            outputs.append(Failure(*map(_unnamed, (output.ename, output.evalue, traceback))))
        else:
            outputs.append(_bundle(output, widgets))
    flush()
    return tuple(outputs)


def _unwrapped(raw: Iterable[Any], widgets: States, depth: int = 0) -> Iterator[Any]:
    """The outputs of a cell; in the place of a widget that caught others stand those."""
    for output in raw:
        caught = caught_outputs(output.get("data", {}).get(VIEW), widgets)
        if caught is None or depth > 10:
            yield output
            continue
        nodes = map(nbformat.from_dict, caught)
        outputs = (node for node in nodes if isvalid(node, ref="output", version=4))
        yield from _unwrapped(outputs, widgets, depth + 1)


def _bundle(output: Any, widgets: States) -> Bundle:
    data = {}
    last = widget_text(output.data[VIEW], widgets) if VIEW in output.data else None
    if last is not None:
        output.data["text/plain"] = last
    if "text/plain" in output.data:
        # Its model went with the kernel, and has another id in each run; who opens the notebook
        # would be told that it is missing.
        output.data.pop(VIEW, None)
    for mime, value in output.data.items():
        # Elsewhere a list is the lines of a text.
        is_json = mime.endswith(("/json", "+json"))
        if isinstance(value, list) and not is_json:
            value = "".join(value)
        if is_json or not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False, sort_keys=True)
        data[mime] = _clean(value)
    return Bundle(data, dict(output.metadata))


def _anywhere(text: str, root: Path) -> str:
    """Text in which files are named as on any machine: `numpy/random/mtrand.py`."""
    if INSTALLED.search(text):
        text = WORD.sub(_uninstalled, text)
    folder = os.path.realpath(root)
    places = [str(root), folder]
    with suppress(RuntimeError):  # In a container a user may have no home.
        places.append(folder.replace(str(Path.home()), "~", 1))
    for place in places:
        text = text.replace(place + os.sep, "")
    return text


def _uninstalled(word: re.Match[str]) -> str:
    """A path without the place where packages are installed."""
    path, at, kept = word[0], 0, []
    while (start := BEGINNING.search(path, at)) and (end := INSTALLED.search(path, start.end())):
        kept.append(path[at : start.start()])
        at = end.end()
    return "".join([*kept, path[at:]])


def _unnamed(text: str) -> str:
    """Text in which a cell's file has no name of its own: it would differ from run to run."""
    text = _clean(text)
    return CELL_FILE.sub("<cell>", text) if "ipykernel_" in text else text


def _clean(text: str) -> str:
    """Text that can be written as UTF-8: Python's strings may hold half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()
