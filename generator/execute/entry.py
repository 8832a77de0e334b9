"""A result and what it was made from, as plain JSON that is safe to load from anyone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from ..model import Bundle, Failure, Omission, Output, Post, Provenance, Results, Stream
from .key import FORMAT, ingredients, key_of
from .trace import Trace


class Entry(Struct, frozen=True):
    """A result and what it was made from."""

    results: Results
    trace: Trace
    ingredients: Mapping[str, Any] = {}
    """Those of the key: see `key.ingredients`."""


def entry_of(post: Post, results: Results, trace: Trace) -> Entry:
    """The entry of a run of a post."""
    return Entry(results, trace, ingredients(post))


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
