"""Files that are there in full or not at all."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from io import BufferedWriter

PARTIAL = ".tmp"
"""Ends the name of a file that is being written."""
NUMBERS = itertools.count()


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file in one step: who reads it sees the old one or the new one, never half of it.

    The folders above it are made.

    Raises:
        OSError: it cannot be written. What was there before is as it was.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    file = _new_file(folder)
    try:
        with file:
            file.write(content)
        os.replace(file.name, path)
    except BaseException:
        # A full disk would be filled further by every build.
        with suppress(FileNotFoundError):  # It had come to its place when it was interrupted.
            os.remove(file.name)
        raise


def _new_file(folder: str) -> BufferedWriter:
    while True:
        # A process that was killed may have left a file with the same numbers.
        with suppress(FileExistsError):
            return open(f"{folder}/{os.getpid()}-{next(NUMBERS)}{PARTIAL}", "xb")
