r"""Links whose address is defined nowhere: `[text][label]`, `[text][]`, `![alt][label]`.

CommonMark shows them as they are written, and so does this: brackets in a row are also indices,
`a[i][j]`, or tags, `[공지][필독]`. What looks like a link is told to the author. A backslash before
the first bracket says that it is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from ..errors import MarkdownError
from ..record import suggestion
from .context import Context, Place

UNDEFINED = "undefined_links"
"""Under this name the environment, and then each inline token, has what was found."""
LINK = re.compile(
    r"""
    (?<![\w)\]}"'’”]) !?
    \[(?P<text> (?: [^\[\]\\] | \\. | \[[^\[\]]*\] )+ )\]
    \[(?P<label> (?: [^\[\]\\] | \\. )* )\] (?![\[(])
    """,
    re.VERBOSE | re.DOTALL,
)
INDEX = re.compile(r"[-+:.,\s\d]*|[-+]?\w(?:[-+]\w+)?")
"""A number, a slice, a single letter: `[i][j+1]`, `[1][2]` and `[x][]` are no links."""
TAG = re.compile(r"[가-힣]+|[A-Z][\w./&+-]*")
"""`[공지]`, `[WIP]`."""
OTHER = ("^", "@")
"""Notes and references have errors of their own."""


def undefined_links_plugin(md: MarkdownIt) -> None:
    """Find links that CommonMark does not read, for want of a definition."""
    md.inline.ruler.after("footnote_ref", "undefined_link", _find)
    md.core.ruler.after("footnote_tail", "undefined_links", _hand_over)


def _find(state: StateInline, silent: bool) -> bool:
    """Note what looks like a link; it stays text, and nothing is read of it here."""
    if not silent and state.src[state.pos] in "[!":
        match = LINK.match(state.src, state.pos, state.posMax)
        if match and _is_meant(match["text"], match["label"], state.env.get("references", ())):
            texts: dict[str, dict[int, re.Match[str]]] = state.env.setdefault(UNDEFINED, {})
            found = texts.setdefault(state.src, {})
            # A picture begins one character before its brackets, and is found there first.
            if state.pos - 1 not in found:
                found[state.pos] = match
    return False


def _is_meant(text: str, label: str, defined: Collection[str]) -> bool:
    """Whether brackets are a link. A post that defines none may have tags in a row."""
    if not text.strip() or INDEX.fullmatch(text) or text.startswith(OTHER):
        return False
    if label.startswith(OTHER):
        return False
    return bool(defined) or not (TAG.fullmatch(text) and TAG.fullmatch(label))


def _hand_over(state: StateCore) -> None:
    """Give each inline token what was found in its text."""
    texts = state.env.get(UNDEFINED, {})
    for token in state.tokens if texts else ():
        if token.type == "inline" and token.content in texts:
            found = texts[token.content].values()
            links = [(match.start(), _line(match[0]), _hint(match, state)) for match in found]
            token.meta = {**token.meta, UNDEFINED: links}


def _hint(match: re.Match[str], state: StateCore) -> str:
    label = match["label"].strip() or match["text"]
    # CommonMark compares labels in capitals.
    known = [name.lower() for name in state.env.get("references", ())]
    cure = suggestion(label.lower(), known) or f"write `[{_line(label)}]: https://…` below it"
    return f"{cure} (if it is no link, write `\\[`)"


def _line(text: str) -> str:
    return " ".join(text.split())


def note_undefined_links(inline: Token, context: Context, place: Place) -> None:
    """Tell of each link in a line whose address is defined nowhere."""
    if "put_out" in inline.meta:
        return
    for position, written, hint in inline.meta.get(UNDEFINED, ()):
        here = place.below(inline.content.count("\n", 0, position))
        warning = MarkdownError("a link without an address is shown as text")
        context.warnings.append(warning.at(line=here.line, cell=here.cell, text=written, hint=hint))
