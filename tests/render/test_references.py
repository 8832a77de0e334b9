"""Labels, references, statements and citations: across posts, in outputs, in feeds, at random."""

from __future__ import annotations

import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.addresses import collect_links
from generator.assemble.references import reference_view
from generator.errors import BuildFailed, InkcellError, flatten
from generator.model import Bundle, ExecutedPost, Post, Results, Source, Typeset
from generator.parse import parse
from generator.render import collect_labels, render
from generator.render.cross_references import folders_referred_to
from generator.render.equations import take_apart
from generator.render.macros import take_definitions
from generator.render.particles import agree, particle_pattern

from ..conftest import FRONT_MATTER
from .rendering import CONFIG, TEXTS, render_post, show_tex
from .test_prose import NEIGHBOURS, fixtures

WORKS = """\
---
title: A post
date: 2022-07-08
category: math
references:
  - {id: shi2000, author: [Jianbo Shi, Jitendra Malik], title: Normalized Cuts, issued: 2000}
  - {id: chung1997, author: Fan R. K. Chung, title: Spectral Graph Theory, issued: 1997}
  - {id: wu2001a, author: "Wu, Zhenyu", title: One, issued: 2001}
  - {id: wu2001b, author: Zhenyu Wu, title: Two, issued: 2001}
  - {id: three1999, author: [A. One, "Ludwig van Two", "{The Third}"], title: All, issued: 1999}
  - {id: untitled, title: A pamphlet}
---
"""


@pytest.mark.parametrize(
    ("source", "expected"), [*fixtures("references.txt"), *fixtures("statements.txt")]
)
def test_fixture(source: str, expected: str) -> None:
    """Labels get numbers, and references to them lead there and say so."""
    assert render_post(source + "\n", neighbours=NEIGHBOURS).body.strip("\n") == expected


@pytest.mark.parametrize(("source", "expected"), fixtures("citations.txt"))
def test_citation(source: str, expected: str) -> None:
    """A citation says author and year in the page's language, and leads to the list."""
    assert render_post(WORKS + source + "\n").body.strip("\n") == expected


@pytest.mark.parametrize(
    ("text", "particles"),
    [
        ("식 (1)", "을 은 이 과 로 이라"),
        ("식 (2)", "를 는 가 와 로 라"),
        ("식 (3)", "을 은 이 과 으로 이라"),
        ("식 (4)", "를 는 가 와 로 라"),
        ("그림 5", "를 는 가 와 로 라"),
        ("그림 6", "을 은 이 과 으로 이라"),
        ("그림 7", "을 은 이 과 로 이라"),
        ("표 8", "을 은 이 과 로 이라"),
        ("표 9", "를 는 가 와 로 라"),
        ("표 10", "을 은 이 과 으로 이라"),
        ("표 12", "를 는 가 와 로 라"),
        ("정리 20", "을 은 이 과 으로 이라"),
        ("정리 100", "을 은 이 과 으로 이라"),
        ("정리 1000", "을 은 이 과 으로 이라"),
        ("정리 10000", "을 은 이 과 으로 이라"),
        ("1000000000000", "를 는 가 와 로 라"),
        ("식 (0)", "을 은 이 과 으로 이라"),
        ("2.1절", "을 은 이 과 로 이라"),
        ("식 (A)", "를 는 가 와 로 라"),
        ("식 (L)", "을 은 이 과 로 이라"),
        ("식 (N)", "을 은 이 과 으로 이라"),
        ("식 (2′)", "을 은 이 과 으로 이라"),
        ("Shi", "를 는 가 와 로 라"),
        ("Malik", "을 은 이 과 으로 이라"),
        ("Chung", "을 은 이 과 으로 이라"),
        ("Leahy", "를 는 가 와 로 라"),
        ("Knuth", "를 는 가 와 로 라"),
        ("Gödel", "을 은 이 과 로 이라"),
        ("Taylor", "를 는 가 와 로 라"),
        ("Stone", "을 은 이 과 으로 이라"),
        ("식 (III)", "을 은 이 과 으로 이라"),
        ("식 (iv)", "를 는 가 와 로 라"),
        ("식 (VII)", "을 은 이 과 로 이라"),
        ("식 (ε)", "을 은 이 과 으로 이라"),
        ("식 (α)", "를 는 가 와 로 라"),
        ("Xi", "를 는 가 와 로 라"),
        ("김철수", "를 는 가 와 로 라"),
        ("박은영", "을 은 이 과 으로 이라"),
    ],
)
def test_particles_follow_the_sound(text: str, particles: str) -> None:
    """Numbers in their Sino-Korean reading, letters by name, words as they are usually written."""
    written = ("을(를)", "는(은)", "이(가)", "와(과)", "(으)로", "이라(라)")
    assert " ".join(agree(text, both) for both in written) == particles


@pytest.mark.parametrize(
    ("written", "consonant", "vowel"),
    [
        ("이에요(예요)", "이에요", "예요"),
        ("예요(이에요)", "이에요", "예요"),
        ("(이)에", "이에", "예"),
        ("이었다(였다)", "이었다", "였다"),
        ("여서(이어서)", "이어서", "여서"),
        ("이나(나)", "이나", "나"),
        ("랑(이랑)", "이랑", "랑"),
        ("이라는(라는)", "이라는", "라는"),
        ("이지만(지만)", "이지만", "지만"),
        ("(이)", "이", ""),
        ("(을)를", "을", "를"),
        ("(은)는", "은", "는"),
        ("으로써(로써)", "으로써", "로써"),
        ("로부터(으로부터)", "으로부터", "로부터"),
    ],
)
def test_endings_follow_the_sound(written: str, consonant: str, vowel: str) -> None:
    """Every ending of 이다, and every particle that begins with 으로, in either order."""
    matched = particle_pattern().match(written + "라는")
    assert matched
    assert matched[0] == written
    assert (agree("식 (3)", written), agree("식 (2)", written)) == (consonant, vowel)
    assert agree("식 (1)", written) == (vowel if "으" in written else consonant)


def test_brackets_behind_a_reference_are_no_particle() -> None:
    """Only what is written both ways is one."""
    for text in ("(이 식)", "이(2)", "라고 (이)", "은(A)", "(이) "):
        assert not particle_pattern().match(text)


@given(st.text(max_size=20), st.sampled_from(["을(를)", "가(이)", "(으)로", "라(이라)"]))
def test_any_text_has_a_particle(text: str, written: str) -> None:
    """Whatever stands before, one of the two is chosen."""
    assert particle_pattern().fullmatch(written)
    assert agree(text, written) in {"을", "를", "이", "가", "으로", "로", "이라", "라"}


# --- across posts -----------------------------------------------------------------------------


def post(folder: str, text: str, language: str = "ko") -> Post:
    """A post of a folder."""
    front = f"---\ntitle: The post {folder}\ndate: 2022-07-08\ncategory: math\n---\n"
    path = f"posts/{folder}/index.{language}.md"
    return parse(Source(path, front + text, folder, language, "md", "/x"), CONFIG)


def body(shown: Post, *others: Post) -> str:
    """The page of a post among others."""
    posts = [shown, *others]
    links = replace(collect_links(posts, CONFIG), labels=collect_labels(posts))
    results = Results(tuple(() for _ in shown.notebook.code))
    texts = TEXTS[shown.meta.language]
    return render(ExecutedPost(shown, results), links, show_tex, texts).body


def test_a_reference_leads_to_another_post() -> None:
    """By the folder's name; the number is the one it has there."""
    other = post("ncut", "$$ x $$ (eq-first)\n\n$$ y $$ (eq-second)\n")
    assert (
        '<a class="reference" href="/math/2022-07-08-ncut/#eq-second" title="The post ncut">'
        '식\u00a0(2)</a><span class="word-joiner"></span>를'
    ) in body(post("a", "@ncut:eq-second을(를)\n"), other)


def test_a_role_shows_the_title_of_another_post() -> None:
    """The post depends on that title, so its folder is one that it refers to."""
    written = post("a", "{doc}`../ncut/index.ko.md` and {doc}`words <../ncut>`\n")
    assert folders_referred_to(written) == {"ncut"}
    page = body(written, post("ncut", "Text.\n"))
    assert '<a href="/math/2022-07-08-ncut/">The post ncut</a>' in page
    assert '<a href="/math/2022-07-08-ncut/">words</a>' in page


def test_it_leads_to_the_version_in_its_own_language() -> None:
    """Where there is one; the text is in the language of the page."""
    versions = [post("ncut", "$$ x $$ (eq-x)\n", language) for language in ("ko", "en")]
    english = body(post("a", "@ncut:eq-x\n", "en"), *versions)
    assert 'href="/en/math/2022-07-08-ncut/#eq-x"' in english
    assert ">Equation\u00a0(1)</a>" in english
    assert 'href="/math/2022-07-08-ncut/#eq-x"' in body(
        post("a", "@ncut:eq-x\n", "en"), versions[0]
    )


def test_an_unknown_label_of_another_post_names_the_nearest() -> None:
    """The labels of that post, not of this one."""
    with pytest.raises(BuildFailed) as failed:
        body(post("a", "@ncut:eq-cat\n"), post("ncut", "$$ x $$ (eq-cut)\n"))
    (error,) = failed.value.errors
    assert (str(error), error.hint) == (
        "`eq-cat` names nothing in the post `ncut`",
        "did you mean `eq-cut`?",
    )


def test_only_posts_that_are_referred_to_are_numbered_beforehand() -> None:
    """A thousand posts that refer to none cost nothing."""
    posts = [post("a", "@b:eq-x\n"), post("b", "$$ x $$ (eq-x)\n"), post("c", "$$ x $$ (eq-x)\n")]
    labels = collect_labels(posts)
    assert list(labels) == ["posts/b/index.ko.md"]
    assert labels["posts/b/index.ko.md"]["eq-x"].number == "1"


# --- cells and outputs ------------------------------------------------------------------------

FIGURE = """\
```{{code-cell}}
#| label: {label}
#| {option}: By @eq-x이(가)
1
```

$$ x $$ (eq-x)

@{label}
"""


@pytest.mark.parametrize(
    ("label", "option", "start"),
    [("fig-one", "fig-cap", "그림 1"), ("tbl-one", "tbl-cap", "표 1")],
)
def test_a_cell_is_numbered(label: str, option: str, start: str) -> None:
    """Its caption begins with the number, and may refer to others."""
    text = FIGURE.format(label=label, option=option)
    page = render_post(text, [[Bundle({"text/html": "<b>x</b>"})]]).body
    assert f'<figure id="{label}">' in page
    assert f'<span class="caption-label">{start}.</span> By <a class="reference"' in page
    assert '</a><span class="word-joiner"></span>이</figcaption>' in page
    together = start.replace(" ", "\u00a0")
    assert f'href="#{label}">{together}</a>' in page


DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>'


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        ({"text/html": "<table><tr><td>1</td></tr></table>"}, ["<figcaption>", "<table"]),
        ({"image/svg+xml": DRAWING}, ["<img", "<figcaption>"]),
    ],
)
def test_where_a_caption_stands(data: dict[str, str], parts: list[str]) -> None:
    """Above a table, as in prose, and below a picture; in a feed, too."""
    rendered = render_post(FIGURE.format(label="tbl-one", option="tbl-cap"), [[Bundle(data)]])
    for text in (rendered.body, rendered.feed_body):
        assert sorted(parts, key=text.index) == parts


def test_a_cell_without_outputs_can_be_referred_to() -> None:
    """Execution may be switched off: then the cell itself has the id."""
    page = render_post(FIGURE.format(label="fig-one", option="fig-cap")).body
    assert '<div class="cell" id="fig-one">' in page


def test_markdown_that_code_puts_out_may_refer() -> None:
    """To what prose has labelled."""
    cell = "```{code-cell}\n1\n```\n\n$$ x $$ (eq-x)\n"
    page = render_post(cell, [[Bundle({"text/markdown": "so @eq-x은(는)"})]]).body
    assert '>식\u00a0(1)</a><span class="word-joiner"></span>은' in page


def test_what_code_puts_out_has_labels() -> None:
    """Formulas, tables, sections and statements, numbered where the cell stands."""
    text = (
        "$$ w $$ (eq-w)\n\n## One\n\n@eq-y, @eq-z, @tbl-y, @sec-y, @thm-y\n\n"
        "```{code-cell}\n1\n```\n\n$$ x $$ (eq-x)\n\n## Three {#sec-x}\n\n@eq-x, @sec-x\n"
    )
    markdown = (
        "$$ y $$ (eq-y)\n\n## Two {#sec-y}\n\n### Unnamed\n\n| a |\n|---|\n: T {#tbl-y}\n\n"
        ":::{theorem}\n:label: thm-y\nSo.\n:::\n"
    )
    latex = r"\begin{align} z \label{eq-z} \\ z' \end{align}"
    outputs = [Bundle({"text/markdown": markdown}), Bundle({"text/latex": latex})]
    post = render_post(text, [outputs])
    shown = {label.name: label.number for label in post.labels.values()}
    assert shown == {
        "eq-w": "1",
        "eq-y": "2",
        "eq-z": "3",
        "eq-x": "4",
        "sec-y": "2",
        "sec-x": "3",
        "tbl-y": "1",
        "thm-y": "1",
    }
    for name in ("eq-y", "sec-y", "tbl-y", "thm-y"):
        assert f'id="{name}"' in post.body
    assert r"\tag{\htmlId{eq-z}{3}}" in post.body
    assert '>식\u00a0(2)</a>, <a class="reference" href="#eq-z">식\u00a0(3)</a>' in post.body
    assert [heading.id for heading in post.headings] == ["one", "sec-y", "sec-x"]
    assert r"<math display=\"block\">y \tag{2}</math>" in post.feed_body.replace('"', r"\"")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"text/markdown": "$$ y $$ (eq-x)"}, "the label `eq-x` stands twice in the post"),
        ({"text/latex": r"y \label{y}"}, "`y` is no label"),
        ({"text/markdown": "so @eq-nothing"}, "`eq-nothing` names nothing in this post"),
        ({"text/markdown": "text\n\n: T {#tbl-y}"}, "the caption belongs to no table"),
        ({"text/latex": r"y \label{eq-y} \label{eq-z}"}, "one number stands here"),
    ],
)
def test_labels_of_outputs_are_as_strict(data: dict[str, str], message: str) -> None:
    """The mistake is reported at the cell and the line of its code."""
    cell = "$$ x $$ (eq-x)\n\n```{code-cell}\n1\n```\n"
    with pytest.raises(BuildFailed, match=re.escape(message)) as failed:
        render_post(cell, [[Bundle(data)]])
    (error,) = failed.value.errors
    assert error.cell == 2
    assert error.line == (FRONT_MATTER + cell).split("\n").index("1") + 1


# --- feeds ------------------------------------------------------------------------------------


def test_a_feed_has_numbers_in_text() -> None:
    """Absolute links; the number of an equation is part of its MathML; nothing needs a style."""
    feed = render_post(
        WORKS + "$$ x $$ (eq-x)\n\n@eq-x, @shi2000\n\n:::{theorem} Title\nOne.\n:::\n"
    ).feed_body
    page = "https://example.org/math/2022-07-08-a/"
    assert feed == (
        '<p><math display="block">x \\tag{1}</math></p>\n'
        f'<p><a href="{page}#eq-x">식&nbsp;(1)</a>, '
        f'<a href="{page}#ref-shi2000">Shi와 Malik(2000)</a></p>\n'
        "<p><strong>정리 1</strong> (Title)</p>\n<p>One.</p>\n"
    )


# --- with KaTeX -------------------------------------------------------------------------------


def test_katex_sets_the_numbers_of_rows(typeset: Typeset) -> None:
    """Each with its id; the TeX that is copied has the number and nothing of ours."""
    page = render_post(
        "\\begin{align}\na &= b \\label{eq-a} \\\\\nc &= d \\label{eq-b}\n\\end{align}\n",
        typeset=typeset,
    ).body
    for label, number in (("eq-a", 1), ("eq-b", 2)):
        assert (
            f'<a class="number" id="{label}" href="#{label}" tabindex="-1">'
            f'<span class="mord">{number}</span></a>'
        ) in page
    assert "htmlId" not in page
    assert "\\tag{2}" in page
    assert "<mtext>(1)</mtext>" in page
    assert "<mtext>(2)</mtext>" in page
    assert "eqn-num" not in page


def test_a_tag_may_hold_tex(typeset: Typeset) -> None:
    """Where text is wanted, in references and feeds, it is what the eye sees."""
    rendered = render_post(
        "$$ x \\tag{$\\alpha'$} $$ (eq-x)\n\n"
        "\\begin{gather} a \\tag{$\\ast$} \\label{eq-y} \\end{gather}\n\n@eq-x, @eq-y을(를)\n",
        typeset=typeset,
    )
    assert 'href="#eq-x">식\u00a0(α′)</a>' in rendered.body
    assert 'href="#eq-y">식\u00a0(∗)</a>' in rendered.body
    assert 'aria-label="식 (α′)">(α′)</a>' in rendered.body
    assert "<mtext>(∗)</mtext>" in rendered.feed_body


def test_macros_reach_katex(typeset: Typeset) -> None:
    """Those of the front matter, of earlier formulas, with arguments, and operators."""
    front = "---\ntitle: x\ndate: 2022-07-08\ncategory: c\nmacros: {'\\R': '\\mathbb{R}'}\n---\n"
    page = render_post(
        front
        + "$\\newcommand{\\norm}[1]{\\lVert #1\\rVert}\\DeclareMathOperator{\\rank}{rank}$\n\n"
        "$\\norm{x} \\in \\R$, $\\rank A$\n",
        typeset=typeset,
    ).body
    assert '<mi mathvariant="double-struck">R</mi>' in page
    assert "∥" in page
    assert ">rank</mi>" in page


def test_tex_in_a_feed_brings_its_macros() -> None:
    """A reader that sets TeX itself does not know the post's macros."""
    config = replace(CONFIG, feed=replace(CONFIG.feed, math="tex"))
    written = post("a", "$\\newcommand{\\n}[1]{|#1|}$ $\\n{x}$\n")
    links = collect_links([written], config)
    feed = render(ExecutedPost(written, Results(())), links, show_tex, TEXTS["ko"]).feed_body
    assert "\\(\\def\\n#1{|#1|}\\n{x}\\)" in feed


# --- BibTeX -----------------------------------------------------------------------------------

BIB = rb"""
@article{shi2000, author = {Shi, Jianbo and Malik, Jitendra}, title = {{N}ormalized {Cuts} & more},
  journal = {IEEE}, volume = 22, number = {8}, pages = {888--905}, year = 2000,
  doi = {https://doi.org/10.1109/34.868688}}
@book{goedel1931, author = {Kurt G{\"o}del and {The Vienna Circle} and others}, title = "On",
  publisher = {X \& Y}, date = {1931-01-02}}
@misc{vaswani2017, author = {Vaswani, Ashish}, title = {Attention}, eprint = {1706.03762},
  archiveprefix = {arXiv}, year = 2017}
"""
CITING = "---\ntitle: x\ndate: 2022-07-08\ncategory: c\nbibliography: refs.bib\n---\n"


def test_a_bibliography_lists_what_is_cited() -> None:
    """By family name; TeX is read; what is not cited is not listed."""
    rendered = render_post(CITING + "[@vaswani2017], @goedel1931\n", neighbours={"refs.bib": BIB})
    assert "Gödel\u00a0등(1931)" in rendered.body
    one, two = rendered.works
    assert (one.id, one.authors, one.publisher) == (
        "goedel1931",
        ("Kurt Gödel", "The Vienna Circle", "et al."),
        "X & Y",
    )
    assert (two.id, two.arxiv) == ("vaswani2017", "1706.03762")
    assert rendered.citations["goedel1931"] == ("cite-goedel1931-1",)


def test_a_work_of_a_bibliography_is_complete() -> None:
    """Journal, volume, issue, pages, DOI without its address."""
    (work,) = render_post(CITING + "@shi2000\n", neighbours={"refs.bib": BIB}).works
    assert (work.title, work.container_title, work.volume, work.issue, work.page, work.doi) == (
        "Normalized Cuts & more",
        "IEEE",
        "22",
        "8",
        "888-905",
        "10.1109/34.868688",
    )


BIBTEX = r"""
@string{big = "The Big Conference"}
@string{short = big # " (TBC)"}
@inproceedings{joined, author = {{A # B}}, title = {C # big}, booktitle = short # { of } # 1999,
  year = 19 # "99", publisher = nobody # "'s", pages = 1 # {--{2}}}
@inproceedings{part, author = {Paul Erd\H{o}s and \'Evariste Galois}, title = {A $\pi$ part},
  pages = {1--2}, crossref = {Whole}}
@proceedings{whole, title = big, year = 1999, editor = {Doe, Jane}, publisher = {ACM}}
@misc{scholar, author = {Kingma, Diederik P and Ba, Jimmy}, title = {Adam},
  journal = {arXiv preprint arXiv:1412.6980}, year = 2014}
@book{names, author = {von Luxburg, Ulrike and King, Jr., Martin and {A Company}
  and \O ystein {\AA}s}, title = {T}}
@article{korean, author = {김, 철수 and 이 영희}, title = {논문}, year = 2020}
@misc{nobody, title = {A pamphlet.}}
@misc{quoted, author = "G{\"o}del, K" # " and B, C", title = {T {{\"u}}} # ".", year = 1}
"""


@pytest.mark.parametrize(
    ("key", "authors", "rest", "cited"),
    [
        ("part", "Paul Erdős, Évariste Galois", "A π part. The Big Conference 1–2, ACM, 1999", ""),
        ("joined", "A # B", "C # big. The Big Conference (TBC) of 1999 1–2, nobody's, 1999", ""),
        ("scholar", "Diederik P Kingma, Jimmy Ba", "Adam. 2014. arXiv:1412.6980", ""),
        ("names", "Ulrike von Luxburg, Martin King Jr., A Company, Øystein Ås", "T. 연도 미상", ""),
        ("korean", "김철수, 이영희", "논문. 2020", "김철수와 이영희(2020)"),
        ("nobody", "", "A pamphlet. 연도 미상", "A pamphlet.(연도 미상)"),
        ("quoted", "K Gödel, C B", "T ü. 1", ""),
    ],
)
def test_what_bibtex_files_say(key: str, authors: str, rest: str, cited: str) -> None:
    """Accents, names in braces and in Hangul, strings, also put together, crossref, preprints."""
    rendered = render_post(CITING + f"@{key}\n", neighbours={"refs.bib": BIBTEX.encode()})
    assert cited in rendered.body
    view = reference_view(rendered.works[0], TEXTS["ko"])
    last = view.label if view.label.startswith("arXiv") else ""
    parts = [view.title, f"{view.container} {view.details}".strip(), view.year]
    parts = [view.title, ", ".join(part for part in parts[1:] if part), last]
    assert (view.authors, ". ".join(part for part in parts if part)) == (authors, rest)


def test_what_runs_is_no_address_of_a_work() -> None:
    """A file of works comes from elsewhere: what it calls an address may be none."""
    bib = b"@misc{a, title = {T}, url = {javascript:alert(1)}}"
    (work,) = render_post(CITING + "@a\n", neighbours={"refs.bib": bib}).works
    assert work.url == ""


def test_authors_who_are_not_named() -> None:
    """In the page's language, and no second full stop behind them."""
    (work,) = render_post(CITING + "@goedel1931\n", neighbours={"refs.bib": BIB}).works
    shown = [reference_view(work, TEXTS[language]).authors for language in ("ko", "en")]
    assert shown == [
        "Kurt Gödel, The Vienna Circle\u00a0외",
        "Kurt Gödel, The Vienna Circle, et\u00a0al",
    ]


UNCITABLE = "@book{\uae40, title={x}}\n@book{k\u00fc2020, title={x}}".encode()
NO_PARENT = "`crossref` names no work of the file: c"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"@book{a, title={x}}\n@book{a, title={y}}", 2, "two works have the key `a`"),
        (b"\n@book{a, title={x\n", 2, "a work cannot be read"),
        (b"@book{a, author={x}}", 1, "the work `a` has no title"),
        (b"@book{a,\n title={\xff}}", 2, "the file is not UTF-8"),
        (b"@book{b, title={x}}\n@book{a, title={x}, crossref={c}}", 2, NO_PARENT),
        (UNCITABLE, 2, "no text can cite the key `k\u00fc2020`"),
    ],
)
def test_a_mistake_in_a_bibliography_knows_its_place(
    content: bytes, line: int, message: str
) -> None:
    """The BibTeX file and its line; a key that no text can cite is one if this text does."""
    with pytest.raises(BuildFailed) as failed:
        render_post(CITING + "[@k\u00fc2020] @\uae402021\uc740\n", neighbours={"refs.bib": content})
    (error,) = failed.value.errors
    assert (error.file, error.line, str(error)) == ("posts/a/refs.bib", line, message)
    assert error.hint


# --- at random --------------------------------------------------------------------------------

PIECES = [
    *("@eq-a", "[@eq-a", "@shi2000", "; ", "]", "[", "(", ")", "@", "을(를)", "\\eqref{eq-a}", "-"),
    *("$$", "$", "\\label{eq-a}", "\\tag{1}", "\\begin{align}", "\\end{align}", "\\\\", "&", "{"),
    *(" (eq-a)", "{#eq-a}", "{#fig-a}", "![x](p.svg)", "# H", "| a |\n|---|", ": x {#tbl-a}", "}"),
    *(":::{theorem}", ":::", "```{proof}", "```", ":label: thm-a", "---", "- ", "> ", "\n", "\n\n"),
    *(
        ":::{tab-set}",
        ":::{tab-item} A",
        ":::{figure} p.svg",
        ":::{list-table}",
        "* - a",
        ":width: 9%",
    ),
    *(
        "```{csv-table}",
        "a, b",
        "```{code-block} python",
        ":emphasize-lines: 1",
        "> [!NOTE]",
        ":::{note}",
    ),
    *(
        "{term}`a`",
        "{doc}`../a`",
        ":::{glossary}",
        "A\n: b",
        "```{math}",
        ":name: fig-b",
        ":::{table}",
    ),
    *("\\newcommand{\\x}", "[1]", "#1", "\\def\\x", "%", "*", "@a:eq-a", "[^1]", "[^1]: "),
]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_renders_or_is_refused(text: str) -> None:
    """No mixture of labels, references and directives makes anything but a page or errors."""
    try:
        render_post(WORKS + text, neighbours=NEIGHBOURS)
        errors: tuple[InkcellError, ...] = ()
    except InkcellError as error:
        errors = flatten(error)
    assert all(error.file == "posts/a/index.ko.md" for error in errors)


TEX = [*"\\{}#[]ab1*% \n&$", "\\tag{", "\\label{", "\\def", "\\newcommand", "\\begin{align}"]


@given(st.lists(st.sampled_from(TEX)).map("".join))
def test_any_formula_is_taken_apart(tex: str) -> None:
    """Definitions and rows of any text are found, or refused with a place."""
    whole = "\\begin{align}" + tex + "\\end{align}"
    errors: list[InkcellError] = []
    for read in (
        partial(take_definitions, tex, {}),
        partial(take_apart, tex),
        partial(take_apart, whole),
    ):
        try:
            read()
        except InkcellError as error:
            errors.append(error)
    assert all(error.hint for error in errors)


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        ("를", "`식 (1)를` has the wrong particle: write 을(를)"),
        ("와 같다", "`식 (1)와` has the wrong particle: write 과(와)"),
        ("으로", "`식 (1)으로` has the wrong particle: write 으로(로)"),
        ("을", None),
        ("로", None),
        ("를(을)", None),
        ("과의", None),
        ("에서", None),
        ("이라는", None),
        (" 를", None),
    ],
)
def test_a_single_particle_that_does_not_fit_is_told(behind: str, said: str | None) -> None:
    """The page shows what was written, and the author learns what adapts itself.

    A particle behind works in brackets belongs to the word before them.
    """
    works = "references: [{id: kim1, title: One, author: [Kim], issued: 2001}]\ncategory"
    front = FRONT_MATTER.replace("category", works)
    post = render_post(f"{front}\n$$ a $$ (eq-a)\n\n점 [@kim1]를 @eq-a{behind}\n")
    assert [str(warning) for warning in post.warnings] == ([said] if said else [])
