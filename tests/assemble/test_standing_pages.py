"""Standing pages, as About: where they are, what names them, and what does not."""

from __future__ import annotations

from generator import pipeline
from generator.config import read_config

from ..conftest import WriteBlog
from .test_pages import BELOW_A_BASE_PATH, post, select
from .test_sitemap import URL, read_map

ABOUT = """\
---
title: {title}
nav: true
{more}---

{text}
"""


def test_a_standing_page_is_a_page_of_its_own(write_blog: WriteBlog) -> None:
    """In the navigation of its language, in the sitemap with its versions, and in no list."""
    text = "$x^2$, [다른 글](../../posts/a/index.ko.md), [@m]"
    works = "last_modified_at: 2023-01-02\nreferences: [{id: m, title: Topology}]\n"
    files: dict[str, str | bytes] = {
        "pyproject.toml": BELOW_A_BASE_PATH,
        "posts/a/index.ko.md": post("가", "2022-01-01") + "\n[소개](../../pages/about/index.ko.md)",
        "posts/a/index.en.md": post("A", "2022-01-01"),
        "pages/about/index.ko.md": ABOUT.format(title="소개", more=works, text=text),
        "pages/about/index.en.md": ABOUT.format(title="About", more="", text="text"),
        "pages/first/index.ko.md": ABOUT.format(title="먼저", more="", text="글"),
        "pages/colophon/index.ko.md": "---\ntitle: 판권\nslug: 책\naliases: [/old/]\n---\n글\n",
    }
    site = pipeline.build(read_config(write_blog(files)))
    assert select(site, "index.html", "//header//nav//a/text()") == [
        "math",
        "모든 글",
        "소개",
        "먼저",
        "찾기",
        "English",
    ]
    assert select(site, "en/index.html", "//header//nav//a/@href")[2:] == [
        "/p/en/about/",
        "/p/en/search/",
        "/p/",
    ]
    page = "about/index.html"
    assert select(site, page, "//header//a[@aria-current]/@href") == ["/p/about/"]
    assert select(site, page, "//link[@hreflang]/@hreflang") == ["ko", "en", "x-default"]
    assert select(site, page, "//h1/text()") == ["소개"]
    assert select(site, page, "//ul[@class='byline']//time/@datetime") == [
        "2023-01-02T00:00:00+09:00"
    ]
    assert select(site, page, "//*[@class='katex']")
    assert select(site, page, "//div[@class='body']/p/a/@href")[0] == "/p/math/2022-01-01-a/"
    assert select(site, page, "//section[@class='references']//cite/text()") == ["Topology"]
    assert not select(site, "en/about/index.html", "//time")
    linked = select(site, "math/2022-01-01-a/index.html", "//div[@class='body']//a/@href")
    assert linked == ["/p/about/"]
    assert select(site, "old/index.html", "//meta[@http-equiv='refresh']/@content") == [
        "0; url=/p/%EC%B1%85/"
    ]
    for path, file in site.files.items():
        if path.endswith(".xml") and path != "sitemap.xml":
            assert "소개".encode() not in file.content.split(b"<entry", 1)[0], path
            assert file.content.count(b"<entry") == 1, path
    for path in ("index.html", "archive/index.html", "math/index.html"):
        assert select(site, path, "//main//a[contains(@href, '2022')]/text()") == ["가"]
        assert not select(site, path, "//main//a[contains(@href, 'about')]")
    versions = {name: f"{URL}{path}" for name, path in (("ko", "/about/"), ("en", "/en/about/"))}
    versions["x-default"] = versions["ko"]
    found = read_map(site)
    assert found[f"{URL}/about/"] == {**versions, "lastmod": "2023-01-02T00:00:00+09:00"}
    assert found[f"{URL}/en/about/"] == versions


def test_the_navigation_has_the_order_of_the_pages(write_blog: WriteBlog) -> None:
    """By `order`, then by their folders."""
    files: dict[str, str | bytes] = {
        f"pages/{name}/index.ko.md": ABOUT.format(title=name, more=f"order: {order}\n", text="글")
        for name, order in (("a", 2), ("b", 1), ("c", 1), ("d", 0))
    }
    site = pipeline.build(read_config(write_blog({**files, "posts/p/index.ko.md": "글\n"})))
    shown = select(site, "index.html", "//header//nav//a/text()")
    assert shown == ["math", "모든 글", "d", "b", "c", "a", "찾기", "English"]


def test_code_that_does_not_run_may_be_shown(write_blog: WriteBlog) -> None:
    """A block of code always, a cell if it says that it does not run."""
    text = "```python\na = 1\n```\n\n```{code-cell}\n#| eval: false\nb = 2\n```"
    page = ABOUT.format(title="소개", more="", text=text)
    files: dict[str, str | bytes] = {"posts/a/index.ko.md": "글\n", "pages/about/index.ko.md": page}
    site = pipeline.build(read_config(write_blog(files)))
    assert len(select(site, "about/index.html", "//pre[@class='code']")) == 2


def test_a_draft_of_a_page_is_left_out(write_blog: WriteBlog) -> None:
    """As one of a post is."""
    page = ABOUT.format(title="소개", more="draft: true\n", text="글")
    files: dict[str, str | bytes] = {"posts/a/index.ko.md": "글\n", "pages/about/index.ko.md": page}
    root = write_blog(files)
    assert "about/index.html" not in pipeline.build(read_config(root)).files
    assert "about/index.html" in pipeline.build(read_config(root, drafts=True)).files
