"""Matplotlib's figures as parts of a page, in its colours.

Such a figure stands in the page itself, so that its ink is the page's ink and its paper the page's
paper, whatever theme, system or reader decides.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from html import escape

from lxml import etree

from ..colours import luminance, red_green_blue
from .dark_colours import dark_colour
from .svg import SVG, XLINK, clean_svg, parse_svg, remove_element, shorten_ids, svg_size
from .svg_paths import rounded, shorter_path

BITMAP = re.compile(r"\s*data:image/(png|jpeg|gif|webp);base64,(.*)", re.DOTALL)
HEX = re.compile("#[0-9a-f]{6}")
COLOUR = re.compile(rf"(fill|stroke|stop-color): ({HEX.pattern})\b")
MOST_COLOURS = 48
"""A drawing with more colours than this is a colour map: only its ink and paper change."""
MAPPED_COLOURS = 8
FILLS = 2
"""So is a collection with more colours than this, or more that fill a shape."""

FITS = 480
"""CSS pixels of a figure that a phone may shrink to its own width."""
SMALLEST = 0.72
"""The part of its width that a wider one keeps: letters of 10 points stay near 10 pixels."""

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
    root = parse_svg(text.encode("utf-8", "replace"))
    size = svg_size(root) or (0, 0)
    clean_svg(root)
    for element in root.iter(SVG + "image"):
        _publish_bitmap(element, publish)
    for element in list(root.iter(SVG + "style")):
        remove_element(element)
    if _clear_ground(root):
        _recolour(root)
        ink = "currentColor"
    else:
        ink = "#000"
    shorten_ids(root, prefix)
    for element in root.iter():
        for name in ("x", "y", "points"):
            if name in element.attrib:
                element.set(name, rounded(str(element.get(name))))
        if "d" in element.attrib:
            element.set("d", shorter_path(str(element.get("d"))))
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
    if not HEX.fullmatch(fill):
        return False
    channels = red_green_blue(fill)
    return luminance(*channels) < 0.2 or max(channels) - min(channels) > 0.1


def _recolour(root: etree._Element) -> None:
    """Ink and paper become the page's, greys and tints follow them, colours of data stay."""
    for rectangle in root.iterfind(f".//{SVG}pattern/{SVG}rect"):
        # Between the lines of a hatch; the lines have a style already.
        if HEX.fullmatch(str(rectangle.get("fill", ""))):
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
            elif few and HEX.fullmatch(value):
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
    return bool(HEX.fullmatch(fill)) and dark_colour(fill) == fill


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
