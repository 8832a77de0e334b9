"""What posts import, for warm parents; and which posts must not be forked from one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from ..model import Post
from .key import executed_cells

LATE = {
    "matplotlib.pyplot": (
        "matplotlib_inline.backend_inline",
        "IPython.core.pylabtools",
        "matplotlib.backends.backend_agg",
        "matplotlib.backends.backend_svg",
        "PIL.PngImagePlugin",
    ),
}
"""What a module imports only when it is first used: known of a post that never ran here."""

SETS_ENVIRONMENT = re.compile(
    r"os\.environ\s*\[[^]]+\]\s*=[^=]|os\.environ\.(update|setdefault|pop|clear)|\bputenv\(|"
    r"^\s*%(set_)?env\b",
    re.MULTILINE,
)
"""An environment variable may have to be set before a library is imported."""
CONFIGURATION = ("matplotlibrc", "sitecustomize.py", "usercustomize.py")
"""Files that a library reads from the working folder while it is imported."""
MAGIC = re.compile(r"^\s*[%!?].*$", re.MULTILINE)


def needs_cold_kernel(post: Post, device: str) -> bool:
    """Whether a post wants a kernel that imports everything itself.

    It says so (`warm: false`), it may use CUDA, which does not survive a fork, or it changes
    what libraries read while they are imported.
    """
    execute = post.meta.execute
    return (
        not execute.warm
        or (execute.gpu != "never" and device == "cuda")
        or any(name in post.source.neighbours for name in CONFIGURATION)
        or any(SETS_ENVIRONMENT.search(code) for code in _code(post))
    )


def imports_of(post: Post) -> tuple[str, ...]:
    """The modules that a post's cells and the modules beside it import, as they are written."""
    local = {name.split("/")[0].removesuffix(".py") for name in post.source.neighbours}
    found: dict[str, None] = {}
    for code in _code(post):
        for name in _imported(code):
            if name.split(".")[0] not in local:
                found.setdefault(name)
                for late in LATE.get(name, ()):
                    found.setdefault(late)
    return tuple(found)


def union(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Every name once, in the order in which they first stand."""
    return tuple(dict.fromkeys(name for names in lists for name in names))


def _code(post: Post) -> Iterator[str]:
    for cell in executed_cells(post):
        yield cell.source
    for name, content in post.source.neighbours.items():
        if name.endswith(".py"):
            yield content.decode("utf-8", "replace")


def _imported(code: str) -> Iterator[str]:
    try:
        tree = ast.parse(MAGIC.sub("", code))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            # `from scipy import sparse` imports a module, if that is one.
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
