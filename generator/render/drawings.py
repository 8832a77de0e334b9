"""SVG: safe drawings, and Matplotlib's figures in the colours of the page.

A figure by Matplotlib stands in the page itself, so that its ink is the page's ink and its paper
the page's paper, whatever theme, system or reader decides. Any other drawing is a file, where
nothing in it can run or load anything.
"""

from __future__ import annotations

import base64
import binascii
import colorsys
import re
from collections.abc import Callable, Iterable
from html import escape

from lxml import etree

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}
"""CSS pixels (CSS Values 4, 6.2) to a unit."""

ELEMENTS = frozenset(
    """
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
BITMAP = re.compile(r"\s*data:image/(png|jpeg|gif|webp);base64,(.*)", re.DOTALL)
LINK = re.compile(r"\s*(?:#|https?://|mailto:)")
URL = re.compile(r"url\(\s*(['\"]?)(?!\s*#)", re.IGNORECASE)
LOADS = re.compile(r"@import|image-set|(?<![\w-])src\s*\(|\\|javascript:|expression\(", re.I)

DARK_INK, DARK_PAPER = "#e4e2dd", "#16181c"
"""Text and background of a dark page, which colours are judged against."""
COLOUR = re.compile(r"(fill|stroke|stop-color): (#[0-9a-f]{6})\b")
MOST_COLOURS = 48
"""A drawing with more colours than this is a colour map: only its ink and paper change."""
MAPPED_COLOURS = 8
FILLS = 2
"""So is a collection with more colours than this, or more that fill a shape."""

FITS = 480
"""CSS pixels of a figure that a phone may shrink to its own width."""
SMALLEST = 0.72
"""The part of its width that a wider one keeps: letters of 10 points stay near 10 pixels."""


class NotAPicture(ValueError):
    """The bytes are no picture that a browser shows."""


def is_svg(content: bytes) -> bool:
    """Whether a file seems to be an SVG."""
    return content.lstrip()[:5] in (b"<?xml", b"<svg ") or b"<svg" in content[:1000]


def measure_svg(content: bytes) -> tuple[int, int] | None:
    """Width and height in CSS pixels; None for what is no SVG or has no size."""
    try:
        return _size(_parse(content))
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
    root = _parse(text.encode("utf-8", "replace"))
    _clean(root)
    if by_matplotlib(text):
        _shorten_ids(root, "i")
    return etree.tostring(root, encoding="utf-8")


def by_matplotlib(text: str) -> bool:
    """Whether Matplotlib drew an SVG."""
    return 'id="figure_1"' in text[:6000] and "viewBox=" in text[:1000]


Publish = Callable[[bytes, str], str]
"""(bytes of a bitmap, suffix) -> its address."""


def page_figure(text: str, prefix: str, label: str, publish: Publish) -> str:
    """A figure by Matplotlib as a part of a page.

    Args:
        text: SVG by Matplotlib.
        prefix: what the figure's ids begin with; another one for each figure of a page.
        label: what is said to those who cannot see it.
        publish: makes a file of a bitmap in the figure, so that the page is not heavy with it.

    Raises:
        NotAPicture: the text is not SVG.
    """
    root = _parse(text.encode("utf-8", "replace"))
    size = _size(root) or (0, 0)
    _clean(root)
    for element in root.iter(SVG + "image"):
        _publish_bitmap(element, publish)
    for element in list(root.iter(SVG + "style")):
        _remove(element)
    if _clear_ground(root):
        _recolour(root)
        ink = "currentColor"
    else:
        ink = "#000"
    _shorten_ids(root, prefix)
    for element in root.iter():
        for name in ("d", "x", "y", "points"):
            if name in element.attrib:
                element.set(name, _rounded(str(element.get(name))))
        if XLINK + "href" in element.attrib:
            element.set("href", str(element.attrib.pop(XLINK + "href")))
        element.tail = None
        if element.tag not in (SVG + "text", SVG + "tspan", SVG + "title"):
            element.text = None
    box = root.get("viewBox")
    inner = "".join(etree.tostring(child, encoding="unicode") for child in root)
    inner = re.sub(r' xmlns(:\w+)?="[^"]*"', "", inner)
    least = f' style="--least: {round(size[0] * SMALLEST)}px"' if size[0] > FITS else ""
    drawing = (
        f'<svg class="drawing" role="img" aria-label="{escape(label)}" '
        f'width="{size[0]}" height="{size[1]}" viewBox="{escape(str(box))}" fill="{ink}" '
        f'stroke-linejoin="round"{least}>{inner}</svg>'
    )
    # What does not fit a phone with letters that can be read scrolls in a box of its own.
    return f'<div class="scroll" tabindex="0">{drawing}</div>' if least else drawing


def _publish_bitmap(image: etree._Element, publish: Publish) -> None:
    match = BITMAP.fullmatch(str(image.get(XLINK + "href", image.get("href", ""))))
    if not match:
        return
    try:
        content = base64.b64decode("".join(match[2].split()), validate=True)
    except (binascii.Error, ValueError):
        return
    image.attrib.pop(XLINK + "href", "")
    image.set("href", publish(content, f".{match[1]}"))


# --- what may not be in a drawing -------------------------------------------------------------


def _clean(root: etree._Element) -> None:
    for element in list(root.iter()):
        name = element.tag
        if not isinstance(name, str) or not name.startswith(SVG) or name[28:] not in ELEMENTS:
            if element is not root:
                _remove(element)
            continue
        for attribute, value in element.attrib.items():
            if not _harmless(name, str(attribute), str(value)):
                del element.attrib[attribute]
        if name == SVG + "style" and not _harmless_style("".join(map(str, element.itertext()))):
            _remove(element)


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


def _remove(element: etree._Element) -> None:
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


# --- the page's colours -----------------------------------------------------------------------


def _declarations(element: etree._Element) -> dict[str, str]:
    parts = (part.partition(":") for part in str(element.get("style", "")).split(";"))
    return {name.strip(): value.strip() for name, _, value in parts if value}


def _write(element: etree._Element, declarations: dict[str, str]) -> None:
    style = ";".join(f"{name}:{value}" for name, value in declarations.items())
    if style:
        element.set("style", style)
    else:
        element.attrib.pop("style", "")


def _clear_ground(root: etree._Element) -> bool:
    """Let the page show through the grounds of a figure and its axes.

    Returns:
        False for a figure with a dark or a coloured ground, which is left as it was drawn: its
        ink was chosen for that ground.
    """
    ground = root.find(f"{SVG}g[@id='figure_1']/{SVG}g[@id='patch_1']/{SVG}path")
    grounds = [
        axes.find(f"{SVG}g/{SVG}path")
        for axes in root.iter(SVG + "g")
        if str(axes.get("id")).startswith("axes_")
    ]
    # Axes without a ground begin with what they show: slices of a pie, bars.
    own = [path for path in grounds if path is not None and _is_ground(path)]
    if any(_is_colour(path) for path in ([] if ground is None else [ground]) + own):
        return False
    for path in (ground, *grounds):
        if path is None:
            continue
        declarations = _declarations(path)
        if declarations.get("fill") == "#ffffff":
            _write(path, {**declarations, "fill": "none"})
    return True


RECTANGLE = re.compile(r"\s*M [-\d.]+ [-\d.]+\s+(?:L [-\d.]+ [-\d.]+\s+){3,4}z\s*")


def _is_ground(path: etree._Element) -> bool:
    """Whether a shape is the ground of axes: a rectangle that nothing clips."""
    return "clip-path" not in path.attrib and bool(RECTANGLE.fullmatch(str(path.get("d", ""))))


def _is_colour(ground: etree._Element) -> bool:
    """Whether a ground is no paper: dark, or more than a tint of grey."""
    fill = _declarations(ground).get("fill", "#000000")
    if not re.fullmatch("#[0-9a-f]{6}", fill):
        return False
    channels = _channels(fill)
    return _luminance(*channels) < 0.2 or max(channels) - min(channels) > 0.1


def _recolour(root: etree._Element) -> None:
    """Ink and paper become the page's, greys and tints follow them, colours of data stay."""
    for rectangle in root.iterfind(f".//{SVG}pattern/{SVG}rect"):
        # Between the lines of a hatch; the lines have a style already.
        if re.fullmatch("#[0-9a-f]{6}", str(rectangle.get("fill", ""))):
            rectangle.set("style", f"fill: {rectangle.get('fill', '')!s}")
            del rectangle.attrib["fill"]
    kept = set(_mapped(root))
    found = {
        colour
        for element in root.iter()
        if element not in kept
        for _, colour in COLOUR.findall(str(element.get("style", "")))
    }
    few = len(found) <= MOST_COLOURS
    for element in root.iter():
        if element in kept:
            if str(element.get("id", "")).startswith("text_"):
                # Its letters would take the page's ink.
                element.set("fill", "#000")
            continue
        declarations = _declarations(element)
        if not declarations:
            continue
        for name in ("fill", "stroke", "stop-color"):
            value = declarations.get(name, "")
            if value == "#000000":
                declarations[name] = "currentColor"
            elif value == "#ffffff":
                declarations[name] = "var(--paper,#fff)"
            elif few and re.fullmatch("#[0-9a-f]{6}", value):
                dark = dark_colour(value)
                if dark != value:
                    # The first is for browsers that do not know `light-dark`.
                    declarations[name] = f"{value};{name}:light-dark({value},{dark})"
        _write(element, declarations)


def _mapped(root: etree._Element) -> Iterable[etree._Element]:
    """What shows data by colour, and the words that stand on it: it stays as it was drawn."""
    for axes in root.iter(SVG + "g"):
        if not str(axes.get("id", "")).startswith("axes_"):
            continue
        has_map = axes.find(f".//{SVG}image") is not None
        for group in axes.iterfind(f"{SVG}g"):
            # Collections have names like QuadMesh_1; lines, patches and texts begin small.
            if str(group.get("id", "x"))[:1].isupper():
                styles = [str(element.get("style", "")) for element in group.iter()]
                found = {pair for style in styles for pair in COLOUR.findall(style)}
                fills = {colour for name, colour in found if name == "fill"}
                if len(fills) > FILLS or len(found) > MAPPED_COLOURS:
                    has_map = True
                    yield from group.iter()
        frame = _frame(axes)
        for group in axes.iterfind(f"{SVG}g"):
            if not str(group.get("id", "")).startswith("text_"):
                continue
            place = _place(group)
            on_map = has_map and frame and place and _inside(place, frame)
            if on_map or _has_plate(group):
                yield from group.iter()
        yield from _on_pictures(axes)


def _on_pictures(axes: etree._Element) -> Iterable[etree._Element]:
    """What is drawn on a picture that fills its axes: its colours were chosen for the picture."""
    clips = {
        f"url(#{clip.get('id')})": rectangle
        for clip in axes.getroottree().iter(f"{SVG}clipPath")
        if (rectangle := clip.find(f"{SVG}rect")) is not None
    }
    filled = {
        clip
        for group in axes.iterfind(f"{SVG}g")
        if (clip := str(group.get("clip-path"))) in clips
        and (image := group.find(f"{SVG}image")) is not None
        and all(
            float(image.get(side, 0)) >= 0.98 * float(clips[clip].get(side, 0))
            for side in ("width", "height")
        )
    }
    for group in axes.iterfind(f"{SVG}g"):
        is_axis = str(group.get("id", "")).startswith("matplotlib.axis")
        if not is_axis and any(element.get("clip-path") in filled for element in group.iter()):
            yield from group.iter()


def _has_plate(group: etree._Element) -> bool:
    """Whether a text stands on a coloured box of its own that does not change."""
    box = group.find(f"{SVG}g/{SVG}path")
    fill = _declarations(box).get("fill", "none") if box is not None else "none"
    return bool(re.fullmatch("#[0-9a-f]{6}", fill)) and dark_colour(fill) == fill


def _frame(axes: etree._Element) -> tuple[float, float, float, float] | None:
    """Left, top, right, bottom of what axes draw in: the bounds of its ground and spines."""
    points = []
    for path in axes.iterfind(f"{SVG}g/{SVG}path"):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", str(path.get("d", "")))]
        points += list(zip(numbers[::2], numbers[1::2], strict=False))
    if not points:
        return None
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def _place(group: etree._Element) -> tuple[float, float] | None:
    for element in group.iter(SVG + "g", SVG + "text"):
        match = re.search(
            r"translate\((-?[\d.]+)[ ,]+(-?[\d.]+)\)", str(element.get("transform", ""))
        )
        if match:
            return float(match[1]), float(match[2])
    return None


def _inside(place: tuple[float, float], frame: tuple[float, float, float, float]) -> bool:
    return frame[0] <= place[0] <= frame[2] and frame[1] <= place[1] <= frame[3]


def dark_colour(colour: str) -> str:
    """What `#rrggbb`, meant for white paper, becomes on a dark page.

    Greys change places with their opposites. So do very dark and very light colours, which
    stand for ink and for tinted paper; a colour in between is data and stays.
    """
    if colour in ("#000000", "#ffffff"):
        return DARK_INK if colour == "#000000" else DARK_PAPER
    red, green, blue = _channels(colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    is_grey = max(red, green, blue) - min(red, green, blue) < 0.08
    # A luminance of 0.13 has a contrast of 3 against the dark page (WCAG 2.2, 1.4.11).
    if not is_grey and 0.13 <= _luminance(red, green, blue) <= 0.8:
        return colour
    channels = colorsys.hls_to_rgb(hue, 0.1 + 0.8 * (1 - lightness), saturation * 0.8)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _luminance(*channels: float) -> float:
    """Relative luminance of sRGB channels between 0 and 1 (WCAG 2.2)."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable_on(colour: str) -> str:
    """Black or white, whichever can be read on `#rrggbb`."""
    return "#000" if _luminance(*_channels(colour)) > 0.18 else "#fff"


# --- the same bytes, and fewer of them --------------------------------------------------------

REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")


def _shorten_ids(root: etree._Element, prefix: str) -> None:
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


NUMBER = re.compile(r"-?\d+\.\d{3,}")


def _rounded(path: str) -> str:
    """Coordinates to a hundredth of a point, on one line."""
    shorter = NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), path)
    return " ".join(shorter.split())


# --- reading ----------------------------------------------------------------------------------


def _parse(content: bytes) -> etree._Element:
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


def _size(root: etree._Element) -> tuple[int, int] | None:
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
    return float(match[1]) * UNITS[match[2]]
