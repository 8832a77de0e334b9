"""Images in prose: their files and words, and the figures that they are."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from html import escape
from pathlib import PurePosixPath
from typing import cast

from markdown_it.renderer import RendererHTML, RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from ..addresses import address, neighbour_path
from ..errors import MarkdownError
from ..model import Image
from .context import ATTACHMENT, Context, Place
from .images import is_unreadable, publish_picture, sized
from .labels import caption_start, numbered_caption
from .picture_directives import PICTURE
from .plain_text import plain_text
from .tokens import RenderRule, text_token
from .typography import printed


def prepare_image(token: Token, context: Context, place: Place) -> None:
    """Publish the file of an image, and give the image its sizes and versions."""
    source = str(token.attrGet("src") or "")
    name = source.removeprefix(ATTACHMENT)
    content: bytes | None = None
    if name != source:
        content = context.attachment(source, place)
        path = ""
    else:
        target = context.target(source, place)
        token.attrSet("src", target.address)
        if target.neighbour:
            content = context.post.source.neighbours[target.neighbour]
            path = neighbour_path(context.post.source.folder, target.neighbour)
    if content is None:
        return
    config = context.links.config
    picture = publish_picture(content, path, PurePosixPath(name).suffix, context)
    if is_unreadable(picture, content):
        warning = MarkdownError("the file is no picture that can be read")
        context.warnings.append(warning.at(line=place.line, cell=place.cell, text=source))
    given = {name: str(value) for name, value in token.attrs.items()}
    for attribute, value in sized(picture.attributes(config), given).items():
        token.attrSet(attribute, value)
    if picture.versions:
        token.meta["original"] = address(picture.path, config)
    alt = plain_text(token.children or [])
    context.images.append(Image(picture.shown, alt, *(picture.size or (0, 0))))


def prepare_picture(tokens: Sequence[Token], index: int, context: Context, place: Place) -> None:
    """A picture of a directive: its words, and the width that its author wants."""
    token = tokens[index]
    image: Token = token.meta["image"]
    source = str(image.attrGet("src"))
    if not image.children:
        context.warnings.append(
            MarkdownError("a picture has no alternative text (`:alt: …`)").at(
                line=place.line, cell=place.cell, text=source
            )
        )
        image.children = [text_token(_words_for(tokens[index:], source))]
    prepare_image(image, context, place)
    wanted: str = token.meta["width"]
    if wanted.endswith("%"):
        image.attrSet("style", f"width: {wanted}")
    elif wanted:
        _scale(image, float(wanted.removesuffix("px")))


def _words_for(tokens: Sequence[Token], source: str) -> str:
    """What stands for a picture that nobody describes: its caption, or the name of its file."""
    for token in tokens:
        if token.type == "directive_close":
            break
        if token.type == "inline":
            return plain_text(token.children or [])
    return PurePosixPath(source).stem


def _scale(image: Token, width: float) -> None:
    """Give a picture a width in CSS pixels, and the height that goes with it."""
    old, height = image.attrGet("width"), image.attrGet("height")
    image.attrSet("width", f"{width:.0f}")
    if old and height:
        image.attrSet("height", f"{float(height) * width / float(old):.0f}")
    if image.attrGet("sizes"):
        image.attrSet("sizes", f"(min-width: {width:.0f}px) {width:.0f}px, 100vw")


def prepare_figure(tokens: Sequence[Token], index: int, context: Context) -> None:
    """A paragraph of one image with a title or a label is a figure.

    The title is its caption; of a labelled one without a title, the text in the brackets is.
    """
    inline, closing = tokens[index + 1], tokens[index + 2]
    children = inline.children or []
    if len(children) != 1 or children[0].type != "image":
        return
    image = children[0]
    number = image.meta.get("number", "")
    if not (image.attrGet("title") or number):
        return
    tokens[index].tag = closing.tag = "figure"
    tokens[index].hidden = closing.hidden = False
    caption: list[Token] = []
    if title := str(image.attrs.pop("title", "")):
        title = printed(title, context.post.meta.language)
        caption = [_html_token(escape(title, quote=False))]
    elif image.children:
        caption = copy.deepcopy(image.children)
        if alternative := str(image.attrs.pop("fig-alt", "")):
            image.children = [text_token(alternative)]
    start = ""
    if number:
        label = str(image.attrs.pop("id"))
        tokens[index].attrSet("id", label)
        start = numbered_caption(caption_start(label, number, context.strings), bool(caption))
    inline.children = [
        image,
        _html_token(f"<figcaption>{start}"),
        *caption,
        _html_token("</figcaption>"),
    ]


def prepare_row(inline: Token, context: Context, place: Place) -> None:
    """The pictures of one figure, beside each other and as high as each other where they fit.

    The title of one is a caption of its own.
    """
    row: list[Token] = []
    for child in inline.children or []:
        if child.type == "image":
            row += _in_a_row(child, context)
        elif child.type != "softbreak" and not (child.type == "text" and not child.content.strip()):
            error = MarkdownError("something else stands among the pictures of a figure")
            hint = "its caption is a paragraph of its own, behind an empty line"
            text = inline.content.partition("\n")[0]
            context.errors.append(error.at(line=place.line, cell=place.cell, text=text, hint=hint))
            return
    inline.children = row


def _in_a_row(image: Token, context: Context) -> list[Token]:
    width, height = (float(str(image.attrGet(name) or 0)) for name in ("width", "height"))
    # As many times wider than high, so many times the width of a square one.
    grow = f' style="flex-grow: {width / height:.3g}"' if width and height else ""
    title = printed(str(image.attrs.pop("title", "")), context.post.meta.language)
    caption = f"<figcaption>{escape(title, quote=False)}</figcaption>" if title else ""
    return [_html_token(f"<figure{grow}>"), image, _html_token(f"{caption}</figure>\n")]


def _html_token(content: str) -> Token:
    token = Token("html_inline", "", 0)
    token.content = content
    return token


# --- rendering --------------------------------------------------------------------------------


def _image(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    # markdown-it would leave formulas out of the alternative text.
    tokens[i].attrSet("alt", plain_text(tokens[i].children or []))
    html = cast("RendererHTML", self).renderToken(tokens, i, options, env)
    original = tokens[i].meta.get("original")
    # A link leads to the picture in all its pixels, unless it stands in a link itself.
    if original and not tokens[i].meta.get("inside_link") and env.get("medium") == "page":
        return f'<a class="original" href="{original}">{html}</a>'
    return html


def _picture(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    return _image(self, [tokens[i].meta["image"]], 0, options, env)


IMAGE_RULES: dict[str, RenderRule] = {"image": _image, PICTURE: _picture}
