"""What a cell produced -> HTML, by MIME type, the richest safe one first."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from markdown_it import MarkdownIt

from ..addresses import address
from ..errors import OutputError
from ..model import Bundle, Code, Failure, Image, Output, Stream
from . import terminal
from .context import Context, Place
from .labels import caption_start
from .markdown import (
    display_formula,
    numbered_caption,
    read_fragment,
    render_inline,
    render_tokens,
)
from .pictures import NotAPicture, finish_svg, measure
from .sanitize import clean_output

LARGEST_SVG = 300_000
"""Bytes; a larger drawing is published as the PNG beside it, if there is one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One output as HTML."""

    page: str
    feed: str
    kind: Literal["figure", "text"] = "text"


@dataclass(frozen=True, slots=True)
class Frame:
    """What an output is rendered with."""

    md: MarkdownIt
    context: Context
    code: Code
    bundle: Bundle

    @property
    def place(self) -> Place:
        """The cell that the output belongs to."""
        return Place(self.code.cell, self.code.line)

    def problem(self, message: str, hint: str | None = None) -> None:
        """Note that the output cannot be shown."""
        error = OutputError(message).at(cell=self.code.cell, line=self.code.line, hint=hint)
        self.context.errors.append(error)


Renderer = Callable[[str, Frame], Shown | None]
"""(content of the MIME type, frame) -> HTML; None if the next type should be tried."""


def render_outputs(
    md: MarkdownIt, context: Context, code: Code, outputs: Sequence[Output]
) -> tuple[str, str]:
    """The outputs of a cell as HTML: (for the page, for the feed)."""
    shown = [item for output in outputs if (item := _show(md, context, code, output))]
    display = code.display
    if display.label and display.label not in context.labels:
        # A label of no known kind is an id and nothing else.
        if display.label in context.ids:
            error = OutputError(f"the label `{display.label}` stands twice in the post")
            context.errors.append(error.at(cell=code.cell, line=code.line))
        context.ids.add(display.label)
    if not (display.caption or display.label):
        return "".join(item.page for item in shown), "".join(item.feed for item in shown)
    return _with_figure(md, context, code, shown)


def _with_figure(
    md: MarkdownIt, context: Context, code: Code, shown: Sequence[Shown]
) -> tuple[str, str]:
    """Pictures of a captioned cell stand in one figure, where the first of them stood."""
    caption, feed_caption = _caption(md, context, code)
    identity = f' id="{escape(code.display.label)}"' if code.display.label else ""
    # A caption may also belong to a table: then the whole output is the figure.
    pictures = [item for item in shown if item.kind == "figure"] or list(shown)
    before = shown[: shown.index(pictures[0])] if pictures else shown
    after = [item for item in shown[len(before) :] if item not in pictures]
    figure = "".join(item.page for item in pictures)
    feed_figure = "".join(item.feed for item in pictures)
    return (
        "".join(item.page for item in before)
        + f"<figure{identity}>{figure}{caption}</figure>\n"
        + "".join(item.page for item in after),
        "".join(item.feed for item in before)
        + f"<figure>{feed_figure}{feed_caption}</figure>\n"
        + "".join(item.feed for item in after),
    )


def _caption(md: MarkdownIt, context: Context, code: Code) -> tuple[str, str]:
    """The caption of a cell's figure, with its number: (for the page, for the feed)."""
    display = code.display
    label = context.labels.get(display.label)
    start = caption_start(label.name, label.number, context.strings) if label else ""
    texts = ("", "")
    if display.caption:
        place = Place(code.cell, display.caption_line or code.line)
        texts = render_inline(md, display.caption, context, place)
    if not (start or display.caption):
        return "", ""
    start = numbered_caption(start, bool(display.caption))
    page, feed = (f"<figcaption>{start}{text}</figcaption>" for text in texts)
    return page, feed


def _show(md: MarkdownIt, context: Context, code: Code, output: Output) -> Shown | None:
    match output:
        case Stream(name, text):
            wanted = code.display.stdout if name == "stdout" else code.display.stderr
            return _text(text, name) if wanted and text else None
        case Failure():
            return _text(output.traceback or f"{output.name}: {output.value}", "traceback")
        case Bundle(data):
            frame = Frame(md, context, code, output)
            for mime, renderer in RENDERERS.items():
                if mime in data:
                    shown = renderer(data[mime], frame)
                    if shown:
                        return shown
            if not any(mime in RENDERERS for mime in data):
                known = ", ".join(data) or "nothing"
                frame.problem(
                    f"an output has no representation that a page can show (it has {known})",
                    "print it, or show it as text, HTML or a figure",
                )
    return None


def _text(text: str, kind: str) -> Shown:
    text = text.rstrip("\n")
    page = f'<pre class="{kind}" tabindex="0"><samp>{terminal.to_html(text)}</samp></pre>\n'
    plain = escape(terminal.plain(text), quote=False)
    return Shown(page, f"<pre><samp>{plain}</samp></pre>\n")


def _picture(content: bytes, suffix: str, frame: Frame, feed_content: bytes | None = None) -> Shown:
    """A picture as a file of its own; a feed gets the bitmap, which no reader has to recolour."""
    config = frame.context.links.config
    size = _size(content, suffix, frame.bundle.metadata)
    path = frame.context.publish_hashed(content, suffix)
    feed_path = frame.context.publish_hashed(feed_content, ".png") if feed_content else path
    alt = frame.code.display.alt or frame.context.strings["figure_alt"]
    attributes = f'alt="{escape(alt)}"'
    if size:
        attributes += f' width="{size[0]}" height="{size[1]}"'
    frame.context.images.append(Image(feed_path, alt, *(size or (0, 0))))
    return Shown(
        f'<img src="{address(path, config)}" {attributes} loading="lazy">\n',
        f'<p><img src="{address(feed_path, config)}" {attributes}></p>\n',
        "figure",
    )


def _size(content: bytes, suffix: str, metadata: Mapping[str, object]) -> tuple[int, int] | None:
    """Width and height: what the code asked for (`Image(width=…)`), or the picture's own."""
    own = measure(content)
    for value in metadata.values():
        wanted = value if isinstance(value, dict) else {}
        width, height = (_pixels(wanted.get(name)) for name in ("width", "height"))
        if width and height:
            return width, height
        if own and all(own) and (width or height):
            scale = width / own[0] if width else height / own[1]
            return round(own[0] * scale), round(own[1] * scale)
    return own


def _pixels(value: object) -> int:
    """A length in pixels, or 0: `50%` means nothing where a picture has no frame."""
    return round(value) if isinstance(value, int | float) and value > 0 else 0


def _svg(text: str, frame: Frame) -> Shown | None:
    bitmap = _decoded(frame.bundle.data.get("image/png", ""))
    if bitmap and len(text) > LARGEST_SVG:
        return None
    try:
        return _picture(finish_svg(text), ".svg", frame, bitmap)
    except NotAPicture as error:
        frame.problem(f"an output is not valid SVG: {error}")
        return None


def _bitmap(suffix: str) -> Renderer:
    def render(text: str, frame: Frame) -> Shown | None:
        content = _decoded(text)
        if content is None or measure(content) is None:
            frame.problem(f"an output is not a {suffix[1:].upper()} picture")
            return None
        return _picture(content, suffix, frame)

    return render


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=False) or None
    except (binascii.Error, ValueError):
        return None


def _html(text: str, frame: Frame) -> Shown:
    html = clean_output(text)
    return Shown(f'<div class="html" tabindex="0">{html}</div>\n', html + "\n")


DELIMITED = re.compile(
    r"""
    \s* (?: \$\$ ((?: [^$\\] | \\. )*) \$\$ | \$ ((?: [^$\\] | \\. )*) \$
    | \\\[ ((?: (?!\\\]) . )*) \\\] | \\\( ((?: (?!\\\)) . )*) \\\) ) \s*
    """,
    re.VERBOSE | re.DOTALL,
)
DELIMITER = re.compile(r"(?<!\\)(?:\$|\\[(\[])")


def _latex(text: str, frame: Frame) -> Shown:
    """A formula with or without its delimiters, or text with formulas in it."""
    match = DELIMITED.fullmatch(text)
    if not match and DELIMITER.search(text):
        return _markdown(text, frame)
    tex = next((group for group in match.groups() if group is not None), "") if match else text
    formula = frame.context.formula(tex.strip(), True, frame.place)
    return Shown(
        display_formula(formula.html, {"medium": "page"}),
        display_formula(formula.feed, {"medium": "feed"}),
    )


def _markdown(text: str, frame: Frame) -> Shown:
    tokens = read_fragment(frame.md, text, frame.context, frame.place)
    page, feed = (render_tokens(frame.md, tokens, medium) for medium in ("page", "feed"))
    return Shown(page, feed)


def _json(text: str, frame: Frame) -> Shown:
    return _text(json.dumps(json.loads(text), ensure_ascii=False, indent=2), "result")


def _plain(text: str, frame: Frame) -> Shown:
    return _text(text, "result")


RENDERERS: dict[str, Renderer] = {
    "image/svg+xml": _svg,
    "image/png": _bitmap(".png"),
    "image/jpeg": _bitmap(".jpg"),
    "image/webp": _bitmap(".webp"),
    "image/gif": _bitmap(".gif"),
    "text/html": _html,
    "text/latex": _latex,
    "text/markdown": _markdown,
    "application/json": _json,
    "text/plain": _plain,
}
"""MIME type -> how it is shown. The order is the preference."""
