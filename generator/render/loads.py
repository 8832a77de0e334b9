"""What HTML in a post loads and runs, as a Content-Security-Policy names it (CSP 3)."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

from ..csp import hash_source
from ..html_syntax import COMMENT, candidates

ATTRIBUTE = r"""\s[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))?"""
TAG = re.compile(
    rf"{COMMENT}|<(audio|embed|form|iframe|img|link|object|script|source|style|track|video)\b"
    rf"((?:{ATTRIBUTE}|\s|/)*)>",
    re.IGNORECASE,
)
"""The start of an element that may load something, or a comment. In code and in formulas `<` is
`&lt;`."""
VALUE = re.compile(r"""\s([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
HANDLER = re.compile(r"""<[a-z][^<>]*?\son[a-z]+\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
CLOSING = {name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in ("script", "style")}

LOADS = {
    "audio": (("src", "media-src"),),
    "embed": (("src", "object-src"),),
    "form": (("action", "form-action"),),
    "iframe": (("src", "frame-src"),),
    "img": (("src", "img-src"), ("srcset", "img-src")),
    "link": (("href", "style-src"),),
    "object": (("data", "object-src"),),
    "script": (("src", "script-src"),),
    "source": (("src", "media-src"), ("srcset", "img-src")),
    "track": (("src", "media-src"),),
    "video": (("src", "media-src"), ("poster", "img-src")),
}
"""Element -> its attributes that load something, and the directives that speak of it."""


def what_it_loads(html: str) -> tuple[tuple[str, str], ...]:
    """Directive and source of all that HTML loads and runs, each once.

    Args:
        html: a post; formulas may be left out, for KaTeX is not trusted to load anything.
    """
    found: list[tuple[str, str]] = []
    tag = TAG.search(html)
    while tag:
        name, end = (tag[1] or "").lower(), tag.end()
        values = {
            match[1].lower(): unescape(match[2] or match[3] or match[4] or "")
            for match in VALUE.finditer(tag[2] or "")
        }
        if name in ("script", "style"):
            # What stands in it is no HTML.
            closing = CLOSING[name].search(html, end)
            text = html[end : closing.start() if closing else len(html)]
            end = closing.end() if closing else len(html)
            if "src" not in values:
                found.append((f"{name}-src", hash_source(text)))
        for attribute, directive in LOADS.get(name, ()):
            written = values.get(attribute, "")
            addresses = [written]
            if attribute == "srcset":
                addresses = [candidate for candidate, _ in candidates(written)]
            found += [(directive, source) for source in map(_source, addresses) if source]
        tag = TAG.search(html, end)
    for handler in HANDLER.finditer(html):
        code = unescape(handler[1] or handler[2] or "")
        found += [("script-src", "'unsafe-hashes'"), ("script-src", hash_source(code))]
    return tuple(dict.fromkeys(found))


def _source(address: str) -> str:
    """The host of an address, or the scheme of one that has none; nothing for what is none."""
    if not address.strip():
        return ""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    if parts.scheme in ("data", "blob"):
        return f"{parts.scheme}:"
    if not parts.scheme and not parts.netloc:
        return "'self'"
    if parts.scheme not in ("", "http", "https") or not re.fullmatch(r"[\w.:\[\]-]+", parts.netloc):
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme else parts.netloc
