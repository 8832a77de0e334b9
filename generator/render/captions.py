"""Captions of tables, `: Caption {#tbl-name}`.

A caption stands above or below its table, with or without a blank line between, as in Pandoc.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from .block_rules import BlockRule, change_block_rule, line_text
from .labels import CAPTION_OPEN

CAPTION = re.compile(r"(?:Table)?:[ \t]+(?P<text>.*)\{#(?P<label>tbl-[^\s{}]*)\}[ \t]*$")


def captions_plugin(md: MarkdownIt) -> None:
    """Read captions of tables; a definition list does not take them for definitions."""
    md.block.ruler.before(
        "table", "table_caption", _caption, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    change_block_rule(md, "deflist", _without_captions)


def _without_captions(deflist: BlockRule) -> BlockRule:
    def rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        below = [line for line in (start + 1, start + 2) if line < end and not state.isEmpty(line)]
        if not silent and below and CAPTION.match(line_text(state, below[0])):
            return False
        return deflist(state, start, end, silent)

    return rule


def _caption(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    match = CAPTION.match(line_text(state, start))
    if not match:
        return False
    if silent:
        return True
    token = state.push(CAPTION_OPEN, "", 1)
    token.map = [start, start + 1]
    token.meta = {"label": match["label"]}
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = match["text"].strip(), [start, start + 1], []
    state.push("table_caption_close", "", -1)
    state.line = start + 1
    return True
