"""Roles: `` {name}`text` ``, MyST's directives inside a line.

Most of what they do has a shorter form here, `$x$` and `@eq-name`; they are read so that text
from MyST and Jupyter Book keeps its meaning, and so that a mistyped one is no text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from ..errors import MarkdownError
from ..record import suggestion
from .context import Context, Place
from .cross_references import Item, push_reference

UNKNOWN = "unknown_role"
"""The token of a role that has no meaning."""
ROLE = re.compile(r"\{(?P<name>[A-Za-z][\w:+.-]*)\}(?P<ticks>`+)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)")

Push = Callable[[StateInline, str, int], None]
"""(state, text of the role, where it ends) -> pushes its tokens and moves on."""


def _math(state: StateInline, text: str, end: int) -> None:
    token = state.push("math_inline", "math", 0)
    token.content = text.strip()
    token.markup = "$"
    state.pos = end


def _reference(short: bool) -> Push:
    def push(state: StateInline, text: str, end: int) -> None:
        post, _, label = text.strip().rpartition(":")
        push_reference(state, [Item(label, post, short=short)], end, "brackets")

    return push


def _citation(how: str) -> Push:
    def push(state: StateInline, text: str, end: int) -> None:
        keys = [key.strip() for key in text.split(",") if key.strip()]
        push_reference(state, [Item(key=key) for key in keys], end, how)

    return push


ROLES: dict[str, Push] = {
    "math": _math,
    "eq": _reference(short=True),
    "ref": _reference(short=False),
    "numref": _reference(short=False),
    "prf:ref": _reference(short=False),
    "cite": _citation("brackets"),
    "cite:p": _citation("brackets"),
    "cite:t": _citation("bare"),
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
    token = state.push(UNKNOWN, "", 0)
    token.content = match[0]
    token.info = match["name"]
    state.pos = match.end()
    return True


def note_unknown_role(name: str, written: str, context: Context, place: Place) -> None:
    """Note a role that has no meaning."""
    hint = suggestion(name, ROLES) or f"a brace before code is \\{{; roles: {', '.join(ROLES)}"
    error = MarkdownError(f"unknown role `{{{name}}}`")
    context.errors.append(error.at(line=place.line, cell=place.cell, text=written, hint=hint))
