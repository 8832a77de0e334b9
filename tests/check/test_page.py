"""Reading a page: the same tags as Python's parser finds, and an end for every input."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.check.page import LOOKED_AT, read_page, title_of


class Tags(HTMLParser):
    """The start tags that checks look at, by `html.parser`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes: dict[str, str] = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        if tag in LOOKED_AT or "id" in attributes:
            self.found.append((tag, attributes))


PARTS = (
    '<p>|</p>|<a href=x>|<a href=\'a"b\'>|</a>|<img alt="a > b" src=y>|<br/>|<!-- <a> -->|text '
    "|&amp;|<svg><path id=\"p\"/></svg>|<script>if (a < b) '<a>'</script>|<title>a</title>"
    "|<div id=d>|</div>|<input disabled value=1>|<h1 id='h'>|</h1>| < |<li>|<ul>|</ul>|\n|한글"
    "|<A HREF=UP>"
).split("|")


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
@example('<a title="1 > 0" href="?a=1&amp;b=2">x</a><style>a > b {}</style>')
def test_the_same_tags_as_pythons_parser(html: str) -> None:
    """Names and attributes of all that checks look at, in order."""
    parser = Tags()
    parser.feed(html)
    parser.close()
    page = read_page("a.html", html)
    assert [(e.name, dict(e.attributes)) for e in page.elements] == parser.found


@pytest.mark.parametrize("comment", ["<!-->", "<!--->", "<!-- a --!>", "<!-- > -- -->"])
def test_a_comment_hides_nothing_behind_it(comment: str) -> None:
    """Where browsers end it, however it was meant."""
    page = read_page("a.html", f'{comment}<a href="x">y</a><!-- b -->')
    assert [element.name for element in page.elements] == ["a"]


@given(st.text(alphabet="<>/!-='\" abpsvgimtile\n", max_size=200))
def test_any_text_can_be_read(html: str) -> None:
    """Whatever it is, and every problem names a place in it."""
    page = read_page("a.html", html)
    title_of(page)
    assert all(0 <= problem.offset < len(html) for problem in page.problems)


@pytest.mark.parametrize(
    ("html", "problems"),
    [
        ("<ul><li>one<li>two</ul>", []),
        ("<table><tr><td>1<td>2<tr><th>3</table>", []),
        ("<dl><dt>a<dd>b<dt>c<dd>d</dl>", []),
        ("<p>one<p>two<ul></ul>", []),
        ("<svg><g><path/></g><image href='a'/></svg><math><mi>x</mi></math>", []),
        ("<br><img><input><hr/>", []),
        ("<details><summary>a</summary>b</details>", []),
        ("<b>x", ["<b> is not closed"]),
        ("<i><b>x</i>", ["<b> is not closed"]),
        ("x</b>", ["`</b>` closes nothing"]),
        ("<p><div></div></p>", ["`</p>` closes nothing"]),
        ("<div/>", ["`<div/>` does not close itself", "<div> is not closed"]),
        ("<a href=x><b><a href=y></a></b></a>", ["<a> stands in another one"]),
        ("<h2><h3></h3></h2>", ["<h3> stands in another one"]),
        ("<div><li>x</li></div>", ["<li> stands in <div>"]),
        ("<td>x</td>", ["<td> stands at the top"]),
        ("<b id=a></b><i id=a></i>", ["two elements have the id `a`"]),
        ('<b id="a b"></b>', ["`a b` cannot be an id"]),
        ("<img alt=a alt=b>", ["the attribute `alt` stands there twice"]),
        ("<svg><g></svg>", ["<g> is not closed"]),
        ("<p>a<b c='d>e<i>f", ["`<b` has no end"]),
        ("<p>a</b c", ["`<b` has no end"]),
    ],
)
def test_nesting(html: str, problems: list[str]) -> None:
    """What may be left out is no mistake; what a browser has to guess is one."""
    assert [problem.message for problem in read_page("a.html", html).problems] == problems


def test_prose_is_what_a_reader_reads() -> None:
    """Without code, formulas, drawings and scripts."""
    page = read_page(
        "a.html",
        '<p>a <b>b</b> <code>c</code> <pre><span>d</span></pre> <span class="katex"><span>e</span>'
        "</span> <svg><text>f</text></svg> <script>g</script> h &amp; i</p>",
    )
    assert "".join(text for _, text in page.prose).split() == ["a", "b", "h", "&", "i"]


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<head><title> A &amp; b </title></head><body>", "A & b"),
        ("<head></head><body><svg><title>drawing</title></svg>", ""),
        ("<title>alone", "alone"),
    ],
)
def test_the_title(html: str, title: str) -> None:
    """Of the page, not of a drawing on it."""
    assert title_of(read_page("a.html", html)) == title
