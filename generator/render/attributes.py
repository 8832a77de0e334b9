"""Attributes: `{#id .class key=value}` behind headings and spans, `{: .class}` beside blocks.

kramdown and Jekyll write a colon, `{: .class}`, on a line directly below a block, above it, behind
a span, or first in a list item; Pandoc and Quarto write none. `{:name: .class}` gives a list of
attributes a name, by which `{: name}` means it. What stands in the way of nothing is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from ..errors import MarkdownError
from .block_rules import TERMINATES, line_text
from .context import Context
from .labels import placed
from .scanning import last_position

BLOCK_ATTRIBUTES = "block_attributes"
"""A line of attributes that no block has taken; it is an error."""
SPAN_ATTRIBUTES = "span_attributes"
CONTENTS = "contents"
"""Stands where kramdown's `{:toc}` wants the table of contents."""

PAIR = r"""[A-Za-z_][\w:.-]*=(?:"[^"\n]*"|'[^'\n]*'|[^\s{}"']+)"""
ITEM = rf"(?:[#.][^\s{{}}.#\"'=]+|{PAIR})"
NAME = r"[A-Za-z][\w-]*"
KRAMDOWN = rf"\{{:[ \t]*(?:{ITEM}|{NAME})(?:[ \t]*{ITEM}|[ \t]+{NAME})*[ \t]*\}}"
PANDOC = rf"\{{[ \t]*{ITEM}(?:[ \t]*{ITEM})*[ \t]*\}}"
BOTH = re.compile(rf"{KRAMDOWN}|{PANDOC}")
LINE = re.compile(rf"(?:{KRAMDOWN}|{PANDOC})[ \t]*$")
NAMED = re.compile(rf"\{{:(?P<name>{NAME}):(?P<inner>[^{{}}\n]*)\}}[ \t]*$")
BEHIND_HEADING = re.compile(
    rf"(?:^|[ \t])(?P<braces>\{{#(?P<id>[^\s{{}}]+)\}}|{KRAMDOWN}|{PANDOC})[ \t]*$"
)
CLOSING_HASHES = re.compile(r"(?:^|[ \t]+)#+$")
FIRST_IN_ITEM = re.compile(rf"{KRAMDOWN}[ \t]*")
PART = re.compile(rf"""(?P<pair>{PAIR})|(?P<sign>[#.]?)(?P<name>[^\s{{}}.#"'=]+)""")

NOT_LISTED = frozenset(("no_toc", "unlisted"))
"""Classes of headings that the table of contents leaves out: kramdown's and Quarto's."""

CLOSED_SPANS = frozenset(("code_inline", "image", "link_close", "span_close"))
CLOSED_BY_MARKERS = frozenset(("em_close", "strong_close", "s_close"))
TAKES_ATTRIBUTES = frozenset(
    """
    blockquote_open bullet_list_open code_block dl_open fence heading_open hr ordered_list_open
    paragraph_open table_open
    """.split()
)

NAMED_TOKENS = TAKES_ATTRIBUTES | {
    "code_inline",
    "em_open",
    "image",
    "link_open",
    "list_item_open",
    "s_open",
    "span_open",
    "strong_open",
}
"""What may have an id that the author gave it."""
HTML_ID = re.compile(r"""\sid\s*=\s*(?P<quote>["']?)(?P<value>[^\s"'<>]+)(?P=quote)""")


def attributes_plugin(md: MarkdownIt) -> None:
    """Read attributes of blocks and of spans."""
    md.block.ruler.before("fence", "block_attributes", _line_of_attributes, TERMINATES)
    md.inline.ruler.after("link", "span", _span)
    md.inline.ruler.push("span_attributes", _behind_span)
    md.core.ruler.before("inline", "attributes_of_blocks", _give_to_blocks)
    md.core.ruler.after("inline", "attributes_of_spans", _give_to_spans)


def read_attributes(
    text: str, named: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, str]:
    """What stands between braces; classes in one value. Names stand for what `named` has."""
    found: dict[str, str] = {}
    for part in PART.finditer(text.strip("{}").removeprefix(":")):
        if part["pair"]:
            key, _, value = part["pair"].partition("=")
            _add(found, {key: value[1:-1] if value[0] in "\"'" else value})
        elif part["sign"] == "#":
            found["id"] = part["name"]
        elif part["sign"] == ".":
            _add(found, {"class": part["name"]})
        else:
            _add(found, (named or {}).get(part["name"], {}))
    return found


def _names(text: str) -> list[str]:
    """The names of other lists of attributes that stand between braces."""
    parts = PART.finditer(text.strip("{}").removeprefix(":"))
    return [part["name"] for part in parts if not part["pair"] and not part["sign"]]


def heading_attributes(opening: Token, inline: Token) -> None:
    """Move `{#label .class}` from the end of a heading into its opening token."""
    match = BEHIND_HEADING.search(inline.content)
    if not match:
        return
    inline.content = inline.content[: match.start()].rstrip()
    if opening.markup.startswith("#"):
        inline.content = CLOSING_HASHES.sub("", inline.content)
    _give(opening, {"id": match["id"]} if match["id"] else read_attributes(match["braces"]))


def is_listed(opening: Token) -> bool:
    """Whether a heading stands in the table of contents."""
    return NOT_LISTED.isdisjoint(classes(opening))


def classes(token: Token) -> list[str]:
    """The classes of a token."""
    return str(token.attrGet("class") or "").split()


def reserve_ids(tokens: Iterable[Token], context: Context) -> None:
    """Note the ids that the author gave, so that no heading gets one; each may stand once."""
    for token, place in placed(tokens):
        for found in (token, *(token.children or ())):
            written = str(found.attrGet("id") or found.meta.get("label", ""))
            if found.type in ("html_block", "html_inline"):
                context.ids.update(id["value"] for id in HTML_ID.finditer(found.content))
            elif not written or found.type not in NAMED_TOKENS or written in context.labels:
                continue
            elif written in context.ids:
                error = MarkdownError(f"the id `{written}` is taken")
                hint = "something else on the page has it: give this another"
                context.errors.append(
                    error.at(line=place.line, cell=place.cell, text=f"#{written}", hint=hint)
                )
            else:
                context.ids.add(written)


def _add(attributes: dict[str, str], more: Mapping[str, str]) -> None:
    for key, value in more.items():
        joined = key == "class" and "class" in attributes
        attributes[key] = f"{attributes[key]} {value}" if joined else value


def _give(token: Token, attributes: Mapping[str, str]) -> None:
    merged = {key: str(value) for key, value in token.attrs.items()}
    _add(merged, attributes)
    if token.type == "heading_open" and "id" in merged:
        # Numbering and ids of headings look for it there.
        token.meta["label"] = merged.pop("id")
    token.attrs.clear()
    token.attrs.update(merged)


# --- blocks -----------------------------------------------------------------------------------


def _line_of_attributes(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    text = line_text(state, start)
    if not text.startswith("{"):
        return False
    named = NAMED.match(text)
    if not named and not LINE.match(text):
        return False
    if silent:
        return True
    state.line = start + 1
    if named:
        lists = state.env.setdefault("attribute_lists", {})
        _add(lists.setdefault(named["name"], {}), read_attributes(named["inner"]))
        return True
    token = state.push(BLOCK_ATTRIBUTES, "", 0)
    token.content = text.rstrip()
    token.map = [start, start + 1]
    token.meta = {"behind_blank": start == 0 or state.isEmpty(start - 1)}
    return True


def _give_to_blocks(state: StateCore) -> None:
    """Give every line of attributes to the block above it, or else to the one below."""
    kept: list[Token] = []
    named: Mapping[str, Mapping[str, str]] = state.env.get("attribute_lists", {})
    openings: list[int] = []
    """Where the blocks around this place begin, in `kept`."""
    last: dict[int, int] = {}
    """How deep to where the last block of that depth begins, in `kept`."""
    waiting: list[Token] = []
    for token in state.tokens:
        if token.type == BLOCK_ATTRIBUTES:
            above = None if token.meta["behind_blank"] else last.get(len(openings))
            if above is None:
                waiting.append(token)
            elif not _take(kept, above, token, named):
                kept.append(token)
            continue
        if token.nesting == -1:
            kept += waiting
            waiting = []
            last.pop(len(openings), None)
            beginning = openings.pop()
            last[len(openings)] = beginning
            kept.append(token)
            continue
        for attributes in waiting:
            if token.type in TAKES_ATTRIBUTES and set(named).issuperset(_names(attributes.content)):
                _give(token, read_attributes(attributes.content, named))
            else:
                kept.append(attributes)
        waiting = []
        if token.nesting == 1:
            last.pop(len(openings) + 1, None)
            openings.append(len(kept))
        else:
            last[len(openings)] = len(kept)
        if token.type == "inline" and len(kept) > 1 and kept[-2].type == "list_item_open":
            _take_first_in_item(kept[-2], token, named)
        kept.append(token)
    state.tokens[:] = kept + waiting


def _take(
    kept: list[Token], above: int, token: Token, named: Mapping[str, Mapping[str, str]]
) -> bool:
    """Give attributes to the block that begins at `above`; `{:toc}` replaces a list."""
    block = kept[above]
    if block.type not in TAKES_ATTRIBUTES:
        return False
    names = _names(token.content)
    is_list = block.type in ("bullet_list_open", "ordered_list_open")
    if any(name not in named and not (name == "toc" and is_list) for name in names):
        return False
    if block.hidden and kept[above - 1].type == "list_item_open":
        block = kept[above - 1]  # The paragraph of a tight list has no element of its own.
    if "toc" in names:
        contents = Token(CONTENTS, "ol" if block.type == "ordered_list_open" else "ul", 0)
        contents.block, contents.map, contents.level = True, block.map, block.level
        contents.meta = {"cell": block.meta["cell"]} if "cell" in block.meta else {}
        kept[above:] = [contents]
        return True
    _give(block, read_attributes(token.content, named))
    return True


def _take_first_in_item(item: Token, inline: Token, named: Mapping[str, Mapping[str, str]]) -> None:
    match = FIRST_IN_ITEM.match(inline.content)
    if match:
        inline.content = inline.content[match.end() :]
        _give(item, read_attributes(match[0].strip(), named))


# --- spans ------------------------------------------------------------------------------------


def _span(state: StateInline, silent: bool) -> bool:
    """`[text]{.class}`; a link takes precedence."""
    if state.src[state.pos] != "[":
        return False
    if last_position(state, "]{") < state.pos:
        return False
    start, maximum = state.pos, state.posMax
    end = state.md.helpers.parseLinkLabel(state, start, False)
    match = BOTH.match(state.src, end + 1, maximum) if end >= 0 else None
    if not match:
        return False
    if not silent:
        state.pos, state.posMax = start + 1, end
        opening = state.push("span_open", "span", 1)
        opening.attrs.update(read_attributes(match[0], state.env.get("attribute_lists")))
        state.md.inline.tokenize(state)
        state.push("span_close", "span", -1)
    state.pos, state.posMax = match.end(), maximum
    return True


def _behind_span(state: StateInline, silent: bool) -> bool:
    """Attributes directly behind what may be a span: which it is, is known at the end."""
    if state.src[state.pos] != "{" or state.pending or not state.tokens:
        return False
    last = state.tokens[-1]
    if last.type not in CLOSED_SPANS and not (last.type == "text" and last.content[:1] in "*_~"):
        return False
    match = BOTH.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        token = state.push(SPAN_ATTRIBUTES, "", 0)
        token.content = match[0]
    state.pos = match.end()
    return True


def _give_to_spans(state: StateCore) -> None:
    named: Mapping[str, Mapping[str, str]] = state.env.get("attribute_lists", {})
    for token in state.tokens:
        children = token.children if token.type == "inline" else None
        if children and any(child.type == SPAN_ATTRIBUTES for child in children):
            token.children = list(_without_attributes(children, named))


def _without_attributes(
    children: Sequence[Token], named: Mapping[str, Mapping[str, str]]
) -> Iterable[Token]:
    kept: list[Token] = []
    openings: list[Token] = []
    last: Token | None = None
    """What the token before opened, or is: what attributes behind it belong to."""
    for child in children:
        if child.type == SPAN_ATTRIBUTES:
            if last is not None:
                _give(last, read_attributes(child.content, named))
                continue
            child.type = "text"
        if child.nesting == 1:
            openings.append(child)
        before = openings.pop() if child.nesting == -1 and openings else child
        closed = child.type in CLOSED_SPANS or child.type in CLOSED_BY_MARKERS
        if closed or not (child.type == "text" and not child.content):
            last = before if closed else None
        kept.append(child)
    return kept
