"""What posts import, for warm parents; and which posts must not be forked from one."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress

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
    # An optimiser's first step imports the compiler.
    "torch": ("torch.optim", "torch._dynamo"),
}
"""What a module imports only when it is first used: known of a post that never ran here."""

SET_ENV_MAGIC = re.compile(r"^\s*%(set_env\b|env\s+\w)", re.MULTILINE)
"""An environment variable may have to be set before a library is imported."""
SETTERS = ("update", "setdefault", "pop", "popitem", "clear")
"""Methods of `os.environ` that change it."""
PARSING = threading.Lock()
"""One thread at a time: in CPython 3.11 and 3.12 threads that make syntax trees at the same time
break each other's count of recursions (python/cpython#106905)."""
CONFIGURATION = ("matplotlibrc", "sitecustomize.py", "usercustomize.py")
"""Files that a library reads from the working folder while it is imported."""
MAGIC = re.compile(r"^((?:\s*\w+\s*=)?\s*)(?:[%!].*|\?.*|[\w.%]+\?{1,2})$", re.MULTILINE)
"""Lines of IPython that are not Python: `%matplotlib inline`, `files = !ls`, `numpy?`."""


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
        or any(map(_sets_environment, _code(post)))
    )


def imports_of(post: Post) -> tuple[str, ...]:
    """The modules that a post's cells and the modules beside it import, as they are written."""
    local = {name.split("/")[0].removesuffix(".py") for name in post.source.neighbours}
    found: dict[str, None] = {}
    for code in _code(post):
        for name in imported_names(code):
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


def imported_names(code: str) -> Iterator[str]:
    """What Python code imports by statements, wherever they stand; nothing if it does not parse."""
    for node in ast.walk(_parsed(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            # `from scipy import sparse` imports a module, if that is one.
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")


def _parsed(code: str) -> ast.AST:
    """The syntax tree of code, at need without its magics; an empty one if it does not parse."""
    with PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in (code, MAGIC.sub(r"\1None", code)):
            with suppress(SyntaxError, ValueError, RecursionError):
                return ast.parse(text)
    return ast.Module([], [])


def _sets_environment(code: str) -> bool:
    """Whether code sets a variable of its environment: by `os.environ`, `putenv` or a magic."""
    return bool(SET_ENV_MAGIC.search(code)) or any(map(_is_setting, ast.walk(_parsed(code))))


def _is_setting(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(value=target, ctx=ast.Store() | ast.Del()):
            return _is_environ(target)
        case ast.AugAssign(target=target):
            return _is_environ(target)
        case ast.Call(func=ast.Attribute(value=target, attr=name)) if name in SETTERS:
            return _is_environ(target)
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in ("putenv", "unsetenv")
    return False


def _is_environ(node: ast.AST) -> bool:
    """`environ`, `os.environ`, `anything.environb`."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in ("environ", "environb")
    return False
