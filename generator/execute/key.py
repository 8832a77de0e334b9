"""What a result is the result of.

The key is the code alone: the cells that run, in order, with the tags that change how they
run, the kernel, and the folder they run in. Prose, captions, display tags and front matter
that does not concern execution are not in it, so that editing them never runs anything, and
two language versions with the same code share one result.

What the code was *seen to use* (modules, files, packages) is not in the key but in the trace
beside the result: see `trace`.
"""

from __future__ import annotations

import hashlib
import json

from ..model import Code, Post

FORMAT = 1
"""Changes when results made before cannot be used any more."""


def code_key(post: Post) -> str:
    """SHA-256 of what runs, as 64 hexadecimal digits."""
    ingredients = {
        "format": FORMAT,
        "folder": post.source.folder,
        "kernel": post.meta.kernel,
        "cells": [[cell.source, cell.may_raise] for cell in executed_cells(post)],
        "gpu": post.meta.execute.gpu,
        "dependencies": sorted(post.meta.execute.dependencies),
    }
    text = json.dumps(ingredients, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def executed_cells(post: Post) -> tuple[Code, ...]:
    """The code cells that are sent to a kernel."""
    return tuple(cell for cell in post.notebook.code if cell.runs and cell.source.strip())
