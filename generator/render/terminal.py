"""What a program writes to a terminal -> HTML: ANSI colours, carriage returns, backspaces."""

from __future__ import annotations

import re
from html import escape

SEQUENCE = re.compile(r"\x1b(?:\[([0-9;:]*)([A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

CELL = re.compile(r"(?:\x1b\[[0-9;:]*[A-Za-z])*[^\x1b]|(?:\x1b\[[0-9;:]*[A-Za-z])+")
"""A character with the sequences before it, or the sequences at the end of a line."""
ERASE = "\x1b[K"
"""Erase to the end of the line."""

BASIC = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def resolve_returns(text: str) -> str:
    r"""What a terminal would show after `\r` and `\b`: later characters overwrite earlier ones.

    Progress bars rewrite their line hundreds of times; a page shows the last state.
    """
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(_resolve_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def _resolve_line(line: str) -> str:
    cells: list[str] = []
    position = 0
    # A colour change takes no column, so it stays with the character that follows it.
    for piece in CELL.findall(line):
        if ERASE in piece:
            del cells[position:]
            piece = piece.replace(ERASE, "")
        match piece[-1:]:
            case "\r":
                position = 0
            case "\b":
                position = max(position - 1, 0)
            case _ if piece:
                cells[position : position + 1] = [piece]
                position += 1
    return "".join(cells)


def plain(text: str) -> str:
    """Text without escape sequences and control characters."""
    return CONTROL.sub("", SEQUENCE.sub("", resolve_returns(text)))


def to_html(text: str) -> str:
    """Text as HTML; colours of ECMA-48 (SGR) become classes `ansi-red`, `ansi-bold`, …"""
    text = resolve_returns(text)
    html: list[str] = []
    state: dict[str, str] = {}
    position = 0
    for match in SEQUENCE.finditer(text):
        html.append(_span(text[position : match.start()], state))
        if match[2] == "m":
            _select(match[1] or "0", state)
        position = match.end()
    html.append(_span(text[position:], state))
    return "".join(html)


def _span(text: str, state: dict[str, str]) -> str:
    text = escape(CONTROL.sub("", text), quote=False)
    if not text or not state:
        return text
    return f'<span class="{" ".join(state[key] for key in sorted(state))}">{text}</span>'


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
        elif code in (22, 23, 24):
            state.pop({22: "weight", 23: "slant", 24: "line"}[code], None)
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
