"""How much a page is on the wire: itself, style sheets, scripts, fonts and pictures.

Texts are counted as gzip makes them, which is how GitHub Pages sends them. Of fonts those count
that a rule asks for whose classes are on the page, and whose `unicode-range` has one of its
characters; of a picture in several sizes the largest.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

from msgspec import Struct

from ..html_syntax import candidates
from .built_site import BuiltSite, resolve
from .finding import Finding
from .page import Page

TEXT = (".css", ".html", ".js", ".json", ".mjs", ".svg", ".xml")
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
BRACE = re.compile(r"([{}])")
FACE = re.compile(r"@font-face\s*\{([^{}]*)\}")
FAMILY = re.compile(r"font-family\s*:\s*([^;]+)")
SOURCE = re.compile(r"url\(\s*[\"']?([^\"')]+)[\"']?\s*\)")
RANGE = re.compile(r"unicode-range\s*:\s*([^;]+)")
POINTS = re.compile(r"U\+([0-9A-F?]+)(?:-([0-9A-F]+))?", re.IGNORECASE)
SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)[wx](?!\S)")
CLASS = re.compile(r"\.([A-Za-z_][\w-]*)")


class Face(Struct, frozen=True):
    """A font of a style sheet."""

    path: str
    """Its file in the site."""
    classes: tuple[frozenset[str], ...]
    """Sets of classes; a page that has all of one set may need it."""
    ranges: tuple[tuple[int, int], ...]
    """Code points; without any it has all."""

    def is_needed(self, classes: frozenset[str], characters: frozenset[int]) -> bool:
        """Whether a page with these classes and characters loads it."""
        if not any(asked <= classes for asked in self.classes):
            return False
        return not self.ranges or any(
            first <= point <= last for first, last in self.ranges for point in characters
        )


def check_weight(site: BuiltSite, limit: int) -> Iterator[Finding]:
    """Pages beyond a limit in KiB."""
    weights: dict[str, int] = {}
    faces: dict[str, tuple[Face, ...]] = {}
    weigh = partial(_weigh, site=site, known=weights)
    for page in site.pages.values():
        parts = _parts(page, site, faces)
        total = weigh(page.path) + sum(map(weigh, parts))
        if total > limit * 1024:
            heaviest = sorted(parts, key=lambda path: (-weigh(path), path))[:3]
            named = ", ".join(f"{path} {_kib(weigh(path))}" for path in heaviest)
            yield Finding(
                "weight",
                "warning",
                f"the page weighs {_kib(total)} with all that it loads",
                f"{site.folder}/{page.path}",
                text=f"{_kib(weigh(page.path))} itself, {named}" if named else "",
                hint=f"{limit} KiB is the limit: `page_weight` in [tool.inkcell.check]",
            )


def _kib(size: int) -> str:
    return f"{size / 1024:.0f} KiB"


def _weigh(path: str, site: BuiltSite, known: dict[str, int]) -> int:
    """Bytes that a file takes on the wire."""
    if path not in known:
        content = site.files[path]
        known[path] = len(zlib.compress(content, 6)) if path.endswith(TEXT) else len(content)
    return known[path]


def _parts(page: Page, site: BuiltSite, faces: dict[str, tuple[Face, ...]]) -> set[str]:
    """The files that a page loads besides itself."""
    own = site.address(page.path)
    found: set[str] = set()

    def add(address: str) -> str:
        place = resolve(address, own, site)
        if place.file in site.files and not place.problem:
            found.add(place.file)
            return place.file
        return ""

    for element in page.named("script", "img", "video", "audio", "image", "use"):
        attributes = element.attributes
        sizes = {_size(size): name for name, size in candidates(attributes.get("srcset", ""))}
        if sizes:
            add(sizes[max(sizes)])
        elif attributes.get("preload") != "none":
            add(attributes.get("src") or attributes.get("href") or "#")
    characters: frozenset[int] | None = None
    for element in page.named("link"):
        relation = element.attributes.get("rel", "").split()
        if "icon" in relation or "preload" in relation or "modulepreload" in relation:
            add(element.attributes.get("href", "#"))
        if "stylesheet" not in relation:
            continue
        path = add(element.attributes.get("href", "#"))
        if path:
            if path not in faces:
                faces[path] = tuple(_faces(path, site))
            if characters is None:
                characters = frozenset(map(ord, set(page.html)))
            classes = page.classes
            found |= {f.path for f in faces[path] if f.is_needed(classes, characters)}
    found.discard(page.path)
    return found


def _size(descriptor: str) -> float:
    """How large a candidate of a `srcset` says that it is; nothing for what no browser takes."""
    size = SIZE.match(descriptor or "1x")
    return float(size[1]) if size else 0


def _faces(path: str, site: BuiltSite) -> Iterator[Face]:
    """The fonts of a style sheet, with the classes that ask for them."""
    text = COMMENT.sub("", site.files[path].decode(errors="replace"))
    start = f"{site.url}/{quote(path)}"
    rules = [
        (selectors.strip(), body)
        for selectors, body in _rules(FACE.sub("", text))
        if "font" in body or "--" in body
    ]
    for body in FACE.findall(text):
        family, source = FAMILY.search(body), SOURCE.search(body)
        if not family or not source:
            continue
        name = family[1].strip().strip("\"'")
        place = resolve(source[1], start, site)
        if place.file not in site.files:
            continue
        asked = {
            frozenset(CLASS.findall(selector))
            for selectors, rule in rules
            if name in rule and _same_style(body, rule)
            for selector in selectors.split(",")
        }
        span = RANGE.search(body)
        yield Face(place.file, tuple(asked), tuple(_ranges(span[1])) if span else ())


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """The rules of a style sheet that hold no other: selectors and body."""
    parts = BRACE.split(text)
    for before, opening, body, closing in zip(*(parts[start:] for start in range(4)), strict=False):
        if before and (opening, closing) == ("{", "}"):
            yield before, body


def _same_style(face: str, rule: str) -> bool:
    """Whether a rule may ask for a face's weight and slant, as far as it says."""
    heavy = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)|font\s*:[^;]*\bbold\b")
    slanted = re.compile(r"font-style\s*:\s*(?:italic|oblique)|font\s*:[^;]*\bitalic\b")
    variable = re.search(r"font-weight\s*:\s*\d+\s+\d+", face) is not None
    weight = variable or bool(heavy.search(face)) == bool(heavy.search(rule))
    return weight and bool(slanted.search(face)) == bool(slanted.search(rule))


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for first, last in POINTS.findall(text):
        low = int(first.replace("?", "0"), 16)
        yield low, int(last, 16) if last else int(first.replace("?", "F"), 16)
