"""`sitemap.xml` (sitemaps.org 0.9, with `hreflang` alternates) and `robots.txt` (RFC 9309)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from ..addresses import absolute, archive_page, category_page, home_page, post_page
from ..model import Config, File, RenderedPost
from .listing import by_category, by_folder, shown_in

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
    _add(root, {name: home_page(name, config) for name in config.languages}, config)
    _add(root, {name: archive_page(name, config) for name in config.languages}, config)
    categories: dict[str, dict[str, str]] = {}
    for language in config.languages:
        for name in by_category(shown_in(posts, language, config)):
            pages = categories.setdefault(name, {})
            pages[language] = category_page(name, language, config)
    for name in sorted(categories):
        _add(root, categories[name], config)
    for group in by_folder(posts).values():
        versions = {other.post.meta.language: other for other in group}
        paths = {name: post_page(other.post, config) for name, other in versions.items()}
        changed = {n: other.post.meta.updated.isoformat() for n, other in versions.items()}
        _add(root, paths, config, changed)
    etree.indent(root, space="  ")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"


def _add(
    root: etree._Element,
    paths: Mapping[str, str],
    config: Config,
    changed: Mapping[str, str] | None = None,
) -> None:
    """One page in its languages: each names all of them, as search engines ask."""
    for language, path in paths.items():
        url = etree.SubElement(root, f"{{{SITEMAP}}}url")
        etree.SubElement(url, f"{{{SITEMAP}}}loc").text = absolute(path, config)
        if changed:
            etree.SubElement(url, f"{{{SITEMAP}}}lastmod").text = changed[language]
        for other, other_path in paths.items() if len(paths) > 1 else ():
            link = etree.SubElement(url, f"{{{XHTML}}}link")
            link.set("rel", "alternate")
            link.set("hreflang", other)
            link.set("href", absolute(other_path, config))
