"""Results stored beside a post, for git: `posts/<slug>/frozen.json`.

They are for posts that not every machine can run. A build uses them when the code, and the files
of the blog that it was seen to read, are what they were; on what machine, and with which versions
of packages they were made does not matter, but the post's page tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath, PureWindowsPath

from msgspec import Struct
from msgspec.structs import replace

from ..atomic_files import write_atomically
from ..model import Output, Post, Results
from .cache import entry_text
from .differences import code_differences
from .digests import FROZEN, digests
from .entry import Entry, plain_entry, read_entry
from .key import code_changes, executed_cells, key_of
from .trace import Trace

Outputs = tuple[tuple[Output, ...], ...]
"""One tuple a cell."""


class DamagedFile(ValueError):
    """A `frozen.json` that holds no results."""


class Found(Struct, frozen=True):
    """Frozen results of a post."""

    results: Results
    stale: tuple[str, ...]
    """Why they do not fit the code any more; empty if they do."""


def find(post: Post, key: str, root: Path) -> Found | None:
    """The frozen results of a post, fitting or stale, or None if there are none.

    Raises:
        DamagedFile: there is a file, but there are no results in it.
    """
    content = post.source.neighbours.get(FROZEN)
    if content is None:
        return None
    entries = _read(content)
    if key in entries:
        entry = entries[key]
        stale = code_differences(entry.trace, _now(entry.trace, root))
        results = replace(entry.results, frozen=True, stale=stale)
        return Found(results, stale)
    entry = max(entries.values(), key=lambda entry: _likeness(entry, post))
    stale = code_changes(entry.ingredients, post)
    if entry.ingredients["folder"] != post.source.folder:
        stale = ("the post has moved", *stale)
    else:
        stale += code_differences(entry.trace, _now(entry.trace, root))
    now_cells = [cell.source for cell in executed_cells(post)]
    outputs = aligned(_sources(entry), entry.results.outputs, now_cells)
    return Found(replace(entry.results, outputs=outputs, frozen=True, stale=stale), stale)


def _now(before: Trace, root: Path) -> Trace:
    """The files of the blog that a result depends on, as they are now."""
    elsewhere = {path: digest for path, digest in before.files.items() if _is_elsewhere(path)}
    inside = [path for path in before.files if path not in elsewhere]
    return replace(before, files={**elsewhere, **digests(root, inside, before.written)})


def _is_elsewhere(path: str) -> bool:
    """Whether a file belongs to the machine, as the versions of its packages do."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


def traced_files(post: Post, key: str) -> Mapping[str, str]:
    """The files that frozen results which fit a post were seen to use: path to SHA-256."""
    return _read(post.source.neighbours[FROZEN])[key].trace.files


def write(folder: Path, entries: Mapping[str, Entry]) -> Path:
    """Store results in a post's folder; return the file."""
    plain = {"entries": [plain_entry(key, entry) for key, entry in sorted(entries.items())]}
    path = folder / FROZEN
    write_atomically(path, entry_text(plain) + b"\n")
    return path


def _read(content: bytes) -> dict[str, Entry]:
    try:
        data = json.loads(content.decode("utf-8-sig", "surrogateescape"))
        items = data.get("entries") if isinstance(data, dict) else None
        if not isinstance(items, list) or not items:
            raise DamagedFile("there are no results in it")
        return {key_of(entry.ingredients): entry for entry in map(read_entry, items)}
    except (ValueError, RecursionError) as error:
        raise DamagedFile(str(error)) from None


def _sources(entry: Entry) -> list[str]:
    return [cell["source"] for cell in entry.ingredients["cells"]]


def _likeness(entry: Entry, post: Post) -> float:
    now = [cell.source for cell in executed_cells(post)]
    return SequenceMatcher(None, _sources(entry), now, autojunk=False).ratio()


def aligned(before: Sequence[str], outputs: Outputs, now: Sequence[str]) -> Outputs:
    """Outputs of cells where the cells stand now: a changed cell keeps what it had.

    Args:
        before: sources of the cells that the outputs belong to.
        outputs: one tuple a cell.
        now: sources of the cells.
    """
    found: list[tuple[Output, ...]] = [() for _ in now]
    matcher = SequenceMatcher(None, before, now, autojunk=False)
    for kind, a, a_end, b, b_end in matcher.get_opcodes():
        if kind in ("equal", "replace"):
            for old, new in zip(range(a, a_end), range(b, b_end), strict=False):
                found[new] = outputs[old] if old < len(outputs) else ()
    return tuple(found)
