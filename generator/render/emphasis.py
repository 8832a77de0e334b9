"""Emphasis that works beside Hangul: `**강조(emphasis)**를` is bold.

CommonMark decides by the characters on both sides of `*` whether it can open or close
emphasis. A closing run after punctuation must be followed by a space or punctuation, which
Korean particles never are. The rule here is that of the CJK-friendly amendment
(commonmark-spec issue 650): beside a CJK character, punctuation counts as a letter. `~~` follows
it too. Text without CJK characters is read exactly as CommonMark reads it.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

CJK_RANGES = (
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x2E80, 0x303E),  # CJK radicals, ideographic punctuation
    (0x3041, 0x33FF),  # Kana, Bopomofo, Hangul compatibility Jamo, enclosed CJK
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0x9FFF),  # CJK unified ideographs
    (0xA960, 0xA97F),  # Hangul Jamo extended A
    (0xAC00, 0xD7FF),  # Hangul syllables, Jamo extended B
    (0xF900, 0xFAFF),  # CJK compatibility ideographs
    (0xFE30, 0xFE4F),  # CJK compatibility forms
    (0xFF01, 0xFFEE),  # Full-width forms
    (0x20000, 0x3FFFD),  # Supplementary ideographs
)


def is_cjk(character: str) -> bool:
    """Whether a character belongs to the scripts of Chinese, Japanese or Korean."""
    code = ord(character)
    return code >= 0x1100 and any(first <= code <= last for first, last in CJK_RANGES)


CJK_CHARACTER = re.compile(f"[{''.join(f'{chr(a)}-{chr(z)}' for a, z in CJK_RANGES)}]")
"""Any of them, for long texts."""


def cjk_emphasis_plugin(md: MarkdownIt) -> None:
    """Let `*`, `_` and `~~` open and close beside CJK text."""
    md.inline.ruler.at("emphasis", _emphasis)
    md.inline.ruler.at("strikethrough", _strikethrough)


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    can_open, can_close, length = scan(state, marker)
    for _ in range(length):
        _push(state, marker, length, can_open, can_close)
    state.pos += length
    return True


def _strikethrough(state: StateInline, silent: bool) -> bool:
    if silent or not state.src.startswith("~~", state.pos):
        return False
    can_open, can_close, length = scan(state, "~")
    if length % 2:
        state.push("text", "", 0).content = "~"
    for _ in range(length // 2):
        # A length of 0 switches off the rule of three, which is for emphasis alone.
        _push(state, "~~", 0, can_open, can_close)
    state.pos += length
    return True


def _push(state: StateInline, text: str, length: int, can_open: bool, can_close: bool) -> None:
    state.push("text", "", 0).content = text
    state.delimiters.append(
        Delimiter(
            marker=ord(text[0]),
            length=length,
            token=len(state.tokens) - 1,
            end=-1,
            open=can_open,
            close=can_close,
        )
    )


def scan(state: StateInline, marker: str) -> tuple[bool, bool, int]:
    """Whether the run of markers at the position can open, can close, and its length."""
    end = state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    # Beyond the edges of the text there is white space, as CommonMark says.
    before = state.src[state.pos - 1] if state.pos > 0 else " "
    after = state.src[end] if end < state.posMax else " "
    space_before, space_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    cjk_before, cjk_after = is_cjk(before), is_cjk(after)
    punctuation_before = _is_punctuation(before) and not cjk_before
    punctuation_after = _is_punctuation(after) and not cjk_after
    left = not space_after and (
        not punctuation_after or space_before or punctuation_before or cjk_before
    )
    right = not space_before and (
        not punctuation_before or space_after or punctuation_after or cjk_after
    )
    if marker != "_":
        return left, right, end - state.pos
    can_open = left and (not right or _is_punctuation(before))
    can_close = right and (not left or _is_punctuation(after))
    return can_open, can_close, end - state.pos


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)
