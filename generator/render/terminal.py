"""What a program writes to a terminal -> HTML: ANSI colours, carriage returns, backspaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from itertools import groupby
from operator import itemgetter

PIECE = re.compile(
    r"""
    \x1b\[ (?P<codes>[0-?]*) [ -/]* (?P<control>[@-~])  # a control sequence: ECMA-48, 5.4
    | \x1b\] [^\x07\x1b]* (?: \x07 | \x1b\\ )           # a title or a link of xterm
    | \x1b [ -/]* [0-~]                                 # any other escape sequence
    | (?P<newline> \r?\n )
    | (?P<return> \r )
    | (?P<back> [\b] )
    | (?P<text> [^\x00-\x08\x0a-\x1f\x7f-\x9f]+ )
    """,
    re.VERBOSE,
)
"""What a program sends to a terminal; what does not match is shown by none."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

BASIC = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")

Line = list[tuple[str, str]]
"""What stands on a line, with its classes: single characters, where they may be overwritten."""


def plain(text: str) -> str:
    """Text as a terminal shows it in the end, without colours."""
    return "\n".join("".join(character for character, _ in line) for line in _screen(text))


def to_html(text: str) -> str:
    """Text as a terminal shows it in the end; colours become classes `ansi-red`, `ansi-bold`, …"""
    return "\n".join(
        "".join(_span(style, cells) for style, cells in groupby(line, key=itemgetter(1)))
        for line in _screen(text)
    )


def _span(style: str, cells: Iterable[tuple[str, str]]) -> str:
    text = escape("".join(character for character, _ in cells), quote=False)
    return f'<span class="{style}">{text}</span>' if style else text


def _screen(text: str) -> list[Line]:
    """What stands on an endless terminal after a text was sent to it.

    Progress bars rewrite their line hundreds of times; a page shows the last state. Of one that
    was wiped out a line of spaces would be left below.
    """
    if not CONTROL.search(text):
        return [[(line, "")] for line in text.split("\n")]
    lines: list[Line] = [[]]
    row = column = 0
    state: dict[str, str] = {}
    style = ""
    for piece in PIECE.finditer(text):
        line = lines[row]
        match piece.lastgroup:
            case "text":
                line += [(" ", "")] * (column - len(line))
                line[column : column + len(piece[0])] = [(c, style) for c in piece[0]]
                column += len(piece[0])
            case "newline":
                row, column = row + 1, 0
                if row == len(lines):
                    lines.append([])
            case "return":
                column = 0
            case "back":
                column = max(column - 1, 0)
            case "control":
                match piece["control"], piece["codes"]:
                    case "m", codes if re.fullmatch("[0-9;:]*", codes):
                        _select(codes, state)
                        style = " ".join(state[key] for key in sorted(state))
                    case "K", "" | "0":
                        del line[column:]
                    case "K", "2":
                        line.clear()
                    case "A", codes:  # up: nested progress bars
                        row = max(row - (int(codes) if codes.isdecimal() else 1), 0)
    while len(lines) > 1 and all(character == " " for character, _ in lines[-1]):
        lines.pop()
    return lines


def _select(codes: str, state: dict[str, str]) -> None:
    """Select Graphic Rendition: ECMA-48, 8.3.117, with the 256 and true colours of xterm."""
    numbers = [int(code or 0) for code in re.split("[;:]", codes)]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            state.clear()
        elif code == 1:
            state["weight"] = "ansi-bold"
        elif code == 3:
            state["slant"] = "ansi-italic"
        elif code == 4:
            state["line"] = "ansi-underline"
        elif code == 7:
            state["inverse"] = "ansi-inverse"
        elif code in (22, 23, 24, 27):
            state.pop({22: "weight", 23: "slant", 24: "line", 27: "inverse"}[code], None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state["colour"] = f"ansi-{BASIC[code % 10]}"
        elif 40 <= code <= 47 or 100 <= code <= 107:
            state["ground"] = f"ansi-{BASIC[code % 10]}-ground"
        elif code in (39, 49):
            state.pop("colour" if code == 39 else "ground", None)
        elif code in (38, 48):
            _select_extended(code, numbers, state)


def _select_extended(code: int, numbers: list[int], state: dict[str, str]) -> None:
    """256 and true colours, as the nearest of the eight that the theme has in both palettes."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 5 and numbers:
        index = numbers.pop(0)
        if index < 16:
            red, green, blue = (255 * (index >> bit & 1) for bit in range(3))
        elif index < 232:
            red, green, blue = ((index - 16) // power % 6 * 51 for power in (36, 6, 1))
        else:
            red = green = blue = (index - 232) * 10 + 8
    elif kind == 2 and len(numbers) >= 3:
        red, green, blue = (numbers.pop(0) for _ in range(3))
    else:
        return
    middle = (max(red, green, blue) + min(red, green, blue)) / 2
    name = BASIC[(red > middle) + 2 * (green > middle) + 4 * (blue > middle)]
    if code == 38:
        state["colour"] = f"ansi-{name}"
    else:
        state["ground"] = f"ansi-{name}-ground"
