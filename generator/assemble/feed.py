"""Atom feeds (RFC 4287), modelled on what Jekyll's feed plugin writes.

feedgen builds the tree. What it cannot write is added afterwards, here and nowhere else: the
order of the elements, `xml:base`, `xml:lang` on an entry, `type="html"` on titles and summaries,
and `media:thumbnail` (Media RSS 1.5.1). No time is in a feed but the posts' own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from .. import HOMEPAGE, __version__
from ..addresses import absolute, feed_id, home_page, post_page
from ..model import Config, File, RenderedPost, Theme
from .listing import by_feed
from .references import references_html

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

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 (2.2) does not allow, and DEL, which readers show as a box."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What a feed without entries says of its last change: RFC 4287 wants a date."""


def feed_files(posts: Sequence[RenderedPost], config: Config, theme: Theme) -> Iterator[File]:
    """The feed of the site and a feed for each language."""
    for path, (language, shown) in by_feed(posts, config).items():
        yield atom_file(path, shown, language, config, theme)


def atom_file(
    path: str, shown: Sequence[RenderedPost], language: str, config: Config, theme: Theme
) -> File:
    """A feed of these posts, which come newest first."""
    feed = FeedGenerator()
    feed.id(absolute(path, config))
    feed.title(escape(config.title[language], quote=False))
    feed.subtitle(config.description[language] or None)
    feed.language(language)
    feed.updated(max((post.post.meta.updated for post in shown), default=EPOCH))
    feed.generator("Inkcell", version=__version__, uri=HOMEPAGE)
    feed.author(_author(config.author.name, config.author.email, config.author.uri))
    feed.link(href=absolute(path, config), rel="self", type="application/atom+xml")
    feed.link(
        href=absolute(home_page(language, config), config),
        rel="alternate",
        type="text/html",
        hreflang=language,
    )
    for post in shown:
        strings = theme.strings.get(post.post.meta.language, theme.strings["en"])
        feed.add_entry(_entry(post, config, strings), order="append")
    return File(path.lstrip("/"), _finish(feed.atom_str(), shown, config), "the feed")


def _author(name: str, email: str, uri: str) -> dict[str, str]:
    fields = {"name": name, "email": email, "uri": uri}
    return {key: value for key, value in fields.items() if value}


def _entry(rendered: RenderedPost, config: Config, strings: Mapping[str, str]) -> Any:
    meta = rendered.post.meta
    page = absolute(post_page(rendered.post, config), config)
    entry = FeedEntry()
    entry.id(feed_id(rendered.post, config))
    entry.title(clean(escape(meta.title, quote=False)))
    entry.link(href=page, rel="alternate")
    entry.published(meta.date)
    entry.updated(meta.updated)
    note = f"<p><em>{escape(strings['stale'], quote=False)}</em></p>\n" if rendered.stale else ""
    content = note + rendered.feed_body + references_html(rendered.works, strings)
    entry.content(clean(content), type="html")
    entry.summary(clean(escape(rendered.excerpt, quote=False)), type="html")
    entry.author(_author(meta.author.name, meta.author.email, meta.author.uri))
    terms = dict.fromkeys((meta.category, *meta.tags))
    entry.category([{"term": clean(term)} for term in terms])
    return entry


def clean(text: str) -> str:
    """Text without the characters that XML does not allow."""
    return NOT_XML.sub("", text)


def _finish(document: bytes, posts: Sequence[RenderedPost], config: Config) -> bytes:
    """Add what feedgen cannot write, and put everything into its order."""
    old = etree.fromstring(document)
    root = etree.Element(old.tag, nsmap=NAMESPACES)
    root.attrib.update(old.attrib)
    root.extend(list(old))
    title = root.find(ATOM + "title")
    if title is not None:
        title.set("type", "html")
    for entry, post in zip(root.findall(ATOM + "entry"), posts, strict=True):
        _finish_entry(entry, post, config)
        _sort(entry, ENTRY_ORDER)
    _sort(root, FEED_ORDER)
    etree.indent(root, space="  ")
    etree.cleanup_namespaces(root, keep_ns_prefixes=["media"])
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"


def _finish_entry(entry: etree._Element, rendered: RenderedPost, config: Config) -> None:
    entry.set(XML + "lang", rendered.post.meta.language)
    link = entry.find(ATOM + "link")
    if link is not None:
        # feedgen writes nothing of an entry's link but its address.
        link.set("rel", "alternate")
        link.set("type", "text/html")
        link.set("title", clean(rendered.post.meta.title))
    title, content = entry.find(ATOM + "title"), entry.find(ATOM + "content")
    if title is not None:
        title.set("type", "html")
    if content is not None:
        content.set(XML + "base", absolute(post_page(rendered.post, config), config))
    if rendered.image:
        thumbnail = etree.SubElement(entry, f"{{{MEDIA}}}thumbnail")
        thumbnail.set("url", absolute(rendered.image.path, config))
        if rendered.image.width:
            thumbnail.set("width", str(rendered.image.width))
            thumbnail.set("height", str(rendered.image.height))


def _sort(parent: etree._Element, order: Sequence[str]) -> None:
    def position(child: etree._Element) -> int:
        return order.index(etree.QName(child).localname)

    parent[:] = sorted(parent, key=position)
