"""The picture that stands for a post where it is shared, drawn from its words.

A drawing has sixteen colours, so that it takes a few kilobytes of PNG: for each ink a few steps
from paper to full colour. What is drawn in one ink has a band of the picture to itself, in which
the coverage of a pixel becomes one of these steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ..model import SHARE_SIZE, DrawShare, ShareWords
from .plain_text import NOT_LAST
from .png_bands import DEPTH, Band, band, png

WIDTH, HEIGHT = SHARE_SIZE

MARGIN = 84
SIZES = (78, 68, 60, 52)
"""Pixels of the title's letters: the largest in which it has no more than three lines."""
LINES = 3
SMALL = 34
SEAL_SIZE = 64
BAND = (162, 520)
"""Top and bottom of the band in the middle of which the title stands."""

PAPER = (0xFC, 0xFB, 0xF8)
INKS = (
    ((0x1E, 0x21, 0x26), PAPER, 5),
    ((0x5A, 0x5F, 0x68), PAPER, 3),
    ((0xB3, 0x36, 0x2A), PAPER, 3),
    ((0xFF, 0xFF, 0xFF), (0xB3, 0x36, 0x2A), 3),
)
"""Ink, ground and steps: text, quiet text and seal on paper, the sign on the seal. The colours are
those of the theme on a light page."""
TEXT, QUIET, SEAL, SIGN = range(4)


def start_drawing(font: Path) -> DrawShare:
    """What draws pictures, with the letters of an OpenType font.

    FreeType maps the file into memory, once for all sizes and processes.
    """

    @cache
    def letters(size: int) -> ImageFont.FreeTypeFont:
        # The simple layout is the same however Pillow was built.
        engine = ImageFont.Layout.BASIC
        return ImageFont.truetype(font, size, layout_engine=engine)

    palette, text_steps = [*_palette()], _steps(TEXT)
    seal = _seal()
    room = WIDTH - 2 * MARGIN

    def canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        picture = Image.new("L", (width, height), 0)
        return picture, ImageDraw.Draw(picture)

    @lru_cache(maxsize=8)
    def around(site: str, category: str) -> tuple[Band, Band]:
        """What is above the title and below it, which the posts of a category have in common."""
        small, indent = letters(SMALL), SEAL_SIZE + 22
        above, pen = canvas(WIDTH, BAND[0])
        site = shortened(site, room - indent, small.getlength)
        pen.text((MARGIN + indent, MARGIN + SEAL_SIZE // 2), site, 255, small, anchor="lm")
        above = above.point(_steps(QUIET))
        above.paste(seal, (MARGIN, MARGIN))
        below, pen = canvas(WIDTH, HEIGHT - BAND[1])
        category = shortened(category, room, small.getlength)
        pen.text((MARGIN, HEIGHT - 84 - BAND[1]), category, 255, small, anchor="lm")
        below.paste(255, (0, below.height - 14, WIDTH, below.height))
        return _band(above), _band(below.point(_steps(SEAL)))

    @lru_cache(maxsize=256)
    def bold(letter: str, size: int) -> tuple[Image.Image, int, int, float]:
        """A letter, where it lies from its place in the middle of the line, and where the next is.

        The simple layout looks at no pairs of letters.
        """
        font = letters(size)
        left, top, right, bottom = map(int, font.getbbox(letter, stroke_width=1, anchor="lm"))
        shape, pen = canvas(right - left, bottom - top)
        pen.text((-left, -top), letter, 255, font, anchor="lm", stroke_width=1)
        return shape, left, top, font.getlength(letter)

    @lru_cache(maxsize=16)
    def blank(rows: int) -> Band:
        return _band(Image.new("L", (WIDTH, rows), 0))

    def draw(words: ShareWords) -> bytes:
        size, lines = set_title(words.title, room, lambda size: letters(size).getlength)
        leading = size * 4 // 3
        height = BAND[1] - BAND[0]
        middle = (height - leading * len(lines)) // 2 + leading // 2
        title, _ = canvas(WIDTH, height)
        for number, line in enumerate(lines):
            end = float(MARGIN)
            for letter in line:
                shape, left, top, advance = bold(letter, size)
                title.paste(255, (int(end) + left, middle + leading * number + top), shape)
                end += advance
        above, below = around(words.site, words.category)
        _, first, _, last = title.getbbox() or (0, 0, 0, 0)
        drawn = title.crop((0, first, WIDTH, last)).point(text_steps)
        return png(WIDTH, palette, (above, blank(first), _band(drawn), blank(height - last), below))

    return draw


def _band(picture: Image.Image) -> Band:
    return band(picture.convert("P").tobytes("raw", f"P;{DEPTH}"), WIDTH)


def _palette() -> Iterator[tuple[int, ...]]:
    yield PAPER
    for ink, ground, steps in INKS:
        for step in range(1, steps + 1):
            mixed = zip(ink, ground, strict=True)
            yield tuple((i * step + g * (steps - step)) // steps for i, g in mixed)


def _steps(ink: int, none: int = 0) -> list[int]:
    """Coverage of a pixel, 0 to 255, to a colour of the palette; `none` is that of no coverage."""
    first, count = sum(steps for _, _, steps in INKS[:ink]), INKS[ink][2]
    steps = ((coverage * count + 127) // 255 for coverage in range(256))
    return [first + step if step else none for step in steps]


def _seal() -> Image.Image:
    """The blog's seal, as the theme has it, in colours of the palette."""
    scale = SEAL_SIZE // 32 * 4
    ground, sign = (Image.new("L", (32 * scale, 32 * scale), 0) for _ in range(2))
    ImageDraw.Draw(ground).rounded_rectangle((0, 0, *(32 * scale - 1,) * 2), 6 * scale, fill=255)
    pen = ImageDraw.Draw(sign)
    pen.ellipse([round(at * scale) for at in (13.4, 13.4, 18.6, 18.6)], fill=255)
    for inner, outer in ((12.5, 9.0), (19.5, 23.0)):
        corners = ((inner, 8.0), (outer, 8.0), (outer, 24.0), (inner, 24.0))
        line = [(x * scale, y * scale) for x, y in corners]
        pen.line(line, fill=255, width=round(2.4 * scale))
        for x, y in line:
            radius = 1.2 * scale
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    ground, sign = (layer.reduce(4) for layer in (ground, sign))
    seal = ground.point(_steps(SEAL))
    signed = sign.point(_steps(SIGN, none=sum(steps for _, _, steps in INKS[:SIGN])))
    seal.paste(signed, mask=sign.point([255 if value else 0 for value in range(256)]))
    return seal


# --- lines ------------------------------------------------------------------------------------

Measure = Callable[[str], float]
"""Pixels that a text takes."""


def set_title(title: str, room: int, measure: Callable[[int], Measure]) -> tuple[int, list[str]]:
    """The size of a title's letters, and its lines: those of the largest size in which it fits."""
    for size in SIZES:
        lines = balanced(title, room, cache(measure(size)))
        if len(lines) <= LINES:
            return size, lines
    *lines, last = lines[:LINES]
    return size, [*lines, shortened(f"{last} …", room, measure(size))]


def balanced(text: str, room: int, measure: Measure) -> list[str]:
    """A text in lines that break between words, of as equal a length as their number allows."""
    lines = broken(text, room, measure)
    # No word is to be broken that need not be.
    narrow = min(room, max((math.ceil(measure(word)) for word in text.split()), default=0)) - 1
    wide = room
    while wide - narrow > 8:
        middle = (narrow + wide) // 2
        if len(broken(text, middle, measure)) <= len(lines):
            wide = middle
        else:
            narrow = middle
    return broken(text, wide, measure)


def broken(text: str, room: int, measure: Measure) -> list[str]:
    """A text in lines that are full; a word that is wider than a line is broken, too."""
    lines: list[str] = []
    used = float(room)
    for word in text.split():
        width = measure(word)
        if used + measure(" ") + width <= room:
            lines[-1] += f" {word}"
            used += measure(" ") + width
            continue
        lines.append("")
        used = 0.0
        for part in (word,) if width <= room else word:
            if lines[-1] and used + measure(part) > room:
                lines.append("")
                used = 0.0
            lines[-1] += part
            used += measure(part)
    return lines


def shortened(text: str, room: int, measure: Measure) -> str:
    """A text in one line, with an ellipsis where it is too long."""
    text = " ".join(text.split())
    if measure(text) <= room:
        return text
    while text and measure(f"{text}…") > room:
        text = text[:-1].rstrip(NOT_LAST + "…-")
    return f"{text}…"
