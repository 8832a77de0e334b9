"""Files of a site that wait on the disk until it is written, so that memory need not hold them.

A shelf is a folder beside the record of the last build. The process that opened it, and those
forked from it, hold a lock on it (flock(2)); so what a killed build has left is known by its lock,
and goes when the next one is opened.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from .model import File, Stored

PREFIX = "shelf-"


class Shelf:
    """A folder for files of one build."""

    def __init__(self, home: Path) -> None:
        """Make the folder in `home`, and remove those that other builds have left there."""
        home.mkdir(parents=True, exist_ok=True)
        remove_left(home)
        self.folder, self._lock = _locked_folder(home)
        self._count = 0

    def put(self, file: File) -> Stored:
        """Write a file."""
        self._count += 1
        place = f"{self.folder}/{os.getpid()}-{self._count}"
        Path(place).write_bytes(file.content)
        digest = hashlib.sha256(file.content).hexdigest()
        return Stored(file.path, digest, len(file.content), place, file.origin)

    def close(self) -> None:
        """Remove the folder, with what still lies in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def _locked_folder(home: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
        with suppress(FileNotFoundError):  # Before it had a lock it looked like one that is left.
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.is_dir():
                return folder, lock
            os.close(lock)


def remove_left(home: Path) -> None:
    """Remove the shelves of builds that were killed; those of builds at work stay."""
    for path in home.glob(f"{PREFIX}*"):
        _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(descriptor)
