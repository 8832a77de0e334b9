"""What the theme's templates were compiled to, kept for the user's next build of any blog.

To compile them takes a tenth of a short build's time. What is kept is code, which will be run: so
it lies in the user's own cache folder (XDG Base Directory Specification), and not in that of the
blog, which may come from anyone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from .atomic_files import write_atomically

DIGEST_SIZE = 32
"""Bytes of a SHA-256 digest, with which a kept file begins."""


class CompiledTemplates(Struct, frozen=True):
    """Compiled templates by name, where they are kept if they can be."""

    load: Callable[[str], bytes | None]
    keep: Callable[[str, bytes], None]


def compiled_templates() -> CompiledTemplates | None:
    """Those of the user; None for a user without a home."""
    try:
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return compiled_in(Path(caches) / "inkcell" / "templates", _compiler())


def compiled_in(folder: Path, compiler: bytes) -> CompiledTemplates:
    """Those in a folder that were compiled by a compiler, which its text stands for."""

    def digest(code: bytes) -> bytes:
        return hashlib.sha256(compiler + code).digest()

    def load(name: str) -> bytes | None:
        try:
            content = (folder / name).read_bytes()
        except OSError:
            return None
        code = content[DIGEST_SIZE:]
        return code if content[:DIGEST_SIZE] == digest(code) else None

    def keep(name: str, code: bytes) -> None:
        # If nothing can be kept, the next build compiles again.
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(folder / name, digest(code) + code)

    return CompiledTemplates(load, keep)


def _compiler() -> bytes:
    """The text of Jinja2's compiler."""
    spec = find_spec("jinja2.compiler")
    return Path(spec.origin).read_bytes() if spec and spec.origin else b""
