"""SHA-256 of what code may depend on: files, folders and environment variables, as they are now."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..inputs import is_copy

FROZEN = "frozen.json"
POST_FILE = re.compile(rf"index(\.[A-Za-z0-9-]+)?\.(md|ipynb)|{re.escape(FROZEN)}")
"""A post's own text and its frozen results are no input of its code."""
ALL_NAMES = "//"
"""Ends the path of a listed folder in which texts of other posts may lie: there they count."""


def digests(root: Path, paths: Iterable[str], written: Iterable[str] = ()) -> dict[str, str]:
    """SHA-256 of files and listings below `root`; an empty string for what is not there.

    Args:
        root: the blog's folder.
        paths: relative to it; a path that ends with a slash means the names in a folder, but for
            those of posts unless it ends with ALL_NAMES.
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
            # A name may hold the sign that stands between names.
            names = (name.replace("\n", "\0") for name in _listing(place, path, own))
            return _sha256("\n".join(names))
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
    inside = path.rstrip("/") + "/"
    inside = "" if inside == "./" else inside
    counts = _is_named if path.endswith(ALL_NAMES) else _counts
    return [name for name in names if counts(name) and inside + name not in own]


def _counts(name: str) -> bool:
    """Whether a name is one of a listing: a translation that is added changes nothing."""
    return _is_named(name) and not POST_FILE.fullmatch(name)


def _is_named(name: str) -> bool:
    """The same where other posts may lie: their versions count."""
    is_made = name.startswith(".") or name in ("__pycache__", FROZEN) or is_copy(name)
    return not is_made


def _tree_digest(folder: Path) -> str:
    """The digest of all that a declared folder holds."""
    digest = hashlib.sha256()
    for file in sorted(_files_below(folder, frozenset())):
        name = file.relative_to(folder).as_posix()
        if all(map(_counts, name.split("/"))):
            with file.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").hexdigest()
            digest.update(f"{name}\0{content}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _files_below(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """The files below a folder; links are followed, but not in a circle."""
    here = folder.resolve()
    for item in folder.iterdir() if here not in above else ():
        if item.is_dir():
            yield from _files_below(item, above | {here})
        elif item.is_file():
            yield item


def variables(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of the values of environment variables: a value may be a secret."""
    return {name: _sha256(os.environ[name]) if name in os.environ else "" for name in names}


def _sha256(text: str) -> str:
    """The digest of a text as the system has it, which need not be UTF-8 (PEP 383)."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
