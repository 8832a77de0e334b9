"""Abbreviations, as kramdown and PHP Markdown Extra have them: `*[HTML]: HyperText …`.

A definition stands on a line of its own, anywhere in the post. Wherever the word stands in the
text, also before a Korean particle, `HTML은`, it gets what it is short for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from .block_rules import TERMINATES, line_text
from .tokens import NO_BREAK_SPACE, text_token

DEFINITION = re.compile(r"\*\[(?P<name>[^\[\]\n]+)\]:(?P<title>.*)$")


def abbreviations_plugin(md: MarkdownIt) -> None:
    """Read definitions of abbreviations, and find the words."""
    md.block.ruler.before("reference", "abbreviation", _definition, TERMINATES)
    md.core.ruler.after("text_join", "abbreviations", _explain)


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    line = line_text(state, start)
    match = DEFINITION.match(line) if line.startswith("*[") else None
    if not match:
        return False
    if not silent:
        known: dict[str, str] = state.env.setdefault("abbreviations", {})
        known.setdefault(_spaced(match["name"].strip()), match["title"].strip())
        state.line = start + 1
    return True


def _explain(state: StateCore) -> None:
    known: Mapping[str, str] = state.env.get("abbreviations", {})
    if not known:
        return
    longest_first = sorted(known, key=len, reverse=True)
    words = re.compile("|".join(map(_word, longest_first)))
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_explained(token.children, words, known))


def _word(name: str) -> str:
    """A pattern for a name as a word; a letter of Hangul behind it is a particle."""
    before = "(?<![A-Za-z0-9_])" if name[0].isascii() and name[0].isalnum() else ""
    after = "(?![A-Za-z0-9_])" if name[-1].isascii() and name[-1].isalnum() else ""
    # No line ends within `RFC 6749`: see `typography`.
    return before + re.escape(name).replace(r"\ ", f"[ {NO_BREAK_SPACE}]") + after


def _spaced(name: str) -> str:
    return name.replace(NO_BREAK_SPACE, " ")


def _explained(
    children: list[Token], words: re.Pattern[str], known: Mapping[str, str]
) -> Iterator[Token]:
    for child in children:
        if child.type != "text":
            yield child
            continue
        position = 0
        for match in words.finditer(child.content):
            if match.start() > position:
                yield text_token(child.content[position : match.start()])
            opening = Token("abbr_open", "abbr", 1)
            if title := known[_spaced(match[0])]:
                opening.attrSet("title", title)
            yield opening
            yield text_token(match[0])
            yield Token("abbr_close", "abbr", -1)
            position = match.end()
        if position:
            child.content = child.content[position:]
        if child.content:
            yield child
