"""Posts as a build has rendered them, on the disk: files named by their own SHA-256.

What is not what its name says is dropped, never trusted.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from .atomic_files import write_atomically
from .model import RenderedPost, Value, WrittenEntry
from .noting import KnownCode, KnownFormula
from .plain import NotPlain, restored

ENTRIES = "posts"
"""Their folder, beside the record."""


class Published(Value, frozen=True):
    """A file that a post publishes. Its content is kept where it is: in the site."""

    path: str
    digest: str
    origin: str


class Entry(Value, frozen=True):
    """A rendered post on the disk."""

    rendered: RenderedPost
    """Without its files."""
    files: tuple[Published, ...] = ()
    formulas: tuple[KnownFormula, ...] = ()
    codes: tuple[KnownCode, ...] = ()


def read_named(entries: Path, name: str) -> bytes:
    """The content of a file, if it is what its name says.

    Raises:
        NotPlain: it is not.
        OSError: it cannot be read.
    """
    content = (entries / name).read_bytes()
    if _name_of(content, name.rpartition(".")[2]) != name:
        raise NotPlain("its content is not what its name says")
    return content


def _name_of(content: bytes, ending: str) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:32]}.{ending}"


def entry_of(content: bytes) -> Entry:
    """The post that an entry tells of.

    Raises:
        NotPlain: it tells of none.
    """
    return restored(content, Entry)


def written_text(written: WrittenEntry) -> bytes:
    """How a post stands in feeds, as a file."""
    head = f"{written.updated.isoformat()}\n{len(written.atom)}\n".encode()
    return head + written.atom + written.json


def written_entry_of(content: bytes) -> WrittenEntry:
    """What `written_text` has written.

    Raises:
        ValueError: the file is damaged.
    """
    updated, size, texts = content.split(b"\n", 2)
    atom = int(size)
    return WrittenEntry(datetime.fromisoformat(updated.decode()), texts[:atom], texts[atom:])


def keep_named(entries: Path, content: bytes, ending: str) -> str:
    """Keep a file under the name that it has by its content, and return that.

    Raises:
        OSError: it cannot be written.
    """
    name = _name_of(content, ending)
    try:
        read_named(entries, name)
    except (OSError, NotPlain):
        write_atomically(entries / name, content)
    return name
