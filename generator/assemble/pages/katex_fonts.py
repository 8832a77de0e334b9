"""Which of KaTeX's fonts a reader sees first."""

from __future__ import annotations

import re

from ...addresses import asset_path

FONTS = {
    "KaTeX_Main-Regular": re.compile('class="m(?:ord|rel|bin|open|close|punct)"'),
    "KaTeX_Math-Italic": re.compile("mathnormal"),
}
"""Fonts of KaTeX that nearly every formula needs, and the classes that ask for them."""
FIRST_SCREENS = 40_000
"""Characters of HTML that may stand for what a reader sees first."""


def first_fonts(body: str) -> list[str]:
    """Paths of the fonts that the formulas at the beginning of a post need.

    The browser is told to load them at once: it would find out when the page is laid out. What is
    folded away may never be seen.
    """
    start = body[:FIRST_SCREENS].partition("<details")[0]
    return [
        asset_path(f"katex/fonts/{name}.woff2")
        for name, classes in FONTS.items()
        if classes.search(start)
    ]
