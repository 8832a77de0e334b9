"""HTML that an author wrote: its addresses are read as those of Markdown are.

So `<img src="nodes.svg" width="300">`, as notebooks have it, shows the file beside the post, in its
proportions, and an address that leads nowhere is an error.
"""

from __future__ import annotations

import re
from html import escape, unescape

from ..html_syntax import COMMENT, candidates
from ..iri import as_uri
from .context import Context, Place
from .images import measure, sized
from .loads import ATTRIBUTE, CLOSING, LOADS, VALUE

SIZES = ("width", "height")
LEADS = {"a": ("href",), "area": ("href",)} | {
    element: tuple(name for name, _ in attributes if name != "action")
    for element, attributes in LOADS.items()
}
"""Element -> its attributes that hold addresses: one, or several in a `srcset`."""

TAG = re.compile(
    rf"{COMMENT}|<({'|'.join(LEADS)}|style)\b((?:{ATTRIBUTE}|\s|/)*)>",
    re.IGNORECASE,
)


def with_addresses(html: str, context: Context, place: Place) -> str:
    """HTML whose addresses lead to where the same of Markdown would."""
    parts: list[str] = []
    done = 0
    while tag := TAG.search(html, done):
        parts.append(html[done : tag.start()])
        done = tag.end()
        if not tag[1]:
            parts.append(tag[0])
            continue
        here = place.below(html.count("\n", 0, tag.start()))
        start, end = tag.start(), tag.start(2)
        parts.append(html[start:end] + _attributes(tag[1].lower(), tag[2], context, here) + ">")
        if closing := CLOSING.get(tag[1].lower()):
            # What stands in it is no HTML.
            after = closing.search(html, done)
            last = after.start() if after else len(html)
            parts.append(html[done:last])
            done = last
    return "".join(parts) + html[done:]


def _attributes(element: str, text: str, context: Context, place: Place) -> str:
    shown = b""

    def read(match: re.Match[str]) -> str:
        nonlocal shown
        name = match[1].lower()
        if name not in LEADS.get(element, ()):
            return match[0]
        written = unescape(match[2] or match[3] or match[4] or "").strip()
        # Liquid is an error of its own.
        if "{{" in written or "{%" in written:
            return match[0]
        if name == "srcset":
            sizes = [(_lead(one, context, place)[0], size) for one, size in candidates(written)]
            found = ", ".join(f"{one} {size}".rstrip() for one, size in sizes)
            if sizes == [*candidates(written)]:
                return match[0]
        else:
            found, neighbour = _lead(written, context, place)
            if neighbour and element == "img":
                shown = context.post.source.neighbours[neighbour]
        return match[0] if found == written else f' {match[1]}="{escape(found)}"'

    read_text = VALUE.sub(read, text)
    return _with_size(read_text, shown) if shown else read_text


def _lead(written: str, context: Context, place: Place) -> tuple[str, str]:
    """Where an address leads, and the neighbouring file that it needs, if any."""
    base = context.links.config.base
    if not written or (base and written.startswith(f"{base}/")):
        return written, ""
    target = context.target(written, place)
    return as_uri(target.address), target.neighbour


def _with_size(text: str, picture: bytes) -> str:
    """The attributes of an `img` with the size that they do not say, so that no text jumps."""
    given = {
        match[1].lower(): (match[2] or match[3] or match[4] or "").strip()
        for match in VALUE.finditer(text)
    }
    lengths = {name: given[name] for name in SIZES if name in given}
    size = measure(picture)
    styled = "width" in given.get("style", "") or "height" in given.get("style", "")
    if not size or not all(size) or styled or not all(map(str.isdecimal, lengths.values())):
        return text
    whole = sized(dict(zip(SIZES, map(str, size), strict=True)), lengths)
    added = "".join(f' {name}="{whole[name]}"' for name in SIZES if name not in given)
    bare = text.rstrip(" /")
    return bare + added + text[len(bare) :]
