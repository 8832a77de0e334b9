"""Kept results: one JSON file a key, written atomically, safe to load from anyone.

An entry that cannot be read is dropped, never trusted: the code simply runs again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..model import Bundle, Failure, Omission, Output, Provenance, Results, Stream
from .key import FORMAT
from .trace import Trace


@dataclass(frozen=True, slots=True)
class Entry:
    """A result and what it was made from."""

    results: Results
    trace: Trace


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
        if data["format"] != FORMAT or data["key"] != key:
            raise DamagedEntry(f"{path.name} belongs to another key or version")
        provenance = data["provenance"]
        results = Results(
            tuple(tuple(_output(item) for item in outputs) for outputs in data["outputs"]),
            Provenance(**provenance) if provenance else None,
        )
        trace = Trace(**{**data["trace"], "missing": tuple(data["trace"]["missing"])})
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise DamagedEntry(f"{path.name}: {error!r}") from None
    return Entry(results, trace)


def store(cache: Path, key: str, entry: Entry) -> None:
    """Keep an entry. A reader sees the old file or the new one, never half of it."""
    data = {
        "format": FORMAT,
        "key": key,
        "provenance": asdict(entry.results.provenance) if entry.results.provenance else None,
        "trace": asdict(entry.trace),
        "outputs": [[_plain(output) for output in outputs] for outputs in entry.results.outputs],
    }
    path = entry_path(cache, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)


def _plain(output: Output) -> dict[str, object]:
    return {"type": type(output).__name__, **asdict(output)}


def _output(data: Mapping[str, Any]) -> Output:
    fields = {name: value for name, value in data.items() if name != "type"}
    match data["type"]:
        case "Stream":
            return Stream(**fields)
        case "Bundle":
            return Bundle(**fields)
        case "Failure":
            return Failure(**fields)
        case "Omission":
            return Omission(**fields)
    raise KeyError(data["type"])
