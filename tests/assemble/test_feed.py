"""Atom feeds: RFC 4287, section 5 of the design, and what the W3C feed validator looks at."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import feedparser
import pytest
from lxml import etree, html
from lxml.html import defs

from generator import pipeline
from generator.config import read_config
from generator.model import Site

from ..conftest import REPOSITORY, SETTINGS, WriteBlog

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


def atom_feeds(site: Site) -> list[str]:
    """Paths of all Atom feeds of a site."""
    return [path for path in site.files if re.search(r"(^|/)(feed\.xml$|feed/)", path)]


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
        'alttext="x &lt; y"><mrow><mi>x</mi><mo>&lt;</mo><mi>y</mi></mrow></math>',
        r'<annotation encoding="application/x-tex"> \frac{1}{2} </annotation>',
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
    """RFC 4287 wants `updated` even of an empty feed; it must not be the time of the build.

    Nor one that no feed can have: the validator doubts what was before 1990.
    """
    root = write_blog({"posts/_later/note.txt": "x"})
    feed = feed_of(pipeline.build(read_config(root)))
    assert text(feed, "updated") == "2005-12-01T00:00:00+00:00"


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


SCHEMA = etree.RelaxNG(etree.parse(REPOSITORY / "tests" / "fixtures" / "atom.rng"))


def test_every_feed_fits_the_schema_of_rfc_4287(blog: Path) -> None:
    """Of the site, of languages, categories and tags, with entries and without."""
    site = pipeline.build(read_config(blog))
    assert len(atom_feeds(site)) == 11
    for path in atom_feeds(site):
        SCHEMA.assertValid(feed_of(site, path))
    feed = feed_of(site)
    feed.remove(feed.findall(ATOM + "updated")[0])
    assert not SCHEMA.validate(feed)


def test_categories_and_tags_have_feeds(blog: Path) -> None:
    """In each language, with the posts of their pages; the default language's miss no post."""
    site = pipeline.build(read_config(blog))
    found = {
        path: [text(entry, "id") for entry in feed_of(site, path).findall(ATOM + "entry")]
        for path in atom_feeds(site)
        if "feed/" in path
    }
    korean, english = "https://example.org/math/a", "https://example.org/en/math/a"
    assert found == {
        "feed/math.xml": [korean],
        "feed/notes.xml": ["tag:example.org,2020:later"],
        "feed/by_tag/집합론.xml": [korean],
        "feed/by_tag/math.xml": [korean],
        "feed/by_tag/rd.xml": [korean],
        "en/feed/math.xml": [english],
        "en/feed/notes.xml": ["tag:example.org,2020:later"],
        "en/feed/by_tag/sets.xml": [english],
    }
    feed = feed_of(site, "feed/by_tag/집합론.xml")
    own, page = (str(link.get("href")) for link in feed.findall(ATOM + "link"))
    assert (
        own == "https://example.org/feed/by_tag/%EC%A7%91%ED%95%A9%EB%A1%A0.xml" == text(feed, "id")
    )
    assert unquote(page) == "https://example.org/tag/집합론/"
    assert text(feed, "title") == "집합론 · A blog"
    assert text(feed, "subtitle") == "‘집합론’ 태그가 붙은 글"


def test_characters_that_xml_does_not_allow(write_blog: WriteBlog) -> None:
    """Prose may have come with some; feeds leave them out. Front matter and settings have none."""
    feed = feed_of(pipeline.build(read_config(write_blog({"posts/a/index.ko.md": "x\x07y\n"}))))
    (entry,) = feed.findall(ATOM + "entry")
    assert [text(entry, name) for name in ("content", "summary")] == ["<p>xy</p>\n", "xy"]


def test_characters_that_html_does_not_allow(write_blog: WriteBlog) -> None:
    """Controls of copied text and what is no character stand in no page, feed or index."""
    front = "---\ntitle: xy\ndate: 2022-07-08\ncategory: cd\n---\n"
    prose = (
        'a\x01b\x96c\ufdd0 `d\x96e` <b title="f\x07g">h</b> ![i\x07](a.svg "j\x96") $k\x07$\n\n'
        "## l\x07m\n\n```python\nn\x07\x96\n```\n"
    )
    files: dict[str, str | bytes] = {
        "posts/a/index.ko.md": front + prose,
        "posts/a/a.svg": FIGURE,
    }
    site = pipeline.build(read_config(write_blog(files)))
    read_of = {"html", "xml", "json"}
    texts = {
        path: file.content.decode()
        for path, file in site.files.items()
        if path.rpartition(".")[2] in read_of
    }
    for path, content in texts.items():
        assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef]", content), path
        assert not re.search(r"\\u00(0[0-8bcef]|1|7f|[89][0-9a-f])", content), path
    assert "<h1>xy</h1>" in texts["cd/2022-07-08-a/index.html"]
    assert "<p>abc <code>de</code>" in texts["cd/2022-07-08-a/index.html"]


def read(escaped: str | None) -> str:
    """What a reader makes of a text of the type `html`."""
    return "".join(map(str, html.fromstring(escaped or "").itertext()))


def test_what_speaks_of_html_is_told_as_text(write_blog: WriteBlog) -> None:
    """Where an element cannot say that it is text, nothing in it looks like HTML."""
    settings = SETTINGS.replace(
        "language =", 'description = "On <b>HTML</b> &amp; R&D"\nlanguage ='
    )
    front = '---\ntitle: "{}"\ndate: 2022-07-0{}\ncategory: c\n---\nx\n'
    titles = ("Where </p> is", "What &nbsp; is", "From &#64; to A&1", "<p> & R&D")
    posts = {
        f"posts/p{number}/index.ko.md": front.format(title, number)
        for number, title in enumerate(titles, start=1)
    }
    feed = feed_of(pipeline.build(read_config(write_blog({"pyproject.toml": settings, **posts}))))
    subtitle = feed.find(ATOM + "subtitle")
    assert subtitle is not None
    assert (subtitle.get("type"), read(subtitle.text)) == ("html", "On <b>HTML</b> &amp; R&D")
    entries = feed.findall(ATOM + "entry")
    assert [read(text(entry, "title")) for entry in entries] == [*reversed(titles)]
    links = [entry.find(ATOM + "link") for entry in entries]
    assert [link is not None and link.get("title") for link in links] == [titles[3], *(None,) * 3]


def test_a_post_without_a_word(write_blog: WriteBlog) -> None:
    """A summary that would be empty is left out; JSON Feed wants a content even of nothing."""
    front = "---\ntitle: x\ndate: 2022-07-08\ncategory: c\n---\n"
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": front})))
    feed = feed_of(site)
    SCHEMA.assertValid(feed)
    (entry,) = feed.findall(ATOM + "entry")
    assert names(entry) == [
        *("title", "link", "published", "updated", "id", "content", "author", "category")
    ]
    (item,) = json.loads(site.files["feed.json"].content)["items"]
    assert item["content_html"] == ""
    assert "summary" not in item


@pytest.mark.parametrize(
    ("date", "modified", "updated"),
    [
        ("2022-07-08T21:00:00+09:00", "2022-07-08", "2022-07-08T21:00:00+09:00"),
        ("2022-07-08T21:00:00+09:00", "2022-06-30", "2022-07-08T21:00:00+09:00"),
        ("2022-07-08T21:00:00+09:00", "2022-07-09", "2022-07-09T00:00:00+09:00"),
        ("2022-07-08T21:00:00+09:00", "2022-07-08T12:30:00Z", "2022-07-08T12:30:00+00:00"),
    ],
)
def test_no_post_has_changed_before_it_was_published(
    write_blog: WriteBlog, date: str, modified: str, updated: str
) -> None:
    """A change of the same day has no time, and a post may have waited for its date."""
    front = f"---\ntitle: x\ndate: {date}\nlast_modified_at: {modified}\ncategory: c\n---\nx\n"
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": front})))
    assert [e.text for e in feed_of(site).iter(ATOM + "updated")] == [updated] * 2
    (item,) = json.loads(site.files["feed.json"].content)["items"]
    assert item["date_modified"] == updated
    page = site.files["c/2022-07-08-a/index.html"].content.decode()
    assert f'"dateModified": "{updated}"' in page
    assert f"<lastmod>{updated}</lastmod>" in site.files["sitemap.xml"].content.decode()


def test_a_tag_that_a_post_has_twice(write_blog: WriteBlog) -> None:
    """`ML` and `ml` are one term, and no feed has a post twice."""
    front = "---\ntitle: x\ndate: 2022-07-08\ncategory: c\ntags: [ML, ml]\n---\nx\n"
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": front})))
    assert len(feed_of(site, "feed/by_tag/ml.xml").findall(ATOM + "entry")) == 1
    assert site.files["tag/ml/index.html"].content.count(b"<article") == 1


def test_a_tag_typed_in_another_form_of_unicode_has_the_same_feed(write_blog: WriteBlog) -> None:
    """What a Mac types in two parts, NFD, is composed on the disk and in addresses."""
    tag = unicodedata.normalize("NFD", "집합론")
    front = "---\ntitle: x\ndate: 2022-07-08\ncategory: c\ntags: [{}]\n---\nx\n"
    site = pipeline.build(read_config(write_blog({"posts/a/index.ko.md": front.format(tag)})))
    assert "feed/by_tag/집합론.xml" in site.files


def heads(site: Site, path: str) -> list[tuple[str, ...]]:
    """Type, title and address of the feeds that a page names."""
    page = html.fromstring(site.files[path].content)
    found: Any = page.xpath("//link[@rel='alternate'][@type]")
    return [(link.get("type"), link.get("title"), link.get("href")) for link in found]


def test_pages_lead_to_their_feeds(blog: Path) -> None:
    """A list to its own, a home page to those of all languages, a post to that of its language."""
    atom, jsonfeed = "application/atom+xml", "application/feed+json"
    site = pipeline.build(read_config(blog, url="https://example.org/project"))
    both = [
        (atom, "A blog · 한국어", "/project/ko/feed.xml"),
        (jsonfeed, "A blog · 한국어 (JSON)", "/project/ko/feed.json"),
    ]
    english = [
        (atom, "A blog · English", "/project/en/feed.xml"),
        (jsonfeed, "A blog · English (JSON)", "/project/en/feed.json"),
    ]
    whole = [
        (atom, "A blog", "/project/feed.xml"),
        (jsonfeed, "A blog (JSON)", "/project/feed.json"),
    ]
    assert heads(site, "index.html") == [*whole, *both, *english]
    assert heads(site, "en/index.html") == [*english, *both]
    assert heads(site, "math/2022-07-08-a/index.html") == both
    assert heads(site, "notes/index.html") == [
        (atom, "notes · A blog", "/project/feed/notes.xml"),
        *both,
    ]
    assert heads(site, "en/notes/index.html")[0][2] == "/project/en/feed/notes.xml"
    tag = heads(site, "tag/집합론/index.html")[0]
    assert tag == (
        atom,
        "집합론 · A blog",
        f"/project/feed/by_tag/{'%EC%A7%91%ED%95%A9%EB%A1%A0'}.xml",
    )
    for path in site.files:
        if path.endswith(".html"):
            for _, _, address in heads(site, path):
                assert unquote(address.removeprefix("/project/")) in site.files


def test_json_feeds(blog: Path) -> None:
    """Version 1.1: the entries of the Atom feed beside each, whatever is known of them."""
    site = pipeline.build(read_config(blog))
    paths = [path for path in site.files if path.endswith("feed.json")]
    assert sorted(paths) == ["en/feed.json", "feed.json", "ko/feed.json"]
    for path in paths:
        feed = json.loads(site.files[path].content)
        atom = feed_of(site, path.replace(".json", ".xml"))
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["feed_url"] == f"https://example.org/{path}"
        assert feed["language"] == atom.get(XML + "lang")
        for item, entry in zip(feed["items"], atom.findall(ATOM + "entry"), strict=True):
            assert item["id"] == text(entry, "id")
            assert item["content_html"] == text(entry, "content")
            assert item["date_modified"] == text(entry, "updated")
            assert item["tags"] == [c.get("term") for c in entry.findall(ATOM + "category")]
    item = json.loads(site.files["feed.json"].content)["items"][1]
    assert item["title"] == '집합 <A> & "B"'
    assert item["image"] == "https://example.org/assets/posts/a/a.svg"
    assert item["authors"] == [{"name": "Somebody", "url": "mailto:somebody@example.org"}]


def test_entries_that_several_feeds_have_are_the_same_everywhere(blog: Path) -> None:
    """They are written once."""
    site = pipeline.build(read_config(blog))
    whole = site.files["feed.xml"].content.decode()
    parts = re.findall(r"  <entry .*?</entry>\n", whole, re.DOTALL)
    assert len(parts) == 2
    for path, part in (("feed/notes.xml", parts[0]), ("feed/by_tag/집합론.xml", parts[1])):
        assert part in site.files[path].content.decode()


# --- what the W3C's feed validator warns of -----------------------------------------------------

LATER_THE_SAME_DAY = LATER.replace("2024-02-29", "2022-07-08T22:00:00+09:00")


@pytest.fixture
def everything(write_blog: WriteBlog, tmp_path: Path) -> Site:
    """A blog with all that prose can hold."""
    root = write_blog({"posts/b/index.ko.md": LATER_THE_SAME_DAY})
    shutil.copytree(REPOSITORY / "tests" / "fixtures" / "constructs", root / "posts" / "constructs")
    return pipeline.build(read_config(root, url="https://example.org/project"))


def contents(feed: etree._Element) -> Iterator[tuple[etree._Element, html.HtmlElement]]:
    """Each entry with its content as a tree."""
    for entry in feed.findall(ATOM + "entry"):
        yield entry, html.fromstring(f"<div>{text(entry, 'content')}</div>")


def of_html(feed: etree._Element) -> Iterator[etree._Element]:
    """The elements of all contents but those of formulas."""
    for _, tree in contents(feed):
        found: Any = tree.xpath("//*[not(ancestor-or-self::math)]")
        yield from found


def addresses(tree: html.HtmlElement) -> list[str]:
    found: Any = tree.xpath("//@href | //@src | //@srcset | //@cite | //@poster")
    return [str(address) for address in found]


def elements(tree: html.HtmlElement, path: str) -> list[str]:
    found: Any = tree.xpath(path)
    return [str(item) for item in found]


WARNINGS: dict[str, Callable[[etree._Element], list[str]]] = {
    "MissingSelf, SelfDoesntMatchLocation": lambda feed: [
        text(feed, "id")
        for link in [feed.find(ATOM + "link[@rel='self']")]
        if link is None or link.get("href") != text(feed, "id")
    ],
    "ContainsRelRef": lambda feed: [
        address
        for _, tree in contents(feed)
        for address in addresses(tree)
        if not re.match(r"(https?://|mailto:)", address)
    ],
    "DuplicateIds": lambda feed: [
        identity
        for identity, times in Counter(e.text or "" for e in feed.iter(ATOM + "id")).items()
        if times > 1
    ],
    "DuplicateUpdated": lambda feed: [
        moment
        for moment, times in Counter(
            text(entry, "updated") for entry in feed.findall(ATOM + "entry")
        ).items()
        if times > 1
    ],
    "SecurityRisk: elements": lambda feed: [
        name
        for _, tree in contents(feed)
        for name in elements(
            tree,
            "//script/@src | //*[self::script or self::style or self::iframe or self::object or "
            "self::embed or self::form or self::input or self::button or self::base or "
            "self::meta or self::link or self::applet or self::frame]",
        )
    ],
    "SecurityRiskAttr, DangerousStyleAttr": lambda feed: [
        name
        for _, tree in contents(feed)
        for name in elements(tree, "//@*[starts-with(name(), 'on') or name() = 'style']")
    ],
    "NotHtml: elements that are none of HTML": lambda feed: [
        str(element.tag) for element in of_html(feed) if element.tag not in defs.tags
    ],
    "SecurityRiskAttr: attributes that say nothing to a reader": lambda feed: [
        f"{element.tag!r} {name!r}"
        for element in of_html(feed)
        for name in element.attrib
        if name not in defs.safe_attrs
    ],
    "NotHtml: content without any element": lambda feed: [
        text(entry, "id") for entry, tree in contents(feed) if not len(tree)
    ],
    "ContainsUndeclaredHTML in titles and summaries": lambda feed: [
        str(element.text)
        for element in feed.iter(ATOM + "title", ATOM + "summary", ATOM + "subtitle")
        if element.get("type") != "html" and re.search(r"&\w+;|<\w", element.text or "")
    ],
    "BadCharacters": lambda feed: re.findall(
        "[\x7f-\x9f\ufffe\uffff]", "".join(map(str, feed.itertext()))
    ),
    "InvalidFullLink, InvalidURI, spaces in addresses": lambda feed: [
        str(address)
        for element in feed.iter(ATOM + "link", f"{MEDIA}thumbnail")
        for address in (element.get("href") or element.get("url"),)
        if not re.fullmatch(r"https://[!-~]+", str(address))
    ],
    "NonCanonicalURI in ids": lambda feed: [
        str(element.text)
        for element in feed.iter(ATOM + "id")
        if not re.fullmatch(r"[a-z]+:[!-~]+", element.text or "")
        or urljoin(str(element.text), "") != element.text
    ],
    "xml:base is what relative addresses would be read from": lambda feed: [
        text(entry, "id")
        for entry in feed.findall(ATOM + "entry")
        for content in [entry.find(ATOM + "content")]
        for link in [entry.find(ATOM + "link")]
        if content is None or link is None or content.get(XML + "base") != link.get("href")
    ],
    "InvalidRFC3339Date": lambda feed: [
        str(element.text)
        for element in feed.iter(ATOM + "updated", ATOM + "published")
        if not RFC3339.fullmatch(element.text or "")
    ],
    "ImplausibleDate": lambda feed: [
        str(element.text)
        for element in feed.iter(ATOM + "updated", ATOM + "published")
        if (element.text or "") < "1990"
    ],
    "NotBlank, AttrNotBlank": lambda feed: [
        str(element.tag)
        for element in feed.iter()
        if element.tag not in (ATOM + "feed", ATOM + "entry", ATOM + "author")
        and not all((*element.attrib.values(), (element.text or "").strip() or element.attrib))
    ],
    "UnexpectedWhitespace": lambda feed: [
        str(element.text)
        for name in ("id", "updated", "published", "email", "uri")
        for element in feed.iter(ATOM + name)
        if element.text != (element.text or "").strip()
    ],
    "DuplicateElement": lambda feed: [
        str(name)
        for element in (feed, *feed.iter(ATOM + "entry", ATOM + "author"))
        for name, times in Counter(child.tag for child in element).items()
        if times > 1
        and name not in (ATOM + "entry", ATOM + "link", ATOM + "category", ATOM + "author")
    ],
    "DuplicateAtomLink": lambda feed: [
        str(kind)
        for element in (feed, *feed.iter(ATOM + "entry"))
        for kind, times in Counter(
            (link.get("rel"), link.get("type"), link.get("hreflang"))
            for link in element.findall(ATOM + "link")
        ).items()
        if times > 1
    ],
    "MisplacedMetadata": lambda feed: [
        following
        for before, following in pairwise(names(feed))
        if before == "entry" and following != "entry"
    ],
    "ContainsHTML where nothing says that it is text": lambda feed: [
        said
        for said in (
            *(str(link.get("title", "")) for link in feed.iter(ATOM + "link")),
            *(element.text or "" for element in feed.iter(ATOM + "name", ATOM + "generator")),
        )
        if re.search(r"</\w+>|&#?\w+;|&#?\d", said)
    ],
    "InvalidAddrSpec, ContainsEmail": lambda feed: [
        str(element.text)
        for element in feed.iter(ATOM + "email", ATOM + "name")
        if (element.tag == ATOM + "name" and re.search(r"<\S+@\S+>", element.text or ""))
        or (
            element.tag == ATOM + "email"
            and not re.fullmatch(r"[\w.+'-]+@([\w-]+\.)+[\w-]+", element.text or "")
        )
    ],
    "InvalidLanguage": lambda feed: [
        str(language)
        for element in feed.iter()
        for language in (element.get(XML + "lang"), element.get("hreflang"))
        if language is not None and not re.fullmatch(r"[a-z]{2,3}(-\w+)*", str(language))
    ],
    "InvalidMIMEType, SelfNotAtom": lambda feed: [
        str(link.get("type"))
        for link in feed.iter(ATOM + "link")
        if link.get("type")
        != {"self": "application/atom+xml", "alternate": "text/html"}.get(str(link.get("rel")))
    ],
    "InvalidPositiveInteger": lambda feed: [
        str(size)
        for picture in feed.iter(f"{MEDIA}thumbnail")
        for name, size in picture.attrib.items()
        if name in ("width", "height") and not re.fullmatch(r"[1-9]\d*", str(size))
    ],
    "NonstdPrefix, UnknownNamespace": lambda feed: [
        str(space)
        for element in feed.iter()
        for space in element.nsmap.items()
        if space not in ((None, ATOM[1:-1]), ("media", MEDIA[1:-1]))
    ],
    "UnregisteredAtomLinkRel": lambda feed: [
        str(link.get("rel"))
        for link in feed.iter(ATOM + "link")
        if link.get("rel") not in ("alternate", "self")
    ],
    "a picture without words or size": lambda feed: [
        etree.tostring(picture, encoding="unicode")
        for _, tree in contents(feed)
        for picture in tree.iter("img")
        if not {"alt", "width", "height"} <= {str(name) for name in picture.attrib}
    ],
    "ids that two elements of a content have": lambda feed: [
        identity
        for _, tree in contents(feed)
        for identity, times in Counter(elements(tree, "//@id")).items()
        if times > 1
    ],
}
"""What it warns of, by its own names where it has one, and what of it is in a feed."""


@pytest.mark.parametrize("warning", WARNINGS)
def test_what_the_feed_validator_warns_of(everything: Site, blog: Path, warning: str) -> None:
    """None of it is in a feed."""
    for path in atom_feeds(everything):
        assert WARNINGS[warning](feed_of(everything, path)) == []


BAD_FEED = f"""\
<feed xmlns="{ATOM[1:-1]}" xmlns:m="{MEDIA[1:-1]}">
<id>HTTP://a b</id><title>&lt;b</title><updated>2022</updated>
<link rel="self" href="https://x/other"/><link rel="next" href="b c"/>
<entry><id>HTTP://a b</id><updated>1</updated><title>\x85</title>
<content type="html">&lt;p id="a">&lt;script>&lt;/script>
&lt;a id="a" style="x" onclick="y" href="z">
&lt;img src="q">&lt;my-own></content></entry>
<entry xml:lang="Korean"><id>u:1 </id><updated>1</updated><content type="html">text</content>
<title>A</title><title>B</title><summary/>
<author><name>A &lt;a@b.example></name><email>a at b</email></author>
<link rel="self" title="&amp;lt;"/><link rel="self"/><m:thumbnail width="0"/></entry>
<icon>x</icon>
</feed>"""


@pytest.mark.parametrize("warning", WARNINGS)
def test_a_bad_feed_gets_each_warning(warning: str) -> None:
    """So that the test above can fail."""
    assert WARNINGS[warning](etree.fromstring(BAD_FEED)) != []


# --- how it reads -------------------------------------------------------------------------------

NOT_IN_TEXT = (
    ".//*[@class='katex-html'] | .//*[local-name()='annotation'] | .//legend | "
    ".//a[@class='anchor']"
)
"""What a page shows besides its text, or says twice."""


def words(tree: html.HtmlElement) -> list[str]:
    """The words of a text in their order."""
    found: Any = tree.xpath(NOT_IN_TEXT)
    for element in found:
        element.drop_tree()
    return re.findall(r"\w+", " ".join(tree.itertext()))


@pytest.mark.parametrize(("language", "title"), [("", "참고"), ("en/", "Note")])
def test_a_reader_that_drops_all_attributes_loses_no_word(
    everything: Site, language: str, title: str
) -> None:
    """Without classes, ids and styles a feed says what the page says, in the same order.

    A side note without a title gets one: it stands in the text there.
    """
    page = html.fromstring(
        everything.files[f"{language}web/2022-07-08-constructs/index.html"].content
    )
    body: Any = page.xpath("//div[@class='body']")
    path = f"{language}feed/web.xml"
    ((_, fed),) = contents(feed_of(everything, path))
    for element in fed.iter():
        for name in {*element.attrib} - {"href", "src", "alt"}:
            del element.attrib[name]
    expected, read = words(body[0]), words(fed)
    second = next(n for n, (a, b) in enumerate(zip(expected, read, strict=False)) if a != b)
    assert read[second] == title
    assert read[:second] + read[second + 1 :] == expected
    found: Any = body[0].xpath(".//a[@href][not(starts-with(@href, '#'))]")
    assert len(elements(fed, "//a/@href")) >= len(found)


def test_a_reader_that_drops_mathml_shows_simple_formulas_once(everything: Site) -> None:
    """And of others both the text and, after a space, the TeX."""
    ((_, fed),) = contents(feed_of(everything, "en/feed/web.xml"))
    said = " ".join("".join(fed.itertext()).split())
    assert "The first, with x Two The second" in said
    assert "a=b" in said
    assert "text with emphasis, x2 x^2 and code" in said


def test_code_is_plain_text(everything: Site) -> None:
    """In `pre`, with its line ends and without a span; lines to look at are marked."""
    ((_, fed),) = contents(feed_of(everything, "en/feed/web.xml"))
    blocks = ["".join(block.itertext()) for block in fed.iter("pre")]
    assert "a = 1\nb = 2\nc = 3\n" in blocks
    assert any(block.startswith("import numpy as np\nfrom ncut import") for block in blocks)
    assert not elements(fed, "//pre//*[not(self::code or self::mark)]")
    assert len(elements(fed, "//pre//mark")) == 3
