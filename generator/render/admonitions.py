"""Admonitions, `:::{note}` and GitHub's `> [!NOTE]`, and parts that fold, `:::{dropdown}`.

An admonition's own title stands instead of its kind's name. One of the class `dropdown` folds.
A feed has no classes: there an admonition is a quotation that begins with its title.
"""

from __future__ import annotations

import re
from html import escape

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from msgspec.structs import replace

from ..errors import MarkdownError
from ..record import suggestion
from .context import Context
from .directive_options import FLAG, Option
from .directives import Directive, Frame, Written, frame_token

KINDS = (
    "note",
    "tip",
    "hint",
    "important",
    "warning",
    "caution",
    "danger",
    "attention",
    "error",
    "seealso",
)
ALERTS = ("note", "tip", "important", "warning", "caution")
"""The kinds that GitHub knows."""
ALERT = re.compile(r"\[!(?P<kind>\w+)\][ \t]*(?:\n|$)")

CLASSES = Option(
    "`dropdown`, a kind of admonition, or both",
    re.compile(rf"(?:dropdown|{'|'.join(KINDS)})(?:\s+(?:dropdown|{'|'.join(KINDS)}))?"),
    f"kinds: {', '.join(KINDS)}",
)


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    """A box with a title; one that holds nothing but its title has that for its text."""
    classes = written.options.get("class", "").split()
    named = next((name for name in classes if name in KINDS), "note")
    kind = named if written.name == "admonition" else written.name
    name = escape(context.strings[kind], quote=False)
    titled = bool(written.argument) and not written.empty
    around, title = ("details", "summary") if "dropdown" in classes else ("div", "p")
    if around == "details":
        role = " open" if "open" in written.options else ""
    else:
        # With a title of its own, a reader who cannot see the colour is told the kind.
        told = f' aria-label="{escape(context.strings[kind])}"' if titled else ""
        role = f' role="note"{told}'
    opening = f'<{around} class="admonition {kind}"{role}>\n<{title} class="admonition-title">'
    closing = f"</{around}>\n"
    strong = "<blockquote>\n<p><strong>"
    if titled:
        return (
            Frame(opening, f"</{title}>\n", closing=closing),
            Frame(strong, "</strong></p>\n", closing="</blockquote>\n"),
        )
    text = ("<p>", "</p>\n") if written.argument else ("", "")
    return (
        Frame(f"{opening}{name}</{title}>\n{text[0]}", text[1], closing=closing),
        Frame(f"{strong}{name}</strong></p>\n{text[0]}", text[1], closing="</blockquote>\n"),
    )


def _show_dropdown(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    """What a reader unfolds, in a feed too."""
    title = "" if written.argument else escape(context.strings["details"], quote=False)
    is_open = " open" if "open" in written.options else ""
    return (
        Frame(
            f'<details class="dropdown"{is_open}>\n<summary>{title}',
            "</summary>\n",
            closing="</details>\n",
        ),
        Frame(f"<details>\n<summary>{title}", "</summary>\n", closing="</details>\n"),
    )


ADMONITION_DIRECTIVES = {
    **{kind: Directive(_show, {"class": CLASSES, "open": FLAG}) for kind in KINDS},
    "admonition": Directive(
        _show,
        {"class": CLASSES, "open": FLAG},
        needs={
            "argument": "write its title behind the braces, or name a kind: :::{note}",
            "body": "write its text below its title",
        },
    ),
    "dropdown": Directive(
        _show_dropdown,
        {"open": FLAG},
        needs={"body": "write below it what unfolds"},
        pressed=True,
    ),
}


def alerts_plugin(md: MarkdownIt) -> None:
    """Read GitHub's alerts: a quotation whose first line is `[!NOTE]` is an admonition."""
    md.core.ruler.before("inline", "alerts", _alerts)


def _alerts(state: StateCore) -> None:
    tokens: list[Token] = []
    closings: list[dict[str, Frame] | None] = []
    rest = list(reversed(state.tokens))
    while rest:
        token = rest.pop()
        if token.type == "blockquote_open":
            opening = _alert(token, rest, state)
            closings.append(opening.meta["frames"] if opening else None)
            if opening:
                tokens += [
                    opening,
                    frame_token("directive_argument", 0, opening.meta["frames"]),
                ]
                continue
        elif token.type == "blockquote_close":
            frames = closings.pop()
            if frames is not None:
                tokens.append(frame_token("directive_close", -1, frames))
                continue
        tokens.append(token)
    state.tokens = tokens


def _alert(quote: Token, rest: list[Token], state: StateCore) -> Token | None:
    """The opening of an admonition instead of a quote's; its marker is taken out of `rest`."""
    if len(rest) < 2 or rest[-1].type != "paragraph_open":
        return None
    paragraph, inline = rest[-1], rest[-2]
    match = ALERT.match(inline.content)
    references = state.env.get("references", {})
    if not match or normalizeReference(f"!{match['kind']}") in references:
        return None
    kind = match["kind"].lower()
    opening = frame_token("directive_open", 1, {})
    opening.map = quote.map
    opening.meta = {**quote.meta, **opening.meta}
    written = Written(kind, "", {}, f"> {match[0].strip()}")
    if kind not in ALERTS:
        hint = suggestion(kind, ALERTS) or f"kinds: {', '.join(ALERTS)}"
        line = quote.map[0] if quote.map else None
        error = MarkdownError(f"unknown alert `[!{match['kind']}]`")
        error.at(line=line, text=written.opening, hint=hint)
        written = replace(written, name="note", problems=(error,))
    opening.meta["written"] = written
    inline.content = inline.content[match.end() :]
    for token in (paragraph, inline):
        if token.map:
            token.map = [token.map[0] + 1, token.map[1]]
    if not inline.content.strip():
        del rest[-3:]
    return opening
