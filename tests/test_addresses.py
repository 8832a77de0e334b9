"""Where everything lives: slugs, permalinks, base paths, ids."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.addresses import absolute, address, feed_id, page_path, post_page, slug
from generator.config import parse_config

from .conftest import SETTINGS
from .render.rendering import post_of

CONFIG = parse_config(SETTINGS)
BELOW = replace(CONFIG, url="https://user.example/project")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("io 객체", "io-객체"),
        ("The set $X$", "the-set-x"),
        ("C++ & R&D", "c-rd"),
        ("  Many   spaces  ", "many-spaces"),
        ("semi-colon; slash/dot.", "semi-colon-slash-dot"),
        ("집합론", "집합론"),
        ("...", ""),
    ],
)
def test_slug(text: str, expected: str) -> None:
    """Letters and digits of any script, in lower case, with hyphens."""
    assert slug(text) == expected


@given(st.text(max_size=20))
def test_a_slug_is_stable(text: str) -> None:
    """It is its own slug, does not depend on the Unicode form, and is safe in a path."""
    once = slug(text)
    assert slug(once) == once
    assert slug(unicodedata.normalize("NFD", unicodedata.normalize("NFC", text))) == slug(
        unicodedata.normalize("NFC", text)
    )
    assert not set(once) & set("/\\?#%. \n")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("", "/math/2022-07-08-a/"),
        ("/:slug/", "/a/"),
        ("/:year/:month/:day/:slug.html", "/2022/07/08/a.html"),
        ("/:category/:slug/", "/math/a/"),
    ],
)
def test_permalinks(pattern: str, path: str) -> None:
    """A post's own pattern beats the blog's."""
    post = post_of("글\n")
    post = replace(post, meta=replace(post.meta, permalink=pattern))
    assert post_page(post, CONFIG) == path
    english = replace(post, meta=replace(post.meta, language="en"))
    assert post_page(english, CONFIG) == "/en" + path


@pytest.mark.parametrize(
    ("path", "file"),
    [("/", "index.html"), ("/math/", "math/index.html"), ("/404.html", "404.html")],
)
def test_the_file_behind_a_page(path: str, file: str) -> None:
    """A path that ends with a slash is a folder's index."""
    assert page_path(path) == file


def test_addresses_stand_below_the_base_path() -> None:
    """Percent-encoded, as RFC 3986 wants them."""
    assert address("/수학/", CONFIG) == "/%EC%88%98%ED%95%99/"
    assert address("/a/", BELOW) == "/project/a/"
    assert absolute("feed.xml", BELOW) == "https://user.example/project/feed.xml"


def test_ids_of_entries() -> None:
    """Site, category and slug; another language's id names it; an own id wins."""
    post = post_of("글\n")
    assert feed_id(post, BELOW) == "https://user.example/project/math/a"
    english = replace(post, meta=replace(post.meta, language="en"))
    assert feed_id(english, BELOW) == "https://user.example/project/en/math/a"
    own = replace(post, meta=replace(post.meta, id="tag:x,2020:y"))
    assert feed_id(own, BELOW) == "tag:x,2020:y"
