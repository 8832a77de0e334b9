"""Atom feeds: RFC 4287, section 5 of the design, and what the W3C feed validator looks at."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from generator import pipeline
from generator.config import read_config
from generator.model import Site

from ..conftest import SETTINGS, WriteBlog

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
MEDIA = "{http://search.yahoo.com/mrss/}"

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

FIGURE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>'

KOREAN = """\
---
title: 집합 <A> & "B"
date: 2022-07-08 21:00:00 +0900
last_modified_at: 2023-01-02
description: 요약 <b>아닌</b> 글
category: math
tags: [집합론, math, R&D]
references:
  - {id: m, title: Topology & Sets, author: James Munkres, edition: 2, DOI: 10.1/x}
---

처음 문단. $x < y$ 그리고 [다른 글](../b/index.en.md), ![그림](a.svg)

$$\\frac{1}{2}$$

<script>alert(1)</script><div class="only" style="color: red" onclick="x()">글</div>

| a | b |
|---|---|
| 1 | 2 |

```python
def f(x): return x < 1
```
"""
ENGLISH = """\
---
title: A set
date: 2022-07-08 21:00:00 +0900
category: math
tags: [sets]
---

First paragraph with `code`.
"""
LATER = """\
---
title: Later
date: 2024-02-29
category: notes
author: {name: Guest, uri: "https://guest.example"}
id: "tag:example.org,2020:later"
---

Control characters: a\x01b.
"""


@pytest.fixture
def blog(write_blog: WriteBlog) -> Path:
    """Three posts: one in both languages, one newer in English only."""
    return write_blog(
        {
            "posts/a/index.ko.md": KOREAN,
            "posts/a/index.en.md": ENGLISH,
            "posts/a/a.svg": FIGURE,
            "posts/b/index.en.md": LATER,
        }
    )


def feed_of(site: Site, path: str = "feed.xml") -> etree._Element:
    return etree.fromstring(site.files[path].content)


def names(element: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in element]


def attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def text(element: etree._Element, path: str) -> str:
    return element.findtext(ATOM + path) or ""


def test_the_elements_stand_in_the_agreed_order(blog: Path) -> None:
    """Feed and entry hold what the design's section 5 names, in its order."""
    feed = feed_of(pipeline.build(read_config(blog)))
    assert names(feed)[:9] == [
        *("generator", "link", "link", "updated", "id", "title", "author", "entry", "entry")
    ]
    entry = feed.findall(ATOM + "entry")[1]
    assert names(entry) == [
        *("title", "link", "published", "updated", "id", "content", "author"),
        *("category", "category", "category", "summary", "thumbnail"),
    ]


def test_the_feed_describes_itself(blog: Path) -> None:
    """Language, own address, the page it belongs to, generator with address and version."""
    feed = feed_of(pipeline.build(read_config(blog)))
    assert feed.get(XML + "lang") == "ko"
    own, page = feed.findall(ATOM + "link")
    assert attributes(own) == {
        "href": "https://example.org/feed.xml",
        "rel": "self",
        "type": "application/atom+xml",
    }
    assert attributes(page) == {
        "href": "https://example.org/",
        "rel": "alternate",
        "type": "text/html",
        "hreflang": "ko",
    }
    assert text(feed, "id") == "https://example.org/feed.xml"
    assert feed.find(ATOM + "title").get("type") == "html"  # type: ignore[union-attr]
    generator = feed.find(ATOM + "generator")
    assert generator is not None
    assert generator.get("uri")
    assert generator.get("version")


def test_an_entry_holds_the_whole_post(blog: Path) -> None:
    """Title and summary are escaped HTML, the content is the post, times and terms are right."""
    feed = feed_of(pipeline.build(read_config(blog)))
    entry = feed.findall(ATOM + "entry")[1]
    assert entry.get(XML + "lang") == "ko"
    title, content, link = (entry.find(ATOM + name) for name in ("title", "content", "link"))
    assert title is not None
    assert content is not None
    assert link is not None
    assert (title.get("type"), title.text) == ("html", '집합 &lt;A&gt; &amp; "B"')
    page = "https://example.org/math/2022-07-08-a/"
    assert attributes(link) == {
        "href": page,
        "rel": "alternate",
        "type": "text/html",
        "title": '집합 <A> & "B"',
    }
    assert text(entry, "published") == "2022-07-08T21:00:00+09:00"
    assert text(entry, "updated") == "2023-01-02T00:00:00+09:00"
    assert text(entry, "id") == "https://example.org/math/a"
    assert [c.get("term") for c in entry.findall(ATOM + "category")] == ["math", "집합론", "R&D"]
    assert text(entry, "summary") == "요약 &lt;b&gt;아닌&lt;/b&gt; 글"
    assert (content.get("type"), content.get(XML + "base")) == ("html", page)
    thumbnail = entry.find(MEDIA + "thumbnail")
    assert thumbnail is not None
    assert attributes(thumbnail) == {
        "url": "https://example.org/assets/posts/a/a.svg",
        "width": "40",
        "height": "30",
    }


def test_the_content_needs_no_style_and_no_script(blog: Path) -> None:
    """Absolute addresses, MathML with TeX, plain code; no script, style, class or handler."""
    feed = feed_of(pipeline.build(read_config(blog)))
    content = text(feed.findall(ATOM + "entry")[1], "content")
    for forbidden in ("<script", "<style", "class=", "style=", "onclick", "alert"):
        assert forbidden not in content
    for wanted in (
        'href="https://example.org/en/notes/2024-02-29-b/"',
        'src="https://example.org/assets/posts/a/a.svg"',
        'width="40"',
        '<annotation encoding="application/x-tex">x &lt; y</annotation>',
        "<pre><code>def f(x): return x &lt; 1",
        "<td>1</td>",
        '<a href="https://doi.org/10.1/x"><cite>Topology &amp; Sets</cite></a>. 2판, 연도 미상.',
    ):
        assert wanted in content


def test_mathematics_as_tex(blog: Path, write_blog: WriteBlog) -> None:
    r"""With `feed.math = "tex"` formulas stand as `\( … \)` and `\[ … \]`."""
    write_blog({"pyproject.toml": SETTINGS + '\n[tool.inkcell.feed]\nmath = "tex"\n'})
    feed = feed_of(pipeline.build(read_config(blog)))
    content = text(feed.findall(ATOM + "entry")[1], "content")
    assert r"\(x &lt; y\)" in content
    assert r"\[\frac{1}{2}\]" in content
    assert "<math" not in content


def test_each_feed_has_its_posts(blog: Path) -> None:
    """The site's feed has each post once, Korean where it exists; the others one language."""
    site = pipeline.build(read_config(blog))
    languages = {
        path: [entry.get(XML + "lang") for entry in feed_of(site, path).findall(ATOM + "entry")]
        for path in ("feed.xml", "ko/feed.xml", "en/feed.xml")
    }
    assert languages == {
        "feed.xml": ["en", "ko"],
        "ko/feed.xml": ["ko"],
        "en/feed.xml": ["en", "en"],
    }
    english = feed_of(site, "en/feed.xml")
    assert english.get(XML + "lang") == "en"
    assert [text(e, "id") for e in english.findall(ATOM + "entry")] == [
        "tag:example.org,2020:later",
        "https://example.org/en/math/a",
    ]


def test_no_time_but_the_posts_own(blog: Path) -> None:
    """The feed's `updated` is its newest entry's, and every time is an RFC 3339 date."""
    feed = feed_of(pipeline.build(read_config(blog)))
    times = [e.text or "" for e in feed.iter(ATOM + "updated", ATOM + "published")]
    assert times[0] == max(times[1:], key=datetime.fromisoformat) == "2024-02-29T00:00:00+09:00"
    assert all(RFC3339.fullmatch(time) for time in times)


def test_newest_first_and_limited(write_blog: WriteBlog) -> None:
    """Ten entries unless configured, by date of publication."""
    front = "---\ntitle: No {n}\ndate: 2022-01-{n:02}\ncategory: c\n---\nx\n"
    posts = {f"posts/p{n:02}/index.ko.md": front.format(n=n) for n in range(1, 13)}
    root = write_blog(posts)
    entries = feed_of(pipeline.build(read_config(root))).findall(ATOM + "entry")
    assert [text(entry, "title") for entry in entries] == [f"No {n}" for n in range(12, 2, -1)]
    write_blog({"pyproject.toml": SETTINGS + "\n[tool.inkcell.feed]\nlimit = 2\n"})
    entries = feed_of(pipeline.build(read_config(root))).findall(ATOM + "entry")
    assert len(entries) == 2


def test_an_id_survives_a_new_title_date_and_address(write_blog: WriteBlog) -> None:
    """What readers know a post by does not change when its page moves."""
    front = "---\ntitle: {}\ndate: {}\ncategory: math\n{}---\nx\n"
    ids = []
    for title, date, more in (
        ("One", "2022-07-08", ""),
        ("Two", "2023-01-01", "permalink: /elsewhere/\n"),
    ):
        root = write_blog({"posts/a/index.ko.md": front.format(title, date, more)})
        feed = feed_of(pipeline.build(read_config(root)))
        ids.append([text(entry, "id") for entry in feed.findall(ATOM + "entry")])
    assert ids == [["https://example.org/math/a"]] * 2


def test_a_blog_without_posts_has_a_valid_feed(write_blog: WriteBlog) -> None:
    """RFC 4287 wants `updated` even of an empty feed; it must not be the time of the build."""
    root = write_blog({"posts/_later/note.txt": "x"})
    feed = feed_of(pipeline.build(read_config(root)))
    assert text(feed, "updated") == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize("url", ["https://example.org", "https://example.org/project"])
def test_the_rules_of_rfc_4287(blog: Path, url: str) -> None:
    """What the W3C feed validator checks: required elements, unique ids, absolute addresses."""
    site = pipeline.build(read_config(blog, url=url))
    for path in ("feed.xml", "ko/feed.xml", "en/feed.xml"):
        feed = feed_of(site, path)
        for element in (feed, *feed.findall(ATOM + "entry")):
            for required in ("id", "title", "updated"):
                assert len(element.findall(ATOM + required)) == 1
            assert element.find(ATOM + "author") is not None
            alternates = [
                (link.get("type"), link.get("hreflang"))
                for link in element.findall(ATOM + "link")
                if link.get("rel") == "alternate"
            ]
            assert len(alternates) == len(set(alternates)) == 1
        ids = [identity.text or "" for identity in feed.iter(ATOM + "id")]
        assert len(ids) == len(set(ids))
        assert all(re.match(r"[a-z]+:", identity) for identity in ids)
        own = next(link for link in feed.findall(ATOM + "link") if link.get("rel") == "self")
        assert own.get("href") == f"{url}/{path}"
        for link in feed.iter(ATOM + "link"):
            assert str(link.get("href")).startswith(url)
        for content in feed.iter(ATOM + "content"):
            assert not re.findall(r'(?:src|href)="(?!https?:|mailto:)', content.text or "")


def test_feedparser_reads_it(blog: Path) -> None:
    """A real reader finds nothing wrong, and all of the post."""
    parsed: Any = feedparser.parse(pipeline.build(read_config(blog)).files["feed.xml"].content)
    assert not parsed.bozo
    assert [entry.title for entry in parsed.entries] == ["Later", '집합 &lt;A&gt; &amp; "B"']
    assert parsed.entries[0].author == "Guest"
    assert "ab" in parsed.entries[0].content[0].value
    assert parsed.entries[1].tags[1].term == "집합론"
    assert "처음 문단" in parsed.entries[1].content[0].value
