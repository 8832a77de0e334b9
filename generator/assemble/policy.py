"""The Content-Security-Policy of a page: what it may load and run (CSP 3).

A page loads nothing but the site's own files. What an author wrote into a post is allowed as it
stands, and no more: the host of a picture or a frame, a script or a style sheet by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection
from html import unescape
from urllib.parse import urlsplit

OWN = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:"),
    "media-src": ("'self'",),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "base-uri": ("'none'",),
    "form-action": ("'self'",),
}
"""What every page may do. A directive that is not named here falls back to `default-src`."""

STYLED = {"style-src-attr": ("'unsafe-inline'",)}
"""What a post needs besides: KaTeX and Matplotlib place what they draw by `style` attributes.
Such an attribute shapes its element, and can neither run nor, with `img-src`, load anything."""

LIBRARIES = {
    # Both write style sheets of their own; Plotly compiles the shaders of WebGL figures as code.
    "plotly": {
        "script-src": ("'unsafe-eval'",),
        "style-src": ("'unsafe-inline'",),
        "img-src": ("blob:",),
    },
    "vega": {"style-src": ("'unsafe-inline'",), "img-src": ("blob:",)},
}
"""What the libraries of interactive figures need besides."""

OPEN = "base-uri 'none'; object-src 'none'"
"""For a post that says `trusted: [html]`: what its outputs load and run is theirs to say."""


def page_policy() -> str:
    """The policy of a page that shows no text of a post."""
    return _written(OWN)


def post_policy(body: str, libraries: Collection[str] = (), trusted: bool = False) -> str:
    """The policy of a post's page.

    Args:
        body: the post's HTML.
        libraries: of the interactive figures on it.
        trusted: whether HTML that its code put out is published as it is.
    """
    if trusted:
        return OPEN
    policy = {**OWN, **STYLED}
    for name in sorted(libraries):
        for directive, sources in LIBRARIES[name].items():
            policy[directive] = _with(policy[directive], sources)
    for directive, source in _of_the_author(body):
        if source.startswith("'sha256-") and "'unsafe-inline'" in policy.get(directive, ()):
            # A hash would take back that every style sheet may stand on the page.
            continue
        policy[directive] = _with(policy.get(directive, ()), (source,))
    return _written(policy)


def _with(sources: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*sources, *more)))


def _written(policy: dict[str, tuple[str, ...]]) -> str:
    return "; ".join(" ".join((directive, *sources)) for directive, sources in policy.items())


# --- what an author wrote ---------------------------------------------------------------------

ATTRIBUTE = r"""\s[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))?"""
TAG = re.compile(
    rf"<(audio|embed|form|iframe|img|link|object|script|source|style|track|video)\b"
    rf"((?:{ATTRIBUTE}|\s|/)*)>",
    re.IGNORECASE,
)
"""The start of an element that may load something. In code and in formulas `<` is `&lt;`."""
MAY_LOAD = re.compile(
    r"<(?:[aA][uU]|[eE][mM]|[fF][oO]|[iI][fFmM]|[lL][iI][nN]|[oO][bB]|[sS][cCtToO]|[tT][rR][aA]|[vV][iI])"
)
"""How those begin: found in a fraction of the time on a page that is full of formulas."""
VALUE = re.compile(r"""\s([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
LISTENS = re.compile(r"[oO][nN][a-zA-Z]+\s*=")
"""What stands wherever `HANDLER` finds something, and is found in a fraction of the time."""
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


def _of_the_author(body: str) -> list[tuple[str, str]]:
    """(directive, source) of all that a post's own HTML loads and runs."""
    found: list[tuple[str, str]] = []
    tag = TAG.search(body) if MAY_LOAD.search(body) else None
    while tag:
        name, end = tag[1].lower(), tag.end()
        values = {
            match[1].lower(): unescape(match[2] or match[3] or match[4] or "")
            for match in VALUE.finditer(tag[2])
        }
        if name in ("script", "style"):
            # What stands in it is no HTML.
            closing = CLOSING[name].search(body, end)
            text = body[end : closing.start() if closing else len(body)]
            end = closing.end() if closing else len(body)
            if "src" not in values:
                found.append((f"{name}-src", _hash(text)))
        for attribute, directive in LOADS.get(name, ()):
            written = values.get(attribute, "")
            addresses = written.split(",") if attribute == "srcset" else [written]
            found += [(directive, source) for source in map(_source, addresses) if source]
        tag = TAG.search(body, end)
    for handler in HANDLER.finditer(body) if LISTENS.search(body) else ():
        code = unescape(handler[1] or handler[2] or "")
        found += [("script-src", "'unsafe-hashes'"), ("script-src", _hash(code))]
    return found


def _hash(text: str) -> str:
    """A script or a style sheet, as a policy names what stands on the page itself."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _source(address: str) -> str:
    """The host of an address, or the scheme of one that has none; nothing for the site's own."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    if parts.scheme in ("data", "blob"):
        return f"{parts.scheme}:"
    if parts.scheme not in ("", "http", "https") or not re.fullmatch(r"[\w.:\[\]-]+", parts.netloc):
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme else parts.netloc
