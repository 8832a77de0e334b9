"""Kept results: one JSON file a key (see `entry`), written atomically.

    <cache>/ab/ab12….json       the entry of a key
    <cache>/posts/<slug>.<lang> the key of what a post last showed, to explain a change
    <cache>/locks/ab12….lock    held while a build runs the code of a key

An entry that cannot be read is dropped, never trusted: the code simply runs again.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..atomic_files import PARTIAL, write_atomically
from ..errors import ExecutionError
from ..model import Post
from .entry import Entry, plain_entry, read_entry
from .key import code_key, key_of

MIB = 1 << 20
DAY = 24 * 60 * 60
"""Seconds after which nobody writes a file any more."""


class DamagedEntry(ValueError):
    """A file of the cache that does not hold an entry."""


def entry_path(cache: Path, key: str) -> Path:
    """Where the entry of a key lies."""
    return cache / key[:2] / f"{key}.json"


def load(cache: Path, key: str) -> Entry | None:
    """The entry of a key, or None.

    Raises:
        DamagedEntry: there is a file, but no entry in it.
    """
    path = entry_path(cache, key)
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DamagedEntry(str(error)) from None
    try:
        data = json.loads(text)
        entry = read_entry(data)
    except (ValueError, RecursionError) as error:
        raise DamagedEntry(f"{path.name}: {error}") from None
    if key_of(entry.ingredients) != key:
        raise DamagedEntry(f"{path.name} belongs to another key")
    return entry


def store(cache: Path, key: str, entry: Entry) -> None:
    """Keep an entry."""
    write_atomically(entry_path(cache, key), entry_text(plain_entry(key, entry)))


def entry_text(plain: object) -> bytes:
    """Entries as JSON.

    The names of files in it need not be UTF-8: they are written as the system has them (PEP 383).
    """
    text = json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode(errors="surrogateescape")


# --- what a post last showed --------------------------------------------------------------------


def remember(cache: Path, post: Post) -> None:
    """Note that the entry of a post's key is what the post shows."""
    path = _last_path(cache, post)
    key = code_key(post)
    with suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == key:
            return
    with suppress(OSError):
        write_atomically(path, key.encode())


def last_entry(cache: Path, post: Post) -> Entry | None:
    """The entry that a post showed last, whatever has changed since."""
    try:
        key = _last_path(cache, post).read_text(encoding="utf-8")
        return load(cache, key) if len(key) == 64 and key.isalnum() else None
    except (OSError, ValueError):
        return None


def _last_path(cache: Path, post: Post) -> Path:
    return cache / "posts" / f"{post.source.folder}.{post.meta.language}"


def stamp(cache: Path, key: str) -> int:
    """When the entry of a key was written; changes whenever that is written anew."""
    try:
        return entry_path(cache, key).stat().st_mtime_ns
    except OSError:
        return 0


# --- several builds at once, and for years ------------------------------------------------------


@contextmanager
def held(cache: Path, key: str, stopped: threading.Event) -> Iterator[bool]:
    """Wait until no other build runs the code of a key; the lock dies with its process.

    Where no lock can be written nobody waits: two builds may run the same code at once.

    Yields:
        Whether it had to wait.

    Raises:
        ExecutionError: the build was stopped while it waited.
    """
    path = cache / "locks" / f"{key}.lock"
    # Only a build whose code runs waits for another; its import is a part of a short build.
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    waited = False
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0.2 if waited else 0)
            break
        except Timeout:
            waited = True
            if stopped.is_set():
                raise ExecutionError("the build was interrupted") from None
        except OSError:
            break
    try:
        yield waited
    finally:
        lock.release()


def trim(cache: Path, limit: int, used: Iterable[str]) -> int:
    """Remove the oldest entries until all together take at most `limit` MiB.

    What killed builds have half written goes in any case.

    Args:
        cache: the folder of kept results.
        limit: in MiB.
        used: keys that are never removed.

    Returns:
        How many were removed.
    """
    for path in cache.glob(f"??/*{PARTIAL}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > DAY:
                path.unlink()
    kept = {entry_path(cache, key) for key in used}
    entries = []
    for path in cache.glob("??/*.json"):
        with suppress(OSError):
            stat = path.stat()
            entries.append((stat.st_mtime_ns, stat.st_size, path))
    size = sum(entry[1] for entry in entries)
    removed = 0
    for _, length, path in sorted(entries):
        if size <= limit * MIB:
            break
        if path not in kept:
            with suppress(OSError):
                path.unlink()
                size -= length
                removed += 1
    return removed


def touch(cache: Path, key: str) -> None:
    """Note that an entry is in use, for `trim`."""
    with suppress(OSError):
        os.utime(entry_path(cache, key))
