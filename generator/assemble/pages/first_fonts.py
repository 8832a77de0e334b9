"""Which fonts a reader sees first.

The browser is told to load them at once: it would find out when the page is laid out.
"""

from __future__ import annotations

import re

from ...addresses import asset_path
from ...text_font import FIRST
from .assets import Assets

KATEX = {
    "KaTeX_Main-Regular": re.compile('class="m(?:ord|rel|bin|open|close|punct)"'),
    "KaTeX_Math-Italic": re.compile("mathnormal"),
}
"""Fonts of KaTeX that nearly every formula needs, and the classes that ask for them."""
FIRST_SCREENS = 40_000
"""Characters of HTML that may stand for what a reader sees first."""


def formula_fonts(body: str) -> list[str]:
    """Paths of the fonts that the formulas at the beginning of a post need.

    What is folded away may never be seen.
    """
    start = body[:FIRST_SCREENS].partition("<details")[0]
    return [
        asset_path(f"katex/fonts/{name}.woff2")
        for name, classes in KATEX.items()
        if classes.search(start)
    ]


def text_fonts(language: str, assets: Assets) -> list[str]:
    """Paths of the fonts that the text of any page in a language needs."""
    return [asset_path(FIRST)] if language in assets.serif else []
