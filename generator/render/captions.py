"""Tables of prose, and their captions, `: Caption {#tbl-name}`.

A caption stands above or below its table, with or without a blank line between, as in Pandoc.
One without a label has no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML, RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from ..errors import MarkdownError
from .block_rules import BlockRule, change_block_rule, line_text
from .context import Context, Place
from .emphasis import CJK_CHARACTER
from .labels import CAPTION_OPEN, caption_start, numbered_caption
from .plain_text import all_text
from .tokens import RenderRule, with_attributes

CAPTION = re.compile(r"(?:Table)?:[ \t]+(?P<text>.*)\{#(?P<label>tbl-[^\s{}]*)\}[ \t]*$")
UNLABELLED = re.compile(r"(?:Table)?:[ \t]+(?P<text>\S.*)$")
RULE = re.compile(r"(?=.*\|)(?=.*-)[|:\s-]+$")
WORDY = 24
"""Characters of a cell beyond which it is given room on a phone, and may break its code."""


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
    line = line_text(state, start)
    match = CAPTION.match(line)
    if not match and _by_table(state, start, end, silent):
        match = UNLABELLED.match(line)
    if not match:
        return False
    if silent:
        return True
    token = state.push(CAPTION_OPEN, "", 1)
    token.map = [start, start + 1]
    token.meta = {"label": match.groupdict().get("label", ""), "text": line.strip()}
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = match["text"].strip(), [start, start + 1], []
    state.push("table_caption_close", "", -1)
    state.line = start + 1
    return True


def _by_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Whether a line stands directly below a table, or above one."""
    if silent:
        # With a bar, a line directly below rows is one more row.
        return state.parentType == "table" and "|" not in line_text(state, start)
    if state.tokens and state.tokens[-1].type == "table_close":
        return True
    following = [line for line in (start + 1, start + 2) if line < end and not state.isEmpty(line)]
    first = following[0] if following else end
    return first + 1 < end and bool(RULE.match(line_text(state, first + 1)))


def prepare_table(opening: Token, context: Context) -> None:
    """Write what the caption of a table begins with, if the table has one."""
    if "caption" in opening.meta:
        opening.meta["start"] = caption_start(
            opening.meta["label"], opening.meta["number"], context.strings
        )


def note_caption_put_out(opening: Token, context: Context, place: Place) -> None:
    """A caption that numbering has not seen stands in an output."""
    if "shown_elsewhere" in opening.meta:
        return
    error = MarkdownError("a table that code puts out cannot have a label")
    hint = "label the cell: #| label: tbl-name"
    context.errors.append(
        error.at(line=place.line, cell=place.cell, text=opening.meta["text"], hint=hint)
    )


def _table_open(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    page = env.get("medium") == "page"
    caption: Token | None = tokens[i].meta.get("caption")
    opening = ""
    if caption is not None:
        children = caption.children or []
        text = cast("RendererHTML", self).renderInline(children, options, env)
        label = tokens[i].meta["label"]
        identity = f' id="{escape(label)}"' if page and label else ""
        start = numbered_caption(tokens[i].meta["start"], bool(text))
        opening = f"<figure{identity}>\n<figcaption>{start}{text}</figcaption>\n"
    table = with_attributes("<table>\n", "table", tokens[i])
    return opening + ('<div class="table" tabindex="0">' if page else "") + table


def _table_close(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    closing = "</figure>\n" if "caption" in tokens[i].meta else ""
    return "</table>\n" + ("</div>\n" if env.get("medium") == "page" else "") + closing


def _cell_open(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    opening, tag = cast("RendererHTML", self).renderToken(tokens, i, options, env), tokens[i].tag
    if env.get("medium") != "page" or _width(all_text(_content(tokens, i))) <= WORDY:
        return opening
    line_end = opening[opening.rindex(">") + 1 :]
    return with_attributes(f'<{tag} class="wordy">', tag, tokens[i]) + line_end


def _content(tokens: Sequence[Token], i: int) -> Iterator[Token]:
    """What stands in the cell that opens at `i`."""
    depth = 0
    for token in islice(tokens, i + 1, None):
        depth += token.nesting
        if depth < 0:
            return
        yield token


def _width(text: str) -> int:
    """How many letters wide a text is: a syllable of Hangul is as wide as two."""
    return len(text) + len(CJK_CHARACTER.findall(text))


TABLE_RULES: dict[str, RenderRule] = {
    "table_open": _table_open,
    "table_close": _table_close,
    "td_open": _cell_open,
    "th_open": _cell_open,
}
