"""The table of contents beside the text of a page."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ...model import Heading, RenderedPost
from ..views import HeadingView


def margin_contents(rendered: RenderedPost) -> tuple[HeadingView, ...]:
    """The table of contents beside a page's text; empty if it has none."""
    return nest(rendered.headings) if has_margin_contents(rendered) else ()


def has_margin_contents(rendered: RenderedPost) -> bool:
    """Whether a page has a table of contents beside its text.

    As the front matter says; by itself where there are several headings, and no table in the text.
    """
    wanted = rendered.post.meta.toc
    if wanted is None:
        return len(rendered.headings) > 1 and not rendered.has_contents
    return wanted


def nest(headings: Sequence[Heading]) -> tuple[HeadingView, ...]:
    """Headings in order -> a tree; deeper ones go below the last shallower one."""
    if not headings:
        return ()
    top = min(heading.level for heading in headings)
    tree: list[HeadingView] = []
    position = 0
    while position < len(headings):
        end = position + 1
        while end < len(headings) and headings[end].level > top:
            end += 1
        heading = headings[position]
        if heading.level > top:
            tree.extend(nest(headings[position:end]))
        else:
            below = nest(headings[position + 1 : end])
            tree.append(HeadingView(heading.id, Markup(heading.html), below))
        position = end
    return tuple(tree)
