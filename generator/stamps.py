"""Files as they were looked at, so that they need not be read again to know their content.

A file is taken to be unchanged if its times, size and inode are; else its content is hashed. A
file that was touched while the last build ran, or shortly before, is hashed in any case: it may
have changed twice within one tick of the disk's clock. Files of the site are the build's own until
it moves them to their places; only what was touched after that, or shortly before, is hashed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

MARGIN = 2_000_000_000
"""Nanoseconds: the coarsest clock of a disk in use, FAT's, ticks every two seconds."""
FINE_MARGIN = 50_000_000
"""The same where a time tells fractions of milliseconds: Linux ticks a hundred times a second or
more often (CONFIG_HZ)."""

FOLDER_IS_THERE = "folder"
"""Stands for the digest of a folder: all that is asked of one is whether it is there."""


class Stamp(NamedTuple):
    """A file as it was looked at."""

    modified: int
    changed: int
    size: int
    inode: int
    digest: str
    """SHA-256, or FOLDER_IS_THERE for a path that ends with a slash; empty if there is nothing."""


ABSENT = Stamp(0, 0, 0, 0, "")
NOTHING: Mapping[str, Stamp] = MappingProxyType({})


def look_at(
    folder: str, names: Iterable[str], known: Mapping[str, Stamp] = NOTHING, started: int = 0
) -> dict[str, Stamp]:
    """Files as they are now; those whose content must be as it is known to be are not read.

    Args:
        folder: what the names are relative to.
        names: of the files.
        known: the files as they were.
        started: when the build began that knew them.
    """
    return {name: look(os.path.join(folder, name), known.get(name), started) for name in names}


def look(path: str, known: Stamp | None = None, started: int = 0) -> Stamp:
    """A file as it is now: `known` itself if it must be the same file with the same content."""
    now = stamp(path, "")
    if known and known[:4] == now[:4] and max(now.modified, now.changed) < started - MARGIN:
        return known
    return _with_digest(path, now, known)


def look_at_own(path: str, known: Stamp, moved: int) -> Stamp:
    """The same of a file that `write` has moved to its place, which changes one of its times."""
    now = stamp(path, "")
    margin = FINE_MARGIN if now.modified % 1_000_000 else MARGIN
    if known[:4] == now[:4] and now.modified < moved - margin:
        return known
    return _with_digest(path, now, known)


def _with_digest(path: str, now: Stamp, known: Stamp | None) -> Stamp:
    try:
        if now == ABSENT:
            raise FileNotFoundError
        if path.endswith("/"):
            return now._replace(digest=FOLDER_IS_THERE)
        with open(path, "rb") as file:
            return now._replace(digest=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError:
        return known if known == ABSENT else ABSENT


def stamp(path: str, digest: str) -> Stamp:
    """A file as it is now, with the digest that its content is known to have."""
    try:
        status = os.stat(path)
    except OSError:
        return ABSENT
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, digest)
