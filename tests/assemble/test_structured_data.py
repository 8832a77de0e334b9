"""What other programs read of a page: Open Graph, Twitter's cards, schema.org."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from PIL import Image

from generator import pipeline
from generator.assemble.structured_data import as_script
from generator.config import read_config
from generator.model import SHARE_SIZE, Site

from ..conftest import WriteBlog
from .test_pages import BELOW_A_BASE_PATH, post, select
from .test_sitemap import URL


@pytest.fixture
def site(write_blog: WriteBlog) -> Site:
    """A blog with a post in two languages, in a series, and a standing page."""
    more = 'description: "글 & <그림>"\nlast_modified_at: 2023-01-02\nseries: 시리즈\n'
    files: dict[str, str | bytes] = {
        "pyproject.toml": BELOW_A_BASE_PATH,
        "posts/a/index.ko.md": post("</script><!--", "2022-01-01", "집합, ml", "수학", more),
        "posts/a/index.en.md": post("Sets", "2022-01-01", "", "math"),
        "posts/b/index.ko.md": post("나", "2022-01-02", "", "수학"),
        "pages/about/index.ko.md": "---\ntitle: 소개\n---\n글\n",
    }
    return pipeline.build(read_config(write_blog(files)))


def properties(site: Site, path: str) -> dict[str, str]:
    """What the `meta` elements of a page say, by their names."""
    found = select(site, path, "//meta[@property or starts-with(@name, 'twitter')]")
    return {meta.get("property") or meta.get("name"): meta.get("content") for meta in found}


def graph(site: Site, path: str) -> list[dict[str, Any]]:
    """The nodes of a page's JSON-LD."""
    (script,) = select(site, path, "//script[@type='application/ld+json']")
    data = json.loads(script.text)
    assert data["@context"] == "https://schema.org"
    nodes: list[dict[str, Any]] = data["@graph"]
    return nodes


POST = "수학/2022-01-01-a/index.html"
ADDRESS = f"{URL}/%EC%88%98%ED%95%99/2022-01-01-a/"


def test_a_card_of_a_post(site: Site) -> None:
    """Absolute addresses below the base path, a bitmap with its size, both languages."""
    said = properties(site, POST)
    image = said.pop("og:image")
    assert said == {
        "og:type": "article",
        "og:title": "</script><!--",
        "og:site_name": "A blog",
        "og:url": ADDRESS,
        "og:description": "글 & <그림>",
        "og:locale": "ko_KR",
        "og:locale:alternate": "en_US",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "</script><!--",
        "twitter:card": "summary_large_image",
        "article:published_time": "2022-01-01T00:00:00+09:00",
        "article:modified_time": "2023-01-02T00:00:00+09:00",
    }
    with Image.open(io.BytesIO(site.files[image.removeprefix(f"{URL}/")].content)) as picture:
        assert picture.size == SHARE_SIZE


def test_a_card_of_a_list_is_that_of_the_blog(site: Site) -> None:
    """One for each language, on every page that is no post; a post has one of its own."""
    lists = ("index.html", "archive/index.html", "수학/index.html", "tag/ml/index.html")
    images = {properties(site, path)["og:image"] for path in lists}
    assert len(images) == 1
    assert images.pop().removeprefix(f"{URL}/") in site.files
    own = [properties(site, path)["og:image"] for path in (POST, "about/index.html", "index.html")]
    assert len(set(own)) == 3


def test_every_page_but_those_that_are_none_has_a_card(site: Site) -> None:
    """The page for lost readers and those that only lead on are not to be shared."""
    for path in site.files:
        if path.endswith("/index.html"):
            assert properties(site, path)["og:url"].startswith(URL), path
            assert select(site, path, "//link[@rel='canonical']/@href") == [
                properties(site, path)["og:url"]
            ]
    assert not properties(site, "404.html")


def test_search_engines_read_of_a_post(site: Site) -> None:
    """What it is, and the way to it; nothing that it says ends the script element."""
    article, way = graph(site, POST)
    assert article.pop("image") == properties(site, POST)["og:image"]
    assert article == {
        "@type": "BlogPosting",
        "headline": "</script><!--",
        "description": "글 & <그림>",
        "url": ADDRESS,
        "mainEntityOfPage": ADDRESS,
        "inLanguage": "ko",
        "datePublished": "2022-01-01T00:00:00+09:00",
        "dateModified": "2023-01-02T00:00:00+09:00",
        "author": {"@type": "Person", "name": "Somebody"},
        "articleSection": "수학",
        "keywords": ["집합", "ml"],
        "isPartOf": {
            "@type": "CreativeWorkSeries",
            "name": "시리즈",
            "url": f"{URL}/series/%EC%8B%9C%EB%A6%AC%EC%A6%88/",
        },
    }
    assert [(item["position"], item["item"]) for item in way["itemListElement"]] == [
        (1, f"{URL}/"),
        (2, f"{URL}/%EC%88%98%ED%95%99/"),
        (3, ADDRESS),
    ]


def test_search_engines_read_of_other_pages(site: Site) -> None:
    """The blog on its home page, posts by their names on lists, a page where there is no date."""
    website, listed = graph(site, "index.html")
    assert (website["@type"], website["url"], website["inLanguage"]) == ("WebSite", f"{URL}/", "ko")
    assert [item["headline"] for item in listed["blogPost"]] == ["나", "</script><!--"]
    assert [node["@type"] for node in graph(site, "tag/ml/index.html")] == [
        "Blog",
        "BreadcrumbList",
    ]
    (way,) = graph(site, "archive/index.html")
    assert [item["item"] for item in way["itemListElement"]] == [f"{URL}/", f"{URL}/archive/"]
    page, way = graph(site, "about/index.html")
    assert page["@type"] == "WebPage"
    assert not page.keys() & {"datePublished", "dateModified", "articleSection"}
    assert [item["name"] for item in way["itemListElement"]] == ["A blog", "소개"]


@given(text=st.text() | st.sampled_from(["</script>", "<!--<script>", "&lt;", "\u2028", "]]>"]))
def test_no_text_ends_a_script_element(text: str) -> None:
    """HTML reads back exactly what was written, whatever it is."""
    written = as_script([{"name": text}])
    assert not set("<>&") & set(written)
    assert json.loads(written)["@graph"] == [{"name": text}]
    if text.isprintable():
        page: Any = html.fromstring(f"<body><script>{written}</script><p>after</p></body>")
        assert page.xpath("//p/text()") == ["after"]
        assert page.xpath("//script/text()") == [written]
