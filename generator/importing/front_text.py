"""Front matter of other tools: YAML, TOML or JSON at the beginning of a file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from msgspec import Struct

from ..errors import FrontMatterError, PostError
from ..yaml_text import read_mapping

FENCE = re.compile(r"---[ \t]*$")
END = re.compile(r"(?:---|\.\.\.)[ \t]*$")


class FrontText(Struct, frozen=True):
    """A file, taken apart."""

    values: Mapping[str, object]
    lines: Mapping[str, int]
    """Line of each key."""
    text: str
    """What stands below."""


def read_front_text(text: str) -> FrontText:
    """The front matter of a text, and the rest. A text may have none.

    Raises:
        PostError: it cannot be read; the error knows the line.
    """
    lines = text.split("\n")
    if FENCE.match(lines[0]):
        end = _end(lines, END)
        front = "\n".join(lines[1:end])
        try:
            values, places, twice = read_mapping(front, 2)
        except PostError as error:
            raise error.at(hint="look at this line, and at the one above") from None
        for _, mistake in twice:
            raise mistake
        return FrontText(values, places, "\n".join(lines[end + 1 :]))
    if lines[0].rstrip() == "+++":
        end = _end(lines, re.compile(r"\+\+\+[ \t]*$"))
        front = "\n".join(lines[1:end])
        return FrontText(
            read_toml(front, 2), _lines_of_toml(lines[1:end]), "\n".join(lines[end + 1 :])
        )
    if lines[0].startswith("{") and not lines[0].startswith(("{%", "{{", "{:")):
        return _json(text)
    return FrontText({}, {}, text)


def _end(lines: list[str], fence: re.Pattern[str]) -> int:
    end = next((n for n, line in enumerate(lines[1:], start=1) if fence.match(line)), None)
    if end is None:
        raise FrontMatterError("the front matter has no end").at(
            line=1, text=lines[0], hint=f"close it with a line `{lines[0].strip()}`"
        )
    return end


def read_settings(text: str, ending: str) -> dict[str, Any]:
    """Settings in YAML, TOML or JSON, by the ending of their file.

    Raises:
        PostError: they cannot be read; the error knows the line.
    """
    if ending == "toml":
        return read_toml(text, 1)
    if ending == "json":
        return dict(_json(text).values)
    try:
        return read_mapping(text, 1, PostError)[0]
    except PostError as error:
        raise error.at(hint="look at this line, and at the one above") from None


def read_toml(text: str, first_line: int) -> dict[str, Any]:
    """A table of TOML; dates as texts, as YAML here has them.

    Raises:
        FrontMatterError: it is none.
    """
    try:
        return {key: _plain(value) for key, value in tomllib.loads(text).items()}
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        shown = text.split("\n")
        line, column = (int(place[1]), int(place[2])) if place else (len(shown), None)
        raise FrontMatterError(f"not valid TOML: {str(error).partition(' (at')[0]}").at(
            line=line + first_line - 1,
            column=column,
            text=shown[line - 1] if line <= len(shown) else "",
            hint="texts stand in quotes: key = 'value'",
        ) from None


def _plain(value: object) -> object:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _lines_of_toml(lines: list[str]) -> dict[str, int]:
    """Line of each key: of a name before `=`, or of a table's head."""
    places: dict[str, int] = {}
    inside = False
    for number, line in enumerate(lines, start=2):
        if match := re.match(r"\s*\[+\s*\"?([\w-]+)", line):
            places.setdefault(match[1], number)
            inside = True
        elif not inside and (match := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*=", line)):
            places.setdefault(match[1], number)
    return places


def _json(text: str) -> FrontText:
    try:
        values, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        raise FrontMatterError(f"not valid JSON: {error.msg}").at(
            line=error.lineno,
            column=error.colno,
            text=text.split("\n")[error.lineno - 1],
            hint="keys and texts stand in double quotes",
        ) from None
    if not isinstance(values, dict):
        raise FrontMatterError("expected an object of JSON").at(line=1, text=text[:40])
    places = {}
    for key in values:
        if match := re.search(rf'"{re.escape(key)}"\s*:', text[:end]):
            places[key] = text.count("\n", 0, match.start()) + 1
    return FrontText(values, places, text[end:].lstrip("\n"))
