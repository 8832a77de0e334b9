"""Where addresses lead, in whatever form they are written."""

from __future__ import annotations

import pytest

from generator.check import built_site
from generator.check.built_site import BuiltSite
from generator.check.links import check_links, external_links

from ..execute.fake_kernel import CONFIG


def site_of(html: str) -> BuiltSite:
    """A site of one page at https://example.org/ and one below it, `there`."""
    files = {"index.html": html.encode(), "there/index.html": b"<p>text"}
    return built_site(files, [], CONFIG, "site")


@pytest.mark.parametrize(
    ("html", "problems"),
    [
        ('<a href="HTTPS://Example.ORG/there/">x</a>', 0),
        ('<a href="https://Example.org/gone/">x</a>', 1),
        ('<a href="//example.org/gone/">x</a>', 1),
        ('<base href="/there/"><a href="index.html">x</a><a href="gone">y</a>', 1),
        ('<base href="https://elsewhere.org/"><a href="gone">x</a>', 0),
    ],
)
def test_links_into_the_site(html: str, problems: int) -> None:
    """Names of hosts have no case; a page may say what its links are read from."""
    assert len(list(check_links(site_of(html)))) == problems


def test_links_out_of_the_site() -> None:
    """Whether they name a scheme or leave it to the page; no link into the site is one."""
    html = (
        '<a href="//elsewhere.org/a">x</a><a href="HTTP://elsewhere.org/b#c">x</a>'
        '<a href="https://Example.org/there/">x</a><a href="https://example.org">x</a>'
        '<a href="there/">x</a><a href="mailto:a@elsewhere.org">x</a><a href="https://[::1/">x</a>'
    )
    assert [*external_links(site_of(html))] == ["https://elsewhere.org/a", "HTTP://elsewhere.org/b"]
