"""Headings: levels below the page's title, ids, and links to themselves."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from ..addresses import slug
from .context import Context
from .plain_text import plain_text
from .tokens import RenderRule, with_attributes


def demote_headings(tokens: Sequence[Token]) -> None:
    """The page's one `h1` is the post's title: if the prose has one too, all go a level down."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    if any(token.tag == "h1" for token in headings):
        for token in headings:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def prepare_heading(opening: Token, inline: Token, context: Context) -> None:
    """Give a heading its id: the label that its author wrote, or one made of its words."""
    opening.meta["inline"] = inline
    if label := opening.meta.get("label", ""):
        opening.attrSet("id", label)
        return
    wanted = slug(plain_text(inline.children or [])) or "section"
    unique, number = wanted, context.headings.get(wanted, 1)
    while unique in context.ids:
        number += 1
        unique = f"{wanted}-{number}"
    context.headings[wanted] = number
    context.ids.add(unique)
    opening.attrSet("id", unique)


def _heading_open(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    html = f"<{token.tag}>{section_number(token)}"
    if token.attrGet("id") is None or env.get("medium") == "feed":
        return html
    return with_attributes(html, token.tag, token)


def section_number(opening: Token) -> str:
    """The number of a heading as HTML, if headings have numbers."""
    number = opening.meta.get("number")
    return f'<span class="section-number">{number}</span> ' if number else ""


def _heading_close(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    identity = tokens[i - 2].attrGet("id")
    anchor = ""
    if identity is not None and env.get("medium") == "page":
        # The heading's own words are the name of the link, so a screen reader says them.
        anchor = (
            f'<a class="anchor" href="#{escape(str(identity))}" aria-hidden="true" '
            'tabindex="-1">#</a>'
        )
    return f"{anchor}</{token.tag}>\n"


HEADING_RULES: dict[str, RenderRule] = {
    "heading_open": _heading_open,
    "heading_close": _heading_close,
}
