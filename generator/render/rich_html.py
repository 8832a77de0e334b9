"""HTML that code produced -> HTML that may stand on the page.

1. Its style sheets become attributes (`styles`).
2. Its tables become the page's own (`tables`).
3. Pictures, sounds and films that it carries become files.
4. What is left is made safe (`sanitize`), last, so that nothing comes after.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import cast
from urllib.parse import unquote_to_bytes

from lxml import etree
from lxml import html as lxml_html

from ..addresses import Target, address, neighbour_path, resolve
from ..characters import NOT_TEXT
from ..errors import OutputError
from .context import Context, Place
from .images import measure, publish_picture
from .sanitize import clean_output
from .styles import apply_rules, take_sheets
from .svg import NotAPicture, is_svg, safe_svg
from .tables import finish_tables

DATA = re.compile(r"\s*data:([\w.+/-]*)((?:;[\w=.-]+)*),(.*)", re.DOTALL)
MEDIA_SUFFIXES = {
    "audio/aac": ".aac",
    "audio/flac": ".flac",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/wave": ".wav",
    "audio/webm": ".weba",
    "audio/x-wav": ".wav",
    "image/avif": ".avif",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/ogg": ".ogv",
    "video/webm": ".webm",
}
"""MIME type of what HTML may carry -> suffix of its file."""


def finish_html(text: str, context: Context, place: Place) -> str:
    """HTML of an output, safe and in the page's own look."""
    text, rules = take_sheets(NOT_TEXT.sub("\ufffd", text))
    try:
        root = lxml_html.fragment_fromstring(text, create_parent="div")
    except (etree.LxmlError, ValueError, AssertionError):
        return clean_output(text)
    for element in list(root.iter("script", "style", "template", "noscript", etree.Comment)):
        _drop(element)
    apply_rules(root, rules)
    finish_tables(root)
    _finish_frames(root, context, place)
    _finish_media(root, context, place)
    inner = (root.text or "").replace("&", "&amp;").replace("<", "&lt;") + "".join(
        etree.tostring(child, method="html", encoding="unicode") for child in root
    )
    return clean_output(inner)


def _finish_frames(root: etree._Element, context: Context, place: Place) -> None:
    """A link instead of each frame, as of a film; the author is told."""
    for element in list(root.iter("iframe")):
        source = str(element.get("src", ""))
        what = "became a link" if source.startswith(("https://", "http://")) else "is not shown"
        warning = OutputError(f"a frame in an output {what} (`trusted: [html]` shows it)")
        if "html" not in context.post.meta.trusted:  # There only the feed is made of this.
            warning.at(cell=place.cell, line=place.line, text=source or None)
            context.warnings.append(warning)
        if what == "is not shown":
            _drop(element)
            continue
        element.attrib.clear()
        element.tag = "a"
        element.set("href", source)
        element.text = source


def _finish_media(root: etree._Element, context: Context, place: Place) -> None:
    for element in list(root.iter("img", "audio", "video")):
        if element.tag == "img":
            _finish_image(element, context, place)
            continue
        sources = [element, *element.iter("source")]
        source = next((str(item.get("src")) for item in sources if item.get("src")), "")
        found = _published(source, context, place)
        for child in list(element):
            element.remove(child)
        element.text = None  # What browsers that play nothing would say.
        for name in ("autoplay", "src", "srcset"):
            element.attrib.pop(name, "")
        if not found:
            _drop(element)
            continue
        element.set("src", found)
        element.set("controls", "")
        element.set("preload", "metadata")


def _finish_image(element: etree._Element, context: Context, place: Place) -> None:
    source = str(element.get("src", ""))
    element.attrib.pop("srcset", "")
    data = _decoded(source)
    path = ""
    if data is None:
        # One that a script would fill shows nothing.
        target = _target(source, context, place) if source.strip() else None
        if target is None:
            _drop(element)
            return
        element.set("src", target.address)
        if not target.neighbour:
            return
        path = neighbour_path(context.post.source.folder, target.neighbour)
        suffix, content = "", context.post.source.neighbours[target.neighbour]
    else:
        suffix, content = MEDIA_SUFFIXES.get(data[0], ""), data[1]
        if is_svg(content):
            try:
                content = safe_svg(content.decode("utf-8", "replace"))
            except NotAPicture:
                content = b""
        if not suffix or measure(content) is None:
            _drop(element)
            return
    picture = publish_picture(content, path, suffix, context)
    own = {name: element.get(name) for name in ("width", "height") if element.get(name)}
    for name, value in {**picture.attributes(context.links.config), **own}.items():
        element.set(name, str(value))


def _drop(element: etree._Element) -> None:
    """Take an element away, and leave the text behind it."""
    cast("lxml_html.HtmlElement", element).drop_tree()


def _published(source: str, context: Context, place: Place) -> str:
    """The address of what an element shows: a file of the site, or elsewhere; or nothing."""
    data = _decoded(source)
    if data is not None:
        mime, content = data
        if mime not in MEDIA_SUFFIXES:
            return ""
        path = context.publish_hashed(content, MEDIA_SUFFIXES[mime])
        return address(path, context.links.config)
    target = _target(source, context, place) if source else None
    if target is not None and target.neighbour:
        context.publish_neighbour(target.neighbour)
    return target.address if target is not None else ""


def _target(source: str, context: Context, place: Place) -> Target | None:
    """Where an address in an output leads; the author is told if it leads nowhere."""
    target = resolve(source, context.post, context.links)
    if target is None:
        warning = OutputError("an output shows a file that does not lie beside the post")
        context.warnings.append(warning.at(cell=place.cell, line=place.line, text=source[:200]))
    return target


def _decoded(source: str) -> tuple[str, bytes] | None:
    """MIME type and bytes of a `data:` address (RFC 2397); None for any other."""
    match = DATA.match(source)
    if not match:
        return None
    try:
        if ";base64" in match[2].lower():
            content = base64.b64decode(re.sub(r"\s+", "", match[3]), validate=False)
        else:
            content = unquote_to_bytes(match[3])
    except (binascii.Error, ValueError):
        content = b""
    return match[1].lower(), content
