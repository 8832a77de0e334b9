"""Pictures: their sizes, and SVG drawings that fit a light and a dark page."""

from __future__ import annotations

import io
import re

from lxml import etree
from PIL import Image, UnidentifiedImageError

SVG = "{http://www.w3.org/2000/svg}"
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}
"""CSS pixels (CSS Values 4, 6.2) to a unit."""

DARK = """
@media (prefers-color-scheme: dark) {
  svg { fill: #e4e2dd }
  [style*="fill: #000000"] { fill: #e4e2dd !important }
  [style*="stroke: #000000"] { stroke: #e4e2dd !important }
  [style*="fill: #ffffff"] { fill: #16181c !important }
  [style*="stroke: #ffffff"] { stroke: #16181c !important }
  [style*="stroke: #cccccc"] { stroke: #4a4e55 !important }
}
"""
"""Matplotlib's ink and paper become those of a dark page; data keeps its colours."""


class NotAPicture(ValueError):
    """The bytes are no picture that a browser shows."""


def measure(content: bytes) -> tuple[int, int] | None:
    """Width and height in CSS pixels, or None for what is no picture.

    A bitmap that says it has more than 96 pixels an inch is shown at its size in inches, as
    Matplotlib means it.
    """
    if content.lstrip()[:5] in (b"<?xml", b"<svg ") or b"<svg" in content[:1000]:
        try:
            return _svg_size(_parse_svg(content))
        except NotAPicture:
            return None
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
            dpi = float(picture.info.get("dpi", (96, 96))[0])
    except (UnidentifiedImageError, OSError, TypeError, ValueError):
        return None
    scale = 96 / dpi if dpi > 97 else 1.0
    return round(width * scale), round(height * scale)


def finish_svg(text: str) -> bytes:
    """An SVG without scripts and dates; one drawn by Matplotlib follows the page's colours.

    Raises:
        NotAPicture: the text is not SVG.
    """
    root = _parse_svg(text.encode())
    by_matplotlib = "Matplotlib" in text[:2000] or 'id="figure_1"' in text[:4000]
    for element in list(root.iter(SVG + "script", SVG + "metadata")):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    for element in root.iter():
        for name in list(element.attrib):
            if str(name).lower().startswith("on"):
                del element.attrib[name]
    if by_matplotlib:
        style = etree.Element(SVG + "style")
        style.text = DARK
        root.insert(0, style)
    return etree.tostring(root, encoding="utf-8")


def _parse_svg(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NotAPicture(str(error)) from None
    if root.tag != SVG + "svg":
        raise NotAPicture("the root element is not svg")
    return root


def _svg_size(root: etree._Element) -> tuple[int, int] | None:
    sizes = [_length(str(root.get(name, ""))) for name in ("width", "height")]
    if None in sizes:
        box = str(root.get("viewBox", "")).replace(",", " ").split()
        sizes = [_length(number) for number in box[2:4]]
    if len(sizes) != 2 or None in sizes:
        return None
    width, height = (round(size or 0) for size in sizes)
    return width, height


def _length(text: str) -> float | None:
    match = re.fullmatch(r"([\d.]+)([a-z]*)", text.strip())
    if not match or match[2] not in UNITS:
        return None
    return float(match[1]) * UNITS[match[2]]
