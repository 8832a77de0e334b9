"""Pictures: their sizes, and SVG drawings that fit a light and a dark page."""

from __future__ import annotations

import colorsys
import io
import re

from lxml import etree
from PIL import Image, UnidentifiedImageError

SVG = "{http://www.w3.org/2000/svg}"
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}
"""CSS pixels (CSS Values 4, 6.2) to a unit."""

PAPER = "#fcfbf8"
DARK_INK, DARK_PAPER = "#e4e2dd", "#16181c"
"""Background of a light page of the theme; text and background of a dark one."""
COLOUR = re.compile(r"(fill|stroke|stop-color): (#[0-9a-f]{6})\b")
MOST_COLOURS = 48
"""A drawing with more colours than this is a colour map: only its ink and paper change."""


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
    by_matplotlib = "Matplotlib" in text[:2000] or 'id="figure_1"' in text[:4000]
    if by_matplotlib:
        text = _numbered_ids(text)
    root = _parse_svg(text.encode())
    # A script in XHTML's name space runs too.
    for element in list(root.iter("{*}script", SVG + "metadata")):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    for element in root.iter():
        for name, value in element.attrib.items():
            handler = str(name).lower().startswith("on")
            if handler or str(value).strip().lower().startswith("javascript:"):
                del element.attrib[name]
    if by_matplotlib:
        style = etree.Element(SVG + "style")
        style.text = _page_style(text)
        root.insert(0, style)
    return etree.tostring(root, encoding="utf-8")


HASHED_ID = re.compile(r"\b(id=\"|href=\"#|url\(#)([A-Za-z])([0-9a-f]{10})\b")
"""An id that Matplotlib made of a hash, where it is given and where it is used."""


def _numbered_ids(svg: str) -> str:
    """The same drawing with ids numbered in the order they appear.

    Matplotlib hashes coordinates with all their digits, and the last ones differ from run to
    run; the coordinates it writes are rounded, and do not.
    """
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        number = numbers.setdefault(match[2] + match[3], len(numbers) + 1)
        return f"{match[1]}{match[2]}{number}"

    return HASHED_ID.sub(numbered, svg)


def _page_style(svg: str) -> str:
    """Style rules that put a drawing on the page's paper, light or dark as the system asks."""
    found = sorted(set(COLOUR.findall(svg)))
    if len(found) > MOST_COLOURS:
        found = [pair for pair in found if pair[1] in ("#000000", "#ffffff")]
    rules = [f"  svg {{ fill: {DARK_INK} }}"]
    for name, colour in found:
        dark = dark_colour(colour)
        if dark != colour:
            rules.append(f'  [style*="{name}: {colour}"] {{ {name}: {dark} !important }}')
    light = f'[style*="fill: #ffffff"] {{ fill: {PAPER} !important }}'
    return f"\n{light}\n@media (prefers-color-scheme: dark) {{\n" + "\n".join(rules) + "\n}\n"


def dark_colour(colour: str) -> str:
    """What `#rrggbb`, meant for white paper, becomes on a dark page.

    Greys change places with their opposites. So do very dark and very light colours, which
    stand for ink and for tinted paper; a colour in between is data and stays.
    """
    if colour in ("#000000", "#ffffff"):
        return DARK_INK if colour == "#000000" else DARK_PAPER
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    is_grey = max(red, green, blue) - min(red, green, blue) < 0.08
    # A luminance of 0.13 has a contrast of 3 against the dark page (WCAG 2.2, 1.4.11).
    if not is_grey and 0.13 <= _luminance(red, green, blue) <= 0.8:
        return colour
    channels = colorsys.hls_to_rgb(hue, 0.1 + 0.8 * (1 - lightness), saturation * 0.8)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _luminance(*channels: float) -> float:
    """Relative luminance of sRGB channels between 0 and 1 (WCAG 2.2)."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
