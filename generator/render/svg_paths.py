"""Paths of SVG in fewer characters: the same points, each told from the one before (SVG 2, 9.3).

A curve of some hundred points takes half of what Matplotlib writes, before and after compression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

PART = re.compile(r"([MLQCz])|(-?(?:\d+\.?\d*|\.\d+))")
"""A command or a number, as Matplotlib writes them."""
COORDINATES = {"M": 2, "L": 2, "Q": 4, "C": 6}
"""How many numbers a command takes."""
LONG = re.compile(r"-?\d+\.\d{3,}")


def rounded(text: str) -> str:
    """Numbers to a hundredth, on one line."""
    return " ".join(LONG.sub(lambda match: _written(float(match[0])), text).split())


def _written(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def shorter_path(path: str) -> str:
    """A path in hundredths of its unit, in few characters.

    One that Matplotlib would not write, as with arcs, only has its numbers rounded.
    """
    if PART.sub("", path).strip(" ,\t\n\r"):
        return rounded(path)
    try:
        return _joined(_relative(_commands(path)))
    except ValueError:
        return rounded(path)


Command = tuple[str, Sequence[int]]
"""A command and its numbers, in hundredths."""


def _commands(path: str) -> Iterator[Command]:
    """The commands of a path, each with its own numbers.

    Raises:
        ValueError: it is none; browsers show a part of it.
    """
    command, numbers = "", list[int]()
    for letter, number in PART.findall(path):
        if letter:
            if numbers or (not command and letter != "M"):
                raise ValueError(path)
            command = letter
            if letter == "z":
                yield "z", ()
            continue
        numbers.append(round(float(number) * 100))
        if len(numbers) == COORDINATES.get(command, 0):
            yield command, numbers
            # More points behind `M` are lines.
            command, numbers = "L" if command == "M" else command, []
        elif command in ("", "z"):
            raise ValueError(path)
    if numbers:
        raise ValueError(path)


def _relative(commands: Iterator[Command]) -> Iterator[Command]:
    here = start = (0, 0)
    for position, (command, numbers) in enumerate(commands):
        if command == "z":
            yield "z", ()
            here = start
            continue
        moved = [number - here[n % 2] for n, number in enumerate(numbers)]
        if command == "M":
            yield ("m", moved) if position else ("M", numbers)
        elif command == "L" and not moved[1]:
            yield "h", moved[:1]
        elif command == "L" and not moved[0]:
            yield "v", moved[1:]
        else:
            yield command.lower(), moved
        here = numbers[-2], numbers[-1]
        if command == "M":
            start = here


def _joined(commands: Iterator[Command]) -> str:
    """The commands without what a reader can do without: repeated letters, most spaces, zeros."""
    parts: list[str] = []
    last = before = ""
    for letter, numbers in commands:
        if letter != last or letter in "mz":
            if (last, letter) != ("m", "l"):
                parts.append(letter)
                before = ""
            last = letter
        for number in numbers:
            text = _written(number / 100)
            text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
            stands_apart = not before or text[0] == "-" or (text[0] == "." and "." in before)
            parts.append(text if stands_apart else f" {text}")
            before = text
    return "".join(parts)
