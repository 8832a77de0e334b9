"""Pictures, interactive figures, sounds and films that code put out, and the words for them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from html import escape

from msgspec.structs import replace

from ..addresses import absolute, address, post_page
from ..errors import OutputError
from ..model import Image
from .images import Picture, measure, publish_picture
from .interactive import Figure
from .matplotlib_figures import page_figure
from .output_frame import Frame, Renderer, Shown
from .rich_html import MEDIA_SUFFIXES
from .svg import NotAPicture, by_matplotlib, safe_svg
from .vega import draw_vega

LARGEST_SVG = 300_000
"""Bytes; a larger drawing is published as the PNG beside it, if there is one."""
LARGEST_SIDE = 100_000
"""Pixels; whoever asks for more, or for infinitely many, means nothing by it."""


def show_svg(text: str, frame: Frame) -> Shown | None:
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


def show_bitmap(suffix: str) -> Renderer:
    """How pictures of a format are shown, each as a file."""

    def render(text: str, frame: Frame) -> Shown | None:
        content = _decoded(text)
        if content is None or measure(content) is None:
            frame.problem(f"an output is not a {suffix[1:].upper()} picture")
            return None
        return _picture(content, suffix, frame)

    return render


def show_interactive(figure: Figure, frame: Frame) -> Shown:
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


def show_sound_or_film(mime: str) -> Renderer:
    """How sounds or films of a format are played; a feed links to them."""

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
    return round(value) if isinstance(value, int | float) and 0 < value < LARGEST_SIDE else 0


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=False) or None
    except (binascii.Error, ValueError):
        return None
