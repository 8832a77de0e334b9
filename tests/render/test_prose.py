"""Prose and mathematics: each fixture is a title, the Markdown, and the page's HTML."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import partial
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator.errors import BuildFailed, InkcellError, flatten
from generator.model import Bundle, Prose, Typeset
from generator.render.emphasis import cjk_emphasis_plugin
from generator.render.markdown import make_markdown, read_prose
from generator.render.plain_text import shorten
from generator.render.typography import printed

from ..conftest import FRONT_MATTER, REPOSITORY, count_calls
from .rendering import post_of, render_post

FIXTURES = REPOSITORY / "tests" / "fixtures" / "render"


def fixtures(name: str) -> list[object]:
    """Every case of a fixture file: title, a dot, input, a dot, what is expected, a dot."""
    parts = (FIXTURES / name).read_text(encoding="utf-8").split("\n.\n")
    assert len(parts) % 3 == 1, f"{name}: a case is a title, input and expected text"
    return [
        pytest.param(source, expected, id=f"{name}: {title.strip()}")
        for title, source, expected in zip(parts[::3], parts[1::3], parts[2::3], strict=False)
    ]


PAGES = (
    "prose.txt",
    "mathematics.txt",
    "emphasis.txt",
    "admonitions.txt",
    "tabs.txt",
    "pictures.txt",
    "tables.txt",
    "code_blocks.txt",
    "roles.txt",
    "typography.txt",
    "line_breaks.txt",
    "extensions.txt",
    "subscripts.txt",
    "marked_text.txt",
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [case for name in PAGES for case in fixtures(name)],
)
def test_fixture(source: str, expected: str) -> None:
    """The page shows the Markdown as the fixture says."""
    assert render_post(source + "\n", neighbours=NEIGHBOURS).body.strip("\n") == expected


NEIGHBOURS = {
    "data.csv": b"1,2",
    "latin.py": "# caf\xe9".encode("latin-1"),
    "cut.py": b"""import math

class Graph:
    # nodes
    @property
    def size(self):
        return 3

def cut(a):
    return a
""",
    "p.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>',
}


@pytest.mark.parametrize(
    ("source", "expected"), [*fixtures("feed.txt"), *fixtures("directives_feed.txt")]
)
def test_feed_fixture(source: str, expected: str) -> None:
    """An entry of a feed stands without style sheets, scripts and relative addresses."""
    assert render_post(source + "\n", neighbours=NEIGHBOURS).feed_body.strip("\n") == expected


@pytest.mark.parametrize(
    ("source", "expected"), [*fixtures("errors.txt"), *fixtures("directive_errors.txt")]
)
def test_error_fixture(source: str, expected: str) -> None:
    """Every mistake is reported with its cell, its line below the front matter, and its text."""
    outputs = [[Bundle({"text/plain": "1"})]] * source.count("```{code-cell}")
    with pytest.raises(BuildFailed) as failed:
        render_post(source + "\n", outputs, neighbours=NEIGHBOURS)
    front = FRONT_MATTER.count("\n")
    assert [
        f"cell {error.cell}, line {(error.line or 0) - front}: {error}: {error.text}"
        for error in failed.value.errors
    ] == expected.split("\n")


@pytest.mark.parametrize(("source", "expected"), fixtures("warnings.txt"))
def test_warning_fixture(source: str, expected: str) -> None:
    """What is shown as text but was hardly meant so is told to the author, with its line."""
    front = FRONT_MATTER.count("\n")
    told = [
        f"line {(warning.line or 0) - front}: {warning}: {warning.text}; {warning.hint}"
        for warning in render_post(source + "\n", neighbours=NEIGHBOURS).warnings
    ]
    assert told == expected.split("\n") * bool(expected)


@given(st.text(st.sampled_from('ab*_ (".\\`')))
def test_text_without_cjk_is_commonmark(text: str) -> None:
    """Our emphasis differs from CommonMark's only beside CJK characters."""
    ours = MarkdownIt("commonmark")
    cjk_emphasis_plugin(ours)
    assert ours.render(text) == MarkdownIt("commonmark").render(text)


@given(st.text(max_size=80))
def test_any_text_renders_or_is_refused(text: str) -> None:
    """No text makes anything but a page or a list of errors with places."""
    try:
        render_post(text)
        errors: tuple[InkcellError, ...] = ()
    except InkcellError as error:
        errors = flatten(error)
    assert all(error.file == "posts/a/index.ko.md" for error in errors)


def test_all_cells_share_their_definitions() -> None:
    """A link and a footnote defined in the last cell work in the first."""
    cell = "```{code-cell}\n1\n```"
    text = (
        f"[a link][far] and a note[^n]\n\n{cell}\n\n[far]: https://example.org\n\n[^n]: The note.\n"
    )
    body = render_post(text).body
    assert '<a href="https://example.org">a link</a>' in body
    assert "The note." in body


def test_ids_do_not_depend_on_the_platform() -> None:
    """Hangul typed as composed or decomposed letters gives the same id."""
    composed, decomposed = (unicodedata.normalize(form, "## 집합") for form in ("NFC", "NFD"))
    ids = {render_post(text).headings[0].id for text in (composed, decomposed)}
    assert ids == {"집합"}


def test_links_lead_where_they_should() -> None:
    """To another post's source, a neighbour, a path of the site, elsewhere, and a fragment."""
    other = post_of("Other\n")
    body = render_post(
        "[a](../a/index.ko.md#x) [b](data.csv) [c](/archive/) [d](https://example.org) [e](#f)\n",
        neighbours={"data.csv": b"1,2"},
        others=[other],
    ).body
    for address in (
        "/math/2022-07-08-a/#x",
        "/assets/posts/a/data.csv",
        "/archive/",
        "https://example.org",
        "#f",
    ):
        assert f'href="{address}"' in body


def test_what_is_linked_is_published() -> None:
    """A neighbour is part of the site if the post shows it or links to it, and only then."""
    rendered = render_post("[b](data.csv)\n", neighbours={"data.csv": b"1,2", "secret": b"x"})
    assert {file.path: file.content for file in rendered.files} == {
        "assets/posts/a/data.csv": b"1,2"
    }


@pytest.mark.parametrize(
    ("text", "line", "cell"),
    [
        ("one\ntwo\nthree $\\bad$\n", 9, 1),
        ("```{code-cell}\n1\n```\n\none\ntwo $\\bad$\n", 12, 2),
        ("- a\n- b $\\bad$\n", 8, 1),
        ("$$\nx\n\\bad\n$$\n", 9, 1),
        ("| a |\n|---|\n| $\\bad$ |\n", 9, 1),
        ("> a\n> $\\bad$\n", 8, 1),
        ("a\n\\[\nx \\bad\n\\]\n", 9, 1),
        ("line $a\nb$ and\n$\\bad$\n", 9, 1),
    ],
)
def test_an_error_in_a_formula_knows_its_place(text: str, line: int, cell: int) -> None:
    """File, line and cell are exact wherever the formula stands; front matter takes six lines."""
    front = "---\ntitle: A post\ndate: 2022-07-08\ncategory: math\n---\n\n"
    with pytest.raises(BuildFailed) as failed:
        render_post(front + text)
    (error,) = failed.value.errors
    assert (error.file, error.line, error.cell) == ("posts/a/index.ko.md", line, cell)
    assert error.text is not None
    assert r"\bad" in error.text


def test_every_wrong_formula_is_reported() -> None:
    """Not only the first, and together with the links that lead nowhere."""
    figure = "```{code-cell}\n#| fig-cap: $\\bad$\n1\n```\n"
    outputs = [[Bundle({"text/plain": "1"})]]
    with pytest.raises(BuildFailed) as failed:
        render_post(f"$\\bad 1$ [x](nowhere.md)\n\n$$\\bad 2$$\n\n{figure}", outputs)
    assert len(failed.value.errors) == 4


def test_the_excerpt_is_plain_text() -> None:
    """Without a description it is the first paragraph, without markup."""
    excerpt = render_post("## Title\n\nSome *text* with `code`, $x^2$ and [a link](#y).\n").excerpt
    assert excerpt == "Some text with code, x^2 and a link."


def test_the_excerpt_keeps_powers_apart() -> None:
    """Without markup a power would be another number; an ordinal and a formula read well."""
    excerpt = render_post("2^10^, x^n+1^, the 1^st^ H~2~O and ==this==.\n").excerpt
    assert excerpt == "2^10, x^n+1, the 1st H2O and this."


def test_marks_in_what_else_is_made_of_a_text() -> None:
    """A search reads words whole; contents have indices and no marks; feeds have both."""
    post = render_post("## ==Why== H~2~O\n\nIt ==is== x^2^\n")
    assert [(part.heading, part.text) for part in post.passages] == [("Why H2O", "It is x2")]
    assert [heading.html for heading in post.headings] == ["Why H<sub>2</sub>O"]
    assert post.feed_body == (
        "<h2><mark>Why</mark> H<sub>2</sub>O</h2>\n<p>It <mark>is</mark> x<sup>2</sup></p>\n"
    )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/markdown", "[the docs][a]\n"),
        ("text/html", "<p>[the docs][a]</p>"),
    ],
)
def test_what_code_puts_out_is_no_mistake_of_its_author(kind: str, text: str) -> None:
    """Brackets in an output are data."""
    cell = "```{code-cell}\n1\n```\n"
    assert render_post(cell, [[Bundle({kind: text})]]).warnings == ()


def test_a_side_note_is_no_excerpt() -> None:
    """It stands before the paragraph it belongs to, but the post does not begin with it."""
    text = "::::{margin}\n:::{note}\nBeside.\n:::\nBeside.\n::::\n\nThe text.\n"
    assert render_post(text).excerpt == "The text."


def test_tabs_of_an_output_have_ids_of_their_own() -> None:
    """Markdown that code puts out may hold what prose does; no id stands twice on the page."""
    tabs = "::::{tab-set}\n:::{tab-item} One\nText.\n:::\n::::\n"
    cell = "```{code-cell}\n1\n```\n"
    outputs = [[Bundle({"text/markdown": tabs}), Bundle({"text/markdown": tabs})]]
    ids = re.findall(r'id="(tabs-[^"]*)"', render_post(f"{tabs}\n{cell}", outputs).body)
    assert ids == ["tabs-1-1", "tabs-2-1", "tabs-3-1"]


def test_a_picture_that_cannot_be_read_is_told_to_its_author() -> None:
    """A damaged picture, and a file that is none, are published as they are."""
    files = {"a.png": b"no picture", "data.csv": b"1,2", **NEIGHBOURS}
    post = render_post("![A](a.png) ![B](data.csv)\n\n![C](p.svg)\n", neighbours=files)
    said = "the file is no picture that can be read"
    assert [(str(w), w.text) for w in post.warnings] == [(said, "a.png"), (said, "data.csv")]


def test_a_picture_that_nobody_describes_is_told_to_its_author() -> None:
    """Prose's figures like those of cells; one of Markdown's own has words in its brackets."""
    figure = ":::{figure} p.svg\nOne.\n:::\n"
    (warning,) = render_post(figure, neighbours=NEIGHBOURS).warnings
    assert (warning.line, warning.text) == (FRONT_MATTER.count("\n") + 1, "p.svg")
    assert "no alternative text" in str(warning)
    described = ":::{figure} p.svg\n:alt: A line\nOne.\n:::\n"
    assert render_post(described, neighbours=NEIGHBOURS).warnings == ()


@pytest.mark.parametrize("identity", ["/2020/a", "a post", "https://example.org/<a>"])
def test_a_feed_id_that_is_no_address_is_told_to_its_author(identity: str) -> None:
    """It stays: readers that know the post by it would take it for a new one."""
    front = FRONT_MATTER.replace("category", f'id: "{identity}"\ncategory')
    (warning,) = render_post(f"{front}Text.").warnings
    assert (str(warning), warning.line) == (
        f"the feed id `{identity}` is not a whole address (RFC 4287)",
        4,
    )
    known = front.replace(identity, "tag:example.org,2020:수학")
    assert render_post(f"{known}Text.").warnings == ()


def test_the_excerpt_is_plain_text_in_korean(typeset: Typeset) -> None:
    """A formula is text as well as text can be, without TeX; a picture is no excerpt."""
    excerpt = render_post(
        "![그림](p.svg)\n\n함수 $f\\colon X \\to Y$와 **값(value)**인 "
        "$\\frac{a}{b+1}$을[^1] `코드`로 본다.\n\n[^1]: 각주.\n",
        neighbours=NEIGHBOURS,
        typeset=typeset,
    ).excerpt
    assert excerpt == "함수 f : X → Y와 값(value)인 a/(b + 1)을 코드로 본다."


def test_the_excerpt_goes_up_to_the_mark() -> None:
    """`<!--more-->`, as Jekyll's authors write it, ends the excerpt."""
    excerpt = render_post("One.\n\n- two\n\nThree.\n\n<!--more-->\n\nFour.\n").excerpt
    assert excerpt == "One. Three."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It is cut at a sp|ace", "It is cut at a…"),
        ("It is cut, at| a space", "It is cut…"),
        ("the pre- and| post-war", "the…"),
        ("a good (pre- a|nd post-war)", "a good…"),
        ("the k-means of| it", "the k-means…"),
        ("a dash - and| more words", "a dash…"),
        ("what is ( it| may be", "what is…"),
        ("he said “ no| way", "he said…"),
        ("what (it is)|", "what (it is)"),
        ("-------- ---|----", "…"),
    ],
)
def test_an_ellipsis_stands_behind_a_whole_word(text: str, shown: str) -> None:
    """Not behind what opens, nor behind half a compound; `|` is where there is no more room."""
    assert shorten(text.replace("|", ""), text.index("|")) == shown


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("word " * 228 * 3, 3),
        ("가" * 500 * 2, 2),
        ("가나다라를 " * 100 * 2, 2),
        ("KaTeX로 " * 456, 3),
        ("$x + y$ " * 228 * 2, 2),
        ("한 문장. " * 10 + "```\n" + "code " * 5000 + "```", 1),
        ("", 1),
    ],
)
def test_reading_takes_its_time(text: str, minutes: int) -> None:
    """English is counted in words, Korean in characters, a formula as a word, code not at all."""
    assert render_post(text.replace("```", "\n\n```") + "\n").minutes == minutes


def test_a_feed_needs_nothing_but_its_text() -> None:
    """No class, style, script, form or relative address; code in plain `pre`."""
    feed = render_post(
        '<script>x()</script><form><input></form><p class="a" style="b" onclick="c()">kept</p>\n\n'
        "[far](#x) ![p](p.svg)\n\n```python\na < b\n```\n",
        neighbours={"p.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'},
    ).feed_body
    for gone in ("script", "x()", "form", "input", "class", "style", "onclick"):
        assert gone not in feed
    for kept in (
        "<p>kept</p>",
        'href="https://example.org/math/2022-07-08-a/#x"',
        'src="https://example.org/assets/posts/a/p.svg"',
        'width="4" height="3"',
        "<pre><code>a &lt; b\n</code></pre>",
    ):
        assert kept in feed


def test_mathml_survives_the_feed(typeset: Typeset) -> None:
    """The sanitiser keeps MathML as KaTeX wrote it, with its TeX."""
    feed = render_post(
        "$\\frac{a}{b}$\n\n$$\\sum_{i<n} x_i \\tag{1}$$\n", typeset=typeset
    ).feed_body
    assert "<mfrac><mi>a</mi><mi>b</mi></mfrac>" in feed
    assert '<annotation encoding="application/x-tex"> \\frac{a}{b} </annotation>' in feed
    assert 'display="block"' in feed
    assert "class=" not in feed


MARKED = st.lists(
    st.sampled_from(
        [
            *"*_`$[){}\"'-가a |:\\\n",
            *["**", "](", "\n\n", "> ", "- ", "1. ", "|---|\n", "{:.x}", "{:toc}", "~~~\n", "# "],
            *["==", "~2~", "^n^", "x~", "]["],
            *["<b>", "</b>", "<div>", "@eq-a", "[^a]", "{::comment}", "{:/}", "$$", "{{ a }}"],
        ]
    ),
    max_size=40,
).map("".join)


@given(MARKED)
@settings(deadline=None)
def test_markup_of_every_kind_renders_or_is_refused(text: str) -> None:
    """However markup is mixed, tokens open and close in pairs and the page is complete."""
    md = make_markdown()
    tokens = read_prose(md, [Prose(text, 1, 1)], (), "ko")
    for children in [tokens, *(token.children for token in tokens if token.children)]:
        depth = list(accumulate((token.nesting for token in children), initial=0))
        assert min(depth) == depth[-1] == 0
    errors: tuple[InkcellError, ...] = ()
    try:
        render_post(text)
    except InkcellError as error:
        errors = flatten(error)
    assert all(error.line for error in errors)


WORD = st.text(st.sampled_from("가나다abc "), min_size=1, max_size=6).map(str.strip).filter(bool)
AROUND = st.sampled_from([("", ""), ("(", ")"), ('"', '"'), ("「", "」"), ("`", "`"), ("$", "$")])


@given(WORD, AROUND, st.sampled_from(["를", "은", "(는)", ", ", "이라고 "]), st.sampled_from("*~"))
@settings(deadline=None)
def test_emphasis_before_a_particle_leaves_no_marker(
    word: str, around: tuple[str, str], particle: str, marker: str
) -> None:
    """What Korean authors mark is marked, whatever stands at its ends."""
    text = f"그는 {marker * 2}{word}{around[0]}{word}{around[1]}{marker * 2}{particle}말"
    body = render_post(text).body
    assert marker * 2 not in body
    assert "$" not in body


@given(st.text(st.sampled_from("\"'가a .-1()\n"), max_size=30), st.sampled_from(["ko", "en"]))
def test_typography_changes_nothing_but_marks(text: str, language: str) -> None:
    """Every letter stays, and what has been printed once is printed so again."""
    shown = printed(text, language).replace("\u00a0", " ")
    assert re.sub(r"[“”‘’\"'–—….-]", "", shown) == re.sub(r"[\"'.-]", "", text)
    assert shown.count("“") == shown.count("”")
    assert shown.count("‘") <= shown.count("’")


KOREAN = st.sampled_from([*"가나다네 0123,.·/:-()[]!?~^_;", "월", "개", "명", "^^", "==", "a == b"])


@given(st.lists(KOREAN, max_size=30).map("".join))
@settings(deadline=None)
def test_korean_ranges_smiles_and_comparisons_stay(text: str) -> None:
    """No range, tone, face or comparison in Korean text becomes an index or a mark."""
    body = render_post(f"글 {text}").body
    assert "<sub>" not in body
    assert "<mark>" not in body or re.search(r"(?<!\S)[(\[_^~]*==[^=\s]", text)


@given(st.lists(st.sampled_from([*"abn2+-= ^()", "x^2", "^n"]), max_size=20).map("".join))
@settings(deadline=None)
def test_powers_of_powers_stay(text: str) -> None:
    """Whatever is raised has a caret on both sides and no letter, digit or brace behind it."""
    body = render_post(f"a {text}").body
    for raised in re.finditer(r"<sup>(.*?)</sup>(.?)", body):
        assert f"^{raised[1]}^" in text
        assert not raised[2].isalnum()


GROWING = {
    "quotations": lambda n: ">" * n + " a",
    "brackets": lambda n: "[" * n,
    "brackets that close": lambda n: "[" * n + "]" * n,
    "emphasis": lambda n: "*a " * n,
    "Korean emphasis": lambda n: "**가(a)**를 " * n,
    "backticks": lambda n: "`a " * n,
    "dollars": lambda n: "$a " * n,
    "braces": lambda n: "{" * n,
    "quotation marks": lambda n: "\"'a " * n,
    "formulas that never close": lambda n: r"\(a " * n,
    "comments that never close": lambda n: "{::comment}" * n,
    "lines of attributes": lambda n: "a\n{:.a}\n\n" * n,
    "equal headings": lambda n: "## a\n\n" * n,
    "lines of code": lambda n: "`a`\n" * n,
    "formulas": lambda n: "$a$ " * n,
    "indices": lambda n: "x~1~^2^" * n,
    "tildes and carets": lambda n: "a~1^2" * n,
    "marks": lambda n: "==a== " * n,
    "marks that never close": lambda n: "==a " * n,
    "links without an address": lambda n: "[a b][c] " * n,
    "brackets in brackets": lambda n: "[a[b]" * n,
}


@pytest.mark.parametrize("name", GROWING)
def test_work_grows_with_the_text(name: str) -> None:
    """Twice the text takes about twice the calls, however it is nested."""

    def render(text: str) -> None:
        with suppress(InkcellError):
            render_post(text)

    render_post("warm")
    once, twice = (count_calls(partial(render, GROWING[name](n))) for n in (150, 300))
    assert twice < 2.5 * once


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('<img src="p.svg" alt="A">', ' width="4" height="3">'),
        ('<img alt="A" width="300" src="p.svg" />', ' width="300" src="{}" height="225" />'),
        ("<img src=p.svg height=30>", ' height=30 width="40">'),
        ('<img src="p.svg" width="60%">', ' width="60%">'),
        ('<img src="p.svg" style="height: 2em">', ' style="height: 2em">'),
        ('<img src="p.svg" width="8" height="8">', ' width="8" height="8">'),
        ('<img src="https://example.org/p.svg" alt="A">', 'p.svg" alt="A">'),
        ('<video poster="p.svg" src="data.csv"></video>', "></video>"),
    ],
)
def test_a_picture_in_html_has_a_size(written: str, shown: str) -> None:
    """That of the file beside the post, in proportion to what its author says of it."""
    rendered = render_post(f"<div>{written}</div>", neighbours={**NEIGHBOURS, "data.csv": b"1"})
    address = "/assets/posts/a/p.svg"
    assert f"{shown.format(address)}</div>" in rendered.body
    assert rendered.body.count("width=") == shown.count("width=")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("p.svg, b,1.svg 2x", "{0}p.svg, {0}b,1.svg 2x"),
        ("p.svg 1x,b%2C1.svg 300w 200h", "{0}p.svg 1x, {0}b,1.svg 300w 200h"),
        ("/p.svg 1x, p.svg 2x", "/p.svg 1x, {}p.svg 2x"),
        ("https://h.example/w_3,x/p.svg  1x,//h.example/q 2x", None),
        ("data:image/png;base64,AAAA 1x", None),
    ],
)
def test_pictures_to_choose_from_in_html(written: str, shown: str | None) -> None:
    """Each address of a `srcset` is read as any other; if none is changed, it stays as it is."""
    files = {**NEIGHBOURS, "b,1.svg": NEIGHBOURS["p.svg"]}
    html = f'<picture><source srcset="{written}"><img src="p.svg" srcset="{written}"></picture>'
    rendered = render_post(f"<div>{html}</div>", neighbours=files)
    there = "/assets/posts/a/"
    assert rendered.body.count(f'srcset="{(shown or written).format(there)}"') == 2
    if shown:
        others = {file.path.removeprefix("assets/posts/a/") for file in rendered.files}
        assert ("b,1.svg" in others) == ("b,1.svg" in shown)
    assert "srcset" not in rendered.feed_body
