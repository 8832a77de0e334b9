r"""Markup that other tools read and nothing here does: an error, so that no page shows it raw.

- Liquid (`{% include … %}`, `{{ site.baseurl }}`), shortcodes of Hugo's and Quarto's (`{{< … >}}`)
- kramdown's `{::options … /}`, and extensions that nothing closes
- Markdown and formulas inside a block of HTML, which goes on up to a blank line
- tables without a line of titles, cells beyond a table's last column, a second line of dashes
- a formula in dollars with a blank line in it, or that never closes
- MyST's targets above headings, `(name)=`, and its comments, `% …`
- links without a text, which MyST finds itself
- line blocks, several terms above a definition, kramdown's `^`

In code all of it is code. A backslash before the first brace makes the rest text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from ..errors import MarkdownError
from .block_rules import BlockRule, change_block_rule
from .context import Context, Place
from .mathematics import DOLLARS, cells_of, without_bars
from .typography import printed

FOREIGN = "foreign"
"""The token of such markup in running text."""

LIQUID = re.compile(
    r"\{%-?[ \t]*(?P<tag>[A-Za-z_]+)[^{}]*?-?%\} | \{\{-?[<%]?[ \t]*[A-Za-z_\"'][^{}]*\}\}",
    re.VERBOSE,
)
LIQUID_HINTS = {
    "highlight": "write a fence: ```python",
    "raw": "remove it: nothing here reads Liquid, so nothing needs to be kept from it",
    "post_url": "link to the other post's file: [text](../other/index.en.md)",
    "link": "link to the file: [text](data.csv), [text](../other/index.en.md)",
    "include": "nothing is included here: write Markdown, or HTML",
    "gist": "write a link, or the code itself",
}
LIQUID_HINT = "write what it stood for; links need no `site.baseurl`; to show it, put it in code"
SHORTCODE = re.compile(r"\{\{-?[<%][ \t]*/?[ \t]*(?P<name>[\w.-]*)")
"""The beginning of a shortcode of Hugo's or Quarto's."""
SHORTCODE_HINTS = {
    **dict.fromkeys(
        ("video", "youtube", "vimeo"),
        "HTML is written as it is: <iframe src=… title=…></iframe>, <video controls src=…></video>",
    ),
    "figure": 'a picture is ![what it shows](picture.png "Its caption")',
    "include": "write it here; the code of a file beside the post is shown by `literalinclude`",
    **dict.fromkeys(
        ("ref", "relref"), "link to the other post's file: [text](../other/index.en.md)"
    ),
    **{name: LIQUID_HINTS[name] for name in ("gist", "highlight")},
    "pagebreak": "remove it: a page of the web has none",
}
SHORTCODE_HINT = "write what it stood for, as Markdown or HTML; to show it, put it in code"
EXTENSION_HINTS = {
    "{::options": "remove it: options of kramdown mean nothing here",
    "{::": "known are {::comment} and {::nomarkdown}, closed by {:/comment} and {:/nomarkdown}",
    "{:/": "nothing that it could close stands before it",
}

SKIPPED = re.compile(
    r"""
    <!--.*?(?:-->|$)
    | <(?P<tag>script|style|pre|code|kbd|samp|tt|textarea|svg|math)\b.*?(?:</(?P=tag)\s*>|$)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
TAG = re.compile(r"</?[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
MARKDOWN_ATTRIBUTE = re.compile(r"\smarkdown\s*=\s*[\"']?(?:1|block|span)\b", re.IGNORECASE)
BRACKETS = re.compile(r"\\\((?:(?!\\\)).)+\\\)|\\\[(?:(?!\\\]).)+\\\]", re.DOTALL)
MARKUP = re.compile(
    r"""
    ^[ ]{0,3}(?:[*+-]|\d{1,9}[.)])[ \t]+\S.*$ | ^[ ]{0,3}\#{1,6}[ \t].*$ | ^[ ]{0,3}(?:```|~~~).*$
    | \*\*[^\s*](?:[^*\n]*[^\s*])?\*\* | !?\[[^\[\]\n]+\]\([^()\s]+\)
    """,
    re.VERBOSE | re.MULTILINE,
)
SECOND_RULE = re.compile(r"\|?(?:[ \t]*:?(?:={2,}|-{2,}):?[ \t]*[|+]?)+")
TARGET = re.compile(r"\(([^()\s]+)\)=")
DEFINITION = re.compile(r"\n(?P<line>[ ]{0,3}:[ \t]+\S.*)")
NO_BREAK_SPACE = re.compile("(#{1,6}|[-*+])[\u00a0\u3000]")
"""Where CommonMark wants a space or a tab."""
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}")
CITE = re.compile(
    r"\\(?:[Cc]ite[a-z]*|[Pp]arencite|[Tt]extcite|[Aa]utocite|footcite)\*?(?:\[[^\[\]\n]*\])*"
    r"\{(?P<keys>[^{}\n]+)\}"
)
"""Citations of LaTeX, natbib and biblatex."""
BAR_LINE = re.compile(r"\|.*\|[ \t]*$")


def foreign_plugin(md: MarkdownIt) -> None:
    """Find Liquid in running text, and cells that a table has no column for."""
    md.inline.ruler.before("escape", "liquid", _liquid)
    change_block_rule(md, "table", _counted)


def _counted(table: BlockRule) -> BlockRule:
    def rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        before = len(state.tokens)
        read = table(state, start, end, silent)
        if read and not silent:
            _count_cells(state, before, start)
        return read

    return rule


def _liquid(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith(("{%", "{{"), state.pos):
        return False
    match = LIQUID.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        token = state.push(FOREIGN, "", 0)
        token.content = match[0]
    state.pos = match.end()
    return True


def _count_cells(state: StateBlock, first: int, start: int) -> None:
    opening = next(token for token in state.tokens[first:] if token.type == "table_open")
    columns = sum(token.type == "th_open" for token in state.tokens[first:])
    for line in range(start + 2, state.line):
        text = state.getLines(line, line + 1, state.blkIndent, False).strip()
        cells = cells_of(text)
        if len(cells) > columns:
            cells = cells_of(without_bars(text))
        message = hint = ""
        if len(cells) > columns:
            message = f"the row has {len(cells)} cells, its line of titles {columns}"
            hint = r"a bar inside a cell is written `\|`, in a formula `\vert`"
        elif SECOND_RULE.fullmatch(text):
            message = "a table has one line of dashes, below its titles"
            hint = "remove it: kramdown's parts and feet of tables are not read"
        if message:
            opening.meta.setdefault("wrong_rows", []).append((line - start, message, text, hint))


# --- what is said of it -----------------------------------------------------------------------


def note_foreign(token: Token, context: Context, place: Place) -> None:
    """Note markup in running text that nothing here reads."""
    content = token.content
    if content.startswith(("{::", "{:/")):
        hint = next(hint for start, hint in EXTENSION_HINTS.items() if content.startswith(start))
        _note(context, place, "kramdown's extension has no meaning here", content, hint)
    else:
        _note_liquid(content, context, place)


def _note_liquid(content: str, context: Context, place: Place) -> None:
    if shortcode := SHORTCODE.match(content):
        hint = SHORTCODE_HINTS.get(shortcode["name"], SHORTCODE_HINT)
        _note(context, place, "shortcodes are not run here", content, hint)
        return
    match = LIQUID.match(content)
    tag = (match["tag"] or "") if match else ""
    if tag.startswith("end"):
        return  # What it ends is an error already.
    _note(context, place, "Liquid is not run here", content, LIQUID_HINTS.get(tag, LIQUID_HINT))


def note_unread_blocks(token: Token, context: Context, place: Place) -> None:
    """Note what a block would show raw, or lose."""
    if token.type == "html_block" and "verbatim" not in token.meta:
        for offset, message, text, hint in _unread_in_html(token.content):
            if message:
                _note(context, place.below(offset), message, text, hint)
            else:
                _note_liquid(text, context, place.below(offset))
    elif token.type == "block_attributes":
        hint = "a line of attributes stands directly below its block, {:toc} below a list"
        _note(context, place, "there is nothing that takes these attributes", token.content, hint)
    for offset, message, text, hint in token.meta.get("wrong_rows", ()):
        _note(context, place.below(offset), message, text, hint)


def note_unread_paragraph(inline: Token, context: Context, place: Place) -> None:
    """Note a paragraph that was meant as a formula, a table, verse, or definitions."""
    text = inline.content
    lines = text.split("\n")
    for down, written in enumerate(lines):
        if match := NO_BREAK_SPACE.match(written):
            message = f"the space behind `{match[1]}` is a no-break space"
            hint = "type an ordinary space; on a Mac, one typed with Option held is another"
            _note(context, place.below(down), message, written, hint)
    raw = any(child.type == "text" and "$$" in child.content for child in inline.children or [])
    if raw and any(line.strip() == "$$" or line.startswith("$$") for line in lines):
        number = next(n for n, line in enumerate(lines) if line.lstrip().startswith("$$"))
        hint = "a formula holds no blank line, and ends with the same `$$`; a dollar is `\\$`"
        message = "a `$$` has no partner in its paragraph"
        _note(context, place.below(number), message, lines[number], hint)
    if definition := DEFINITION.search(text):
        message = "this is read as text, not as a definition"
        hint = "a definition list has one term above its definitions, after a blank line"
        line = text.count("\n", 0, definition.start("line"))
        _note(context, place.below(line), message, definition["line"].strip(), hint)
    for child in inline.children or []:
        if child.type == "text" and (begun := ENVIRONMENT.match(child.content)):
            hint = "in a formula, between $$ and $$, and with its \\end; to show it, put it in code"
            line = max(text.count("\n", 0, text.find(begun[0])), 0)
            message = f"the environment `{begun[1]}` is read as text"
            _note(context, place.below(line), message, lines[line], hint)
            break
    for child in inline.children or []:
        for cited in CITE.finditer(child.content) if child.type == "text" else ():
            keys = [key.strip() for key in cited["keys"].split(",")]
            if not context.works.keys().isdisjoint(keys):
                # The text of tokens is as it is printed, `3–5`; what was typed, and where, is told.
                language = context.post.meta.language
                as_typed = (m for m in CITE.finditer(text) if printed(m[0], language) == cited[0])
                typed = next(as_typed, cited)
                line = text.count("\n", 0, typed.start())
                hint = (
                    f"write [{'; '.join(f'@{key}' for key in keys)}], or @{keys[0]} in a sentence"
                )
                _note(context, place.below(line), "LaTeX's citation is not read", typed[0], hint)
    if lines[-1] == "^":
        hint = "to part two lists, write <!-- --> between them"
        message = "kramdown's end-of-block mark is not read"
        _note(context, place.below(len(lines) - 1), message, "^", hint)
    for opening, following in pairwise(inline.children or []):
        if opening.type == "link_open" and following.type == "link_close":
            href = str(opening.attrGet("href") or "")
            meant = f"a reference with its number is @{href.lstrip('#') or 'sec-name'}"
            if href.startswith("../"):
                meant = f"the title of a post is shown by {{doc}}`{href}`"
            line = text.count("\n", 0, max(text.find("[]("), 0))
            hint = f"write one; {meant}"
            _note(context, place.below(line), "the link has no text", f"[]({href})", hint)
    if target := TARGET.fullmatch(text):
        name = target[1] if target[1].startswith("sec-") else f"sec-{target[1]}"
        hint = f"put the label behind the heading: ## Heading {{#{name}}}"
        _note(context, place, "MyST's target is not read", text, hint)
    if all(line.startswith("% ") for line in lines):
        _note(context, place, "MyST's comment is not read", lines[0], "write <!-- … -->")
    if len(lines) < 2 or not all(line.startswith("|") for line in lines):
        return
    dashes = lines[1].strip()
    if SECOND_RULE.fullmatch(dashes) and BAR_LINE.match(lines[0]):
        counts = [len(escapedSplit(line.strip().strip("|"))) for line in lines[:2]]
        message = f"the line of titles has {counts[0]} cells, and that of dashes {counts[1]}"
        hint = r"a bar inside a cell is written `\|`, in a formula `\vert`"
    elif all(BAR_LINE.match(line) for line in lines):
        message = "this is no table: it has no line of titles with a line of dashes below"
        hint = "titles may be empty: | | | above |---|---|"
    elif all(line.startswith("| ") for line in lines):
        message = "lines that begin with a bar are not read"
        hint = "a backslash at the end of a line breaks it"
    else:
        return
    _note(context, place, message, lines[0], hint)


def _unread_in_html(html: str) -> Iterator[tuple[int, str, str, str]]:
    """(lines down, message, text, hint) for what a block of HTML would show raw."""
    shown = SKIPPED.sub(_blank, html)
    for match in LIQUID.finditer(shown):
        yield shown.count("\n", 0, match.start()), "", match[0], ""
    for match in TAG.finditer(shown):
        if MARKDOWN_ATTRIBUTE.search(match[0]):
            hint = "put opening and closing tag on lines of their own, or leave blank lines inside"
            line = shown.count("\n", 0, match.start())
            yield line, "there is no Markdown in this element", match[0], hint
    text = TAG.sub(_blank, shown)
    hint = "leave a blank line before it: a block of HTML goes on up to the next one"
    for pattern, message in (
        (DOLLARS, "a formula inside of HTML is not read"),
        (BRACKETS, "a formula inside of HTML is not read"),
        (MARKUP, "Markdown inside of HTML is not read"),
    ):
        if found := pattern.search(text):
            written = html[found.start() : found.end()].strip()
            line = text.count("\n", 0, found.start())
            yield line, message, written.partition("\n")[0], hint
            return  # What else stands in the block is wrong for the same reason.


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _note(context: Context, place: Place, message: str, text: str, hint: str) -> None:
    error = MarkdownError(message).at(line=place.line, cell=place.cell, text=text, hint=hint)
    context.errors.append(error)
