"""Where addresses lead, in whatever form they are written; what else is told of a page."""

from __future__ import annotations

import pytest

from generator.check import built_site, in_order
from generator.check.built_site import BuiltSite
from generator.check.finding import Finding
from generator.check.images import check_images
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
        ('<a name="here"></a><a href="#here">x</a><a href="#gone">y</a>', 1),
        ('<a href="there/#Top">x</a><a href="there/#">y</a><a href="there/#bottom">z</a>', 1),
        ('<b id="here"></b><a href="#here:~:text=a">x</a>', 0),
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


@pytest.mark.parametrize(("pages", "told"), [(1, 1), (3, 3), (4, 1)])
def test_what_many_pages_share_is_told_once(pages: int, told: int) -> None:
    """It comes from the theme; what a few have may be the mistake of each."""
    found = [Finding("link", "error", "m", f"site/{n}.html", n, text="t") for n in range(pages)]
    shown = in_order(reversed(found), CONFIG)
    assert len(shown) == told
    assert shown[0].file == "site/0.html"
    more = " (and on 3 more pages)" if told < pages else ""
    assert shown[0].message == f"m{more}"


def test_a_link_that_says_where_it_leads_may_show_a_picture_alone() -> None:
    """By its own words, or by the picture's."""
    picture = '<img src="there/index.html" alt="" width="1" height="1">'
    html = f'<a href="/">{picture}</a><a href="/" aria-label="home"> {picture} </a>{picture}'
    html += f'<a href="/">{picture} home</a>'
    assert len(list(check_images(site_of(html)))) == 1
