"""Tokens made ready for rendering, in the order of the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markdown_it.token import Token

from ..model import Code
from .attributes import reserve_ids
from .captions import note_caption_put_out, prepare_table
from .code_blocks import prepare_code
from .context import Context, Place
from .cross_references import REFERENCE, agree_behind_emphasis, prepare_reference
from .directives import PROBLEM, prepare_directive
from .footnotes import note_undefined, prepare_footnote
from .foreign import FOREIGN, note_foreign, note_unread_blocks, note_unread_paragraph
from .formulas import join_formulas, prepare_formula
from .glossary import name_terms
from .headings import prepare_heading
from .included_code import include_code
from .labels import CAPTION_OPEN, CELL
from .line_breaks import join_words
from .line_ends import line_ends
from .markdown import DIRECTIVES
from .mathematics import DISPLAY_TOKENS, INLINE_TOKENS
from .picture_directives import PICTURE, ROW
from .prose_images import prepare_figure, prepare_image, prepare_picture, prepare_row
from .raw_html import with_addresses
from .roles import LINK as ROLE_LINK
from .roles import WRONG as WRONG_ROLE
from .roles import note_wrong_role, prepare_link
from .undefined_links import note_undefined_links

ShowCell = Callable[[Code], tuple[str, str]]
"""A code cell -> its HTML with its outputs: (for the page, for the feed)."""


def prepare(tokens: Sequence[Token], context: Context, show_cell: ShowCell | None = None) -> None:
    """Make tokens ready, of a post or of a fragment, which holds no cells."""
    reserve_ids(tokens, context)
    place = Place(0, None)
    notes: dict[int, Place] = {}
    name_terms(tokens, context)
    for index, token in enumerate(tokens):
        if token.type == "footnote_open":
            # A note written as `^[…]` knows no place of its own.
            place = notes.get(token.meta["id"], place)
        elif token.map or "cell" in token.meta:
            place = Place(token.meta.get("cell", place.cell), token.map[0] if token.map else None)
        note_unread_blocks(token, context, place)
        prepare_footnote(token, context)
        if token.type == "heading_open":
            prepare_heading(token, tokens[index + 1], context)
        elif token.type in DISPLAY_TOKENS:
            prepare_formula(token, True, context, place)
        elif token.type in ("fence", "code_block"):
            if "included" in token.meta:
                include_code(token, context, place)
            prepare_code(token, context, place)
        elif token.type == "html_block" and "put_out" not in token.meta:
            token.content = with_addresses(token.content, context, place)
        elif token.type == "inline":
            if tokens[index - 1].type == "paragraph_open":
                note_unread_paragraph(token, context, place)
            note_undefined(token, context, place)
            note_undefined_links(token, context, place)
            prepare_inline(token, context, place, notes)
            if tokens[index - 1].type == ROW:
                prepare_row(token, context, place)
        elif token.type == "paragraph_open":
            prepare_figure(tokens, index, context)
        elif token.type == "directive_open":
            prepare_directive(token, DIRECTIVES, context, place)
        elif token.type == PICTURE:
            prepare_picture(tokens, index, context, place)
        elif token.type == PROBLEM:
            context.errors.extend(error.at(cell=place.cell) for error in token.meta["problems"])
        elif token.type == "table_open":
            prepare_table(token, context)
        elif token.type == CAPTION_OPEN:
            note_caption_put_out(token, context, place)
        elif token.type == CELL and show_cell is not None:
            token.meta["page"], token.meta["feed"] = show_cell(token.meta["code"])


def prepare_inline(token: Token, context: Context, place: Place, notes: dict[int, Place]) -> None:
    """Make the tokens of a line ready; `notes` are the places that name footnotes first."""
    # An inline token knows no line of its own: count the line ends before it.
    passed = 0
    links = 0
    for child in token.children or []:
        here = place.below(passed)
        passed += line_ends(child)
        links += child.nesting if child.type in ("link_open", "link_close") else 0
        if "linkless" in token.meta and child.type in (REFERENCE, ROLE_LINK):
            child.meta["inside_link"] = True
        if child.type in INLINE_TOKENS:
            prepare_formula(child, bool(child.meta.get("display")), context, here)
        elif child.type == "link_open":
            target = context.target(str(child.attrGet("href") or ""), here)
            child.attrSet("href", target.address)
        elif child.type == "html_inline" and "put_out" not in token.meta:
            child.content = with_addresses(child.content, context, here)
        elif child.type == "abbr_open":
            child.attrSet("title", context.in_plain_text(str(child.attrGet("title") or "")))
        elif child.type == FOREIGN:
            note_foreign(child, context, here)
        elif child.type == WRONG_ROLE:
            note_wrong_role(child, context, here)
        elif child.type == ROLE_LINK:
            child.children = prepare_link(child, context, here)
        elif child.type == REFERENCE:
            prepare_reference(child, context, here)
        elif child.type == "image":
            for inner in child.children or []:
                if inner.type == REFERENCE:
                    inner.meta["inside_link"] = True
                    prepare_reference(inner, context, here)
            child.meta["inside_link"] = links > 0
            prepare_image(child, context, here)
        elif child.type == "footnote_ref":
            notes.setdefault(child.meta["id"], here)
            prepare_footnote(child, context)
    agree_behind_emphasis(token.children or [])
    shown = _without_role_links(token.children or [])
    if "linkless" in token.meta:
        shown = [child for child in shown if child.type not in ("link_open", "link_close")]
    token.children = join_words(join_formulas(shown))


def _without_role_links(children: Sequence[Token]) -> list[Token]:
    """Instead of a role that leads somewhere, the link that it is."""
    return [
        part
        for token in children
        for part in (token.children or [] if token.type == ROLE_LINK else [token])
    ]
