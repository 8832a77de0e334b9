"""Tables of contents: which headings they list, and the one in the text (kramdown's `{:toc}`)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..model import Heading
from .attributes import CONTENTS, is_listed
from .cross_references import REFERENCE, without_links
from .headings import section_number
from .markdown import render_inline

LEFT_OUT = ("link_open", "link_close", "mark_open", "mark_close", "footnote_ref", "image")


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


def _heading_html(md: MarkdownIt, opening: Token) -> str:
    """A heading as it stands in a table of contents: without links, footnotes and marks."""
    inline: Token = opening.meta["inline"]
    kept = [
        without_links(token) if token.type == REFERENCE else token
        for token in inline.children or []
        if token.type not in LEFT_OUT
    ]
    return section_number(opening) + render_inline(md, kept, "page")


def listed_headings(md: MarkdownIt, tokens: Sequence[Token]) -> tuple[Heading, ...]:
    """The headings of a post with their HTML, but those that are not to be listed.

    Of those that code put out, the numbered ones are.
    """
    return tuple(
        Heading(int(token.tag[1]), str(token.attrGet("id")), _heading_html(md, token))
        for token in tokens
        if token.type == "heading_open"
        and is_listed(token)
        and ("put_out" not in token.meta or "number" in token.meta)
    )


def place_contents(tokens: Sequence[Token], headings: Sequence[Heading], title: str) -> bool:
    """Write the table of contents where the text wants it; whether it does."""
    wanted = [token for token in tokens if token.type == CONTENTS]
    for token in wanted:
        token.meta["page"] = contents_list(headings, token.tag, title)
    return bool(wanted)
