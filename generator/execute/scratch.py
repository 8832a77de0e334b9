"""The folder of a build's sockets and logs, and those that killed builds have left behind."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

PREFIX = "inkcell-"
LOCK = "lock"
"""Held as long as the build lives, however it ends."""
SOCKET_PATH_LIMIT = 70
"""Characters of a folder in which sockets still have room: sun_path holds 107 (unix(7))."""
NEW = 60
"""Seconds in which a folder may not have been locked yet."""

Scratch = tuple[Path, BaseFileLock]
"""A folder, and its lock, which is held."""


def open_scratch(parent: Path | None = None) -> Scratch:
    """A folder of the user's own whose path is short enough for sockets.

    `parent` is where it is made, by default where temporary files are. What builds have left
    behind there that were killed is removed.
    """
    place = parent or _temporary()
    _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    lock = FileLock(folder / LOCK)
    lock.acquire()
    return folder, lock


def _temporary() -> Path:
    place = Path(tempfile.gettempdir())
    short = len(str(place)) <= SOCKET_PATH_LIMIT or os.name != "posix"
    return place if short else Path("/tmp")


def close_scratch(folder: Path, lock: BaseFileLock) -> None:
    """Remove a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()


def _sweep(place: Path) -> None:
    for path in place.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError, Timeout):
            found = path.lstat()
            mine = os.name != "posix" or found.st_uid == os.getuid()
            if mine and time.time() - found.st_mtime > NEW:
                lock = FileLock(path)
                lock.acquire(timeout=0)
                close_scratch(path.parent, lock)
