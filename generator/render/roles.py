"""Roles: `` {name}`text` ``, MyST's directives inside a line.

Most of what they do has a shorter form here, `$x$` and `@eq-name`; they are read so that text
from MyST and Jupyter Book keeps its meaning, and so that a mistyped one is no text.
Those that lead somewhere may have words of their own: `` {ref}`the cut <fig-cut>` ``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from ..addresses import linked_post
from ..errors import MarkdownError
from ..record import suggestion
from .context import Context, Place
from .cross_references import Item, push_reference
from .glossary import find_term
from .tokens import text_token

WRONG = "wrong_role"
"""The token of a role that has no meaning, or whose text has none."""
LINK = "role_link"
"""The token of a role that leads to a file, a post or a term."""
ROLE = re.compile(r"\{(?P<name>[A-Za-z][\w:+.-]*)\}(?P<ticks>`+)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)")
OWN_WORDS = re.compile(r"(?P<words>.+?)\s*<(?P<target>[^<>]+)>\s*", re.DOTALL)
ABBREVIATION = re.compile(r"(?P<short>.+?)\s*\((?P<long>.+)\)\s*")

Push = Callable[[StateInline, str, int], None]
"""(state, text of the role, where it ends) -> pushes its tokens and moves on."""


def _math(state: StateInline, text: str, end: int) -> None:
    token = state.push("math_inline", "math", 0)
    token.content = text.strip()
    token.markup = "$"
    state.pos = end


def _parted(text: str) -> tuple[str, str]:
    """Own words and target: `the cut <fig-cut>`; without own words, nothing and all of it."""
    match = OWN_WORDS.fullmatch(text)
    return (match["words"], match["target"].strip()) if match else ("", text.strip())


def _reference(short: bool) -> Push:
    def push(state: StateInline, text: str, end: int) -> None:
        words, target = _parted(text)
        post, _, label = target.rpartition(":")
        push_reference(state, [Item(label, post, short=short, words=words)], end, "brackets")

    return push


def _citation(how: str) -> Push:
    def push(state: StateInline, text: str, end: int) -> None:
        keys = [key.strip() for key in text.split(",") if key.strip()]
        push_reference(state, [Item(key=key) for key in keys], end, how)

    return push


def _element(tag: str) -> Push:
    def push(state: StateInline, text: str, end: int) -> None:
        _push_element(state, tag, text.strip())
        state.pos = end

    return push


def _push_element(state: StateInline, tag: str, text: str) -> Token:
    opening = state.push(f"{tag}_open", tag, 1)
    state.push("text", "", 0).content = text
    state.push(f"{tag}_close", tag, -1)
    return opening


def _abbreviation(state: StateInline, text: str, end: int) -> None:
    match = ABBREVIATION.fullmatch(text)
    if match:
        opening = _push_element(state, "abbr", match["short"].strip())
        opening.attrs = {"title": match["long"].strip()}
        state.pos = end
        return
    hint = "write what it is short for in brackets: {abbr}`SVD (singular value decomposition)`"
    _push_wrong(state, "an abbreviation without its long form", hint, end)


def _link(kind: str) -> Push:
    def push(state: StateInline, text: str, end: int) -> None:
        words, target = _parted(text)
        token = state.push(LINK, "", 0)
        token.content = state.src[state.pos : end]
        token.info = kind
        token.meta = {"target": target, "words": words, "inside_link": state.linkLevel > 0}
        state.pos = end

    return push


def _push_wrong(state: StateInline, message: str, hint: str, end: int) -> None:
    token = state.push(WRONG, "", 0)
    token.content = state.src[state.pos : end]
    token.meta = {"message": message, "hint": hint}
    state.pos = end


ROLES: dict[str, Push] = {
    "math": _math,
    "eq": _reference(short=True),
    "ref": _reference(short=False),
    "numref": _reference(short=False),
    "prf:ref": _reference(short=False),
    "cite": _citation("brackets"),
    "cite:p": _citation("brackets"),
    "cite:t": _citation("bare"),
    "abbr": _abbreviation,
    "abbreviation": _abbreviation,
    "sub": _element("sub"),
    "subscript": _element("sub"),
    "sup": _element("sup"),
    "superscript": _element("sup"),
    "kbd": _element("kbd"),
    "keyboard": _element("kbd"),
    "download": _link("download"),
    "doc": _link("doc"),
    "term": _link("term"),
}
"""Name of a role to what it pushes."""


def roles_plugin(md: MarkdownIt) -> None:
    """Read roles; those of unknown names are errors of the post."""
    md.inline.ruler.before("backticks", "role", _role)


def _role(state: StateInline, silent: bool) -> bool:
    match = ROLE.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if silent:
        state.pos = match.end()
        return True
    push = ROLES.get(match["name"])
    if push is not None:
        push(state, match["text"], match.end())
        return True
    hint = suggestion(match["name"], ROLES) or (
        f"a brace before code is \\{{; roles: {', '.join(ROLES)}"
    )
    _push_wrong(state, f"unknown role `{{{match['name']}}}`", hint, match.end())
    return True


def note_wrong_role(token: Token, context: Context, place: Place) -> None:
    """Note a role that has no meaning."""
    error = MarkdownError(token.meta["message"]).at(
        line=place.line, cell=place.cell, text=token.content, hint=token.meta["hint"]
    )
    context.errors.append(error)


def prepare_link(token: Token, context: Context, place: Place) -> list[Token]:
    """The tokens of a link: to a file beside the post, to another post, to a term."""
    target, words = token.meta["target"], token.meta["words"]
    href, attributes = "", dict[str, str | int | float]()
    if token.info == "term":
        fragment = find_term(target, context.terms, context, place)
        href = f"#{fragment}" if fragment else ""
        attributes = {"class": "term"}
    elif token.info == "download":
        found = context.target(target, place)
        href, attributes = found.address, {"download": ""}
        words = words or target.rpartition("/")[2]
    else:
        href = context.target(target, place).address
        post = linked_post(target, context.post, context.links)
        words = words or (context.links.titles.get(post, "") if post else "")
    text = text_token(words or target)
    if token.meta["inside_link"]:
        return [text]
    opening, closing = Token("link_open", "a", 1), Token("link_close", "a", -1)
    opening.attrs = {**attributes, "href": href}
    return [opening, text, closing]
