"""Series: the parts in order, on each of them and on a page of their own, in each language."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from generator import pipeline
from generator.assemble.listing import series_versions
from generator.config import parse_config, read_config

from ..conftest import SETTINGS, WriteBlog, count_calls
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


SERIES = st.lists(
    st.tuples(st.sampled_from(["ko", "en"]), st.sampled_from("xyz"), st.integers(0, 5)), max_size=16
)


@given(SERIES)
def test_series_with_posts_in_common_are_one(written: list[tuple[str, str, int]]) -> None:
    """Where each language has one of them; else each stands alone."""
    posts = {(language, folder): series for language, series, folder in written}
    parts: dict[tuple[str, str], set[int]] = {}
    for (language, folder), series in posts.items():
        parts.setdefault((language, series), set()).add(folder)
    groups: list[set[tuple[str, str]]] = []
    for key, own in parts.items():
        near = [group for group in groups if any(parts[other] & own for other in group)]
        groups = [{key}.union(*near), *(group for group in groups if group not in near)]
    expected = []
    for group in groups:
        is_one = len({language for language, _ in group}) == len(group)
        expected += [group] if is_one else [{key} for key in group]
    found = [
        {(language, items[0].post.meta.series) for language, items in versions.items()}
        for versions in series_versions(_parts(posts), parse_config(SETTINGS))
    ]
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))


def test_work_grows_with_the_number_of_series() -> None:
    """Twice as many take about twice the calls, alone or with a version in another language."""
    config = parse_config(SETTINGS)

    def calls(count: int) -> int:
        posts = {("ko", number): f"s{number}" for number in range(count)}
        posts |= {("en", number): f"t{number}" for number in range(0, count, 2)}
        return count_calls(partial(series_versions, _parts(posts), config))

    calls(400)  # The addresses of all names are known now.
    assert calls(400) < 2.5 * calls(200)


def _parts(posts: dict[tuple[str, int], str]) -> Any:
    """Posts by their language and folder, each with its series."""
    return [
        SimpleNamespace(
            post=SimpleNamespace(
                source=SimpleNamespace(path=f"{folder}/{language}", folder=folder, standing=False),
                meta=SimpleNamespace(language=language, series=series, date=datetime(2022, 1, 1)),
            )
        )
        for (language, folder), series in posts.items()
    ]
