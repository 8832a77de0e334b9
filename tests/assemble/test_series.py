"""Series: the parts in order, on each of them and on a page of their own, in each language."""

from __future__ import annotations

from generator import pipeline
from generator.config import read_config

from ..conftest import WriteBlog
from .test_pages import BELOW_A_BASE_PATH, post, select
from .test_sitemap import URL, read_map

KOREAN = "series: 위상수학\n"
ENGLISH = "series: Topology\n"
ADDRESS = "/p/series/%EC%9C%84%EC%83%81%EC%88%98%ED%95%99/"


def test_the_parts_are_named_in_order(write_blog: WriteBlog) -> None:
    """Oldest first, with the place of the post at hand; the page of the series has all of them."""
    files: dict[str, str | bytes] = {
        "pyproject.toml": BELOW_A_BASE_PATH + "page_size = 1\n",
        "posts/b/index.ko.md": post("함수", "2022-02-01", more=KOREAN),
        "posts/a/index.ko.md": post("집합", "2022-01-01", more=KOREAN),
        "posts/a/index.en.md": post("Sets", "2022-01-01", more=ENGLISH),
        "posts/c/index.ko.md": post("다른 글", "2022-03-01"),
    }
    site = pipeline.build(read_config(write_blog(files)))
    page = "math/2022-02-01-b/index.html"
    box = "//nav[@class='series']"
    assert select(site, page, f"{box}/p//text()[normalize-space()]") == [
        "시리즈",
        "위상수학",
        "2편 중 2번째 글",
    ]
    assert select(site, page, f"{box}//@href") == [ADDRESS, "/p/math/2022-01-01-a/"]
    assert select(site, page, f"{box}/ol/li//text()") == ["집합", "함수"]
    assert select(site, page, f"{box}//*[@aria-current]/text()") == ["함수"]
    assert not select(site, "math/2022-03-01-c/index.html", box)
    # A part that stands alone so far names its series, and no list.
    alone = "en/math/2022-01-01-a/index.html"
    assert select(site, alone, f"{box}//text()[normalize-space()]")[-1] == "part 1 of 1"
    assert not select(site, alone, f"{box}//ol")
    listed = "series/위상수학/index.html"
    assert select(site, listed, "//article//h2/a/text()") == ["집합", "함수"]
    assert select(site, listed, "//h1/text()") == ["위상수학"]
    assert select(site, listed, "//p[@class='kicker']/text()") == ["시리즈"]
    # Its name is another in English, but it has the same posts.
    versions = {"ko": f"https://user.example{ADDRESS}", "en": f"{URL}/en/series/topology/"}
    assert select(site, listed, "//link[@hreflang]/@href") == [
        *versions.values(),
        versions["ko"],
    ]
    assert select(site, "en/series/topology/index.html", "//li[@class='language']/a/@href") == [
        ADDRESS
    ]
    assert read_map(site)[versions["ko"]] == {
        **versions,
        "x-default": versions["ko"],
        "lastmod": "2022-02-01T00:00:00+09:00",
    }


def test_a_series_that_is_two_in_another_language_has_no_versions(write_blog: WriteBlog) -> None:
    """Nobody could tell which of the two a reader should be led to."""
    files: dict[str, str | bytes] = {
        "posts/a/index.ko.md": post("가", "2022-01-01", more="series: S\n"),
        "posts/b/index.ko.md": post("나", "2022-02-01", more="series: s\n"),
        "posts/a/index.en.md": post("A", "2022-01-01", more="series: one\n"),
        "posts/b/index.en.md": post("B", "2022-02-01", more="series: two\n"),
    }
    site = pipeline.build(read_config(write_blog(files)))
    for path in ("series/s/index.html", "en/series/one/index.html", "en/series/two/index.html"):
        assert not select(site, path, "//link[@hreflang]"), path
    # `S` and `s` are one series, spelled as its newest part does.
    assert select(site, "series/s/index.html", "//h1/text()") == ["s"]
    assert len(select(site, "series/s/index.html", "//article")) == 2
