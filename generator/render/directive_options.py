"""Options of directives: what values they take, `:width: 60%`, and which names mean the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct


class Option(Struct, frozen=True):
    """What an option may say."""

    wanted: str
    """For messages: `a width`."""
    pattern: re.Pattern[str]
    hint: str


TEXT = Option("a text", re.compile(r".+", re.DOTALL), "write it behind the option's name")
FLAG = Option("true or false", re.compile(r"true|false|"), "without a value it is true")
COUNT = Option("a whole number", re.compile(r"\d{1,6}"), "for example 1")

WIDTH = Option(
    "a width",
    re.compile(r"(?=.*[1-9])\d{1,4}(?:\.\d+)?(?:px|%|)"),
    "in per cent of the text, or in pixels: 60%, 300px",
)
ALIGNMENT = Option("an alignment", re.compile(r"left|center|right"), "left, center or right")
LINES = Option(
    "numbers of lines",
    re.compile(r"\s*\d{1,6}(?:\s*-\s*\d{1,6})?(?:\s*,\s*\d{1,6}(?:\s*-\s*\d{1,6})?)*\s*"),
    "lines and ranges of lines: 2,4-5",
)

Options = Mapping[str, Option]

SAME = {"name": "label", "number-lines": "lineno-start"}
"""Other names of options, and ours."""


def canonical(key: str, options: Options) -> str:
    """The name by which a directive knows an option."""
    same = SAME.get(key, key)
    return same if same in options and key not in options else key


def as_text(value: object) -> str:
    """A value that YAML has read, as it would stand behind `:key:`."""
    if value is None or value is True:
        return ""
    return "false" if value is False else str(value)


def read_lines(text: str) -> list[int]:
    """The numbers that `2,4-5` names, in their order."""
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        # A range backwards is none, and one of a million lines is wrong, not long.
        numbers += range(start, min(end, start + 10_000) + 1) if start <= end else [0]
    return numbers
