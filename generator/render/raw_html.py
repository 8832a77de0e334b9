"""HTML that an author wrote: its addresses are read as those of Markdown are.

So `<img src="nodes.svg" width="300">`, as notebooks have it, shows the file beside the post, and
an address that leads nowhere is an error.
"""

from __future__ import annotations

import re
from html import escape, unescape

from ..html_syntax import COMMENT
from .context import Context, Place
from .loads import ATTRIBUTE, CLOSING, LOADS, VALUE

LEADS = {"a": ("href",), "area": ("href",)} | {
    element: tuple(name for name, _ in attributes if name not in ("srcset", "action"))
    for element, attributes in LOADS.items()
}
"""Element -> its attributes that hold one address."""

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
    def read(match: re.Match[str]) -> str:
        if match[1].lower() not in LEADS.get(element, ()):
            return match[0]
        written = unescape(match[2] or match[3] or match[4] or "").strip()
        base = context.links.config.base
        # Liquid is an error of its own.
        known = not written or "{{" in written or "{%" in written
        if known or (base and written.startswith(f"{base}/")):
            return match[0]
        found = context.target(written, place).address
        return match[0] if found == written else f' {match[1]}="{escape(found)}"'

    return VALUE.sub(read, text)
