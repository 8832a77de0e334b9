"""The table of contents in the text, where kramdown's `{:toc}` wants it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..model import Heading


def contents_list(headings: Sequence[Heading], tag: str, title: str) -> str:
    """Headings as a list in lists, for a page.

    Args:
        headings: in the order of the text.
        tag: `ul`, or `ol` for one with numbers.
        title: what a screen reader calls it.
    """
    if not headings:
        return ""
    inner = _nested(headings, tag)
    return f'<nav class="contents" aria-label="{escape(title)}">\n{inner}</nav>\n'


def _nested(headings: Sequence[Heading], tag: str) -> str:
    """Deeper headings go below the last shallower one, however many levels lie between."""
    parts: list[str] = []
    open_levels: list[int] = []
    for heading in headings:
        while len(open_levels) > 1 and open_levels[-1] > heading.level:
            open_levels.pop()
            parts.append(f"</li>\n</{tag}>\n")
        if not open_levels or open_levels[-1] < heading.level:
            open_levels.append(heading.level)
            parts.append(f"\n<{tag}>\n" if parts else f"<{tag}>\n")
        else:
            open_levels[-1] = heading.level
            parts.append("</li>\n")
        parts.append(f'<li><a href="#{escape(heading.id)}">{heading.html}</a>')
    parts.append(f"</li>\n</{tag}>\n" * len(open_levels))
    return "".join(parts)
