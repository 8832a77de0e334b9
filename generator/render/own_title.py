"""A notebook often begins with its title as a heading: a page has that already."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

HEADING = ("heading_open", "heading_close")
TOP = ("#", "=")
"""How a heading of the first level is marked."""


def without_title(tokens: Sequence[Token], title: str) -> list[Token]:
    """The tokens without their first heading, if that is the post's title.

    The others go up a level again if it was the only one of the first level: it sent them down.
    """
    start = next((n for n, token in enumerate(tokens) if token.type == HEADING[0]), None)
    if start is None:
        return [*tokens]
    opening, inline = tokens[start : start + 2]
    is_title = opening.markup in TOP and inline.content.split() == title.split()
    if not is_title or opening.attrs or "label" in opening.meta:  # It may be referred to.
        return [*tokens]
    kept = [*tokens[:start], *tokens[start + 3 :]]
    headings = [token for token in kept if token.type in HEADING]
    if not any(token.markup in TOP for token in headings):
        for token in headings:
            token.tag = f"h{max(2, int(token.tag[1]) - 1)}"
    return kept
