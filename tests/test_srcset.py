"""The addresses in a `srcset`."""

from __future__ import annotations

import pytest

from generator.srcset import candidates


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
