"""Marked text, `==text==`, as Obsidian, Typora and Pandoc's `mark` have it.

Two equality signs also compare. So a mark opens only where a word does, behind white space and
what opens a bracket or a quotation, and closes only where no Latin letter or digit follows: a
particle may. `a==b`, `a == b`, `numpy==2.0` and `==>` stay as they are.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from .emphasis import scan

MARKER = "=="
BEFORE_WORD = re.compile(r"\s[(\[{\"'“‘「『《〈*_~]*$")
IN_WORD = re.compile(r"[A-Za-z0-9]")
REACH = 8
"""As many signs stand between white space and a mark, at the most."""


def marked_text_plugin(md: MarkdownIt) -> None:
    """Let `==` open and close."""
    md.inline.ruler.after("emphasis", "mark", _mark)
    md.inline.ruler2.after("emphasis", "mark", _pair)


def _mark(state: StateInline, silent: bool) -> bool:
    if silent or not state.src.startswith(MARKER, state.pos):
        return False
    left, right, length = scan(state, "=")
    start, end = state.pos, state.pos + length
    state.push("text", "", 0).content = "=" * length
    if length == len(MARKER):
        near = max(0, start - REACH)
        before = state.src[near:start] if near else f" {state.src[:start]}"
        arrow = state.src.startswith(">", end) or before.endswith("<")
        delimiter = Delimiter(
            marker=ord("="),
            length=0,
            token=len(state.tokens) - 1,
            end=-1,
            open=left and not arrow and bool(BEFORE_WORD.search(before)),
            close=right and not arrow and not IN_WORD.match(state.src, end, state.posMax),
        )
        state.delimiters.append(delimiter)
    state.pos = end
    return True


def _pair(state: StateInline) -> None:
    """Make elements of the pairs that were found, on every level of nesting."""
    deeper = (meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta)
    for delimiters in (state.delimiters, *deeper):
        for opening in delimiters:
            if opening.marker == ord("=") and opening.end >= 0:
                for delimiter, kind in ((opening, "open"), (delimiters[opening.end], "close")):
                    token = state.tokens[delimiter.token]
                    token.type, token.tag = f"mark_{kind}", "mark"
                    token.nesting = 1 if kind == "open" else -1
                    token.markup, token.content = MARKER, ""
