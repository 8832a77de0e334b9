"""What a feed has in the place of what its readers do not show: links and pictures."""

from __future__ import annotations

import pytest

from generator.model import Bundle
from generator.render.sanitize import clean_feed
from generator.render.svg import measure_svg

from .rendering import render_post
from .test_outputs import CELL, FIGURE

PAGE = "https://example.org/math/2022-07-08-a/"

LINKS = [
    (
        '<iframe src="https://tube.example/embed/a?b=1&amp;c=2" title="A <talk>"></iframe>',
        '<a href="https://tube.example/embed/a?b=1&amp;c=2">A &lt;talk&gt;</a>',
    ),
    (
        "<iframe src=//maps.example/x allowfullscreen>No <b>frames</b> here</iframe>",
        '<a href="https://maps.example/x">https://maps.example/x</a>',
    ),
    (
        '<video controls poster="p.png" src="film.mp4">No films here</video>',
        f'<a href="{PAGE}film.mp4">{PAGE}film.mp4</a>',
    ),
    (
        '<AUDIO controls aria-label="A song"><source src="a.ogg"><source src="b.mp3"></AUDIO>',
        f'<a href="{PAGE}a.ogg">A song</a>',
    ),
    (
        '<object data="/a.pdf" type="application/pdf"><object data="b.svg"></object>b</object>',
        '<a href="https://example.org/a.pdf">https://example.org/a.pdf</a>',
    ),
    ('<embed src="a.pdf" title="A paper">', f'<a href="{PAGE}a.pdf">A paper</a>'),
    ("<object>What stands for it</object>", "What stands for it"),
    ('<iframe srcdoc="<p>x</p>"></iframe>', ""),
    ('<iframe src="javascript:steal()"></iframe>', ""),
    (
        '<video src="https://a.example/never-closed">',
        '<a href="https://a.example/never-closed">https://a.example/never-closed</a>',
    ),
    ("<!-- <video src=a.mp4></video> -->", ""),
    ("<script>'<iframe src=https://a.example></iframe>'</script>", ""),
]


@pytest.mark.parametrize(("html", "expected"), LINKS)
def test_a_link_leads_to_what_a_reader_does_not_show(html: str, expected: str) -> None:
    """Frames, films, sounds and other documents, by their titles or their addresses."""
    neighbours = dict.fromkeys(("film.mp4", "p.png", "a.ogg", "b.mp3", "a.pdf", "b.svg"), b"x")
    fed = render_post(f"Before.\n\n<div>{html}</div>\n\nAfter.", neighbours=neighbours).feed_body
    for name in neighbours:
        expected = expected.replace(PAGE + name, f"https://example.org/assets/posts/a/{name}")
    assert fed == f"<p>Before.</p>\n<div>{expected}</div>\n<p>After.</p>\n"


def test_code_about_media_stays_code() -> None:
    """Only elements are changed."""
    fed = render_post("`<video src=a>` and\n\n```html\n<iframe src=b></iframe>\n```").feed_body
    assert "<code>&lt;video src=a&gt;</code>" in fed
    assert "&lt;iframe src=b&gt;&lt;/iframe&gt;" in fed


def test_a_film_of_an_output_leads_to_the_film() -> None:
    """Also where IPython says what browsers would that play none."""
    html = (
        '<video src="https://a.example/v.mp4" controls>Your browser does not support the '
        "<code>video</code> element.</video>"
    )
    rendered = render_post(CELL, [[Bundle({"text/html": html})]])
    assert "browser" not in rendered.body + rendered.feed_body
    assert '<a href="https://a.example/v.mp4">https://a.example/v.mp4</a>' in rendered.feed_body


@pytest.mark.parametrize(
    ("drawing", "alt"),
    [
        ('<svg width="40" height="30" aria-label="A &quot;box&quot;"><path/></svg>', '"box"'),
        (
            '<svg viewBox="0 0 40 30"><title>A\n "box"</title><g><svg/><svg></svg></g></svg>',
            '"box"',
        ),
        (f'{FIGURE[:4]} onload="steal()" aria-label="box"{FIGURE[4:]}', "box"),
        (
            '<svg width="40" height="30"><title>box&nbsp;&copy;</title>'
            '<use xlink:href="#a"/></svg>',
            "box ©",
        ),
    ],
)
def test_a_drawing_in_prose_is_a_picture_in_the_feed(drawing: str, alt: str) -> None:
    """A file, made safe, with its words and its size; the page has the drawing itself."""
    rendered = render_post(f"Before {drawing} after.")
    (file,) = rendered.files
    assert file.path.endswith(".svg")
    assert b"steal" not in file.content
    assert measure_svg(file.content) is not None
    before, _, after = rendered.feed_body.partition(f'<img src="https://example.org/{file.path}"')
    assert before == "<p>Before "
    assert after.endswith("> after.</p>\n")
    assert alt.replace('"', "&quot;") in after
    assert "<svg" in rendered.body


def test_an_ornament_is_none_of_a_feeds_pictures() -> None:
    """A sign beside a link, drawn as large as its style sheet says."""
    sign = '<svg class="icon" aria-hidden="true" viewBox="0 0 512 512"><path d="M0 0"/></svg>'
    rendered = render_post(f'<p><a href="https://a.example">{sign} Code</a></p>')
    assert rendered.files == ()
    assert rendered.feed_body == '<p><a href="https://a.example"> Code</a></p>'


def test_a_drawing_that_can_be_no_file_leaves_its_words() -> None:
    """HTML forgives what a file of its own may not have."""
    rendered = render_post('<p><svg width=40 aria-label="A box"><path d="M0"></svg></p>')
    assert rendered.files == ()
    assert rendered.feed_body == "<p>A box</p>"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (
            "https://a.example/a b?c=[d]#집 합",
            "https://a.example/a%20b?c=%5Bd%5D#%EC%A7%91%20%ED%95%A9",
        ),
        ("https://한글.example/집합", "https://xn--bj0bj06e.example/%EC%A7%91%ED%95%A9"),
        ("https://a.example/%ED%95%A9?a=1&b=2#c", "https://a.example/%ED%95%A9?a=1&amp;b=2#c"),
        ("b c.html#d", f"{PAGE}b%20c.html#d"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ],
)
def test_addresses_in_a_feed_are_written_as_rfc_3986_has_them(written: str, address: str) -> None:
    """Whatever HTML says: percent-encoded where browsers would do that themselves."""
    html = '<a href="{}">x</a>'
    assert clean_feed(html.format(written), PAGE) == html.format(address)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_what_is_no_address_leads_nowhere() -> None:
    """And is no mistake that a build would speak of."""
    assert clean_feed('<a href="http://[">x</a><img src="//[" alt="y">', PAGE) == (
        '<a>x</a><img alt="y">'
    )
