"""Kept results: one JSON file a key, written atomically, safe to load from anyone.

    <cache>/ab/ab12….json       the entry of a key
    <cache>/posts/<slug>.<lang> the key of what a post last showed, to explain a change
    <cache>/locks/ab12….lock    held while a build runs the code of a key

An entry that cannot be read is dropped, never trusted: the code simply runs again.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ExecutionError
from ..model import Bundle, Failure, Omission, Output, Post, Provenance, Results, Stream
from .key import FORMAT, code_key, ingredients
from .trace import Trace

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A result and what it was made from."""

    results: Results
    trace: Trace
    ingredients: Mapping[str, Any] = field(default_factory=dict)
    """Those of the key: see `key.ingredients`."""


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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedEntry(str(error)) from None
    try:
        data = json.loads(text)
        if data["key"] != key:
            raise DamagedEntry(f"{path.name} belongs to another key")
        return read_entry(data)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise DamagedEntry(f"{path.name}: {error!r}") from None


def read_entry(data: Mapping[str, Any]) -> Entry:
    """An entry from its JSON.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: it is none, or of another version.
    """
    if data["format"] != FORMAT:
        raise ValueError("it was made by another version of Inkcell")
    provenance = data["provenance"]
    trace = data["trace"]
    if not all(isinstance(outputs, list) for outputs in data["outputs"]):
        raise TypeError("outputs are lists")
    if not all(_is_text(trace[name]) for name in ("packages", "files", "variables")):
        raise TypeError("a trace is made of texts")
    return Entry(
        Results(
            tuple(tuple(_output(item) for item in outputs) for outputs in data["outputs"]),
            Provenance(**provenance) if provenance else None,
        ),
        Trace(**{**trace, "missing": tuple(trace["missing"]), "imports": tuple(trace["imports"])}),
        dict(data["ingredients"]),
    )


def plain_entry(key: str, entry: Entry) -> dict[str, Any]:
    """An entry as JSON."""
    return {
        "format": FORMAT,
        "key": key,
        "ingredients": dict(entry.ingredients),
        "provenance": asdict(entry.results.provenance) if entry.results.provenance else None,
        "trace": asdict(entry.trace),
        "outputs": [[_plain(output) for output in outputs] for outputs in entry.results.outputs],
    }


def store(cache: Path, key: str, entry: Entry) -> None:
    """Keep an entry. A reader sees the old file or the new one, never half of it."""
    text = json.dumps(plain_entry(key, entry), ensure_ascii=False, indent=1, sort_keys=True)
    write_atomically(entry_path(cache, key), text)


def write_atomically(path: Path, text: str) -> None:
    """Write a file that is there in full or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w",
        encoding="utf-8",
        dir=path.parent,
        suffix=".tmp",
        delete=False,
        newline="\n",
    ) as file:
        file.write(text)
    try:
        Path(file.name).replace(path)
    except OSError:
        Path(file.name).unlink(missing_ok=True)
        raise


def entry_of(post: Post, results: Results, trace: Trace) -> Entry:
    """The entry of a run of a post."""
    return Entry(results, trace, ingredients(post))


# --- what a post last showed --------------------------------------------------------------------


def remember(cache: Path, post: Post) -> None:
    """Note that the entry of a post's key is what the post shows."""
    path = _last_path(cache, post)
    key = code_key(post)
    with suppress(OSError):
        if path.read_text(encoding="utf-8") == key:
            return
    write_atomically(path, key)


def last_entry(cache: Path, post: Post) -> Entry | None:
    """The entry that a post showed last, whatever has changed since."""
    try:
        key = _last_path(cache, post).read_text(encoding="utf-8")
        return load(cache, key) if len(key) == 64 and key.isalnum() else None
    except (OSError, ValueError):
        return None


def _last_path(cache: Path, post: Post) -> Path:
    return cache / "posts" / f"{post.source.folder}.{post.meta.language}"


# --- several builds at once, and for years ------------------------------------------------------


@contextmanager
def held(cache: Path, key: str, stopped: threading.Event) -> Iterator[bool]:
    """Wait until no other build runs the code of a key; the lock dies with its process.

    Yields:
        Whether it had to wait.

    Raises:
        ExecutionError: the build was stopped while it waited.
    """
    path = cache / "locks" / f"{key}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Only a build whose code runs waits for another; its import is a part of a short build.
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    waited = False
    while True:
        try:
            lock.acquire(timeout=0.2 if waited else 0)
            break
        except Timeout:
            waited = True
            if stopped.is_set():
                raise ExecutionError("the build was interrupted") from None
    try:
        yield waited
    finally:
        lock.release()


def trim(cache: Path, limit: int, used: Iterable[str]) -> int:
    """Remove the oldest entries until all together take at most `limit` MiB.

    Args:
        cache: the folder of kept results.
        limit: in MiB.
        used: keys that are never removed.

    Returns:
        How many were removed.
    """
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
            path.unlink(missing_ok=True)
            size -= length
            removed += 1
    return removed


def touch(cache: Path, key: str) -> None:
    """Note that an entry is in use, for `trim`."""
    with suppress(OSError):
        os.utime(entry_path(cache, key))


# --- outputs as JSON ----------------------------------------------------------------------------


def _plain(output: Output) -> dict[str, object]:
    return {"type": type(output).__name__, **asdict(output)}


def _output(data: Mapping[str, Any]) -> Output:
    fields = {name: value for name, value in data.items() if name != "type"}
    output = OUTPUTS[data["type"]](**fields)
    match output:
        case Stream(name, text):
            right = name in ("stdout", "stderr") and isinstance(text, str)
        case Bundle(content, metadata):
            right = isinstance(metadata, dict) and _is_text(content)
        case Failure(name, value, traceback):
            right = all(isinstance(part, str) for part in (name, value, traceback))
        case Omission(size):
            right = isinstance(size, int)
    if not right:
        raise TypeError(f"no output: {data['type']}")
    return output


def _is_text(mapping: object) -> bool:
    """Whether something is a JSON object of strings."""
    return isinstance(mapping, dict) and all(isinstance(v, str) for v in mapping.values())


OUTPUTS: Mapping[str, type[Output]] = {
    "Stream": Stream,
    "Bundle": Bundle,
    "Failure": Failure,
    "Omission": Omission,
}
