"""The finished site through other people's checkers and readers."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from lxml import etree, html
from msgspec.structs import replace

from generator.check import built_site, check
from generator.check.feed_ids import FILE, read_ids
from generator.check.reading import Folder
from generator.config import read_config
from generator.reading import read_posts

from ..assemble.test_feed import ATOM, SCHEMA, WARNINGS, XML
from ..conftest import REPOSITORY
from .conftest import BASE, URL, Served, program

pytestmark = [pytest.mark.kernel]

VNU = REPOSITORY / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


def select(file: Path, path: str) -> list[Any]:
    """What an XPath selects in a page."""
    found: Any = html.fromstring(file.read_bytes()).xpath(path)
    return list(found)


@pytest.mark.java
def test_the_nu_html_checker_finds_no_error(served: Served) -> None:
    """Every page is valid HTML by the checker that the W3C and WHATWG use."""
    assert nu_errors(served.folder) == []


@pytest.mark.java
def test_the_nu_html_checker_finds_no_error_in_feeds(served: Served, tmp_path: Path) -> None:
    """What a post is in a feed is valid HTML, too: nothing was cut out of it by halves."""
    assert nu_errors(entries_as_pages(served.folder, tmp_path)) == []


def entries_as_pages(site: Path, folder: Path) -> Path:
    """The contents of a site's feeds, each as a page of its own in a folder, which is returned."""
    for feed in (site / "ko/feed.xml", site / "en/feed.xml"):
        for number, entry in enumerate(etree.parse(feed).iter(f"{ATOM}entry")):
            language, content = entry.get(f"{XML}lang"), entry.findtext(f"{ATOM}content")
            page = folder / f"{language}-{number}.html"
            page.write_text(
                f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
                f"<title>x</title></head><body><h1>x</h1>\n{content}</body></html>\n",
                encoding="utf-8",
            )
    assert list(folder.glob("*.html"))
    return folder


def nu_errors(folder: Path) -> list[str]:
    """What the Nu HTML checker says of the pages in a folder."""
    done = subprocess.run(
        [
            program("java"),
            "-jar",
            str(VNU),
            "--format",
            "json",
            "--skip-non-html",
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    messages = json.loads(done.stderr)["messages"]
    return [
        f"{message['url']}:{message.get('lastLine')}: {message['message']}"
        for message in messages
        if message["type"] != "info"  # KaTeX draws a negation with a private-use character
    ]


@pytest.mark.reader
def test_newsboat_reads_the_feeds(served: Served, tmp_path: Path) -> None:
    """A real feed reader takes every feed, with titles, dates, authors and whole posts."""
    newsboat = program("newsboat")
    for feed, prefix in (
        ("feed.xml", ""),
        ("ko/feed.xml", ""),
        ("en/feed.xml", "/en"),
        ("en/feed/paper.xml", "/en"),
        (quote("feed/by_tag/고유벡터.xml"), ""),
    ):
        folder = tmp_path / feed.replace("/", "-")
        items = read_by_newsboat(newsboat, served.address + feed, folder)
        assert f"{URL}{prefix}/paper/ncut" in items
        for title, author, url, date, content in items.values():
            assert title
            assert author
            assert url.startswith(URL)
            assert date > 0
            assert len(content) > 5_000


def read_by_newsboat(newsboat: str, address: str, folder: Path) -> dict[str, tuple[Any, ...]]:
    """What newsboat keeps of a feed: id -> title, author, address, date, content."""
    folder.mkdir()
    urls, cache, config = folder / "urls", folder / "cache.db", folder / "config"
    urls.write_text(address + "\n")
    config.touch()
    command = [newsboat, f"-u={urls}", f"-c={cache}", f"-C={config}", "-x", "reload"]
    environment = {**os.environ, "HOME": str(folder)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    with sqlite3.connect(cache) as database:
        rows = database.execute("SELECT guid, title, author, url, pubDate, content FROM rss_item")
        return {row[0]: row[1:] for row in rows}


def test_the_feed_validator_would_warn_of_nothing(served: Served) -> None:
    """Every feed fits the schema of RFC 4287, and none has what the W3C's validator looks for."""
    paths = [p for p in served.folder.rglob("*.xml") if p.name != "sitemap.xml"]
    feeds = [p for p in paths if p.name == "feed.xml" or "feed" in p.parts]
    assert len(feeds) > 20
    for path in feeds:
        tree = etree.parse(path)
        SCHEMA.assertValid(tree)
        for warning, found in WARNINGS.items():
            assert found(tree.getroot()) == [], f"{path}: {warning}"


def test_every_internal_link_and_fragment_exists(served: Served) -> None:
    """No link, picture, style sheet or fragment of the site leads nowhere."""
    ids: dict[Path, set[str]] = {}

    def ids_of(path: Path) -> set[str]:
        if path not in ids:
            ids[path] = {str(value) for value in select(path, "//@id")}
        return ids[path]

    broken = []
    for page in served.pages:
        if page.endswith("404.html"):
            continue
        file = served.folder / (page + "index.html" if not page or page.endswith("/") else page)
        for link in select(file, "//@href | //@src"):
            target = urlsplit(urljoin(f"{URL}/{page}", str(link)))
            if f"{target.scheme}://{target.netloc}" != URL.removesuffix(BASE):
                continue
            assert target.path.startswith(BASE + "/"), f"{page} leaves the base path: {link}"
            found = served.folder / unquote(target.path.removeprefix(BASE + "/"))
            found = found / "index.html" if target.path.endswith("/") else found
            fragment = unquote(target.fragment)
            if not found.is_file() or (fragment and fragment not in ids_of(found)):
                broken.append(f"{page} -> {link}")
    assert broken == []


def test_our_own_check_finds_nothing(served: Served) -> None:
    """Links, pictures, HTML, weight, leftovers, keys and feed ids of the finished site."""
    config = read_config(REPOSITORY)
    built = replace(config, url=URL)
    posts = read_posts(config)
    shown = [post for post in posts if not post.meta.draft]
    site = built_site(Folder(served.folder), shown, built, "site")
    accepted = read_ids((REPOSITORY / FILE).read_bytes())
    assert check(site, posts, config, accepted) == ()


def test_languages_point_to_each_other(served: Served) -> None:
    """`hreflang` is mutual, and each page is canonical for itself."""
    alternates: dict[str, dict[str, str]] = {}
    for page in served.pages:
        if page.endswith("404.html"):
            continue
        file = served.folder / page / "index.html"
        canonical = str(select(file, "//link[@rel='canonical']/@href")[0])
        assert unquote(canonical) == f"{URL}/{page}"
        links = select(file, "//link[@rel='alternate'][@hreflang]")
        alternates[canonical] = {link.get("hreflang"): link.get("href") for link in links}
        if links:
            assert alternates[canonical][select(file, "/html/@lang")[0]] == canonical
    for address, others in alternates.items():
        for other in others.values():
            assert alternates[other] == others, address


def test_the_sitemap_lists_the_pages(served: Served) -> None:
    """Every listed page exists, every post is listed, alternates are mutual."""
    tree = etree.parse(served.folder / "sitemap.xml")
    spaces = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    listed = {unquote(str(loc.text)) for loc in tree.iterfind(".//s:loc", spaces)}
    pages = {f"{URL}/{page}" for page in served.pages}
    assert listed <= pages
    posts = {page for page in pages if re.search(r"/\d{4}-\d\d-\d\d-", page)}
    assert posts <= listed
    assert f"Sitemap: {URL}/sitemap.xml" in (served.folder / "robots.txt").read_text()


def test_github_pages_finds_what_it_looks_for(served: Served) -> None:
    """`.nojekyll` and `404.html` stand at the root."""
    assert (served.folder / ".nojekyll").is_file()
    assert (served.folder / "404.html").is_file()
