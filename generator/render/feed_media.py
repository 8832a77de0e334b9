"""What a feed has in the place of what its readers do not show, and lose with all that it says.

A frame, a sound or a film in HTML becomes a link to what it would show, a drawing in SVG becomes a
picture: a file beside the post's others.
"""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import urljoin

from ..addresses import address
from ..html_syntax import COMMENT
from .context import Context
from .loads import ATTRIBUTE, VALUE
from .svg import SVG, XLINK, NotAPicture, parse_svg, safe_svg, svg_size

TAG = re.compile(
    rf"{COMMENT}|<(audio|embed|iframe|object|script|style|svg|video)\b"
    rf"((?:{ATTRIBUTE}|\s|/)*)>",
    re.IGNORECASE,
)
"""The start of an element that readers do not show, or a comment. In code `<` is `&lt;`."""
ANY = re.compile(r"<(?i:audio|embed|iframe|object|svg|video)\b")
"""Most posts have none; to find that out takes a fifth of the time."""
DRAWING = re.compile(r"<svg\b", re.IGNORECASE)
OF_ITS_NAME = {
    name: re.compile(rf"<(/?){name}(?=[\s/>])[^>]*>", re.IGNORECASE)
    for name in ("audio", "iframe", "object", "script", "style", "svg", "video")
}
SOURCE = re.compile(rf"<source\b((?:{ATTRIBUTE}|\s|/)*)>", re.IGNORECASE)
NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")
"""A character by a name that HTML knows and XML does not."""


def may_have_files(html: str) -> bool:
    """Whether a post, of which this is the page, may publish files for feeds alone: drawings."""
    return DRAWING.search(html) is not None


def with_links(html: str, page: str, context: Context) -> str:
    """HTML of a feed with links and pictures; `page` is the absolute address of the post's page."""
    if not ANY.search(html):
        return html
    parts: list[str] = []
    done = 0
    while tag := TAG.search(html, done):
        parts.append(html[done : tag.start()])
        name, done = (tag[1] or "").lower(), tag.end()
        inner = ""
        if name in OF_ITS_NAME and not (name == "svg" and tag[2].endswith("/")):
            last, after = _end(name, html, done)
            inner, done = html[done:last], after
        if name in ("", "script", "style"):
            parts.append(html[tag.start() : done])
        elif name == "svg":
            parts.append(_picture(html[tag.start() : done], tag[2], context))
        else:
            parts.append(_link(_values(tag[2]), inner, page))
    return "".join(parts) + html[done:]


def _end(name: str, html: str, start: int) -> tuple[int, int]:
    """Where what stands in an element ends, and where the element does.

    One that nothing closes ends at once: what follows it is not lost.
    """
    depth = 1
    for tag in OF_ITS_NAME[name].finditer(html, start):
        # In scripts, styles and frames is no HTML.
        nested = name in ("object", "svg") and not tag[0].endswith("/>")
        depth += -1 if tag[1] else nested
        if not depth:
            return tag.start(), tag.end()
    return start, start


def _values(attributes: str) -> dict[str, str]:
    return {
        match[1].lower(): unescape(match[2] or match[3] or match[4] or "").strip()
        for match in VALUE.finditer(attributes)
    }


def _link(values: dict[str, str], inner: str, page: str) -> str:
    """A link to what an element shows; without an address, what stands in the element."""
    sources = (_values(source[1]).get("src") for source in SOURCE.finditer(inner))
    written = values.get("src") or values.get("data") or next(filter(None, sources), "")
    try:
        whole = urljoin(page, written) if written else ""
    except ValueError:  # `http://[` is no address
        whole = ""
    if not whole.startswith(("http://", "https://")):
        return inner
    said = values.get("title") or values.get("aria-label") or whole
    return f'<a href="{escape(whole)}">{escape(said, quote=False)}</a>'


def _picture(drawing: str, attributes: str, context: Context) -> str:
    """A drawing as a picture; its words, if it is none that can be a file.

    One that says nothing is an ornament, whose size a style sheet may decide.
    """
    values = _values(attributes)
    if values.get("aria-hidden") == "true":
        return ""
    spaces = "" if "xmlns" in values else f' xmlns="{SVG[1:-1]}"'
    if "xlink:" in drawing and "xmlns:xlink" not in values:
        spaces += f' xmlns:xlink="{XLINK[1:-1]}"'
    text = NAMED.sub(lambda match: unescape(match[0]), drawing)
    said = values.get("aria-label", "")
    try:
        content = safe_svg(text[:4] + spaces + text[4:])
    except NotAPicture:
        return escape(said, quote=False)
    root = parse_svg(content)
    said = said or " ".join((root.findtext(f"{SVG}title") or "").split())
    size = svg_size(root)
    shape = f' width="{size[0]}" height="{size[1]}"' if size and all(size) else ""
    path = context.publish_hashed(content, ".svg")
    source = address(path, context.links.config)
    return f'<img src="{source}" alt="{escape(said)}"{shape}>'
