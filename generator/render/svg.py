"""SVG: measured, and made safe, so that nothing in a drawing can run or load anything."""

from __future__ import annotations

import re
from math import isfinite

from lxml import etree

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}
"""CSS pixels (CSS Values 4, 6.2) to a unit."""

ELEMENTS = frozenset(
    SVG + name
    for name in """
    a circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite
    feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood
    feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset
    fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter g image line
    linearGradient marker mask path pattern polygon polyline radialGradient rect stop style svg
    switch symbol text textPath title tspan use view
    """.split()
)
"""What a drawing may hold. Scripts, foreign objects and animations (which can set a link) may
not stand in it; editors' and publishers' notes need not."""

INNER = re.compile(r"\s*(?:#|data:image/(?:png|jpeg|gif|webp);base64,)")
LINK = re.compile(r"\s*(?:#|https?://|mailto:)")
URL = re.compile(r"url\(\s*(['\"]?)(?!\s*#)", re.IGNORECASE)
LOADS = re.compile(r"@import|image-set|(?<![\w-])src\s*\(|\\|javascript:|expression\(", re.I)


class NotAPicture(ValueError):
    """The bytes are no picture that a browser shows."""


def is_svg(content: bytes) -> bool:
    """Whether a file seems to be an SVG."""
    return content.lstrip()[:5] in (b"<?xml", b"<svg ") or b"<svg" in content[:1000]


def measure_svg(content: bytes) -> tuple[int, int] | None:
    """Width and height in CSS pixels; None for what is no SVG or has no size."""
    try:
        return svg_size(parse_svg(content))
    except NotAPicture:
        return None


def keeps_its_colours(content: bytes) -> bool:
    """Whether an SVG file looks the same on a light and a dark page, so that it needs a plate."""
    return not re.search(rb"prefers-color-scheme|light-dark\(", content)


def safe_svg(text: str) -> bytes:
    """An SVG file without scripts, handlers, foreign objects, notes, and what is elsewhere.

    Raises:
        NotAPicture: the text is not SVG.
    """
    root = parse_svg(text.encode("utf-8", "replace"))
    clean_svg(root)
    if by_matplotlib(text):
        shorten_ids(root, "i")
    return etree.tostring(root, encoding="utf-8")


def by_matplotlib(text: str) -> bool:
    """Whether Matplotlib drew an SVG."""
    return 'id="figure_1"' in text[:6000] and "viewBox=" in text[:1000]


# --- what may not be in a drawing -------------------------------------------------------------


def clean_svg(root: etree._Element) -> None:
    """Take out of a drawing what may not be in it."""
    for element in list(root.iter()):
        name = str(element.tag)
        if name not in ELEMENTS:
            if element is not root:
                remove_element(element)
            continue
        for attribute, value in element.attrib.items():
            if not _harmless(name, str(attribute), str(value)):
                del element.attrib[attribute]
        if name == SVG + "style" and not _harmless_style("".join(map(str, element.itertext()))):
            remove_element(element)


def _harmless(element: str, attribute: str, value: str) -> bool:
    name = attribute.rpartition("}")[2].lower()
    if attribute.startswith("{") and not attribute.startswith((XLINK, "{http://www.w3.org/XML")):
        return False
    if name == "href":
        return bool((LINK if element == SVG + "a" else INNER).match(value))
    if name.startswith("on") or name in ("src", "base", "data", "action", "formaction"):
        return False
    return _harmless_style(value)


def _harmless_style(css: str) -> bool:
    """Whether nothing outside the drawing is loaded."""
    return not URL.search(css) and not LOADS.search(css)


def remove_element(element: etree._Element) -> None:
    """Take an element away, and leave the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


# --- the same bytes ---------------------------------------------------------------------------


REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")


def shorten_ids(root: etree._Element, prefix: str) -> None:
    """Number the ids that are used, in the order they appear; the others go.

    Matplotlib hashes coordinates with all their digits, and the last ones differ from run to
    run; the coordinates it writes are rounded, and do not.
    """
    numbers: dict[str, str] = {}

    def short(name: str) -> str:
        return numbers.setdefault(name, f"{prefix}{len(numbers) + 1}")

    for element in root.iter():
        for attribute, value in element.attrib.items():
            text = str(value)
            if attribute in ("href", XLINK + "href") and text.startswith("#"):
                element.set(attribute, "#" + short(text[1:]))
            elif "url(" in text:
                element.set(
                    attribute, REFERENCE.sub(lambda match: f"url(#{short(match[1])})", text)
                )
    for element in root.iter():
        name = str(element.attrib.pop("id", ""))
        if name in numbers:
            element.set("id", numbers[name])


# --- reading ----------------------------------------------------------------------------------


def parse_svg(content: bytes) -> etree._Element:
    """The root of an SVG file.

    Raises:
        NotAPicture: the bytes are not SVG.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NotAPicture(str(error)) from None
    if root.tag != SVG + "svg":
        raise NotAPicture("the root element is not svg")
    return root


def svg_size(root: etree._Element) -> tuple[int, int] | None:
    """Width and height in CSS pixels, from the attributes or else the `viewBox`."""
    sizes = [_length(str(root.get(name, ""))) for name in ("width", "height")]
    if None in sizes:
        box = str(root.get("viewBox", "")).replace(",", " ").split()
        sizes = [_length(number) for number in box[2:4]]
    if len(sizes) != 2 or None in sizes:
        return None
    width, height = (round(size or 0) for size in sizes)
    return width, height


def _length(text: str) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([a-z]*)", text.strip())
    if not match or match[2] not in UNITS:
        return None
    length = float(match[1]) * UNITS[match[2]]
    return length if isfinite(length) else None
