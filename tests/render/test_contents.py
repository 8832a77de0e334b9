"""The table of contents in the text, and what the front matter says of the one beside it."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from generator.assemble.pages.contents import has_margin_contents
from generator.model import Heading
from generator.render.contents import contents_list

from ..conftest import FRONT_MATTER
from .rendering import render_post

MARKER = "* toc\n{:toc}\n\n"
TWO = "## One\n\n## Two\n"


@pytest.mark.parametrize(
    ("setting", "text", "beside"),
    [
        ("", TWO, True),
        ("", "## One\n", False),
        ("", MARKER + TWO, False),
        ("toc: true\n", "## One\n", True),
        ("toc: true\n", MARKER + TWO, True),
        ("toc: false\n", TWO, False),
        ("toc: false\n", MARKER + TWO, False),
    ],
)
def test_where_a_table_of_contents_stands(setting: str, text: str, beside: bool) -> None:
    """By itself beside the text from two headings on, unless the text has one; else as it says."""
    front = FRONT_MATTER.rstrip().removesuffix("---") + setting + "---\n\n"
    rendered = render_post(front + text)
    assert has_margin_contents(rendered) is beside
    assert ('<nav class="contents"' in rendered.body) is (MARKER in text)
    assert "contents" not in rendered.feed_body


def test_what_is_not_listed() -> None:
    """Headings of kramdown's and of Quarto's class are left out, in the margin, too."""
    rendered = render_post("## A {.unlisted}\n\n## B\n{:.no_toc}\n\n## C\n")
    assert [heading.id for heading in rendered.headings] == ["c"]


@pytest.mark.parametrize("levels", [(2, 3, 2), (3, 2, 2), (2, 4, 3, 2), (4, 3, 2, 4), (2,)])
@pytest.mark.parametrize("tag", ["ul", "ol"])
def test_every_heading_is_listed_in_whole_lists(levels: tuple[int, ...], tag: str) -> None:
    """However levels jump, lists open and close in pairs."""
    heading = Heading(2, "a", "A")
    headings = [replace(heading, level=level, id=f"h{n}") for n, level in enumerate(levels)]
    html = contents_list(headings, tag, "Contents")
    assert html.count("<li>") == html.count("</li>") == len(levels)
    assert html.count(f"<{tag}>") == html.count(f"</{tag}>")
    assert [html.index(f'"#h{n}"') for n in range(len(levels))] == sorted(
        html.index(f'"#h{n}"') for n in range(len(levels))
    )


def test_a_post_without_headings_has_no_table() -> None:
    """A marker alone shows nothing."""
    assert render_post(MARKER).body.strip() == ""


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("# A post\n\n## One\n\n### Two\n", ["h2 One", "h3 Two"]),
        ("A post\n===\n\n## One\n", ["h2 One"]),
        ("Text.\n\n```{code-cell}\n1\n```\n\n#  A  post\n\n## One\n", ["h2 One"]),
        ("# A post\n\n# One\n\n## Two\n", ["h2 One", "h3 Two"]),
        ("# Another\n\n## One\n", ["h2 Another", "h3 One"]),
        ("## A post\n\n## One\n", ["h2 A post", "h2 One"]),
        ("# A post {#sec-a}\n\n## One\n\n@sec-a\n", ["h2 A post", "h3 One"]),
        ("## One\n\n# A post\n", ["h3 One", "h2 A post"]),
    ],
)
def test_the_title_stands_once(text: str, headings: list[str]) -> None:
    """A notebook's first heading is left out if it is the title; the others keep their levels."""
    body = re.sub(r"<(span|a) .*?</\1>", "", render_post(text).body)
    found = re.findall(r"<(h\d)[^>]*>(.*?)</h\d>", body)
    assert [f"{level} {' '.join(name.split())}" for level, name in found] == headings
