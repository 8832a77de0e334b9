"""CommonMark 0.31.2: the official examples through the project's own Markdown."""

from __future__ import annotations

import re

import pytest

from generator.render.markdown import make_markdown

from ..conftest import REPOSITORY

SPEC = REPOSITORY / "node_modules" / "commonmark-spec" / "spec.txt"
EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", re.MULTILINE | re.DOTALL)

DEPARTURES = {
    12: r"`\[` … `\]` is a formula",
    602: "bare links",
    608: "bare links",
    611: "bare links",
    612: "bare links",
}
"""Example -> the documented extension that makes it come out differently."""


def examples() -> list[tuple[int, str, str]]:
    """Number, Markdown and HTML of every example of the specification."""
    found = EXAMPLE.findall(SPEC.read_text(encoding="utf-8").replace("→", "\t"))
    return [(number, *example) for number, example in enumerate(found, start=1)]


def test_the_suite_is_whole() -> None:
    """All 652 examples of the specification are read."""
    assert len(examples()) == 652


@pytest.mark.parametrize(("number", "markdown", "html"), examples())
def test_example(number: int, markdown: str, html: str) -> None:
    """An example comes out as the specification says, or departs for a reason given above."""
    # markdown-it ends an empty quotation on the line it begins, which is the same document.
    came = make_markdown().render(markdown)
    came = came.replace("<blockquote></blockquote>", "<blockquote>\n</blockquote>")
    if number in DEPARTURES:
        assert came != html, f"{number} does not depart any more ({DEPARTURES[number]})"
    else:
        assert came == html
