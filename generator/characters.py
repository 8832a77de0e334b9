"""Characters that no page and no feed may hold. Pure."""

from __future__ import annotations

import re

NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""What HTML (13.2.3.5) or XML 1.0 (2.2) do not allow: controls, which readers show as boxes if at
all, halves of surrogate pairs, and what is no character, but for the ends of the higher planes:
to look for those takes ten times as long."""


def only_text(text: str) -> str:
    """A text without the characters that none of its readers would see."""
    return NOT_TEXT.sub("", text)
