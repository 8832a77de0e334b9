"""Front matter: every key, its synonyms, dates as Jekyll writes them."""

from __future__ import annotations

from datetime import datetime

import pytest

from generator.config import parse_config
from generator.errors import BuildFailed
from generator.model import Author, Execution, Meta, Reference, Source
from generator.parse import parse
from generator.parse.identifiers import WORK_ID
from generator.render.citations import KEY

from ..conftest import SETTINGS

CONFIG = parse_config(SETTINGS)


def meta(text: str, language: str = "ko") -> Meta:
    """The front matter of a post; title, date and category are added where they are missing."""
    lines = text.strip().split("\n")
    for line in ("title: T", "date: 2022-07-08", "category: math"):
        key = line.partition(":")[0]
        if not any(other.startswith((f"{key}:", f"{key[:-1]}ies:")) for other in lines):
            lines.append(line)
    written = "\n".join(["---", *lines, "---", ""])
    source = Source(f"posts/a/index.{language}.md", written, "a", language, "md", "/")
    return parse(source, CONFIG).meta


def test_a_standing_page_needs_a_title_only() -> None:
    """And says whether the navigation names it, and where."""
    text = "---\ntitle: 소개\nnav: true\norder: 3\nkernelspec: {name: python3}\n---\n"
    source = Source("pages/about/index.ko.md", text, "about", "ko", "md", "/", standing=True)
    found = parse(source, CONFIG).meta
    assert (found.title, found.slug, found.category) == ("소개", "about", "")
    assert (found.nav, found.order, found.last_modified_at) == (True, 3, None)


def test_everything_at_once() -> None:
    """Every key of the README arrives typed."""
    found = meta(
        """
title: "집합: 함수"
date: 2022-07-08T21:00:00+09:00
last_modified_at: 2023-01-02
description: >-
  Two
  lines.
tags: [토폴로지, ml]
category: math
draft: true
author: {name: Guest, email: g@example.org, uri: "https://g.example"}
lang: ko
slug: sets
image: cover.png
aliases: [/old/]
permalink: /:category/:slug/
id: tag:example.org,2020:x
toc: false
comments: true
trusted: [html]
references:
  - {id: m, title: Topology, author: James Munkres, issued: 2000, edition: 2}
execute: {timeout: 5, gpu: never, dependencies: [data.bin]}
kernelspec: {name: python3, display_name: Python 3}
"""
    )
    assert found == Meta(
        title="집합: 함수",
        date=datetime.fromisoformat("2022-07-08T21:00:00+09:00"),
        last_modified_at=datetime.fromisoformat("2023-01-02T00:00:00+09:00"),
        description="Two lines.",
        tags=("토폴로지", "ml"),
        category="math",
        draft=True,
        author=Author("Guest", "g@example.org", "https://g.example"),
        language="ko",
        slug="sets",
        image="cover.png",
        aliases=("/old/",),
        permalink="/:category/:slug/",
        id="tag:example.org,2020:x",
        toc=False,
        comments=True,
        trusted=("html",),
        references=(
            Reference(
                "m",
                "Topology",
                authors=("James Munkres",),
                issued="2000",
                edition="2",
                families=("Munkres",),
            ),
        ),
        execute=Execution(timeout=5, gpu="never", dependencies=("data.bin",)),
        kernel="python3",
    )


def test_the_least_there_can_be() -> None:
    """Title, date and category; the rest has defaults, some from the settings."""
    found = meta("title: T")
    assert found.author == Author("Somebody", "somebody@example.org")
    assert found.slug == "a"
    assert found.updated == found.date


@pytest.mark.parametrize(
    ("written", "shown", "cited"),
    [
        ("Ulrike von Luxburg", "Ulrike von Luxburg", "von Luxburg"),
        ('"Ben Zaken, Elad"', "Elad Ben Zaken", "Ben Zaken"),
        ('"{SciPy community}"', "SciPy community", "SciPy community"),
        ('"김, 철수"', "김철수", "김철수"),
    ],
)
def test_a_name_is_listed_as_it_is_read(written: str, shown: str, cited: str) -> None:
    """Also one whose family name stands first, as it must if that has two words."""
    (work,) = meta(f"title: T\nreferences: [{{id: a, title: A, author: [{written}]}}]").references
    assert (work.authors, work.families) == ((shown,), (cited,))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("arxiv: 2103.00020", "2103.00020"),
        ("arxiv: 'arXiv:2103.00020v1'", "2103.00020v1"),
        ("arxiv: https://arxiv.org/abs/math/0211159", "math/0211159"),
        ("DOI: 10.1109/34.868688", "10.1109/34.868688"),
        ("DOI: 'doi: 10.1/x'", "10.1/x"),
        ("DOI: https://doi.org/10.1002/1%3C117::AID%3E3.0", "10.1002/1<117::AID>3.0"),
        ("page: 007", "007"),
        ("volume: 12", "12"),
        ("issue: 12:30", "12:30"),
    ],
)
def test_what_identifies_a_work(written: str, read: str) -> None:
    """However it was copied; a number is what stands there, digit by digit."""
    (work,) = meta(f"title: T\nreferences:\n  - id: a\n    title: A\n    {written}").references
    assert read in (work.arxiv, work.doi, work.page, work.volume, work.issue)


@pytest.mark.parametrize("key", ["lastmod", "modified", "updated", "date-modified"])
def test_synonyms_of_the_last_change(key: str) -> None:
    """As Hugo, Pelican and Quarto call it."""
    assert str(meta(f"{key}: 2023-01-02").last_modified_at) == "2023-01-02 00:00:00+09:00"


@pytest.mark.parametrize("written", ["", '" "', "{name: ' '}", "{email: ''}", "[]"])
def test_who_does_not_say_who_wrote_a_post_is_the_blogs_author(written: str) -> None:
    """A name of nothing but spaces says nothing."""
    assert meta(f"title: T\nauthor: {written}").author.name == "Somebody"


def test_other_synonyms() -> None:
    """`categories` and `redirect_from`, as Jekyll calls them."""
    found = meta("categories: [paper]\nredirect_from: /old/")
    assert (found.category, found.aliases) == ("paper", ("/old/",))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2022-07-08", "2022-07-08T00:00:00+09:00"),
        ("2022-07-08 21:30", "2022-07-08T21:30:00+09:00"),
        ("2022-07-08T21:30:00Z", "2022-07-08T21:30:00+00:00"),
        ("2022-07-08 21:30:00 +0900", "2022-07-08T21:30:00+09:00"),
        ("2022-07-08 21:30:00 -05:00", "2022-07-08T21:30:00-05:00"),
        ('"2022-07-08"', "2022-07-08T00:00:00+09:00"),
        # HTML has thousandths of a second, and no more.
        ("2022-07-08T21:30:59.123456Z", "2022-07-08T21:30:59+00:00"),
        # Feeds and sitemaps (RFC 3339) have no seconds of an offset, as local mean time had them.
        ("1905-07-08", "1905-07-08T00:00:00+08:27"),
        ("1905-07-08T01:02:03-00:01:15", "1905-07-08T01:02:03-00:02"),
    ],
)
def test_dates(written: str, read: str) -> None:
    """ISO 8601 and Jekyll's form; a date without an offset is in the blog's time zone."""
    assert meta(f"date: {written}").date.isoformat() == read


@pytest.mark.parametrize(
    "line",
    [
        "date: 2022-02-30",
        "slug: a/b",
        "slug: ..",
        "category: a/b",
        "aliases: old/",
        "aliases: /../x/",
        "permalink: relative/",
        "permalink: /no-ending",
        "title: [a]",
        "toc: maybe",
        "references: x",
        "execute: {gpu: sometimes}",
        "author: {nam: x}",
        "kernelspec: {nme: x}",
    ],
)
def test_what_is_refused(line: str) -> None:
    """Each mistake is an error on its own line."""
    with pytest.raises(BuildFailed) as failed:
        meta(line)
    assert [error.line for error in failed.value.errors] == [2]
    assert all(error.text == line for error in failed.value.errors)


def test_ids_of_works_are_what_a_text_can_cite() -> None:
    """Reading the front matter and reading the text agree on what an id is."""
    assert WORK_ID.pattern == KEY
