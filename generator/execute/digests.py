"""SHA-256 of what code may depend on: files, folders and environment variables, as they are now."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from ..inputs import is_copy

POST_FILE = re.compile(r"index(\.[A-Za-z0-9-]+)?\.(md|ipynb)|frozen\.json")
"""A post's own text and its frozen results are no input of its code."""


def digests(root: Path, paths: Iterable[str], written: Iterable[str] = ()) -> dict[str, str]:
    """SHA-256 of files and listings below `root`; an empty string for what is not there.

    Args:
        root: the blog's folder.
        paths: relative to it; a path that ends with a slash means the names in a folder.
        written: files that do not count in a listing.
    """
    own = frozenset(written)
    return {path: _digest(root, path, own) for path in paths}


def names_in(root: Path, folder: str) -> frozenset[str]:
    """What the digest of a folder's listing is made of: paths relative to `root`.

    There are none if the folder is not there.
    """
    try:
        names = _listing(root / folder, folder, frozenset())
    except (OSError, ValueError):
        return frozenset()
    return frozenset(folder + name for name in names)


def _digest(root: Path, path: str, own: frozenset[str]) -> str:
    place = root / path
    try:
        if path.endswith("/"):
            return _sha256("\n".join(_listing(place, path, own)))
        if place.is_dir():
            return _tree_digest(place)
        # Anything else could be read for ever: a pipe, a device.
        if place.is_file():
            with place.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        # ValueError: no file can have such a name.
        pass
    return ""


def _listing(folder: Path, path: str, own: frozenset[str]) -> list[str]:
    names = sorted(item.name for item in folder.iterdir())
    inside = "" if path == "./" else path
    return [name for name in names if _counts(name) and inside + name not in own]


def _counts(name: str) -> bool:
    """Whether a name is one of a listing: a translation that is added changes nothing."""
    is_made = name.startswith(".") or name == "__pycache__" or is_copy(name)
    return not is_made and not POST_FILE.fullmatch(name)


def _tree_digest(folder: Path) -> str:
    """The digest of all that a declared folder holds."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and all(map(_counts, name.split("/"))):
            with file.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").hexdigest()
            digest.update(f"{name}\0{content}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def variables(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of the values of environment variables: a value may be a secret."""
    return {name: _sha256(os.environ[name]) if name in os.environ else "" for name in names}


def _sha256(text: str) -> str:
    """The digest of a text as the system has it, which need not be UTF-8 (PEP 383)."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
