"""Styles that an output brings: which of them may stand on a page, and how they look in the dark.

pandas' Styler writes a style sheet whose selectors begin with an id made of random digits. Its
rules become `style` attributes, so that the page has neither the sheet nor the id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from .dark_colours import dark_colour, readable_on

PROPERTIES = frozenset(
    """
    background background-color border border-bottom border-bottom-color border-bottom-style
    border-bottom-width border-collapse border-color border-left border-radius border-right
    border-spacing border-style border-top border-width caption-side color display font-family
    font-size font-style font-variant font-weight height letter-spacing line-height list-style
    margin margin-bottom margin-left margin-right margin-top max-height max-width min-height
    min-width opacity overflow overflow-x overflow-y padding padding-bottom padding-left
    padding-right padding-top text-align text-decoration text-indent text-transform
    vertical-align white-space width word-break
    """.split()
)
"""What shapes a box where it stands. Nothing here can cover the page or be fixed on it."""
DISPLAYS = ("block", "inline", "inline-block", "flex", "grid", "none", "table")
FUNCTIONS = frozenset(
    "calc hsl hsla linear-gradient max min repeating-linear-gradient rgb rgba".split()
)

NAMED = {
    "black": "#000000",
    "blue": "#0000ff",
    "coral": "#ff7f50",
    "darkorange": "#ff8c00",
    "green": "#008000",
    "lightblue": "#add8e6",
    "lightgreen": "#90ee90",
    "lightyellow": "#ffffe0",
    "lime": "#00ff00",
    "navy": "#000080",
    "orange": "#ffa500",
    "pink": "#ffc0cb",
    "purple": "#800080",
    "red": "#ff0000",
    "salmon": "#fa8072",
    "tomato": "#ff6347",
    "white": "#ffffff",
    "yellow": "#ffff00",
}
"""CSS Color 4, 6.1: names that tables are often painted with."""


def harmless_style(css: str) -> str:
    """The declarations of a `style` attribute that may stand on a page, ready for the dark."""
    kept: dict[str, str] = {}
    for declaration in css.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        name = name.lower()
        if name in PROPERTIES and _is_harmless(name, value):
            kept[name] = value
    if "gradient" in kept.get("background", ""):
        # A bar on the page's own ground: no ink but the page's can be read on both.
        kept.pop("background-color", None)
        kept.pop("color", None)
    ground = _hex(kept.get("background-color", "") or kept.get("background", ""))
    ink = _hex(kept.get("color", ""))
    if ground and "color" not in kept:
        # The page's ink would be light on it in the dark.
        kept["color"] = readable_on(ground)
    elif ink and "background-color" not in kept and "background" not in kept:
        dark = dark_colour(ink)
        if dark != ink:
            kept["color"] = f"light-dark({ink}, {dark})"
    return "; ".join(f"{name}: {value}" for name, value in kept.items())


def _is_harmless(name: str, value: str) -> bool:
    if not value or re.search(r"[\\<>{}@]|/\*|javascript|expression", value, re.IGNORECASE):
        return False
    if name == "display" and value.lower() not in DISPLAYS:
        return False
    if name.startswith("margin") and "-" in value:
        return False
    functions = re.findall(r"([\w-]*)\(", value.lower())
    return all(function in FUNCTIONS for function in functions)


def _hex(value: str) -> str:
    """`#rrggbb` of a colour, or nothing for what is none of one colour."""
    value = value.strip().lower()
    if re.fullmatch("#[0-9a-f]{3}", value):
        return "#" + "".join(2 * digit for digit in value[1:])
    return value if re.fullmatch("#[0-9a-f]{6}", value) else NAMED.get(value, "")


# --- a style sheet -> style attributes --------------------------------------------------------

SHEET = re.compile(r"<style\b[^>]*+>?(.*?)(?:</style\s*+>|\Z)", re.DOTALL | re.IGNORECASE)
"""A style sheet; one that has no end goes on to that of the HTML, as in a browser."""
COMPOUND = re.compile(r"([a-zA-Z][\w-]*)?((?:[#.][\w-]+)*)")
MOST_RULES = 20_000


def take_sheets(html: str) -> tuple[str, list[tuple[str, str]]]:
    """HTML without its style sheets, and their rules as (selector, declarations)."""
    rules: list[tuple[str, str]] = []
    for sheet in SHEET.findall(html):
        text = re.sub(r"/\*.*?(?:\*/|\Z)", "", sheet, flags=re.DOTALL)
        rules += [
            (selector.strip(), declarations)
            for selectors, declarations in _rules(text)
            for selector in selectors.split(",")
        ]
    return SHEET.sub("", html), rules[:MOST_RULES]


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of the rules of a sheet, also of those in `@media`."""
    for block in sheet.split("}")[:-1]:
        *around, declarations = block.split("{")
        if around and around[-1]:
            yield around[-1], declarations


def apply_rules(root: etree._Element, rules: list[tuple[str, str]]) -> None:
    """Write rules whose selectors begin with an id of this HTML as `style` attributes.

    Later rules win, and an element's own attribute wins over all. Other selectors would reach
    beyond the output, or speak of states (`:hover`) that an attribute cannot; they are left out.
    """
    by_id = {str(element.get("id")): element for element in root.iter() if element.get("id")}
    found: dict[etree._Element, str] = {}
    for selector, declarations in rules:
        first, *rest = selector.replace(">", " ").split() or [""]
        if not re.fullmatch(r"#[\w-]+", first) or first[1:] not in by_id:
            continue
        matched = [by_id[first[1:]]]
        for compound in rest:
            matched = [below for element in matched for below in _matching(element, compound)]
        for element in matched:
            found[element] = f"{found.get(element, '')};{declarations}"
    for element, css in found.items():
        element.set("style", f"{css};{element.get('style', '')}")


def _matching(element: etree._Element, compound: str) -> list[etree._Element]:
    match = COMPOUND.fullmatch(compound)
    if not match:
        return []
    wanted = re.findall(r"([#.])([\w-]+)", match[2] or "")
    return [
        below
        for below in element.iterdescendants(match[1] or etree.Element)
        if all(
            below.get("id") == name if sign == "#" else name in str(below.get("class", "")).split()
            for sign, name in wanted
        )
    ]
