"""kramdown's extensions: `{::comment}`, `{::nomarkdown}`, and Markdown inside of HTML.

A comment is not published. In `<div markdown="1">`, up to the line `</div>`, there is Markdown;
in any other element a blank line begins Markdown, as CommonMark says.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from .block_rules import TERMINATES, line_text
from .foreign import FOREIGN
from .scanning import last_position

COMMENT = "comment"
"""What an author wrote for nobody: it takes lines, and shows nothing."""

EXTENSION = re.compile(
    r"""
    \{::(?P<name>comment|nomarkdown)(?P<options>[^{}]*?)
    (?: /\} | \} (?P<body>.*?) \{:/(?:(?P=name))?\} )
    """,
    re.VERBOSE | re.DOTALL,
)
START = re.compile(r"\{::(?P<name>[A-Za-z]+)[^{}\n]*\}|\{:/[A-Za-z]*\}")
OPENING = re.compile(r"\{::(?P<name>comment|nomarkdown)[^{}\n/]*\}")
MARKDOWN_IN_HTML = re.compile(
    r"""
    <(?P<tag>[A-Za-z][\w-]*) (?P<before>[^<>]*?)
    \s markdown\s*=\s*(?P<quote>["']?)(?:1|block)(?P=quote)(?=[\s>]) (?P<after>[^<>]*)>[ \t]*$
    """,
    re.VERBOSE | re.IGNORECASE,
)


def kramdown_plugin(md: MarkdownIt) -> None:
    """Read kramdown's extensions."""
    md.block.ruler.before("fence", "kramdown_extension", _block, TERMINATES)
    md.block.ruler.before("html_block", "markdown_in_html", _markdown_in_html, TERMINATES)
    md.inline.ruler.before("escape", "kramdown_extension", _inline)
    md.add_render_rule(COMMENT, lambda self, tokens, i, options, env: "")


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """An extension that begins a line, up to a line that ends with what closes it."""
    if state.is_code_block(start):
        return False
    first = line_text(state, start)
    match = OPENING.match(first) if first.startswith("{::") else None
    if not match:
        return False
    closings = ("{:/}", "{:/" + match["name"] + "}")
    for last in range(start, end):
        if last > start and not state.isEmpty(last) and state.sCount[last] < state.blkIndent:
            return False
        text = (line_text(state, last)[match.end() if last == start else 0 :]).rstrip()
        if any(closing in text for closing in closings):
            break
    else:
        return False
    if not text.endswith(closings):
        return False  # Text follows: it stands in a paragraph.
    if silent:
        return True
    if match["name"] == "nomarkdown":
        content = state.getLines(start, last + 1, state.blkIndent, False).strip()
        token = state.push("html_block", "", 0)
        token.content = content[match.end() : content.rindex("{:/")].strip("\n") + "\n"
        token.map = [start, last + 1]
        token.meta = {"verbatim": True}
    state.line = last + 1
    return True


def _inline(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith(("{::", "{:/"), state.pos):
        return False
    start = START.match(state.src, state.pos, state.posMax)
    if not start:
        return False
    closed = start[0].endswith("/}") or last_position(state, "{:/") > state.pos
    match = EXTENSION.match(state.src, state.pos, state.posMax) if closed else None
    if not silent:
        shown = match is not None and match["name"] == "nomarkdown"
        kind = "html_inline" if shown else COMMENT if match else FOREIGN
        token = state.push(kind, "", 0)
        token.content = (match["body"] or "") if match and shown else (match or start)[0]
    state.pos = (match or start).end()
    return True


def _markdown_in_html(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """An element on lines of its own whose opening tag says `markdown="1"`."""
    if state.is_code_block(start):
        return False
    first = line_text(state, start)
    match = MARKDOWN_IN_HTML.match(first) if first.startswith("<") else None
    if not match:
        return False
    tags = re.compile(rf"<(?P<end>/?){match['tag']}\b[^<>]*>", re.IGNORECASE)
    depth, last = 1, start
    while depth:
        last += 1
        if last >= end or (not state.isEmpty(last) and state.sCount[last] < state.blkIndent):
            return False
        depth += sum(-1 if tag["end"] else 1 for tag in tags.finditer(line_text(state, last)))
    if line_text(state, last).strip().lower() != f"</{match['tag'].lower()}>":
        return False
    if silent:
        return True
    after = match["after"].rstrip()
    _push_html(state, f"<{match['tag']}{match['before']}{after}>\n", start)
    parent, line_max = state.parentType, state.lineMax
    state.parentType, state.lineMax = "container", last
    state.md.block.tokenize(state, start + 1, last)
    state.parentType, state.lineMax = parent, line_max
    _push_html(state, f"</{match['tag']}>\n", last)
    state.line = last + 1
    return True


def _push_html(state: StateBlock, html: str, line: int) -> None:
    token = state.push("html_block", "", 0)
    token.content = html
    token.map = [line, line + 1]
