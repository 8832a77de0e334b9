"""Where everything lives: slugs, permalinks, base paths, ids."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.addresses import (
    absolute,
    address,
    colab_address,
    collect_links,
    feed_id,
    github_name,
    is_path,
    is_slug,
    linked_post,
    nearest_file,
    notebook_path,
    page_path,
    post_page,
    resolve,
    slug,
    source_address,
)
from generator.config import parse_config

from .conftest import SETTINGS, count_calls
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
        ("हिन्दी में गणित", "हिन्दी-में-गणित"),
        ("การเรียนรู้", "การเรียนรู้"),
        ("বাংলা, தமிழ் & ಕನ್ನಡ!", "বাংলা-தமிழ்-ಕನ್ನಡ"),
        ("ि ! ्", ""),
    ],
)
def test_slug(text: str, expected: str) -> None:
    """Letters and digits of any script, in lower case, with hyphens."""
    assert slug(text) == expected
    assert not expected or is_slug(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x\u0304 and q\u0307\u0323", "x-and-q"),
        ("I \u2764\ufe0f C", "i-c"),
        ("a\ufe0f 1\ufe0f\u20e3 a\u034fb", "a-1-ab"),
        ("か\u309a カ\u3099", "か-ガ"),
        ("葛\U000e0100", "葛"),
        ("나\u302e랏", "나랏"),
        ("за\u0301мок", "замок"),
        ("\u05e9\u05b8\u05dc", "\u05e9\u05dc"),
        ("\u0643\u064e\u062a", "\u0643\u062a"),
        ("İ", "i"),
    ],
)
def test_marks_that_are_left_out(text: str, expected: str) -> None:
    """Accents that no letter has, variation selectors, points: addresses never had them."""
    assert slug(text) == expected


LETTERS = st.characters(max_codepoint=0x058F) | st.sampled_from(
    [*"가힣각ㄱ각漢字仮名ひらガカ゛ー々", "\u302e", "\u3099", "\u309a", "\ufe0f", "\u20dd"]
)


@given(st.text(LETTERS | st.characters(categories=["So", "Sm", "Cf"]), max_size=20))
def test_slugs_of_alphabets_hangul_han_and_kana_have_no_marks(text: str) -> None:
    """What has an address keeps it: these letters had no marks in theirs."""
    assert not {"Mn", "Mc"} & {unicodedata.category(character) for character in slug(text)}


@pytest.mark.parametrize("text", ["", ".a", "a b", "ि", "िक", "\u0301", "a/b"])
def test_what_is_no_slug(text: str) -> None:
    """Nothing, hidden files, what an address separates, and marks on nothing."""
    assert not is_slug(text)


@given(st.text(max_size=20))
def test_a_slug_is_stable(text: str) -> None:
    """It is its own slug, does not depend on the Unicode form, and is safe in a path."""
    once = slug(text)
    assert slug(once) == once
    assert slug(unicodedata.normalize("NFD", unicodedata.normalize("NFC", text))) == slug(
        unicodedata.normalize("NFC", text)
    )
    assert not set(once) & set("/\\?#%. \n")


@pytest.mark.parametrize("path", ["/", "/a", "/a/", "/a/b.html", "/수학/.a/", "/a b/", "/100%/"])
def test_paths(path: str) -> None:
    """What a page can lie at."""
    assert is_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "a/",
        "//",
        "//a",
        "/a//b",
        "/./a",
        "/a/.",
        "/a/..",
        "/../a",
        "/?p=1",
        "/a#b",
        "/a\\b",
    ],
)
def test_what_is_no_path(path: str) -> None:
    """Two spellings of one place, what leads out of the site, what no server looks at."""
    assert not is_path(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("", "/math/2022-07-08-a/"),
        ("/:slug/", "/a/"),
        ("/:year/:month/:day/:slug.html", "/2022/07/08/a.html"),
        ("/:category/:slug/", "/math/a/"),
        ("/:slug-:slug/:day:month/", "/a-a/0807/"),
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
    hindi = replace(post, meta=replace(post.meta, category="गणित"))
    assert post_page(hindi, BELOW).startswith("/गणित/")
    assert unquote(feed_id(hindi, BELOW)) == "https://user.example/project/गणत/a"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("", "math/2022-07-08-a/a.ipynb"),
        ("/2022/:slug.html", "2022/a.ipynb"),
        ("/:slug.html", "a.ipynb"),
        ("/", "a.ipynb"),
    ],
)
def test_a_notebook_lies_beside_its_page(pattern: str, path: str) -> None:
    """Whether the page is a folder's index or a file of its own."""
    front = f"---\ntitle: x\ndate: 2022-07-08\ncategory: math\npermalink: {pattern}\n---\n"
    assert notebook_path(post_of(front), CONFIG) == path


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("https://github.com/user/repo", "user/repo"),
        ("https://www.github.com/user/repo.git", "user/repo"),
        ("https://github.com/user", ""),
        ("https://gitlab.com/user/repo", ""),
        ("https://example.org/?github.com/user/repo", ""),
        ("", ""),
    ],
)
def test_repositories_on_github(repository: str, name: str) -> None:
    """Only those on github.com are one."""
    assert github_name(repository) == name


GITHUB = "https://github.com/user/repo"
COLAB = "https://colab.research.google.com/github/user/repo/blob"


@pytest.mark.parametrize(
    ("repository", "published", "kind", "notebook", "expected"),
    [
        # An `.ipynb` opens from the branch of the sources, a text notebook not at all.
        (GITHUB, "", "ipynb", "m/a.ipynb", f"{COLAB}/dev/x/posts/a/index.ko.ipynb"),
        (GITHUB, "", "md", "m/a.ipynb", ""),
        # Where the finished site is on a branch, every post opens with its results.
        (GITHUB, "gh-pages", "md", "수학/a.ipynb", f"{COLAB}/gh-pages/%EC%88%98%ED%95%99/a.ipynb"),
        (GITHUB, "gh-pages", "ipynb", "m/a.ipynb", f"{COLAB}/gh-pages/m/a.ipynb"),
        # A post that has not run has no notebook of its results.
        (GITHUB, "gh-pages", "md", "", ""),
        (GITHUB, "gh-pages", "ipynb", "", f"{COLAB}/dev/x/posts/a/index.ko.ipynb"),
        # Colab reads github.com alone.
        ("https://gitlab.com/user/repo", "", "ipynb", "m/a.ipynb", ""),
        ("", "", "ipynb", "m/a.ipynb", ""),
    ],
)
def test_where_colab_opens_a_post(
    repository: str, published: str, kind: Literal["md", "ipynb"], notebook: str, expected: str
) -> None:
    """A notebook in a repository on github.com: the executed one, or the source."""
    config = replace(CONFIG, repository=repository, branch="dev/x", published_branch=published)
    post = post_of("x\n")
    source = replace(post.source, path=f"posts/a/index.ko.{kind}", format=kind)
    assert colab_address(replace(post, source=source), notebook, config) == expected


def test_where_the_source_is() -> None:
    """In the repository, on the branch that the settings name; no path of this machine is told."""
    config = replace(CONFIG, repository=GITHUB, branch="trunk")
    post = post_of("x\n")
    assert source_address(post, config) == f"{GITHUB}/blob/trunk/posts/a/index.ko.md"
    assert source_address(post, CONFIG) == ""
    elsewhere = replace(post.source, path=str(Path("/elsewhere/a/index.ko.md").resolve()))
    assert source_address(replace(post, source=elsewhere), config) == ""


@given(st.text(max_size=12) | st.from_regex(r"(https?:)?//[\[\]a-z0-9:%/?#.]{0,9}", fullmatch=True))
def test_any_text_can_be_asked_for_as_an_address(href: str) -> None:
    """It leads somewhere, or nowhere, and then there may be a hint; it is never an exception."""
    post = post_of("글\n")
    links = collect_links([post], CONFIG)
    target = resolve(href, post, links)
    assert target is None or target.address.startswith(("/", href))
    nearest_file(href, post, links)
    assert linked_post(href, post, links) in (None, post.source.path)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_links_to_posts_are_found_without_looking_through_all(form: Literal["NFC", "NFD"]) -> None:
    """Twice the posts, each with a link to the next, take twice the calls, however spelled."""

    def calls(count: int) -> int:
        first = post_of("글\n")
        names = [unicodedata.normalize(form, f"글{number}") for number in range(count)]
        posts = [
            replace(first, source=replace(first.source, path=f"posts/{name}/index.ko.md"))
            for name in names
        ]

        def link() -> None:
            links = collect_links(posts, CONFIG)
            for post, name in zip(posts, names[1:], strict=False):
                for written in (unicodedata.normalize("NFC", name), quote(name)):
                    found = linked_post(f"../{written}/", post, links)
                    assert found == f"posts/{name}/index.ko.md"

        return count_calls(link)

    calls(1)
    assert calls(200) < 2.5 * calls(100)
