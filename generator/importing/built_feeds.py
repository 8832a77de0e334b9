"""Ids of entries in feeds that the old tool has built: the truth, where it is there.

A folder in which a blog was built holds its newest entries as readers got them, in RSS 2.0 or
Atom (RFC 4287). What a preview has built names this machine, and nobody subscribed to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from xml.etree import ElementTree

from .links import address_key
from .old_blog import OldBlog

BUILT = ("_site", "public", "docs")
"""Where tools put a finished site, and what feeds are called there."""
FEEDS = ("feed.xml", "index.xml", "atom.xml", "rss.xml")
ATOM = "{http://www.w3.org/2005/Atom}"
PREVIEWS = ("localhost", "127.0.0.1", "0.0.0.0", None)


def built_ids(blog: OldBlog, base: str) -> dict[str, str]:
    """Ids by the addresses of their posts, as `address_key` has them below the base path."""
    found: dict[str, str] = {}
    for path in sorted(blog.paths):
        parts = PurePosixPath(path).parts
        if parts[0] in BUILT and parts[-1] in FEEDS:
            for link, id in _entries(blog.read(path)):
                where = urlsplit(link)
                if where.hostname not in PREVIEWS:
                    found.setdefault(address_key(where.path.removeprefix(base)), id)
    return found


def _entries(content: bytes) -> Iterator[tuple[str, str]]:
    """Address and id of each entry; none if it is no feed."""
    # Entities of its own are no part of any feed, and could grow without end.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return
    for item in root.iter("item"):
        link = (item.findtext("link") or "").strip()
        yield link, (item.findtext("guid") or link).strip()
    for entry in root.iter(f"{ATOM}entry"):
        id = (entry.findtext(f"{ATOM}id") or "").strip()
        for link_element in entry.iter(f"{ATOM}link"):
            if id and link_element.get("rel", "alternate") == "alternate":
                yield link_element.get("href", ""), id
