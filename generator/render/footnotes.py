"""Footnotes: links both ways, and on a wide page each note stands beside the place that names it.

A note stands once, at the end of the text, where narrow pages, print, feeds and screen readers
have it. The style sheet moves it to the margin by the anchors that are named here (CSS Anchor
Positioning 1); a browser that does not know them leaves it at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import (
    render_footnote_anchor,
    render_footnote_block_open,
    render_footnote_open,
)

from ..errors import MarkdownError
from .context import Context, Place
from .directives import PROBLEM
from .tokens import RenderRule

NAMES = {
    "footnote_ref": "footnote_reference",
    "footnote_anchor": "back_to_text",
    "footnote_block_open": "footnotes",
}
"""Type of a token -> the text of the theme that names it for those who do not see it."""


UNDEFINED = re.compile(r"(?<!\\)\[\^[^\[\]\s]+\](?![(:])")
"""What stands in the text as it was written, because no note has that label."""


def footnotes_plugin(md: MarkdownIt) -> None:
    """Footnotes, `[^label]` and `^[text]`; a note that would be lost is an error."""
    footnote_plugin(md)
    md.core.ruler.before("footnote_tail", "footnote_lost", _note_lost)


def _note_lost(state: StateCore) -> None:
    """Put a problem before each note that nothing names, or whose label another has, too."""
    used: dict[str, int] = state.env.get("footnotes", {}).get("refs", {})
    seen: set[str] = set()
    tokens: list[Token] = []
    for token in state.tokens:
        if token.type == "footnote_reference_open" and token.map:
            label = token.meta["label"]
            message = hint = ""
            if label in seen:
                message = f"two footnotes have the label `{label}`"
                hint = "give one another label: only one of them would be shown"
            elif used.get(f":{label}", -1) < 0:
                message = f"nothing in the text names the footnote `{label}`"
                hint = f"put [^{label}] where it belongs, or remove the note"
            seen.add(label)
            if message:
                error = MarkdownError(message).at(line=token.map[0], hint=hint)
                problem = Token(PROBLEM, "", 0, map=token.map)
                error.at(text=f"[^{label}]:")
                problem.meta = {"problems": [error], "cell": token.meta.get("cell")}
                tokens.append(problem)
        tokens.append(token)
    state.tokens = tokens


def note_undefined(inline: Token, context: Context, place: Place) -> None:
    """Note each footnote that the text names and nothing defines."""
    shown = "\n".join(child.content for child in inline.children or [] if child.type == "text")
    for match in UNDEFINED.finditer(inline.content):
        if match[0] in shown:
            hint = f"write it: {match[0]}: …, on a line of its own; or put it into code"
            line = inline.content.count("\n", 0, match.start())
            error = MarkdownError(f"there is no footnote `{match[0][2:-1]}`")
            error.at(line=place.below(line).line, cell=place.cell, text=match[0], hint=hint)
            context.errors.append(error)


def note_in_caption(inline: Token, context: Context, place: Place) -> None:
    """Note footnotes in the caption of a cell, which is no part of the text that has them."""
    shown = [child for child in inline.children or [] if child.type in ("text", "footnote_ref")]
    for child in shown:
        match = UNDEFINED.search(child.content)
        if match or child.type == "footnote_ref":
            error = MarkdownError("the caption of a cell has no footnotes")
            error.at(line=place.line, cell=place.cell, text=match[0] if match else inline.content)
            context.errors.append(error.at(hint="write the note in brackets, or in the text"))
            return


def prepare_footnote(token: Token, context: Context) -> None:
    """Give a token of a footnote its name in the page's language; any other stays as it is."""
    if token.type in NAMES:
        text = context.strings[NAMES[token.type]]
        token.meta = {**token.meta, "name": text.format(n=_number(token))}


def _number(token: Token) -> str:
    """The number of a note, and which of its places it is where there are several."""
    if "id" not in token.meta:
        return ""
    place = token.meta.get("subId", 0)
    return f"{token.meta['id'] + 1}" + (f"-{place + 1}" if place > 0 else "")


def _name(token: Token, env: EnvType) -> str:
    """The end of the id of a note: its number, behind the name of the output that it is in."""
    document = env.get("docId", "")
    return (f"-{document}-" if document else "") + str(token.meta["id"] + 1)


def _place(token: Token, env: EnvType) -> str:
    """The end of the id of a place that names a note."""
    place = token.meta.get("subId", 0)
    return _name(token, env) + (f":{place}" if place > 0 else "")


def _reference(token: Token, env: EnvType) -> str:
    note = _name(token, env)
    # The note stands beside the first place that names it.
    anchor = "" if token.meta.get("subId", 0) > 0 else f' style="--here: --fnref{note}"'
    return (
        f'<sup class="footnote-ref"><a href="#fn{note}" id="fnref{_place(token, env)}" '
        f'role="doc-noteref" aria-label="{escape(token.meta["name"])}"{anchor}>'
        f"{token.meta['id'] + 1}</a></sup>"
    )


def _notes(token: Token, env: EnvType) -> str:
    return (
        f'<section class="footnotes" role="doc-endnotes" aria-label="{escape(token.meta["name"])}">'
        '\n<ol class="footnotes-list">\n'
    )


def _note(token: Token, env: EnvType) -> str:
    note, number = _name(token, env), token.meta["id"] + 1
    above = note.removesuffix(str(number)) + str(number - 1)
    # Its place, its own name for the note below it, and the note that it must not cover.
    style = f"--place: --fnref{note}; --own: --fn{note}; --above: --fn{above}"
    return f'<li id="fn{note}" class="footnote-item" style="{style}">'


def _back(token: Token, env: EnvType) -> str:
    # It stands behind the last word, on the same line. The variation selector keeps phones from
    # drawing the arrow as an emoji.
    return (
        f'\u00a0<a href="#fnref{_place(token, env)}" class="footnote-backref" role="doc-backlink" '
        f'aria-label="{escape(token.meta["name"])}">\u21a9\ufe0e</a>'
    )


def _reference_in_feed(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    # The plugin would tell the places apart, [1:1]; the note itself is one.
    number = tokens[i].meta["id"] + 1
    note, place = _name(tokens[i], env), _place(tokens[i], env)
    return f'<sup><a href="#fn{note}" id="fnref{place}">[{number}]</a></sup>'


def _rule(page: Callable[[Token, EnvType], str], feed: RenderRule) -> RenderRule:
    """A feed has the plugin's own form, and numbers in brackets: nothing styles it."""

    def render(
        self: RendererProtocol,
        tokens: Sequence[Token],
        i: int,
        options: OptionsDict,
        env: EnvType,
    ) -> str:
        in_feed = env.get("medium") == "feed"
        return feed(self, tokens, i, options, env) if in_feed else page(tokens[i], env)

    return render


FOOTNOTE_RULES: dict[str, RenderRule] = {
    "footnote_ref": _rule(_reference, _reference_in_feed),
    "footnote_block_open": _rule(_notes, render_footnote_block_open),
    "footnote_open": _rule(_note, render_footnote_open),
    "footnote_anchor": _rule(_back, render_footnote_anchor),
}
