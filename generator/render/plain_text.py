"""Tokens as plain text: alternative texts, excerpts, what reading time is measured on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from markdown_it.token import Token

from ..model import Formula
from .kramdown import COMMENT
from .mathematics import INLINE_TOKENS
from .plain_formula import plain_formula
from .side_notes import SIDE_NOTE_DIRECTIVES

NO_TEXT = ("image", "softbreak", "html_inline")
"""Of these alone no paragraph is that an excerpt could be made of."""
ORDINALS = ("st", "nd", "rd", "th")
"""What is raised behind a number and is no power of it."""
NOT_LAST = " ,;:([{“‘«〈《「『【–—"
"""What does not stand before the ellipsis of a text that is cut."""
MORE = re.compile(r"<!--\s*more\s*-->", re.IGNORECASE)


def plain_text(
    tokens: Iterable[Token], formula_text: Callable[[Token], str] = lambda token: token.content
) -> str:
    """The text of inline tokens; formulas as TeX, images as their alternative text, x² as x^2."""
    parts: list[str] = []
    raised = False
    for token in tokens:
        if raised and token.content not in ORDINALS:
            parts.append("^")
        raised = token.type == "sup_open"
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(plain_text(token.children or [], formula_text))
        elif token.type in INLINE_TOKENS:
            parts.append(formula_text(token))
        elif token.type not in ("html_inline", "footnote_ref", COMMENT):
            parts.append(token.content)
    return " ".join("".join(parts).split())


def all_text(tokens: Iterable[Token]) -> str:
    """The prose of tokens, a formula as one word: what reading time is measured on."""
    inline = (token.children or [] for token in tokens if token.type == "inline")
    return " ".join(plain_text(children, lambda token: " x ") for children in inline)


def excerpt(tokens: Sequence[Token]) -> str:
    """The text of prepared tokens up to `<!--more-->`, or else of the first paragraph."""
    paragraphs: list[str] = []
    beside = 0
    marked = any(token.type == "html_block" and MORE.search(token.content) for token in tokens)
    for token, following in pairwise(tokens):
        if token.type.startswith("directive_") and (beside or _is_side_note(token)):
            beside += token.nesting
        if token.type == "paragraph_open" and not token.hidden and not beside:
            children = following.children or []
            without_text = all(child.type in NO_TEXT for child in children)
            text = "" if without_text else plain_text(children, _formula_text)
            if text and not marked:
                return text
            if text:
                paragraphs.append(text)
        elif token.type == "html_block" and MORE.search(token.content) and paragraphs:
            return " ".join(paragraphs)
    return paragraphs[0] if paragraphs else ""


def shorten(text: str, length: int) -> str:
    """A text cut at a space, with an ellipsis, if it is longer than `length` characters.

    Nothing that opens stands before it, nor half a compound, as `pre-` of `pre- and post-war`.
    """
    if len(text) <= length:
        return text
    text = text[:length].rsplit(" ", 1)[0].rstrip(NOT_LAST)
    while text.endswith("-"):
        text = text.rpartition(" ")[0].rstrip(NOT_LAST)
    return text + "…"


def _is_side_note(token: Token) -> bool:
    written = token.meta.get("written")
    return written is not None and written.name in SIDE_NOTE_DIRECTIVES


def _formula_text(token: Token) -> str:
    formula: Formula | None = token.meta.get("formula")
    return (plain_formula(formula.html) if formula else "") or token.content
