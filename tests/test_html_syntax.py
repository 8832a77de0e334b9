"""Parts of HTML's syntax."""

from __future__ import annotations

import re

import pytest

from generator.html_syntax import COMMENT, candidates


@pytest.mark.parametrize(
    ("srcset", "found"),
    [
        ("", []),
        (" , ,", []),
        ("a.png", [("a.png", "")]),
        ("a.png 1x, b.png 2x", [("a.png", "1x"), ("b.png", "2x")]),
        ("a.png, b.png\n 100w 50h ,", [("a.png", ""), ("b.png", "100w 50h")]),
        # An address may hold commas, only not at its end.
        ("https://h/w_3,c_x/a.jpg 1x", [("https://h/w_3,c_x/a.jpg", "1x")]),
        ("data:image/png;base64,AAA= 2x,b", [("data:image/png;base64,AAA=", "2x"), ("b", "")]),
        ("a,,, b", [("a", ""), ("b", "")]),
    ],
)
def test_the_candidates_of_a_srcset(srcset: str, found: list[tuple[str, str]]) -> None:
    """As the HTML Standard divides them (4.8.4.2)."""
    assert list(candidates(srcset)) == found


@pytest.mark.parametrize(
    ("html", "comment"),
    [
        ("<!-- a > b -- c -->d-->", "<!-- a > b -- c -->"),
        ("<!--\n-->", "<!--\n-->"),
        ("<!-->a-->", "<!-->"),
        ("<!--->a-->", "<!--->"),
        ("<!---->a-->", "<!---->"),
        ("<!-- a --!> b -->", "<!-- a --!>"),
        ("<!-- a", "<!-- a"),
    ],
)
def test_a_comment_ends_where_browsers_end_it(html: str, comment: str) -> None:
    """As the HTML Standard has it, mistakes included."""
    found = re.match(COMMENT, html)
    assert found
    assert found[0] == comment
