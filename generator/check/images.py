"""Pictures: words for those who cannot see them, and a size, so that no text jumps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from .built_site import BuiltSite
from .finding import Finding
from .page import Element, Page

LINK_ENDS = re.compile(r"\s*</a>")


def check_images(site: BuiltSite) -> Iterator[Finding]:
    """Pictures without alternative text, width or height. Whether they exist, `links` says."""
    for page in site.pages.values():
        for image in page.named("img"):
            yield from _image(image, page, site)


def _image(image: Element, page: Page, site: BuiltSite) -> Iterator[Finding]:
    source = image.attributes.get("src", "")
    name = unquote(source).rpartition("/")[2]
    needles = (f"]({name}", name)
    hidden = image.attributes.get("aria-hidden") == "true"
    if "alt" not in image.attributes and not hidden:
        yield site.finding(
            page,
            image.offset,
            "image",
            "error",
            f"the picture has no alternative text: {name}",
            image.source,
            "![What it shows](picture.png); of a figure that code draws: #| fig-alt: …",
            needles,
        )
    elif not image.attributes.get("alt", "").strip() and _alone_in_link(image, page):
        yield site.finding(
            page,
            image.offset,
            "image",
            "error",
            f"a link is nothing but a picture without words: {name}",
            image.source,
            "the picture's alternative text is the link's name: say where it leads",
            needles,
        )
    missing = [size for size in ("width", "height") if size not in image.attributes]
    if missing:
        yield site.finding(
            page,
            image.offset,
            "image",
            "warning",
            f"the picture has no {' and no '.join(missing)}: {name}",
            image.source,
            "without its size the text below jumps when it arrives: give it both",
            needles,
        )


def _alone_in_link(image: Element, page: Page) -> bool:
    opening = page.html.rfind("<", 0, image.offset)
    tag = page.html[opening : image.offset].rstrip()
    return (
        tag.startswith("<a ")
        and tag.endswith(">")
        and "aria-label" not in tag
        and LINK_ENDS.match(page.html, image.offset + len(image.source)) is not None
    )
