"""What a page may load and run: as little as its post needs, and what its author wrote."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection

import pytest

from generator import pipeline
from generator.assemble.policy import OPEN, page_policy, post_policy
from generator.config import read_config
from generator.render.loads import what_it_loads

from ..conftest import FRONT_MATTER, WriteBlog
from .test_pages import select


def parsed(policy: str) -> dict[str, list[str]]:
    """Directive -> its sources."""
    directives = (directive.split() for directive in policy.split("; "))
    return {name: sources for name, *sources in directives}


def hashed(text: str) -> str:
    """A script as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy_of(html: str, libraries: Collection[str] = ()) -> str:
    """The policy of a post that an author wrote so."""
    return post_policy(what_it_loads(html), libraries)


def test_a_page_loads_nothing_but_the_site() -> None:
    """Nothing that is not named is allowed; nothing inline; no address but the site's own."""
    policy = parsed(page_policy())
    assert policy["default-src"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    sources = {source for directive in policy.values() for source in directive}
    assert sources == {"'none'", "'self'", "data:"}
    assert policy["script-src"] == policy["style-src"] == ["'self'"]


def test_a_script_of_the_theme_is_allowed_as_browsers_read_it(write_blog: WriteBlog) -> None:
    """To the letter, with whatever ends of lines its file has; a theme may have none."""
    texts = {"posts/a/index.ko.md": FRONT_MATTER}
    for script in ("let a = '집합';\r\nlet b;\r", ""):
        root = write_blog({**texts, "templates/static/palette.js": script})
        site = pipeline.build(read_config(root))
        for path in ("index.html", "404.html", "math/2022-07-08-a/index.html"):
            written = select(site, path, "//head/script[not(@*)]/text()")
            assert written == (["let a = '집합';\nlet b;\n"] if script else [])
            (policy,) = select(site, path, "//meta[@http-equiv]/@content")
            assert parsed(policy)["script-src"] == ["'self'", *map(hashed, written)]


def test_a_post_may_place_what_it_draws() -> None:
    """KaTeX and Matplotlib write `style` attributes: those, and neither sheets nor scripts."""
    policy = parsed(policy_of("<p>text</p>"))
    assert policy["style-src-attr"] == ["'unsafe-inline'"]
    assert policy["style-src"] == policy["script-src"] == ["'self'"]


@pytest.mark.parametrize(
    ("html", "directive", "sources"),
    [
        ('<img src="https://a.example/x.png?y" alt="a > b">', "img-src", ["https://a.example"]),
        ('<img src="//a.example/x.png">', "img-src", ["a.example"]),
        (
            '<img src="/own.png" srcset="https://a.example/1.png 1x, https://b.example/2.png 2x">',
            "img-src",
            ["https://a.example", "https://b.example"],
        ),
        (
            '<img srcset="https://a.example/w_3,https://b.example/1.png 1x, https://c.example 2x">',
            "img-src",
            ["https://a.example", "https://c.example"],
        ),
        ('<IFRAME allow src=https://v.example/1></IFRAME>', "frame-src", ["https://v.example"]),
        ('<video><source src="https://v.example:8/1.mp4"></video>', "media-src",
         ["https://v.example:8"]),
        ('<audio src="data:audio/wav;base64,AA"></audio>', "media-src", ["data:"]),
        ('<script src="https://c.example/x.js"></script>', "script-src", ["https://c.example"]),
        ("<script>go('<b>')</script>", "script-src", [hashed("go('<b>')")]),
        ("<style>p { color: red }</style>", "style-src", [hashed("p { color: red }")]),
        ('<p onclick="go(&quot;x&quot;)">', "script-src", ["'unsafe-hashes'", hashed('go("x")')]),
        ('<form action="https://f.example/">', "form-action", ["https://f.example"]),
        ('<iframe src="/talks/2026.html"></iframe>', "frame-src", ["'self'"]),
        ('<object data="paper.pdf"></object>', "object-src", ["'self'"]),
    ],
)  # fmt: skip
def test_what_an_author_wrote_is_allowed(html: str, directive: str, sources: list[str]) -> None:
    """By its host, or by the hash of what stands on the page itself; nothing else changes."""
    plain, policy = parsed(policy_of("")), parsed(policy_of(html))
    assert policy[directive] == plain.get(directive, []) + sources
    assert {**policy, directive: 0} == {**plain, directive: 0}


@pytest.mark.parametrize(
    "html",
    [
        "<code>&lt;script&gt;x()&lt;/script&gt; &lt;img src=https://a.example/&gt;</code>",
        '<a href="https://a.example/">a</a>',
        '<img src="pictures/a.png">',
        '<img src="https://a.example; script-src *">',
        '<img src="javascript:x()">',
    ],
)
def test_nothing_else_is(html: str) -> None:
    """Code that is shown, links, the site's own files, and addresses that are none."""
    assert policy_of(html) == policy_of("")


def test_a_script_is_no_html() -> None:
    """What looks like a tag in it is not; one that nothing closes takes the rest."""
    text = "show('<img src=https://a.example/x.png>')"
    policy = parsed(policy_of(f"<script>{text}</script>"))
    assert policy["script-src"] == ["'self'", hashed(text)]
    assert policy["img-src"] == ["'self'", "data:"]
    many = "<script>" * 50_000
    assert parsed(policy_of(many))["script-src"] == ["'self'", hashed(many[8:])]


def test_a_comment_is_no_html() -> None:
    """What it holds is not loaded, and hides nothing that stands behind it."""
    behind = '<img src="https://b.example/x.png">'
    policy = parsed(policy_of(f'<!-- <script> <img src="https://a.example/x.png"> -->{behind}'))
    assert policy["img-src"] == ["'self'", "data:", "https://b.example"]
    assert policy["script-src"] == ["'self'"]


def test_interactive_figures_get_what_their_libraries_need() -> None:
    """Style sheets that they write; Plotly, not Vega, compiles code. Hashes would undo that."""
    plotly, vega = (parsed(policy_of("<style>p {}</style>", [n])) for n in ("plotly", "vega"))
    assert plotly["style-src"] == vega["style-src"] == ["'self'", "'unsafe-inline'"]
    assert "'unsafe-eval'" in plotly["script-src"]
    assert vega["script-src"] == ["'self'"]


def test_each_page_has_its_policy(write_blog: WriteBlog) -> None:
    """It stands before all that it speaks of; a post that trusts its outputs is open."""
    picture = "![Elsewhere](https://a.example/x.png)\n"
    trusted = FRONT_MATTER.replace("title:", "trusted: [html]\ntitle:") + picture
    site = pipeline.build(
        read_config(
            write_blog({"posts/a/index.ko.md": picture, "posts/b/index.ko.md": trusted})
        )
    )  # fmt: skip
    query = "//meta[@http-equiv='Content-Security-Policy']"
    for path, file in site.files.items():
        if path.endswith(".html"):
            assert len(select(site, path, query)) == 1, path
            assert not select(site, path, f"{query}/preceding::*[@src or @href]"), path
            assert file.content.count(b"http-equiv") == 1
    (home,) = select(site, "index.html", f"{query}/@content")
    (one,) = select(site, "math/2022-07-08-a/index.html", f"{query}/@content")
    (open_one,) = select(site, "math/2022-07-08-b/index.html", f"{query}/@content")
    (script,) = select(site, "index.html", "//head/script[not(@*)]/text()")
    assert home == page_policy([("script-src", hashed(script))])
    assert hashed(script) in parsed(one)["script-src"]
    assert "img-src 'self' data: https://a.example;" in one
    assert open_one == OPEN
