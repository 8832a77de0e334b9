"""Where a line of Korean does not break: `집합(set)은`, `50%가`, `k-평균` keep their ends.

Korean lines break at spaces (`word-break: keep-all`), but browsers break them behind what closes,
too: UAX 14 keeps a closing bracket from the letter that follows it no more than a space. What
follows is the rest of a word, mostly its particle. So they do behind a hyphen, which would leave
`NP-` of `NP-난해`; within Hangul, as in `쿨백-라이블러`, that is good. On a page an empty element
stands between them, to which the style sheet gives a WORD JOINER: no text that is copied or
searched has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from .cross_references import REFERENCE
from .tokens import RenderRule, text_token

WORD_JOINER = "word_joiner"
WORD_JOINER_HTML = '<span class="word-joiner"></span>'

CLOSING = ")]}〉》」』】）％%°…"
SHOWN_AS_WRITTEN = ("text", "code_inline", REFERENCE)
BETWEEN = re.compile(rf"(?:(?<=[{re.escape(CLOSING)}])|(?<=[A-Za-z0-9]-))(?=[가-힣])")


def join_words(children: Sequence[Token]) -> list[Token]:
    """Inline tokens with a word joiner behind what closes within a word.

    In a span that holds a formula and what touches it no line breaks anyway.
    """
    joined: list[Token] = []
    in_span = 0
    closed = False  # Whether what closes has been shown last.
    for token in (part for child in children for part in _without_particle(child)):
        in_span += token.nesting if token.type in ("join_open", "join_close") else 0
        parts = BETWEEN.split(token.content) if token.type == "text" and not in_span else ()
        if parts:
            if closed and "가" <= parts[0][:1] <= "힣":
                joined.append(Token(WORD_JOINER, "", 0))
            token.content = parts[0]
        joined.append(token)
        for part in parts[1:]:
            joined += [Token(WORD_JOINER, "", 0), text_token(part)]
        if token.type in SHOWN_AS_WRITTEN and joined[-1].content:
            closed = joined[-1].content[-1] in CLOSING
        elif not token.nesting and token.type not in (*SHOWN_AS_WRITTEN, "html_inline"):
            closed = False
    return joined


def _without_particle(token: Token) -> list[Token]:
    """A reference that shows `식 (3)을` as `식 (3)` and the particle."""
    if token.type != REFERENCE or not token.meta["particle"]:
        return [token]
    particle = token.meta["particle"]
    token.content = token.content.removesuffix(particle)
    token.meta["html"] = token.meta["html"].removesuffix(particle)
    return [token, text_token(particle)]


def _render(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    return "" if env.get("medium") == "feed" else WORD_JOINER_HTML


LINE_BREAK_RULES: dict[str, RenderRule] = {WORD_JOINER: _render}
