"""The map of a site for search engines: every page once, with its versions and last change."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote, unquote

import pytest
from lxml import etree

from generator import pipeline
from generator.assemble import sitemap
from generator.assemble.sitemap import MOST_BYTES, MOST_PAGES, NAMESPACES, sitemap_files
from generator.config import read_config
from generator.model import Site

from ..conftest import WriteBlog
from .test_pages import BELOW_A_BASE_PATH, post

URL = "https://user.example/p"


def read_urls(content: bytes) -> dict[str, dict[str, str]]:
    """Address of each page to the addresses of its versions by language, and `lastmod`."""
    root: Any = etree.fromstring(content)
    names = {"s": NAMESPACES[None], "x": NAMESPACES["xhtml"]}
    found = {}
    for url in root.xpath("s:url", namespaces=names):
        (place,) = url.xpath("s:loc/text()", namespaces=names)
        links = url.xpath("x:link[@rel='alternate']", namespaces=names)
        entry = {link.get("hreflang"): link.get("href") for link in links}
        for changed in url.xpath("s:lastmod/text()", namespaces=names):
            entry["lastmod"] = changed
        assert place not in found
        found[place] = entry
    return found


def read_map(site: Site) -> dict[str, dict[str, str]]:
    """The same of a site's only sitemap."""
    return read_urls(site.files["sitemap.xml"].content)


def test_the_map_names_every_page(write_blog: WriteBlog) -> None:
    """And none that leads elsewhere or is not to be found; names in Hangul are encoded."""
    files: dict[str, str | bytes] = {
        "pyproject.toml": BELOW_A_BASE_PATH + "page_size = 1\n",
        "posts/a/index.ko.md": post("가", "2022-01-01", "집합", more="aliases: [/old/]\n"),
        "posts/b/index.ko.md": post("나", "2022-01-02", "집합", "수학"),
        "posts/b/index.en.md": post("B", "2022-01-02", "sets", "math"),
    }
    site = pipeline.build(read_config(write_blog(files)))
    pages = {
        f"{URL}/{path.removesuffix('index.html')}"
        for path in site.files
        if path.endswith("/index.html") or path == "index.html"
    }
    found = read_map(site)
    elsewhere = {f"{URL}/old/", f"{URL}/search/", f"{URL}/en/search/"}
    assert {unquote(place) for place in found} == pages - elsewhere
    assert f"{URL}/tag/{quote('집합')}/page/2/" in found
    assert all(place.isascii() for place in found)


def test_the_map_tells_versions_and_changes(write_blog: WriteBlog) -> None:
    """Each version names all of them; the default one is for readers of any other language."""
    changed = post("A", "2022-01-01", more="last_modified_at: 2023-05-06\n")
    files: dict[str, str | bytes] = {
        "pyproject.toml": BELOW_A_BASE_PATH,
        "posts/a/index.ko.md": post("가", "2022-01-01"),
        "posts/a/index.en.md": changed,
        "posts/b/index.en.md": post("B", "2021-01-01"),
    }
    found = read_map(pipeline.build(read_config(write_blog(files))))
    korean, english = f"{URL}/math/2022-01-01-a/", f"{URL}/en/math/2022-01-01-a/"
    versions = {"ko": korean, "en": english, "x-default": korean}
    assert found[korean] == {**versions, "lastmod": "2022-01-01T00:00:00+09:00"}
    assert found[english] == {**versions, "lastmod": "2023-05-06T00:00:00+09:00"}
    assert found[f"{URL}/en/math/2021-01-01-b/"] == {"lastmod": "2021-01-01T00:00:00+09:00"}
    assert found[f"{URL}/en/"]["lastmod"] == "2023-05-06T00:00:00+09:00"
    assert found[f"{URL}/"]["x-default"] == f"{URL}/"


def limit_to(monkeypatch: pytest.MonkeyPatch, most_pages: int, most_bytes: int) -> None:
    """Builds divide the sitemap as if one file could hold no more than this."""
    limited = partial(sitemap_files, most_pages=most_pages, most_bytes=most_bytes)
    monkeypatch.setattr(sitemap, "sitemap_files", limited)


@pytest.mark.parametrize(
    ("most_pages", "most_bytes"), [(2, MOST_BYTES), (3, MOST_BYTES), (MOST_PAGES, 1500)]
)
def test_a_map_too_large_for_one_file_is_several(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch, most_pages: int, most_bytes: int
) -> None:
    """None holds more than it may, together they are the map; `sitemap.xml` names them."""
    files: dict[str, str | bytes] = {
        "pyproject.toml": BELOW_A_BASE_PATH,
        "posts/a/index.ko.md": post("가", "2022-01-01", "집합"),
        "posts/a/index.en.md": post("A", "2022-01-01"),
        "posts/b/index.en.md": post("B", "2021-01-01"),
    }
    config = read_config(write_blog(files))
    whole = pipeline.build(config)
    limit_to(monkeypatch, most_pages, most_bytes)
    site = pipeline.build(config)
    index: Any = etree.fromstring(site.files["sitemap.xml"].content)
    assert index.tag == f"{{{NAMESPACES[None]}}}sitemapindex"
    names = {"s": NAMESPACES[None]}
    named = index.xpath("s:sitemap/s:loc/text()", namespaces=names)
    parts = [f"sitemap-{number}.xml" for number in range(1, len(named) + 1)]
    assert named == [f"{URL}/{part}" for part in parts]
    assert {path for path in site.files if path.startswith("sitemap-")} == {*parts}
    contents = [site.files[part].content for part in parts]
    assert len(contents) > 1
    assert all(len(content) <= most_bytes for content in contents)
    maps = [read_urls(content) for content in contents]
    assert all(len(found) <= most_pages for found in maps)
    together = [entry for found in maps for entry in found.items()]
    assert together == list(read_map(whole).items())
    assert site.files["robots.txt"] == whole.files["robots.txt"]


def test_a_page_that_no_file_may_hold_has_one_all_the_same(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be divided further."""
    config = read_config(write_blog({"posts/a/index.ko.md": "글\n"}))
    pages = read_urls(pipeline.build(config).files["sitemap.xml"].content)
    limit_to(monkeypatch, MOST_PAGES, 1)
    files = pipeline.build(config).files
    assert sum(path.startswith("sitemap-") for path in files) == len(pages)


def test_a_map_that_fits_is_one_file(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many pages, or bytes, as a file may hold are not too many."""
    config = read_config(write_blog({"posts/a/index.ko.md": "글\n"}))
    files = pipeline.build(config).files
    content = files["sitemap.xml"].content
    limit_to(monkeypatch, len(read_urls(content)), len(content))
    assert pipeline.build(config).files == files
