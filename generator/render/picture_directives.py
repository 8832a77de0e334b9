"""Pictures as directives: `:::{figure} a.png` with a caption, `:::{image} a.png` without.

The first paragraph of a figure's body is its caption; what follows stands below it. A figure that
names no picture begins with a paragraph of some, which stand beside each other, as in MyST.
"""

from __future__ import annotations

from html import escape

from markdown_it.token import Token

from .block_rules import line_text
from .context import Context
from .directive_options import ALIGNMENT, TEXT, WIDTH
from .directives import Directive, Draft, Frame, Written
from .labels import caption_start, numbered_caption
from .tokens import text_token

PICTURE = "directive_picture"
"""The token of a directive's picture; `meta["image"]` is that of an image in a line."""
ROW = "pictures_open"
"""The token before the text that names the pictures of one figure."""


def _push_figure(draft: Draft) -> None:
    """The picture, or the pictures that the body begins with."""
    if draft.argument:
        _push(draft)
        return
    state = draft.state
    while draft.body < draft.last and state.isEmpty(draft.body):
        draft.body += 1
    first = draft.body
    while draft.body < draft.last and not state.isEmpty(draft.body):
        draft.body += 1
    lines = [line_text(state, line).strip() for line in range(first, draft.body)]
    if not lines or not lines[0].startswith("!["):
        hint = "name a picture beside the post behind the braces, or begin with a line of pictures"
        draft.wrong("`{figure}` has no picture", hint)
        return
    for option in ("alt", "width"):
        if option in draft.options:
            hint = "write it with each picture: ![What it shows](a.png)"
            draft.wrong(f"`:{option}:` is said of one picture", hint, draft.line_of(option))
    opening = state.push(ROW, "div", 1)
    opening.attrSet("class", "pictures")
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = "\n".join(lines), [first, draft.body], []
    opening.map = inline.map
    state.push("pictures_close", "div", -1)


def _push(draft: Draft) -> None:
    """The picture, with what describes it."""
    address = draft.state.md.normalizeLink(draft.argument)
    if not draft.state.md.validateLink(address):
        draft.wrong("the address of the picture is none", "name a file beside the post")
        return
    image = Token("image", "img", 0)
    image.attrs = {"src": address, "alt": ""}
    alternative = draft.options.get("alt", "")
    image.children = [text_token(alternative)] if alternative else []
    token = draft.state.push(PICTURE, "", 0)
    token.map = [draft.start, draft.start + 1]
    token.meta = {"image": image, "width": draft.options.get("width", "")}


def _finish(draft: Draft, tokens: list[Token]) -> list[Token]:
    """The caption's paragraph is none: its text stands in the caption itself."""
    if not tokens:
        return tokens
    if tokens[0].type != "paragraph_open":
        hint = "begin with a paragraph; tables, lists and code may follow it"
        draft.wrong("the caption of a figure is no text", hint, (tokens[0].map or [draft.body])[0])
        return tokens
    draft.facts["caption"] = 1
    draft.facts["legend"] = int(len(tokens) > 3)
    tokens[0].hidden = tokens[2].hidden = True
    return tokens


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    captioned = "caption" in written.facts
    label = written.options.get("label", "") if number else ""
    start = numbered_caption(caption_start(label, number, context.strings), captioned)
    # A share of the width is one of the text's, not of what a figure may take.
    sized = ("sized",) if written.options.get("width", "").endswith("%") else ()
    opening = f"<figure{identity(label)}{aligned(written, *sized)}>\n"
    before, after = ("<figcaption>" + start, "</figcaption>\n") if captioned or start else ("", "")
    closing = f"{after}</figure>\n"
    return (
        Frame(opening, before_body=before, closing=closing),
        Frame("<figure>\n", before_body=before, closing=closing),
    )


def _show_image(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    return (
        Frame(f"<p{aligned(written, 'image')}>", closing="</p>\n"),
        Frame("<p>", closing="</p>\n"),
    )


def identity(label: str) -> str:
    """The attribute that a reference leads to."""
    return f' id="{escape(label)}"' if label else ""


def aligned(written: Written, *classes: str) -> str:
    """The classes of what a directive shows, with those that put it aside."""
    align = written.options.get("align", "center")
    names = (*classes, *([f"align-{align}"] if align != "center" else []))
    return f' class="{" ".join(names)}"' if names else ""


OPTIONS = {"alt": TEXT, "width": WIDTH, "align": ALIGNMENT}
NEEDS = {"argument": "name a picture beside the post behind the braces"}

PICTURE_DIRECTIVES = {
    "figure": Directive(
        _show,
        {"label": TEXT, **OPTIONS},
        argument="text",
        counts="fig",
        only_labelled=True,
        push=_push_figure,
        finish=_finish,
    ),
    "image": Directive(_show_image, OPTIONS, argument="text", needs=NEEDS, body="none", push=_push),
}
