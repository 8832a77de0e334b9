"""What a page tells of its results: the card, the note on stale ones, links to the notebook."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree, html
from msgspec.structs import replace

from generator.addresses import collect_links
from generator.assemble import assemble
from generator.assemble.card import duration_text
from generator.config import parse_config
from generator.discover import read_theme
from generator.model import ExecutedPost, Provenance, Results, Site, Source, Stream
from generator.parse import parse
from generator.render import render

from ..conftest import FRONT_MATTER, REPOSITORY, SETTINGS
from ..render.rendering import show_tex

THEME = read_theme(REPOSITORY)
CONFIG = replace(
    parse_config(SETTINGS),
    url="https://user.example/project",
    repository="https://github.com/user/repo",
    published_branch="gh-pages",
)
CODE = "```{code-cell}\nprint(1)\n```\n"
MADE = Provenance(
    when="2026-10-03T23:59:58+00:00",
    seconds=83.4,
    kernel="python3",
    interpreter="Python 3.11.7",
    packages={"scipy": "1.16.0", "NumPy": "2.3.1"},
    system="Linux x86_64",
    processor="AMD EPYC 7B13",
    gpu="NVIDIA A100-SXM4-40GB",
    threads=4,
    peak_memory=1_234_000_000,
)
PAGES = {"ko": "math/2022-07-08-a/index.html", "en": "en/math/2022-07-08-a/index.html"}


def site_of(
    made: Provenance | None,
    *,
    frozen: bool = False,
    stale: tuple[str, ...] = (),
    text: str = CODE,
    **settings: Any,
) -> Site:
    """A post in both languages whose code has run, as a site."""
    config = replace(CONFIG, **settings)
    posts = [
        parse(
            Source(f"posts/a/index.{name}.md", FRONT_MATTER + text, "a", name, "md", "/b/posts/a"),
            config,
        )
        for name in config.languages
    ]
    links = collect_links(posts, config)
    rendered = [
        render(
            ExecutedPost(
                post,
                Results(((Stream("stdout", "1"),),) * len(post.notebook.code), made, frozen, stale),
            ),
            links,
            show_tex,
            THEME.strings[post.meta.language],
        )
        for post in posts
    ]
    return assemble(rendered, config, THEME, "", {})


def select(site: Site, language: str, query: str) -> list[Any]:
    """What an XPath selects in the post's page of a language."""
    found: Any = html.fromstring(site.files[PAGES[language]].content.decode()).xpath(query)
    return list(found)


def facts(site: Site, language: str) -> dict[str, str]:
    """What the card tells: name to value."""
    rows = select(site, language, "//details[@class='card']//dl/div")
    return {
        row.findtext("dt"): ", ".join(
            " ".join(text.split()) for text in row.xpath("dd//text()") if text.strip()
        )
        for row in rows
    }


def links_of(site: Site, language: str) -> dict[str, str]:
    """Where the card leads: text to address."""
    found = select(site, language, "//details[@class='card']/ul/li/a")
    return {link.text: link.get("href") for link in found}


def test_the_card_is_complete() -> None:
    """Every fact of the results is told, in the page's language, folded away."""
    site = site_of(MADE)
    assert facts(site, "en") == {
        "Date": "3 October 2026",
        "Wall time": "1 min 23 s",
        "Peak memory": "1.2 GB",
        "Threads": "4",
        "Interpreter": "Python 3.11.7",
        "System": "Linux x86_64",
        "Processor": "AMD EPYC 7B13",
        "GPU": "NVIDIA A100-SXM4-40GB",
        "Packages": "NumPy 2.3.1, scipy 1.16.0",
    }
    assert facts(site, "ko") == {
        "실행한 날": "2026년 10월 3일",
        "걸린 시간": "1분 23초",
        "최대 메모리": "1.2 GB",
        "스레드": "4",
        "인터프리터": "Python 3.11.7",
        "운영체제": "Linux x86_64",
        "프로세서": "AMD EPYC 7B13",
        "GPU": "NVIDIA A100-SXM4-40GB",
        "패키지": "NumPy 2.3.1, scipy 1.16.0",
    }
    for language, summary in (
        ("en", "Results of 3 October 2026"),
        ("ko", "2026년 10월 3일에 얻은 결과"),
    ):
        (card,) = select(site, language, "//footer[@class='post-footer']/details")
        assert card.get("open") is None
        assert card.findtext("summary") == summary


def test_packages_within_packages_have_their_own_names() -> None:
    """npm's copies are named as a reader knows them, each version once."""
    packages = {
        "mime-db": "1.54.0",
        "accepts/node_modules/mime-db": "1.52.0",
        "type-is/node_modules/mime-db": "1.52.0",
        "@a/b/node_modules/@c/d": "2.0.0",
    }
    site = site_of(replace(MADE, packages=packages))
    assert facts(site, "en")["Packages"] == "@c/d 2.0.0, mime-db 1.52.0, mime-db 1.54.0"


def test_the_card_leads_to_source_and_notebook() -> None:
    """Each language's own, below the base path; the notebook is there, with its results."""
    site = site_of(MADE)
    colab = "https://colab.research.google.com/github/user/repo/blob/gh-pages"
    assert links_of(site, "en") == {
        "Source of this post": "https://github.com/user/repo/blob/main/posts/a/index.en.md",
        "Notebook with its results": "/project/en/math/2022-07-08-a/a.ipynb",
        "Open in Colab": f"{colab}/en/math/2022-07-08-a/a.ipynb",
    }
    assert links_of(site, "ko") == {
        "이 글의 원본": "https://github.com/user/repo/blob/main/posts/a/index.ko.md",
        "결과가 담긴 노트북": "/project/math/2022-07-08-a/a.ipynb",
        "Colab에서 열기": f"{colab}/math/2022-07-08-a/a.ipynb",
    }
    assert select(site, "ko", "//a[@download]/@download") == ["a.ipynb"]
    assert b'"output_type": "stream"' in site.files["en/math/2022-07-08-a/a.ipynb"].content


def test_a_blog_without_a_repository() -> None:
    """The notebook alone can be linked to."""
    site = site_of(MADE, repository="", published_branch="")
    assert list(links_of(site, "en")) == ["Notebook with its results"]


def test_what_is_not_known_is_not_told() -> None:
    """A kernel that tells little gets a short card, without empty rows."""
    site = site_of(Provenance("2026-10-03T04:05:06Z", 0.26, "inkcell-node"))
    assert facts(site, "en") == {
        "Date": "3 October 2026",
        "Wall time": "0.3 s",
        "Threads": "1",
        "Interpreter": "inkcell-node",
    }


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("2026-10-03T23:59:58+00:00", "3 October 2026"),
        ("2026-10-03T23:59:58Z", "3 October 2026"),
        ("2026-10-04T08:59:58+09:00", "3 October 2026"),
        ("2026-10-03T23:59:58", "3 October 2026"),
        ("2026-10-03T15:00:00-09:00", "4 October 2026"),
    ],
)
def test_the_date_is_in_utc(when: str, day: str) -> None:
    """Whatever the zone of the blog, of the results or of this machine."""
    assert facts(site_of(replace(MADE, when=when)), "en")["Date"] == day


def test_a_post_without_results_has_no_card() -> None:
    """Its source is linked to as ever."""
    for site in (site_of(None), site_of(None, text="Prose.\n")):
        assert select(site, "ko", "//details[@class='card']") == []
        assert select(site, "ko", "//p[@class='source']/a/@href") == [
            "https://github.com/user/repo/blob/main/posts/a/index.ko.md"
        ]
        assert not any(path.endswith(".ipynb") for path in site.files)


def test_frozen_results_say_so() -> None:
    """With the day they are of, in the line that opens the card, and what it means."""
    site = site_of(MADE, frozen=True)
    for language, summary, word in (
        ("en", "Results of 3 October 2026 · frozen", "does not run its code again"),
        ("ko", "2026년 10월 3일에 얻은 결과 · 보관본", "코드를 다시 실행하지 않아요"),
    ):
        assert select(site, language, "//details[@class='card']/summary/text()") == [summary]
        (told,) = select(site, language, "//details[@class='card']/p/text()")
        assert word in told
    assert facts(site, "en")["Processor"] == "AMD EPYC 7B13"
    assert select(site_of(MADE), "en", "//details[@class='card']/p") == []


def content_of(site: Site, language: str) -> str:
    """What the feed of a language holds of the post."""
    feed = etree.fromstring(site.files[f"{language}/feed.xml"].content)
    return feed.findtext(".//{http://www.w3.org/2005/Atom}content") or ""


def test_stale_results_say_so() -> None:
    """Above the text, not folded away, and in the feed; not why, which is the author's business."""
    fresh, stale = site_of(MADE, frozen=True), site_of(MADE, frozen=True, stale=("cell 3",))
    for language in CONFIG.languages:
        note = THEME.strings[language]["stale"]
        assert select(stale, language, "//header/p[@class='stale']/text()") == [note]
        assert content_of(stale, language).startswith(f"<p><em>{note}</em></p>")
        assert note not in fresh.files[PAGES[language]].content.decode()
        assert note not in content_of(fresh, language)
        assert b"cell 3" not in stale.files[PAGES[language]].content


def test_the_card_is_not_in_the_feed() -> None:
    """Results that say the same of themselves make the same feed wherever they were made."""
    elsewhere = replace(MADE, when="2020-01-01T00:00:00+00:00", processor="M1", seconds=1.0)
    one, other = site_of(MADE), site_of(elsewhere)
    assert one.files["feed.xml"] == other.files["feed.xml"]
    assert one.files[PAGES["ko"]] != other.files[PAGES["ko"]]


def test_the_same_results_are_the_same_bytes() -> None:
    """In whatever order the packages come."""
    turned = replace(MADE, packages=dict(reversed(list(MADE.packages.items()))))
    assert site_of(MADE) == site_of(turned)


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [
        (0.0, "<0.1 s", "<0.1초"),
        (0.05, "0.1 s", "0.1초"),
        (12.34, "12.3 s", "12.3초"),
        (59.94, "59.9 s", "59.9초"),
        (59.96, "1 min 0 s", "1분 0초"),
        (83.4, "1 min 23 s", "1분 23초"),
        (3599.6, "1 h 0 min", "1시간 0분"),
        (3600 * 26 + 59, "26 h 1 min", "26시간 1분"),
    ],
)
def test_durations(seconds: float, english: str, korean: str) -> None:
    """Rounded to what is written, so that no minute has sixty seconds."""
    assert duration_text(seconds, THEME.strings["en"]) == english
    assert duration_text(seconds, THEME.strings["ko"]) == korean
