"""`sitemap.xml` (sitemaps.org 0.9, with `hreflang` alternates) and `robots.txt` (RFC 9309)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from lxml import etree

from ..addresses import absolute, archive_page, post_page
from ..model import Config, File, RenderedPost
from .listing import by_folder, hreflang, post_lists

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
NAMESPACES: Any = {None: SITEMAP, "xhtml": XHTML}
"""lxml takes None for the default namespace; its stubs do not know."""


def sitemap_files(posts: Sequence[RenderedPost], config: Config) -> Iterator[File]:
    """What search engines ask for."""
    yield File("sitemap.xml", _sitemap(posts, config), "the sitemap")
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {absolute('sitemap.xml', config)}\n"
    yield File("robots.txt", robots.encode(), "the sitemap")


def _sitemap(posts: Sequence[RenderedPost], config: Config) -> bytes:
    root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap=NAMESPACES)
    for versions in post_lists(posts, config).values():
        for number in range(1, max(len(listed.sheets) for listed in versions.values()) + 1):
            there = {n: lst for n, lst in versions.items() if number <= len(lst.sheets)}
            paths = {name: listed.page(number) for name, listed in there.items()}
            shown = {name: listed.sheets[number - 1] for name, listed in there.items()}
            _add(root, paths, config, {n: _updated(listed) for n, listed in shown.items()})
    _add(root, {name: archive_page(name, config) for name in config.languages}, config)
    for group in by_folder(posts).values():
        group = sorted(group, key=lambda item: config.languages.index(item.post.meta.language))
        paths = {item.post.meta.language: post_page(item.post, config) for item in group}
        _add(root, paths, config, {item.post.meta.language: _updated([item]) for item in group})
    etree.indent(root, space="  ")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"


def _updated(posts: Sequence[RenderedPost]) -> datetime | None:
    """When the latest of these posts has changed."""
    dates = (
        item.post.meta.last_modified_at if item.post.source.standing else item.post.meta.updated
        for item in posts
    )
    return max(filter(None, dates), default=None)


def _add(
    root: etree._Element,
    paths: Mapping[str, str],
    config: Config,
    changed: Mapping[str, datetime | None] = MappingProxyType({}),
) -> None:
    """One page in its languages: each names all of them, as search engines ask."""
    for language, path in paths.items():
        url = etree.SubElement(root, f"{{{SITEMAP}}}url")
        etree.SubElement(url, f"{{{SITEMAP}}}loc").text = absolute(path, config)
        if last := changed.get(language):
            etree.SubElement(url, f"{{{SITEMAP}}}lastmod").text = last.isoformat()
        for other, other_path in hreflang(paths).items():
            link = etree.SubElement(url, f"{{{XHTML}}}link")
            link.set("rel", "alternate")
            link.set("hreflang", other)
            link.set("href", absolute(other_path, config))
