"""What a result is the result of.

The key is the code alone: the cells that run, in order, with the tags that change how they
run, the kernel, the folder they run in, and what the post asks of its run. Prose, captions,
display tags and front matter that does not concern execution are not in it, so that editing them
never runs anything, and two language versions with the same code share one result.

What the code was *seen to use* (modules, files, packages) is not in the key but in the trace
beside the result: see `trace`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Code, Post

FORMAT = 3
"""Changes when results made before cannot be used any more."""


def code_key(post: Post) -> str:
    """SHA-256 of what runs, as 64 hexadecimal digits."""
    text = json.dumps(ingredients(post), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def ingredients(post: Post) -> dict[str, Any]:
    """All that the key is made from, as plain JSON; kept beside a result to explain a change."""
    execute = post.meta.execute
    return {
        "format": FORMAT,
        "folder": post.source.folder,
        "kernel": post.meta.kernel,
        "cells": [
            {"source": cell.source, "may_raise": cell.may_raise} for cell in executed_cells(post)
        ],
        "gpu": execute.gpu,
        "threads": execute.threads,
        "network": execute.network,
        "dependencies": sorted(execute.dependencies),
        "depends_on_env": sorted(execute.depends_on_env),
    }


def executed_cells(post: Post) -> tuple[Code, ...]:
    """The code cells that are sent to a kernel."""
    return tuple(cell for cell in post.notebook.code if cell.runs and cell.source.strip())


def code_changes(before: Mapping[str, Any], post: Post) -> tuple[str, ...]:
    """What of a post's code differs from the ingredients of an earlier result, and where."""
    now = ingredients(post)
    reasons = [
        f"execute.{name} {_shown(before.get(name))} → {_shown(now[name])}"
        for name in ("gpu", "threads", "network", "dependencies", "depends_on_env")
        if before.get(name) != now[name]
    ]
    if before.get("kernel") != now["kernel"]:
        reasons.insert(0, f"kernel {before.get('kernel')} → {now['kernel']}")
    return (*reasons, *_changed_cells(before["cells"], executed_cells(post)))


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, bool | list) else str(value)


def _changed_cells(before: Sequence[Mapping[str, Any]], cells: Sequence[Code]) -> list[str]:
    """The first cell that differs, and how many after it."""
    for old, cell in zip(before, cells, strict=False):
        place = f"cell {cell.cell} (line {cell.line + _first_difference(old['source'], cell)})"
        if old["source"] != cell.source:
            return [f"{place} changed"]
        if old["may_raise"] != cell.may_raise:
            return [f"{place} may {'' if cell.may_raise else 'not '}raise an exception now"]
    if len(before) > len(cells):
        count = len(before) - len(cells)
        return [f"{count} cells are gone" if count > 1 else "the last cell is gone"]
    if len(before) < len(cells):
        cell = cells[len(before)]
        return [f"cell {cell.cell} (line {cell.line}) is new"]
    return []


def _first_difference(before: str, cell: Code) -> int:
    """How many lines at the beginning of a cell are as they were."""
    old, new = before.split("\n"), cell.source.split("\n")
    same = 0
    while same < min(len(old), len(new)) - 1 and old[same] == new[same]:
        same += 1
    return same
