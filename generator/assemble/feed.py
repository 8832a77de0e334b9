"""Atom feeds (RFC 4287), modelled on what Jekyll's feed plugin writes.

feedgen builds the tree. What it cannot write is added afterwards, here and nowhere else: the
order of the elements, `xml:base`, `xml:lang` on an entry, `type="html"` on titles and subtitles,
and `media:thumbnail` (Media RSS 1.5.1). No time is in a feed but the posts' own.

A post stands in a handful of feeds: its entry is written once, and each of them gets the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from .. import HOMEPAGE, __version__
from ..addresses import absolute
from ..model import Author, Config, File, RenderedPost, Theme, WrittenEntry
from .entry import Entry, entry_of, feed_description, feed_title
from .json_feed import json_document, json_item
from .listing import Feed

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
MEDIA = "http://search.yahoo.com/mrss/"
NAMESPACES: Any = {None: ATOM[1:-1], "media": MEDIA}
"""lxml takes None for the default namespace; its stubs do not know."""

FEED_ORDER = ("generator", "link", "updated", "id", "title", "subtitle", "author", "entry")
ENTRY_ORDER = (
    "title",
    "link",
    "published",
    "updated",
    "id",
    "content",
    "author",
    "category",
    "summary",
    "thumbnail",
)

BEFORE_ALL = datetime(2005, 12, 1, tzinfo=UTC)
"""What a feed without entries says of its last change: RFC 4287 wants a date. It is that of the
RFC, before which no such feed has changed; the feed validator believes none before 1990."""

LIKE_HTML = re.compile(r"</\w+>|&#?\w+;|&#?\d")
"""A title that speaks of HTML. An attribute cannot say that it is text, and the feed validator
warns of it; the element `title` can, and says the same."""

DECLARATION = "<?xml version='1.0' encoding='utf-8'?>\n"
END = "</feed>"


def write_entry(rendered: RenderedPost, config: Config, theme: Theme) -> WrittenEntry:
    """What a post is in every feed that shows it."""
    entry = entry_of(rendered, config, theme)
    return WrittenEntry(entry.updated, _entry_text(entry).encode(), json_item(entry).encode())


def feed_files(
    feeds: Mapping[str, Feed],
    written: Callable[[RenderedPost], WrittenEntry],
    config: Config,
    theme: Theme,
) -> Iterator[File]:
    """Feeds as files, by their path: Atom, or JSON where the path says so."""
    for path, feed in feeds.items():
        shown = [written(post) for post in feed.posts]
        if path.endswith(".json"):
            items = [entry.json for entry in shown]
            content = json_document(path, feed, items, config, theme)
        else:
            content = _document(path, feed, shown, config, theme)
        yield File(path.lstrip("/"), content, "the feed")


def _document(
    path: str, feed: Feed, shown: Sequence[WrittenEntry], config: Config, theme: Theme
) -> bytes:
    """An Atom feed of entries, which come newest first."""
    generator = FeedGenerator()
    generator.id(absolute(path, config))
    generator.title(escape(feed_title(feed, config), quote=False))
    generator.subtitle(escape(feed_description(feed, config, theme), quote=False) or None)
    generator.language(feed.language)
    generator.updated(max((entry.updated for entry in shown), default=BEFORE_ALL))
    generator.generator("Inkcell", version=__version__, uri=HOMEPAGE)
    generator.author(_author(config.author))
    generator.link(href=absolute(path, config), rel="self", type="application/atom+xml")
    generator.link(
        href=absolute(feed.page, config),
        rel="alternate",
        type="text/html",
        hreflang=feed.language,
    )
    root = _root(etree.fromstring(generator.atom_str()))
    for element in root.iter(ATOM + "title", ATOM + "subtitle"):
        element.set("type", "html")
    _sort(root, FEED_ORDER)
    head = _text(root).removesuffix(END)
    texts = (entry.atom for entry in shown)
    return b"".join(((DECLARATION + head).encode(), *texts, f"{END}\n".encode()))


def _entry_text(entry: Entry) -> str:
    """An entry in Atom: see `WrittenEntry`."""
    made: Any = FeedEntry()
    made.id(entry.id)
    made.title(escape(entry.title, quote=False))
    made.link(href=entry.page, rel="alternate")
    made.published(entry.published)
    made.updated(entry.updated)
    made.content(entry.content, type="html")
    if entry.summary:
        made.summary(escape(entry.summary, quote=False), type="html")
    made.author(_author(entry.author))
    made.category([{"term": term} for term in entry.terms])
    # feedgen gives an element its namespace only by writing it into a feed.
    text = etree.tostring(made.atom_entry(), encoding="unicode")
    root = _root(etree.fromstring(f'<feed xmlns="{ATOM[1:-1]}">{text}{END}'))
    for element in root:
        _finish(element, entry)
        _sort(element, ENTRY_ORDER)
    return _text(root).partition("\n")[2].removesuffix(END)


def _author(author: Author) -> dict[str, str]:
    fields = {"name": author.name, "email": author.email, "uri": author.uri}
    return {key: value for key, value in fields.items() if value}


def _finish(element: etree._Element, entry: Entry) -> None:
    """Add to an entry what feedgen cannot write."""
    element.set(XML + "lang", entry.language)
    link = element.find(ATOM + "link")
    if link is not None:
        # feedgen writes nothing of an entry's link but its address.
        link.set("rel", "alternate")
        link.set("type", "text/html")
        if not LIKE_HTML.search(entry.title):
            link.set("title", entry.title)
    title, content = element.find(ATOM + "title"), element.find(ATOM + "content")
    if title is not None:
        title.set("type", "html")
    if content is not None:
        content.set(XML + "base", entry.page)
    if entry.thumbnail:
        thumbnail = etree.SubElement(element, f"{{{MEDIA}}}thumbnail")
        thumbnail.set("url", entry.thumbnail.address)
        if entry.thumbnail.width:
            thumbnail.set("width", str(entry.thumbnail.width))
            thumbnail.set("height", str(entry.thumbnail.height))


def _root(feed: etree._Element) -> etree._Element:
    """The same feed with the namespaces of all that stands in one, declared at its beginning."""
    root = etree.Element(feed.tag, nsmap=NAMESPACES)
    root.attrib.update(feed.attrib)
    root.extend(list(feed))
    return root


def _text(root: etree._Element) -> str:
    etree.indent(root, space="  ")
    etree.cleanup_namespaces(root, keep_ns_prefixes=["media"])
    return etree.tostring(root, encoding="unicode")


def _sort(parent: etree._Element, order: Sequence[str]) -> None:
    def position(child: etree._Element) -> int:
        return order.index(etree.QName(child).localname)

    parent[:] = sorted(parent, key=position)
