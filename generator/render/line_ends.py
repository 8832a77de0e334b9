"""Which line of its paragraph an inline token stands on: it knows none itself."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, backtick
from markdown_it.token import Token

from .cross_references import REFERENCE
from .foreign import FOREIGN
from .kramdown import COMMENT
from .mathematics import INLINE_TOKENS

WRITTEN_OUT = INLINE_TOKENS | {"html_inline", REFERENCE, FOREIGN, COMMENT}
"""Inline tokens whose content is all that was written."""


def line_ends_plugin(md: MarkdownIt) -> None:
    """Count the line ends in code, whose token does not show them."""
    md.inline.ruler.at("backticks", _code)


def _code(state: StateInline, silent: bool) -> bool:
    """CommonMark's code in a line; it has spaces for its line ends, which are counted here."""
    start = state.pos
    before = len(state.tokens)
    read = backtick(state, silent)
    if read and len(state.tokens) > before and state.tokens[-1].type == "code_inline":
        state.tokens[-1].meta = {"line_ends": state.src.count("\n", start, state.pos)}
    return read


def line_ends(token: Token) -> int:
    """How many line ends an inline token took."""
    if token.type in ("softbreak", "hardbreak"):
        return 1
    if token.type in WRITTEN_OUT:
        return token.content.count("\n")
    if token.type == "image":
        return sum(map(line_ends, token.children or []))
    inside: int = token.meta.get("line_ends", 0)
    return inside
