"""What a cell produced -> HTML, by MIME type, the richest safe one first."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..addresses import absolute, address, post_page
from ..errors import OutputError
from ..model import Bundle, Code, Failure, Image, Omission, Output, Stream
from ..sizes import size_text
from . import terminal
from .context import Context, Fragments, Place
from .drawings import NotAPicture, by_matplotlib, page_figure, safe_svg
from .images import Picture, measure, publish_picture
from .interactive import Figure, figure_of
from .labels import caption_start, numbered_caption
from .markdown import (
    formula_fragment,
    prepare_fragment,
    read_fragment,
    render_inline,
    render_tokens,
)
from .rich_html import MEDIA_SUFFIXES, finish_html
from .vega import draw_vega

LARGEST_SVG = 300_000
"""Bytes; a larger drawing is published as the PNG beside it, if there is one."""
MOST_LINES = 40
"""A text of more lines is folded."""
LINES_SHOWN = 20
"""Of a folded text."""


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
    number: int
    """Of the output, among those of its cell."""

    @property
    def place(self) -> Place:
        """The cell that the output belongs to."""
        return Place(self.code.cell, self.code.line)

    def publish(self, picture: bytes, suffix: str) -> str:
        """Make a file of a picture, and return its address."""
        return address(self.context.publish_hashed(picture, suffix), self.context.links.config)

    def problem(self, message: str, hint: str | None = None) -> None:
        """Note that the output cannot be shown."""
        error = OutputError(message).at(cell=self.code.cell, line=self.code.line, hint=hint)
        self.context.errors.append(error)


Renderer = Callable[[str, Frame], Shown | None]
"""(content of the MIME type, frame) -> HTML; None if the next type should be tried."""


def read_outputs(
    md: MarkdownIt, outputs: Mapping[Code, Sequence[Output]], works: Iterable[str], language: str
) -> Fragments:
    """The tokens of all that will be shown as Markdown or TeX: it may have labels."""
    works = tuple(works)
    fragments: dict[tuple[int, int], Sequence[Token]] = {}
    for code, items in outputs.items():
        for number, output in enumerate(items):
            if code.display.output == "absent" or not isinstance(output, Bundle):
                continue
            mime = next((mime for mime in RENDERERS if mime in output.data), "")
            if mime in READERS:
                fragments[code.cell, number] = READERS[mime](
                    md, output.data[mime], code, works, language
                )
    return fragments


def render_outputs(
    md: MarkdownIt, context: Context, code: Code, outputs: Sequence[Output]
) -> tuple[str, str]:
    """The outputs of a cell as HTML: (for the page, for the feed)."""
    drawn = any(isinstance(output, Bundle) and is_drawn(output) for output in outputs)
    shown = [
        item
        for number, output in enumerate(outputs)
        if not (drawn and isinstance(output, Bundle) and names_a_figure(output))
        if (item := _show(md, context, code, output, number))
    ]
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


FIGURE_PARTS = re.compile(
    r"(?:array\()?\[*(?:<matplotlib\.|<seaborn\.|<Axes|<Figure size |Text\(-?\d)"
)
"""How the parts of Matplotlib's figures begin as text; most go on with an address in memory."""


def is_drawn(output: Bundle) -> bool:
    """Whether an output is a picture."""
    return any(mime.startswith("image/") for mime in output.data)


def names_a_figure(output: Bundle) -> bool:
    """Whether it is nothing but the name of a figure's part: what `plt.plot(x)` comes to.

    Beside the figure that says nothing to a reader.
    """
    return output.data.keys() == {"text/plain"} and bool(
        FIGURE_PARTS.match(output.data["text/plain"])
    )


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


def _show(
    md: MarkdownIt, context: Context, code: Code, output: Output, number: int
) -> Shown | None:
    match output:
        case Stream(name, text):
            wanted = code.display.stdout if name == "stdout" else code.display.stderr
            return _text(text, name, context) if wanted and text else None
        case Failure():
            said = output.traceback or f"{output.name}: {output.value}"
            return _text(said, "traceback", context)
        case Omission(size):
            notice = escape(omission_text(size, context.strings), quote=False)
            return Shown(f'<p class="omission">{notice}</p>\n', f"<p><em>{notice}</em></p>\n")
        case Bundle(data):
            frame = Frame(md, context, code, output, number)
            if "html" not in context.post.meta.trusted or "text/html" not in data:
                figures = (figure_of(mime, data[mime]) for mime in sorted(data))
                found = next((figure for figure in figures if figure), None)
                if found:
                    return _interactive(found, frame)
            for mime, renderer in RENDERERS.items():
                if mime in data:
                    shown = renderer(data[mime], frame)
                    if shown:
                        return shown
            if not any(mime in RENDERERS for mime in data) and data:
                known = ", ".join(data)
                frame.problem(
                    f"an output has no representation that a page can show (it has {known})",
                    "print it, or show it as text, HTML or a figure",
                )
    return None


def omission_text(size: int, strings: Mapping[str, str]) -> str:
    """What stands for output that is not kept; `strings` are in the post's language."""
    return strings["omission"].format(size=size_text(size))


def _text(text: str, kind: str, context: Context) -> Shown:
    """Text as a terminal shows it in the end; of a long one a part is folded."""
    text = text.rstrip("\n")
    plain = escape(terminal.plain(text), quote=False)
    lines = terminal.to_html(text).split("\n")
    folded = len(lines) - LINES_SHOWN if len(lines) > MOST_LINES else 0
    if not folded:
        page = _pre(lines, kind)
    elif kind == "traceback":
        page = _fold(lines[:folded], kind, context) + _pre(lines[folded:], kind)
    else:
        page = _pre(lines[:LINES_SHOWN], kind) + _fold(lines[LINES_SHOWN:], kind, context)
    # Without a style sheet it would run on where the code above it ends.
    return Shown(page, f"<blockquote><pre><samp>{plain}</samp></pre></blockquote>\n")


def _pre(lines: Sequence[str], kind: str) -> str:
    text = "\n".join(lines)
    return f'<pre class="{kind}" tabindex="0"><samp>{text}</samp></pre>\n'


def _fold(lines: Sequence[str], kind: str, context: Context) -> str:
    summary = context.strings["more_lines"].format(n=f"{len(lines):,}")
    return (
        f'<details class="lines"><summary>{escape(summary, quote=False)}</summary>\n'
        f"{_pre(lines, kind)}</details>\n"
    )


def _alternative(frame: Frame, instead: str = "") -> str:
    """What is said to those who cannot see a figure; the author is told if they did not say it."""
    code, context = frame.code, frame.context
    if code.display.alt:
        return code.display.alt
    if not instead:
        warning = OutputError("a figure has no alternative text (`#| fig-alt: …`)")
        first = code.source.strip().split("\n")[0]
        context.warnings.append(warning.at(cell=code.cell, line=code.line, text=first))
    return instead or " ".join(code.display.caption.split()) or context.strings["figure_alt"]


def _picture(content: bytes, suffix: str, frame: Frame, bitmap: bytes | None = None) -> Shown:
    """A picture as a file of its own; `bitmap` stands for it in a feed."""
    context = frame.context
    alt = _alternative(frame)
    size = _size(content, frame.bundle.metadata)
    picture = replace(publish_picture(content, "", suffix, context), size=size)
    page = _image(picture, alt, frame)
    if picture.versions:
        original = address(picture.path, context.links.config)
        page = f'<a class="original" href="{original}">{page}</a>'
    if bitmap:
        picture = replace(publish_picture(bitmap, "", ".png", context), size=size)
    context.images.append(Image(picture.shown, alt, *(size or (0, 0))))
    return Shown(f"{page}\n", _feed_image(picture, alt, frame), "figure")


def _image(picture: Picture, alt: str, frame: Frame) -> str:
    attributes = picture.attributes(frame.context.links.config)
    attributes = {"src": attributes["src"], "alt": alt, **attributes}
    shown = (f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<img {' '.join(shown)}>"


def _feed_image(picture: Picture, alt: str, frame: Frame) -> str:
    size = f' width="{picture.size[0]}" height="{picture.size[1]}"' if picture.size else ""
    source = address(picture.shown, frame.context.links.config)
    return f'<p><img src="{source}" alt="{escape(alt)}"{size}></p>\n'


def _size(content: bytes, metadata: Mapping[str, object]) -> tuple[int, int] | None:
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
    """A drawing: by Matplotlib in the page itself, in its colours; any other as a file.

    A feed gets the bitmap, which no reader has to recolour.
    """
    context = frame.context
    bitmap = _decoded(frame.bundle.data.get("image/png", ""))
    bitmap = bitmap if bitmap and measure(bitmap) else None
    if bitmap and len(text.encode("utf-8", "replace")) > LARGEST_SVG:
        return None
    try:
        if not by_matplotlib(text):
            return _picture(safe_svg(text), ".svg", frame, bitmap)
        content = bitmap or safe_svg(text)
        alt = _alternative(frame)
        drawing = page_figure(text, context.drawing_prefix(), alt, frame.publish)
    except NotAPicture as error:
        frame.problem(f"an output is not valid SVG: {error}")
        return None
    # The file that a feed shows has the label, too.
    path = context.publish_hashed(content, ".png" if bitmap else ".svg")
    picture = Picture(path, _size(content, frame.bundle.metadata))
    context.images.append(Image(path, alt, *(picture.size or (0, 0))))
    return Shown(f"{drawing}\n", _feed_image(picture, alt, frame), "figure")


def _bitmap(suffix: str) -> Renderer:
    def render(text: str, frame: Frame) -> Shown | None:
        content = _decoded(text)
        if content is None or measure(content) is None:
            frame.problem(f"an output is not a {suffix[1:].upper()} picture")
            return None
        return _picture(content, suffix, frame)

    return render


def _sound_or_film(mime: str) -> Renderer:
    def render(text: str, frame: Frame) -> Shown | None:
        content = _decoded(text)
        if content is None:
            return None
        path = frame.context.publish_hashed(content, MEDIA_SUFFIXES[mime])
        source = address(path, frame.context.links.config)
        tag = mime.partition("/")[0]
        label = frame.code.display.alt or frame.code.display.caption or path.rpartition("/")[2]
        return Shown(
            f'<{tag} src="{source}" controls preload="metadata"></{tag}>\n',
            f'<p><a href="{source}">{escape(label, quote=False)}</a></p>\n',
        )

    return render


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=False) or None
    except (binascii.Error, ValueError):
        return None


OWN_STYLE = re.compile(r"<style\b(?!.*(?:\bdataframe\b|#T_\w))", re.DOTALL)
"""HTML that has a style sheet of its own, and is no table of pandas."""
NO_TEXT = re.compile(r"<[\w.]+( [^<>]*)?>|")
"""What Python says of an object that has no text: `<Styler at 0x7f71>`."""


def _html(text: str, frame: Frame) -> Shown | None:
    """HTML in the page's look, made safe unless the post says `trusted: [html]`."""
    trusted = "html" in frame.context.post.meta.trusted
    plain = frame.bundle.data.get("text/plain", "")
    if not trusted and OWN_STYLE.search(text) and not NO_TEXT.fullmatch(plain.strip()):
        # A drawing in HTML, as scikit-learn's, is nothing without its style sheet and script.
        return None
    html = finish_html(text, frame.context, frame.place)
    runs = "<script" in text or "application/javascript" in frame.bundle.data
    if runs and not trusted and not SHOWN.search(html):
        message = "nothing is left of an output but its script (`trusted: [html]` runs it)"
        first = frame.code.source.strip().split("\n")[0]
        warning = OutputError(message).at(cell=frame.code.cell, line=frame.code.line, text=first)
        frame.context.warnings.append(warning)
    feed = LINKED_MEDIA.sub(r'<a href="\1">\1</a>', html)
    return Shown(f'<div class="html">{text if trusted else html}</div>\n', feed + "\n")


SHOWN = re.compile(r"(?:^|>)\s*[^\s<]|<(?:audio|hr|img|math|svg|table|video)\b")
"""What a reader sees of HTML: text, or an element that shows itself."""

LINKED_MEDIA = re.compile(r'<(?:audio|video)\b[^>]*?\bsrc="([^"]*)"[^>]*>\s*</(?:audio|video)>')
"""A feed has no players; it links to what they would play."""


def _interactive(figure: Figure, frame: Frame) -> Shown:
    """An interactive figure, and what stands for it where no script runs."""
    context = frame.context
    context.libraries.add(figure.library)
    config = context.links.config
    data = json.dumps(figure.data, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    source = address(context.publish_hashed(data, ".json"), config)
    alt = _alternative(frame, figure.title)
    said = context.strings["interactive"].format(title=alt)
    drawing = draw_vega(data.decode(), figure.is_lite) if figure.library == "vega" else None
    bitmap = _decoded(frame.bundle.data.get("image/png", ""))
    if drawing or (bitmap and measure(bitmap)):
        content = safe_svg(drawing) if drawing else bitmap or b""
        picture = publish_picture(content, "", ".svg" if drawing else ".png", context)
        context.images.append(Image(picture.shown, alt, *(picture.size or (0, 0))))
        still, feed = _image(picture, alt, frame), _feed_image(picture, alt, frame)
    else:
        page = absolute(post_page(context.post, config), config)
        still = f"<p>{escape(said, quote=False)}</p>"
        feed = f'<p><a href="{escape(page)}">{escape(said, quote=False)}</a></p>\n'
    height = f' style="--height: {figure.height}px"' if figure.height else ""
    return Shown(
        f'<div class="interactive" role="group" aria-label="{escape(said)}" '
        f'data-library="{figure.library}" data-figure="{source}"{height}>{still}</div>\n',
        feed,
        "figure",
    )


DELIMITED = re.compile(
    r"""
    \s* (?: \$\$ ((?: [^$\\] | \\. )*) \$\$ | \$ ((?: [^$\\] | \\. )*) \$
    | \\\[ ((?: (?!\\\]) . )*) \\\] | \\\( ((?: (?!\\\)) . )*) \\\) ) \s*
    """,
    re.VERBOSE | re.DOTALL,
)
DELIMITER = re.compile(r"(?<!\\)(?:\$|\\[(\[])")


def _read_latex(
    md: MarkdownIt, text: str, code: Code, works: Iterable[str], language: str
) -> list[Token]:
    """A formula with or without its delimiters, or text with formulas in it."""
    match = DELIMITED.fullmatch(text)
    if not match and DELIMITER.search(text):
        return read_fragment(md, text, code, works, language)
    tex = next((group for group in match.groups() if group is not None), "") if match else text
    return formula_fragment(tex.strip(), code)


READERS: dict[str, Callable[[MarkdownIt, str, Code, Iterable[str], str], list[Token]]] = {
    "text/latex": _read_latex,
    "text/markdown": read_fragment,
}
"""MIME type -> how its text becomes tokens, which can be numbered and referred to."""


def _fragment(mime: str) -> Renderer:
    """Markdown or TeX that code wrote. HTML in it is an output like any other."""

    def render(text: str, frame: Frame) -> Shown:
        tokens = frame.context.fragments.get((frame.code.cell, frame.number))
        if tokens is None:  # Something richer was to be shown, and could not be.
            context = frame.context
            language = context.post.meta.language
            tokens = READERS[mime](frame.md, text, frame.code, context.works, language)
        return _render_fragment(tokens, frame)

    return render


def _render_fragment(tokens: Sequence[Token], frame: Frame) -> Shown:
    prepare_fragment(tokens, frame.context)
    if "html" not in frame.context.post.meta.trusted:
        for token in tokens:
            if token.type == "html_block":
                token.content = finish_html(token.content, frame.context, frame.place) + "\n"
            for child in token.children or []:
                if child.type == "html_inline" and not HARMLESS_TAG.fullmatch(child.content):
                    child.content = ""
    page, feed = (render_tokens(frame.md, tokens, medium) for medium in ("page", "feed"))
    return Shown(page, feed)


HARMLESS_TAG = re.compile(
    r"</?(?:b|br|code|del|em|i|ins|kbd|label|mark|q|s|samp|small|span|strong|sub|sup|u|var)\s*/?>"
    # What Markdown itself becomes: tasks, and the caption of a figure.
    r'|<input class="task-list-item-checkbox" (?:checked="checked" )?'
    r'disabled="disabled" type="checkbox">|<figcaption>[^<>]*</figcaption>'
)
"""Single tags without attributes: nothing in them can run, load or take a place on the page."""


def _json(text: str, frame: Frame) -> Shown:
    """A tree that can be unfolded."""
    from .json_tree import json_tree

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _plain(text, frame)
    if not isinstance(value, list | dict) or not value:
        return _plain(json.dumps(value, ensure_ascii=False), frame)
    feed = _plain(json.dumps(value, ensure_ascii=False, indent=2), frame).feed
    return Shown(f'<div class="json">{json_tree(value)}</div>\n', feed)


def _plain(text: str, frame: Frame) -> Shown:
    return _text(text, "result", frame.context)


RENDERERS: dict[str, Renderer] = {
    "image/svg+xml": _svg,
    # SymPy's `init_printing` draws its formulas, too; what KaTeX sets has the page's ink.
    "text/latex": _fragment("text/latex"),
    "image/png": _bitmap(".png"),
    "image/jpeg": _bitmap(".jpg"),
    "image/webp": _bitmap(".webp"),
    "image/gif": _bitmap(".gif"),
    "image/avif": _bitmap(".avif"),
    **{mime: _sound_or_film(mime) for mime in MEDIA_SUFFIXES if mime[:6] in ("audio/", "video/")},
    "text/html": _html,
    **{mime: _fragment(mime) for mime in READERS},
    "application/json": _json,
    "text/plain": _plain,
}
"""MIME type -> how it is shown. The order is the preference."""
