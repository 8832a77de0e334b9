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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from ..errors import ExecutionError
from ..model import Bundle, Failure, Omission, Output, Post, Provenance, Results, Stream
from .key import FORMAT, code_key, ingredients, key_of
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


def read_entry(data: Any) -> Entry:
    """An entry from its JSON.

    Raises:
        ValueError: it is none, or of another version.
    """
    version = data.get("format") if isinstance(data, dict) else None
    if version != FORMAT:
        raise ValueError("it was made by another version of Inkcell" if version else "no entry")
    _check(_has_form(data, ENTRY), "an entry has other parts")
    ingredients, outputs, provenance = data["ingredients"], data["outputs"], data["provenance"]
    _check(_has_form(ingredients, INGREDIENTS), "the ingredients of its key have another form")
    _check(key_of(ingredients) == data["key"], "its key belongs to another code")
    _check(len(outputs) == len(ingredients["cells"]), "it has outputs of other cells")
    _check(provenance is None or _has_form(provenance, PROVENANCE), "no provenance")
    _check(_has_form(data["trace"], TRACE), "no trace")
    lists = {name: tuple(data["trace"][name]) for name in ("missing", "imports", "written")}
    return Entry(
        Results(
            tuple(tuple(_output(item) for item in items) for items in outputs),
            Provenance(**provenance) if provenance else None,
        ),
        Trace(**{**data["trace"], **lists}),
        ingredients,
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
    """Write a file that is there in full or not at all.

    The names of files in it need not be UTF-8: they are written as the system has them (PEP 383).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = tempfile.NamedTemporaryFile(  # noqa: SIM115
        "w",
        encoding="utf-8",
        errors="surrogateescape",
        dir=path.parent,
        suffix=".tmp",
        delete=False,
        newline="\n",
    )
    try:
        with file:
            file.write(text)
        Path(file.name).replace(path)
    except BaseException:
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
    with suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == key:
            return
    with suppress(OSError):
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
            with suppress(OSError):
                path.unlink()
                size -= length
                removed += 1
    return removed


def touch(cache: Path, key: str) -> None:
    """Note that an entry is in use, for `trim`."""
    with suppress(OSError):
        os.utime(entry_path(cache, key))


# --- what JSON may hold -------------------------------------------------------------------------


def _check(right: bool, message: str) -> None:
    if not right:
        raise ValueError(message)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text(value: object) -> bool:
    """A text that a page can show: without half a surrogate pair."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _is_mapping_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, (*value, *value.values())))


def _is_digests(value: object) -> bool:
    """Digests of files, whose names need not be UTF-8."""
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_metadata(value: object) -> bool:
    return isinstance(value, dict) and _is_text(json.dumps(value, ensure_ascii=False))


def _is_lists(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, list) for item in value)


def _is_number(value: object) -> bool:
    """A finite one: JSON knows no other, but Python's reader does."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:  # An integer may have any size.
        return False


def _is_moment(value: object) -> bool:
    """A moment as RFC 3339 writes it, with its offset from UTC; one that UTC has, too."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment is not None and moment.tzinfo is not None and bool(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return False


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _is_cells(value: object) -> bool:
    return isinstance(value, list) and all(_has_form(cell, CELL) for cell in value)


Form = Mapping[str, Callable[[Any], bool]]
"""The keys of a JSON object, and what each may hold."""


def _has_form(value: object, form: Form) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == form.keys()
        and all(is_right(value[name]) for name, is_right in form.items())
    )


ENTRY: Form = {
    "format": _is_count,
    "key": _is(str),
    "ingredients": _is(dict),
    "provenance": _is(dict | None),  # type: ignore[arg-type]
    "trace": _is(dict),
    "outputs": _is_lists,
}
INGREDIENTS: Form = {
    "format": _is_count,
    "folder": _is(str),
    "kernel": _is(str),
    "cells": _is_cells,
    "gpu": _is(str),
    "threads": _is_count,
    "network": _is(bool),
    "dependencies": _is_texts,
    "depends_on_env": _is_texts,
}
CELL: Form = {"source": _is(str), "may_raise": _is(bool)}
PROVENANCE: Form = {
    "when": _is_moment,
    "seconds": _is_number,
    "kernel": _is_text,
    "interpreter": _is_text,
    "packages": _is_mapping_of_texts,
    "system": _is_text,
    "processor": _is_text,
    "gpu": _is_text,
    "threads": _is_count,
    "peak_memory": _is_count,
}
TRACE: Form = {
    "interpreter": _is(str),
    "device": _is(str),
    "packages": _is_mapping_of_texts,
    "files": _is_digests,
    "missing": _is_texts,
    "variables": _is_mapping_of_texts,
    "imports": _is_texts,
    "written": _is_texts,
}
OUTPUTS: Mapping[str, tuple[type[Output], Form]] = {
    "Stream": (Stream, {"name": lambda name: name in ("stdout", "stderr"), "text": _is_text}),
    "Bundle": (Bundle, {"data": _is_mapping_of_texts, "metadata": _is_metadata}),
    "Failure": (Failure, {"name": _is_text, "value": _is_text, "traceback": _is_text}),
    "Omission": (Omission, {"size": _is_count}),
}


def _plain(output: Output) -> dict[str, object]:
    return {"type": type(output).__name__, **asdict(output)}


def _output(data: Any) -> Output:
    name = data.get("type") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in OUTPUTS:
        raise ValueError("no output")
    kind, form = OUTPUTS[name]
    fields = {key: value for key, value in data.items() if key != "type"}
    _check(_has_form(fields, form), f"no {name}")
    return kind(**fields)
