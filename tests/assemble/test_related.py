"""Related posts, and versions of a post that were revised after one another."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import pipeline
from generator.assemble.listing import newest_first
from generator.assemble.related import MOST, UNIT, Related
from generator.config import read_config
from generator.progress import Event, Notice

from ..conftest import WriteBlog
from .test_pages import post, select

RELATED = "//section[@class='related']//a/text()"


@given(st.permutations([("b", 1), ("a", 1), ("c", 2), ("d", 0)]))
def test_lists_do_not_depend_on_the_order_in_which_posts_come(posts: list[tuple[str, int]]) -> None:
    """Newest first; of one moment, by path."""
    listed = newest_first(_dated(name, day) for name, day in posts)
    assert [item.post.source.path for item in listed] == ["c", "a", "b", "d"]


def _dated(name: str, day: int) -> Any:
    source = SimpleNamespace(path=name, standing=False)
    meta = SimpleNamespace(date=datetime(2022, 1, 1 + day))
    return SimpleNamespace(post=SimpleNamespace(source=source, meta=meta))


def related(write_blog: WriteBlog, *posts: str) -> list[str]:
    """The posts related to one on 2022-06-15 with the tags `rare` and `common`.

    A post is `title date category tags`; those around it in time are older and newer posts.
    """
    files: dict[str, str | bytes] = {
        "posts/own/index.ko.md": post("own", "2022-06-15", "rare, common"),
        "posts/newer/index.ko.md": post("newer", "2022-06-16", "rare, common"),
        "posts/older/index.ko.md": post("older", "2022-06-14", "rare, common"),
    }
    for line in posts:
        title, date, category, *tags = line.split()
        files[f"posts/{title}/index.ko.md"] = post(title, date, ", ".join(tags), category)
    site = pipeline.build(read_config(write_blog(files)))
    return select(site, "math/2022-06-15-own/index.html", RELATED)


def test_what_is_rare_counts_more_than_what_is_common(write_blog: WriteBlog) -> None:
    """Then the category counts, then the date; three at most, and none of those named already."""
    assert related(
        write_blog,
        "category-old 2020-01-01 math",
        "common-elsewhere 2021-03-01 art common",
        "common 2021-01-01 math common",
        "nothing 2023-01-01 art",
        "rare 2019-01-01 art RARE",
    ) == ["rare", "common", "common-elsewhere"]


def test_posts_of_the_category_fill_up(write_blog: WriteBlog) -> None:
    """The newest first; what shares nothing is not related."""
    assert related(
        write_blog,
        "a 2020-01-01 math",
        "b 2021-01-01 math",
        "c 2023-01-01 art",
        "d 2020-01-01 art common",
    ) == ["d", "b", "a"]


def test_parts_of_the_series_are_named_already(write_blog: WriteBlog) -> None:
    """A post that nothing is related to names none."""
    files: dict[str, str | bytes] = {
        f"posts/p{n}/index.ko.md": post(f"p{n}", f"2022-01-0{n}", "t", more="series: s\n")
        for n in range(1, 6)
    }
    site = pipeline.build(read_config(write_blog(files)))
    assert select(site, "math/2022-01-01-p1/index.html", RELATED) == []
    assert not select(site, "math/2022-01-01-p1/index.html", "//section[@class='related']")


POSTS = st.lists(
    st.tuples(st.sets(st.sampled_from("abcd")).map(sorted), st.sampled_from(["x", "y"])),
    min_size=1,
    max_size=12,
)


@given(POSTS, st.sets(st.integers(0, 11)))
def test_all_posts_weighed_against_all(
    posts: list[tuple[list[str], str]], without: set[int]
) -> None:
    """What is found is what weighing each post against each would find, whatever they share."""
    values: Any = [
        SimpleNamespace(
            post=SimpleNamespace(
                source=SimpleNamespace(path=str(number)),
                meta=SimpleNamespace(tags=tags, category=category),
            )
        )
        for number, (tags, category) in enumerate(posts)
    ]
    count = Counter(tag for tags, _ in posts for tag in tags)
    finder = Related(values)
    for own, (tags, category) in enumerate(posts):

        def rank(
            number: int, tags: list[str] = tags, category: str = category
        ) -> tuple[int, bool, int]:
            shared = sum(UNIT // count[tag] for tag in posts[number][0] if tag in tags)
            return -shared, posts[number][1] != category, number

        others = (n for n in range(len(posts)) if n != own and n not in without)
        fit = [n for n in sorted(others, key=rank) if rank(n)[:2] != (0, True)]
        found = finder.to(values[own], {str(number) for number in without})
        assert [item.post.source.path for item in found] == [str(n) for n in fit[:MOST]]


@pytest.mark.parametrize(
    ("korean", "english", "told"),
    [
        ("", "", ""),
        ("", "last_modified_at: 2023-01-02\n", "ko"),
        ("last_modified_at: 2023-01-02\n", "last_modified_at: 2023-01-02\n", ""),
        ("last_modified_at: 2023-01-02\n", "last_modified_at: 2023-01-01\n", "en"),
        # Not a revision, but written later.
        ("", "date: 2024-01-01\n", ""),
        ("last_modified_at: 2023-01-02\n", "date: 2024-01-01\n", ""),
    ],
)
def test_a_version_says_that_the_other_was_revised_after_it(
    write_blog: WriteBlog, korean: str, english: str, told: str
) -> None:
    """To its reader, and to its author."""

    def version(title: str, more: str) -> str:
        dated = "" if more.startswith("date") else "date: 2022-01-01\n"
        return f"---\ntitle: {title}\ncategory: math\n{dated}{more}---\nText.\n"

    files: dict[str, str | bytes] = {
        "posts/a/index.ko.md": version("가", korean),
        "posts/a/index.en.md": version("A", english),
    }
    events: list[Event] = []
    site = pipeline.build(read_config(write_blog(files)), events.append)
    notices = [event.text for event in events if isinstance(event, Notice)]
    lines = {
        "ko" if not path.startswith("en/") else "en": select(site, path, "//p[@class='stale']")
        for path in site.files
        if path.endswith("-a/index.html")
    }
    assert [language for language, found in lines.items() if found] == ([told] if told else [])
    assert len(notices) == bool(told)
    if told == "ko":
        (line,) = lines["ko"]
        assert "".join(line.itertext()) == (
            "영어판이 2023년 1월 2일에 이 글보다 나중에 고쳐졌어요. 영어판 읽기"
        )
        assert line.xpath("a/@href") == ["/en/math/2022-01-01-a/"]
        assert notices == [
            "posts/a/index.ko.md: posts/a/index.en.md was revised after it, on 2023-01-02"
        ]
