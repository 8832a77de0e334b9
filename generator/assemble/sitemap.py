"""`sitemap.xml` (sitemaps.org 0.9, with `hreflang` alternates) and `robots.txt` (RFC 9309)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from lxml import etree

from ..addresses import absolute, archive_page, post_page
from ..model import Config, File, RenderedPost
from .listing import by_folder, hreflang, post_lists

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
NAMESPACES: Any = {None: SITEMAP, "xhtml": XHTML}
OF_INDEX: Any = {None: SITEMAP}
"""lxml takes None for the default namespace; its stubs do not know."""

MOST_PAGES = 50_000
MOST_BYTES = 52_428_800
"""How much one file may hold (sitemaps.org 0.9)."""


class Page(NamedTuple):
    """A page in one language."""

    path: str
    versions: Mapping[str, str]
    """Language to path; nothing where there is no other."""
    changed: datetime | None


def sitemap_files(
    posts: Sequence[RenderedPost],
    config: Config,
    most_pages: int = MOST_PAGES,
    most_bytes: int = MOST_BYTES,
) -> Iterator[File]:
    """What search engines ask for.

    A sitemap that one file may not hold is `sitemap-1.xml`, `sitemap-2.xml`, …, and `sitemap.xml`
    names those.
    """
    pages = list(_pages(posts, config))
    contents = _divided(pages, config, most_pages, most_bytes)
    if len(contents) > 1:
        parts = [f"sitemap-{number}.xml" for number in range(1, len(contents) + 1)]
        yield from (File(*part, "the sitemap") for part in zip(parts, contents, strict=True))
        yield File("sitemap.xml", _index(parts, config), "the sitemap")
    else:
        yield File("sitemap.xml", contents[0], "the sitemap")
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {absolute('sitemap.xml', config)}\n"
    yield File("robots.txt", robots.encode(), "the sitemap")


def _pages(posts: Sequence[RenderedPost], config: Config) -> Iterator[Page]:
    """Every page of the site: lists, archives, posts."""
    for versions in post_lists(posts, config).values():
        for number in range(1, max(len(listed.sheets) for listed in versions.values()) + 1):
            there = {n: lst for n, lst in versions.items() if number <= len(lst.sheets)}
            paths = {name: listed.page(number) for name, listed in there.items()}
            shown = {name: listed.sheets[number - 1] for name, listed in there.items()}
            yield from _versions(paths, {n: _updated(listed) for n, listed in shown.items()})
    yield from _versions({name: archive_page(name, config) for name in config.languages}, {})
    for group in by_folder(posts).values():
        group = sorted(group, key=lambda item: config.languages.index(item.post.meta.language))
        paths = {item.post.meta.language: post_page(item.post, config) for item in group}
        yield from _versions(paths, {item.post.meta.language: _updated([item]) for item in group})


def _versions(paths: Mapping[str, str], changed: Mapping[str, datetime | None]) -> Iterator[Page]:
    """One page in its languages: each names all of them, as search engines ask."""
    versions = hreflang(paths)
    for language, path in paths.items():
        yield Page(path, versions, changed.get(language))


def _updated(posts: Sequence[RenderedPost]) -> datetime | None:
    """When the latest of these posts has changed."""
    dates = (
        item.post.meta.last_modified_at if item.post.source.standing else item.post.meta.updated
        for item in posts
    )
    return max(filter(None, dates), default=None)


def _divided(
    pages: Sequence[Page], config: Config, most_pages: int, most_bytes: int
) -> list[bytes]:
    """The sitemap in files, each with as many pages as the others, but for the last one."""
    starts = range(0, len(pages), most_pages)
    contents = [_sitemap(pages[start : start + most_pages], config) for start in starts]
    if most_pages > 1 and any(len(content) > most_bytes for content in contents):
        return _divided(pages, config, most_pages // 2, most_bytes)
    return contents


def _sitemap(pages: Sequence[Page], config: Config) -> bytes:
    root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap=NAMESPACES)
    for page in pages:
        url = etree.SubElement(root, f"{{{SITEMAP}}}url")
        etree.SubElement(url, f"{{{SITEMAP}}}loc").text = absolute(page.path, config)
        if page.changed:
            etree.SubElement(url, f"{{{SITEMAP}}}lastmod").text = page.changed.isoformat()
        for language, path in page.versions.items():
            link = etree.SubElement(url, f"{{{XHTML}}}link")
            link.set("rel", "alternate")
            link.set("hreflang", language)
            link.set("href", absolute(path, config))
    return _written(root)


def _index(paths: Sequence[str], config: Config) -> bytes:
    """What names the files of a sitemap. When those changed is not told: they know of pages."""
    root = etree.Element(f"{{{SITEMAP}}}sitemapindex", nsmap=OF_INDEX)
    for path in paths:
        part = etree.SubElement(root, f"{{{SITEMAP}}}sitemap")
        etree.SubElement(part, f"{{{SITEMAP}}}loc").text = absolute(path, config)
    return _written(root)


def _written(root: etree._Element) -> bytes:
    etree.indent(root, space="  ")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"
